import { nearest } from "../inventory/nearest.ts";
import { canonicalJson } from "./compiled.ts";
import type { CompiledTarget } from "./compiled.ts";
import type { Report } from "./finding.ts";
import type { Draft } from "./outline.ts";
import type { References } from "./references.ts";
import type { Places } from "./yaml.ts";

/** The verb whose steps are compared: what a pipeline deploys once, it need not deploy again. */
const DEPLOYING = "pipeline.run";

/** Of a pipeline step's parameters, what tells deployments apart. */
export interface PipelineParams {
  readonly pipeline: {
    readonly name: string;
    readonly stages: readonly { readonly name: string; readonly title?: string; readonly environment?: string; readonly expected?: string }[];
  };
  readonly environment?: string;
  readonly stack?: { readonly environment?: string };
  readonly ref?: Readonly<Record<string, string>>;
  readonly stages?: readonly string[];
}

/** Stages and environments that the pipeline does not have, said before the night instead of in it. */
export function checkStages(draft: Draft, targets: readonly CompiledTarget[], places: Places, report: Report): void {
  const { pipeline, environment, stages } = (targets[0]?.params ?? {}) as PipelineParams;
  const names = pipeline.stages.flatMap(({ name, title }) => (title === undefined ? [name] : [name, title]));
  (stages ?? []).forEach((stage, index) => {
    if (names.includes(stage)) return;
    report.error("unknown-stage", places.of([...draft.path, "with", "stages", index]), `${pipeline.name} has no stage \`${stage}\``, didYouMean(stage, names));
  });
  const environments = [...new Set(pipeline.stages.flatMap((stage) => stage.environment ?? []))];
  if (environment !== undefined && environments.length > 0 && !environments.includes(environment)) {
    report.error(
      "unknown-environment",
      places.of([...draft.path, "with", "environment"]),
      `${pipeline.name} has no stage of environment \`${environment}\``,
      didYouMean(environment, environments),
    );
  }
}

function didYouMean(wanted: string, known: readonly string[]): string {
  const near = nearest(wanted, known);
  return near.length > 0 ? `did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?` : `it has ${known.join(", ")}`;
}

/** What one pipeline step deploys, in words that are equal for equal work. */
interface Deployment {
  readonly draft: Draft;
  readonly pipeline: string;
  readonly environment: string | undefined;
  readonly ref: string;
  readonly stages: string;
  /** All of the above, with parameters, mode and targets. */
  readonly whole: string;
}

/**
 * Which steps are done by another step («done above»): those that say `sameAs`, and the same deployment asked for by two
 * changes. A differing detail is asked about and never merged.
 *
 * @returns id of the step that does the work, by id of the step it serves.
 */
export function servedSteps(targets: ReadonlyMap<string, readonly CompiledTarget[]>, references: References, places: Places, report: Report): ReadonlyMap<string, string> {
  const served = new Map<string, string>();
  for (const draft of references.steps.values()) {
    const target = sayingSame(draft, references, places, report);
    if (target !== undefined) served.set(draft.id, target);
  }
  sameDeployments(targets, references, served, places, report);
  return flattened(served, references, places, report);
}

/** Fields that a step which another one does may still have. */
const SAME_AS_FIELDS = new Set(["id", "title", "sameAs", "notes", "owner"]);

function sayingSame(draft: Draft, references: References, places: Places, report: Report): string | undefined {
  const { sameAs } = draft.fields;
  if (sameAs === undefined) return undefined;
  for (const field of Object.keys(draft.fields).filter((each) => !SAME_AS_FIELDS.has(each))) {
    report.error(
      "same-as-and-more",
      places.ofKey([...draft.path, field]),
      `\`${field}\` says nothing here: \`sameAs\` means that ${sameAs} does the work`,
      "take it away, or take `sameAs` away",
    );
  }
  const found = references.find(sameAs, draft.change);
  const place = places.of([...draft.path, "sameAs"]);
  if (found === undefined) {
    const near = references.near(sameAs, draft.change);
    report.error("unknown-step", place, `there is no step called \`${sameAs}\``, near.length > 0 ? `did you mean ${near.map((id) => `\`${id}\``).join(" or ")}?` : undefined);
    return undefined;
  }
  const [only] = found;
  if (only === undefined || found.length > 1 || (!references.steps.has(sameAs) && !references.steps.has(`${draft.change}.${sameAs}`))) {
    report.error("unknown-step", place, `\`${sameAs}\` is no single step`, "name one of its steps, `CHANGE.STEP`");
    return undefined;
  }
  return only.id;
}

function sameDeployments(targets: ReadonlyMap<string, readonly CompiledTarget[]>, references: References, served: Map<string, string>, places: Places, report: Report): void {
  const earlier = new Map<string, Deployment[]>();
  for (const draft of references.steps.values()) {
    const found = targets.get(draft.id);
    if (draft.fields.action !== DEPLOYING || found === undefined || served.has(draft.id)) continue;
    const deployment = deploymentOf(draft, found);
    // Without an environment it is no deployment to one: the stages of a pipeline of chores, say.
    if (deployment.environment === undefined) continue;
    const same = earlier.get(`${deployment.pipeline}\n${deployment.environment}`) ?? [];
    earlier.set(`${deployment.pipeline}\n${deployment.environment}`, [...same, deployment]);
    const others = same.filter(({ draft: { change } }) => change !== draft.change);
    const twin = others.find(({ whole }) => whole === deployment.whole);
    const place = places.ofKey([...draft.path, "action"]);
    if (twin !== undefined) {
      const own = (["at", "needs", "when", "always", "opens", "closes"] as const).filter((field) => draft.fields[field] !== undefined);
      if (own.length > 0) {
        report.error(
          "same-deployment-twice",
          place,
          `this is the deployment that ${twin.draft.id} does, but it has ${own.map((field) => `\`${field}\``).join(" and ")} of its own`,
          `write \`sameAs: ${twin.draft.id}\` and no more if it is done once, or change what is deployed`,
        );
        continue;
      }
      served.set(draft.id, twin.draft.id);
      report.info("done-above", place, `done by ${twin.draft.id}, which deploys ${wordsOf(deployment)}; it runs once and counts for ${draft.change} too`);
      continue;
    }
    const [other] = others;
    if (other === undefined) continue;
    report.warning(
      "deployment-differs",
      place,
      `${draft.id} deploys ${wordsOf(deployment)}, and ${other.draft.id} deploys ${wordsOf(other)}: is that meant?`,
      "both run; if one was to be the other, make them equal, or write `sameAs`",
    );
  }
}

function deploymentOf(draft: Draft, targets: readonly CompiledTarget[]): Deployment {
  const { stack, ...params } = (targets[0]?.params ?? {}) as PipelineParams;
  const { pipeline, ref, stages } = params;
  const environment = params.environment ?? stack?.environment;
  const byName = (stage: string): string => pipeline.stages?.find(({ name, title }) => name === stage || title === stage)?.name ?? stage;
  const chosen = stages === undefined ? "all" : [...new Set(stages.map(byName))].sort().join(", ");
  const stacks = targets.length === 1 && targets[0]?.id === draft.id ? [] : targets.map(({ id }) => id).sort();
  return {
    draft,
    pipeline: pipeline.name,
    environment,
    ref:
      ref === undefined
        ? "the pipeline's branch"
        : Object.entries(ref)
            .map(([kind, value]) => `${kind} ${value}`)
            .join(" "),
    stages: chosen,
    whole: canonicalJson({ ...params, environment, pipeline: pipeline.name, stages: chosen, stacks }),
  };
}

function wordsOf({ pipeline, environment, ref, stages }: Deployment): string {
  return `${pipeline} at ${ref} to ${environment ?? "no environment"}${stages === "all" ? "" : ` (stages ${stages})`}`;
}

/** Follows `sameAs` of `sameAs`; one that leads back to itself is an error and is dropped. */
function flattened(served: ReadonlyMap<string, string>, references: References, places: Places, report: Report): ReadonlyMap<string, string> {
  const ends = new Map<string, string>();
  for (const id of served.keys()) {
    let end = served.get(id) ?? id;
    for (let hops = 0; served.has(end) && hops <= served.size; hops++) end = served.get(end) ?? end;
    if (served.has(end))
      report.error(
        "cycle",
        places.of([...(references.steps.get(id)?.path ?? []), "sameAs"]),
        `${id} is the same as ${String(served.get(id))}, which leads back to it: nobody does the work`,
      );
    else ends.set(id, end);
  }
  return ends;
}
