import type { Config } from "../shared/config/config.ts";
import type { Outside } from "../shared/ports/outside.ts";
import type { People, Replies } from "../shared/ports/people.ts";
import { AzureComputeSettings, connectAzureCompute } from "./azure-compute/connector.ts";
import { AzureDevOpsSettings, connectAzureDevOps } from "./azure-devops/connector.ts";
import { AzureNetworkSettings, connectAzureNetwork } from "./azure-network/connector.ts";
import { AzureResourcesSettings, connectAzureResources } from "./azure-resources/connector.ts";
import { AzureScriptsSettings, connectAzureScripts } from "./azure-scripts/connector.ts";
import { BitwardenSettings, connectBitwarden } from "./bitwarden/connector.ts";
import { CloudflareSettings, connectCloudflare } from "./cloudflare/connector.ts";
import { ConfluenceSettings, connectConfluence } from "./confluence/connector.ts";
import { connectJira, JiraSettings } from "./jira/connector.ts";
import { connectKeyVault, KeyVaultSettings } from "./key-vault/connector.ts";
import { connectVaultSecrets } from "./key-vault/secrets.ts";
import { connectPanOs, PanOsSettings } from "./pan-os/connector.ts";
import { connectPingdom, PingdomSettings } from "./pingdom/connector.ts";
import { connectSlack, SlackSettings } from "./slack/connector.ts";
import { slackPeople, slackReplies } from "./slack/people.ts";
import { connectTerraform, TerraformSettings } from "./terraform/connector.ts";
import { connectWeb, WebSettings } from "./web/connector.ts";
import { connectWsus } from "./wsus/connector.ts";

/**
 * The one list of connectors; that of their actions is in actions.ts. Connectors are light until they are used: each loads its
 * vendor's SDK at its first call.
 *
 * Each connector's settings: a section of the environment, e.g. `NIGHTSHIFT_SLACK_…`.
 */
export const SETTINGS = {
  "azure-compute": AzureComputeSettings,
  "azure-devops": AzureDevOpsSettings,
  "azure-network": AzureNetworkSettings,
  "azure-resources": AzureResourcesSettings,
  "azure-scripts": AzureScriptsSettings,
  bitwarden: BitwardenSettings,
  cloudflare: CloudflareSettings,
  confluence: ConfluenceSettings,
  jira: JiraSettings,
  "key-vault": KeyVaultSettings,
  "pan-os": PanOsSettings,
  pingdom: PingdomSettings,
  slack: SlackSettings,
  terraform: TerraformSettings,
  web: WebSettings,
} as const;
export type Settings = Config<typeof SETTINGS>;

/** What actions use, by port name. `people` is what the run itself tells people through, too. */
export type Ports = Readonly<Record<string, unknown>> & { readonly people: People; readonly replies: Replies };

/** @param addressOf where a run is looked at, for links in what people are told. */
export function connectAll(settings: Settings, outside: Outside, addressOf?: (run: string) => string): Ports {
  const { hosts, scripts, retirement } = connectAzureCompute(settings["azure-compute"], outside);
  const { resources, clusters, removal } = connectAzureResources(settings["azure-resources"], outside);
  const { dns, cache } = connectCloudflare(settings.cloudflare, outside);
  const chat = connectSlack(settings.slack, outside);
  return {
    firewall: connectPanOs(settings["pan-os"], outside),
    hosts,
    scripts,
    retirement,
    resources,
    clusters,
    removal,
    cli: connectAzureScripts(settings["azure-scripts"], outside),
    dns,
    cache,
    chat,
    people: slackPeople(chat, addressOf),
    replies: slackReplies(chat),
    issues: connectJira(settings.jira, outside),
    monitors: connectPingdom(settings.pingdom, outside),
    passwords: connectBitwarden(settings.bitwarden, outside),
    pages: connectConfluence(settings.confluence, outside),
    patches: connectWsus(hosts),
    pools: connectAzureNetwork(settings["azure-network"], outside),
    pipelines: connectAzureDevOps(settings["azure-devops"], outside),
    vault: connectKeyVault(settings["key-vault"], outside),
    vaultSecrets: connectVaultSecrets(settings["key-vault"], outside),
    web: connectWeb(settings.web, outside),
    workspaces: connectTerraform(settings.terraform, outside),
  };
}
