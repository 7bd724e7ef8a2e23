import { outlineOf } from "../../plan/outline.ts";
import type { Draft, Outline, Path } from "../../plan/outline.ts";
import { listOf } from "../../plan/schema.ts";
import { readYaml } from "../../plan/yaml.ts";
import { slug } from "../drafted.ts";
import { CHECKS } from "./checks.ts";
import type { ReviewFinding, State } from "./finding.ts";
import { nightOf } from "./night.ts";
import type { Night, Reading } from "./night.ts";
import { findingsOf } from "./review.ts";
import type { Review } from "./review.ts";

/** Where the steps of a draft stand in a plan that people have edited since. */
export interface Places {
  /** By id; else by the page's words, which people leave alone. */
  draftOf(step: string): Draft | undefined;
  idOf(step: string): string | undefined;
  pathOf(step: string): Path | undefined;
}

export function placesOf({ phases }: Outline, { steps }: Night): Places {
  const drafts = phases.flatMap(({ changes }) => changes).flatMap((change) => change.steps);
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  const wordsOf = (action: string | undefined, title: string | undefined): string => `${action ?? ""}\n${title ?? ""}`;
  const byWords = Map.groupBy(drafts, ({ fields }) => wordsOf(fields.action, fields.title));
  const onPage = new Map(steps.map((step) => [step.id, step]));
  const draftOf = (step: string): Draft | undefined => {
    const own = byId.get(step);
    if (own !== undefined) return own;
    const { fields } = onPage.get(step) ?? {};
    const found = fields?.title === undefined ? [] : (byWords.get(wordsOf(fields.action, fields.title)) ?? []);
    return found.length === 1 ? found[0] : undefined;
  };
  return { draftOf, idOf: (step) => draftOf(step)?.id, pathOf: (step) => draftOf(step)?.path };
}

/** The comment by which a plan shows that a finding was written into it. */
export function markOf({ code, step, about }: ReviewFinding): string {
  return `reviewed: ${code} ${step}${about === "" ? "" : ` ${slug(about.replaceAll(".", " "), "it")}`}`;
}

/**
 * How each finding of a page stands in a plan. The same checks look at the plan: what they do not find there any more is
 * mended, by whomever. What they still find is asked, answered, or open.
 */
export function statesIn(text: string, file: string, review: Review, reading: Reading): ReadonlyMap<ReviewFinding, State> {
  const { value } = readYaml(text, file);
  const outline = outlineOf(value);
  const night = nightOf(outline, reading);
  const places = placesOf(outline, review.night);
  const byCode = Map.groupBy(findingsOf(night), ({ code }) => code);
  const marks = new Set([...text.matchAll(/^\s*#\s*(reviewed: .+?)\s*$/gm)].map(([, mark]) => mark));
  const of = new Map(CHECKS.map((check) => [check.code, check.of]));

  return new Map(
    review.findings.map((finding): [ReviewFinding, State] => {
      const draft = places.draftOf(finding.step);
      const isMarked = marks.has(markOf(finding));
      const questions = [...listOf(draft?.fields.questions), ...listOf(outline.window.questions)];
      const isAsked = questions.some(
        (question) =>
          question.includes(`(page review, ${finding.code}, line ${finding.line})`) ||
          (finding.about.length > 3 && listOf(draft?.fields.questions).includes(question) && question.includes(finding.about)),
      );
      if (finding.edits.length === 0) return [finding, "mended"];
      const isThere = of.get(finding.code) === "words" ? stillSays(finding, draft) : stillFound(finding, byCode.get(finding.code) ?? [], places);
      if (!isThere) return [finding, "mended"];
      if (isAsked) return [finding, "asked"];
      if (!isMarked) return [finding, "open"];
      return [finding, finding.edits.some((edit) => edit.do === "ask") ? "answered" : "mended"];
    }),
  );
}

function stillFound(finding: ReviewFinding, inPlan: readonly ReviewFinding[], places: Places): boolean {
  const step = finding.step === "window" ? "window" : places.idOf(finding.step);
  const about = places.idOf(finding.about) ?? finding.about;
  // One of a kind at a step is the same, whatever it is about; of several, that which is about the same.
  const here = inPlan.filter((each) => each.step === step && each.severity !== "info");
  return here.length > 0 && (here.length === 1 || here.some((each) => each.about === about || each.about === finding.about));
}

/** Whether a plan's step still says what the page's words were found for. */
function stillSays({ code, about }: ReviewFinding, draft: Draft | undefined): boolean {
  if (draft === undefined || code !== "other-month") return true;
  const { title, with: given, targets } = draft.fields;
  return about.split(", ").some((month) => JSON.stringify([title, given, targets]).includes(month));
}
