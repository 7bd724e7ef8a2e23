import type { DraftedChange, DraftedStep } from "./drafted.ts";
import { slug } from "./drafted.ts";
import type { Names } from "./names.ts";
import { StepIndex } from "./step-index.ts";
import type { Drafted, Sought } from "./step-index.ts";
import { environmentsIn } from "./words/environments.ts";

/** Asks about a step what nobody can know. */
export type Ask = (line: number, text: string, why: string, holder: DraftedStep) => void;

/** «after X», «before X», «only if X», said of a step. X may stand anywhere on the page. */
export interface Leaning extends Sought {
  /** All steps of the sentence; a condition holds for each. */
  readonly steps: readonly DraftedStep[];
  readonly line: number;
}

/** What has happened, or is as it is, is no decision that a plan takes. */
const STATE = /\b(?:has|have|was|were|had|did|is|are|came|passed|failed|succeeded|agrees?|confirm\w*|approves?|allows?)\b/i;

/**
 * Finds the steps that conditions and dependencies speak of, once all steps are known. Steps are found by their words
 * through an index: what a sentence costs depends on how many steps share its words.
 */
export class Dependencies {
  readonly #leanings: Leaning[] = [];
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  add(leaning: Leaning): void {
    this.#leanings.push(leaning);
  }

  /** Sets what hangs on a value. Of each pair that comes back, the first step needs the second. */
  settle(drafted: readonly Drafted[], ask: Ask): { readonly needs: readonly (readonly [DraftedStep, DraftedStep])[]; readonly looked: number } {
    if (this.#leanings.length === 0) {
      takeBack(drafted);
      return { needs: [], looked: 0 };
    }
    const index = new StepIndex(drafted, this.#names);
    const order = new Order(drafted);
    const conditions: Decision[] = [];
    for (const leaning of this.#leanings) {
      const { step, kind, about, line } = leaning;
      const found = index.find(leaning);
      if (kind === "condition") conditions.push({ leaning, found, first: this.#hold(leaning, ask) });
      else if (found.length === 0)
        ask(line, about, kind === "after" ? "Which step must have ended before? No line has these words." : "Which step must wait for this one? No line has these words.", step);
      else
        for (const other of found) {
          const [later, earlier] = kind === "after" ? [step, other] : [other, step];
          if (!order.add(later, earlier)) ask(line, about, "Which comes first? Elsewhere the page has it the other way round.", step);
        }
    }
    for (const condition of conditions) decide(condition);
    takeBack(drafted);
    return { needs: order.added, looked: index.looked + order.looked };
  }

  /** The steps of a condition's own sentence hang on its value. */
  #hold({ steps, about, line }: Leaning, ask: Ask): DraftedStep | undefined {
    const value = valueOf(about);
    const environments = environmentsIn(about, this.#names.environments);
    // «to UAT and PRD, if UAT is green»: UAT itself does not wait for that.
    const others = steps.filter((step) => !environments.includes((step.with["environment"] as string | undefined) ?? ""));
    const held = others.length > 0 ? others : steps;
    for (const step of held) step.when ??= value;
    const [first] = held;
    if (first === undefined) return undefined;
    ask(line, about, `Is this so? Write \`${first.when ?? value}\` into \`values\`: true lets the step run, false leaves it out.`, first);
    if (first.when !== value) ask(line, about, `How do the two conditions go together? The step hangs on \`${first.when ?? ""}\` already.`, first);
    return first;
  }
}

interface Decision {
  readonly leaning: Leaning;
  readonly found: readonly DraftedStep[];
  readonly first: DraftedStep | undefined;
}

/** «only if putting up the maintenance page»: the value decides that step too, wherever it stands, if nothing else does. */
function decide({ leaning: { about }, found, first }: Decision): void {
  if (STATE.test(about) || first?.when === undefined) return;
  for (const step of found) {
    if (step.when !== undefined) continue;
    step.when = first.when;
    step.notes.push(`Decided with «${first.title.slice(0, 200)}»: ${about}`);
  }
}

/** The name of a condition's value, from its words; true lets the step run, so «unless» stays in it. */
export function valueOf(about: string): string {
  return slug(about.replace(/^(?:only\s+)?(?:if|when|in case)\s+/i, "").replace(/^(?:but\s+)?(?:except|not)\s+(?:if|when|in case)\b/i, "unless"), "condition");
}

/** What takes back something that hangs on a value hangs on it too: the page that comes down, the monitor that speaks again. */
function takeBack(drafted: readonly Drafted[]): void {
  const held = new Map<string, string>();
  for (const { step } of drafted) {
    const { from, to } = step.with;
    const about = JSON.stringify(step.targets ?? []);
    const back: Readonly<Record<string, string>> = { "dns.swap": `${about} ${String(to)} ${String(from)}`, "monitor.unmute": `mute ${about}`, "pool.restore": `drain ${about}` };
    const there: Readonly<Record<string, string>> = { "dns.swap": `${about} ${String(from)} ${String(to)}`, "monitor.mute": `mute ${about}`, "pool.drain": `drain ${about}` };
    const value = held.get(back[step.action ?? ""] ?? "");
    if (value !== undefined) step.when ??= value;
    const opened = there[step.action ?? ""];
    if (step.when !== undefined && opened !== undefined) held.set(opened, step.when);
  }
}

/** No chain of a night is longer; what a look costs stays bounded. */
const LONGEST = 200;

/** Which step needs which, so that nobody makes a circle. */
class Order {
  readonly added: (readonly [DraftedStep, DraftedStep])[] = [];
  looked = 0;
  readonly #earlier = new Map<DraftedStep, DraftedStep[]>();

  constructor(drafted: readonly Drafted[]) {
    const byId = new Map<DraftedChange, Map<string, DraftedStep>>();
    for (const { step, change } of drafted) {
      const own = byId.get(change) ?? new Map<string, DraftedStep>();
      byId.set(change, own.set(step.id, step));
    }
    for (const { step, change } of drafted) {
      const needed = step.needs.flatMap((need) => {
        const id = typeof need === "string" ? need : need.step;
        return (id.startsWith("\u0000") ? drafted[Number(id.slice(1))]?.step : byId.get(change)?.get(id)) ?? [];
      });
      if (needed.length > 0) this.#earlier.set(step, needed);
    }
  }

  /** False, and nothing added, where it would close a circle. */
  add(later: DraftedStep, earlier: DraftedStep): boolean {
    const seen = new Set<DraftedStep>([earlier]);
    for (const step of seen) {
      this.looked++;
      if (step === later) return false;
      if (seen.size > LONGEST) break;
      for (const other of this.#earlier.get(step) ?? []) seen.add(other);
    }
    const known = this.#earlier.get(later);
    if (known === undefined) this.#earlier.set(later, [earlier]);
    else known.push(earlier);
    this.added.push([later, earlier]);
    return true;
  }
}
