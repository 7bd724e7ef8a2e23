import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import { loadInventory } from "../inventory/load.ts";
import { amendedText, readAmendment } from "../plan/amendment.ts";
import { compile } from "../plan/compile.ts";
import { sealed, type CompiledPlan } from "../plan/compiled.ts";
import { printedFinding } from "../plan/finding.ts";
import { localText } from "../plan/local-time.ts";
import { checkAmendment, keepingBegun, type Checked } from "./check-amendment.ts";
import { RUN_STREAM } from "./facts.ts";
import type { Entry } from "./journal.ts";

/** The two real pages: whatever step is amended as they begin, nothing else of them changes, however they are written. */

const EVERY = Number(process.env["AMEND_EVERY"] ?? 9);
const { inventory } = loadInventory(readFileSync("plans/inventory.yaml", "utf8"), "inventory.yaml");

function planOf(text: string): CompiledPlan {
  const { plan, findings } = compile({ text, file: "plan.yaml", inventory, registry });
  if (plan === undefined) throw new Error(findings.map(printedFinding).join("\n"));
  return plan;
}

describe.each(["plans/2024-10-06.yaml", "plans/2024-12-08.yaml"])("%s", (file) => {
  const text = readFileSync(file, "utf8");
  const plan = planOf(text);
  const now = Date.parse(plan.window.opensAt) - 60_000;
  const entries: readonly Entry[] = [{ stream: RUN_STREAM, seq: 0, fact: { type: "run.started", at: new Date(now).toISOString(), digest: plan.digest, by: "Ada" } }];
  // Every ninth is enough to meet every way of writing a step; all of them were tried once.
  const written = plan.steps.filter(({ derived }) => derived === undefined).filter((_step, at) => at % EVERY === 0);

  function checked(amend: object): Checked {
    const read = readAmendment(JSON.stringify({ amend: [{ ...amend, because: "to see what happens" }] }));
    if ("problems" in read) throw new Error(JSON.stringify(read.problems));
    const amended = amendedText(text, read.amendment, plan);
    if ("problems" in amended) throw new Error(JSON.stringify(amended.problems));
    const next = keepingBegun(plan, planOf(amended.text), entries);
    return checkAmendment({ amendment: read.amendment, plan, next, entries, now });
  }
  const codes = ({ problems }: Checked): readonly string[] => problems.map(({ code, step, message }) => `${code} ${step ?? ""}: ${message}`);

  it("stays the plan that it is when its text is written anew", () => {
    const read = readAmendment(`amend: [{ skip: ${written[0]?.id ?? ""}, because: for a moment }]`);
    const amended = "amendment" in read ? amendedText(text, read.amendment, plan) : read;

    const again = planOf(
      ("text" in amended ? amended.text : "")
        .split("\n")
        .filter((line) => !line.includes("skip: for a moment"))
        .join("\n"),
    );

    const plain = ({ steps, ...rest }: CompiledPlan): string => sealed({ ...rest, steps: steps.map((step) => ({ ...step, line: 0 })) }).digest;
    expect(plain({ ...again, digest: "" })).toBe(plain({ ...plan, digest: "" }));
  });

  it("lets every step be left out, unless it closes what another one opens", () => {
    const refused = written.flatMap(({ id, targets }) => {
      const found = codes(checked({ skip: id }));
      const closes = targets.some((target) => target.closes.length > 0);
      return found.every((code) => closes && code.startsWith("never-closed")) ? [] : [`${id}: ${found.join("; ")}`];
    });

    expect(refused).toEqual([]);
  });

  it("lets every step be moved to a later hour, unless it then no longer stands where it must", () => {
    const later = localText(Date.parse(plan.window.cutoff) - 60_000, plan.window.zone);
    const refused = written.flatMap(({ id }) => {
      const found = codes(checked({ move: id, at: later }));
      return found.every((code) => code.startsWith("never-closed")) ? [] : [`${id}: ${found.join("; ")}`];
    });

    expect(refused).toEqual([]);
  });

  it("takes a step behind any other", () => {
    const refused = written.flatMap(({ id }) => {
      const result = checked({ add: { id: "one-more-look", action: "web.check", targets: "www" }, after: id });
      return result.problems.length === 0 && result.added.length === 1 && result.changed.length === 0 ? [] : [`${id}: ${codes(result).join("; ")} ${result.changed.join(", ")}`];
    });

    expect(refused).toEqual([]);
  });
});
