import { agentsAt, stagesAt, statusAt } from "../../../integrations/azure-devops/simulated-run.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import type { Scope } from "../../../shared/ports/scope.ts";
import { openOf } from "../../../shared/run/obligations.ts";
import type { Done } from "../tape.ts";
import { callsFor, callsOf, factsOf, type Aftermath, type Invariant } from "./aftermath.ts";

/** Effects that may come as often as somebody looks or changes their mind: each says nothing of having been done twice. */
const REPEATABLE = new Set(["updated", "whispered", "extended", "stopped", "relinked", "edited", "attached", "uncommented"]);

/** Promise 4: nothing is done twice, by the vendors' own lists. */
export const EFFECTS: readonly Invariant[] = [
  {
    rule: "no run of a pipeline twice",
    promise: 4,
    says: "a pipeline is queued once per key, and again only after the run before it is over",
    check({ after, happenings }) {
      const devops = after.worlds["azure-devops"];
      const breaches: string[] = [];
      const byKey = Map.groupBy(
        devops.runs.filter(({ variables }) => Object.keys(variables).length > 0),
        ({ variables }) => JSON.stringify(variables),
      );
      for (const [key, runs] of byKey) if (runs.length > 1) breaches.push(`queued ${runs.length} times under one key: ${key}`);
      const queued = happenings.flatMap((one) =>
        one.what === "call" && one.scope !== undefined
          ? one.done
              .filter(({ effect }) => effect.did === "queued")
              .map(({ effect }) => ({ call: one, run: Number(effect.with?.["run"]), stages: effect.with?.["stages"] as readonly string[] }))
          : [],
      );
      for (const [nth, { call, run }] of queued.entries()) {
        const before = queued.slice(0, nth).findLast(({ call: { scope } }) => scope?.step === call.scope?.step && scope?.target === call.scope?.target);
        const earlier = devops.runs.find(({ id }) => id === before?.run);
        if (earlier === undefined) continue;
        const agents = agentsAt(devops, earlier);
        const { status } = statusAt(earlier, call.at, agents);
        // By the stages that it was queued for: a run succeeds with every stage skipped.
        const done = stagesAt(earlier, call.at, agents)
          .filter(({ name }) => before?.stages.includes(name))
          .every(({ result }) => result === "succeeded");
        if (status !== "completed") breaches.push(`run ${run} of ${call.scope?.step} was queued at ${isoOf(call.at)}, while run ${earlier.id} of the same target was ${status}`);
        else if (done) breaches.push(`run ${run} of ${call.scope?.step} was queued at ${isoOf(call.at)}, though run ${earlier.id} had succeeded`);
      }
      return breaches;
    },
  },
  {
    rule: "no message twice",
    promise: 9,
    says: "of messages and comments with one key there is one per channel or ticket",
    check: ({ happenings }) =>
      repeated(
        happenings
          .flatMap((one) => (one.what === "call" ? one.done : []))
          .flatMap(({ system, effect: { did, to, with: details = {} } }) => {
            const key = details["key"] ?? (did === "commented" ? details["text"] : undefined);
            return ["posted", "commented"].includes(did) && typeof key === "string" ? [`${system} ${did} ${to}: ${key}`] : [];
          }),
      ),
  },
  {
    rule: "no effect twice",
    promise: 4,
    says: "one try of a target does nothing to the same thing twice",
    check(aftermath) {
      const tries = new Map<string, Set<string>>();
      for (const { step, target, deed, try: nth } of factsOf(aftermath, "target.intended")) {
        const at = `${step}/${target}`;
        tries.set(at, (tries.get(at) ?? new Set()).add(`${deed} ${nth}`));
      }
      const counts = new Map<string, number>();
      for (const { scope, done } of callsOf(aftermath)) {
        for (const { system, effect } of done) {
          if (scope === undefined || REPEATABLE.has(effect.did) || effect.did === "posted") continue;
          const { run: _run, ts: _ts, id: _id, version: _version, inService: _inService, ...details } = effect.with ?? {};
          const what = `${scope.step}/${scope.target}: ${system} ${effect.did} ${effect.to} ${JSON.stringify(details)}`;
          counts.set(what, (counts.get(what) ?? 0) + 1);
        }
      }
      return [...counts].flatMap(([what, count]) => {
        const allowed = tries.get(what.slice(0, what.indexOf(": ")))?.size ?? 1;
        return count > allowed ? [`done ${count} times in ${allowed} tries: ${what}`] : [];
      });
    },
  },
  {
    rule: "nothing after the end",
    promise: 5,
    says: "once the run has ended nothing is done any more on its steps' behalf, but that the guard takes back what is open",
    check({ happenings }) {
      const ended = happenings.findIndex((one) => one.what === "fact" && one.entry.fact.type === "run.ended");
      if (ended === -1) return [];
      const open = openOf(happenings.slice(0, ended).flatMap((one) => (one.what === "fact" ? [one.entry.fact] : [])));
      const isOwed = ({ step, target, deed }: Scope): boolean => deed === "undo" && open.some((each) => each.step === step && each.target === target);
      return happenings
        .slice(ended)
        .flatMap((one) =>
          one.what === "call" && one.scope !== undefined && ["begin", "undo"].includes(one.scope.deed) && !isOwed(one.scope) && one.done.length > 0
            ? [`${one.scope.step} ${one.scope.target} did something after the run had ended: ${one.done.map(({ effect }) => `${effect.did} ${effect.to}`).join(", ")}`]
            : [],
        );
    },
  },
];

function repeated(keys: readonly string[]): readonly string[] {
  return [...Map.groupBy(keys, (key) => key)].flatMap(([key, all]) => (all.length > 1 ? [`done ${all.length} times: ${key}`] : []));
}

/** What was done on a target's behalf by a call of this deed, oldest first. */
export function doneFor(aftermath: Aftermath, step: string, target: string, deeds: readonly string[] = ["begin", "poll", "verify"]): readonly Done[] {
  return callsFor(aftermath, step, target).flatMap(({ scope, done }) => (deeds.includes(scope?.deed ?? "") ? done : []));
}
