import { z } from "zod";
import { readAppJson } from "./app.ts";
import { Fault } from "../shared/fault/fault.ts";

const SettingsFile = z.looseObject({
  IsEncrypted: z.boolean().optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
});

/**
 * The `Values` of an app's local.settings.json, without those that `environment` already has: what is set
 * outside wins, as with Core Tools. Values may be secrets; messages name keys only.
 *
 * @throws Fault `invalid` for a file of another shape, or an encrypted one.
 */
export function readLocalSettings(directory: string, environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const parsed = SettingsFile.safeParse(readAppJson(directory, "local.settings.json") ?? {});
  if (!parsed.success)
    throw new Fault("invalid", `local.settings.json of ${directory}: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`);
  if (parsed.data.IsEncrypted === true) throw new Fault("invalid", `local.settings.json of ${directory} is encrypted; run "func settings decrypt" and try again`);
  return Object.fromEntries(Object.entries(parsed.data.Values ?? {}).filter(([name]) => environment[name] === undefined));
}
