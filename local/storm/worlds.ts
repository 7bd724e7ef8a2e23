import type { Machine } from "../../integrations/azure-compute/simulated-machine.ts";
import type { StageFate } from "../../integrations/azure-devops/simulator.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import type { Pipeline, Server } from "../../shared/inventory/schema.ts";
import type { HostClock } from "../clock.ts";
import type { Scene } from "../scene.ts";
import { oneOf } from "./chance.ts";
import type { MisfortuneKind } from "./misfortunes.ts";
import type { Weather } from "./weather.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

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
    for (const script of Object.keys(scene.worlds["azure-compute"].scripts)) {
      if (weather.strikes("script fails", `${where} ${script}`)) machine.misfortunes.scriptFails = { ...machine.misfortunes.scriptFails, [script]: 1 };
    }
  }
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

/** Pipelines that the plan runs, and how often. */
function pipelinesOf({ steps }: CompiledPlan): readonly { readonly id: number; readonly name: string; readonly runs: number }[] {
  const wanted = steps.filter(({ verb }) => verb === "pipeline.run").flatMap(({ targets }) => targets.map(({ params }) => (params as { pipeline: Pipeline }).pipeline));
  const byId = Map.groupBy(wanted, ({ id }) => id);
  return [...byId].map(([id, runs]) => ({ id, name: runs[0]?.name ?? "", runs: runs.length }));
}

/** Machines of servers that a step of the plan names, in the order of their names. */
function machinesOf({ steps }: CompiledPlan, scene: Scene): readonly Machine[] {
  const named = steps.flatMap(({ targets }) => targets.map(({ params }) => (params as { server?: Server }).server?.vm)).filter((vm) => vm !== undefined);
  const all = Object.values(scene.worlds["azure-compute"].machines);
  return [...new Set(named)].toSorted().flatMap((vm) => all.find((machine) => machine.vm === vm) ?? []);
}
