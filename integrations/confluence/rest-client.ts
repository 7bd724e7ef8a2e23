import type { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import { jsonOrNothing } from "../../shared/ports/json-or-nothing.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";
import type { ConfluenceSettings } from "./connector.ts";

const DEADLINE_MS = 20_000;
const LONGEST_REASON = 500;
const VENDOR = "confluence";

export interface RestRequest<Answer> {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** From the site's root; every part that is not ours is an id of digits. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: FormData;
  /** The answer, as far as we rely on it; none: it has no body. */
  readonly answer?: z.ZodType<Answer>;
}

export type RestClient = <Answer = void>(request: RestRequest<Answer>) => Promise<Answer>;

/** 403: the account is known, and may not do this. Apart from 401, since there may be another way. */
export class Forbidden extends Fault {}

/**
 * One request to Confluence, with a deadline and without retries.
 *
 * @throws Fault by Confluence's status; `unavailable` as well for an answer that is not Confluence's.
 */
export function restClient({ site, email, apiToken }: ConfluenceSettings, { fetch, secrets, clock }: Outside): RestClient {
  return async ({ method = "GET", path, query = {}, json, form, answer }) => {
    const url = new URL(path, site);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const what = `${method} ${url.pathname}`;
    const token = await secrets.read(apiToken);
    const { status, text, waitMs, isJson } = await answered(what, async () => {
      const response = await fetch(url, {
        method,
        headers: {
          Accept: "application/json",
          Authorization: `Basic ${Buffer.from(`${email}:${token.reveal()}`).toString("base64")}`,
          ...(json === undefined ? {} : { "Content-Type": "application/json" }),
          // Without it the service takes an upload for a forged one.
          ...(form === undefined ? {} : { "X-Atlassian-Token": "nocheck" }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(form === undefined ? {} : { body: form }),
        redirect: "manual",
        signal: deadlineAfter(DEADLINE_MS),
      });
      return {
        status: response.status,
        text: await response.text(),
        waitMs: retryAfterMs(response.headers, clock.now()),
        isJson: (response.headers.get("content-type") ?? "").includes("json"),
      };
    });
    if (status >= 300) throw faultOf(status, what, isJson ? reasonOf(text) : "", waitMs);
    if (answer === undefined) return undefined as never;
    const parsed = answer.safeParse(isJson ? jsonOrNothing(text) : undefined);
    if (!parsed.success) throw new Fault("unavailable", `Confluence: ${what}: the answer is not Confluence's`, { vendor: VENDOR });
    return parsed.data;
  };
}

async function answered<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault("unavailable", `Confluence: ${what}: no answer (${cause instanceof Error ? cause.message : String(cause)})`, { vendor: VENDOR, cause });
  }
}

/** The one place where Confluence's statuses become ours. */
function faultOf(status: number, what: string, reason: string, retryAfterMs: number | undefined): Fault {
  const [kind, words] = KIND_OF_STATUS[status] ?? [status >= 500 || status < 400 ? "unavailable" : "rejected", `HTTP ${status}`];
  const message = `Confluence: ${what}: ${words}${reason === "" ? "" : `: ${reason}`}`;
  return status === 403 ? new Forbidden(kind, message, { vendor: VENDOR }) : new Fault(kind, message, { vendor: VENDOR, retryAfterMs });
}

const KIND_OF_STATUS: Readonly<Record<number, readonly [FaultKind, string]>> = {
  401: ["denied", "e-mail or API token refused"],
  403: ["denied", "not allowed"],
  // Confluence answers so for what the account may not see, too.
  404: ["absent", "not there, or not visible to Nightshift's account"],
  409: ["conflict", "somebody else saved it at the same moment"],
  429: ["throttled", "too many requests"],
};

/** Confluence's own words: `errors` in its newer API, `message` in the older one. */
function reasonOf(text: string): string {
  const { errors, message } = (jsonOrNothing(text) ?? {}) as { errors?: unknown; message?: unknown };
  const titles = Array.isArray(errors) ? errors.flatMap((each: { title?: unknown; detail?: unknown } | null) => [each?.title, each?.detail]) : [message];
  return titles
    .filter((word) => typeof word === "string")
    .join("; ")
    .slice(0, LONGEST_REASON);
}
