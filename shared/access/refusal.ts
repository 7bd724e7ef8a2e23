import { Fault, type FaultKind } from "../fault/fault.ts";

/** Statuses with which the door itself refuses, and the fault that each is. */
const KINDS = { 400: "invalid", 401: "denied", 403: "denied", 404: "absent", 413: "invalid", 415: "invalid", 429: "throttled" } as const satisfies Record<number, FaultKind>;
export type RefusalStatus = keyof typeof KINDS;

/** Someone was turned away at the door. Unlike other faults it is also a fact: see refusals.ts. */
export class Refusal extends Fault {
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, why: string, retryAfterMs?: number) {
    super(KINDS[status], why, retryAfterMs === undefined ? {} : { retryAfterMs });
    this.status = status;
  }
}
