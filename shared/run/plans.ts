import type { CompiledPlan } from "../plan/compiled.ts";

/** A plan in the store: what was sent, what it compiled to, and whether it may run by schedule. */
export interface StoredPlan {
  readonly plan: CompiledPlan;
  /** Who stored it, and when. */
  readonly by: string;
  readonly at: string;
  readonly approved?: { readonly by: string; readonly at: string };
}

/** Compiled plans, by digest; and which digest each window is to run. */
export interface Plans {
  /** Stores a plan and makes it the one of its window. The same digest again changes nothing. */
  put(stored: StoredPlan): Promise<void>;
  /** @throws Fault `absent` when no plan has this digest. */
  get(digest: string): Promise<CompiledPlan>;
  /** The latest plan stored for each window, newest window first. */
  latest(): Promise<readonly StoredPlan[]>;
  /** @throws Fault `absent` when the window has no plan with this digest. */
  approve(window: string, digest: string, by: string, at: string): Promise<void>;
}
