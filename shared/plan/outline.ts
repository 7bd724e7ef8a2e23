import type { z } from "zod";
import { Change, Phase, PlanFile, Step, Window } from "./schema.ts";
import type { Tickets } from "./schema.ts";

export type Path = readonly PropertyKey[];

/**
 * A plan file as far as it can be read: fields that are wrong are left out (the schema has said so), so that what is
 * right is still checked and everything is said at once.
 */
export interface Outline {
  readonly window: Partial<Window>;
  readonly values: Readonly<Record<string, boolean | string>>;
  readonly tickets: Tickets | undefined;
  readonly phases: readonly OutlinePhase[];
}

export interface OutlinePhase {
  readonly id: string;
  readonly title: string;
  readonly fields: Partial<Omit<Phase, "changes">>;
  readonly changes: readonly OutlineChange[];
  readonly path: Path;
}

export interface OutlineChange {
  readonly id: string;
  readonly title: string;
  readonly phase: string;
  readonly fields: Partial<Omit<Change, "steps">>;
  readonly steps: readonly Draft[];
  readonly path: Path;
}

/** A step on its way to being compiled. */
export interface Draft {
  /** `CHANGE.STEP`. */
  readonly id: string;
  readonly change: string;
  readonly phase: string;
  readonly fields: Partial<Step>;
  /** Something of it could not be read: nothing comes out of it, and what others say about it is believed. */
  readonly broken: boolean;
  readonly path: Path;
  /** Made by the compiler from the plan's tickets policy. */
  readonly derived?: "tickets";
}

export function outlineOf(value: unknown): Outline {
  const top = objectOf(value);
  const { fields } = lenient(PlanFile.omit({ window: true, phases: true }), top);
  return {
    window: lenient(Window, top["window"]).fields,
    values: fields.values ?? {},
    tickets: fields.tickets,
    phases: arrayOf(top["phases"]).map((raw, index) => phaseOf(raw, index)),
  };
}

function phaseOf(raw: unknown, index: number): OutlinePhase {
  const path: Path = ["phases", index];
  const { fields } = lenient(Phase.omit({ changes: true }), omitting(raw, "changes"));
  const id = fields.id ?? `phase-${index + 1}`;
  const changes = arrayOf(objectOf(raw)["changes"]).map((change, at) => changeOf(change, id, [...path, "changes", at], at));
  return { id, title: fields.title ?? id, fields, changes, path };
}

function changeOf(raw: unknown, phase: string, path: Path, index: number): OutlineChange {
  const { fields } = lenient(Change.omit({ steps: true }), omitting(raw, "steps"));
  const id = fields.id ?? `change-${index + 1}`;
  const steps = arrayOf(objectOf(raw)["steps"]).map((step, at): Draft => {
    const read = lenient(Step, step);
    return { id: `${id}.${read.fields.id ?? `step-${at + 1}`}`, change: id, phase, fields: read.fields, broken: read.broken, path: [...path, "steps", at] };
  });
  return { id, title: fields.title ?? id, phase, fields, steps, path };
}

/** Each field by itself: those that are right. */
function lenient<Schema extends z.ZodObject>(schema: Schema, raw: unknown): { fields: Partial<z.infer<Schema>>; broken: boolean } {
  const given = objectOf(raw);
  let broken = given !== raw || Object.keys(given).some((key) => !Object.hasOwn(schema.shape, key));
  const fields: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    const read = field.safeParse(Object.hasOwn(given, key) ? given[key] : undefined);
    if (!read.success) broken = true;
    else if (read.data !== undefined) fields[key] = read.data;
  }
  return { fields: fields as Partial<z.infer<Schema>>, broken };
}

function objectOf(raw: unknown): Record<string, unknown> {
  return raw !== null && typeof raw === "object" && !Array.isArray(raw) ? (raw as Record<string, unknown>) : {};
}

function arrayOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}

function omitting(raw: unknown, key: string): unknown {
  if (objectOf(raw) !== raw) return raw;
  const { [key]: _left, ...rest } = objectOf(raw);
  return rest;
}
