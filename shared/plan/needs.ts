import type { CompiledTarget, Need } from "./compiled.ts";
import type { Report } from "./finding.ts";
import type { Draft, Path } from "./outline.ts";
import type { References } from "./references.ts";
import { listOf } from "./schema.ts";
import type { NeedEntry, Step } from "./schema.ts";
import type { Places } from "./yaml.ts";
import type { z } from "zod";

type Entry = z.infer<typeof NeedEntry>;

export interface Needing {
  readonly references: References;
  readonly served: ReadonlyMap<string, string>;
  readonly targets: ReadonlyMap<string, readonly CompiledTarget[]>;
  readonly places: Places;
  readonly report: Report;
}

/**
 * What a step waits for: its own needs, those of its change and of its phase, and the step before it where the change is
 * `inOrder`. Changes and phases become their steps, and a step that another one does becomes that one.
 */
export function needsOf(draft: Draft, needing: Needing): readonly Need[] {
  const { references } = needing;
  const found = new Map<string, Need>();
  const change = references.changes.get(draft.change);
  const phase = references.phases.get(draft.phase);

  for (const { entry, path } of entriesOf(draft.fields.needs, draft.path)) add(entry, path, "own");
  if (change !== undefined) for (const { entry, path } of entriesOf(change.fields.needs, change.path)) add(entry, path, "change");
  if (phase !== undefined) for (const { entry, path } of entriesOf(phase.fields.needs, phase.path)) add(entry, path, "phase");
  if (change?.fields.inOrder === true && draft.derived === undefined) {
    const before = change.steps[change.steps.indexOf(draft) - 1];
    if (before !== undefined) put(before, "step", "success");
  }
  return [...found.values()];

  function add(entry: Entry, path: Path, of: "own" | "change" | "phase"): void {
    const { step: reference, per, as } = typeof entry === "string" ? ({ step: entry, per: "step", as: "success" } as const) : entry;
    const drafts = references.find(reference, draft.change);
    const place = needing.places.of(typeof entry === "string" ? path : [...path, "step"]);
    if (drafts === undefined) {
      const near = references.near(reference, draft.change);
      needing.report.error(
        "unknown-step",
        place,
        `there is no step, change or phase called \`${reference}\``,
        near.length > 0 ? `did you mean ${near.map((id) => `\`${id}\``).join(" or ")}?` : undefined,
      );
      return;
    }
    const others = drafts.filter((other) => {
      if (other.id !== draft.id) return true;
      // A step of a change that its own change needs would wait for itself.
      return of === "own" || reference !== other.id;
    });
    for (const other of others) {
      if (of !== "own" && (of === "change" ? other.change === draft.change : other.phase === draft.phase)) {
        needing.report.error("cycle", place, `${of === "change" ? draft.change : draft.phase} needs \`${reference}\`, which is a part of itself`, "let a step need it instead");
        return;
      }
      if (per === "target") sameTargets(other, place);
      put(other, per, as);
    }
  }

  function sameTargets(other: Draft, place: { line: number; column: number }): void {
    const theirs = needing.targets.get(needing.served.get(other.id) ?? other.id);
    const missing = (needing.targets.get(draft.id) ?? []).filter(({ id }) => theirs !== undefined && !theirs.some((target) => target.id === id));
    if (missing.length === 0) return;
    const names = missing.map(({ id }) => id).join(", ");
    needing.report.error("no-such-target", place, `${other.id} has no target ${names}, which \`per: target\` waits for`, "give both steps the same targets, or write `per: step`");
  }

  function put(other: Draft, per: Need["per"], as: Need["as"]): void {
    const step = needing.served.get(other.id) ?? other.id;
    found.set(`${step}\n${per}\n${as}`, { step, per, as });
  }
}

/** The steps by which it is seen that something may be lifted: of a change or a phase, all of its steps. */
export function liftOf({ fields, path, change }: Draft, { references, served, places, report }: Needing): { readonly tests: readonly string[] } | undefined {
  if (fields.lift === undefined) return undefined;
  const tests = (fields.lift.tests ?? []).flatMap((reference, position) => {
    const found = references.find(reference, change);
    if (found === undefined)
      report.error(
        "unknown-step",
        places.of([...path, "lift", "tests", position]),
        `there is no step, change or phase called \`${reference}\``,
        `near: ${references.near(reference, change).join(", ") || "nothing"}`,
      );
    return (found ?? []).map(({ id }) => served.get(id) ?? id);
  });
  return { tests: [...new Set(tests)] };
}

/** Whatever lifts by evidence waits for the end of what gives it. */
export function withTests(needs: readonly Need[], lift: { readonly tests: readonly string[] } | undefined): readonly Need[] {
  const missing = (lift?.tests ?? []).filter((test) => !needs.some(({ step, per }) => step === test && per === "step"));
  return [...needs, ...missing.map((step): Need => ({ step, per: "step", as: "end" }))];
}

function entriesOf(needs: Step["needs"], path: Path): readonly { readonly entry: Entry; readonly path: Path }[] {
  const base = [...path, "needs"];
  return listOf<Entry>(needs).map((entry, index) => ({ entry, path: Array.isArray(needs) ? [...base, index] : base }));
}
