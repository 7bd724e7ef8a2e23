import { agentsAt, stagesAt } from "../../../integrations/azure-devops/simulated-run.ts";
import type { Configuration } from "../../../integrations/pan-os/simulated-firewall.ts";
import type { CompiledStep, CompiledTarget } from "../../../shared/plan/compiled.ts";
import type {
  Certificate,
  Channel,
  Cluster,
  DnsRecord,
  Firewall,
  Monitor,
  PasswordItem,
  Pipeline,
  Resource,
  ResourceGroup,
  Script,
  Server,
  Site,
  Vault,
  WsusGroup,
  Zone,
} from "../../../shared/inventory/schema.ts";
import type { Scene } from "../../scene.ts";
import { callsFor, callsOf, type Aftermath } from "./aftermath.ts";
import { ANOTHERS } from "../worlds.ts";
import { doneFor } from "./effects.ts";

/** A target that has come to its end, with the moment at which that was written. */
export interface Rested {
  readonly aftermath: Aftermath;
  readonly step: CompiledStep;
  readonly target: CompiledTarget;
  /** Milliseconds since the epoch, on the world's clock. */
  readonly at: number;
}

/** What must be true in the vendors' worlds of a target that is `done`; each line says what is not. */
export type Oracle = (rested: Rested) => readonly string[];

const isDone =
  (did: string, where: (effect: Readonly<Record<string, unknown>>) => boolean = () => true): Oracle =>
  ({ aftermath, step, target }) =>
    doneFor(aftermath, step.id, target.id).some(({ effect }) => effect.did === did && where(effect.with ?? {})) ? [] : [`no vendor has «${did}» on its list for it`];

/** As `isDone`, for what a vendor takes its time for: whoever looks next finds it on the list. */
const isDoneTo =
  (did: string, nameOf: (params: Readonly<Record<string, unknown>>) => string): Oracle =>
  ({ aftermath, target }) => {
    const name = nameOf(target.params as Readonly<Record<string, unknown>>).toLowerCase();
    return Object.values(aftermath.after.worlds).some(({ effects }) => effects.some((effect) => effect.did === did && effect.to.toLowerCase().endsWith(` ${name}`)))
      ? []
      : [`no vendor has «${did} ${name}» on its list`];
  };

/** Verbs whose work leaves a trace in a vendor's world that outlasts the window. */
export const ORACLES: Readonly<Record<string, Oracle>> = {
  "pipeline.run": ({ aftermath, step, target, at }) => {
    const devops = aftermath.after.worlds["azure-devops"];
    const {
      stages,
      ref,
      parameters = {},
      stack,
    } = target.params as {
      pipeline: Pipeline;
      stages?: readonly string[];
      ref?: { tag?: string; branch?: string };
      parameters?: Readonly<Record<string, string>>;
      stack?: { parameter: string; value: string };
    };
    const ids = doneFor(aftermath, step.id, target.id).flatMap(({ effect }) => (effect.did === "queued" ? [Number(effect.with?.["run"])] : []));
    const run = devops.runs.find(({ id }) => id === ids.at(-1));
    if (run === undefined) return ["it never queued a run"];
    const lines: string[] = [];
    const records = stagesAt(run, at, agentsAt(devops, run));
    const pipeline = devops.pipelines.find(({ id }) => id === run.pipeline);
    const wanted = stages?.map((name) => pipeline?.stages.find((stage) => stage.name === name || stage.displayName === name)?.name ?? name);
    const chosen = new Set(run.stages.flatMap(({ name }) => (ids.length > 0 && effectStages(aftermath, run.id).includes(name) ? [name] : [])));
    for (const name of wanted ?? []) if (!chosen.has(name)) lines.push(`stage ${name} was left out of run ${run.id}`);
    for (const { name, state, result } of records) {
      if (chosen.has(name) && !(state === "completed" && result === "succeeded")) lines.push(`stage ${name} of run ${run.id} was ${result ?? state}`);
    }
    if (ref?.tag !== undefined && run.ref !== `refs/tags/${ref.tag}`) lines.push(`run ${run.id} was of ${run.ref}, not of tag ${ref.tag}`);
    if (ref?.branch !== undefined && run.ref !== `refs/heads/${ref.branch}`) lines.push(`run ${run.id} was of ${run.ref}, not of branch ${ref.branch}`);
    for (const [name, value] of Object.entries({ ...parameters, ...(stack === undefined ? {} : { [stack.parameter]: stack.value }) }))
      if (run.templateParameters[name] !== value) lines.push(`run ${run.id} had ${name} = ${run.templateParameters[name] ?? "nothing"}, not ${value}`);
    return lines;
  },
  "patch.install": ({ aftermath, target }) => {
    const { server } = target.params as { server: Server };
    const [was, machine] = [aftermath.before, aftermath.after].map((scene) => machineOf(scene, server));
    if (machine === undefined) return [`there is no machine ${server.vm}`];
    const missing = was?.pending.filter(({ id }) => !machine.installed.includes(id)).map(({ id }) => id) ?? [];
    const lines = missing.length > 0 ? [`${missing.join(", ")} are not installed on ${server.vm}`] : [];
    if ((was?.pending.some(({ needsReboot }) => needsReboot) ?? false) && machine.bootedAt === was?.bootedAt) lines.push(`${server.vm} was never restarted`);
    return lines;
  },
  "slack.notify": ({ aftermath, target }) => {
    const { channel, moment } = target.params as { channel: Channel; moment: string };
    // Start and finish are the run's: whichever step came first has posted it.
    const speakers = aftermath.plan.steps.filter(({ verb, targets }) => verb === "slack.notify" && targets.some(({ params }) => (params as { moment: string }).moment === moment));
    const own = speakers.flatMap(({ id, targets }) => targets.flatMap((each) => doneFor(aftermath, id, each.id)));
    const name = aftermath.after.worlds.slack.channels.find(({ id }) => id === channel.id)?.name;
    return own.some(({ effect }) => effect.did === "posted" && effect.to === `channel #${name}`) ? [] : [`nothing of the kind was posted in #${name}`];
  },
  "cluster.check": ({ aftermath, target }) => {
    const { cluster, version } = target.params as { cluster: Cluster; version: string };
    const seen = Object.values(aftermath.after.worlds["azure-resources"].clusters).find((one) => one.cluster === cluster.cluster);
    const behind = seen?.pools.filter((pool) => pool.version !== version).map(({ pool }) => pool) ?? [];
    if (behind.length > 0) return [`${behind.join(", ")} of ${cluster.cluster} ${behind.length === 1 ? "does" : "do"} not run ${version}`];
    return seen?.version === version ? [] : [`${cluster.cluster} runs ${seen?.version ?? "nothing"}, not ${version}`];
  },
  "dns.swap": ({ aftermath, step, target }) => {
    const { to } = target.params as { record: DnsRecord; to: string };
    const last = doneFor(aftermath, step.id, target.id).findLast(({ effect }) => effect.did === "changed");
    const after = last?.effect.with?.["after"] as { content?: string } | undefined;
    return after?.content === to ? [] : [`it points at ${after?.content ?? "what it did before"}, not at ${to}`];
  },
  "pool.drain": isDone("drained"),
  // A server whose drain never had its effect is in its pool without coming back.
  "pool.restore": ({ aftermath, target, at }) => {
    const { server } = target.params as { server: Server };
    const moves = callsOf(aftermath).flatMap((call) =>
      call.at > at ? [] : call.done.filter(({ effect }) => effect.to === `server ${server.vm}` && ["drained", "restored"].includes(effect.did)),
    );
    return moves.at(-1)?.effect.did === "drained" ? [`${server.name} left its pool and has not come back`] : [];
  },
  "patch.group": ({ aftermath, target }) => {
    const { server, group } = target.params as { server: Server; group: WsusGroup; month?: string };
    const { month = "{month}" } = target.params as { month?: string };
    const wanted = group.group.replaceAll("{month}", month);
    const wsus = machineOf(aftermath.after, group.server)?.wsus?.members[server.vm.toLowerCase()] ?? [];
    return wsus.length === 1 && wsus[0] === wanted ? [] : [`WSUS has ${server.vm} in ${wsus.join(", ") || "no group"}, not in ${wanted}`];
  },
  "host.run": ({ aftermath, target }) => {
    const { server, script } = target.params as { server: Server; script: Script };
    const machine = machineOf(aftermath.after, server);
    const model = aftermath.after.worlds["azure-compute"].scripts[scriptName(script)];
    return Object.entries(model?.sets ?? {}).flatMap(([setting, value]) =>
      (machine?.settings[setting] ?? null) === value ? [] : [`${setting} of ${server.vm} is ${machine?.settings[setting] ?? "not set"}, not ${value ?? "gone"}`],
    );
  },
  "script.run": ({ aftermath, target }) => {
    const { script, parameters = {} } = target.params as { script: Script; parameters?: Readonly<Record<string, string>> };
    const { scripts, settings } = aftermath.after.worlds["azure-scripts"];
    const filled = (text: string): string => text.replaceAll(/\{PARAM_(\w+)\}/g, (_all, name: string) => parameters[name.toLowerCase()] ?? "");
    return Object.entries(scripts[scriptName(script)]?.sets ?? {}).flatMap(([setting, value]) => {
      const wanted = value === null ? undefined : filled(value);
      return settings[filled(setting)] === wanted ? [] : [`${filled(setting)} is ${settings[filled(setting)] ?? "not there"}, not ${wanted ?? "gone"}`];
    });
  },
  "dns.proxy": ({ aftermath, target }) => {
    const { record, proxied } = target.params as { record: DnsRecord; proxied: boolean };
    const all = aftermath.after.worlds.cloudflare.zones.flatMap(({ records }) => records).filter(({ name }) => name === record.host.toLowerCase());
    return all.every((one) => one.proxied === proxied) ? [] : [`${record.host} is ${proxied ? "not routed" : "routed"} through Cloudflare`];
  },
  "cache.purge": ({ aftermath, target }) => {
    const { zone } = target.params as { zone: Zone };
    const copies = aftermath.after.worlds.cloudflare.zones.find(({ name }) => name === zone.zone)?.cached.length ?? 0;
    return copies === 0 ? [] : [`Cloudflare keeps ${copies} copies of zone ${zone.zone}`];
  },
  // What was asked for is what was looked at, and it was well then.
  "web.check": ({ aftermath, step, target, at }) => {
    const { site, through } = target.params as { site: Site; through?: "public" | "origin" };
    const address = through === "origin" ? site.origin : site.url;
    const look = callsFor(aftermath, step.id, target.id).findLast(({ scope, at: when }) => scope?.deed === "verify" && when <= at);
    if (look === undefined) return ["nobody opened it"];
    if (address === undefined || new URL(look.url).origin !== new URL(address).origin) return [`${look.url} was opened, not ${address ?? "its origin"}`];
    const away = aftermath.after.worlds.web.sites[new URL(address).origin]?.awayBetween ?? [];
    return away.some(({ from, to }) => look.at >= Date.parse(from) && look.at < Date.parse(to)) ? [`${address} was not well when it was opened`] : [];
  },
  "certificate.sync": ({ aftermath, target, at }) => {
    const { certificate } = target.params as { certificate: Certificate };
    const vault = aftermath.after.worlds["key-vault"].vaults[new URL(certificate.vault.url).host];
    const found = vault?.certificates[certificate.certificate]?.versions.at(-1);
    // The team's own syncing brings it from its instant on.
    const isSynced = vault?.syncs.some((sync) => sync.certificate === certificate.certificate && Date.parse(sync.at) <= at) === true;
    return found?.enabled === true || isSynced ? [] : [`${certificate.vault.name} has no ${certificate.certificate} that anybody can use`];
  },
  "resource.move": ({ aftermath, target }) => {
    const { resource, to } = target.params as { resource: Resource; to: ResourceGroup };
    const all = Object.values(aftermath.after.worlds["azure-resources"].resources).filter((one) => one.resource === resource.resource);
    const [only] = all;
    return all.length === 1 && only?.subscription === to.subscription && only.resourceGroup === to.resourceGroup
      ? []
      : [
          `${resource.resource} is in ${all.map((one) => `${one.subscription}/${one.resourceGroup}`).join(" and ") || "no group"}, not in ${to.subscription}/${to.resourceGroup} alone`,
        ];
  },
  "resource.delete": isDoneTo("deleted", (params) => (params["resource"] as Resource).resource),
  "host.decommission": isDoneTo("deleted", (params) => (params["server"] as Server).vm),
  "secret.copy": ({ aftermath, target }) => {
    const { from, vault, secret } = target.params as { from: PasswordItem; vault: Vault; secret: string };
    const wanted = aftermath.after.worlds.bitwarden.items.find(({ name }) => name === from.item)?.[from.field];
    // Another step may have made a newer one since.
    const versions = aftermath.after.worlds["key-vault"].vaults[new URL(vault.url).host]?.secrets[secret] ?? [];
    return versions.some(({ value }) => value === wanted) ? [] : [`secret ${secret} of ${vault.name} does not have the ${from.field} of ${from.item}`];
  },
  "workspace.rename": (rested) => isDone("renamed", ({ name }) => name === (rested.target.params as { to: string }).to)(rested),
  // Every check of it, and no longer than the window lasts.
  "monitor.mute": ({ aftermath, step, target }) => {
    const { monitor } = target.params as { monitor: Monitor };
    const { until = aftermath.plan.window.cutoff } = target.params as { until?: string };
    const own = doneFor(aftermath, step.id, target.id).filter(({ effect }) => effect.did === "muted");
    const late = own.find(({ effect }) => Number(effect.with?.["to"]) * 1_000 > Date.parse(until) + 60_000);
    if (late !== undefined) return [`${late.effect.to} was muted beyond ${until}`];
    const muted = new Set(own.map(({ effect }) => effect.to));
    const names = aftermath.after.worlds.pingdom.checks.filter(({ id }) => monitor.checkIds.includes(id)).map(({ name }) => name);
    return names.flatMap((name) => (muted.has(`check ${name}`) ? [] : [`check ${name} was never muted`]));
  },
  "monitor.unmute": isDone("unmuted"),
  "firewall.allow": (rested) => {
    const { firewall, addresses, group } = rested.target.params as { firewall: Firewall; addresses: readonly (string | { cidr: string })[]; group: string };
    const [was, is] = [rested.aftermath.before, rested.aftermath.after].map((scene) => letIn(scene.worlds["pan-os"].firewalls[new URL(firewall.url).host]?.running, group));
    const wanted = addresses.map((one) => (typeof one === "string" ? one : one.cidr));
    const more = (is ?? []).filter((value) => !(was ?? []).includes(value) && !wanted.includes(value));
    const lines = wanted.filter((value) => is?.includes(value) !== true).map((value) => `${firewall.name} does not let ${value} in`);
    return [...lines, ...more.map((value) => `${firewall.name} lets ${value} in besides`), ...isDone("committed")(rested)];
  },
  "firewall.reader": (rested) => {
    const { firewall, people } = rested.target.params as { firewall: Firewall; people: readonly { firewallLogin?: string }[] };
    const live = rested.aftermath.after.worlds["pan-os"].firewalls[new URL(firewall.url).host]?.running.administrators ?? {};
    const wrong = people.flatMap(({ firewallLogin: login = "" }) => {
      const roles = Object.keys((live[login]?.permissions?.["role-based"] as object | undefined) ?? {});
      return roles.length === 1 && roles[0] === "superreader" ? [] : [`${login} is ${roles.join(" and ") || "nobody"} on ${firewall.name}, not a reader`];
    });
    return [...wrong, ...isDone("committed")(rested)];
  },
  "jira.comment": isDone("commented"),
  // A link that an earlier step of the run has made is changed.
  "jira.link": (rested) => (isDone("relinked")(rested).length === 0 ? [] : isDone("linked")(rested)),
  "jira.transition": isDone("moved"),
  "person.do": ({ aftermath, step, target, at }) =>
    aftermath.happenings.some((one) => {
      if (one.what !== "fact" || one.at > at) return false;
      const { fact } = one.entry;
      return fact.type === "decision.made" && fact.decision === "done" && fact.step === step.id && (fact.target ?? target.id) === target.id;
    })
      ? []
      : ["nobody had said by then that it was done"],
};

function effectStages(aftermath: Aftermath, run: number): readonly string[] {
  return callsOf(aftermath).flatMap(({ done }) =>
    done.flatMap(({ effect }) => (effect.did === "queued" && effect.with?.["run"] === run ? (effect.with["stages"] as readonly string[]) : [])),
  );
}

function machineOf({ worlds }: Scene, { vm }: Pick<Server, "vm">) {
  return Object.values(worlds["azure-compute"].machines).find((machine) => machine.vm === vm);
}

/** By which the worlds know what a script does. */
function scriptName({ file }: Script): string {
  return file.replace(/^.*\//, "").replace(/\.\w+$/, "");
}

function letIn(running: Configuration | undefined, group: string): readonly string[] {
  const found = running?.groups[group];
  return found === undefined || !("members" in found) ? [] : found.members.filter((name) => name !== ANOTHERS).flatMap((name) => running?.addresses[name]?.value ?? []);
}
