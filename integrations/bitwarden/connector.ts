import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import { jsonOrNothing } from "../../shared/ports/json-or-nothing.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";
import { Secret } from "../../shared/ports/secrets.ts";

/** An entry of the password manager, by what may be told of it. */
export interface PasswordEntry {
  readonly id: string;
  readonly name: string;
  /** UTC ISO: when it was last changed. */
  readonly changedAt: string;
}

/** Where people keep passwords. Read only. */
export interface Passwords {
  /**
   * The one entry of exactly this name, as the server has it by now.
   * @throws Fault `absent` when there is none, `conflict` when there are several, `denied` while it is locked.
   */
  find(name: string): Promise<PasswordEntry>;
  /** The entry's value. It prints as `«secret:NAME»`. @throws Fault `denied` when the account may not see it. */
  read(entry: PasswordEntry, field: "password" | "username"): Promise<Secret>;
}

export const BitwardenSettings = z.strictObject({
  url: z
    .string()
    .regex(/^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/, "an address on this machine, as whoever reaches it can read every password")
    .default("http://127.0.0.1:8087")
    .describe("Address of `bw serve` on this machine, without a slash at its end"),
});
export type BitwardenSettings = z.infer<typeof BitwardenSettings>;

const VENDOR = "bitwarden";
const DEADLINE_MS = 30_000;
const LOGIN = 1;

const Status = z.object({ data: z.object({ template: z.object({ status: z.enum(["locked", "unlocked", "unauthenticated"]) }) }) });
const Done = z.object({ success: z.literal(true) });
/** Without a field that holds a value: what is found is told, what is read is not. */
const Item = z.object({ id: z.guid(), name: z.string(), revisionDate: z.string(), deletedDate: z.string().nullish() });
const Items = z.object({ data: z.object({ data: z.array(Item) }) });
const Login = z.object({ data: z.object({ id: z.guid(), type: z.int(), login: z.object({ password: z.string().nullish(), username: z.string().nullish() }).nullish() }) });
const Refusal = z.object({ message: z.string() });

/**
 * Bitwarden's own command line tool as a server on this machine, as `Passwords`.
 *
 * Every answer may hold passwords. So no part of an answer gets into a message, not even of one that cannot be read: what
 * is said of a refusal comes from a list of the refusals that are known.
 */
export function connectBitwarden({ url }: BitwardenSettings, { fetch }: Outside): Passwords {
  async function ask<T>(what: string, schema: z.ZodType<T>, path: string, method = "GET"): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}/${path}`, { method, headers: { accept: "application/json" }, redirect: "error", signal: deadlineAfter(DEADLINE_MS) });
      text = await response.text();
    } catch (cause) {
      if (cause instanceof Fault || !(cause instanceof Error)) throw cause;
      const why = cause.cause instanceof Error ? cause.cause.message : cause.message;
      throw new Fault("unavailable", `could not ${what}: Bitwarden at ${url} does not answer (${why}); is \`bw serve\` running there?`, { vendor: VENDOR });
    }
    if (response.status !== 200) throw refusal(what, response, text);
    const parsed = schema.safeParse(jsonOrNothing(text));
    if (!parsed.success) throw new Fault("unavailable", `could not ${what}: the answer of Bitwarden is not what was expected`, { vendor: VENDOR });
    return parsed.data;
  }

  return {
    async find(name) {
      const { status } = (await ask("ask whether Bitwarden is unlocked", Status, "status")).data.template;
      if (status !== "unlocked")
        throw new Fault("denied", `Bitwarden is ${status === "locked" ? "locked; unlock it" : "not logged in; log it in"} where \`bw serve\` runs, at ${url}`, { vendor: VENDOR });
      // What it holds may be as old as the last time that somebody synced it.
      await ask("sync Bitwarden", Done, "sync", "POST");
      const { data } = await ask(`look for «${name}» in Bitwarden`, Items, `list/object/items?search=${encodeURIComponent(name)}`);
      // It looks in user names and addresses as well, and for parts.
      const found = data.data.filter((item) => item.name === name && !item.deletedDate);
      const [only] = found;
      if (only === undefined) throw new Fault("absent", `Bitwarden has no item «${name}» that its account may see`, { vendor: VENDOR });
      if (found.length > 1)
        throw new Fault(
          "conflict",
          `Bitwarden has ${found.length} items «${name}» (${found.map(({ id }) => id).join(", ")}); expected one: rename the others, or hide them from the account`,
          { vendor: VENDOR },
        );
      return { id: only.id, name: only.name, changedAt: only.revisionDate };
    },

    async read({ id, name }, field) {
      if (!z.guid().safeParse(id).success) throw new Fault("invalid", `${JSON.stringify(id)} is no id of an item in Bitwarden`, { vendor: VENDOR });
      const { data } = await ask(`read «${name}» in Bitwarden`, Login, `object/item/${id}`);
      if (data.type !== LOGIN) throw new Fault("rejected", `«${name}» in Bitwarden is no login; expected one, with a ${field}`, { vendor: VENDOR });
      const value = data.login?.[field] ?? "";
      if (value === "") throw new Fault("denied", `«${name}» in Bitwarden shows no ${field}: it has none, or the account «can view, except passwords»`, { vendor: VENDOR });
      return new Secret(name, value);
    },
  };
}

/** Every refusal of the tool is a 400; what it means stands in its message. */
const REFUSALS: readonly { readonly says: RegExp; readonly kind: FaultKind; readonly words: string }[] = [
  { says: /locked/i, kind: "denied", words: "it is locked; unlock it where `bw serve` runs" },
  { says: /not logged in/i, kind: "denied", words: "it is not logged in; log it in where `bw serve` runs" },
  { says: /not found/i, kind: "absent", words: "there is no such item" },
  { says: /more than one/i, kind: "conflict", words: "there are several" },
  { says: /not a login/i, kind: "rejected", words: "it is no login" },
];

function refusal(what: string, { status, headers }: Response, text: string): Fault {
  const said = Refusal.safeParse(jsonOrNothing(text)).data?.message ?? "";
  const known = status === 400 ? REFUSALS.find(({ says }) => says.test(said)) : undefined;
  return new Fault(known?.kind ?? kindOf(status), `could not ${what}: ${known?.words ?? "Bitwarden refused"} (${status})`, {
    vendor: VENDOR,
    retryAfterMs: retryAfterMs(headers),
  });
}

function kindOf(status: number): FaultKind {
  // 403: it takes requests for its own address only, and none from a browser.
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "absent";
  if (status === 429) return "throttled";
  return status >= 400 && status < 500 && status !== 408 ? "rejected" : "unavailable";
}
