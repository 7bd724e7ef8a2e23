import { styleText } from "node:util";
import type { CompiledPlan, CompiledStep } from "../shared/plan/compiled.ts";
import type { PlanPreview, StepPreview } from "../shared/run/preview.ts";

/** What a step does to the world: opens something that must be closed, changes something, or does what cannot be taken back. */
export type Sign = "+" | "~" | "-";

/** A preview with what the plan says about it: what people look at before they approve. */
export interface PreviewShown {
  readonly window: string;
  readonly title: string;
  /** Digest of the plan. */
  readonly digest: string;
  /** Digest of the preview, which an approval is bound to; missing while something could not be looked at. */
  readonly preview?: string;
  readonly steps: readonly (StepPreview & {
    readonly title: string;
    readonly verb: string;
    readonly sign: Sign;
    readonly irreversible: boolean;
    readonly approvedBy?: readonly string[];
  })[];
  /** What is opened, by which steps, and what closes it. */
  readonly opens: readonly { readonly what: string; readonly openedBy: string; readonly closedBy: string | null }[];
  readonly servers: readonly { readonly server: string; readonly steps: readonly string[] }[];
  readonly commits: readonly { readonly pipeline: string; readonly ref: string; readonly commit: string | null }[];
}

/** Puts together what a plan would do, as the world stands now, and what the plan itself says about it. */
export function previewShown(plan: CompiledPlan, preview: PlanPreview): PreviewShown {
  const seen = new Map(preview.steps.map((step) => [step.step, step]));
  const closers = new Map(plan.steps.flatMap(({ id, targets }) => targets.flatMap(({ closes }) => closes.map((what) => [what, id] as const))));
  return {
    window: plan.window.id,
    title: plan.window.title,
    digest: plan.digest,
    ...(preview.digest === undefined ? {} : { preview: preview.digest }),
    steps: plan.steps.map((step) => ({
      ...(seen.get(step.id) ?? { step: step.id, targets: [] }),
      title: step.title,
      verb: step.verb,
      sign: signOf(step),
      irreversible: step.irreversible,
      ...(step.approval === undefined ? {} : { approvedBy: step.approval.by.map(({ name }) => name) }),
    })),
    opens: plan.steps.flatMap(({ id, targets }) =>
      targets.flatMap(({ opens }) => opens.map((opening) => ({ what: opening.what, openedBy: id, closedBy: closers.get(opening.id) ?? null }))),
    ),
    servers: serversOf(plan),
    commits: commitsOf(preview),
  };
}

function signOf({ irreversible, targets }: CompiledStep): Sign {
  if (irreversible) return "-";
  return targets.some(({ opens }) => opens.length > 0) ? "+" : "~";
}

function serversOf({ steps }: CompiledPlan): PreviewShown["servers"] {
  const found = new Map<string, string[]>();
  for (const { id, targets } of steps) {
    for (const { params } of targets) {
      const name = (params as { server?: { name?: string } }).server?.name;
      if (name !== undefined) found.set(name, [...(found.get(name) ?? []), id]);
    }
  }
  return [...found].map(([server, ids]) => ({ server, steps: ids })).toSorted((one, other) => one.server.localeCompare(other.server, "en", { numeric: true }));
}

/** Keep in step with the preview of `pipeline.run`, which words them. */
const COMMIT = /pipeline (.+) at (\S+), commit (?:([0-9a-f]{40})|not known)/;

function commitsOf({ steps }: PlanPreview): PreviewShown["commits"] {
  const found = steps.flatMap(({ targets }) =>
    targets.flatMap(({ lines }) =>
      lines.flatMap((line) => {
        const [, pipeline, ref, commit = null] = COMMIT.exec(line) ?? [];
        return pipeline === undefined || ref === undefined ? [] : [{ pipeline, ref, commit }];
      }),
    ),
  );
  return [...new Map(found.map((one) => [`${one.pipeline} ${one.ref}`, one])).values()];
}

const COLOURS = { "+": "green", "~": "yellow", "-": "red" } as const;

/**
 * A preview as lines for people, in the manner of `terraform plan`; colours only if they are asked for.
 *
 * @param options `real`: a running Nightshift looked, so that what it saw can be approved there.
 */
export function previewText(shown: PreviewShown, { coloured, real }: { readonly coloured: boolean; readonly real: boolean }): readonly string[] {
  const paint = (style: Parameters<typeof styleText>[0], text: string) => (coloured ? styleText(style, text, { validateStream: false }) : text);
  const failed = shown.steps.flatMap(({ targets }) => targets.filter(({ fault }) => fault !== undefined));
  const refused = shown.steps.flatMap(({ targets }) => targets.filter((target) => target.refused === true));
  const count = (sign: Sign) => shown.steps.filter((step) => step.sign === sign).length;
  return [
    paint("bold", `${oneLine(shown.title)}: what would be done, as the world stands now`),
    "Signs: + opens what must be closed again, ~ changes, - cannot be taken back",
    ...shown.steps.flatMap((step) => stepLines(step, paint)),
    ...section(
      "What is opened, and what closes it",
      shown.opens.map(({ what, openedBy, closedBy }) => `${what}: opened by ${openedBy}, closed by ${closedBy ?? "nobody"}`),
      paint,
    ),
    ...section(
      "Servers",
      shown.servers.map(({ server, steps }) => `${server}: ${steps.join(", ")}`),
      paint,
    ),
    ...section(
      "Commits behind branches and tags",
      shown.commits.map(({ pipeline, ref, commit }) => `${pipeline} ${ref}: ${commit ?? "not known, as nobody has run it yet"}`),
      paint,
    ),
    "",
    `${paint("bold", "Steps:")} ${count("+")} to open, ${count("~")} to change, ${count("-")} irreversible${refused.length === 0 ? "" : `; ${plural(refused.length, "target")} would be refused`}${failed.length === 0 ? "" : `; ${plural(failed.length, "target")} could not be looked at`}.`,
    `Plan    ${shown.digest}`,
    shown.preview === undefined ? "Preview none: what could not be looked at cannot be approved" : `Preview ${shown.preview}`,
    ...(shown.preview === undefined || !real ? [] : ["", `To approve: nightshift plan approve ${shown.window} --digest ${shown.digest} --preview ${shown.preview}`]),
  ];
}

function stepLines(
  { step, title, verb, sign, irreversible, approvedBy, targets }: PreviewShown["steps"][number],
  paint: (style: Parameters<typeof styleText>[0], text: string) => string,
): readonly string[] {
  const remarks = [...(irreversible ? ["cannot be taken back"] : []), ...(approvedBy === undefined ? [] : [`needs the approval of ${approvedBy.join(" or ")}`])];
  const own = targets.length === 1;
  return [
    "",
    `${paint("bold", `# ${step}`)} (${verb}) ${oneLine(title)}${remarks.length === 0 ? "" : `: ${remarks.join(", ")}`}`,
    ...targets.flatMap(({ target, lines, fault, refused }) => [
      ...(own ? [] : [`  ${paint(COLOURS[sign], sign)} ${oneLine(target)}`]),
      ...lines.map((line) => `${own ? `  ${paint(COLOURS[sign], sign)} ` : "      "}${refused === true ? paint("red", oneLine(line)) : oneLine(line)}`),
      ...(fault === undefined ? [] : [`${own ? "  ! " : "      "}${paint("red", `could not be looked at: ${oneLine(fault.message)}`)}`]),
    ]),
  ];
}

function section(title: string, lines: readonly string[], paint: (style: "bold", text: string) => string): readonly string[] {
  return lines.length === 0 ? [] : ["", paint("bold", title), ...lines.map((line) => `  ${oneLine(line)}`)];
}

/** Names come from plans and vendors: none of them moves the cursor or begins a line of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
