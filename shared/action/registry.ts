import { assert } from "../fault/assert.ts";
import { nearest } from "../inventory/nearest.ts";
import type { AnyAction } from "./action.ts";

/** The list of actions by verb. */
export interface Registry {
  readonly actions: readonly AnyAction[];
  find(verb: string): AnyAction | undefined;
  /** Verbs that look like this one, best first, for «did you mean». */
  near(verb: string): readonly string[];
  /** Families of verbs, e.g. `pipeline` of `pipeline.run`: each becomes an activity function of its own in Azure's eyes. */
  families(): readonly string[];
}

/** @throws Fault `defect` when two actions claim one verb. */
export function registryOf(actions: readonly AnyAction[]): Registry {
  const byVerb = new Map<string, AnyAction>();
  for (const action of actions) {
    assert(/^[a-z]+\.[a-z]+$/.test(action.verb), `verb ${action.verb} is not noun.verb`);
    assert(!byVerb.has(action.verb), `two actions claim the verb ${action.verb}`);
    byVerb.set(action.verb, action);
  }
  const verbs = [...byVerb.keys()].sort();
  return {
    actions: verbs.map((verb) => byVerb.get(verb) as AnyAction),
    find: (verb) => byVerb.get(verb),
    near: (verb) => nearest(verb, verbs),
    families: () => [...new Set(verbs.map(familyOf))],
  };
}

/** `pipeline` of `pipeline.run`. */
export function familyOf(verb: string): string {
  return verb.slice(0, verb.indexOf("."));
}
