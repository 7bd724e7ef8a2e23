import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { defineAction, type Call } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { Secret } from "../../shared/ports/secrets.ts";
import type { PasswordEntry, Passwords } from "../bitwarden/connector.ts";
import type { VaultRef } from "./connector.ts";
import type { CurrentSecret, SecretVersion, VaultSecrets } from "./secrets.ts";

const Params = z.strictObject({
  from: named("passwordItem").describe("The item in the password manager that holds the value"),
  vault: named("vault").describe("The vault that is to hold it"),
  secret: z
    .string()
    .regex(/^[0-9A-Za-z-]{1,127}$/, "a secret's name: letters, digits and -")
    .describe("Its name in the vault"),
});
type Params = z.infer<typeof Params>;
const Receipt = z.object({
  vault: z.object({ name: z.string(), url: z.string() }),
  secret: z.string(),
  item: z.string(),
  field: z.enum(["password", "username"]),
  /** The version that holds the value. */
  version: z.string(),
  /** The version that was current before; missing when there was none, or a disabled one. */
  before: z.string().optional(),
  /** Whether it was this step that made the version. */
  set: z.boolean(),
});

interface Ports {
  readonly passwords: Passwords;
  readonly vaultSecrets: VaultSecrets;
}

/** Tags on the versions that we make: which run, which work, what was current before, what an undo put back. */
const TAG = { run: "nightshift-run", key: "nightshift-key", before: "nightshift-before", restores: "nightshift-restores" };

/**
 * Copies a value from the password manager into a vault, by reference.
 *
 * The value is read in the call that sets it and kept nowhere: what is told, recorded and remembered are names, versions and
 * whether two values are the same. It is compared in memory first, and a value that is there already is left.
 *
 * A vault gives out the newest version, and refuses when that is disabled; it never goes back to an older one by itself. So undo
 * disables the version that was made and, where an earlier one was current, first sets that one's value again as a new version.
 *
 * @throws Fault `conflict` for several items of one name or a secret that belongs to a certificate, `denied` while the password manager
 *   is locked.
 */
export const secretCopy = defineAction<Ports, Params, z.infer<typeof Receipt>>({
  verb: "secret.copy",
  summary: "Copies a value from the password manager into a key vault, without telling it to anybody.",
  uses: ["passwords", "vaultSecrets"],
  params: Params,
  receipt: Receipt,
  policy: { timeoutMs: 10 * 60_000, attempts: 5 },
  reversal: "undo",

  touches: ({ vault, secret }) => [`secret:${vault.name}/${secret}`],

  async preview({ passwords, vaultSecrets }, { from, vault, secret }) {
    const entry = await passwords.find(from.item);
    const value = await passwords.read(entry, from.field);
    const current = await vaultSecrets.current(vault, secret);
    expectOurs(current, vault, secret);
    const source = `the ${from.field} of «${entry.name}» in Bitwarden (item ${entry.id}, last changed ${entry.changedAt})`;
    if (current.state === "readable" && same(value, current.value))
      return [`leave secret ${secret} in vault ${vault.name}: its version ${current.version} has the value of ${source} already`];
    return [
      `set secret ${secret} in vault ${vault.name} to ${source}`,
      `in vault ${vault.name} now: ${inWords(current)}${current.state === "readable" ? ", with another value" : ""}`,
    ];
  },

  async begin({ passwords, vaultSecrets }, { from, vault, secret }, call) {
    const place = { vault: { name: vault.name, url: vault.url }, secret, item: from.item, field: from.field };
    const own = await ownVersion(vaultSecrets, vault, secret, call);
    if (own !== undefined) return { ...place, ...own, set: true };
    const value = await valueFrom(passwords, from.item, from.field);
    const current = await vaultSecrets.current(vault, secret);
    expectOurs(current, vault, secret);
    if (current.state === "readable" && same(value, current.value)) return { ...place, version: current.version, set: false };
    const before = current.state === "readable" ? current.version : undefined;
    const made = await vaultSecrets.set(vault, secret, value, { [TAG.run]: call.run, [TAG.key]: keyOf(call), ...(before === undefined ? {} : { [TAG.before]: before }) });
    return { ...place, version: made.version, ...(before === undefined ? {} : { before }), set: true };
  },

  async find({ vaultSecrets }, { from, vault, secret }, call) {
    const own = await ownVersion(vaultSecrets, vault, secret, call);
    return own === undefined ? undefined : { vault: { name: vault.name, url: vault.url }, secret, item: from.item, field: from.field, ...own, set: true };
  },

  async verify({ passwords, vaultSecrets }, { vault, secret, item, field, version, set }, call) {
    const place = `secret ${secret} in vault ${vault.name}`;
    const listed = (await vaultSecrets.versions(vault, secret)).find((each) => each.version === version);
    if (listed?.enabled !== true || (set && listed.tags[TAG.key] !== keyOf(call))) {
      throw new Fault(
        "rejected",
        `${place}: version ${version} is ${listed === undefined ? "not listed" : listed.enabled ? "without this step's tag" : "disabled"}; expected it enabled${set ? ", and made by this step" : ""}`,
        { vendor: "key-vault" },
      );
    }
    const current = await vaultSecrets.current(vault, secret);
    if (current.state !== "readable" || current.version !== version)
      throw new Fault("rejected", `${place} is ${inWords(current)}; expected version ${version} to be the current one`, { vendor: "key-vault" });
    if (!same(await valueFrom(passwords, item, field), current.value)) {
      throw new Fault("rejected", `${place} has another value than the ${field} of «${item}» in Bitwarden; one of them was changed since`, { vendor: "key-vault" });
    }
    return [
      `${place} is at version ${version}, enabled, made at ${listed.createdAt}${set ? " by this run" : ""}`,
      `its value is the ${field} of «${item}» in Bitwarden: both were read and compared in memory`,
    ];
  },

  already: ({ set, secret, vault, version, item }) =>
    set ? undefined : `secret ${secret} in vault ${vault.name} had the value of «${item}» before the step began, as version ${version}`,

  async undo({ vaultSecrets }, { vault, secret, version, before, set }, call) {
    const place = `secret ${secret} in vault ${vault.name}`;
    if (!set) return [`${place} had this value before the step began, as version ${version}, and is left so`];
    const versions = await vaultSecrets.versions(vault, secret);
    const ours = versions.find((each) => each.version === version);
    const restored = versions.find(({ enabled, tags }) => enabled && tags[TAG.restores] === before && tags[TAG.key] === `${keyOf(call)}-undo`);
    const current = await vaultSecrets.current(vault, secret);
    const now = current.state === "readable" ? current.version : undefined;
    if (ours === undefined || (now !== undefined && now !== version && now !== restored?.version)) {
      throw new Fault("conflict", `${place} is ${inWords(current)}; expected version ${version}, as this run left it; somebody changed it since`, { vendor: "key-vault" });
    }
    const back = await putBack(vaultSecrets, { vault, secret, before, restored }, call);
    if (ours.enabled) await vaultSecrets.disable(vault, secret, version);
    return [
      `${place}: version ${version}, made by this run, is disabled`,
      back === undefined ? "no version could be read before, and none can be now" : `version ${back}, the current one, has the value of version ${before ?? ""} again`,
    ];
  },
});

/** The version that this very step has made, and what was current before it. */
async function ownVersion(vaultSecrets: VaultSecrets, vault: VaultRef, secret: string, call: Call): Promise<{ version: string; before?: string } | undefined> {
  const own = (await vaultSecrets.versions(vault, secret)).find(({ enabled, tags }) => enabled && tags[TAG.key] === keyOf(call));
  if (own === undefined) return undefined;
  const before = own.tags[TAG.before];
  return { version: own.version, ...(before === undefined ? {} : { before }) };
}

/** The version that has the earlier value; it is made before ours is disabled, so that at no moment readers are refused. */
async function putBack(
  vaultSecrets: VaultSecrets,
  { vault, secret, before, restored }: { vault: VaultRef; secret: string; before: string | undefined; restored: SecretVersion | undefined },
  call: Call,
): Promise<string | undefined> {
  if (before === undefined || restored !== undefined) return restored?.version;
  const value = await vaultSecrets.valueOf(vault, secret, before);
  return (await vaultSecrets.set(vault, secret, value, { [TAG.run]: call.run, [TAG.key]: `${keyOf(call)}-undo`, [TAG.restores]: before })).version;
}

async function valueFrom(passwords: Passwords, item: string, field: "password" | "username"): Promise<Secret> {
  const entry: PasswordEntry = await passwords.find(item);
  return passwords.read(entry, field);
}

function expectOurs(current: CurrentSecret, { name }: VaultRef, secret: string): void {
  if (current.state === "readable" && current.isManaged)
    throw new Fault("conflict", `secret ${secret} in vault ${name} belongs to a certificate of that name; expected a secret that can be set`, { vendor: "key-vault" });
}

/** A tag's value holds 256 characters at most, and step and target may be longer together. */
function keyOf({ run, step, target }: Call): string {
  return createHash("sha256").update(`${run}/${step}/${target}`).digest("hex").slice(0, 32);
}

/** By digests of one length, so that neither content nor length shows in how long it takes. */
function same(one: Secret, other: Secret): boolean {
  const digest = (secret: Secret) => createHash("sha256").update(secret.reveal()).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function inWords(current: CurrentSecret): string {
  if (current.state === "absent") return "not there";
  return current.state === "disabled" ? "disabled, so that nobody can read it" : `at version ${current.version}`;
}
