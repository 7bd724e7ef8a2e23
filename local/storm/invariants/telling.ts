import { durationMs } from "../../../shared/plan/duration.ts";
import type { CompiledChange, CompiledPlan, CompiledStep } from "../../../shared/plan/compiled.ts";
import type { Channel, Person, Team } from "../../../shared/inventory/schema.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { WORST_FIRST, type Ending, type Fact } from "../../../shared/run/facts.ts";
import { openOf } from "../../../shared/run/obligations.ts";
import { indexOf } from "../../../shared/run/plan-index.ts";
import type { Called, Written } from "../tape.ts";
import { callsOf, factsOf, patienceOf, placeIn, placesOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";

/** A message of ours, by the chat's own list. */
interface Posted {
  readonly channel: string;
  readonly key: string;
  readonly text: string;
}

/** Promises 1, 8 and 9: who is told what, where, and whether it is true. */
export const TELLING: readonly Invariant[] = [
  {
    rule: "told where people look",
    promise: 1,
    says: "what is written down as told stands in each of the window's channels, and names those whom it is for",
    check(aftermath) {
      const { plan } = aftermath;
      const run = plan.window.id;
      const posted = postedIn(aftermath);
      const idsOf = (people: readonly { slackId: string }[]): readonly string[] => people.map(({ slackId }) => slackId);
      const ownersOf = (step: CompiledStep | undefined): readonly string[] => idsOf(step === undefined || step.owners.length === 0 ? plan.window.owners : step.owners);
      const told = [
        ...factsOf(aftermath, "step.told").map(({ step, topic }) => {
          const planned = stepNamed(plan, step);
          return { key: `${run}/${step}/${topic}`, mention: topic.startsWith("approval") ? idsOf(planned?.approval?.by ?? []) : ownersOf(planned) };
        }),
        ...factsOf(aftermath, "target.told").map(({ step, target, topic }) => ({ key: `${run}/${step}/${target}/${topic}`, mention: ownersOf(stepNamed(plan, step)) })),
        ...factsOf(aftermath, "guard.alarmed").map(({ about, nth }) => ({ key: `${run}/guard/${about}/${nth}`, mention: [] })),
      ];
      return told.flatMap(({ key, mention }) =>
        plan.window.channels.flatMap(({ id, name }) => {
          const message = posted.get(`${nameOf(aftermath, id)} ${key}`);
          if (message === undefined) return [`${key} is written down as told, and is not in #${name}`];
          const isFor = key.includes("/guard/") ? message.text.includes("<@") : mention.every((user) => message.text.includes(`<@${user}>`));
          return isFor ? [] : [`${key} in #${name} does not name ${mention.join(", ") || "anybody"}`];
        }),
      );
    },
  },
  {
    rule: "asked and reminded",
    promise: 8,
    says: "whoever is to do something is asked where the plan says, and reminded for as long as they do not answer",
    check(aftermath) {
      const { plan } = aftermath;
      const posted = [...postedIn(aftermath).values()];
      const placeOf = placesOf(aftermath);
      const done = factsOf(aftermath, "decision.made").filter(({ decision }) => decision === "done");
      const written = aftermath.happenings.filter((one): one is Written => one.what === "fact");
      return written.flatMap(({ at, entry: { stream, seq, fact } }) => {
        const place = fact.type === "target.begun" ? placeIn(plan, fact) : undefined;
        if (fact.type !== "target.begun" || place?.step.verb !== "person.do") return [];
        const { step } = place;
        const params = place.target.params as { who: Team | Person; channel?: Channel; remindEvery?: string };
        const where = params.channel?.id ?? ("channel" in params.who ? params.who.channel : undefined);
        const key = `${plan.window.id}/${fact.step}/${fact.target}/${fact.try}`;
        const own = posted.filter((message) => message.key.startsWith(`${key}/`));
        const isAsked = own.some((message) => message.key === `${key}/ask` && (where === undefined || message.channel === nameOf(aftermath, where)));
        const wasDone = done.some((one) => one.step === fact.step && placeOf(one) < placeOf(fact));
        const lines = isAsked || wasDone ? [] : [`${fact.step} was begun at ${isoOf(at)}, and nobody was asked${where === undefined ? "" : ` in #${nameOf(aftermath, where)}`}`];
        const later = written.filter((one) => one.entry.stream === stream && one.entry.seq > seq);
        const over = later.find(({ entry }) => entry.fact.type !== "target.progressed" && entry.fact.type !== "target.told")?.at ?? aftermath.endedAt;
        const every = durationMs(params.remindEvery ?? "30m") ?? Infinity;
        const isReminded = own.some((message) => message.key.startsWith(`${key}/remind/`));
        if (over - at > every + step.policy.pollEveryMs + patienceOf(aftermath) && !isReminded)
          lines.push(`${fact.step} was asked for at ${isoOf(at)} and not answered until ${isoOf(over)}, and nobody was reminded`);
        return lines;
      });
    },
  },
  {
    rule: "the closing message is true",
    promise: 9,
    says: "the closing message is shown in its channel, and has the counts, what is carried over and what is open as they were when it was posted",
    check(aftermath) {
      const { plan } = aftermath;
      const key = `${plan.window.id}/finish`;
      return moments(
        aftermath,
        ({ effect }) => effect.did === "posted" && effect.with?.["key"] === key,
        ({ call, effect, ended, facts }) => {
          const telling = stepNamed(plan, call.scope?.step ?? "")?.change;
          const standings = plan.changes.flatMap((change) => {
            if (change.steps.length === 0) return [];
            const as = endingOf(plan, change, ended);
            return [{ change, as: change.id === telling && as === undefined ? ("done" as const) : as }];
          });
          const counted = (endings: readonly (Ending | undefined)[]) => standings.filter(({ as }) => endings.includes(as));
          const carried = counted(["skipped", "failed", "unknown"]);
          const open = openOf(facts(), indexOf(plan));
          const text = String(effect.with?.["text"]);
          const expected = [
            `${counted(["done", "already"]).length} of ${standings.length} changes done`,
            ...(carried.length > 0 ? [`${carried.length} carried over`] : []),
            open.length > 0 ? `${open.length} open` : "nothing left open",
            // A message holds so much; the rest stands in the report.
            ...(/more lines?[.,]/.test(text)
              ? []
              : [...carried.map(({ change }) => `Carried over: ${escaped([...change.keys, change.title].join(" "))}`), ...open.map(({ what }) => escaped(what))]),
          ];
          const lines = expected.filter((words) => !text.includes(words)).map((words) => `the closing message in ${effect.to} does not say «${words}»`);
          if (effect.with?.["broadcast"] !== true) lines.push(`the closing message in ${effect.to} is shown in its thread alone`);
          return lines;
        },
      );
    },
  },
  {
    rule: "tickets hear the truth",
    promise: 8,
    says: "a ticket is told of its own change, how it ended, and is moved only when all of it has ended well",
    check(aftermath) {
      const { plan } = aftermath;
      return moments(
        aftermath,
        ({ system }) => system === "jira",
        ({ call: { scope, at }, effect, ended }) => {
          const place = placeIn(plan, scope);
          const change = plan.changes.find(({ id }) => id === place?.step.change);
          if (place === undefined || change === undefined) return [];
          const { step } = place;
          const params = place.target.params as { issue: string; to?: string; text?: string; moment?: string };
          const what = `${step.id} ${effect.did} ${effect.to} at ${isoOf(at)}`;
          if (effect.to !== `issue ${params.issue}`) return [`${what}, and ${params.issue} was meant`];
          const as = endingOf(plan, change, ended);
          if (step.verb === "jira.comment") {
            const text = String(effect.with?.["text"]);
            const expected = [params.text ?? "", ...(params.moment === "finish" && as !== undefined ? [`${change.title}: ${as}`] : [])];
            return expected.filter((words) => !text.includes(words)).map((words) => `${what} without «${words}»`);
          }
          if (step.verb !== "jira.transition" || scope?.deed !== "begin" || step.derived !== "tickets") return [];
          if (effect.with?.["to"] !== params.to) return [`${what} to ${String(effect.with?.["to"])}, and ${params.to ?? ""} was meant`];
          return as === "done" || as === "already" ? [] : [`${what} to ${params.to ?? ""}, though ${change.id} had ${as === undefined ? "not ended" : `ended ${as}`}`];
        },
      );
    },
  },
];

/** Messages by channel and key. */
function postedIn(aftermath: Aftermath): ReadonlyMap<string, Posted> {
  return new Map(
    callsOf(aftermath).flatMap(({ done }) =>
      done.flatMap(({ system, effect: { did, to, with: details = {} } }) => {
        if (system !== "slack" || did !== "posted" || typeof details["key"] !== "string") return [];
        const channel = to.replace(/^channel #/, "");
        const { key } = details;
        return [[`${channel} ${key}`, { channel, key, text: String(details["text"]) }] as const];
      }),
    ),
  );
}

function nameOf({ after }: Aftermath, channel: string): string {
  return after.worlds.slack.channels.find(({ id }) => id === channel)?.name ?? channel;
}

export interface Moment {
  readonly call: Called;
  readonly effect: Called["done"][number]["effect"];
  /** How each step that has ended by then did. */
  readonly ended: ReadonlyMap<string, Ending>;
  /** What was written down by then, in the order in which a journal gives it. */
  facts(): readonly Fact[];
}

/** Goes through the effects of this kind, each with what could be known when it came about. */
export function moments(aftermath: Aftermath, wanted: (done: Called["done"][number]) => boolean, look: (moment: Moment) => readonly string[]): readonly string[] {
  const ended = new Map<string, Ending>();
  const written = new Set<string>();
  return aftermath.happenings.flatMap((one) => {
    if (one.what === "fact") {
      const { stream, seq, fact } = one.entry;
      written.add(`${stream} ${seq}`);
      if (fact.type === "step.ended") ended.set(fact.step, fact.as);
      return [];
    }
    const facts = (): readonly Fact[] => aftermath.entries.flatMap(({ stream, seq, fact }) => (written.has(`${stream} ${seq}`) ? [fact] : []));
    return one.done.filter(wanted).flatMap(({ effect }) => look({ call: one, effect, ended, facts }));
  });
}

/** What a change came to: the worst of its own steps, without what only tells of it. Undefined while one of them has not ended. */
export function endingOf(plan: CompiledPlan, { steps }: CompiledChange, ended: ReadonlyMap<string, Ending>): Ending | undefined {
  const ids = steps.map(({ id, servedBy = id }) => servedBy);
  const own = ids.filter((id) => stepNamed(plan, id)?.verb.startsWith("jira.") === false);
  const endings = (own.length === 0 ? ids : own).map((id) => ended.get(id));
  return endings.includes(undefined) ? undefined : (WORST_FIRST.find((as) => endings.includes(as)) ?? "done");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
