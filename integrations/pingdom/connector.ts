import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";

/** A time in which checks go on and nobody is alarmed. */
export interface MutedTime {
  readonly id: number;
  readonly description: string;
  /** Milliseconds since the epoch, to the second. */
  readonly from: number;
  readonly to: number;
  readonly checkIds: readonly number[];
}

export interface MonitorCheck {
  readonly id: number;
  readonly name: string;
  /** `up`, `down`, `unconfirmed_down`, `unknown` or `paused`. */
  readonly status: string;
}

/** Checks of a monitoring service, and the times in which it keeps quiet about them. */
export interface Monitors {
  /** @throws Fault `absent` when there is no such check. */
  check(id: number): Promise<MonitorCheck>;
  /** Muted times whose description contains this text, the latest beginning first. */
  mutedTimes(containing: string): Promise<readonly MutedTime[]>;
  /** @throws Fault `absent` */
  mutedTime(id: number): Promise<MutedTime>;
  /** Mutes checks from now on, without looking first. @param to milliseconds since the epoch. @returns the id. */
  mute(description: string, checkIds: readonly number[], to: number): Promise<number>;
  /** Ends a muted time that has begun, now. */
  endNow(id: number): Promise<void>;
}

export const PingdomSettings = z.strictObject({
  apiToken: z.string().min(1).describe("Name of the secret in the vault that holds an API token with read and write access"),
});
export type PingdomSettings = z.infer<typeof PingdomSettings>;

const VENDOR = "pingdom";
const ADDRESS = "https://api.pingdom.com/api/3.1";
const DEADLINE_MS = 20_000;
const PAGE_SIZE = 100;
const MOST_PAGES = 20;
/** The service's word for the instant at which the request arrives, where a time is asked for. */
const NOW = 1;

/** «All attributes of an answer are not always present», says the manual; without these it is no answer. */
const Maintenance = z.object({
  id: z.number().int(),
  description: z.string().default(""),
  from: z.number(),
  to: z.number(),
  checks: z.object({ uptime: z.array(z.number()).default([]) }).default({ uptime: [] }),
});
const Check = z.object({ check: z.object({ id: z.number().int(), name: z.string(), status: z.string().default("unknown") }) });
const Message = z.object({ message: z.string() });
const Refusal = z.object({ error: z.object({ statusdesc: z.string().default(""), errormessage: z.string().default("") }) });

/** Pingdom's API 3.1 as `Monitors`. */
export function connectPingdom({ apiToken }: PingdomSettings, { fetch, secrets }: Outside): Monitors {
  async function ask<T>(what: string, schema: z.ZodType<T>, path: string, method = "GET", body?: object): Promise<T> {
    const token = await secrets.read(apiToken);
    try {
      const response = await fetch(`${ADDRESS}/${path}`, {
        method,
        headers: { accept: "application/json", authorization: `Bearer ${token.reveal()}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: deadlineAfter(DEADLINE_MS),
      });
      const text = await response.text();
      if (response.status !== 200) throw refusal(what, response, text);
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      if (cause instanceof Fault || !(cause instanceof Error)) throw cause;
      const why =
        cause instanceof z.ZodError ? `the answer is not what was expected: ${z.prettifyError(cause)}` : cause.cause instanceof Error ? cause.cause.message : cause.message;
      throw new Fault("unavailable", `could not ${what}: ${why}`, { vendor: VENDOR, cause });
    }
  }

  return {
    async check(id) {
      const { check } = await ask(`look at check ${id}`, Check, `checks/${idOf(id)}`);
      return check;
    },

    async mutedTimes(containing) {
      const found: MutedTime[] = [];
      for (let page = 0; page < MOST_PAGES; page++) {
        const query = new URLSearchParams({ limit: String(PAGE_SIZE), offset: String(page * PAGE_SIZE), orderby: "from", order: "desc" });
        const { maintenance } = await ask("list the maintenance windows", z.object({ maintenance: z.array(Maintenance) }), `maintenance?${query.toString()}`);
        found.push(...maintenance.map(mutedTimeOf).filter(({ description }) => description.includes(containing)));
        if (maintenance.length < PAGE_SIZE) return found;
      }
      throw new Fault("rejected", `Pingdom has more than ${MOST_PAGES * PAGE_SIZE} maintenance windows, so ours cannot be told from them; remove old ones`, { vendor: VENDOR });
    },

    async mutedTime(id) {
      return mutedTimeOf((await ask(`look at maintenance window ${id}`, z.object({ maintenance: Maintenance }), `maintenance/${idOf(id)}`)).maintenance);
    },

    async mute(description, checkIds, to) {
      const body = { description, from: NOW, to: Math.floor(to / 1_000), recurrencetype: "none", uptimeids: checkIds.map(idOf) };
      return (await ask("begin a maintenance window", z.object({ maintenance: z.object({ id: z.number().int() }) }), "maintenance", "POST", body)).maintenance.id;
    },

    async endNow(id) {
      // A window that has begun cannot be deleted; its end is moved to now.
      await ask(`end maintenance window ${id}`, Message, `maintenance/${idOf(id)}`, "PUT", { to: NOW });
    },
  };
}

function mutedTimeOf({ id, description, from, to, checks }: z.infer<typeof Maintenance>): MutedTime {
  return { id, description, from: from * 1_000, to: to * 1_000, checkIds: [...checks.uptime].sort((a, b) => a - b) };
}

function idOf(id: number): number {
  if (!Number.isSafeInteger(id) || id <= 0) throw new Fault("invalid", `${String(id)} is no id of Pingdom's; expected a whole number`, { vendor: VENDOR });
  return id;
}

function refusal(what: string, { status, headers }: Response, text: string): Fault {
  return new Fault(kindOf(status), `could not ${what}: ${reasonIn(text)} (${status})`, { vendor: VENDOR, retryAfterMs: waitMs(headers) });
}

function kindOf(status: number): FaultKind {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "absent";
  if (status === 409) return "conflict";
  if (status === 429) return "throttled";
  // Anything else that is not an answer of this API may have come from something in between.
  return status >= 400 && status < 500 && status !== 408 ? "rejected" : "unavailable";
}

/**
 * Pingdom has no Retry-After of its own: two headers say in words what is left of a short and of a long limit, and until when, in seconds.
 * Whatever has run out must pass.
 */
function waitMs(headers: Headers): number | undefined {
  const said = retryAfterMs(headers);
  if (said !== undefined) return said;
  const waits = ["req-limit-short", "req-limit-long"].flatMap((name) => {
    const said = /^Remaining: (\d+) Time until reset: (\d+)$/.exec(headers.get(name) ?? "");
    return said?.[1] === "0" ? [Number(said[2]) * 1_000] : [];
  });
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function reasonIn(text: string): string {
  try {
    const { error } = Refusal.parse(JSON.parse(text));
    return `${error.statusdesc}: ${error.errormessage}`.slice(0, 500);
  } catch {
    return "no reason given";
  }
}
