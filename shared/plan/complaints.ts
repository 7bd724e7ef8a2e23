import type { z } from "zod";
import { nearest } from "../inventory/nearest.ts";
import type { Report } from "./finding.ts";
import type { Places } from "./yaml.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What a schema complaint is about: its schema, the value as written, and where the file holds it. */
export interface Complained {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly places: Places;
  /** Path of `value` in the file. */
  readonly base: Path;
}

/** Turns schema errors into findings, each at its place, with what the field is for as the hint. */
export function complain(report: Report, issues: readonly Issue[], about: Complained): void {
  for (const issue of issues) complainOnce(report, issue, about, []);
}

function complainOnce(report: Report, issue: Issue, about: Complained, above: Path): void {
  const path: Path = [...above, ...issue.path];
  const at = [...about.base, ...path];
  const schema = schemaAt(about.schema, path);
  const field = nameOf(at);
  const hint = schema?.description === undefined ? undefined : `${field}: ${schema.description}`;
  const written = valueAt(about.value, path);

  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) {
        const known = keysOf(schema, written);
        const near = nearest(key, known);
        report.error(
          "unknown-field",
          about.places.ofKey([...at, key]),
          `\`${key}\` is no field of ${field}`,
          near.length > 0 ? `did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?` : `fields are ${known.join(", ")}`,
        );
      }
      return;
    case "invalid_union": {
      const inner = closest(issue.errors);
      if (inner !== undefined) {
        for (const deeper of inner) complainOnce(report, deeper, about, path);
        return;
      }
      report.error(written === undefined ? "missing" : "wrong-type", about.places.of(at), `${field} is ${described(written)}, which is not what it may be`, hint);
      return;
    }
    case "invalid_key":
      report.error("bad-value", about.places.ofKey(at), `\`${String(at.at(-1))}\` may not be a key here: ${issue.issues.map(({ message }) => message).join("; ")}`, hint);
      return;
    case "invalid_type":
      if (written === undefined) report.error("missing", about.places.of(at), `${nameOf(at.slice(0, -1))} lacks \`${String(at.at(-1))}\``, hint);
      else report.error("wrong-type", about.places.of(at), `${field} is ${described(written)}; expected ${wanted(issue.expected)}`, hint);
      return;
    case "invalid_value":
      report.error(
        written === undefined ? "missing" : "bad-value",
        about.places.of(at),
        `${field} is ${described(written)}; expected ${issue.values.map((value) => `\`${String(value)}\``).join(" or ")}`,
        hint,
      );
      return;
    default:
      report.error(
        "bad-value",
        about.places.of(at),
        `${field} ${typeof written === "object" ? "is not as it should be" : `is ${described(written)}`}; ${/^expected/i.test(issue.message) ? issue.message : `expected ${issue.message}`}`,
        hint,
      );
  }
}

/** Of a union's branches, the one whose complaints lie inside of it: the author meant that one and slipped. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const inside = branches.filter((issues) => issues.every(({ code, path }) => path.length > 0 || (code !== "invalid_type" && code !== "invalid_value")));
  const fewest = [...inside].sort((a, b) => badness(a) - badness(b));
  return fewest.length === 1 || (fewest[0] && fewest[1] && badness(fewest[0]) < badness(fewest[1])) ? fewest[0] : undefined;
}

/** An unknown key says more strongly than a missing one that another branch was meant. */
function badness(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? 3 * issue.keys.length : 1), 0);
}

/** `phases[0].changes[1].steps[0].retry`, or `the file` for the top. */
function nameOf(path: Path): string {
  if (path.length === 0) return "the file";
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`)).join("");
}

function described(value: unknown): string {
  if (value === null) return "empty";
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value);
  return typeof value === "string" ? text.slice(0, 120) : `the ${typeof value} ${text}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of fields",
  record: "a map",
};

function wanted(expected: string): string {
  return KINDS[expected] ?? expected;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (at === null || typeof at !== "object") return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

/** The schema of a part, as far as it can be told without its value: of a union, the first branch that has the field. */
function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let options: z.ZodType[] = [schema];
  for (const part of path) options = options.flatMap((option) => branches(option).flatMap((branch) => childOf(branch, part)));
  return options.find(({ description }) => description !== undefined) ?? options[0];
}

function childOf(schema: z.ZodType, part: PropertyKey): z.ZodType[] {
  const { shape, element, valueType } = schema._zod.def as { shape?: Record<PropertyKey, z.ZodType>; element?: z.ZodType; valueType?: z.ZodType };
  const child = shape?.[part] ?? element ?? valueType;
  return child === undefined ? [] : [child];
}

/** A schema without what wraps it, and the branches of a union. */
function branches(schema: z.ZodType): z.ZodType[] {
  const { innerType, options, in: input } = schema._zod.def as { innerType?: z.ZodType; options?: z.ZodType[]; in?: z.ZodType };
  if (options !== undefined) return options.flatMap(branches);
  const inner = innerType ?? input;
  return inner === undefined ? [schema] : branches(inner);
}

/** Fields that an object may have here; of a union, those of the branch that shares most with what was written. */
function keysOf(schema: z.ZodType | undefined, written: unknown): readonly string[] {
  if (schema === undefined) return [];
  const present = written !== null && typeof written === "object" ? Object.keys(written) : [];
  const shapes = branches(schema).flatMap((branch) => {
    const { shape } = branch._zod.def as { shape?: object };
    return shape === undefined ? [] : [Object.keys(shape)];
  });
  const shared = (keys: string[]): number => keys.filter((key) => present.includes(key)).length;
  return shapes.sort((a, b) => shared(b) - shared(a))[0] ?? [];
}
