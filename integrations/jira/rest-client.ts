import type { Client, SendRequestOptions } from "jira.js/core";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import { jsonOrNothing } from "../../shared/ports/json-or-nothing.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";
import type { JiraSettings } from "./connector.ts";

const DEADLINE_MS = 20_000;
const LONGEST_REASON = 500;

/**
 * The transport beneath jira.js: its functions hand every request to a `Client`, whose own implementation calls the
 * global `fetch` without a deadline. This one goes through `outside.fetch`, with a deadline, and answers with faults.
 *
 * @throws Fault by Jira's status; `unavailable` as well for an answer that is not JSON where JSON was due.
 */
export function restClient({ site, email, apiToken }: JiraSettings, outside: Outside): Client {
  return {
    async sendRequest<T>({ url: path, method = "GET", searchParams = {}, body, headers, schema }: SendRequestOptions<T>): Promise<T> {
      const url = new URL(path, site);
      // jira.js puts its parameters into the path as they are; one that leads elsewhere must not be sent.
      if (url.pathname !== path || url.origin !== new URL(site).origin) throw new Fault("invalid", `Jira: ${JSON.stringify(path)} is no path of its API`, { vendor: "jira" });
      for (const [name, value] of Object.entries(searchParams)) {
        for (const one of Array.isArray(value) ? (value as unknown[]) : [value])
          if (typeof one === "string" || typeof one === "number" || typeof one === "boolean") url.searchParams.append(name, String(one));
      }
      const what = `${method} ${path}`;
      const token = await outside.secrets.read(apiToken);
      const { status, answer, waitMs, isJson } = await answerOf(what, async () => {
        const response = await outside.fetch(url, {
          method,
          headers: {
            Accept: "application/json",
            Authorization: `Basic ${Buffer.from(`${email}:${token.reveal()}`).toString("base64")}`,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: deadlineAfter(DEADLINE_MS),
        });
        return {
          status: response.status,
          answer: await response.text(),
          waitMs: retryAfterMs(response.headers, outside.clock.now()),
          isJson: (response.headers.get("content-type") ?? "").includes("json"),
        };
      });
      if (status >= 300) throw faultOf(status, what, isJson ? reasonOf(answer) : "", waitMs);
      if (status === 204 || (schema === undefined && answer === "")) return undefined as T;
      const parsed = isJson ? jsonOrNothing(answer) : undefined;
      if (parsed === undefined) throw new Fault("unavailable", `Jira: ${what}: the answer is not Jira's`, { vendor: "jira" });
      // As jira.js does by default: what does not fit its schema is handed on; the connector checks what it needs.
      const fitting = schema?.safeParse(parsed);
      return (fitting?.success ? fitting.data : parsed) as T;
    },
  };
}

async function answerOf<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault("unavailable", `Jira: ${what}: no answer (${cause instanceof Error ? cause.message : String(cause)})`, { vendor: "jira", cause });
  }
}

/** The one place where Jira's statuses become ours. */
function faultOf(status: number, what: string, reason: string, waitMs: number | undefined): Fault {
  const [kind, words] = KIND_OF_STATUS[status] ?? [status >= 500 ? "unavailable" : "rejected", `HTTP ${status}`];
  return new Fault(kind, `Jira: ${what}: ${words}${reason === "" ? "" : `: ${reason}`}`, { vendor: "jira", retryAfterMs: waitMs });
}

const KIND_OF_STATUS: Readonly<Record<number, readonly [FaultKind, string]>> = {
  401: ["denied", "e-mail or API token refused"],
  403: ["denied", "not allowed"],
  // Jira answers so for what the account may not see, too.
  404: ["absent", "not there, or not visible to Nightshift's account"],
  409: ["conflict", "somebody else changed it at the same moment"],
  429: ["throttled", "too many requests"],
};

/** Jira's own words: `errorMessages` and `errors`. */
function reasonOf(answer: string): string {
  const parsed = jsonOrNothing(answer);
  if (typeof parsed !== "object" || parsed === null) return "";
  const { errorMessages, errors } = parsed as { errorMessages?: unknown; errors?: unknown };
  const words = [
    ...(Array.isArray(errorMessages) ? errorMessages : []),
    ...(typeof errors === "object" && errors !== null && !Array.isArray(errors) ? Object.entries(errors).map(([field, why]) => `${field}: ${String(why)}`) : []),
  ];
  return words
    .filter((word) => typeof word === "string")
    .join("; ")
    .slice(0, LONGEST_REASON);
}
