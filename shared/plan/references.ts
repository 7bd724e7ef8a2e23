import { nearest } from "../inventory/nearest.ts";
import type { Report } from "./finding.ts";
import type { Draft, Outline, OutlineChange, OutlinePhase, Path } from "./outline.ts";
import type { Places } from "./yaml.ts";

/** What the ids of a plan mean. */
export interface References {
  readonly changes: ReadonlyMap<string, OutlineChange>;
  readonly phases: ReadonlyMap<string, OutlinePhase>;
  /** As written; those that the compiler makes can be found, and are no part of «all steps of a change». */
  readonly steps: ReadonlyMap<string, Draft>;
  /** Makes steps of the compiler's own known by id. */
  derive(drafts: readonly Draft[]): void;
  /** Steps that `reference` names, read from within `from`: one, or all of a change or phase. Undefined: nothing is called so. */
  find(reference: string, from: string): readonly Draft[] | undefined;
  /** Ids that look like `reference`. */
  near(reference: string, from: string): readonly string[];
}

/** Collects ids; the same id twice is said at the second one. */
export function referencesOf(outline: Outline, places: Places, report: Report): References {
  const changes = new Map<string, OutlineChange>();
  const phases = new Map<string, OutlinePhase>();
  const steps = new Map<string, Draft>();
  const derived = new Map<string, Draft>();
  const taken = new Map<string, { readonly what: string; readonly path: Path }>();

  const claim = (id: string, what: string, path: Path): boolean => {
    const earlier = taken.get(id);
    if (earlier === undefined) {
      taken.set(id, { what, path });
      return true;
    }
    const { line } = places.of([...earlier.path, "id"]);
    report.error(
      "duplicate-id",
      places.of([...path, "id"]),
      `\`${id}\` is the id of ${earlier.what} in line ${line} already`,
      "phases and changes have ids of their own, and steps within their change",
    );
    return false;
  };

  for (const phase of outline.phases) {
    if (claim(phase.id, "a phase", phase.path)) phases.set(phase.id, phase);
    for (const change of phase.changes) {
      if (claim(change.id, "a change", change.path)) changes.set(change.id, change);
      for (const step of change.steps) if (claim(step.id, "a step", step.path)) steps.set(step.id, step);
    }
  }

  const unique = (drafts: readonly Draft[]): readonly Draft[] => drafts.filter((draft) => steps.get(draft.id) === draft);
  return {
    changes,
    phases,
    steps,
    derive(drafts) {
      for (const draft of drafts) {
        const own = steps.get(draft.id);
        if (own === undefined) derived.set(draft.id, draft);
        else report.error("duplicate-id", places.of([...own.path, "id"]), `\`${draft.id}\` is the id of a step that the tickets policy makes`, "call this step something else");
      }
    },
    find(reference, from) {
      const step = steps.get(`${from}.${reference}`) ?? steps.get(reference) ?? derived.get(reference);
      if (step !== undefined) return [step];
      const change = changes.get(reference);
      if (change !== undefined) return unique(change.steps);
      const phase = phases.get(reference);
      return phase === undefined ? undefined : unique(phase.changes.flatMap((each) => each.steps));
    },
    near(reference, from) {
      const own = (changes.get(from)?.steps ?? []).map(({ id }) => id.slice(from.length + 1));
      return nearest(reference, [...new Set([...own, ...taken.keys()])]);
    },
  };
}
