import { Fault } from "../../shared/fault/fault.ts";
import type { Notice, People } from "../../shared/ports/people.ts";
import type { Chat } from "./connector.ts";
import { messageOf } from "./messages.ts";
import { replyInThread } from "./thread.ts";

/**
 * People as Slack reaches them: a notice is a reply in the window's thread of each channel, posted once per key.
 *
 * @throws Fault `invalid` when a notice names no channel and no fallback is set, or mentions what is no Slack user id.
 */
export function slackPeople(chat: Chat): People {
  return {
    async tell(run, notice) {
      const channels = channelsOf(notice, chat);
      const stranger = notice.mention.find((user) => !/^[UW][A-Z0-9]+$/.test(user));
      if (stranger !== undefined) throw new Fault("invalid", `${JSON.stringify(stranger)} is no Slack user id; expected U… or W…, as the inventory's people have`);
      const text = messageOf({ lines: [notice.text, ...notice.lines], mention: notice.mention });
      for (const channel of channels) await replyInThread(chat, { channel, run }, notice.key, text);
    },
  };
}

function channelsOf(notice: Notice, chat: Chat): readonly string[] {
  if (notice.channels.length > 0) return [...new Set(notice.channels)];
  if (chat.fallbackChannel !== undefined) return [chat.fallbackChannel];
  throw new Fault("invalid", `nobody can be told ${JSON.stringify(notice.text)}: it names no channel; name one, or set NIGHTSHIFT_SLACK_FALLBACK_CHANNEL`);
}
