import type { Report } from "./finding.ts";
import type { Outline, Path } from "./outline.ts";
import { listOf } from "./schema.ts";
import type { Places } from "./yaml.ts";

/** Every question that still stands in a plan is an error at its place: what nobody has answered does not run unattended. */
export function openQuestions({ window, phases }: Outline, places: Places, report: Report): void {
  const ask = (questions: string | readonly string[] | undefined, path: Path): void => {
    listOf(questions).forEach((question, index) => {
      const place = places.of(Array.isArray(questions) ? [...path, "questions", index] : [...path, "questions"]);
      report.error("open-question", place, question, "write the answer into the plan and take the question out");
    });
  };
  ask(window.questions, ["window"]);
  for (const change of phases.flatMap((phase) => phase.changes)) {
    ask(change.fields.questions, change.path);
    for (const step of change.steps) ask(step.fields.questions, step.path);
  }
}
