/** Who holds a resource: one target of one step of one run. */
export interface Holder {
  readonly run: string;
  readonly step: string;
  readonly target: string;
}

/**
 * Resources in use, across all runs: a resource is touched by one step at a time. A lock is a row that the first writer
 * gets; it is given back when the target rests, and taken over when its holder is found to have rested without doing so.
 */
export interface Locks {
  /** Takes `resource`, or says who has it. Taking what one holds already succeeds. */
  take(resource: string, holder: Holder): Promise<{ readonly taken: true } | { readonly taken: false; readonly by: Holder }>;
  /** Gives `resource` back if `holder` has it; otherwise does nothing. */
  release(resource: string, holder: Holder): Promise<void>;
  /** Who holds each resource that is held at all. */
  holders(resources: readonly string[]): Promise<ReadonlyMap<string, Holder>>;
}

export function sameHolder(a: Holder, b: Holder): boolean {
  return a.run === b.run && a.step === b.step && a.target === b.target;
}
