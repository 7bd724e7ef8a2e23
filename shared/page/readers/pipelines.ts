import type { Entry } from "../../inventory/inventory.ts";
import type { Pipeline } from "../../inventory/schema.ts";
import { asked, given } from "../proposal.ts";
import type { Proposal, SentenceReader, Surroundings } from "../proposal.ts";
import { asidesIn } from "../words/asides.ts";
import { environmentsIn } from "../words/environments.ts";
import { shareOf, stems } from "../words/likeness.ts";
import { refsIn } from "../words/refs.ts";

/** «Run the … stage of the … pipeline», «start the jobs (post-maintenance)», «run full regression tests». */
export const readPipeline: SentenceReader = (text, around) => {
  const { names } = around;
  const written = names.in(text, "pipeline")[0]?.name;
  const staged = written ?? byStage(text, around);
  const acts =
    /\b(?:re-?run|runs?|running|ran|start(?:s|ed)?|kick(?:s|ed)?(?: |-)?off|kickoff|trigger(?:s|ed)?|execut\w+|deploy\w*|launch\w*|queue\w*|releas\w+|roll(?:ed)?[ -]?out|appl(?:y|ied)|destroy\w*|tear(?:ing)? down|torn down|promot\w+|go(?:es)? out|ships?)\b/i.test(
      text,
    );
  // «Start the jobs - refer to the Post-Maintenance steps»: the stage stands further on in the line.
  const named = staged ?? (/^(?:please )?(?:re-?start|start|run|release|resume|kick)\b/i.test(text.trim()) ? byStage(around.line, around) : undefined);
  // A name of the inventory together with its stage or a ref says it without a verb: «Full regression on …».
  if (!acts && !(named !== undefined && (/\bstages?\b/i.test(text) || refsIn(text).length > 0 || written === undefined))) return undefined;
  const speaksOfOne = /\bpipelines?\b/i.test(text);
  const own = refsIn(text);
  // «run billing-api (release/2025.09)»
  const refs =
    own.length > 0
      ? own
      : refsIn(
          asidesIn(around.line)
            .map((aside) => aside.text)
            .join(" "),
        );
  if (named === undefined && !speaksOfOne && !(refs.length > 0 && /\bdeploy|release|roll out|promote\b/i.test(text))) return undefined;
  const known = named === undefined ? undefined : names.inventory.find("pipeline", named);
  const spoken =
    named ??
    /\b(?:the |this )?((?:[A-Z][\w-]*\s+){1,4})[Pp]ipeline\b/
      .exec(text)?.[1]
      ?.replace(/^(?:Run|Start|Trigger|Execute|The|This)\s+/, "")
      .trim() ??
    // «Deploy dispatch-api tag 3.8.0»: what stands between the verb and the ref.
    /\b(?:deploy|release|promote|run|start|trigger|roll out)\s+(?:the\s+)?(?!the\b|this\b|stages?\b|pipeline\b|tag\b|branch\b|version\b)([A-Za-z][\w.-]*[\w])(?=\s+(?:at |@ |pipeline|tag|branch|version|release|v?\d|from|:))/i.exec(
      text,
    )?.[1];
  const { stages, unknown } = stagesIn(staged === undefined && named !== undefined ? around.line : text, known);
  const said = environmentsIn(text, names.environments);
  const environments = said.length > 0 ? said : around.environments;
  const destroys = /\b(?:destroy\w*|tear(?:ing)? down|torn down)\b/i.test(text);
  const guessed = named !== undefined && written === undefined && !/\bpipeline\b/i.test(text) ? named : undefined;
  const stacks = stacksIn(text, named ?? "", around.above, names);
  const one = (environment: string | undefined, index: number): Proposal => ({
    id: environments.length > 1 ? `run-${(environment ?? "").toLowerCase()}` : destroys ? "destroy" : "run",
    action: "pipeline.run",
    with: given({
      pipeline: named ?? (spoken === "" ? undefined : spoken),
      ref: refs[0]?.ref,
      environment: stages.length > 0 && environments.length === 0 ? undefined : environment,
      stages: stages.length === 0 ? undefined : stages,
      mode: destroys ? "destroy" : undefined,
    }),
    ...(stacks.length === 0 ? {} : { targets: stacks }),
    ...(index > 0 ? { afterPrevious: "step" as const } : {}),
    ...(destroys ? { irreversible: true as const } : {}),
    ...asked(
      named === undefined && (spoken === undefined ? "Which pipeline? The page links to one without naming it." : `Which pipeline is «${spoken}»? The inventory does not know it.`),
      guessed !== undefined && `Is it the pipeline «${guessed}»? The page does not name one; the inventory says so by its stage.`,
      unknown.length > 0 && known !== undefined && `Which stage is «${unknown.join(", ")}»? The inventory's pipeline has none of that name.`,
      stacks.length === 0 && /\ball\b.{0,20}\bstacks\b/i.test(text) && "Which stacks? The inventory does not say.",
      refs.length > 1 && `Which of ${refs.map(({ start, end }) => text.slice(start, end)).join(", ")} is to run?`,
    ),
  });
  return environments.length > 1 ? environments.map(one) : [one(environments[0], 0)];
};

/** Stacks that a text names as such, «the kong stack», or «all stacks»: the one group whose words the pipeline and the text have. */
export function stacksIn(text: string, pipeline: string, title: string, names: Surroundings["names"]): readonly string[] {
  if (!/\bstacks?\b/i.test(text)) return [];
  const named = names
    .in(text, "stack")
    .filter(
      ({ start, end, isGroup, name }) =>
        isGroup || /[-_\d]/.test(name) || /^\s*(?:(?:,|and|&)\s*[\w-]+\s*)*stacks?\b/i.test(text.slice(end)) || /\bstacks?\s*:?\s*$/i.test(text.slice(0, start)),
    );
  if (named.length > 0) return [...new Set(named.map(({ name }) => name))];
  if (!/\ball\b/i.test(text)) return [];
  const about = `${pipeline} ${title} ${text}`.replaceAll("_", " ");
  const environments = environmentsIn(text, names.environments);
  const groups = names.inventory
    .groups("stack")
    .filter(
      ({ name }) =>
        shareOf(name.replaceAll(/\bstacks?\b|\ball\b/gi, ""), about) === 1 &&
        environments.every((environment) => environmentsIn(name, names.environments).every((other) => other === environment)),
    );
  return groups.length === 1 && groups[0] !== undefined ? [groups[0].name] : [];
}

/** Stages that a sentence names: by the inventory's names and titles, and where it says «stage». */
export function stagesIn(text: string, pipeline: Entry | undefined): { stages: readonly string[]; unknown: readonly string[] } {
  const titles = ((pipeline as unknown as Pipeline | undefined)?.stages ?? []).map(({ name, title }) => ({ name: title ?? name, all: [name, title ?? name] }));
  const plain = loose(text);
  const known = titles.filter(({ all }) => all.some((title) => plain.includes(` ${loose(title).trim()} `))).map(({ name }) => name);
  const said =
    /\bstage(?:'s)? (?:name(?:d)?(?: is|:)?|called)\s+["']?([A-Z][\w-]*(?: [A-Z][\w-]*){0,3})/i.exec(text)?.[1] ??
    /\bstages?:?\s+["']?([A-Z][\w-]*(?: [A-Z][\w-]*){0,3})["']?(?:$|[,.])/.exec(text)?.[1] ??
    /\b([A-Z][\w-]*(?: [A-Z][\w-]*){0,3})\s+stages?\b/.exec(text)?.[1];
  const extra =
    said !== undefined && !/^(?:PRD|XAT|Prod|The|These|Run|All|Deploy)\b/.test(said) && !known.some((title) => loose(title) === loose(said)) && known.length === 0
      ? [said.trim()]
      : [];
  return { stages: [...known, ...extra], unknown: extra };
}

/** The one pipeline with a stage whose name stands in the text as it is spelled, `HoldJobs`, or whose title's words are all in the text: «run full regression tests». */
function byStage(text: string, { names }: Surroundings): string | undefined {
  const found = (names.inventory.entries("pipeline") as unknown as readonly Pipeline[]).filter((pipeline) =>
    pipeline.stages.some(
      ({ name, title }) =>
        (/[a-z][A-Z]|[-_]/.test(name) && loose(text).includes(` ${loose(name).trim()} `)) ||
        (title !== undefined && (loose(text).includes(` ${loose(title).trim()} `) || (stems(title).size > 1 && shareOf(title, text) === 1))),
    ),
  );
  return found.length === 1 ? found[0]?.name : undefined;
}

function loose(text: string): string {
  return ` ${text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, " ")
    .trim()} `;
}
