import { FAULT_KINDS, type FaultKind, type FaultRecord } from "../fault/fault.ts";
import type { Deed, Ending, Fact, TargetFact } from "./facts.ts";
import { foldedOnce } from "./folded-once.ts";

/**
 * One target's walk, folded from its stream: how far it has come. Plain data, worked out anew at each advice.
 */
export interface Walk {
  /** Number of facts seen: the position at which the next one is added. */
  readonly seq: number;
  readonly stage: "fresh" | "intended" | "begun" | "finished" | "verified" | "rested";
  /** Number of the try that the receipt belongs to; a fresh try has a fresh idempotency key. */
  readonly try: number;
  /** Calls of the present deed under the present key that have been made, the one in flight included. */
  readonly attempt: number;
  /** The call that was announced and has not answered yet, if any: in flight, or lost with its process. */
  readonly inFlight?: { readonly deed: "begin" | "cancel" | "undo"; readonly since: number };
  readonly receipt?: unknown;
  readonly note?: string;
  readonly evidence: readonly string[];
  readonly already?: string;
  /** When this try was first intended and when its receipt came; milliseconds since the epoch. */
  readonly intendedAt?: number;
  readonly begunAt?: number;
  /** When the work was last looked at. */
  readonly lookedAt?: number;
  /** What the latest look said. */
  readonly progress?: "waiting" | "running";
  /** The fault of the work itself that has not been followed by a success of the same deed. */
  readonly fault?: Faulted;
  /** Why its work could not be looked for; says nothing about the work. */
  readonly unsought?: Faulted;
  /** When work of this try was looked for and not found, if it was. */
  readonly soughtAt?: number;
  /** Why it could not be stopped, and why people could not be told; neither says anything about the work. */
  readonly unstopped?: Faulted;
  readonly untold?: Faulted;
  /** Whether a begin of this try may have had its effect unseen: its answer was lost, and none since has looked. */
  readonly doubt: boolean;
  readonly cancelled: boolean;
  /** It was to be stopped and had ended well before that, and has not been looked at since. */
  readonly hadEnded?: true;
  /** Receipts of all tries that began and were not taken back, oldest first: each knows how things were before it. */
  readonly wayBack: readonly { readonly try: number; readonly receipt: unknown }[];
  readonly undone: boolean;
  /** Whether any try of it ever got as far as the vendor. */
  readonly everIntended: boolean;
  /** Ids of the decisions that were followed: each is followed once. */
  readonly followed: readonly string[];
  /** Topics that people have been told about. */
  readonly told: readonly string[];
  /** When they were last told something; milliseconds since the epoch. */
  readonly toldAt?: number;
  readonly rested?: { readonly as: Ending; readonly why: string; readonly at: number };
}

export interface Faulted {
  readonly deed: Deed;
  readonly fault: FaultRecord;
  readonly at: number;
  readonly attempt: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** @param facts the target's stream, in order. */
export const walkOf = foldedOnce(folded);

function folded(facts: readonly Fact[]): Walk {
  const walk: Mutable<Walk> = {
    seq: 0,
    stage: "fresh",
    try: 1,
    attempt: 0,
    evidence: [],
    doubt: false,
    cancelled: false,
    wayBack: [],
    undone: false,
    everIntended: false,
    told: [],
    followed: [],
  };
  for (const fact of facts as readonly TargetFact[]) {
    walk.seq++;
    const at = Date.parse(fact.at);
    switch (fact.type) {
      case "target.intended":
        if (walk.inFlight?.deed === "begin") walk.doubt = true;
        if (fact.follows !== undefined) walk.followed = [...walk.followed, fact.follows];
        walk.attempt = fact.attempt;
        walk.inFlight = { deed: fact.deed, since: at };
        if (fact.deed === "begin") {
          if (fact.try !== walk.try || walk.stage === "fresh") walk.intendedAt = at;
          if (fact.try !== walk.try) startOver(walk, fact.try);
          walk.stage = "intended";
          delete walk.soughtAt;
          walk.everIntended = true;
        }
        break;
      case "target.sought":
        walk.soughtAt = at;
        delete walk.unsought;
        if (!fact.settled) break;
        walk.doubt = false;
        delete walk.inFlight;
        break;
      case "target.begun":
        walk.stage = "begun";
        walk.doubt = false;
        keep(walk, fact.receipt);
        walk.begunAt = at;
        settle(walk);
        break;
      case "target.progressed":
        walk.progress = fact.state;
        delete walk.hadEnded;
        walk.note = fact.note;
        keep(walk, fact.receipt);
        walk.lookedAt = at;
        settle(walk);
        break;
      case "target.finished":
        walk.stage = "finished";
        walk.note = fact.note;
        keep(walk, fact.receipt);
        walk.lookedAt = at;
        settle(walk);
        break;
      case "target.verified":
        walk.stage = "verified";
        walk.evidence = fact.evidence;
        if (fact.already !== undefined) walk.already = fact.already;
        settle(walk);
        break;
      case "target.faulted":
        if (fact.deed === "tell") {
          walk.untold = { deed: fact.deed, fault: fact.fault, at, attempt: fact.attempt };
          break;
        }
        if (fact.deed === "find") {
          walk.unsought = { deed: fact.deed, fault: fact.fault, at, attempt: fact.attempt };
          break;
        }
        if (fact.deed === "begin") walk.doubt = doubtAfter(fact.fault.kind, walk.doubt);
        walk[fact.deed === "cancel" ? "unstopped" : "fault"] = { deed: fact.deed, fault: fact.fault, at, attempt: fact.attempt };
        walk.attempt = fact.attempt;
        delete walk.inFlight;
        break;
      case "target.cancelled":
        walk.cancelled = true;
        walk.evidence = [...walk.evidence, ...fact.evidence];
        delete walk.inFlight;
        delete walk.unstopped;
        if (fact.hadEnded !== true) break;
        walk.hadEnded = true;
        settle(walk);
        break;
      case "target.undone":
        walk.wayBack = walk.wayBack.slice(0, -1);
        walk.undone = walk.wayBack.length === 0;
        walk.evidence = [...walk.evidence, ...fact.evidence];
        settle(walk);
        break;
      case "target.told":
        walk.told = [...walk.told, fact.topic];
        walk.toldAt = at;
        delete walk.untold;
        break;
      case "target.rested":
        walk.stage = "rested";
        walk.rested = { as: fact.as, why: fact.why, at };
        break;
    }
  }
  return walk;
}

function keep(walk: Mutable<Walk>, receipt: unknown): void {
  walk.receipt = receipt;
  walk.wayBack = [...walk.wayBack.filter((way) => way.try !== walk.try), { try: walk.try, receipt }];
}

/** A deed succeeded: what faulted before is history, and the next deed counts its attempts anew. */
function settle(walk: Mutable<Walk>): void {
  walk.attempt = 0;
  delete walk.unsought;
  delete walk.fault;
  delete walk.inFlight;
}

/** A begin looks for its own earlier work before it acts, so a refusal by what it saw settles what an earlier answer left open. */
const LOOKED: ReadonlySet<FaultKind> = new Set(["rejected", "failed", "conflict", "absent"]);

/** Whether a begin may have had its effect unseen, after one that faulted with `kind`. */
export function doubtAfter(kind: FaultKind, before: boolean): boolean {
  return FAULT_KINDS[kind].effect === "unknown" || (before && !LOOKED.has(kind));
}

function startOver(walk: Mutable<Walk>, newTry: number): void {
  walk.try = newTry;
  walk.doubt = false;
  walk.cancelled = false;
  delete walk.hadEnded;
  delete walk.receipt;
  delete walk.begunAt;
  delete walk.lookedAt;
  delete walk.progress;
  delete walk.fault;
  delete walk.unstopped;
  delete walk.note;
  delete walk.unsought;
  delete walk.soughtAt;
}
