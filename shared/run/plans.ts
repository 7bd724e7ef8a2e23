import type { CompiledPlan } from "../plan/compiled.ts";
import type { Certificate } from "./certificate.ts";

/** A plan in the store: what was sent, what it compiled to, and whether it may run by schedule. */
export interface StoredPlan {
  readonly plan: CompiledPlan;
  /** Who stored it, and when. */
  readonly by: string;
  readonly at: string;
  readonly approved?: PlanApproval;
  /** Given when it is stored; read back by `source` alone. */
  readonly source?: PlanSource;
}

/** The text that a plan was compiled from. */
export interface PlanSource {
  readonly text: string;
  /** What findings call it. */
  readonly file: string;
}

export interface PlanApproval {
  readonly by: string;
  readonly at: string;
  /** Previews that were approved with it, by step: for steps that need an approval of their own, and as long as the world has not moved. */
  readonly previews?: Readonly<Record<string, string>>;
  /** What rehearsals of it came to, as the approval showed. */
  readonly certificate?: Certificate;
}

/** Compiled plans, by digest; and which digest each window is to run. */
export interface Plans {
  /** Stores a plan and makes it the one of its window. The same digest again changes nothing. */
  put(stored: StoredPlan): Promise<void>;
  /** Stores a plan without making it the one of its window. */
  keep(stored: StoredPlan): Promise<void>;
  /** The text of a plan; undefined if none was stored with it. */
  source(digest: string): Promise<PlanSource | undefined>;
  /** @throws Fault `absent` when no plan has this digest. */
  get(digest: string): Promise<CompiledPlan>;
  /** The latest plan stored for each window, newest window first. */
  latest(): Promise<readonly StoredPlan[]>;
  /** @throws Fault `absent` when the window has no plan with this digest. */
  approve(window: string, digest: string, approval: PlanApproval): Promise<void>;
}
