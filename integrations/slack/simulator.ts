import type { Effect, Simulator, World } from "../../shared/ports/simulator.ts";

export interface SlackWorld extends World {
  readonly team: { readonly id: string; readonly name: string; readonly url: string };
  /** The app as which every bearer token speaks. */
  readonly bot: { readonly userId: string; readonly botId: string; readonly appId: string; readonly name: string };
  readonly users: SlackUser[];
  readonly channels: SlackChannel[];
  /** In the order in which they were posted. */
  readonly messages: SlackMessage[];
  /** How many late answers each address has taken. */
  readonly lateAnswers: Record<string, number>;
}

export interface SlackUser {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
}

export interface SlackChannel {
  readonly id: string;
  readonly name: string;
  readonly private?: boolean;
  archived?: boolean;
  /** User ids; the bot's own among them if it may post. */
  readonly members: string[];
}

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  /** `ts` of the message that this one answers. */
  readonly threadTs?: string;
  /** A reply that is shown in the channel too. */
  readonly broadcast?: boolean;
  readonly user: string;
  readonly botId?: string;
  text: string;
  blocks?: unknown[];
  metadata?: { readonly event_type: string; readonly event_payload: Readonly<Record<string, unknown>> };
  /** Instant of the last edit as Slack writes it. */
  editedTs?: string;
}

type Arguments = Readonly<Record<string, string>>;
type Answer = Readonly<Record<string, unknown>>;
type Method = (world: SlackWorld, args: Arguments, now: number) => Answer;

/** What Slack refuses with: HTTP 200 and a word. */
class Refusal extends Error {}

/**
 * Slack's Web API as far as messages go: channels, threads, metadata only for those who ask, history newest first.
 * Names of arguments and answers are those of the vendor's description.
 */
export const slackSimulator: Simulator<SlackWorld> = {
  systems: ["slack"],
  // Late answers are in no description of the vendor's: they are answered, and not recorded.
  systemOf: (url) => (url.hostname === "hooks.slack.com" ? "web" : url.hostname === "slack.com" && url.pathname.startsWith("/api/") ? "slack" : undefined),
  newWorld: () => ({
    team: { id: "T01NIGHT", name: "nightshift", url: "https://nightshift.slack.com/" },
    bot: { userId: "U01BOT", botId: "B01BOT", appId: "A01BOT", name: "nightshift" },
    users: [],
    channels: [],
    messages: [],
    lateAnswers: {},
    effects: [],
  }),
  handler: (world) => async (request, now) => {
    if (new URL(request.url).hostname === "hooks.slack.com") return takeLate(world, request, now);
    const method = METHODS[new URL(request.url).pathname.slice("/api/".length)];
    if (method === undefined) return Response.json({ ok: false, error: "unknown_method" });
    if (request.method !== "POST") return Response.json({ ok: false, error: "invalid_post_type" });
    if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) return Response.json({ ok: false, error: "not_authed" });
    const args = Object.fromEntries(new URLSearchParams(await request.text()));
    try {
      return Response.json({ ok: true, ...method(world, args, now) });
    } catch (refused) {
      if (refused instanceof Refusal) return Response.json({ ok: false, error: refused.message });
      throw refused;
    }
  },
};

const METHODS: Readonly<Record<string, Method>> = {
  "auth.test": ({ team, bot }) => ({ url: team.url, team: team.name, user: bot.name, team_id: team.id, user_id: bot.userId, bot_id: bot.botId }),

  "conversations.info": (world, args) => {
    const { id, name, archived, members, ...channel } = channelOf(world, args);
    return {
      channel: {
        id,
        name,
        name_normalized: name,
        is_channel: channel.private !== true,
        is_group: channel.private === true,
        is_private: channel.private === true,
        is_archived: archived === true,
        is_member: members.includes(world.bot.userId),
      },
    };
  },

  "conversations.history": (world, args) => {
    const channel = readable(world, args);
    const inChannel = world.messages.filter((one) => one.channel === channel.id && (one.threadTs === undefined || one.broadcast === true));
    return pageOf(world, inChannel.sort(newestFirst), args);
  },

  "conversations.replies": (world, args) => {
    const channel = readable(world, args);
    const thread = world.messages.find((one) => one.channel === channel.id && one.ts === args.ts);
    if (thread === undefined) throw new Refusal("thread_not_found");
    const first = thread.threadTs ?? thread.ts;
    const replies = world.messages.filter((one) => one.channel === channel.id && one.threadTs === first);
    const { messages, ...page } = pageOf(
      world,
      replies.sort((a, b) => newestFirst(b, a)),
      args,
    );
    const opening = world.messages.filter((one) => one.channel === channel.id && one.ts === first).map((one) => shown(world, one, args));
    return { messages: [...opening, ...messages], ...page };
  },

  "chat.postMessage": (world, args, now) => {
    const channel = writable(world, args);
    const { text, blocks, metadata } = contentOf(args);
    const threadTs = args.thread_ts;
    if (threadTs !== undefined && !world.messages.some((one) => one.channel === channel.id && one.ts === threadTs)) throw new Refusal("thread_not_found");
    const message: SlackMessage = {
      channel: channel.id,
      ts: nextTs(world, channel.id, now),
      ...(threadTs === undefined ? {} : { threadTs, broadcast: args.reply_broadcast === "true" }),
      user: world.bot.userId,
      botId: world.bot.botId,
      text,
      ...(blocks === undefined ? {} : { blocks }),
      ...(metadata === undefined ? {} : { metadata }),
    };
    world.messages.push(message);
    world.effects.push(effectOf("posted", message, channel, now));
    return { channel: channel.id, ts: message.ts, message: posted(world, message) };
  },

  "chat.update": (world, args, now) => {
    const channel = writable(world, args);
    const message = world.messages.find((one) => one.channel === channel.id && one.ts === args.ts);
    if (message === undefined) throw new Refusal("message_not_found");
    if (message.user !== world.bot.userId) throw new Refusal("cant_update_message");
    const { text, blocks, metadata } = contentOf(args);
    message.text = text;
    if (blocks !== undefined) message.blocks = blocks;
    if (metadata === undefined) delete message.metadata;
    else message.metadata = metadata;
    message.editedTs = `${Math.floor(now / 1_000)}.000000`;
    world.effects.push(effectOf("updated", message, channel, now));
    const { metadata: _unshown, ...answer } = body(world, message);
    return { channel: channel.id, ts: message.ts, text, message: { ...answer, edited: { user: world.bot.userId, ts: message.editedTs } } };
  },

  // Seen by one user, and kept nowhere: only the effect tells of it.
  "chat.postEphemeral": (world, args, now) => {
    const channel = writable(world, args);
    const { text } = contentOf(args);
    if (args["user"] === undefined || !channel.members.includes(args["user"])) throw new Refusal("user_not_in_channel");
    if (args["thread_ts"] !== undefined && !world.messages.some((one) => one.channel === channel.id && one.ts === args["thread_ts"])) throw new Refusal("thread_not_found");
    world.effects.push({ at: new Date(now).toISOString(), did: "whispered", to: `channel #${channel.name}`, with: { user: args["user"], text } });
    return { message_ts: nextTs(world, channel.id, now) };
  },

  "chat.getPermalink": (world, args) => {
    const channel = channelOf(world, args);
    const message = world.messages.find((one) => one.channel === channel.id && one.ts === args.message_ts);
    if (message === undefined) throw new Refusal("message_not_found");
    const thread = message.threadTs === undefined ? "" : `?thread_ts=${message.threadTs}&cid=${channel.id}`;
    return { channel: channel.id, permalink: `${world.team.url}archives/${channel.id}/p${message.ts.replace(".", "")}${thread}` };
  },
};

function channelOf(world: SlackWorld, { channel: id }: Arguments): SlackChannel {
  const channel = world.channels.find((one) => one.id === id);
  if (channel === undefined || (channel.private && !channel.members.includes(world.bot.userId))) throw new Refusal("channel_not_found");
  return channel;
}

function readable(world: SlackWorld, args: Arguments): SlackChannel {
  const channel = channelOf(world, args);
  if (!channel.members.includes(world.bot.userId)) throw new Refusal("not_in_channel");
  return channel;
}

function writable(world: SlackWorld, args: Arguments): SlackChannel {
  const channel = channelOf(world, args);
  if (channel.archived) throw new Refusal("is_archived");
  if (!channel.members.includes(world.bot.userId)) throw new Refusal("not_in_channel");
  return channel;
}

function contentOf({ text = "", blocks, metadata }: Arguments) {
  if (text === "" && blocks === undefined) throw new Refusal("no_text");
  if (text.length > 40_000) throw new Refusal("msg_too_long");
  const parsed = blocks === undefined ? undefined : (JSON.parse(blocks) as Block[]);
  if (parsed !== undefined && (parsed.length > 50 || !parsed.every(isBlock) || hasTwice(parsed.flatMap(({ block_id: id }) => id ?? [])))) throw new Refusal("invalid_blocks");
  return { text, blocks: parsed, metadata: metadata === undefined ? undefined : (JSON.parse(metadata) as NonNullable<SlackMessage["metadata"]>) };
}

interface Block {
  readonly type: string;
  readonly block_id?: string;
  readonly text?: { readonly text?: string };
  readonly elements?: readonly Button[];
}
interface Button {
  readonly type: string;
  readonly action_id: string;
  readonly text: { readonly type: string; readonly text: string };
  readonly value?: string;
  readonly style?: string;
  readonly confirm?: { readonly [part in "title" | "text" | "confirm" | "deny"]: { readonly text: string } };
}

/** Slack's own limits on sections and buttons; one that is passed refuses the whole message. */
function isBlock({ type, block_id: id = "", text, elements = [] }: Block): boolean {
  if (type !== "actions") return (text?.text ?? "").length <= 3_000;
  return id.length <= 255 && elements.length >= 1 && elements.length <= 25 && elements.every(isButton) && !hasTwice(elements.map((button) => button.action_id));
}

function isButton({ type, action_id: id, text, value = "", style = "primary", confirm }: Button): boolean {
  const within = (shown: { readonly text: string }, most: number): boolean => shown.text.length >= 1 && shown.text.length <= most;
  return (
    type === "button" &&
    id.length >= 1 &&
    id.length <= 255 &&
    text.type === "plain_text" &&
    within(text, 75) &&
    value.length <= 2_000 &&
    ["primary", "danger"].includes(style) &&
    (confirm === undefined || (within(confirm.title, 100) && within(confirm.text, 300) && within(confirm.confirm, 30) && within(confirm.deny, 30)))
  );
}

function hasTwice(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}

const LATE_MS = 30 * 60_000;
const MOST_LATE_ANSWERS = 5;

/** A late answer to a command or a press, at the address that was sent along with it. */
async function takeLate(world: SlackWorld, request: Request, now: number): Promise<Response> {
  const refused = (status: number, error: string): Response => Response.json({ ok: false, error }, { status });
  const [, kind, team, , token = ""] = new URL(request.url).pathname.split("/");
  if (request.method !== "POST" || (kind !== "actions" && kind !== "commands") || team !== world.team.id) return refused(404, "invalid_url");
  const { channel, user, at } = JSON.parse(Buffer.from(token, "base64url").toString()) as { channel: string; user: string; at: number };
  const taken = world.lateAnswers[token] ?? 0;
  if (now < at || now - at > LATE_MS) return refused(404, "expired_url");
  if (taken >= MOST_LATE_ANSWERS) return refused(404, "used_url");
  const { text = "", response_type: seenBy = "ephemeral" } = (await request.json()) as { text?: string; response_type?: string };
  if (text === "") return refused(400, "no_text");
  world.lateAnswers[token] = taken + 1;
  const name = world.channels.find(({ id }) => id === channel)?.name ?? channel;
  world.effects.push({ at: new Date(now).toISOString(), did: seenBy === "in_channel" ? "posted" : "whispered", to: `channel #${name}`, with: { user, text } });
  return new Response("ok");
}

/** Ids are instants, unique within a channel: a second message of the same instant gets the next microsecond. */
function nextTs(world: SlackWorld, channel: string, now: number): string {
  const latest = Math.max(0, ...world.messages.filter((one) => one.channel === channel).map((one) => microsOf(one.ts)));
  const micros = Math.max(now * 1_000, latest + 1);
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;
}

function microsOf(ts: string): number {
  const [seconds = "0", fraction = ""] = ts.split(".");
  return Number(seconds) * 1_000_000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function newestFirst(a: SlackMessage, b: SlackMessage): number {
  return microsOf(b.ts) - microsOf(a.ts);
}

/** The cursor is the place to go on from, in Slack's own wrapping: base64 of words. */
function pageOf(world: SlackWorld, messages: readonly SlackMessage[], args: Arguments) {
  const { oldest = "0", latest = "9999999999.999999", inclusive, limit = "100", cursor = "" } = args;
  const [low, high] = [microsOf(oldest), microsOf(latest)];
  const within = messages.filter(({ ts }) => (inclusive === "true" ? microsOf(ts) >= low && microsOf(ts) <= high : microsOf(ts) > low && microsOf(ts) < high));
  const start = cursor === "" ? 0 : Number(/^next:(\d+)$/.exec(Buffer.from(cursor, "base64").toString())?.[1]);
  if (Number.isNaN(start)) throw new Refusal("invalid_cursor");
  const end = start + Number(limit);
  const more = end < within.length;
  return {
    messages: within.slice(start, end).map((one) => shown(world, one, args)),
    has_more: more,
    response_metadata: { next_cursor: more ? Buffer.from(`next:${end}`).toString("base64") : "" },
  };
}

/** As history and replies show it: metadata only for those who ask. */
function shown(world: SlackWorld, message: SlackMessage, { include_all_metadata: all }: Arguments) {
  const { metadata, ...rest } = posted(world, message);
  const replies = world.messages.filter((one) => one.channel === message.channel && one.threadTs === message.ts);
  const last = replies.at(-1);
  return {
    ...rest,
    ...(all === "true" && metadata !== undefined ? { metadata } : {}),
    ...(message.editedTs === undefined ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(last === undefined ? {} : { thread_ts: message.ts, reply_count: replies.length, latest_reply: last.ts }),
  };
}

function posted(world: SlackWorld, message: SlackMessage) {
  return {
    ...body(world, message),
    ts: message.ts,
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
  };
}

function body({ team, bot }: SlackWorld, { user, botId, text, blocks, metadata }: SlackMessage) {
  return {
    type: "message",
    user,
    team: team.id,
    text,
    ...(botId === undefined ? {} : { bot_id: botId, app_id: bot.appId }),
    ...(blocks === undefined ? {} : { blocks }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function effectOf(did: string, { ts, threadTs, broadcast, metadata, text }: SlackMessage, { name }: SlackChannel, now: number): Effect {
  return {
    at: new Date(now).toISOString(),
    did,
    to: `channel #${name}`,
    with: {
      ts,
      text,
      ...(threadTs === undefined ? {} : { thread: threadTs, broadcast: broadcast === true }),
      ...(metadata === undefined ? {} : { key: metadata.event_payload.key }),
    },
  };
}
