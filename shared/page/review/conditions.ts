import { clausesIn } from "../words/asides.ts";
import { takesBack } from "./said.ts";
import { shareIn, stems } from "../words/likeness.ts";
import type { Found } from "./checks.ts";
import type { Night, NightStep } from "./night.ts";

/** Who decides is said: somebody evaluates it. */
const DECIDED =
  /\b(?:decides?|decided by|decision of|call of|up to|ask|confirmed by|approved by|signed off by)\s+(?:@?[A-Z]\w+|the on-?call)|\b@?[A-Z]\w+(?:'s)?\s+(?:has |have |had )?(?:decides?|decided|approves?|approved|confirms?|confirmed|agrees?|agreed|signs? off|signed off|calls|says so|decision|call)\b/;
const LOOKS = /\b(?:tests?|checks?|verif\w*|validat\w*|confirm\w*|inspect|look|compare|smoke|regression|count)\b/i;

/** «the UAT run is green»: the run of that environment, whose record says so. */
function goesWhere({ verb, fields }: NightStep, about: string): boolean {
  const environment = fields.with?.["environment"];
  return verb === "pipeline.run" && typeof environment === "string" && new RegExp(String.raw`\b${environment.replaceAll(/\W/g, "\\$&")}\b`).test(about);
}

/** «If X: do Y», «do Y if X», and X alone behind its «if». */
function conditionOf(text: string): string | undefined {
  return [...clausesIn(text), ...clausesIn(` ${text}`)].find(({ kind }) => kind === "condition")?.about;
}

/** Conditions of steps that no value of the plan, no person and no check above decides. */
export function conditions({ steps, values, inventory }: Night): readonly Found[] {
  const seen = new Set<string>();
  return steps.flatMap((step): readonly Found[] => {
    const { when } = step.fields;
    if (when === undefined || !("value" in when) || Object.hasOwn(values, when.value) || seen.has(when.value)) return [];
    // One condition may hold several steps; it is asked once.
    seen.add(when.value);
    const like = steps.filter((other) => other !== step && other.fields.when !== undefined && "value" in other.fields.when && other.fields.when.value === when.value);
    const said =
      [...step.notes, step.fields.title ?? "", step.words].find((text) => conditionOf(text) !== undefined || /^(?:only )?(?:if|when|unless)\b/i.test(text)) ?? step.words;
    const about = (conditionOf(said) ?? said.replace(/^(?:only )?(?:if|when|unless|in case)\s+/i, "")).replace(/^([^(]*)\).*$/, "$1").replace(/,.*$/, "");
    const names = inventory.entries("person").map(({ name }) => name);
    if (
      DECIDED.test(said) ||
      names.some((name) => new RegExp(String.raw`\b${name.replaceAll(/\W/g, "\\$&")}\b.{0,20}\b(?:decide|approve|confirm|agree|say|sign)\w*\b`, "i").test(said))
    )
      return [];
    const wanted = stems(about);
    const speaksOf = (other: NightStep): boolean => shareIn(wanted, stems(other.words)) >= 0.5;
    // A check above whose outcome it is decides it on the night.
    if (
      steps.some(
        (other) =>
          other.at <= step.at &&
          (other.verb === "web.check" || LOOKS.test(other.words) || goesWhere(other, about)) &&
          (speaksOf(other) || goesWhere(other, about)) &&
          /\b(?:fail\w*|pass\w*|green|red|ok|successful\w*|succeed\w*|error\w*|clean|not|broken|bad|good|any)\b/i.test(about),
      )
    )
      return [];
    const decider = steps.find((other) => other.line !== step.line && other.fields.always !== true && !takesBack(other.words) && speaksOf(other));
    const hint = decider === undefined ? "" : ` It speaks of line ${decider.line}: «${decider.words.slice(0, 120)}».`;
    return [
      {
        severity: "warning",
        line: step.line,
        others: [...new Set([...(decider === undefined ? [] : [decider.line]), ...like.map(({ line }) => line)])].filter((line) => line !== step.line),
        words: said,
        message: `«${about.slice(0, 200)}» is decided by nobody`,
        proposal: `write \`${when.value}\` into \`values\`${decider === undefined ? ", or say who decides" : `; it speaks of line ${decider.line}`}`,
        step: step.id,
        about: when.value,
        edits: [{ do: "ask", step: step.id, question: `Is this so: «${about.slice(0, 300)}»? Write \`${when.value}\` into \`values\`, true or false.${hint}` }],
      },
    ];
  });
}
