import { createHash } from "node:crypto";
import type { Opening } from "../action/action.ts";
import type { Policy } from "../action/policy.ts";
import type { Carried } from "./schema.ts";

/** Grows when the shape below changes in a way that an older reader would misread. */
export const COMPILED_FORMAT = 1;

/** A window as a frozen DAG: every name, instant, limit and policy resolved. Plain JSON. Instants are UTC ISO strings. */
export interface CompiledPlan {
  readonly format: typeof COMPILED_FORMAT;
  readonly window: CompiledWindow;
  readonly phases: readonly CompiledPhase[];
  readonly changes: readonly CompiledChange[];
  /** In an order in which every step comes after what it needs; equal plans give equal orders. */
  readonly steps: readonly CompiledStep[];
  /** sha-256 of all the rest in canonical JSON, 64 hex digits. */
  readonly digest: string;
}

export interface CompiledWindow {
  /** Also the run's id: one run per window. Letters, digits, `-`. */
  readonly id: string;
  readonly title: string;
  /** The Sunday, `2024-12-08`. */
  readonly date: string;
  /** IANA zone. */
  readonly zone: string;
  /** Start of the earliest step: when the run is started. */
  readonly opensAt: string;
  /** No step begins after it, closing and undo excepted. */
  readonly cutoff: string;
  /** Channels that hear of the window when something needs people. */
  readonly channels: readonly Named<{ readonly id: string }>[];
  /** Who is told when something is wrong, first to last. */
  readonly owners: readonly CompiledPerson[];
  readonly page?: { readonly title: string; readonly url?: string; readonly id?: string; readonly version?: number };
}

export type Named<T> = T & { readonly name: string };
export type CompiledPerson = Named<{ readonly slackId: string; readonly email: string; readonly title?: string }>;

export interface CompiledPhase {
  readonly id: string;
  readonly title: string;
  /** Nothing of this phase begins before everything of the phases before it has ended. */
  readonly barrier: boolean;
}

export interface CompiledChange {
  readonly id: string;
  readonly title: string;
  readonly keys: readonly string[];
  readonly phase: string;
  readonly leaves: Leaves;
  readonly owners: readonly CompiledPerson[];
  readonly notes: readonly string[];
  /** It is left over from earlier windows. */
  readonly carried?: Carried;
  /** `servedBy`: a deployment that another step does for this change too («done above»); `title`: what the plan calls it here. */
  readonly steps: readonly { readonly id: string; readonly servedBy?: string; readonly title?: string }[];
}

/** How the platform stands when a step has begun and not ended well. */
export type Leaves = "untouched" | "degraded" | "unsafe";

export interface CompiledStep {
  readonly id: string;
  readonly change: string;
  readonly phase: string;
  readonly verb: string;
  readonly title: string;
  /** Not before this instant. */
  readonly at?: string;
  /** How late it may begin, counted from `at`; none: until the cutoff. */
  readonly graceMs?: number;
  readonly needs: readonly Need[];
  readonly targets: readonly CompiledTarget[];
  readonly rolling?: Rolling;
  readonly policy: Policy;
  readonly onFailure: "stop" | "continue" | "ask";
  readonly leaves: Leaves;
  readonly irreversible: boolean;
  /** Must be answered before each begin: who may, and until when they have to. */
  readonly approval?: { readonly by: readonly CompiledPerson[] };
  /** Runs whatever became of what it needs, after an abort and after the cutoff too: closing and telling. */
  readonly always: boolean;
  /** Begins only by evidence: nothing that was begun is left unsafe, and these steps ended well; or by a person's word. */
  readonly lift?: { readonly tests: readonly string[] };
  readonly when?: Condition;
  readonly owners: readonly CompiledPerson[];
  readonly notes: readonly string[];
  /** How long it usually takes, for timelines. */
  readonly expectedMs: number;
  /** The plan or the inventory says so, and says no pace of its own (`poll`): until its end is near, its work is looked at seldom. */
  readonly isDurationKnown?: true;
  /** Line in the plan file, 1-based, for messages. */
  readonly line: number;
  /** Made by the compiler and not by the author: from the plan's tickets policy. Reports count it apart. */
  readonly derived?: "tickets";
}

/** `success`: every target (or the same target) ended well; `end`: it has ended, however. */
export interface Need {
  readonly step: string;
  readonly per: "step" | "target";
  readonly as: "success" | "end";
}

/** Decided when the step is about to begin, from facts alone. */
export type Condition = { readonly opened: string } | { readonly succeeded: string } | { readonly never: string };

export interface CompiledTarget {
  /** Unique within the step; the inventory name, or the step's id where a step has no fan-out. */
  readonly id: string;
  /** Parsed by the action's `params`, names resolved. */
  readonly params: unknown;
  /** Resources, sorted. */
  readonly touches: readonly string[];
  readonly opens: readonly Opening[];
  readonly closes: readonly string[];
}

export interface Rolling {
  /** How many targets are under way at once, batch after batch; the last number repeats. `[1, 2, 4]` ramps from one. */
  readonly batches: readonly number[];
  /** Targets that may fail before no further batch begins. */
  readonly maxFailures: number;
  readonly pauseMs: number;
}

/** JSON with sorted keys and without undefined: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** 64 hex digits of sha-256 over canonical JSON. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The plan with its digest. */
export function sealed(plan: Omit<CompiledPlan, "digest">): CompiledPlan {
  return { ...plan, digest: digestOf(plan) };
}
