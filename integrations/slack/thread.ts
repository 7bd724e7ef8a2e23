import type { Chat, ChatMessage, ChatText } from "./connector.ts";
import { messageOf } from "./messages.ts";

/*
 * One thread per run and channel: the first message carries the key `RUN/thread`, everything else is a reply to it.
 * T1  Between looking and posting nobody else of this process posts into the channel (`inTurn`).
 * T2  A key is posted once: whoever comes second finds it and posts nothing.
 * T3  The start is announced once, by the thread's first message or, when the thread was opened before the window
 *     started, by a reply that is shown in the channel too.
 */

/** Whose thread it is, and where. */
export interface ThreadPlace {
  readonly channel: string;
  readonly run: string;
}

/** Announces the start; the first message of the thread where there is none yet. */
export function announceStart(chat: Chat, place: ThreadPlace, text: ChatText): Promise<ChatMessage> {
  return chat.inTurn(place.channel, async () => {
    const thread = await findThread(chat, place);
    if (thread?.mark.announces === "start") return thread;
    if (thread === undefined) return chat.post(place.channel, text, { key: threadKey(place), run: place.run, announces: "start" });
    return replyOnce(chat, place, thread, `${place.run}/start`, text, true);
  });
}

/** Says something in the thread; opens it where there is none. */
export function replyInThread(chat: Chat, place: ThreadPlace, key: string, text: ChatText): Promise<ChatMessage> {
  return chat.inTurn(place.channel, async () => replyOnce(chat, place, await openThread(chat, place), key, text, false));
}

/** Announces the end by a reply that is shown in the channel too, and turns the thread's first message into a summary. */
export function announceEnd(chat: Chat, place: ThreadPlace, text: ChatText, summary: ChatText): Promise<ChatMessage> {
  return chat.inTurn(place.channel, async () => {
    const thread = await openThread(chat, place);
    const reply = await replyOnce(chat, place, thread, `${place.run}/finish`, text, true);
    if (!thread.mark.ended) await chat.update(thread, summary, { ...thread.mark, ended: true });
    return reply;
  });
}

/** The announcement of start or finish, or the reply with a key, if it was posted; posts nothing. */
export async function findSaid(chat: Chat, place: ThreadPlace, which: string): Promise<ChatMessage | undefined> {
  const thread = await findThread(chat, place);
  if (thread === undefined || (which === "start" && thread.mark.announces === "start")) return thread;
  const key = which === "start" || which === "finish" ? `${place.run}/${which}` : which;
  return chat.find(place.channel, key, thread.ts);
}

async function replyOnce(chat: Chat, { channel, run }: ThreadPlace, thread: ChatMessage, key: string, text: ChatText, alsoInChannel: boolean): Promise<ChatMessage> {
  const earlier = await chat.find(channel, key, thread.ts);
  return earlier ?? chat.post(channel, text, { key, run }, { thread: thread.ts, alsoInChannel });
}

/** The thread, opened without announcing anything where something had to be said before the start. */
async function openThread(chat: Chat, place: ThreadPlace): Promise<ChatMessage> {
  const opening = messageOf({ title: `Maintenance window ${place.run}`, lines: ["What happens, and what needs people, is told in this thread."] });
  return (await findThread(chat, place)) ?? chat.post(place.channel, opening, { key: threadKey(place), run: place.run });
}

function findThread(chat: Chat, place: ThreadPlace): Promise<ChatMessage | undefined> {
  return chat.find(place.channel, threadKey(place));
}

function threadKey({ run }: ThreadPlace): string {
  return `${run}/thread`;
}
