import { isMap, isNode, isSeq, parseDocument, YAMLSeq } from "yaml";
import type { Document, YAMLMap } from "yaml";
import { compile } from "../../plan/compile.ts";
import { outlineOf } from "../../plan/outline.ts";
import type { Outline } from "../../plan/outline.ts";
import { listOf } from "../../plan/schema.ts";
import { readYaml } from "../../plan/yaml.ts";
import { Fault } from "../../fault/fault.ts";
import { partOf } from "../words/headings.ts";
import type { AddedChange, Edit, NeedWritten, ReviewFinding } from "./finding.ts";
import type { Reading } from "./night.ts";
import { markOf, placesOf, statesIn } from "./states.ts";
import type { Places } from "./states.ts";
import type { Review } from "./review.ts";

export interface Mended {
  /** The plan with the mends in it; as it was when there was nothing to mend. */
  readonly text: string;
  /** What was written, by finding. */
  readonly written: readonly ReviewFinding[];
}

/**
 * Writes the mends of a page's findings into the plan that was made from it. Comments and people's edits stay: only
 * findings that the plan does not take up yet are written, each with a comment by which the next time knows it. A mend
 * after which less of the plan would compile becomes a question. Twice is once.
 *
 * @throws Fault `invalid` for a text that is no plan.
 */
export function mended(text: string, file: string, review: Review, reading: Reading): Mended {
  const states = statesIn(text, file, review, reading);
  const open = review.findings.filter((finding) => states.get(finding) === "open" && finding.edits.length > 0);
  if (open.length === 0) return { text, written: [] };
  const before = errorsOf(text, file, reading);
  const stillCompiles = (candidate: string): boolean => [...errorsOf(candidate, file, reading)].every(([error, count]) => count <= (before.get(error) ?? 0));
  const all = written(text, file, open, review);
  if (stillCompiles(all)) return { text: all, written: open };
  // One of them does not fit: one by one, and what does not fit is asked.
  let now = text;
  for (const finding of open) {
    const candidate = written(now, file, [finding], review);
    now = stillCompiles(candidate) ? candidate : written(now, file, [{ ...finding, edits: [asked(finding)] }], review);
  }
  return { text: now, written: open };
}

function asked({ step, message, proposal }: ReviewFinding): Edit {
  return { do: "ask", step, question: `How is this mended? ${sentence(message)} Proposed: ${proposal}.` };
}

/** What the compiler refuses, questions apart, without places: those move. */
function errorsOf(text: string, file: string, { inventory, registry }: Reading): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { severity, code, message } of compile({ text, file, inventory, registry, allowMissing: true }).findings) {
    if (severity !== "error" || code === "open-question") continue;
    const key = `${code}\n${message}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function written(text: string, file: string, findings: readonly ReviewFinding[], review: Review): string {
  const document = parseDocument(text, { merge: false, logLevel: "error" });
  const { value } = readYaml(text, file);
  if (document.errors.length > 0 || value === undefined) throw new Fault("invalid", `${file} is no YAML that could be mended; \`plan check\` says what is wrong with it`);
  const outline = outlineOf(value);
  const writing = new Writing(document, outline, placesOf(outline, review.night));
  for (const finding of findings) writing.finding(finding);
  return document.toString({ lineWidth: 0 });
}

class Writing {
  readonly #document: Document;
  readonly #outline: Outline;
  readonly #places: Places;
  readonly #taken: Set<string>;

  constructor(document: Document, outline: Outline, places: Places) {
    this.#document = document;
    this.#outline = outline;
    this.#places = places;
    this.#taken = new Set(outline.phases.flatMap(({ id, changes }) => [id, ...changes.map((change) => change.id)]));
  }

  finding(finding: ReviewFinding): void {
    const mark = markOf(finding);
    for (const edit of finding.edits) this.#edit(edit, finding);
    this.#remark(this.#mapOf(finding.step), mark);
  }

  #edit(edit: Edit, finding: ReviewFinding): void {
    if (edit.do === "add") return this.#add(edit.into, edit.change, finding);
    const map = this.#mapOf(edit.step);
    switch (edit.do) {
      case "ask":
        return this.#append(map, "questions", `${edit.question.slice(0, 1_700)} (page review, ${finding.code}, line ${finding.line})`);
      case "note":
        return this.#append(map, map === this.#window() ? "questions" : "notes", edit.note);
      case "set":
        if (!map.has(edit.field)) map.set(edit.field, this.#document.createNode(edit.value));
        return;
      case "need": {
        const needs = this.#needOf(edit.needs);
        if (needs !== undefined) this.#append(map, "needs", needs);
        return;
      }
      case "same": {
        const own = ["at", "needs", "when", "always", "opens", "closes", "questions"].filter((field) => map.has(field));
        const as = this.#places.idOf(edit.as);
        if (own.length > 0 || as === undefined) return this.#edit(asked(finding), finding);
        const others = map.items.map(({ key }) => String(key)).filter((key) => !["id", "title", "notes", "owner"].includes(key));
        for (const key of others) map.delete(key);
        map.set("sameAs", as);
      }
    }
  }

  /** A change of its own at the end of the phase where it belongs. */
  #add(into: "main" | "test" | "after", change: AddedChange, finding: ReviewFinding): void {
    const { needs = [], ...fields } = change.step;
    const who = fields["action"] === "person.do" ? this.#whoFor(finding.step, fields["with"]) : undefined;
    // A step that nobody does would not compile.
    if (fields["action"] === "person.do" && who === undefined)
      return this.#edit(
        { do: "ask", step: finding.step, question: `Which step takes this back, and who does it? ${sentence(finding.message)} Proposed: «${change.title}».` },
        finding,
      );
    const translated = needs.flatMap((need) => this.#needOf(need) ?? []);
    const phase = this.#phaseFor(into, needs);
    const changes = this.#document.getIn(["phases", phase, "changes"], true);
    if (!isSeq(changes)) return this.#edit(asked(finding), finding);
    let id = change.id;
    for (let count = 2; this.#taken.has(id); count++) id = `${change.id.slice(0, 44)}-${count}`;
    this.#taken.add(id);
    const step = { ...fields, ...(who === undefined ? {} : { with: { ...(fields["with"] as object), who } }), ...(translated.length === 0 ? {} : { needs: translated }) };
    const node = this.#document.createNode({ id, title: change.title, notes: change.notes, steps: [step] });
    changes.flow = false;
    changes.add(node);
    const { opens } = change;
    const opener = opens === undefined ? undefined : this.#mapOf(opens.step);
    if (opens !== undefined && opener !== undefined && opener !== this.#window()) {
      if (!opener.has("opens")) opener.set("opens", this.#document.createNode({}));
      const map = opener.get("opens", true);
      if (isMap(map)) {
        map.flow = false;
        map.set(opens.id, opens.what);
      }
    }
  }

  /** The last phase of its part, but none before what it needs. */
  #phaseFor(into: "main" | "test" | "after", needs: readonly NeedWritten[]): number {
    const parts = this.#outline.phases.map(({ title }) => partOf(title));
    const last = parts.length - 1;
    const firstOf = (...wanted: readonly string[]): number => parts.findIndex((part) => wanted.includes(part));
    const test = firstOf("test");
    const after = parts.lastIndexOf("after");
    const beforeTests = (test >= 0 ? test : after >= 0 ? after : parts.length) - 1;
    const wanted = into === "after" ? (after >= 0 ? after : last) : into === "test" ? (test >= 0 ? test : Math.max(0, beforeTests)) : Math.max(0, beforeTests);
    const needed = needs.map(({ step }) => this.#places.pathOf(step)?.[1]).filter((index) => typeof index === "number");
    return Math.max(wanted, ...needed);
  }

  #whoFor(step: string, given: unknown): string | undefined {
    const said = (given as { who?: string } | undefined)?.who;
    if (said !== undefined) return said;
    const draft = this.#places.draftOf(step);
    const owner =
      draft?.fields.owner ?? this.#outline.phases.flatMap(({ changes }) => changes).find(({ id }) => id === draft?.change)?.fields.owner ?? this.#outline.window.owners?.[0];
    return owner === undefined ? undefined : typeof owner === "string" ? owner : owner.first;
  }

  #needOf({ step, per, as }: NeedWritten): unknown {
    const id = this.#places.idOf(step);
    if (id === undefined) return undefined;
    return per === undefined && as === undefined ? id : { step: id, ...(per === undefined ? {} : { per }), ...(as === undefined ? {} : { as }) };
  }

  #window(): YAMLMap {
    const window = this.#document.get("window", true);
    if (isMap(window)) return window;
    throw new Fault("invalid", "the plan has no `window`; expected a plan made by `page import`");
  }

  #mapOf(step: string): YAMLMap {
    const path = this.#places.pathOf(step);
    const map = path === undefined ? undefined : this.#document.getIn(path, true);
    return isMap(map) ? map : this.#window();
  }

  /** Adds to what may be one thing or a list of them; what stands there already stays as it is written. */
  #append(map: YAMLMap, field: string, value: unknown): void {
    const there = map.get(field, true) as unknown;
    const node = this.#document.createNode(value);
    if (isSeq(there)) {
      there.flow = false;
      there.add(node);
    } else if (isNode(there)) {
      const list = new YAMLSeq();
      list.add(there);
      list.add(node);
      map.set(field, list);
    } else {
      const list = new YAMLSeq();
      list.add(node);
      map.set(field, list);
    }
  }

  #remark(map: YAMLMap, mark: string): void {
    map.commentBefore = [...listOf(map.commentBefore ?? undefined), ` ${mark}`].join("\n");
  }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/[.\s]+$/, "")}.`;
}
