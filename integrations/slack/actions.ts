import { z } from "zod";
import { defineAction, type Call } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import type { Chat, ChatMessage } from "./connector.ts";
import { messageOf } from "./messages.ts";
import { announceEnd, announceStart, findSaid, replyInThread } from "./thread.ts";

const Params = z.strictObject({
  channel: named("channel").describe("Channel to post in"),
  text: z.string().trim().min(1).max(3_000).describe("What to say, in plain words"),
  moment: z
    .enum(["start", "note", "finish"])
    .default("note")
    .describe("start: opens the window's thread; note: a reply in it; finish: the closing message with the run's results. Start and finish are posted once per channel"),
});
const Receipt = z.object({
  channel: z.object({ id: z.string(), name: z.string() }),
  moment: z.enum(["start", "note", "finish"]),
  key: z.string(),
  ts: z.string(),
  thread: z.string().optional(),
});

/**
 * Says something in the window's thread of a channel: one thread per channel and run.
 *
 * Every message carries its key as metadata and is looked for by it before it is posted. The keys of start and finish
 * are the run's, so that whatever is retried, and however many steps announce it, a channel hears of each once.
 */
export const slackNotify = defineAction<{ chat: Chat }, z.infer<typeof Params>, z.infer<typeof Receipt>>({
  verb: "slack.notify",
  summary: "Posts into the window's Slack thread: its start, a note, or the closing message with the results.",
  uses: ["chat"],
  params: Params,
  over: "channel",
  receipt: Receipt,
  // People must hear of the end even when Slack is away for half an hour.
  policy: { timeoutMs: 60 * 60_000, attempts: 12, retryDelayMs: 5_000 },
  reversal: "nothing",

  touches: ({ channel }) => [`channel:${channel.name}`],

  async preview({ chat }, { channel, text, moment }) {
    const found = await chat.channel(channel.id);
    if (found.archived) throw new Fault("rejected", `#${found.name} is archived; name another channel as ${channel.name} in the inventory`, { vendor: "slack" });
    if (!found.member) throw new Fault("denied", `nightshift is not a member of #${found.name}; invite it there (/invite)`, { vendor: "slack" });
    return [`post in #${found.name} (${channel.id}), of which nightshift is a member, ${WHERE[moment]}: ${JSON.stringify(text)}`];
  },

  async begin({ chat }, { channel, text, moment }, call) {
    const place = { channel: channel.id, run: call.run };
    switch (moment) {
      case "start":
        return receiptOf(channel, moment, await announceStart(chat, place, startText(text, call)));
      case "note":
        return receiptOf(channel, moment, await replyInThread(chat, place, call.key, messageOf({ lines: [text] })));
      case "finish": {
        const { headline, lines } = await call.story.run();
        const { windowTitle, reportUrl } = call.story;
        const closing = messageOf({ title: headline, lines: [text, ...lines], reportUrl });
        const summary = messageOf({ title: windowTitle, lines: [headline, ...lines], reportUrl });
        return receiptOf(channel, moment, await announceEnd(chat, place, closing, summary));
      }
    }
  },

  async find({ chat }, { channel, moment }, { run, key }) {
    const said = await findSaid(chat, { channel: channel.id, run }, moment === "note" ? key : moment);
    return said === undefined ? undefined : receiptOf(channel, moment, said);
  },

  async verify({ chat }, { channel, moment, key, ts, thread }) {
    const found = await chat.read(channel.id, ts, thread);
    if (found?.mark.key !== key) {
      throw new Fault("rejected", `the ${WORD[moment]} is not in #${channel.name} at ${ts}; expected a message of ours with key ${key}; somebody may have deleted it`, {
        vendor: "slack",
      });
    }
    return [`the ${WORD[moment]} stands in #${channel.name}: ${await chat.link({ channel: channel.id, ts })}`];
  },
});

function receiptOf({ id, name }: z.infer<typeof Params>["channel"], moment: z.infer<typeof Params>["moment"], { ts, thread, mark }: ChatMessage): z.infer<typeof Receipt> {
  return { channel: { id, name }, moment, key: mark.key, ts, ...(thread === undefined ? {} : { thread }) };
}

const WHERE = { start: "as the first message of the window's thread", note: "in the window's thread", finish: "in the window's thread and the channel, with the run's results" };
const WORD = { start: "start message", note: "note", finish: "closing message" };

function startText(text: string, { story, cutoff }: Call) {
  return messageOf({
    title: story.windowTitle,
    lines: [text, `No step begins after ${isoOf(cutoff)}. What happens is told in this thread.`],
    reportUrl: story.reportUrl,
  });
}
