import { z } from "zod";

/**
 * The team's inventory: what names on pages mean. Each kind is a map from name to entry; names are unique within a
 * kind, compared without regard to case, and may have aliases. An entry that reaches an action has its own `name`.
 */

const Name = z.string().min(1).max(120);
const Guid = z.guid();
const Aliases = z.array(Name).default([]).describe("Other names under which pages mention it");
const Duration = z.string().regex(/^\d+(s|m|h)$/, "a duration such as 90s, 45m or 2h");
const Hostname = z.string().regex(/^[a-z0-9*_-]+(\.[a-z0-9_-]+)+$/i, "a host name such as www.example.com");

/** A field that is a name in the file and that entry once loaded; see `load.ts`. */
const embedded = <Schema extends z.ZodType>(schema: Schema, kind: string): Schema => schema.meta({ inventory: kind });
/** A field that stays a name; the loader only checks that there is such an entry. */
const nameOf = (kind: string) => Name.meta({ names: kind });

/** Fields that every entry shares, beside its own. */
const entry = <Shape extends z.core.$ZodShape>(shape: Shape) => z.strictObject({ name: Name, aliases: Aliases, ...shape });

export const Person = entry({
  title: z.string().optional().describe("Full name, for reports"),
  slackId: z
    .string()
    .regex(/^[UW][A-Z0-9]+$/)
    .describe("Slack user id"),
  email: z.email().describe("For Entra ID and Jira"),
  team: nameOf("team").optional().describe("Team that the person belongs to"),
  firewallLogin: z.string().optional().describe("Login on the firewalls"),
});
export type Person = z.infer<typeof Person>;

export const Team = entry({
  channel: z.string().describe("Slack channel id where the team is asked"),
  members: z.array(nameOf("person")).default([]).describe("People of the team, first to be asked first"),
});
export type Team = z.infer<typeof Team>;

export const Channel = entry({
  id: z
    .string()
    .regex(/^[CG][A-Z0-9]+$/)
    .describe("Slack channel id"),
});
export type Channel = z.infer<typeof Channel>;

export const PipelineStage = z.strictObject({
  name: z.string().describe("The stage's name in the pipeline's YAML, by which its record in the timeline is found"),
  environment: z.string().optional().describe("Environment it deploys to, e.g. PRD"),
  title: z.string().optional().describe("What pages call it, if not its name"),
  expected: Duration.optional().describe("How long it usually takes"),
});
export const Pipeline = entry({
  organization: Name.describe("Azure DevOps organization"),
  project: Name.describe("Azure DevOps project"),
  id: z.int().positive().describe("Pipeline (definition) id"),
  branch: z.string().default("main").describe("Branch that runs when a step names no ref"),
  stages: z.array(PipelineStage).min(1).describe("All stages, in the order of the pipeline"),
});
export type Pipeline = z.infer<typeof Pipeline>;

/** One deployable stack of an infrastructure pipeline: a run per stack, told by a template parameter. */
export const Stack = entry({
  environment: z.string().describe("Environment, e.g. PRD"),
  parameter: z.string().default("stack").describe("Template parameter that chooses the stack"),
  value: z.string().describe("Its value for this stack"),
});
export type Stack = z.infer<typeof Stack>;

const InSubscription = { subscription: Guid.describe("Azure subscription id"), resourceGroup: Name.describe("Azure resource group") };

export const Pool = entry({
  ...InSubscription,
  kind: z.enum(["load-balancer", "application-gateway"]).describe("Which kind of resource distributes its traffic"),
  resource: Name.describe("Load balancer or application gateway"),
  backendPool: Name.describe("Backend pool in it"),
  floor: z.int().min(0).describe("Fewest servers that must stay in service"),
  drain: Duration.default("60s").describe("How long connections get to end"),
});
export type Pool = z.infer<typeof Pool>;

export const Server = entry({
  ...InSubscription,
  vm: Name.describe("Virtual machine resource name"),
  os: z.enum(["windows", "linux"]).default("windows").describe("Decides which scripts run on it"),
  role: z.string().optional().describe("What it does, e.g. web, app, mcc"),
  environment: z.string().optional().describe("Environment it belongs to, e.g. PRD"),
  wsusGroup: z.string().optional().describe("WSUS target group it belongs to between windows"),
  pool: embedded(Pool, "pool").optional().describe("Pool it serves in"),
});
export type Server = z.infer<typeof Server>;

/** A WSUS target group, managed through run-command on the WSUS server. */
export const WsusGroup = entry({
  group: z.string().describe("Target group name in WSUS; {month} stands for the window's month name"),
  server: embedded(Server, "server").describe("The WSUS server itself"),
});
export type WsusGroup = z.infer<typeof WsusGroup>;

export const Cluster = entry({ ...InSubscription, cluster: Name.describe("AKS cluster"), version: z.string().optional().describe("Kubernetes version expected after the window") });
export type Cluster = z.infer<typeof Cluster>;

export const Vault = entry({ ...InSubscription, url: z.url().describe("https://NAME.vault.azure.net") });
export type Vault = z.infer<typeof Vault>;

export const Certificate = entry({
  vault: embedded(Vault, "vault").describe("The vault that holds it"),
  certificate: Name.describe("Certificate name in the vault"),
  subject: Hostname.describe("The host name it is for"),
});
export type Certificate = z.infer<typeof Certificate>;

/** An Azure resource as such: to be moved, deleted or looked at. */
export const Resource = entry({
  ...InSubscription,
  type: z
    .string()
    .regex(/^[A-Za-z.]+(\/[A-Za-z]+)+$/)
    .describe("Resource type, e.g. Microsoft.KeyVault/vaults"),
  resource: Name.describe("Resource name"),
});
export type Resource = z.infer<typeof Resource>;

export const ResourceGroup = entry({ ...InSubscription });
export type ResourceGroup = z.infer<typeof ResourceGroup>;

export const Site = entry({
  url: z.url().describe("What visitors open"),
  origin: z.url().optional().describe("The same site reached past the maintenance page"),
  status: z.int().default(200).describe("Status of a healthy answer"),
  contains: z.string().optional().describe("Text that a healthy page holds"),
  slowerThanMs: z.int().positive().default(3_000).describe("An answer slower than this is a failure"),
  certificateDays: z.int().min(0).default(7).describe("Fewest days that its TLS certificate must be valid for"),
});
export type Site = z.infer<typeof Site>;

export const DnsRecord = entry({
  zone: Hostname.describe("Cloudflare zone"),
  host: Hostname.describe("The record's full name"),
  maintenancePage: Hostname.optional().describe("Where it points while the maintenance page is up: `dns.swap` to it opens, and from it closes, `maintenance-page:HOST`"),
});
export type DnsRecord = z.infer<typeof DnsRecord>;

export const Zone = entry({ zone: Hostname.describe("Cloudflare zone") });
export type Zone = z.infer<typeof Zone>;

export const Monitor = entry({ checkIds: z.array(z.int().positive()).min(1).describe("Pingdom check ids") });
export type Monitor = z.infer<typeof Monitor>;

export const Workspace = entry({
  organization: Name.describe("HCP Terraform organization"),
  workspace: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .describe("Workspace name, as it is before the window"),
});
export type Workspace = z.infer<typeof Workspace>;

export const Firewall = entry({
  url: z.url().describe("Management address, https"),
  vsys: z.string().default("vsys1").describe("Virtual system"),
  environment: z.string().optional().describe("Environment it guards, e.g. PRD"),
  apiKey: z.string().optional().describe("Secret that holds its own API key; without it, the one of the settings"),
  readersApiKey: z.string().optional().describe("The same for the account that may create administrators"),
});
export type Firewall = z.infer<typeof Firewall>;

export const PasswordItem = entry({
  item: Name.describe("Item in the password manager"),
  field: z.enum(["password", "username"]).default("password").describe("Which of its fields is meant"),
});
export type PasswordItem = z.infer<typeof PasswordItem>;

export const Script = entry({
  kind: z.enum(["azure-cli", "powershell", "shell"]).describe("What it is written for"),
  file: z
    .string()
    .regex(/^[\w./-]+$/)
    .describe("File of the script, below the inventory's folder"),
  undo: z
    .string()
    .regex(/^[\w./-]+$/)
    .optional()
    .describe("File of the script that takes it back"),
  check: z
    .string()
    .regex(/^[\w./-]+$/)
    .optional()
    .describe("File of the script that verifies it"),
});
export type Script = z.infer<typeof Script>;

/** Kinds of names, with the schema of their entries. The key is the word used in plans, findings and `named`. */
export const INVENTORY_KINDS = {
  person: Person,
  team: Team,
  channel: Channel,
  pipeline: Pipeline,
  stack: Stack,
  server: Server,
  wsusGroup: WsusGroup,
  pool: Pool,
  cluster: Cluster,
  vault: embedded(Vault, "vault").describe("The vault that holds it"),
  certificate: Certificate,
  resource: Resource,
  resourceGroup: ResourceGroup,
  site: Site,
  record: DnsRecord,
  zone: Zone,
  monitor: Monitor,
  workspace: Workspace,
  firewall: Firewall,
  passwordItem: PasswordItem,
  script: Script,
} as const;
export type InventoryKind = keyof typeof INVENTORY_KINDS;

/**
 * A parameter that is a name in a plan and the inventory's entry once compiled.
 *
 * `z.strictObject({ pipeline: named("pipeline") })` lets a plan say `pipeline: Preparation Pipeline` and gives the
 * action the pipeline's organization, project, id and stages.
 */
export function named<Kind extends InventoryKind>(kind: Kind): (typeof INVENTORY_KINDS)[Kind] {
  return (INVENTORY_KINDS[kind] as z.ZodType).meta({ inventory: kind }) as unknown as (typeof INVENTORY_KINDS)[Kind];
}
