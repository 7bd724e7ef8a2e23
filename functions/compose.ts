import { appInsights } from "../adapters/app-insights.ts";
import { azureCredential } from "../adapters/azure-credential.ts";
import { keyVaultSecrets } from "../adapters/key-vault-secrets.ts";
import { systemClock } from "../adapters/system-clock.ts";
import { tableJournal } from "../adapters/table-journal.ts";
import { tableLocks } from "../adapters/table-locks.ts";
import { tablePlans } from "../adapters/table-plans.ts";
import { workbookFile } from "../adapters/workbook-file.ts";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SETTINGS } from "../integrations/all.ts";
import { platformOf } from "../shared/access/door.ts";
import { readConfig } from "../shared/config/config.ts";
import type { App } from "./app.ts";
import { codeIn } from "./code.ts";
import { assemble } from "./assemble.ts";

/** Connection string of Application Insights: a name of the platform, not ours. */
const INSIGHTS = "APPLICATIONINSIGHTS_CONNECTION_STRING";

/**
 * Composition for Azure: tables, vault and vendors reached as the app's own identity. Nothing is asked of the network here; each
 * adapter connects at its first call.
 *
 * @throws Fault `invalid` that lists everything wrong with the settings.
 */
export function compose(env: Readonly<Record<string, string | undefined>>): App {
  const settings = readConfig(env, SETTINGS);
  const { core } = settings;
  const credential = azureCredential(core.identityClientId);
  const tables = core.tablesConnection === undefined ? { url: core.tablesUrl, credential } : { connection: core.tablesConnection };
  const connectionString = env[INSIGHTS];
  return assemble({
    settings,
    outside: { fetch: globalThis.fetch, clock: systemClock, credential, secrets: keyVaultSecrets({ vaultUrl: core.vaultUrl, credential }) },
    journal: tableJournal(tables),
    locks: tableLocks(tables),
    plans: tablePlans(tables),
    telemetry: appInsights(connectionString === undefined ? {} : { connectionString }),
    folder: fileURLToPath(new URL("..", import.meta.url)),
    version: "0.1.0",
    // Beside functions/ both in the sources and in the package; see scripts/build.mjs.
    code: codeIn(fileURLToPath(new URL("../orchestrators/", import.meta.url))),
    platform: platformOf(env),
    workbookFile,
    pause: (ms) => pause(ms),
  });
}
