import { clausesIn, mannerOf } from "../words/asides.ts";
import { timesIn } from "../words/clock.ts";
import { numbersIn } from "../words/numbers.ts";
import { shareIn, stems } from "../words/likeness.ts";
import type { Found } from "./checks.ts";
import { collected } from "./finding.ts";
import type { Edit } from "./finding.ts";
import type { Night, NightStep } from "./night.ts";

/** What sentences say must come first, and whether the work says so too. */
export function dependencies(night: Night): readonly Found[] {
  const index = new Map(night.steps.map((step) => [step, meant(wordsOf(step))]));
  const found = [...clauses(night, index), ...causes(night), ...states(night)];
  const seen = new Set<string>();
  return found
    .filter(({ line, about, severity }) => {
      const key = `${line}\n${about}\n${severity}`;
      return !seen.has(key) && seen.add(key) !== undefined;
    })
    .toSorted((a, b) => a.line - b.line);
}

/** What a step is called: by its words, and by the pipeline and stages that stand beside them. */
function wordsOf({ words, fields }: NightStep): string {
  const { pipeline, stages } = (fields.with ?? {}) as { pipeline?: unknown; stages?: readonly unknown[] };
  return [words, String(pipeline ?? "").replaceAll(/[_-]/g, " "), ...(Array.isArray(stages) ? stages.map(String) : [])].join(" ");
}

/** Stems, with doubled ends made one: «swapped» and «swap» are one word. */
function meant(text: string): ReadonlySet<string> {
  return new Set([...stems(text)].map((word) => word.replace(/([b-df-hj-np-tv-z])\1$/, "$1")));
}

/** How many steps up and down a sentence may speak of; no window has so many. */
const LOOK = 300;

type Stems = ReadonlyMap<NightStep, ReadonlySet<string>>;

/** What is no step of the page: the window itself, the sentence's own end, a time, a person's yes. */
const NO_STEP =
  /^(?:the )?(?:maintenance|window|reboot\w*|restart\w*|that|this|these|it|they|completion|hours?|work|midnight|noon|\d|change|done|finish\w*|each|every one|downtime)\b(?!.{12,})|^(?:the )?other\b|^another\b|\bapprov|\bsign(?:ed)?[- ]?off/i;

/** «after X», «before X», «requires X», «once X». */
function clauses({ steps }: Night, index: Stems): readonly Found[] {
  return collected(steps, (step) =>
    [step.fields.title ?? "", step.words, ...step.notes].flatMap((text) =>
      leaningsOf(text).flatMap(({ kind, about }): readonly Found[] => {
        if (NO_STEP.test(about) || about.length < 4) return [];
        const [declared] =
          kind === "after"
            ? steps.filter(({ id, line }) => step.needs.includes(id) && line !== step.line && namedBy(about, id, index, steps))
            : steps.filter(({ needs, line }) => needs.includes(step.id) && line !== step.line);
        const best = declared ?? bestFor(about, step, steps, index);
        const [waiting, first] = kind === "after" ? [step, best] : [best, step];
        const verb = kind === "after" ? "waits for" : "must come before";
        if (declared !== undefined) return [settled(step, about, `${verb} line ${declared.line} by words only; the import has made it a need`, [declared.line])];
        // A sentence that names its own work, or work that the clock puts first, is no loose end.
        if (best !== undefined && waiting !== undefined && first !== undefined && reaches(waiting, first, steps))
          return [settled(step, about, `${verb} line ${best.line} by words only; the plan's order keeps it`, [best.line])];
        const edit: Edit =
          waiting === undefined || first === undefined
            ? {
                do: "ask",
                step: step.id,
                question: `Which step ${kind === "after" ? "must have ended before" : "must wait for this one"}? «${about.slice(0, 300)}» is said, and no line has these words.`,
              }
            : { do: "need", step: waiting.id, needs: { step: first.id } };
        return [
          {
            severity: "warning",
            line: step.line,
            others: best === undefined ? [] : [best.line],
            words: text,
            message:
              best === undefined
                ? `«${about.slice(0, 200)}» must ${kind === "after" ? "come first" : "wait"}, and no line does that`
                : `${verb} line ${best.line} («${best.words.slice(0, 100)}»), and nothing but the sentence says so`,
            proposal: best === undefined ? "name the line, or add it" : `write \`needs: ${first?.id ?? ""}\` at ${waiting?.id ?? ""}`,
            step: step.id,
            about: best?.id ?? about.slice(0, 60),
            edits: [edit],
          },
        ];
      }),
    ),
  );
}

function leaningsOf(text: string): readonly { readonly kind: "after" | "before"; readonly about: string }[] {
  const timeless = timesIn(text).reduceRight((all, { start, end }) => all.slice(0, start) + " ".repeat(end - start) + all.slice(end), text);
  if (mannerOf(timeless) === "dependency") {
    const about = timeless.replace(
      /^[\s(]*(?:only\s+)?(?:after|once|before|following|requires?|needs|depends on|dependent on|prerequisite:?|blocked by|wait(?:s|ing)? for|as soon as|not before|must be (?:done|run) (?:after|before))\s+/i,
      "",
    );
    if (numbersIn(about).length > 0) return [];
    if (about !== timeless && !/,\s/.test(timeless))
      return [{ kind: /^[\s(]*before\b/i.test(timeless) || /^must be (?:done|run) before/i.test(timeless) ? "before" : "after", about: about.replace(/[.)\s]+$/, "") }];
  }
  const bare = timeless.replaceAll(/\s+/g, " ");
  // What is named by its number is found by the import.
  const inside = [...bare.matchAll(/\(([^()]{4,300})\)/g)].flatMap(([, words = ""]) => leaningsOf(words));
  const own = clausesIn(bare).flatMap(({ kind, about }) => (kind === "condition" ? [] : [{ kind, about: about.replace(/\s*\(.*$/, "") }]));
  return [...own, ...inside].filter(({ about }) => numbersIn(about).length === 0);
}

function namedBy(about: string, id: string, index: Stems, steps: readonly NightStep[]): boolean {
  const step = steps.find((each) => each.id === id);
  if (step === undefined) return false;
  if (/\bdestroy\b/i.test(about) && step.fields.with?.["mode"] === "destroy") return true;
  return shareIn(meant(about), index.get(step) ?? new Set()) >= 0.3;
}

function bestFor(about: string, step: NightStep, steps: readonly NightStep[], index: Stems): NightStep | undefined {
  const named = about.match(/\b[A-Z][A-Z0-9]+-\d+\b/g) ?? [];
  const asked = steps.filter(({ keys, change }) => change !== step.change && named.some((key) => keys.includes(key)));
  if (asked.length > 0) return asked.at(-1);
  const wanted = meant(about);
  if (wanted.size === 0) return undefined;
  const ranked = steps
    .slice(Math.max(0, step.at - LOOK), step.at + LOOK)
    .filter(({ line }) => line !== step.line)
    .map((other) => ({ other, share: shareIn(wanted, index.get(other) ?? new Set()) }))
    .filter(({ share }) => share >= 0.5)
    .toSorted((a, b) => b.share - a.share);
  const [best] = ranked;
  const second = ranked.find(({ other }) => other.line !== best?.other.line);
  if (best === undefined || (second !== undefined && second.share === best.share)) return undefined;
  // The last step of that line: what it asks for is done when all of it is done.
  return ranked.findLast(({ other }) => other.line === best.other.line)?.other;
}

/** Whether one step waits for the other already, by needs or by a phase between them. */
function reaches(from: NightStep, to: NightStep, steps: readonly NightStep[]): boolean {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const seen = new Set([from.id]);
  const left = [from];
  while (left.length > 0 && seen.size < 5_000) {
    for (const id of left.pop()?.needs ?? []) {
      if (id === to.id) return true;
      const next = byId.get(id);
      if (next === undefined || seen.has(id)) continue;
      seen.add(id);
      left.push(next);
    }
  }
  return false;
}

/** «could not be done due to X not being kicked off»: what went wrong once says what waits for what. */
function causes({ steps, pieces }: Night): readonly Found[] {
  return collected(pieces, ({ line, text, id }): readonly Found[] => {
    const about =
      /\b(?:could not|couldn't|cannot|can't|was not|were not|wasn't|weren't|failed|blocked|impossible|skipped)\b.{0,80}?\b(?:due to|because(?: of)?|since|as|without|owing to)\s+(?<about>.{4,200}?)\s+(?:not (?:being|having been)|was not|were not|had not|has not|was never|never|wasn't|hadn't|did not|didn't|not (?:run|start|kick|finish)\w*)\b/i.exec(
        text,
      )?.groups?.["about"];
    const step = steps.find((each) => each.id === id) ?? steps.find(({ change }) => change === id);
    if (about === undefined || step === undefined) return [];
    const said = `${about} ${/\bon (?:sat|sun|fri|mon)\w*/i.exec(text)?.[0] ?? ""}`;
    const wanted = meant(said.replaceAll("-", " "));
    const day = /\b(sat|sun|fri|mon)\w*/i.exec(text)?.[1];
    const ranked = steps
      .filter((other) => other.change !== step.change)
      .map((other) => ({
        other,
        share:
          shareIn(wanted, meant(wordsOf(other).replaceAll("-", " "))) +
          (day !== undefined && (other.fields.at ?? "").toLowerCase().startsWith(day.toLowerCase()) ? 0.25 : 0) -
          (other.verb === "slack.notify" ? 0.3 : 0),
      }))
      .toSorted((a, b) => b.share - a.share);
    const best = ranked[0] !== undefined && ranked[0].share >= 0.5 && ranked[0].share > (ranked[1]?.share ?? 0) ? ranked[0].other : undefined;
    const waiting = steps.filter(({ change }) => change === step.change).filter((each) => best === undefined || !reaches(each, best, steps));
    if (waiting.length === 0) return [];
    return [
      {
        severity: "warning",
        line,
        others: best === undefined ? [] : [best.line],
        words: text,
        message:
          best === undefined
            ? `it cannot be done without «${about}», and no line does that`
            : `it cannot be done unless line ${best.line} was («${best.words.slice(0, 100)}»), and nothing makes it wait`,
        proposal: best === undefined ? "name the line, or add it" : `write \`needs: ${best.id}\` at ${step.id}`,
        step: step.id,
        about: best?.id ?? about.slice(0, 60),
        edits:
          best === undefined
            ? [{ do: "ask", step: step.id, question: `Which step must have ended before? «${about}» is said, and no line has these words.` }]
            : waiting.map((each): Edit => ({ do: "need", step: each.id, needs: { step: best.id } })),
      },
    ];
  });
}

const STATE =
  /\b(?:servers?|hosts?|nodes?|vms?|machines?|members?|boxes)\b[^.;]{0,40}\b(?:(?:that|which) (?:are|is) )?(?:in maintenance(?! (?:mode )?(?:page|window|channel))|out of (?:the )?(?:pool|rotation|service|load balancer)|drained)\b/i;

/** «on the servers in maintenance»: what is done to servers that another step takes out first. */
function states({ steps }: Night): readonly Found[] {
  return collected(steps, (step): readonly Found[] => {
    if (!STATE.test(step.words) || step.verb === "pool.drain" || /^\W*(?:pull|take|put|remove|drain|rotate|get|move)\b/i.test(step.words)) return [];
    const drains = steps.filter(({ verb }) => verb === "pool.drain");
    const mine = drains.filter(({ servers }) => servers.length === 0 || step.servers.length === 0 || servers.some((name) => step.servers.includes(name)));
    const outside = step.servers.filter((name) => !drains.some(({ servers }) => servers.includes(name)));
    const undeclared = mine.filter((drain) => !reaches(step, drain, steps));
    if (mine.some(({ line }) => line === step.line)) return [];
    if (undeclared.length === 0 && outside.length === 0 && mine.length > 0)
      return [
        settled(
          step,
          "state",
          "works on servers that must be out by then; the import has made it a need",
          mine.map(({ line }) => line),
        ),
      ];
    const needs = undeclared.map((drain): Edit => ({ do: "need", step: step.id, needs: { step: drain.id } }));
    const ask: Edit = {
      do: "ask",
      step: step.id,
      question: `Which servers? The page means those that are out of service by then, and no line takes out ${outside.length === 0 ? "any" : outside.join(", ")}.`,
    };
    return [
      {
        severity: "warning",
        line: step.line,
        others: mine.map(({ line }) => line),
        words: step.words,
        message:
          mine.length === 0
            ? "it is for servers that are out of service, and no line takes any out"
            : `it is for servers that are out of service: ${undeclared.length > 0 ? `nothing makes it wait for line ${mine.map(({ line }) => line).join(", ")}` : "some are not"}${outside.length > 0 ? `, and no line takes out ${outside.slice(0, 4).join(", ")}` : ""}`,
        proposal: `${needs.length > 0 ? `write \`needs: ${undeclared.map(({ id }) => id).join(", ")}\`` : ""}${needs.length > 0 && outside.length > 0 ? "; " : ""}${outside.length > 0 || mine.length === 0 ? "say which servers are meant" : ""}`,
        step: step.id,
        about: "state",
        edits: [...needs, ...(outside.length > 0 || mine.length === 0 ? [ask] : [])],
      },
    ];
  });
}

function settled(step: NightStep, about: string, message: string, others: readonly number[]): Found {
  return {
    severity: "info",
    line: step.line,
    others,
    words: step.words,
    message,
    proposal: "nothing to do, if that is what is meant",
    step: step.id,
    about: about.slice(0, 60),
    edits: [],
  };
}
