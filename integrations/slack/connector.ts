import type { WebClient, WebClientOptions } from "@slack/web-api";
import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { adviceFor, kindOfRefusal } from "./refusals.ts";

/** What a message of ours carries unseen, by which it is found again. Anyone in the channel can read it: no secrets. */
export interface Mark {
  /** Derived, one per message and channel. */
  readonly key: string;
  readonly run: string;
  /** On a thread's first message: whether it announced the start, and whether it shows the end by now. */
  readonly announces?: "start";
  readonly ended?: boolean;
}

export interface ChatText {
  /** For notifications and screen readers; mrkdwn, already escaped. */
  readonly text: string;
  /** mrkdwn paragraphs, already escaped and within Slack's limits. */
  readonly paragraphs: readonly string[];
  readonly buttons?: readonly ChatButton[];
}

/** A button that asks before it counts. Plain words, not mrkdwn. */
export interface ChatButton {
  /** Unique within the message. */
  readonly id: string;
  readonly label: string;
  /** Comes back when it is pressed; anyone who reads the channel by the API sees it. At most 2,000 characters. */
  readonly value: string;
  readonly confirm: string;
  readonly style?: "primary" | "danger";
}

export interface ChatMessage {
  readonly channel: string;
  /** Slack's id of the message within its channel. */
  readonly ts: string;
  /** `ts` of the first message of the thread it stands in, if it is a reply. */
  readonly thread?: string;
  readonly mark: Mark;
}

export interface ChatChannel {
  readonly id: string;
  readonly name: string;
  readonly member: boolean;
  readonly archived: boolean;
}

/** Messages of ours in a team's chat. */
export interface Chat {
  /** Where to speak when no channel is named; its id. */
  readonly fallbackChannel: string | undefined;
  /** @throws Fault `absent` when there is no such channel, or a private one that we were not invited to. */
  channel(id: string): Promise<ChatChannel>;
  /**
   * Our own message of this key, posted within the last three days, or undefined when it was looked for and is not there.
   * @param thread looks among the replies to this message instead of in the channel.
   * @throws Fault `rejected` when there is more to read than may be read.
   */
  find(channel: string, key: string, thread?: string): Promise<ChatMessage | undefined>;
  /** Our own message at this place as Slack has it now; undefined when it is gone. */
  read(channel: string, ts: string, thread?: string): Promise<ChatMessage | undefined>;
  /** Posts, without looking first. @param where a reply may be shown in the channel too. */
  post(channel: string, message: ChatText, mark: Mark, where?: { readonly thread: string; readonly alsoInChannel: boolean }): Promise<ChatMessage>;
  /** Replaces text and mark of a message of ours. */
  update(message: ChatMessage, text: ChatText, mark: Mark): Promise<void>;
  /** Shows something to one user alone, who is in the channel; it is nowhere else and not kept. @param thread where they shall see it. */
  whisper(channel: string, user: string, text: ChatText, thread?: string): Promise<void>;
  /** Answers whoever gave a command, alone, at the address that Slack sent with it: good for five answers in half an hour. */
  respond(url: string, text: ChatText): Promise<void>;
  /** An address that opens the message in Slack. */
  link(message: Pick<ChatMessage, "channel" | "ts">): Promise<string>;
  /** Runs `work` alone for this channel in this process: between looking and posting nobody else posts. */
  inTurn<T>(channel: string, work: () => Promise<T>): Promise<T>;
}

export const SlackSettings = z.strictObject({
  botToken: z.string().min(1).describe("Name of the secret in the vault that holds the bot token (xoxb-…)"),
  fallbackChannel: z
    .string()
    .regex(/^[CG][A-Z0-9]{2,}$/)
    .optional()
    .describe("Slack channel id for messages to people that name no channel"),
  signingSecret: z
    .string()
    .min(1)
    .optional()
    .describe("Name of the secret in the vault that Slack signs its requests to us with; without it, buttons and the slash command do nothing"),
});
export type SlackSettings = z.infer<typeof SlackSettings>;

const EVENT_TYPE = "nightshift";
const DEADLINE_MS = 15_000;
/** Longer than any window with its prework, so that a thread opened on Saturday evening is found on Sunday. */
const LOOK_BACK_MS = 72 * 3_600_000;
const PAGE_SIZE = 200;
const MOST_PAGES = 50;

const Payload = z.object({ key: z.string(), run: z.string(), announces: z.literal("start").optional(), ended: z.boolean().optional() });
const Metadata = z.object({ event_type: z.literal(EVENT_TYPE), event_payload: Payload });

interface SlackMessage {
  ts?: string;
  thread_ts?: string;
  user?: string;
  bot_id?: string;
  metadata?: unknown;
}

/** Slack as `Chat`, on @slack/web-api: one call is one request, retries are the step's business. */
export function connectSlack(settings: SlackSettings, outside: Outside): Chat {
  const sdk = once(() => openSdk(settings, outside));
  const self = once(async () => {
    const answer = await call("auth.test", undefined, (slack) => slack.auth.test());
    return { user: answer.user_id, bot: answer.bot_id };
  });
  const turns = new Map<string, Promise<unknown>>();

  async function call<T>(method: string, channel: string | undefined, request: (slack: WebClient) => Promise<T>): Promise<T> {
    const { client, faultOf } = await sdk();
    try {
      return await request(client);
    } catch (cause) {
      throw faultOf(cause, channel === undefined ? method : `${method} in ${channel}`);
    }
  }

  async function ours(channel: string, message: SlackMessage): Promise<ChatMessage | undefined> {
    const metadata = Metadata.safeParse(message.metadata);
    if (!metadata.success || message.ts === undefined) return undefined;
    const { user, bot } = await self();
    // Any app may write metadata under our name; only our own messages count as ours.
    if (message.user !== user && (bot === undefined || message.bot_id !== bot)) return undefined;
    const { key, run, announces, ended } = metadata.data.event_payload;
    return {
      channel,
      ts: message.ts,
      ...(message.thread_ts === undefined || message.thread_ts === message.ts ? {} : { thread: message.thread_ts }),
      mark: { key, run, ...(announces === undefined ? {} : { announces }), ...(ended === undefined ? {} : { ended }) },
    };
  }

  async function listing(channel: string, thread: string | undefined, bounds: { oldest: string; latest?: string; limit: number; cursor?: string }) {
    const common = { channel, include_all_metadata: true, inclusive: true, ...bounds };
    const method = thread === undefined ? "conversations.history" : "conversations.replies";
    const answer = await call(method, channel, ({ conversations }) => (thread === undefined ? conversations.history(common) : conversations.replies({ ...common, ts: thread })));
    // No list is no answer: to read it as an empty one would post a second time.
    if (!Array.isArray(answer.messages)) throw new Fault("unavailable", `Slack: ${method} in ${channel} answered without messages`, { vendor: "slack" });
    return { messages: answer.messages as readonly SlackMessage[], cursor: answer.response_metadata?.next_cursor };
  }

  return {
    fallbackChannel: settings.fallbackChannel,

    async channel(id) {
      const { channel } = await call("conversations.info", id, (slack) => slack.conversations.info({ channel: id }));
      return { id, name: channel?.name ?? id, member: channel?.is_member === true, archived: channel?.is_archived === true };
    },

    async find(channel, key, thread) {
      const oldest = tsOf(outside.clock.now() - LOOK_BACK_MS);
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const answer = await listing(channel, thread, { oldest, limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) });
        for (const message of answer.messages) {
          const found = await ours(channel, message);
          if (found?.mark.key === key) return found;
        }
        // Slack's last page has an empty cursor.
        if (!answer.cursor) return undefined;
        cursor = answer.cursor;
      }
      throw new Fault(
        "rejected",
        `Slack: ${channel} has more than ${MOST_PAGES * PAGE_SIZE} messages of the last three days, so it is unknown whether ${key} was posted; look for it there, then skip or retry the step`,
        { vendor: "slack" },
      );
    },

    async read(channel, ts, thread) {
      // Slack begins each page of replies with the thread's first message, hence room for two.
      const { messages } = await listing(channel, thread, { oldest: ts, latest: ts, limit: 2 });
      const message = messages.find((one) => one.ts === ts);
      return message === undefined ? undefined : ours(channel, message);
    },

    async post(channel, { text, paragraphs, buttons }, mark, where) {
      const message = {
        channel,
        text,
        blocks: blocksOf(paragraphs, buttons),
        metadata: metadataOf(mark),
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
      };
      const answer = await call("chat.postMessage", channel, ({ chat }) => {
        if (where === undefined) return chat.postMessage(message);
        if (!where.alsoInChannel) return chat.postMessage({ ...message, thread_ts: where.thread });
        return chat.postMessage({ ...message, thread_ts: where.thread, reply_broadcast: true });
      });
      if (!answer.ts)
        throw new Fault("unavailable", `Slack: chat.postMessage in ${channel} answered without a ts; it is unknown whether ${mark.key} was posted`, { vendor: "slack" });
      return { channel, ts: answer.ts, ...(where === undefined ? {} : { thread: where.thread }), mark };
    },

    async update({ channel, ts }, { text, paragraphs, buttons }, mark) {
      // Slack drops metadata that an update leaves out; the mark goes along every time.
      await call("chat.update", channel, (slack) => slack.chat.update({ channel, ts, text, blocks: blocksOf(paragraphs, buttons), metadata: metadataOf(mark), link_names: false }));
    },

    async whisper(channel, user, { text, paragraphs }, thread) {
      const message = { channel, user, text, blocks: blocksOf(paragraphs), link_names: false };
      await call("chat.postEphemeral", channel, ({ chat }) => chat.postEphemeral(thread === undefined ? message : { ...message, thread_ts: thread }));
    },

    async respond(url, { text, paragraphs }) {
      if (!url.startsWith("https://hooks.slack.com/")) throw new Fault("invalid", "a late answer goes to https://hooks.slack.com/ only", { vendor: "slack" });
      // The address is a capability: no token goes along, and it is said in no fault.
      const body = JSON.stringify({ response_type: "ephemeral", replace_original: false, text, blocks: blocksOf(paragraphs) });
      const answer = await outside
        .fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body, redirect: "error", signal: deadlineAfter(DEADLINE_MS) })
        .catch((cause: unknown) => {
          throw new Fault("unavailable", "Slack: a late answer: no answer", { vendor: "slack", cause });
        });
      if (!answer.ok) throw new Fault(answer.status < 500 ? "rejected" : "unavailable", `Slack: a late answer: HTTP ${answer.status}`, { vendor: "slack" });
    },

    async link({ channel, ts }) {
      const { permalink } = await call("chat.getPermalink", channel, (slack) => slack.chat.getPermalink({ channel, message_ts: ts }));
      return permalink ?? `${channel} at ${ts}`;
    },

    inTurn(channel, work) {
      const turn = (turns.get(channel) ?? Promise.resolve()).then(work, work);
      turns.set(channel, turn);
      const forget = () => void (turns.get(channel) === turn && turns.delete(channel));
      turn.then(forget, forget);
      return turn;
    },
  };
}

/** Slack's ids of messages are instants: seconds, a dot, six digits. */
function tsOf(instantMs: number): string {
  return `${Math.floor(instantMs / 1_000)}.000000`;
}

function blocksOf(paragraphs: readonly string[], buttons: readonly ChatButton[] = []) {
  // `verbatim` keeps Slack from turning names in users' text into mentions.
  const sections = paragraphs.map((text) => ({ type: "section" as const, text: { type: "mrkdwn" as const, text, verbatim: true } }));
  return buttons.length === 0 ? sections : [...sections, { type: "actions" as const, block_id: "nightshift", elements: buttons.map(buttonOf) }];
}

function buttonOf({ id, label, value, confirm, style }: ChatButton) {
  const plain = (text: string) => ({ type: "plain_text" as const, text });
  return {
    type: "button" as const,
    action_id: id,
    text: plain(label),
    value,
    confirm: { title: plain("Are you sure?"), text: plain(confirm.slice(0, 300)), confirm: plain(label.slice(0, 30)), deny: plain("No") },
    ...(style === undefined ? {} : { style }),
  };
}

function metadataOf({ key, run, announces, ended }: Mark) {
  return {
    event_type: EVENT_TYPE,
    event_payload: { key, run, ...(announces === undefined ? {} : { announces }), ...(ended === undefined ? {} : { ended }) },
  };
}

/** The answer of the first call that succeeded, for all later ones. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((failed: unknown) => {
      made = undefined;
      throw failed;
    });
    return made;
  };
}

async function openSdk(settings: SlackSettings, outside: Outside) {
  // The SDK is CommonJS: what Node shows of it by name is not there once it is bundled for Azure.
  const { default: sdk } = await import("@slack/web-api");
  const { WebClient, WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } = sdk;

  // The SDK would keep the token, or send it in the form as well; so it is given none, and each request gets it here.
  const fetch: NonNullable<WebClientOptions["fetch"]> = async (url, { signal, ...init } = {}) => {
    const token = await outside.secrets.read(settings.botToken);
    const response = await outside.fetch(url, {
      ...init,
      headers: { ...init.headers, Authorization: `Bearer ${token.reveal()}` },
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 429 && !/^\d+$/.test(response.headers.get("retry-after") ?? "")) {
      throw new Fault("throttled", "Slack: too many requests, and no word on how long to wait", { vendor: "slack" });
    }
    return response;
  };
  const client = new WebClient(undefined, {
    fetch,
    timeout: DEADLINE_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silent(),
  });

  /** The one place where Slack's errors become ours. */
  const faultOf = (cause: unknown, what: string): Fault => {
    const details = { vendor: "slack", cause };
    if (cause instanceof Fault) return cause;
    if (cause instanceof WebAPIRateLimitedError) {
      return new Fault("throttled", `Slack: ${what}: too many requests; wait ${cause.retryAfter} s`, { ...details, retryAfterMs: cause.retryAfter * 1_000 });
    }
    if (cause instanceof WebAPIPlatformError) {
      const word: unknown = cause.data.error;
      // A proxy's page comes back as the «word» of a platform error, and JSON of another kind without any word.
      if (typeof word !== "string" || !/^[a-z0-9_]+$/.test(word)) return new Fault("unavailable", `Slack: ${what}: the answer is not Slack's`, details);
      return new Fault(kindOfRefusal(word), `Slack: ${what}: ${word}${adviceFor(word, cause.data)}`, details);
    }
    if (cause instanceof WebAPIRequestError) {
      if (cause.original instanceof Fault) return cause.original;
      return new Fault("unavailable", `Slack: ${what}: no answer (${cause.original.message})`, details);
    }
    if (cause instanceof WebAPIHTTPError && cause.statusCode < 500) {
      return new Fault([401, 403].includes(cause.statusCode) ? "denied" : "rejected", `Slack: ${what}: HTTP ${cause.statusCode}`, details);
    }
    const why = cause instanceof WebAPIHTTPError ? `HTTP ${cause.statusCode}` : cause instanceof Error ? cause.message : String(cause);
    return new Fault("unavailable", `Slack: ${what}: ${why}`, details);
  };

  return { client, faultOf };
}

/** Without a logger of ours the SDK writes to the console. What matters comes back as an error. */
function silent(): NonNullable<WebClientOptions["logger"]> {
  const nothing = () => undefined;
  return { debug: nothing, info: nothing, warn: nothing, error: nothing, setLevel: nothing, setName: nothing, getLevel: () => "error" as never };
}
