import { canonicalJson } from "../../plan/compiled.ts";
import type { Found } from "./checks.ts";
import type { Night, NightStep } from "./night.ts";

/** Words for branches that everybody pushes to, where a page names no ref of its own. */
const TRUNK =
  /(?:\b(?:from|of|off|on|branch|at)\s+(?:the\s+)?|@\s*)(?<trunk>main|master|develop|development|trunk|head|latest|tip)\b|\b(?<bare>main|master|develop|trunk)(?= (?:branch|to|into|in|on)\b)|\b(?<latest>latest (?:main|master|build|code|commit|version))\b/i;
const MOVING_TAG = /^(?:latest|stable|current|main|master|develop|head|edge|nightly)$/i;

interface Ref {
  readonly tag?: string;
  readonly branch?: string;
  readonly commit?: string;
}

function refOf({ fields }: NightStep): Ref | undefined {
  return fields.with?.["ref"] as Ref | undefined;
}

function isProduction(environment: unknown): boolean {
  return environment === undefined || /^(?:prd|prod\w*|live)/i.test(String(environment));
}

/** Production deployments of what may still move. */
export function movingBranches({ steps }: Night): readonly Found[] {
  const seen = new Set<string>();
  return steps.flatMap((step) => {
    const byHand = step.verb === "person.do" && /\b(?:deploy|release|roll ?out|ship|promote|push)\b/i.test(step.words) && /\b(?:prd|prod|production|live)\b/i.test(step.words);
    if ((step.verb !== "pipeline.run" && !byHand) || !isProduction(step.fields.with?.["environment"])) return [];
    const ref = refOf(step);
    if (ref?.commit !== undefined) return [];
    // A tag without a number may be the import's misreading of another word.
    const isSure = ref?.branch !== undefined || (ref?.tag !== undefined && /\d/.test(ref.tag));
    const trunk = isSure ? undefined : TRUNK.exec(step.words)?.groups;
    const name = ref?.branch ?? (ref?.tag !== undefined && MOVING_TAG.test(ref.tag) ? ref.tag : (trunk?.["trunk"] ?? trunk?.["bare"] ?? trunk?.["latest"]));
    if (name === undefined || seen.has(`${step.line}\n${name}`)) return [];
    seen.add(`${step.line}\n${name}`);
    return [
      {
        severity: "warning",
        line: step.line,
        others: [],
        words: step.words,
        message: `${name} is deployed to ${String(step.fields.with?.["environment"] ?? "production, as far as the page says")} and may move until then`,
        proposal: "name a tag, or the commit beside the branch: `ref: { branch, commit }`",
        step: step.id,
        about: "",
        edits: [{ do: "ask", step: step.id, question: `Which tag, or which commit of ${name}? It may move between the approval and the run.` }],
      } satisfies Found,
    ];
  });
}

/** What is destroyed at one ref and put up at another. */
export function destroyedElsewhere({ steps }: Night): readonly Found[] {
  const deployments = steps.filter(({ verb }) => verb === "pipeline.run");
  return deployments
    .filter(({ fields }) => fields.with?.["mode"] === "destroy")
    .flatMap((destroy) => {
      const { pipeline, environment } = (destroy.fields.with ?? {}) as { pipeline?: string; environment?: string };
      const deploy = deployments.find(
        (other) =>
          other.at > destroy.at &&
          other.fields.with?.["mode"] !== "destroy" &&
          other.fields.with?.["pipeline"] === pipeline &&
          (other.fields.with?.["environment"] === environment || other.fields.with?.["environment"] === undefined || environment === undefined),
      );
      if (deploy === undefined || pipeline === undefined || canonicalJson(refOf(deploy) ?? null) === canonicalJson(refOf(destroy) ?? null)) return [];
      const [down, up] = [said(refOf(destroy)), said(refOf(deploy))];
      return [
        {
          severity: "warning",
          line: destroy.line,
          others: [deploy.line],
          words: destroy.words,
          message: `${pipeline} is destroyed at ${down} and deployed at ${up}`,
          proposal: `say that ${down} is what runs now, and how to go back if ${up} does not come up`,
          step: destroy.id,
          about: deploy.id,
          edits: [{ do: "ask", step: destroy.id, question: `Is ${down} what runs now, so that destroying at it leaves nothing behind? Line ${deploy.line} deploys ${up}.` }],
        } satisfies Found,
      ];
    });
}

/** Deployments that are asked for twice, alike or with a differing detail. */
export function deploymentsTwice(night: Night): readonly Found[] {
  const { steps } = night;
  const found: Found[] = [];
  const byPlace = new Map<string, NightStep[]>();
  const served = new Map<string, { readonly first: NightStep; readonly pairs: (readonly [NightStep, NightStep])[] }>();
  for (const step of steps) {
    const { sameAs } = step.fields;
    const original = sameAs === undefined ? undefined : night.find(sameAs, step.change)[0];
    if (original !== undefined) {
      // «Done above», said for several deployments of one change, is one thing to know.
      const key = `${original.change}\n${step.change}`;
      const group = served.get(key) ?? { first: step, pairs: [] };
      group.pairs.push([original, step]);
      served.set(key, group);
      continue;
    }
    const { pipeline, environment, mode } = (step.fields.with ?? {}) as { pipeline?: string; environment?: string; mode?: string };
    if (step.verb !== "pipeline.run" || pipeline === undefined || (environment === undefined && refOf(step) === undefined) || mode === "destroy") continue;
    const key = `${pipeline}\n${environment ?? ""}`;
    const others = byPlace.get(key) ?? [];
    const twin = others.find((other) => alike(other) === alike(step));
    const differing = others.findLast(
      (other) => other.change !== step.change && refOf(other)?.tag !== undefined && refOf(step)?.tag !== undefined && refOf(other)?.tag !== refOf(step)?.tag,
    );
    byPlace.set(key, [...others, step]);
    if (twin !== undefined) found.push(twice(twin, step));
    else if (differing !== undefined && !steps.some((other) => other.fields.with?.["mode"] === "destroy" && other.fields.with["pipeline"] === pipeline))
      found.push(differs(differing, step));
  }
  for (const { first, pairs } of served.values()) {
    const what = [...new Set(pairs.map(([original]) => original))].map(
      (original) =>
        `${String(original.fields.with?.["pipeline"] ?? original.words)} to ${String(original.fields.with?.["environment"] ?? "the same place")} at ${said(refOf(original))} (line ${original.line})`,
    );
    found.push({
      severity: "info",
      line: first.line,
      others: [...new Set([...pairs.flatMap(([original]) => original.line), ...pairs.map(([, step]) => step.line)])].filter((line) => line !== first.line),
      words: first.words,
      message: `asked for twice: ${what.join(", ")}; it runs once and counts for both`,
      proposal: "nothing to do, if nothing of it was meant to differ",
      step: first.id,
      about: "done-above",
      edits: [],
    });
  }
  return found.toSorted((a, b) => a.line - b.line);
}

function twice(first: NightStep, second: NightStep): Found {
  const { pipeline, environment } = (second.fields.with ?? {}) as { pipeline?: string; environment?: string };
  return {
    severity: "warning",
    line: second.line,
    others: [first.line],
    words: second.words,
    message: `${String(pipeline)} at ${said(refOf(second))} goes to ${environment ?? "the same place"} on line ${first.line} already`,
    proposal: "let it run once: `sameAs` the first",
    step: second.id,
    about: first.id,
    edits: [{ do: "same", step: second.id, as: first.id }],
  };
}

function differs(first: NightStep, second: NightStep): Found {
  const { pipeline, environment } = (second.fields.with ?? {}) as { pipeline?: string; environment?: string };
  const words = `${String(pipeline)} goes to ${environment ?? "the same place"} at ${said(refOf(first))} on line ${first.line} and at ${said(refOf(second))} here`;
  return {
    severity: "warning",
    line: second.line,
    others: [first.line],
    words: second.words,
    message: words,
    proposal: "say which is right, or that both are meant, one after the other",
    step: second.id,
    about: first.id,
    edits: [{ do: "ask", step: second.id, question: `Which is right? ${words}.` }],
  };
}

function alike({ fields }: NightStep): string {
  const { pipeline, environment, ref, stages, parameters } = (fields.with ?? {}) as Readonly<Record<string, unknown>>;
  return canonicalJson({ pipeline, environment, ref, stages, parameters, targets: fields.targets === undefined ? undefined : [fields.targets].flat() });
}

function said(ref: Ref | undefined): string {
  return ref?.tag ?? ref?.branch ?? ref?.commit ?? "no tag";
}
