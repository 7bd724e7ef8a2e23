import { createHash } from "node:crypto";
import type { Misfortune, SimulatedPipeline } from "../integrations/azure-devops/simulator.ts";
import { earlierRun } from "../integrations/azure-devops/simulated-run.ts";
import { machineKey, simulatedMachine, type Machine, type Update } from "../integrations/azure-compute/simulated-machine.ts";
import { resourceId, type SimulatedResource } from "../integrations/azure-resources/simulator.ts";
import type { Settings } from "../integrations/all.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { Certificate, Channel, Cluster, Person, Pipeline, Resource, Script, Server, Site, Team, Vault, WsusGroup } from "../shared/inventory/schema.ts";
import type { INVENTORY_KINDS, InventoryKind } from "../shared/inventory/schema.ts";
import type { CompiledPlan, CompiledStep } from "../shared/plan/compiled.ts";
import { durationMs } from "../shared/plan/duration.ts";
import { instantOf } from "../shared/plan/local-time.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { networkWorlds } from "./demo-networks.ts";
import { saasWorlds } from "./demo-saas.ts";
import { cliWorld, POWERSHELL, serverBefore } from "./demo-scripts.ts";
import type { FaultRule, Link, Scene } from "./scene.ts";
import { localSettings } from "./settings.ts";
import { newWorlds, type Worlds } from "./simulators.ts";

/** What may befall the window: `usual`, what really happened in December 2024, or what October's page is afraid of. */
export const SCENARIOS = {
  usual: "pipelines take minutes, two servers fail their first attempt at patching, Jira asks once for patience",
  december: "as usual, but no agent takes work before Sunday, so that Saturday's stage never starts",
  "driver-fails": "as usual, but the script that another team waits for fails on the fourth of its servers",
  "too-young": "as usual, but the last server that is to be removed was turned off 29 days ago",
} as const;
export type Scenario = keyof typeof SCENARIOS;

export interface DemoOptions {
  readonly inventory: Inventory;
  readonly plan: CompiledPlan;
  readonly scenario?: Scenario;
  /** Where Jira is and as whom Nightshift comes there. */
  readonly settings?: Pick<Settings, "jira" | "slack">;
}

/**
 * The vendors as they stand before a window: everything that the inventory names is there, under the inventory's ids, and
 * what the plan mentions beside it (refs, tickets, versions to come). The same plan gives the same scene.
 *
 * @throws Fault `invalid` for a scenario that is none.
 */
export function demoScene({ inventory, plan, scenario = "usual", settings = localSettings() }: DemoOptions): Scene {
  if (!Object.hasOwn(SCENARIOS, scenario)) throw new Fault("invalid", `there is no scenario ${scenario}; there is ${Object.keys(SCENARIOS).join(", ")}`);
  const all = namesOf(inventory);
  const worlds: Worlds = {
    ...newWorlds(),
    ...saasWorlds(inventory, plan),
    ...networkWorlds(inventory, plan),
    "azure-compute": machines(all, plan, scenario),
    "azure-scripts": cliWorld(inventory, plan),
    "azure-devops": pipelines(all, plan, scenario),
    "azure-resources": resources(all, plan),
    "key-vault": vaults(all),
    jira: tickets(plan, settings.jira),
    slack: chat(all, settings.slack.fallbackChannel),
    web: sites(all, plan),
  };
  return { worlds, faults: FAULTS.map((rule) => structuredClone(rule)), links: [...upgrades(plan), ...syncs(all)] };
}

/** Jira asks once for patience, as every vendor does some day. */
const FAULTS: readonly FaultRule[] = [
  {
    system: "jira",
    method: "POST",
    path: "/comment$",
    times: 1,
    answer: { status: 429, headers: { "retry-after": "20" }, body: { errorMessages: ["Rate limit exceeded."], errors: {} } },
  },
];

type All = { readonly [Kind in InventoryKind]: readonly (typeof INVENTORY_KINDS)[Kind]["_output"][] };

function namesOf(inventory: Inventory): All {
  return new Proxy({} as All, { get: (_all, kind) => inventory.entries(kind as InventoryKind) });
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Of a stage for which the inventory gives no time. */
const USUAL_STAGE_MS = 12 * MINUTE_MS;

// --- servers ------------------------------------------------------------------------------------------------------------

const CUMULATIVE: Update = { id: "KB5048661", classification: "security", needsReboot: true, takesMs: 11 * MINUTE_MS, build: "10.0.17763.6659" };
const FRAMEWORK: Update = { id: "KB5049614", classification: "security", needsReboot: false, takesMs: 4 * MINUTE_MS };

function machines({ server, wsusGroup }: All, plan: CompiledPlan, scenario: Scenario): Worlds["azure-compute"] {
  const unlucky = new Set(serversThatFailOnce(plan));
  const scripted = scenario === "driver-fails" ? scriptAwaited(plan)?.targets[3] : undefined;
  const young = scenario === "too-young" ? plan.steps.findLast(({ verb }) => verb === "host.decommission")?.targets.at(-1) : undefined;
  const groups = [...new Set([...wsusGroup.map(({ group }) => group), ...server.flatMap((one) => (one.wsusGroup === undefined ? [] : [one.wsusGroup]))])];
  const members = Object.fromEntries(server.filter(({ os }) => os === "windows").map((one) => [one.vm.toLowerCase(), one.wsusGroup === undefined ? [] : [one.wsusGroup]]));
  const isWsus = (one: Server) => wsusGroup.some(({ server: { name } }: WsusGroup) => name === one.name);
  const made = server.map((one): [string, Machine] => [
    machineKey(one),
    simulatedMachine(one, {
      // After the window before: a restart is told by a later boot.
      bootedAt: isoOf(Date.parse(plan.window.opensAt) - 27 * DAY_MS),
      pending: [CUMULATIVE, FRAMEWORK].map((update) => ({ ...update })),
      ...(isWsus(one) ? { pending: [], wsus: { groups, members } } : {}),
      ...(unlucky.has(one.name) ? { misfortunes: { installFails: 1 } } : {}),
      ...(scripted?.id === one.name ? { misfortunes: { scriptFails: { [scriptOf(scripted)]: 9 } } } : {}),
      ...serverBefore(plan, one, young?.id === one.name ? -1 : undefined),
    }),
  ]);
  return { ...newWorlds()["azure-compute"], machines: Object.fromEntries(made), scripts: structuredClone(POWERSHELL) };
}

/** The step that runs a script on servers and that people of another team wait for. */
function scriptAwaited({ steps }: CompiledPlan): CompiledStep | undefined {
  const awaited = new Set(steps.filter(({ verb }) => verb === "person.do").flatMap(({ needs }) => needs.map(({ step }) => step)));
  return steps.find(({ id, verb }) => verb === "host.run" && awaited.has(id));
}

/** Name of the script that a target of `host.run` runs. */
function scriptOf({ params }: CompiledStep["targets"][number]): string {
  return (params as { script: Script }).script.file.replace(/^.*\//, "").replace(/\.\w+$/, "");
}

/** The second server of the first step that patches several, and the second to last of the last one that does. */
function serversThatFailOnce({ steps }: CompiledPlan): readonly string[] {
  const patching = steps.filter(({ verb, targets }) => verb === "patch.install" && targets.length > 2).map(({ targets }) => targets.map(({ id }) => id));
  return [patching[0]?.[1], patching.at(-1)?.at(-2)].filter((id) => id !== undefined);
}

// --- pipelines ----------------------------------------------------------------------------------------------------------

/** As much of a `pipeline.run` target's parameters as is read here. */
interface RunParams {
  readonly pipeline: Pipeline;
  readonly ref?: { readonly tag?: string; readonly branch?: string; readonly commit?: string };
  readonly environment?: string;
  readonly stages?: readonly string[];
  readonly stack?: { readonly parameter: string; readonly value: string; readonly environment: string };
  readonly parameters?: Readonly<Record<string, string>>;
}

function runsOf(step: CompiledStep): readonly RunParams[] {
  return step.verb === "pipeline.run" ? step.targets.map(({ params }) => params as RunParams) : [];
}

function refOf({ pipeline, ref }: RunParams): string {
  return ref?.tag === undefined ? `refs/heads/${ref?.branch ?? pipeline.branch}` : `refs/tags/${ref.tag}`;
}

function pipelines(all: All, plan: CompiledPlan, scenario: Scenario): Worlds["azure-devops"] {
  const wanted = plan.steps.flatMap(runsOf);
  const simulated = all.pipeline.map((pipeline): SimulatedPipeline => {
    const runs = wanted.filter((run) => run.pipeline.id === pipeline.id);
    const refs = [...new Set([`refs/heads/${pipeline.branch}`, ...runs.map(refOf)])];
    const parameters = ["mode", ...all.stack.map(({ parameter }) => parameter), ...runs.flatMap((run) => Object.keys(run.parameters ?? {}))];
    return {
      organization: pipeline.organization,
      project: pipeline.project,
      id: pipeline.id,
      name: pipeline.name,
      stages: pipeline.stages.map(({ name, title, expected }) => ({
        name,
        ...(title === undefined ? {} : { displayName: title }),
        durationMs: durationMs(expected ?? "") ?? USUAL_STAGE_MS,
      })),
      refs: Object.fromEntries(refs.map((ref) => [ref, createHash("sha1").update(`${pipeline.name} ${ref}`).digest("hex")])),
      parameters: [...new Set(parameters)],
      misfortunes: [] as Misfortune[],
    };
  });
  // Each ref was run by a push some days before, which is how its commit is known.
  const pushedAt = isoOf(Date.parse(plan.window.opensAt) - 3 * DAY_MS);
  const runs = simulated
    .flatMap((pipeline) => Object.keys(pipeline.refs).map((ref) => ({ pipeline, ref })))
    .map(({ pipeline, ref }, index) => earlierRun(pipeline, 1_001 + index, ref, pushedAt));
  return { ...newWorlds()["azure-devops"], pipelines: simulated, runs, ...(scenario === "december" ? { agentsOfflineUntil: sunday(plan) } : {}) };
}

/** The first instant of the window's Sunday, on the plan's clock. */
function sunday({ window: { date, zone } }: CompiledPlan): string {
  const midnight = instantOf("Sun 00:00", { sunday: date, zone });
  if (!midnight.ok) throw new Fault("invalid", `${date} has no midnight in ${zone}: ${midnight.message}`);
  return isoOf(midnight.instantMs);
}

// --- resources, clusters, certificates ----------------------------------------------------------------------------------

const LOCATION = "eastus2";
/** What a cluster runs that is to be upgraded. */
const OLDER_VERSION = "1.29.9";
const CONTROL_PLANE_MS = 4 * MINUTE_MS;
const SYNC_MS = 5 * MINUTE_MS;

/** A `cluster.check` together with the deployment that it waits for, which is what brings the version. */
function upgradesOf({ steps }: CompiledPlan): readonly { cluster: Cluster; version: string; by: RunParams | undefined }[] {
  return steps
    .filter(({ verb }) => verb === "cluster.check")
    .flatMap(({ needs, targets }) => {
      const by = needs.flatMap((need) => steps.filter(({ id }) => id === need.step).flatMap(runsOf))[0];
      return targets.map(({ params }) => ({ ...(params as { cluster: Cluster; version: string }), by }));
    });
}

function resources(all: All, plan: CompiledPlan): Worlds["azure-resources"] {
  const inGroups = [...all.server, ...all.pool, ...all.cluster, ...all.vault, ...all.resource, ...all.resourceGroup];
  const upgraded = new Map(upgradesOf(plan).map(({ cluster, by }) => [cluster.name, by]));
  const kept = all.resource.map((one: Resource): SimulatedResource => ({
    subscription: one.subscription,
    resourceGroup: one.resourceGroup,
    type: one.type,
    resource: one.resource,
    location: LOCATION,
  }));
  return {
    ...newWorlds()["azure-resources"],
    groups: Object.fromEntries(
      inGroups.map(({ subscription, resourceGroup }) => [`${subscription}/${resourceGroup}`.toLowerCase(), { subscription, resourceGroup, location: LOCATION }]),
    ),
    resources: Object.fromEntries(kept.map((one) => [resourceId(one).toLowerCase(), one])),
    clusters: Object.fromEntries(
      all.cluster.map(({ name, subscription, resourceGroup, cluster, version = OLDER_VERSION }) => {
        const now = upgraded.get(name) === undefined ? version : OLDER_VERSION;
        const pools = ["system", "user"].map((pool) => ({ pool, version: now, provisioning: "Succeeded", power: "Running" as const, count: 3 }));
        return [
          clusterKey({ subscription, resourceGroup, cluster }),
          { subscription, resourceGroup, cluster, location: LOCATION, version: now, provisioning: "Succeeded", power: "Running" as const, pools },
        ];
      }),
    ),
  };
}

function clusterKey({ subscription, resourceGroup, cluster }: Pick<Cluster, "subscription" | "resourceGroup" | "cluster">): string {
  return `${subscription}/${resourceGroup}/${cluster}`.toLowerCase();
}

/** A cluster has its newer version a while after the last stage of the deployment that brings it. */
function upgrades(plan: CompiledPlan): readonly Link[] {
  return upgradesOf(plan).flatMap(({ cluster, version, by }): Link[] => {
    if (by === undefined) return [];
    const { pipeline, stack } = by;
    const environment = by.environment ?? stack?.environment;
    const stage = pipeline.stages.findLast(
      (one) => by.stages?.some((name) => name === one.name || name === one.title) ?? (environment === undefined || one.environment === environment),
    );
    if (stage === undefined) return [];
    return [
      {
        after: { pipeline: pipeline.id, stage: stage.name, ref: refOf(by), parameters: { ...by.parameters, ...(stack === undefined ? {} : { [stack.parameter]: stack.value }) } },
        delayMs: CONTROL_PLANE_MS,
        then: { cluster: clusterKey(cluster), version },
      },
    ];
  });
}

/** The vault that the team's own syncing copies certificates from. */
const SOURCE_VAULT = "kv-certificates.vault.azure.net";

const hostOf = (url: string) => new URL(url).host;
const isVaultOf = (resource: Resource, vault: Vault) => resource.type === "Microsoft.KeyVault/vaults" && hostOf(vault.url).startsWith(`${resource.resource}.`);

/** A certificate whose vault is still to be moved comes a few minutes after the move. */
function syncs({ certificate, resource }: All): readonly Link[] {
  return certificate.flatMap((one: Certificate) =>
    resource
      .filter((moved: Resource) => isVaultOf(moved, one.vault))
      .map((moved: Resource): Link => ({
        after: { moved: moved.resource },
        delayMs: SYNC_MS,
        then: { vault: hostOf(one.vault.url), certificate: one.certificate, from: SOURCE_VAULT },
      })),
  );
}

function vaults({ vault, certificate, resource }: All): Worlds["key-vault"] {
  const empty = () => ({ certificates: {}, secrets: {}, syncs: [] });
  const made: Worlds["key-vault"]["vaults"] = Object.fromEntries([SOURCE_VAULT, ...vault.map(({ url }: Vault) => hostOf(url))].map((host) => [host, empty()]));
  for (const one of certificate) {
    const version = createHash("sha256").update(one.subject).digest("hex").slice(0, 32);
    const simulated = {
      hosts: [one.subject],
      issuer: "Unknown",
      versions: [
        {
          version,
          der: `certificate of ${one.subject}`,
          enabled: true,
          createdAt: "2024-11-20T12:00:00.000Z",
          validFrom: "2024-11-20T00:00:00.000Z",
          validTo: "2025-12-20T00:00:00.000Z",
        },
      ],
    };
    const isToCome = resource.some((moved: Resource) => isVaultOf(moved, one.vault));
    const host = made[isToCome ? SOURCE_VAULT : hostOf(one.vault.url)];
    if (host !== undefined) host.certificates[one.certificate] = simulated;
  }
  return { ...newWorlds()["key-vault"], vaults: made };
}

// --- people, tickets, sites ---------------------------------------------------------------------------------------------

function chat({ person, channel, team }: All, fallback: string | undefined): Worlds["slack"] {
  const empty = newWorlds().slack;
  const members = [empty.bot.userId, ...person.map(({ slackId }: Person) => slackId)];
  const channels = [
    ...channel.map(({ name, id }: Channel) => ({ id, name })),
    ...team.map(({ name, channel: id }: Team) => ({ id, name: `team-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}` })),
    ...(fallback === undefined ? [] : [{ id: fallback, name: "nightshift" }]),
  ];
  return {
    ...empty,
    users: person.map(({ slackId, name, title }: Person) => ({ id: slackId, name: name.toLowerCase(), realName: title ?? name })),
    channels: [...new Map(channels.map((one) => [one.id, { ...one, members: [...members] }])).values()],
  };
}

function tickets({ changes }: CompiledPlan, { site, email }: Settings["jira"]): Worlds["jira"] {
  const empty = newWorlds().jira;
  const titles = new Map(changes.flatMap(({ keys, title }) => keys.map((key) => [key, title] as const)));
  return {
    ...empty,
    site: new URL(site).origin,
    account: { ...empty.account, email },
    issues: [...titles].map(([key, summary], index) => ({
      id: String(20_001 + index),
      key,
      summary,
      status: "To Do",
      workflow: [
        { id: "11", name: "Start", from: ["To Do"], to: "In Progress" },
        { id: "21", name: "Finish", to: "Done" },
        { id: "31", name: "Back to the list", from: ["In Progress", "Done"], to: "To Do" },
      ],
      comments: [],
      properties: {},
      links: [],
    })),
  };
}

function sites({ site }: All, plan: CompiledPlan): Worlds["web"] {
  const validTo = isoOf(Date.parse(plan.window.cutoff) + 90 * DAY_MS);
  const shown = site.flatMap(({ url, origin, status, contains }: Site) =>
    [url, origin].filter((address) => address !== undefined).map((address) => ({ address: new URL(address), status, contains })),
  );
  return {
    ...newWorlds().web,
    sites: Object.fromEntries(
      shown.map(({ address, status, contains = "" }) => [
        address.origin,
        { status, page: `<!doctype html><title>${contains}</title><h1>${contains}</h1>`, certificate: { subject: address.hostname, validTo } },
      ]),
    ),
  };
}
