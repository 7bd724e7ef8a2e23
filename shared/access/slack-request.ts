import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { jsonOrNothing } from "../ports/json-or-nothing.ts";
import type { NoticeAction } from "../ports/people.ts";
import type { AbortMode } from "../run/facts.ts";
import { Refusal } from "./refusal.ts";

export const SIGNATURE_HEADER = "x-slack-signature";
export const TIMESTAMP_HEADER = "x-slack-request-timestamp";

/** How far Slack's clock and ours may be apart, in either direction: a request that was recorded is of no use later. */
const FRESH_MS = 300_000;

/**
 * Makes sure that Slack sent these bytes, now: `v0=` and HMAC-SHA256 over `v0:TIMESTAMP:BODY`, compared in constant time.
 *
 * @throws Refusal 401; what exactly did not fit is nobody's business.
 * @see Slack, «Verifying requests from Slack».
 */
export function checkSlackSignature(headers: { get(name: string): string | null }, body: Uint8Array, secret: string, now: number): void {
  const timestamp = headers.get(TIMESTAMP_HEADER) ?? "";
  const shown = Buffer.from(headers.get(SIGNATURE_HEADER) ?? "");
  const expected = Buffer.from(`v0=${createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest("hex")}`);
  const isFresh = /^\d{10}$/.test(timestamp) && Math.abs(Number(timestamp) * 1_000 - now) <= FRESH_MS;
  const isSame = shown.length === expected.length && timingSafeEqual(shown, expected);
  if (secret === "" || !isFresh || !isSame) throw new Refusal(401, "this is not signed by Slack, or not now");
}

/** Whatever a message of ours offers can be pressed. */
const PRESSABLE = { approve: 0, skip: 0, retry: 0, done: 0, abort: 0, acknowledge: 0, lift: 0 } as const satisfies Record<NoticeAction["decision"], 0>;

/** What a button of ours sends back; keep in step with `NoticeAction`. */
const Pressed = z.strictObject({
  decision: z.enum(Object.keys(PRESSABLE) as [NoticeAction["decision"]]),
  run: z.string().min(1).max(100),
  about: z.string().min(1).max(300),
  step: z.string().max(300).optional(),
  target: z.string().max(300).optional(),
  preview: z.string().max(64).optional(),
});
const BlockActions = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string().max(50) }),
  channel: z.object({ id: z.string().max(50) }).optional(),
  message: z.object({ ts: z.string().max(50), thread_ts: z.string().max(50).optional(), text: z.string().default("") }).optional(),
  actions: z.array(z.object({ value: z.string().max(2_000).optional() })).min(1),
});

export interface Press {
  readonly user: string;
  readonly pressed: z.infer<typeof Pressed>;
  /** The message that the button stands in. */
  readonly message?: { readonly channel: string; readonly ts: string; readonly thread?: string; readonly text: string };
}

/** A button that was pressed; undefined for what else Slack may send to the same address. @throws Refusal 400 for what is none of Slack's. */
export function pressOf(form: URLSearchParams): Press | undefined {
  const payload = jsonOrNothing(form.get("payload") ?? "");
  if (typeof payload !== "object" || payload === null) throw new Refusal(400, "payload: expected an object as JSON");
  if ((payload as { type?: unknown }).type !== "block_actions") return undefined;
  const parsed = BlockActions.safeParse(payload);
  if (!parsed.success) throw new Refusal(400, `payload: expected a button that was pressed: ${parsed.error.issues[0]?.path.join(".") ?? ""}`);
  const { user, channel, message, actions } = parsed.data;
  const pressed = Pressed.safeParse(jsonOrNothing(actions[0]?.value ?? ""));
  if (!pressed.success) throw new Refusal(400, "payload.actions: the button is none of ours");
  return {
    user: user.id,
    pressed: pressed.data,
    ...(message === undefined || channel === undefined
      ? {}
      : { message: { channel: channel.id, ts: message.ts, text: message.text, ...(message.thread_ts === undefined ? {} : { thread: message.thread_ts }) } }),
  };
}

export type SlashCommand =
  | { readonly does: "status" | "open"; readonly run?: string }
  | { readonly does: "abort"; readonly mode: AbortMode; readonly run?: string }
  /** `mistake`: what was not understood; none where help was asked for. */
  | { readonly does: "help"; readonly mistake?: string };

export interface Said {
  readonly user: string;
  /** A name for this one time that it was said. */
  readonly once: string;
  readonly command: SlashCommand;
  /** Where a late answer goes: to who said it, within half an hour. */
  readonly answerTo?: string;
}

/** `/nightshift status [RUN] | open [RUN] | abort [MODE] [RUN]`. @throws Refusal 400 for what is none of Slack's. */
export function slashOf(form: URLSearchParams): Said {
  const user = form.get("user_id") ?? "";
  if (user === "" || user.length > 50) throw new Refusal(400, "user_id: expected a Slack user id");
  const answerTo = form.get("response_url") ?? "";
  return {
    user,
    once: (form.get("trigger_id") ?? "").slice(0, 100),
    command: commandOf((form.get("text") ?? "").slice(0, 300)),
    ...(answerTo.startsWith(ANSWERS_AT) && URL.canParse(answerTo) && answerTo.length < 500 ? { answerTo } : {}),
  };
}

/** Slack takes late answers here and nowhere else. */
const ANSWERS_AT = "https://hooks.slack.com/";

/** Keep in step with `ABORT_MODES`, which the door does not import. */
const MODES = ["freeze", "finish", "close"] as const satisfies readonly AbortMode[];

function commandOf(text: string): SlashCommand {
  const [word = "", ...rest] = text.trim().split(/\s+/);
  const does = word.toLowerCase();
  if (does === "" || does === "help") return { does: "help" };
  if (does !== "status" && does !== "open" && does !== "abort") return { does: "help", mistake: `there is no «${word}»` };
  const modes = rest.filter((part) => isMode(part.toLowerCase())).map((part) => part.toLowerCase() as AbortMode);
  const [run, ...more] = rest.filter((part) => !isMode(part.toLowerCase()));
  if (more.length > 0) return { does: "help", mistake: `«${more[0] ?? ""}» is one word too many: nothing was done` };
  const named = run === undefined ? {} : { run };
  if (does !== "abort") return modes.length > 0 ? { does: "help", mistake: `${does} has no mode «${modes[0] ?? ""}»` } : { does, ...named };
  if (modes.length > 1) return { does: "help", mistake: `an abort has one mode, not ${modes.join(" and ")}: nothing was done` };
  return { does, mode: modes[0] ?? "close", ...named };
}

function isMode(text: string): boolean {
  return MODES.some((mode) => mode === text);
}

/** The form that Slack sent. @throws Refusal 400 for a field that is there twice: which of the two would count is anybody's guess. */
export function formOf(body: Uint8Array): URLSearchParams {
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const names = [...form.keys()];
  if (new Set(names).size < names.length) throw new Refusal(400, "a field is there twice");
  return form;
}
