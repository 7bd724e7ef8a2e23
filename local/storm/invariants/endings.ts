import { agentsAt, stagesAt } from "../../../integrations/azure-devops/simulated-run.ts";
import type { CompiledStep } from "../../../shared/plan/compiled.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { ENDINGS } from "../../../shared/run/facts.ts";
import { openOf } from "../../../shared/run/obligations.ts";
import { indexOf } from "../../../shared/run/plan-index.ts";
import { reportOf } from "../../../shared/run/report.ts";
import { callsOf, factsOf, isHold, isTrouble, patienceOf, stepNamed, NOTICED_MS, type Invariant } from "./aftermath.ts";
import { groupsOf } from "./order.ts";

const MINUTE_MS = 60_000;
/** What has been told to stop takes so long to end. */
const ENDING_MS = 30_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
/** From the moment at which something should be noticed until people have been told, when messages are late, processes die and Slack is away. */
const NOTICED_IN_BAD_WEATHER_MS = 20 * MINUTE_MS;
/** Longer than the attempts to stop what has failed: it waits for somebody's decision. */
const WAITS_FOR_PEOPLE_MS = 30 * MINUTE_MS;
/** Weather makes some steps late. When more than half of so many are late by more than this, it is not the weather. */
const ENOUGH_STEPS = 8;
const HARDLY_LATE_MS = 1.5 * MINUTE_MS;

/** Promises 7, 9, 10 and 12: kickoffs, announcements, secrets, and that changes in are changes out. */
export const ENDS: readonly Invariant[] = [
  {
    rule: "changes in are changes out",
    promise: 12,
    says: "when the run has ended every step and every change has, and each target that was begun has rested",
    check({ plan, entries, state }) {
      if (state === undefined) return [];
      const lines = state.steps.flatMap(({ id, as }) => (as === undefined ? [`step ${id} has no ending`] : []));
      lines.push(...state.changes.flatMap(({ id, as }) => (as === undefined ? [`change ${id} has no ending`] : [])));
      if (state.changes.length !== plan.changes.length) lines.push(`${plan.changes.length} changes were planned, and ${state.changes.length} came out`);
      if (state.outcome === undefined) lines.push("the run has no outcome");
      const facts = entries.map(({ fact }) => fact);
      const rested = new Set(facts.flatMap((fact) => (fact.type === "target.rested" ? [`${fact.step}/${fact.target}`] : [])));
      const begun = new Set(facts.flatMap((fact) => (fact.type === "target.intended" && fact.deed === "begin" ? [`${fact.step}/${fact.target}`] : [])));
      for (const each of begun) if (!rested.has(each)) lines.push(`${each} was begun and has not rested`);
      return lines;
    },
  },
  {
    rule: "the report says it",
    promise: 12,
    says: "the report has every change of the plan, each with the ending that its steps had",
    check({ plan, entries, endedAt, state }) {
      if (state === undefined) return [];
      const { summary, changes, carryOver } = reportOf(plan, entries, endedAt);
      const rests = new Map(entries.flatMap(({ fact }) => (fact.type === "target.rested" ? [[`${fact.step}/${fact.target}`, fact.as] as const] : [])));
      const endings = new Map(entries.flatMap(({ fact }) => (fact.type === "step.ended" ? [[fact.step, fact.as] as const] : [])));
      const lines = changes.flatMap((change) =>
        change.steps.flatMap(({ id, servedBy = id, state: told }) => {
          const as = endings.get(servedBy) ?? "nothing";
          return told === as ? [] : [`the report says that step ${id} is ${told}, and it ended as ${as}`];
        }),
      );
      for (const { id, steps } of carryOver)
        for (const { id: step, targets } of steps)
          for (const { id: target, as } of targets) {
            const rested = rests.get(`${step}/${target}`);
            if (rested !== undefined && (ENDINGS[rested].well || rested !== as)) lines.push(`${target} of ${step} is carried over with ${id} as ${as}, and it rested ${rested}`);
          }
      const owed = openOf(
        entries.map(({ fact }) => fact),
        indexOf(plan),
      );
      for (const { id, what } of owed) {
        const told = summary.open.find((one) => one.id === id);
        if (told === undefined) lines.push(`${what}, and the report does not say so`);
        else if (told.owners.length === 0) lines.push(`${what}, and the report names nobody for it`);
      }
      for (const { id } of summary.open) if (!owed.some((one) => one.id === id)) lines.push(`the report has ${id} as open, and it is not`);
      const lists = ["done", "already", "dropped", "carriedOver", "underWay"] as const;
      for (const { id, steps } of plan.changes) {
        const places = lists.filter((list) => summary[list].some((line) => line.id === id));
        const carried = carryOver.find((change) => change.id === id);
        if ((carried === undefined) === (places[0] === "carriedOver"))
          lines.push(`change ${id} is in ${places.join(", ")}, and ${carried === undefined ? "not " : ""}among what is handed to the next window`);
        if (places.length !== 1 || !changes.some((change) => change.id === id)) lines.push(`change ${id} is in ${places.length} lists of the report: ${places.join(", ")}`);
        // Tickets and comments do not decide how a change stands.
        const bad = steps.map(({ id: own, servedBy = own }) => servedBy).find((step) => isTrouble(endings.get(step)) && stepNamed(plan, step)?.verb.startsWith("jira.") === false);
        if (bad !== undefined && places[0] !== "carriedOver") lines.push(`change ${id} is ${places.join(", ")} in the report, and its step ${bad} ended ${endings.get(bad)}`);
      }
      return lines;
    },
  },
  {
    rule: "no work goes on",
    promise: 5,
    says: "no pipeline run goes on once its target has rested, unless the target says that it is not known",
    check(aftermath) {
      const { after, happenings } = aftermath;
      const devops = after.worlds["azure-devops"];
      return callsOf(aftermath).flatMap(({ scope, done }) =>
        done.flatMap(({ effect }) => {
          const run = devops.runs.find(({ id }) => effect.did === "queued" && id === effect.with?.["run"]);
          const rested = happenings.find(
            (one) => one.what === "fact" && one.entry.fact.type === "target.rested" && one.entry.fact.step === scope?.step && one.entry.fact.target === scope.target,
          );
          if (run === undefined || rested?.what !== "fact" || rested.entry.fact.type !== "target.rested" || rested.entry.fact.as === "unknown") return [];
          const goesOn = stagesAt(run, rested.at + ENDING_MS, agentsAt(devops, run)).some(({ state }) => state !== "completed");
          return goesOn ? [`run ${run.id} of ${scope?.step} goes on after its target has rested ${rested.entry.fact.as} at ${isoOf(rested.at)}`] : [];
        }),
      );
    },
  },
  {
    rule: "a late kickoff is noticed",
    promise: 7,
    says: "a run that was accepted and does not start is told of within a minute after it should have",
    check(aftermath) {
      const { plan, after, happenings, struck } = aftermath;
      const devops = after.worlds["azure-devops"];
      const patience = struck.length === 0 ? NOTICED_MS : NOTICED_IN_BAD_WEATHER_MS;
      const endings = happenings.filter((one) => one.what === "fact");
      return callsOf(aftermath).flatMap(({ scope, done, at }) =>
        done.flatMap(({ effect }) => {
          const run = devops.runs.find(({ id }) => effect.did === "queued" && id === effect.with?.["run"]);
          const step = stepNamed(plan, scope?.step ?? "");
          if (run === undefined || step === undefined) return [];
          const startedAt = Math.min(...stagesAt(run, at + YEAR_MS, agentsAt(devops, run)).map(({ startedAt: iso }) => (iso === undefined ? Infinity : Date.parse(iso))));
          const due = at + step.policy.startWithinMs + step.policy.pollEveryMs;
          if (startedAt <= due + patience) return [];
          const heard = endings.find(
            ({ at: when, entry: { fact } }) =>
              when >= at && // «held»: it has ended without ever starting, and waits for people to decide.
              ((fact.type === "target.told" && fact.step === step.id && (fact.topic.startsWith("late-start") || fact.topic.startsWith("held"))) ||
                (fact.type === "target.faulted" && fact.step === step.id && fact.deed === "tell") ||
                (fact.type === "target.rested" && fact.step === step.id && fact.target === scope?.target)),
          );
          return heard !== undefined && heard.at <= due + patience
            ? []
            : [`run ${run.id} of ${step.id}, queued at ${isoOf(at)}, did not start, and nobody was told by ${isoOf(due + patience)}`];
        }),
      );
    },
  },
  {
    rule: "trouble is told",
    promise: 8,
    says: "people are told of a step that ended badly, and of work that waits for their decision, or it is written down that they could not be",
    check(aftermath) {
      const { plan, state } = aftermath;
      if (state === undefined) return [];
      const tried = new Set([...factsOf(aftermath, "step.told"), ...factsOf(aftermath, "step.untold")].flatMap(({ step, topic }) => (topic === "ended" ? [step] : [])));
      const lines = factsOf(aftermath, "step.ended").flatMap(({ step, as, at }) =>
        isTrouble(as) && !tried.has(step) ? [`${step} ended ${as} at ${at}, and nobody was told`] : [],
      );
      const faults = factsOf(aftermath, "target.faulted");
      const asked = new Set([
        ...factsOf(aftermath, "target.told").flatMap(({ step, target, topic }) => (topic.startsWith("held") ? [`${step}/${target}`] : [])),
        ...faults.flatMap(({ step, target, deed }) => (deed === "tell" ? [`${step}/${target}`] : [])),
      ]);
      const decisions = factsOf(aftermath, "decision.made");
      // A pause or a freeze holds the next attempt, too, and is told of by itself.
      const isHeldBetween = (from: string, to: string): boolean =>
        decisions.some((hold, nth) => {
          if (hold.at >= to || !isHold(hold)) return false;
          const letGo = decisions.slice(nth + 1).find((later) => later.decision === "resume" || later.decision === "abort");
          return letGo === undefined || letGo.at > from;
        });
      for (const { step, target, as, at } of factsOf(aftermath, "target.rested")) {
        const last = faults.findLast((fault) => fault.step === step && fault.target === target && fault.deed !== "tell" && fault.at <= at);
        const waitedMs = last === undefined ? 0 : Date.parse(at) - Date.parse(last.at);
        if (last === undefined || waitedMs <= WAITS_FOR_PEOPLE_MS || !isTrouble(as) || stepNamed(plan, step)?.onFailure !== "ask") continue;
        if (!asked.has(`${step}/${target}`) && !isHeldBetween(last.at, at)) lines.push(`${step} on ${target} failed at ${last.at} and waited until ${at}, and nobody was asked`);
      }
      return lines;
    },
  },
  {
    rule: "on time",
    promise: 7,
    says: "a step begins at its instant, once what it needs and all in front of its barrier has ended and nothing holds it",
    check({ plan, happenings, struck, state }) {
      if (state === undefined || state.decisions.some(({ decision }) => decision === "abort")) return [];
      const patience = patienceOf({ struck });
      const groupOf = groupsOf(plan);
      const facts = happenings.filter((one) => one.what === "fact");
      const endOf = new Map(facts.flatMap(({ at, entry: { fact } }) => (fact.type === "step.ended" ? [[fact.step, at] as const] : [])));
      const lateMs: number[] = [];
      const startedAt = facts.find(({ entry: { fact } }) => fact.type === "run.started")?.at ?? 0;
      const pauses = facts.flatMap(({ at: from, entry: { fact } }) => {
        if (fact.type !== "decision.made" || fact.decision !== "pause") return [];
        const to = facts.find(({ at, entry: { fact: other } }) => at >= from && other.type === "decision.made" && other.decision === "resume")?.at ?? Infinity;
        return [{ from, to }];
      });
      // What could begin a moment before a pause, and would have been late for no more than that, waits for its end as well.
      const heldUntil = ({ always }: CompiledStep, instant: number): number =>
        always ? instant : (pauses.find(({ from, to }) => from <= instant + patience && instant < to)?.to ?? instant);
      const lines = plan.steps.flatMap((planned) => {
        const { id, at = plan.window.opensAt, needs, when, approval, lift, targets } = planned;
        // An approval takes as long as people do, and what was opened or left unsafe has no instant of its own.
        if (approval !== undefined || lift !== undefined || (when !== undefined && "opened" in when)) return [];
        const group = groupOf(planned);
        const before = plan.steps.filter((other) => groupOf(other) < group).map((other) => other.id);
        const awaited = [...before, ...needs.map(({ step }) => step), ...(when !== undefined && "succeeded" in when ? [when.succeeded] : [])];
        const mayAt = heldUntil(planned, Math.max(Date.parse(at), startedAt, ...awaited.map((step) => endOf.get(step) ?? Infinity)));
        const first = facts.find(({ entry: { fact } }) => (fact.type === "batch.started" || fact.type === "step.ended") && fact.step === id);
        if (targets.length === 0 || first === undefined || !Number.isFinite(mayAt)) return [];
        if (mayAt > Date.parse(at)) lateMs.push(first.at - mayAt);
        return first.at <= mayAt + patience ? [] : [`${id} could begin at ${isoOf(mayAt)} and did at ${isoOf(first.at)}`];
      });
      const late = lateMs.filter((ms) => ms > HARDLY_LATE_MS).length;
      if (lateMs.length >= ENOUGH_STEPS && late > lateMs.length / 2)
        lines.push(`${late} of ${lateMs.length} steps that waited for others began more than ${HARDLY_LATE_MS / 1_000} s after the last of them had ended`);
      return lines;
    },
  },
  {
    rule: "no secret is written",
    promise: 10,
    says: "no secret's value is in a fact, in a message, in a ticket, on a page, among the effects, in telemetry or in a history",
    check({ before, after, entries, said, histories }) {
      const { bitwarden } = before.worlds;
      const secrets = [
        ...bitwarden.items.flatMap(({ password }) => (password === undefined || password === null ? [] : [password])),
        ...Object.values(before.worlds["key-vault"].vaults).flatMap(({ secrets: held }) => Object.values(held).flatMap((versions) => versions.map(({ value }) => value))),
        "simulated-value-of-",
      ].filter((value) => value.length >= 6);
      const written = {
        facts: JSON.stringify(entries),
        slack: JSON.stringify(after.worlds.slack.messages),
        jira: JSON.stringify(after.worlds.jira.issues),
        confluence: JSON.stringify(after.worlds.confluence),
        effects: JSON.stringify(Object.values(after.worlds).map(({ effects }) => effects)),
        telemetry: JSON.stringify([...said]),
        // Each of them is JSON already.
        histories: histories.join("\n"),
      };
      return Object.entries(written).flatMap(([place, text]) =>
        secrets.flatMap((secret) =>
          text.includes(JSON.stringify(secret).slice(1, -1)) || text.includes(Buffer.from(secret).toString("base64")) ? [`a secret's value is in ${place}`] : [],
        ),
      );
    },
  },
  {
    rule: "nothing fails without a reason",
    promise: 8,
    says: "a change that is not well has a reason that people can read",
    check({ state }) {
      const steps = new Map((state?.steps ?? []).map((step) => [step.id, step]));
      return (state?.changes ?? []).flatMap(({ id, as, why = "", steps: own }) => {
        if (as === undefined || ENDINGS[as].well) return [];
        if (why === "") return [`change ${id} is ${as} for no reason`];
        const reasons = own.flatMap(({ id: step, servedBy = step }) => {
          const found = steps.get(servedBy);
          return found?.as === as ? [found.why] : [];
        });
        return reasons.includes(why) ? [] : [`change ${id} is ${as}, and its reason is none of a step that is: ${why}`];
      });
    },
  },
];
