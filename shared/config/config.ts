import { z } from "zod";
import { AccessSettings } from "../access/settings.ts";
import { Fault } from "../fault/fault.ts";
import { nearest } from "../inventory/nearest.ts";

const PREFIX = "NIGHTSHIFT_";

/** The core's own settings. Every field is one environment variable: `tablesUrl` is `NIGHTSHIFT_TABLES_URL`. */
export const CoreSettings = z.strictObject({
  tablesUrl: z.url().describe("Table endpoint of the storage account that holds the journal, e.g. https://ACCOUNT.table.core.windows.net"),
  tablesConnection: z.string().optional().describe("Connection string instead of tablesUrl and the managed identity; for emulators only"),
  vaultUrl: z.url().describe("Key Vault that holds the secrets which settings name, e.g. https://NAME.vault.azure.net"),
  identityClientId: z.guid().optional().describe("Client id of the user-assigned managed identity; without it the Azure CLI's sign-in is used"),
  reportBaseUrl: z.url().describe("Where reports are opened, for links in messages; the run's id is appended: the app's own boards are at …/api/v1/board/"),
  inventoryFile: z.string().default("plans/inventory.yaml").describe("The team's inventory, relative to the app"),
  signIn: z.enum(["true", "false"]).default("false").describe("Whether App Service authentication is on, so that its principal header can be trusted"),
});
export type CoreSettings = z.infer<typeof CoreSettings>;

/** A part of the environment that belongs to one connector: `slack` with `botToken` is `NIGHTSHIFT_SLACK_BOT_TOKEN`. */
export type Sections = Readonly<Record<string, z.ZodObject>>;
export type Config<S extends Sections> = Readonly<{ core: CoreSettings; access: AccessSettings } & { [Name in keyof S]: z.infer<S[Name]> }>;

/** `NIGHTSHIFT_AZURE_DEVOPS_TOKEN` for section `azure-devops`, key `token`. The core's section has no name in it. */
export function settingName(section: string, key: string): string {
  const words = `${section === "core" ? "" : `${section}_`}${key.replaceAll(/([A-Z])/g, "_$1")}`;
  return PREFIX + words.replaceAll("-", "_").toUpperCase();
}

/**
 * Parses the environment once, at composition. Nothing else in the house reads it.
 *
 * @throws Fault `invalid` that lists every missing, malformed and unknown `NIGHTSHIFT_…` setting at once.
 */
export function readConfig<S extends Sections>(env: Readonly<Record<string, string | undefined>>, sections: S): Config<S> {
  const { config, complaints, known } = parsedSections(env, { core: CoreSettings, access: AccessSettings, ...sections });
  for (const name of Object.keys(env)) {
    if (name.startsWith(PREFIX) && !known.has(name)) {
      // Without what all have in common, which would make any two look alike.
      const [near] = nearest(
        name.slice(PREFIX.length),
        [...known].map((one) => one.slice(PREFIX.length)),
      );
      complaints.push(`${name}: unknown${near === undefined ? "" : `; did you mean ${PREFIX}${near}?`}`);
    }
  }
  refuse(complaints);
  return Object.freeze(config) as Config<S>;
}

/**
 * Parses some sections, for a command that needs no more; what else the environment has is not looked at.
 *
 * @throws Fault `invalid` that lists every missing and malformed setting of these sections at once.
 */
export function readSections<S extends Sections>(env: Readonly<Record<string, string | undefined>>, sections: S): Readonly<{ [Name in keyof S]: z.infer<S[Name]> }> {
  const { config, complaints } = parsedSections(env, sections);
  refuse(complaints);
  return Object.freeze(config) as Readonly<{ [Name in keyof S]: z.infer<S[Name]> }>;
}

function parsedSections(
  env: Readonly<Record<string, string | undefined>>,
  sections: Sections,
): { config: Record<string, unknown>; complaints: string[]; known: ReadonlySet<string> } {
  const complaints: string[] = [];
  const known = new Set<string>();
  const config: Record<string, unknown> = {};
  for (const [section, schema] of Object.entries(sections)) {
    const given: Record<string, string> = {};
    for (const key of Object.keys(schema.shape)) {
      const name = settingName(section, key);
      known.add(name);
      const value = env[name];
      if (value !== undefined && value !== "") given[key] = value;
    }
    const parsed = schema.safeParse(given);
    if (parsed.success) config[section] = Object.freeze(parsed.data);
    else {
      for (const issue of parsed.error.issues) {
        const key = String(issue.path[0] ?? "");
        const description = (schema.shape[key] as z.ZodType | undefined)?.description;
        complaints.push(`${settingName(section, key)}: ${given[key] === undefined ? "missing" : issue.message}${description === undefined ? "" : ` (${description})`}`);
      }
    }
  }
  return { config, complaints, known };
}

function refuse(complaints: readonly string[]): void {
  if (complaints.length === 0) return;
  throw new Fault(
    "invalid",
    `the settings cannot be used:\n${complaints
      .toSorted()
      .map((line) => `  ${line}`)
      .join("\n")}\nSee local.settings.sample.json for all settings.`,
  );
}
