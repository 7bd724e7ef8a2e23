import { z } from "zod";
import { appInsights } from "../adapters/app-insights.ts";
import { azureCredential } from "../adapters/azure-credential.ts";
import { keyVaultSecrets } from "../adapters/key-vault-secrets.ts";
import { pipelineRecords } from "../adapters/pipeline-records.ts";
import { systemClock } from "../adapters/system-clock.ts";
import { tableJournal } from "../adapters/table-journal.ts";
import { tablePlans } from "../adapters/table-plans.ts";
import { watchedApp } from "../adapters/watched-app.ts";
import { webhookPager } from "../adapters/webhook-pager.ts";
import { AzureDevOpsSettings, connectAzureDevOps } from "../integrations/azure-devops/connector.ts";
import { connectSlack, SlackSettings } from "../integrations/slack/connector.ts";
import { slackPeople } from "../integrations/slack/people.ts";
import type { TablesSettings } from "../adapters/tables.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { Credential } from "../shared/ports/outside.ts";
import type { Secrets } from "../shared/ports/secrets.ts";
import type { Fetch } from "../shared/ports/transport.ts";
import type { Kennel } from "../shared/run/watch.ts";

/** The watchdog's own environment: nothing of it may be the watched app's own, but for what it looks at. */
const Settings = z.object({
  NIGHTSHIFT_WATCHDOG_TABLES_URL: z.url().describe("Table endpoint of the watchdog's own storage account"),
  NIGHTSHIFT_WATCHDOG_APP_TABLES_URL: z.url().describe("Table endpoint of the app's storage account, which it reads plans from"),
  NIGHTSHIFT_WATCHDOG_APP_ORIGIN: z.url().describe("Where the app answers, e.g. https://APP.azurewebsites.net"),
  NIGHTSHIFT_WATCHDOG_APP_KEY: z.string().min(1).optional().describe("Name of the secret that holds a key of the app's Functions host"),
  NIGHTSHIFT_WATCHDOG_MACHINE_KEY: z.string().min(1).optional().describe("Name of the secret that holds the value of the app's machine key `watchdog`, an operator's"),
  NIGHTSHIFT_WATCHDOG_PAGER_URL: z.string().min(1).describe("Name of the secret that holds the webhook's address"),
  NIGHTSHIFT_WATCHDOG_VAULT_URL: z.url().describe("Key Vault that holds the secrets named here"),
  NIGHTSHIFT_WATCHDOG_IDENTITY_CLIENT_ID: z.guid().optional().describe("Client id of the watchdog's own managed identity"),
  NIGHTSHIFT_WATCHDOG_SLACK_BOT_TOKEN: SlackSettings.shape.botToken,
  NIGHTSHIFT_WATCHDOG_SLACK_FALLBACK_CHANNEL: SlackSettings.shape.fallbackChannel,
  NIGHTSHIFT_WATCHDOG_AZURE_DEVOPS_PERSONAL_ACCESS_TOKEN: AzureDevOpsSettings.shape.personalAccessToken,
});

/** Names of all settings of the watchdog, for infra's test. */
export const WATCHDOG_SETTINGS: readonly string[] = Object.keys(Settings.shape);

/** Connection string of Application Insights: a name of the platform, not ours. */
const INSIGHTS = "APPLICATIONINSIGHTS_CONNECTION_STRING";

/** What stands in for Azure where the watchdog runs on one machine; see local/watchdog.ts. */
export interface Ground {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly secrets: Secrets;
  readonly credential: Credential;
  /** Its own tables, and the app's. */
  readonly tables: TablesSettings;
  readonly appTables: TablesSettings;
}

/**
 * Composition of the watchdog: its own storage, identity and vault access; of the app it has its public door and a look at its plans.
 *
 * @param ground instead of Azure's clock, network, vault, identity and tables.
 * @throws Fault `invalid` that lists everything wrong with the settings.
 */
export function composeWatchdog(env: Readonly<Record<string, string | undefined>>, ground: Partial<Ground> = {}): Omit<Kennel, "complain"> {
  const settings = settingsOf(env);
  const { clock = systemClock, fetch = globalThis.fetch, credential = azureCredential(settings.NIGHTSHIFT_WATCHDOG_IDENTITY_CLIENT_ID) } = ground;
  const secrets = ground.secrets ?? keyVaultSecrets({ vaultUrl: settings.NIGHTSHIFT_WATCHDOG_VAULT_URL, credential });
  const outside = { fetch, clock, credential, secrets };
  const own = ground.tables ?? { url: settings.NIGHTSHIFT_WATCHDOG_TABLES_URL, credential, prefix: "watchdog" };
  const fallbackChannel = settings.NIGHTSHIFT_WATCHDOG_SLACK_FALLBACK_CHANNEL;
  const personalAccessToken = settings.NIGHTSHIFT_WATCHDOG_AZURE_DEVOPS_PERSONAL_ACCESS_TOKEN;
  const connectionString = env[INSIGHTS];
  return {
    clock,
    journal: tableJournal(own),
    plans: tablePlans(own),
    source: tablePlans(ground.appTables ?? { url: settings.NIGHTSHIFT_WATCHDOG_APP_TABLES_URL, credential }),
    app: watchedApp({
      origin: settings.NIGHTSHIFT_WATCHDOG_APP_ORIGIN,
      keySecret: settings.NIGHTSHIFT_WATCHDOG_APP_KEY,
      machineSecret: settings.NIGHTSHIFT_WATCHDOG_MACHINE_KEY,
      fetch,
      secrets,
    }),
    records: pipelineRecords(connectAzureDevOps(personalAccessToken === undefined ? {} : { personalAccessToken }, outside)),
    people: slackPeople(connectSlack({ botToken: settings.NIGHTSHIFT_WATCHDOG_SLACK_BOT_TOKEN, ...(fallbackChannel === undefined ? {} : { fallbackChannel }) }, outside)),
    pager: webhookPager({ urlSecret: settings.NIGHTSHIFT_WATCHDOG_PAGER_URL, fetch, secrets }),
    telemetry: appInsights(connectionString === undefined ? {} : { connectionString }),
  };
}

function settingsOf(env: Readonly<Record<string, string | undefined>>): z.infer<typeof Settings> {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name.startsWith("NIGHTSHIFT_") && value !== undefined && value !== ""));
  const parsed = Settings.strict().safeParse(given);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path, message }) => `  ${path.join(".") || "settings"}: ${message}`).sort();
  throw new Fault("invalid", `the watchdog's settings cannot be used:\n${complaints.join("\n")}`);
}
