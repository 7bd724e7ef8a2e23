import { z } from "zod";
import { ROLES, type Role } from "./roles.ts";

/** A machine's key: what it is called, what it may, and which secret of the vault is its value. */
export interface MachineKey {
  readonly name: string;
  readonly role: Role;
  readonly secret: string;
}

const MACHINE_KEY = /^([a-z][a-z0-9-]{0,39})=([a-z]+):([A-Za-z0-9-]{1,127})$/;

const Names = z
  .string()
  .default("")
  .transform((text) => listed(text).map((name) => name.toLowerCase()));

/** Who may come in. Section `access`: `approvers` is `NIGHTSHIFT_ACCESS_APPROVERS`. Names are Entra app roles, group ids, user principal names or object ids. */
export const AccessSettings = z.strictObject({
  viewers: Names.describe("Who may look: app roles, group ids, user principal names or object ids, separated by commas"),
  operators: Names.describe("Who may besides store plans, start, steer and abort"),
  approvers: Names.describe("Who may besides approve"),
  admins: Names.describe("Who may everything"),
  tenant: z.guid().optional().describe("The Entra tenant that people must come from; without it, any that App Service lets in"),
  keys: z
    .string()
    .default("")
    .transform((text, context): readonly MachineKey[] => {
      const keys = listed(text).map(keyOf);
      if (keys.some((key) => key === undefined))
        context.addIssue({ code: "custom", message: "expected NAME=ROLE:SECRET, separated by commas, e.g. pipeline=operator:nightshift-key-pipeline" });
      const known = keys.filter((key) => key !== undefined);
      if (new Set(known.map(({ name }) => name)).size < known.length) context.addIssue({ code: "custom", message: "the same name twice" });
      return known;
    })
    .describe("Keys of machines, NAME=ROLE:SECRET separated by commas; SECRET is a name in the vault"),
  selfApproval: z.enum(["true", "false"]).default("false").describe("Whether who stored a plan may also be the one who approves it"),
  rehearsedWindows: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe("Stormy windows that a rehearsal certificate must stand for before a plan is approved; 0: no certificate is asked for"),
  requestsPerMinute: z.coerce.number().int().min(1).max(60_000).default(300).describe("Requests that one caller may make in a minute, to each instance of the app"),
});
export type AccessSettings = z.infer<typeof AccessSettings>;

function listed(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function keyOf(text: string): MachineKey | undefined {
  const [, name = "", role, secret = ""] = MACHINE_KEY.exec(text) ?? [];
  const known = ROLES.find((candidate) => candidate === role);
  return known === undefined ? undefined : { name, role: known, secret };
}
