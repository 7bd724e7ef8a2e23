import { Fault } from "../../shared/fault/fault.ts";
import type { Notice, People, Replies } from "../../shared/ports/people.ts";
import type { Chat } from "./connector.ts";
import { messageOf, SLACK_LIMITS } from "./messages.ts";
import { replyInThread } from "./thread.ts";

/**
 * People as Slack reaches them: a notice is a reply in the window's thread of each channel, posted once per key. At its end it leads
 * to where the run is looked at: whoever is woken by it wants to see all of it before they press anything.
 *
 * @param addressOf where a run is looked at; none for who cannot know.
 * @throws Fault `invalid` when a notice names no channel and no fallback is set, or mentions what is no Slack user id.
 */
export function slackPeople(chat: Chat, addressOf?: (run: string) => string): People {
  return {
    async tell(run, notice) {
      const channels = channelsOf(notice, chat);
      const stranger = notice.mention.find((user) => !/^[UW][A-Z0-9]+$/.test(user));
      if (stranger !== undefined) throw new Fault("invalid", `${JSON.stringify(stranger)} is no Slack user id; expected U… or W…, as the inventory's people have`);
      const buttons = (notice.actions ?? []).map(({ label, confirm, style, ...value }) => ({
        id: value.decision,
        label,
        confirm,
        ...(style === undefined ? {} : { style }),
        value: JSON.stringify(value),
      }));
      const link = addressOf === undefined ? {} : { link: { url: addressOf(run), words: "How it stands" } };
      const text = { ...messageOf({ lines: [notice.text, ...notice.lines], mention: notice.mention, ...link }), ...(buttons.length === 0 ? {} : { buttons }) };
      for (const channel of channels) await replyInThread(chat, { channel, run }, notice.key, text);
    },
  };
}

/** What people see of their answers: the message they answered says what was decided, and a refusal is seen by them alone. */
export function slackReplies(chat: Chat): Replies {
  return {
    async settle({ channel, ts, thread }, before, decided) {
      const message = await chat.read(channel, ts, thread);
      if (message === undefined) return;
      const { text, paragraphs } = messageOf({ lines: [decided] });
      // As Slack sent it, it is escaped; whole lines are left out, since a cut could end within an escape.
      let kept = "";
      for (const line of before.split("\n")) if (kept.length + line.length < SLACK_LIMITS.paragraph) kept += `${kept === "" ? "" : "\n"}${line}`;
      // A press from a message that was settled meanwhile says nothing twice.
      const added = kept.includes(text) ? { text: kept, paragraphs: [kept] } : { text: `${kept}\n${text}`, paragraphs: [...(kept === "" ? [] : [kept]), ...paragraphs] };
      await chat.update(message, { ...added, text: added.text.slice(0, SLACK_LIMITS.text) }, message.mark);
    },
    whisper: ({ channel, thread }, user, text) => chat.whisper(channel, user, messageOf({ lines: [text] }), thread),
    answer: (to, text) => chat.respond(to, messageOf({ lines: [text] })),
  };
}

function channelsOf(notice: Notice, chat: Chat): readonly string[] {
  if (notice.channels.length > 0) return [...new Set(notice.channels)];
  if (chat.fallbackChannel !== undefined) return [chat.fallbackChannel];
  throw new Fault("invalid", `nobody can be told ${JSON.stringify(notice.text)}: it names no channel; name one, or set NIGHTSHIFT_SLACK_FALLBACK_CHANNEL`);
}
