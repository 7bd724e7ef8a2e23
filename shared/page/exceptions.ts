import type { Pipeline } from "../inventory/schema.ts";
import type { InventoryKind } from "../inventory/schema.ts";
import type { DraftedStep } from "./drafted.ts";
import type { Names } from "./names.ts";
import { stagesIn } from "./readers/pipelines.ts";
import { environmentsIn } from "./words/environments.ts";
import { rangesIn } from "./words/ranges.ts";
import { without } from "./words/spans.ts";

/** What a sentence leaves out: «all web servers except QW3», «the stages A and B, but not C», «leave QW3 alone». */
export interface Exceptions {
  /** The sentence without them. */
  readonly text: string;
  /** The words that name what is left out. */
  readonly said: readonly string[];
}

const MARK =
  /(?:[,;]\s*)?(?:\b(?:but|and)\s+)?\b(?:except(?:ing)?(?:\s+(?:for|on))?|excluding|excl\.|not|other than|apart from|without|instead of|rather than|leav(?:e|ing)|keep(?:ing)?)\s+/gi;
const JOINT = /^(?:\s|[,&/]|(?:and|or|the|on|to|in|for|stages?|servers?|hosts?)\b)+/i;
const ALONE = /^\s+(?:alone|out|untouched|running|as (?:it|they) (?:is|are)|in (?:the )?pool)\b/i;
/** What steps fan out over. Hosts are not among them: «at B instead of A» leaves nothing out. */
const KINDS: readonly InventoryKind[] = ["server", "stack", "monitor", "firewall", "cluster", "channel"];

/** Finds what is left out by name; words that name nothing known stay in the sentence. */
export function exceptionsIn(text: string, names: Names): Exceptions {
  const spans: { start: number; end: number }[] = [];
  const said: string[] = [];
  for (const mark of text.matchAll(MARK)) {
    const from = mark.index + mark[0].length;
    const rest = text.slice(from);
    const end = endOfNames(rest, names);
    if (end === 0 || spans.some((span) => mark.index < span.end)) continue;
    said.push(rest.slice(0, end));
    spans.push({ start: mark.index, end: from + end + (ALONE.exec(rest.slice(end))?.[0].length ?? 0) });
  }
  return { text: without(text, spans), said };
}

/** Where a list of known names ends with which words begin; 0 where they begin with none. */
function endOfNames(rest: string, names: Names): number {
  const known = [...KINDS.flatMap((kind) => names.in(rest, kind)), ...rangesIn(rest), ...stageWords(rest, names)];
  let end = 0;
  for (let at = 0; at < rest.length;) {
    const here = known.filter(({ start }) => start === at || (start === at + 1 && rest[at] === "#")).toSorted((a, b) => b.end - a.end)[0];
    const word = /^[\w-]+/.exec(rest.slice(at))?.[0] ?? "";
    if (here !== undefined) end = at = here.end;
    else if (word !== "" && environmentsIn(word, names.environments).length > 0) end = at = at + word.length;
    else {
      const joint = JOINT.exec(rest.slice(at))?.[0];
      if (joint === undefined) break;
      at += joint.length;
    }
  }
  return end;
}

function stageWords(text: string, names: Names): readonly { readonly start: number; readonly end: number }[] {
  const lower = text.toLowerCase();
  return (names.inventory.entries("pipeline") as unknown as readonly Pipeline[])
    .flatMap(({ stages }) => stages.flatMap(({ name, title }) => [name, title ?? name]))
    .flatMap((stage) => {
      const start = lower.indexOf(stage.toLowerCase());
      return start < 0 || /\w/.test(text[start + stage.length] ?? " ") ? [] : [{ start, end: start + stage.length }];
    });
}

/** Takes what is left out from a step's targets and stages. What is then unclear comes back as questions. */
export function leaveOut(step: DraftedStep, said: readonly string[], names: Names): readonly string[] {
  if (said.length === 0) return [];
  const words = said.join(", ");
  const out = new Set([...names.servers(words).targets, ...KINDS.flatMap((kind) => names.in(words, kind).map(({ name }) => name))]);
  const all = (step.targets ?? []).flatMap((name) => {
    const members = names.inventory.group("server", name)?.members ?? [];
    return !out.has(name) && members.some((member) => out.has(member)) ? members : [name];
  });
  const left = all.filter((name) => !out.has(name));
  const questions: string[] = [];
  if (left.length > 0) step.targets = left;
  else if (all.length > 0) questions.push(`Which are meant? The page names ${words}, and leaves the same out.`);
  const pipeline = typeof step.with["pipeline"] === "string" ? names.inventory.find("pipeline", step.with["pipeline"]) : undefined;
  const stages = pipeline === undefined ? [] : stagesIn(words, pipeline).stages;
  if (stages.length > 0) {
    const named = step.with["stages"] as readonly string[] | undefined;
    const those = named ?? (pipeline as unknown as Pipeline).stages.map(({ name, title }) => title ?? name);
    step.with["stages"] = those.filter((stage) => !stages.includes(stage));
  }
  if (step.action === "pipeline.run" && environmentsIn(words, names.environments).length > 0 && step.with["environment"] === undefined)
    questions.push(`In which environments? The page leaves out ${words}.`);
  return questions;
}
