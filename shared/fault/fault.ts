/**
 * Why something could not be done. `retry` says whether waiting may help, `owner` who can help, and
 * `effect` whether a call that ended this way may have had its effect all the same: an `unknown` one is
 * resolved by looking before it is tried again.
 */
export const FAULT_KINDS = {
  invalid: { retry: false, owner: "plan", effect: "none" },
  absent: { retry: false, owner: "plan", effect: "none" },
  conflict: { retry: false, owner: "operator", effect: "none" },
  denied: { retry: false, owner: "access", effect: "none" },
  throttled: { retry: true, owner: "vendor", effect: "none" },
  unavailable: { retry: true, owner: "vendor", effect: "unknown" },
  /** The work ran and ended badly; trying again from the start will not help. */
  rejected: { retry: false, owner: "operator", effect: "none" },
  /** The work ran and ended badly in a way that a fresh try, under a new key, may cure. */
  failed: { retry: true, owner: "vendor", effect: "none" },
  overdue: { retry: false, owner: "operator", effect: "unknown" },
  defect: { retry: false, owner: "us", effect: "unknown" },
} as const satisfies Record<string, { retry: boolean; owner: string; effect: "none" | "unknown" }>;

export type FaultKind = keyof typeof FAULT_KINDS;

/** A fault as it crosses a wire: plain JSON, no stack, no cause. */
export interface FaultRecord {
  readonly kind: FaultKind;
  readonly message: string;
  /** Folder name of the integration whose vendor answered, e.g. `azure-devops`. */
  readonly vendor?: string | undefined;
  /** Milliseconds the vendor asked us to wait. */
  readonly retryAfterMs?: number | undefined;
}

export interface FaultDetails {
  readonly vendor?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The one error this house throws. Messages say what, which, and what was expected:
 * `www.example.com points at X; expected Y`. They never hold a secret's value.
 */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly kind: FaultKind;
  readonly vendor: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: FaultKind, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.vendor = details.vendor;
    this.retryAfterMs = details.retryAfterMs;
  }

  toJSON(): FaultRecord {
    return {
      kind: this.kind,
      message: this.message,
      ...(this.vendor === undefined ? {} : { vendor: this.vendor }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    };
  }
}

/** What crosses a wire (activity, storage, HTTP): a value or a fault, as JSON. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FaultRecord };

/** Longest message that crosses a wire; nested vendor errors otherwise double at every level. */
const LONGEST_MESSAGE = 2_000;

/**
 * Runs `work` and turns whatever happens into an `Outcome`. The only converter in the house; anything
 * thrown that is not a `Fault` is a `defect`, that is, ours.
 */
export async function outcomeOf<T>(work: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, fault: faultRecordOf(thrown) };
  }
}

/** The record of anything thrown; see `outcomeOf`. */
export function faultRecordOf(thrown: unknown): FaultRecord {
  const record: FaultRecord =
    thrown instanceof Fault ? thrown.toJSON() : { kind: "defect", message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `thrown: ${String(thrown)}` };
  return record.message.length <= LONGEST_MESSAGE ? record : { ...record, message: `${record.message.slice(0, LONGEST_MESSAGE)} …` };
}

/** The fault of a record, to throw it again on this side of a wire. */
export function faultOf(record: FaultRecord): Fault {
  return new Fault(record.kind, record.message, {
    vendor: record.vendor,
    retryAfterMs: record.retryAfterMs,
  });
}
