import { z } from "zod";
import { type Answer, type Call, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import { durationMs, durationText } from "../../shared/plan/duration.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import type { NoticeAction, People } from "../../shared/ports/people.ts";
import { askText, reminderText, withdrawalText } from "./words.ts";

const LEAST_MS = 60_000;
const Patience = z.string().refine((text) => (durationMs(text) ?? 0) >= LEAST_MS, "expected a duration of at least a minute, such as 30m or 1h30m");

const Params = z.strictObject({
  who: z.union([named("team"), named("person")]).describe("Person or team who is to do it"),
  what: z.string().trim().min(1).max(2_000).describe("What is to be done, in words that they can act on at night"),
  channel: named("channel").optional().describe("Channel to ask in; default: the team's own, or the fallback channel for a person"),
  evidence: z.string().trim().min(1).max(500).optional().describe("What they are asked to say when it is done, e.g. a build number"),
  remindEvery: Patience.default("30m").describe("How often they are reminded"),
  expires: Patience.optional().describe("How long they have; default, and never longer: until the cutoff"),
});
const Receipt = z.object({
  who: z.object({ name: z.string(), channels: z.array(z.string()), mention: z.array(z.string()) }),
  what: z.string(),
  evidence: z.string().optional(),
  askedAt: z.iso.datetime(),
  until: z.iso.datetime(),
  remindEveryMs: z.int().positive(),
  /** How many intervals have passed of which a reminder was sent, or would have been had we looked. */
  reminders: z.int().min(0),
});
export type Asked = z.infer<typeof Receipt>;

/** Asked after the cutoff (a closing step), people have this long unless the plan says otherwise. */
const AFTER_CUTOFF_MS = 60 * 60_000;

/**
 * Has a person or team do something: asks, reminds, and waits until someone answers `done`.
 *
 * Answers are decisions in the journal, whichever way they came. A `done` counts unless a `retry` came after it. Questions
 * and reminders carry keys derived from the call's, so each is posted once whatever is retried.
 *
 * @throws Fault `overdue` when nobody has answered in time.
 */
export const personDo = defineAction<{ people: People }, z.infer<typeof Params>, Asked>({
  verb: "person.do",
  summary: "Asks a person or team to do something, reminds them, and waits until they say it is done.",
  uses: ["people"],
  params: Params,
  receipt: Receipt,
  // An answer rings and is looked at at once; polling is for reminders, and for a ring that was lost.
  policy: { timeoutMs: 18 * 3_600_000, pollEveryMs: 5 * 60_000, attempts: 10, retryDelayMs: 5_000 },
  reversal: "nothing",

  touches: () => [],

  async preview(_ports, params) {
    const { name, channels } = askedOf(params);
    const where = channels.length === 0 ? "in the fallback channel" : `in Slack channel ${params.channel?.name ?? channels.join(", ")}`;
    return [
      `ask ${name} ${where}: ${JSON.stringify(params.what)}`,
      `remind every ${durationText(waitMs(params.remindEvery))}; ${params.expires === undefined ? "wait until the cutoff" : `wait ${durationText(waitMs(params.expires))}, at most until the cutoff`}`,
    ];
  },

  async begin({ people }, params, call) {
    const asked: Asked = {
      who: askedOf(params),
      what: params.what,
      ...(params.evidence === undefined ? {} : { evidence: params.evidence }),
      askedAt: isoOf(call.now),
      until: isoOf(untilOf(params.expires, call)),
      remindEveryMs: waitMs(params.remindEvery),
      reminders: 0,
    };
    // Someone may have done it before being asked.
    if (doneBy(call.answers) === undefined) await people.tell(call.run, { ...noticeOf(asked, `${call.key}/ask`, askText(asked, call)), actions: buttonsOf(asked, call) });
    return asked;
  },

  async poll({ people }, asked, call) {
    const answer = doneBy(call.answers);
    if (answer !== undefined) return { state: "done", note: said(answer) };

    const reminders = Math.floor((call.now - Date.parse(asked.askedAt)) / asked.remindEveryMs);
    if (call.now >= Date.parse(asked.until)) {
      throw new Fault(
        "overdue",
        `${asked.who.name} did not answer by ${asked.until}: ${JSON.stringify(asked.what)} is not known to be done; asked at ${asked.askedAt}, reminded ${times(asked.reminders)}`,
      );
    }
    const waiting = { state: "running", note: `waits for ${asked.who.name} since ${asked.askedAt}, until ${asked.until}` } as const;
    if (reminders <= asked.reminders) return waiting;
    // Intervals that passed unnoticed are made up for by one reminder.
    await people.tell(call.run, { ...noticeOf(asked, `${call.key}/remind/${reminders}`, reminderText(asked, call)), actions: buttonsOf(asked, call) });
    return { ...waiting, receipt: { ...asked, reminders } };
  },

  async verify(_ports, asked, call) {
    const answer = doneBy(call.answers);
    if (answer === undefined) throw new Fault("rejected", `nobody says that ${JSON.stringify(asked.what)} is done; expected an answer \`done\` from ${asked.who.name}`);
    const missing = asked.evidence !== undefined && answer.note === undefined;
    return [said(answer), ...(missing ? [`no evidence was given; asked for: ${asked.evidence}`] : [])];
  },

  async cancel({ people }, asked, call) {
    await people.tell(call.run, noticeOf(asked, `${call.key}/withdraw`, withdrawalText(asked)));
    return { evidence: [`${asked.who.name} was told that this is no longer waited for`] };
  },
});

function askedOf({ who, channel }: z.infer<typeof Params>): Asked["who"] {
  if ("slackId" in who) return { name: who.title ?? who.name, channels: channel === undefined ? [] : [channel.id], mention: [who.slackId] };
  return { name: who.name, channels: [channel?.id ?? who.channel], mention: [] };
}

function untilOf(expires: string | undefined, { now, cutoff }: Call): number {
  const wanted = expires === undefined ? undefined : now + waitMs(expires);
  if (now >= cutoff) return wanted ?? now + AFTER_CUTOFF_MS;
  return Math.min(wanted ?? cutoff, cutoff);
}

function waitMs(patience: string): number {
  const ms = durationMs(patience);
  if (ms === undefined) throw new Fault("invalid", `${JSON.stringify(patience)} is no duration; expected something like 30m`);
  return ms;
}

/** The answer that counts: the first `done` after the latest `retry`. */
function doneBy(answers: readonly Answer[]): Answer | undefined {
  const again = answers.findLastIndex(({ decision }) => decision === "retry");
  return answers.slice(again + 1).find(({ decision }) => decision === "done");
}

function said({ by, at, note }: Answer): string {
  return `${by} said done at ${at}${note === undefined ? "" : `: «${note}»`}`;
}

function noticeOf({ who }: Asked, key: string, { text, lines }: { text: string; lines: readonly string[] }) {
  return { key, channels: who.channels, mention: who.mention, text, lines };
}

/** The question and its reminders ask the same: whichever is answered, all are. */
function buttonsOf({ what, evidence }: Asked, { run, step, target, key }: Call): readonly NoticeAction[] {
  const about = { run, about: key, step, target };
  const short = what.length > 120 ? `${what.slice(0, 119)}…` : what;
  const wanted = evidence === undefined ? "" : ` Asked for with it, and only sent by the command: ${evidence.slice(0, 100)}`;
  return [
    { decision: "done", label: "Done", confirm: `Is it done: ${short}?${wanted}`, style: "primary", ...about },
    { decision: "skip", label: "Cannot be done", confirm: `Say that it will not be done: ${short}? What needs it is not done either.`, ...about },
  ];
}

function times(count: number): string {
  return count === 0 ? "never" : count === 1 ? "once" : `${count} times`;
}
