import type { Opening } from "../../action/action.ts";
import type { Registry } from "../../action/registry.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { resolveNames } from "../../inventory/resolve.ts";
import type { CompiledTarget } from "../../plan/compiled.ts";
import { targetsOf } from "../../plan/expand.ts";
import { reportOn } from "../../plan/finding.ts";
import type { Draft as OutlineStep, Outline } from "../../plan/outline.ts";
import { expectedOf } from "../../plan/policies.ts";
import { listOf } from "../../plan/schema.ts";
import type { NeedEntry, Step } from "../../plan/schema.ts";
import { targetKindOf } from "../../plan/vocabulary.ts";
import type { Places } from "../../plan/yaml.ts";
import type { DraftedPlan, DraftedStep } from "../drafted.ts";
import { partOf } from "../words/headings.ts";
import type { Part } from "../words/headings.ts";
import { rangesIn } from "../words/ranges.ts";
import type { z } from "zod";

/** A night's work as the checks see it: drafted from a page, or written in a plan. */
export interface Night {
  readonly date: string | undefined;
  readonly zone: string | undefined;
  readonly cutoff: string | undefined;
  readonly values: Readonly<Record<string, boolean | string>>;
  readonly phases: readonly NightPhase[];
  /** In the order of writing. */
  readonly steps: readonly NightStep[];
  /**
   * The steps, and what else is written as an order to do something, in the order of writing. The import may take a line
   * for a title; who reads the page does what it says all the same.
   */
  readonly sayings: readonly NightStep[];
  /** Whether it is as a page says it; in a plan, fields say what on a page only words say. */
  readonly isPage: boolean;
  /** What is written, piece by piece: of a plan its notes. */
  readonly pieces: readonly Piece[];
  readonly inventory: Inventory;
  /** The step that a reference means, read from within a change. */
  find(reference: string, change: string): readonly NightStep[];
}

export interface NightPhase {
  readonly id: string;
  readonly title: string;
  readonly part: Part;
  readonly line: number;
  readonly barrier: boolean;
}

/** What a block of the page says, and the step, change or phase that it went to. */
export interface Piece {
  readonly line: number;
  readonly text: string;
  readonly id: string;
  readonly isHeading: boolean;
}

export interface NightStep {
  readonly id: string;
  readonly change: string;
  /** Index of its phase. */
  readonly phase: number;
  readonly part: Part;
  /** Tickets of its change. */
  readonly keys: readonly string[];
  readonly line: number;
  /** Index in the order of writing. */
  readonly at: number;
  readonly fields: Partial<Step>;
  readonly verb: string;
  /** What the page says that is to be done. */
  readonly words: string;
  readonly notes: readonly string[];
  /** Resolved entry by entry; undefined where something is not known yet. */
  readonly targets: readonly CompiledTarget[] | undefined;
  /** Names of servers that it works on, as far as anything says so. */
  readonly servers: readonly string[];
  readonly opens: readonly Opening[];
  readonly closes: readonly string[];
  readonly irreversible: boolean;
  readonly expectedMs: number;
  readonly needs: readonly string[];
}

export interface Reading {
  readonly inventory: Inventory;
  readonly registry: Registry;
}

const NOWHERE: Places = { of: () => ({ line: 1, column: 1 }), ofKey: () => ({ line: 1, column: 1 }) };

/** How a page's night is told from a plan's. */
export interface OnPage {
  /** Where a phase or step stands. */
  lineOf(id: string): number;
  readonly pieces: readonly Piece[];
}

/** @param onPage - left out for a plan. */
export function nightOf(outline: Outline, reading: Reading, onPage?: OnPage): Night {
  const { window, values, phases } = outline;
  const { lineOf, pieces } = onPage ?? inPlan(outline);
  const steps: NightStep[] = [];
  const byId = new Map<string, NightStep>();
  const byChange = new Map<string, NightStep[]>();
  const byPhase = new Map<string, NightStep[]>();
  const find = (reference: string, change: string): readonly NightStep[] => {
    const one = byId.get(`${change}.${reference}`) ?? byId.get(reference);
    return one === undefined ? (byChange.get(reference) ?? byPhase.get(reference) ?? []) : [one];
  };
  phases.forEach((phase, index) => {
    for (const change of phase.changes) {
      for (const draft of change.steps) {
        const step: NightStep = {
          ...workOf(draft, reading),
          phase: index,
          part: partOf(phase.title),
          keys: listOf(change.fields.keys),
          line: lineOf(draft.id),
          at: steps.length,
          needs: [],
          notes: [...listOf(draft.fields.notes), ...listOf(change.fields.notes)],
        };
        steps.push(step);
        byId.set(step.id, step);
        for (const [index_, key] of [
          [byChange, change.id],
          [byPhase, phase.id],
        ] as const)
          index_.set(key, [...(index_.get(key) ?? []), step]);
      }
    }
  });
  const waiting = steps.map((step, index): NightStep => {
    const change = phases[step.phase]?.changes.find(({ id }) => id === step.change);
    const before = change?.fields.inOrder === true && steps[index - 1]?.change === step.change ? [steps[index - 1]?.id ?? ""] : [];
    const written = [step.fields.needs, change?.fields.needs, phases[step.phase]?.fields.needs].flatMap((needs) => listOf<z.infer<typeof NeedEntry>>(needs));
    const needs = written.flatMap((need) => find(typeof need === "string" ? need : need.step, step.change).map(({ id }) => id));
    return { ...step, needs: [...new Set([...before, ...needs])].filter((id) => id !== step.id) };
  });
  byId.clear();
  for (const step of waiting) byId.set(step.id, step);
  for (const index of [byChange, byPhase])
    for (const [key, members] of index)
      index.set(
        key,
        members.flatMap(({ id }) => byId.get(id) ?? []),
      );
  return {
    date: window.date,
    zone: window.zone,
    cutoff: window.cutoff,
    values,
    phases: phases.map(({ id, title, fields }) => ({ id, title, part: partOf(title), line: lineOf(id), barrier: fields.barrier ?? false })),
    steps: waiting,
    sayings: onPage === undefined ? waiting : sayingsOf(waiting, pieces, phases, lineOf),
    isPage: onPage !== undefined,
    pieces,
    inventory: reading.inventory,
    find,
  };
}

const NO_WORK = { at: 0, fields: {}, verb: "", notes: [], targets: undefined, servers: [], opens: [], closes: [], irreversible: false, expectedMs: 0, needs: [] } as const;

function sayingsOf(steps: readonly NightStep[], pieces: readonly Piece[], phases: Outline["phases"], lineOf: (id: string) => number): readonly NightStep[] {
  const taken = new Set(steps.map(({ line }) => line));
  const said = steps.map(({ words }) => words).join("\n");
  const unsaid = pieces.flatMap(({ line, text, id, isHeading }): readonly NightStep[] => {
    const words = text.replace(/^\W*(?:[A-Z][A-Z0-9]+-\d+[\s:&,/-]*)*/, "").trim();
    if (isHeading || taken.has(line) || words === "" || said.includes(words)) return [];
    const phase = phases.findLastIndex((each) => lineOf(each.id) <= line);
    const change = phases.flatMap(({ changes }) => changes).find((each) => each.id === id || each.steps.some((step) => step.id === id));
    const [first] = change?.steps ?? [];
    const place = {
      id: first?.id ?? "window",
      change: change?.id ?? "",
      phase: Math.max(0, phase),
      part: partOf(phases[phase]?.title ?? ""),
      keys: listOf(change?.fields.keys),
      line,
    };
    return [{ ...NO_WORK, ...place, words }];
  });
  if (unsaid.length === 0) return steps;
  return [...steps, ...unsaid].toSorted((a, b) => a.line - b.line).map((step, at) => ({ ...step, at }));
}

/** In a plan, what was one sentence of the page is known by its words; its notes are what is written. */
function inPlan({ phases }: Outline): OnPage {
  const lines = new Map<string, number>();
  const sentences = new Map<string, number>();
  const pieces: Piece[] = [];
  for (const phase of phases) {
    lines.set(phase.id, lines.size + 1);
    for (const change of phase.changes) {
      const steps = change.steps.map(({ id, fields }) => ({ id, notes: fields.notes, sentence: `${change.id}\n${fields.title ?? id}` }));
      for (const { id, sentence } of steps) {
        if (!sentences.has(sentence)) sentences.set(sentence, lines.size + 1);
        lines.set(id, sentences.get(sentence) ?? 1);
      }
      for (const { id, notes } of [{ id: change.id, notes: change.fields.notes }, ...steps])
        for (const text of listOf(notes)) pieces.push({ line: lines.get(id) ?? lines.size, text, id, isHeading: false });
    }
  }
  return { lineOf: (id) => lines.get(id) ?? 1, pieces };
}

type Work = Omit<NightStep, "phase" | "part" | "keys" | "line" | "at" | "needs" | "notes">;

function workOf(draft: OutlineStep, { inventory, registry }: Reading): Work {
  const { fields } = draft;
  const verb = fields.action ?? "";
  const action = registry.find(verb);
  // What is wrong with it is the compiler's business to say.
  const targets = action === undefined || fields.sameAs !== undefined ? undefined : targetsOf(draft, action, { inventory, places: NOWHERE, report: reportOn("") });
  const what = fields.with?.["what"];
  const words = verb === "person.do" && typeof what === "string" ? what : (fields.title ?? "");
  const params = targets?.[0]?.params;
  const reversal = params === undefined ? (action?.reversalFor === undefined ? action?.reversal : undefined) : (action?.reversalFor?.(params) ?? action?.reversal);
  return {
    id: draft.id,
    change: draft.change,
    fields,
    verb,
    words,
    targets,
    servers: serversOf(fields, targets, words, inventory),
    opens: [...(targets?.flatMap(({ opens }) => opens) ?? []), ...(targets === undefined ? Object.entries(fields.opens ?? {}).map(([id, said]) => ({ id, what: said })) : [])],
    closes: [...(targets?.flatMap(({ closes }) => closes) ?? []), ...(targets === undefined ? listOf(fields.closes) : [])],
    irreversible: fields.irreversible === true || reversal === "irreversible",
    expectedMs: expectedOf(draft, action, params).ms,
  };
}

function serversOf(fields: Partial<Step>, targets: readonly CompiledTarget[] | undefined, words: string, inventory: Inventory): readonly string[] {
  if (targetKindOf(fields.action ?? "") !== "server" && fields.action !== "person.do") return [];
  if (targets !== undefined && fields.targets !== undefined) return targets.map(({ id }) => id);
  const known = listOf(fields.targets).flatMap((name) => {
    const resolved = resolveNames(inventory, ["server"], name);
    return resolved.ok ? resolved.value.map((entry) => entry.name) : [];
  });
  return known.length > 0 ? known : rangesIn(words).flatMap(({ names }) => names);
}

/** A drafted plan as the compiler would outline its text, without the way through YAML. */
export function outlineOfDraft({ phases, date, zone, cutoff }: DraftedPlan): Outline {
  return {
    window: { ...(date === undefined ? {} : { date }), ...(zone === undefined ? {} : { zone }), ...(cutoff === undefined ? {} : { cutoff }) },
    values: {},
    tickets: undefined,
    phases: phases.map((phase, at) => ({
      id: phase.id,
      title: phase.title,
      fields: { barrier: phase.part !== "before" && phase.part !== "day-of" && phase.part !== "other" && at > 0 },
      path: ["phases", at],
      changes: phase.changes.map((change, index) => ({
        id: change.id,
        title: change.title,
        phase: phase.id,
        fields: { keys: change.keys, notes: change.notes, inOrder: change.inOrder },
        path: ["phases", at, "changes", index],
        steps: change.steps.map((step, place) => ({
          id: `${change.id}.${step.id}`,
          change: change.id,
          phase: phase.id,
          fields: fieldsOf(step),
          broken: false,
          path: ["phases", at, "changes", index, "steps", place],
        })),
      })),
    })),
  };
}

function fieldsOf(step: DraftedStep): Partial<Step> {
  return {
    id: step.id,
    title: step.title,
    with: step.with,
    notes: step.notes,
    needs: step.needs.map((need) => (typeof need === "string" ? need : { step: need.step, per: need.per ?? "step", as: need.as ?? "success" })),
    questions: step.questions,
    ...(step.action === undefined ? {} : { action: step.action }),
    ...(step.sameAs === undefined ? {} : { sameAs: step.sameAs }),
    ...(step.at === undefined ? {} : { at: step.at }),
    ...(step.targets === undefined ? {} : { targets: [...step.targets] }),
    ...(step.when === undefined ? {} : { when: { value: step.when, is: true } }),
    ...(step.irreversible === undefined ? {} : { irreversible: true }),
    ...(step.always === undefined ? {} : { always: true }),
    ...(step.owner === undefined ? {} : { owner: step.owner }),
  };
}
