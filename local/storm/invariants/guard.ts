import { registry } from "../../../integrations/actions.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import type { Decision, Fact } from "../../../shared/run/facts.ts";
import { mayTakeBack } from "../../../shared/run/lift.ts";
import { openOf } from "../../../shared/run/obligations.ts";
import { indexOf } from "../../../shared/run/plan-index.ts";
import { ALARM_AGAIN_MS } from "../../../shared/run/reconcile.ts";
import { isCurable } from "../../../shared/run/retry.ts";
import type { Written } from "../tape.ts";
import { callsOf, factsOf, hasLostOrchestrations, isHold, type Aftermath, type Invariant } from "./aftermath.ts";

const MINUTE_MS = 60_000;
/** From the end of a run with something open until people have been told by the guard. */
const TOLD_MS = 10 * MINUTE_MS;
/** What processes that die and a chat that is away may add. */
const BAD_WEATHER_MS = 20 * MINUTE_MS;
/** For how long a stormy window is watched after its end, at least; see storm/window.ts. */
const WATCHED_MS = 3 * 60 * MINUTE_MS;
const UNDO_AGAIN_MS = 30 * MINUTE_MS;
/** After its cutoff a run closes up. */
const CLOSING_TAKES_MS = 30 * MINUTE_MS;

/** Promise 1 once the run has ended, and what keeps it if orchestrations are gone. */
export const GUARD: readonly Invariant[] = [
  {
    rule: "open is alarmed",
    promise: 1,
    says: "what is open when a run has ended is told within ten minutes, in the chat's own list too, and again every half hour until someone acknowledges it or it is closed",
    check(aftermath) {
      const end = endOf(aftermath);
      if (end === undefined) return [];
      const patience = aftermath.struck.length === 0 ? 0 : BAD_WEATHER_MS;
      const alarms = end.after.filter(({ entry: { fact } }) => fact.type === "guard.alarmed" && fact.about === "open");
      const posted = new Set(
        callsOf(aftermath).flatMap(({ done }) => done.flatMap(({ system, effect: { did, with: details } }) => (system === "slack" && did === "posted" ? [details?.["key"]] : []))),
      );
      const breaches: string[] = [];
      // The instant until which nothing more needs to be said.
      let quietUntil = end.at + TOLD_MS + patience;
      for (const one of end.after) {
        const { fact } = one.entry;
        const nth = alarms.indexOf(one) + 1;
        if (end.openBefore(one).length > 0 && one.at > quietUntil) {
          breaches.push(`something is open, and nobody was told of it again by ${isoOf(quietUntil)}`);
          break;
        }
        if (nth > 0) {
          quietUntil = one.at + ALARM_AGAIN_MS + TOLD_MS + patience;
          if (!posted.has(`${aftermath.plan.window.id}/guard/open/${nth}`)) breaches.push(`alarm ${nth} is written down, and is not in the chat`);
        }
        if (fact.type === "decision.made" && fact.decision === "acknowledge") quietUntil = Infinity;
      }
      if (breaches.length === 0 && end.openNow.length > 0 && end.at + WATCHED_MS > quietUntil)
        breaches.push(`${end.openNow.map(({ what }) => what).join(", ")} is open, and nobody was told of it by ${isoOf(quietUntil)}`);
      return breaches;
    },
  },
  {
    rule: "what waits is told",
    promise: 1,
    says: "a run that is held is told of again, and so is one that should have ended and has not",
    check(aftermath) {
      const patience = TOLD_MS + (aftermath.struck.length === 0 ? 0 : BAD_WEATHER_MS + (hasLostOrchestrations(aftermath) ? BAD_WEATHER_MS : 0));
      const written = aftermath.happenings.filter((one): one is Written => one.what === "fact");
      const end = written.find(({ entry }) => entry.fact.type === "run.ended")?.at ?? aftermath.endedAt;
      const isTold = (about: string, from: number, to: number): boolean =>
        written.some(({ at, entry: { fact } }) => fact.type === "guard.alarmed" && fact.about === about && at >= from && at <= to);
      const lines: string[] = [];
      const overAt = Date.parse(aftermath.plan.window.cutoff) + CLOSING_TAKES_MS;
      if (end > overAt + patience && !isTold("overrun", 0, overAt + patience))
        lines.push(`the run should have ended at ${aftermath.plan.window.cutoff}, did at ${isoOf(end)}, and nobody was told by ${isoOf(overAt + patience)}`);
      // Holds of a run that is under way, one after the other: from the word that holds it to the one that lets it go.
      const startedAt = written.find(({ entry }) => entry.fact.type === "run.started")?.at ?? Infinity;
      let held: number | undefined;
      const letGo = (at: number): void => {
        const due = (held ?? Infinity) + ALARM_AGAIN_MS + patience;
        if (held !== undefined && Math.min(at, end) > due && !isTold("held", held, due))
          lines.push(`the run was held from ${isoOf(held)} to ${isoOf(at)}, and nobody was reminded by ${isoOf(due)}`);
        held = undefined;
      };
      for (const { at, entry } of written) {
        const { fact } = entry;
        if (fact.type !== "decision.made") continue;
        if (fact.decision === "resume" || fact.decision === "abort") letGo(at);
        // Whatever comes after an abort is about an end that has been ordered.
        if (fact.decision === "abort" && !isHold(fact)) break;
        if (isHold(fact)) held = Math.max(at, startedAt);
      }
      letGo(end);
      return lines;
    },
  },
  {
    rule: "the guard takes back",
    promise: 1,
    says: "what is open after the end for a fault that may pass is taken back again within the hour",
    check(aftermath) {
      const end = endOf(aftermath);
      if (end === undefined) return [];
      const index = indexOf(aftermath.plan);
      const facts = aftermath.entries.map(({ fact }) => fact);
      const decisions = facts.filter((fact): fact is Decision => fact.type === "decision.made");
      return end.openNow.flatMap(({ id, step, target, what }) => {
        const verb = index.step(step).verb;
        if (!mayTakeBack(index, id, decisions) || registry.find(verb)?.undo === undefined) return [];
        const own = facts.filter((fact) => "step" in fact && fact.step === step && "target" in fact && fact.target === target);
        const failed = own.findLast((fact) => fact.type === "target.faulted");
        const tried = own.findLast((fact) => fact.type === "target.intended");
        if (failed?.type !== "target.faulted" || failed.deed !== "undo" || !isCurable(failed.fault)) return [];
        const dueAt = Math.max(Date.parse(failed.at) + UNDO_AGAIN_MS, end.at) + TOLD_MS + BAD_WEATHER_MS;
        return dueAt < end.at + WATCHED_MS && (tried === undefined || tried.at < failed.at)
          ? [`${what}: taking it back failed at ${failed.at}, and nobody tried again by ${isoOf(dueAt)}`]
          : [];
      });
    },
  },
  {
    rule: "gone on with once",
    promise: 11,
    says: "a run begins and ends once, and is gone on with by new orchestrations only where some were lost, once for each time that they were missed",
    check(aftermath) {
      const lines: string[] = [];
      for (const type of ["run.started", "run.ended"] as const) {
        const count = factsOf(aftermath, type).length;
        if (count > 1) lines.push(`${type} is written ${count} times`);
      }
      const lost = hasLostOrchestrations(aftermath);
      let missed = false;
      for (const fact of factsIn(aftermath)) {
        if (fact.type === "guard.missed") missed = true;
        if (fact.type !== "guard.resumed") continue;
        if (!lost) lines.push(`it was gone on with at ${fact.at} though nothing was lost: ${fact.why}`);
        else if (!missed) lines.push(`it was gone on with at ${fact.at} again, though nobody had missed anything since`);
        missed = false;
      }
      return lines;
    },
  },
];

function factsIn({ happenings }: Aftermath): readonly Fact[] {
  return happenings.flatMap((one) => (one.what === "fact" ? [one.entry.fact] : []));
}

/** The end of the run, with what was open then, is open now, and was written down in between; none where it has not ended. */
function endOf({ happenings }: Aftermath) {
  const written = happenings.filter((one): one is Written => one.what === "fact");
  const at = written.findIndex(({ entry }) => entry.fact.type === "run.ended");
  const ending = written[at];
  if (ending === undefined) return undefined;
  const openAt = (count: number) => openOf(written.slice(0, count).map(({ entry }) => entry.fact));
  return {
    at: ending.at,
    after: written.slice(at + 1),
    openBefore: (one: Written) => openAt(written.indexOf(one)),
    openNow: openAt(written.length),
  };
}
