import type { Machine } from "../../integrations/azure-compute/simulated-machine.ts";
import type { StageFate } from "../../integrations/azure-devops/simulator.ts";
import { digestOf, type CompiledPlan } from "../../shared/plan/compiled.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import type { Firewall, Pipeline, Server } from "../../shared/inventory/schema.ts";
import type { Fact } from "../../shared/run/facts.ts";
import type { HostClock } from "../clock.ts";
import type { Scene } from "../scene.ts";
import { oneOf } from "./chance.ts";
import type { MisfortuneKind } from "./misfortunes.ts";
import type { Weather } from "./weather.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Name of the address that somebody else lets through a firewall in mid-window. */
export const ANOTHERS = "by-another";

const STAGE_FATES: readonly (readonly [MisfortuneKind, StageFate])[] = [
  ["stage fails", "fails"],
  ["stage hangs", "hangs"],
  ["stage never starts", "never starts"],
  ["run cancelled by a person", "canceled"],
  ["stage with issues", "succeeds with issues"],
];

/** Lays into the vendors' worlds what will not do there what it should. Changes `scene`. */
export function stormyWorlds(weather: Weather, plan: CompiledPlan, scene: Scene, seed: number): void {
  const devops = scene.worlds["azure-devops"];
  for (const { id, name, runs } of pipelinesOf(plan)) {
    const pipeline = devops.pipelines.find((one) => one.id === id);
    if (pipeline === undefined) continue;
    for (let nth = 1; nth <= runs; nth++) {
      const where = `pipeline ${name}, run ${nth}`;
      for (const [kind, what] of STAGE_FATES) {
        const stage = oneOf(pipeline.stages, seed, kind, where)?.name;
        if (stage !== undefined && weather.strikes(kind, where)) pipeline.misfortunes.push({ what, stage, runsLeft: 1 });
      }
      if (weather.strikes("stages skipped", where)) for (const { name: stage } of pipeline.stages) pipeline.misfortunes.push({ what: "skipped", stage, runsLeft: 1 });
    }
  }
  if (weather.strikes("agents away", "agents")) devops.agentsOfflineUntil = isoOf(Date.parse(plan.window.opensAt) + weather.number(1, 10, "agents away") * HOUR_MS);

  for (const machine of machinesOf(plan, scene)) {
    const where = `server ${machine.vm}`;
    if (weather.strikes("server stays down", where)) machine.misfortunes.staysDown = true;
    if (weather.strikes("installer lies", where)) machine.misfortunes.liesAboutInstalling = true;
    if (weather.strikes("installation fails", where)) machine.misfortunes.installFails = weather.number(1, 4, "installation fails", where);
    for (const [script, { sets }] of Object.entries(scene.worlds["azure-compute"].scripts)) {
      if (sets !== undefined && weather.strikes("script lies", `${where} ${script}`)) machine.misfortunes.scriptsThatLie = [...(machine.misfortunes.scriptsThatLie ?? []), script];
      if (weather.strikes("script fails", `${where} ${script}`)) machine.misfortunes.scriptFails = { ...machine.misfortunes.scriptFails, [script]: 1 };
    }
  }
  stormyAzure(weather, plan, scene);
  stormySites(weather, plan, scene);
}

/** What is amiss with Azure besides pipelines and patches: its containers, a cluster's nodes, servers that somebody still uses. */
function stormyAzure(weather: Weather, plan: CompiledPlan, { worlds }: Scene): void {
  const scripts = worlds["azure-scripts"];
  for (const [script, { sets }] of Object.entries(scripts.scripts)) {
    const where = `script ${script}`;
    if (weather.strikes("cloud script fails", where)) scripts.containerFails[script] = weather.number(1, 4, "cloud script fails", where);
    if (sets !== undefined && weather.strikes("cloud script lies", where)) scripts.lying = [...(scripts.lying ?? []), script];
  }
  for (const cluster of Object.values(worlds["azure-resources"].clusters)) {
    const pool = cluster.pools.at(-1)?.pool;
    if (pool !== undefined && weather.strikes("nodes stay behind", `cluster ${cluster.cluster}`)) cluster.lagging = pool;
  }
  const opensAt = Date.parse(plan.window.opensAt);
  for (const machine of removedBy(plan, worlds)) {
    const where = `server ${machine.vm}`;
    if (!weather.strikes("server used lately", where)) continue;
    const usedAt = opensAt - weather.number(2, 29, "server used lately", where) * DAY_MS;
    machine.history.push(byAnother(isoOf(usedAt), "start"), byAnother(isoOf(usedAt + HOUR_MS), "deallocate"));
  }
}

/** What is amiss with the sites that are looked at, and with what watches them. */
function stormySites(weather: Weather, plan: CompiledPlan, { worlds }: Scene): void {
  const [from, to] = [Date.parse(plan.window.opensAt), Date.parse(plan.window.cutoff)];
  for (const [origin, site] of Object.entries(worlds.web.sites)) {
    const where = `site ${origin}`;
    if (!weather.strikes("site away", where)) continue;
    const at = weather.number(from, to, "site away", where);
    site.awayBetween = [{ from: isoOf(at), to: isoOf(at + weather.number(5, 600, "site away for", where) * MINUTE_MS) }];
  }
  const [check] = worlds.pingdom.checks;
  if (check !== undefined && weather.strikes("muted by another", `check ${check.name}`))
    worlds.pingdom.maintenance.push({
      id: 50_001,
      description: "another team's deployment",
      from: Math.floor(from / 1_000) - 600,
      to: Math.floor(to / 1_000) + 86_400,
      checkIds: [check.id],
    });
}

/** What others do to the vendors' worlds while the window runs, each at its instant of the host's clock. Once, whatever process lives then. */
export function strangers(weather: Weather, plan: CompiledPlan, scene: Scene): (host: { readonly clock: HostClock }) => void {
  const from = Date.parse(plan.window.opensAt);
  const to = Date.parse(plan.window.cutoff);
  const deeds = scene.worlds.cloudflare.zones
    .flatMap(({ records }) => records)
    .flatMap((record) => {
      const where = `record ${record.name}`;
      if (!weather.strikes("record changed by another", where)) return [];
      const at = weather.number(from, to, "record changed by another", where);
      return [{ at, isDone: false, do: () => void (record.content = record.type === "A" ? "203.0.113.77" : `moved-by-another.${record.name}`) }];
    });
  for (const page of scene.worlds.confluence.pages) {
    if (!weather.strikes("page edited", `page ${page.id}`)) continue;
    deeds.push({
      at: weather.number(from, to, "page edited", page.id),
      isDone: false,
      do() {
        const { number = 0, body = "" } = page.versions.at(-1) ?? {};
        page.versions.push({ number: number + 1, body: body.replace("</p>", " (see below)</p>"), message: "", createdAt: isoOf(from), authorId: "dana" });
      },
    });
  }
  for (const { firewall, group } of groupsOf(plan)) {
    const where = `group ${group} of ${firewall.name}`;
    if (!weather.strikes("group changed by another", where)) continue;
    const at = weather.number(from, to, "group changed by another", where);
    deeds.push({
      at,
      isDone: false,
      do() {
        letAnotherIn(scene, firewall, group);
      },
    });
  }
  return ({ clock }) => {
    for (const deed of deeds) {
      if (deed.isDone) continue;
      clock.at(
        deed.at,
        () => {
          if (!deed.isDone) deed.do();
          deed.isDone = true;
        },
        true,
      );
    }
  };
}

/**
 * What others do as soon as something is approved, which then is not what was looked at any more: they change the pipeline's branch, the firewall's group,
 * the server.
 */
export function meddlers(weather: Weather, { steps }: CompiledPlan, scene: Scene): (fact: Fact) => void {
  return (fact) => {
    if (fact.type !== "decision.made" || fact.decision !== "approve") return;
    const step = steps.find(({ id }) => id === fact.step);
    const params = step?.targets[0]?.params as { pipeline?: Pipeline; firewall?: Firewall; group?: string; server?: Server } | undefined;
    if (step === undefined || params === undefined || !weather.strikes("changed when approved", step.id)) return;
    const { pipeline, firewall, group, server } = params;
    const machine = Object.values(scene.worlds["azure-compute"].machines).find(({ vm }) => vm === server?.vm);
    machine?.history.push(byAnother(fact.at, "start"));
    if (firewall !== undefined && group !== undefined) letAnotherIn(scene, firewall, group);
    const changed = scene.worlds["azure-devops"].pipelines.find(({ id }) => id === pipeline?.id);
    if (changed !== undefined) for (const [ref, commit] of Object.entries(changed.refs)) changed.refs[ref] = digestOf([commit, fact.at]).slice(0, 40);
  };
}

/** What Azure keeps of what somebody else did to a server. */
function byAnother(at: string, operation: string): Machine["history"][number] {
  return { at, operation, status: "Succeeded", by: "somebody.else@invoicecloud.example" };
}

/** Somebody else lets an address of theirs through a firewall. */
function letAnotherIn({ worlds }: Scene, firewall: Firewall, group: string): void {
  const running = worlds["pan-os"].firewalls[new URL(firewall.url).host]?.running;
  const found = running?.groups[group];
  if (running === undefined || found === undefined || !("members" in found) || found.members.includes(ANOTHERS)) return;
  running.addresses[ANOTHERS] = { value: "198.51.100.77/32" };
  found.members.push(ANOTHERS);
}

/** Pipelines that the plan runs, and how often. */
function pipelinesOf({ steps }: CompiledPlan): readonly { readonly id: number; readonly name: string; readonly runs: number }[] {
  const wanted = steps.filter(({ verb }) => verb === "pipeline.run").flatMap(({ targets }) => targets.map(({ params }) => (params as { pipeline: Pipeline }).pipeline));
  const byId = Map.groupBy(wanted, ({ id }) => id);
  return [...byId].map(([id, runs]) => ({ id, name: runs[0]?.name ?? "", runs: runs.length }));
}

/** Address groups of firewalls that the plan changes. */
function groupsOf({ steps }: CompiledPlan): readonly { readonly firewall: Firewall; readonly group: string }[] {
  return steps.filter(({ verb }) => verb === "firewall.allow").flatMap(({ targets }) => targets.map(({ params }) => params as { firewall: Firewall; group: string }));
}

/** Machines that the plan removes. */
function removedBy({ steps }: CompiledPlan, worlds: Scene["worlds"]): readonly Machine[] {
  const named = steps.filter(({ verb }) => verb === "host.decommission").flatMap(({ targets }) => targets.map(({ params }) => (params as { server: Server }).server.vm));
  return Object.values(worlds["azure-compute"].machines).filter(({ vm }) => named.includes(vm));
}

/** Machines of servers that a step of the plan names, in the order of their names. */
function machinesOf({ steps }: CompiledPlan, scene: Scene): readonly Machine[] {
  const named = steps.flatMap(({ targets }) => targets.map(({ params }) => (params as { server?: Server }).server?.vm)).filter((vm) => vm !== undefined);
  const all = Object.values(scene.worlds["azure-compute"].machines);
  return [...new Set(named)].toSorted().flatMap((vm) => all.find((machine) => machine.vm === vm) ?? []);
}
