import type { DraftedChange, DraftedPhase, DraftedStep } from "./drafted.ts";
import { slug } from "./drafted.ts";
import type { Names } from "./names.ts";
import { environmentsIn } from "./words/environments.ts";
import { stems } from "./words/likeness.ts";

/** Asks about a step what nobody can know. */
export type Ask = (line: number, text: string, why: string, holder: DraftedStep) => void;

export interface Drafted {
  readonly step: DraftedStep;
  change: DraftedChange;
  readonly phase: DraftedPhase | undefined;
}

/** «after X», «before X», «only if X», said of a step. X may stand anywhere on the page. */
export interface Leaning {
  readonly step: DraftedStep;
  /** All steps of the sentence; a condition holds for each. */
  readonly steps: readonly DraftedStep[];
  readonly kind: "after" | "before" | "condition";
  readonly about: string;
  readonly line: number;
  /** The step said before it, for «after that». */
  readonly above: DraftedStep | undefined;
}

/** What pages call the work of an action, beside the words of the line. */
const CALLED: Readonly<Record<string, string>> = {
  "pool.drain": "drain pull pool rotation lb load balancer",
  "pool.restore": "restore back pool rotation lb load balancer return",
  "patch.group": "group wsus move",
  "patch.install": "patch update install",
  "pipeline.run": "deploy release pipeline deployment",
  "monitor.mute": "mute silence maintenance mode",
  "monitor.unmute": "unmute unsilence",
  "dns.swap": "swap switch point repoint",
  "dns.proxy": "route proxy",
  "cache.purge": "purge cache clear",
  "host.run": "script run",
  "script.run": "script command run",
  "secret.copy": "secret add copy store",
  "resource.move": "move",
  "certificate.sync": "certificate sync renew",
  "slack.notify": "notify tell announce",
  "web.check": "check smoke test",
  "cluster.check": "check cluster version",
  "workspace.rename": "rename workspace",
  "host.decommission": "remove decommission retire",
  "resource.delete": "remove delete",
  "firewall.allow": "allow whitelist firewall",
  "firewall.reader": "reader firewall",
};
/** So much of what is said must be found in a step. */
const ENOUGH = 0.6;
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
  settle(drafted: readonly Drafted[], ask: Ask): { readonly needs: readonly (readonly [DraftedStep, DraftedStep])[] } {
    const index = this.#indexOf(drafted);
    const places = new Map(drafted.map(({ step }, at) => [step, at]));
    const needs: [DraftedStep, DraftedStep][] = [];
    const conditions: Decision[] = [];
    const added = new Map<DraftedStep, DraftedStep[]>();
    for (const leaning of this.#leanings) {
      const { step, kind, about, line } = leaning;
      const found = this.#find(leaning, drafted, index, places);
      if (kind === "condition") conditions.push({ leaning, found, first: this.#hold(leaning, ask) });
      else if (found.length === 0)
        ask(line, about, kind === "after" ? "Which step must have ended before? No line has these words." : "Which step must wait for this one? No line has these words.", step);
      else
        for (const other of found) {
          const [later, earlier] = kind === "after" ? [step, other] : [other, step];
          if (reaches(earlier, later, added, places, drafted)) ask(line, about, "Which comes first? Elsewhere the page has it the other way round.", step);
          else {
            needs.push([later, earlier]);
            added.set(later, [...(added.get(later) ?? []), earlier]);
          }
        }
    }
    for (const condition of conditions) decide(condition);
    takeBack(drafted);
    return { needs };
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
    ask(line, about, `Is this so? Write \`${first.when ?? value}\` into \`values\`, true or false.`, first);
    if (first.when !== value) ask(line, about, `How do the two conditions go together? The step hangs on \`${first.when ?? ""}\` already.`, first);
    return first;
  }

  #find(
    { step, about, above, kind }: Leaning,
    drafted: readonly Drafted[],
    index: ReadonlyMap<string, readonly number[]>,
    places: ReadonlyMap<DraftedStep, number>,
  ): readonly DraftedStep[] {
    const { targets } = this.#names.servers(about);
    const plain = about.replace(/^(?:only\s+)?(?:after|once|before|following|requires?|needs|depends on)\s+/i, "");
    const wanted = [...new Set([...stems(plain), ...targets.map((name) => `server:${name}`)])].filter((word) => targets.length === 0 || !isPartOf(word, stems(targets.join(" "))));
    if (wanted.length === 0) return above === undefined || kind !== "after" ? [] : [above];
    const counts = new Map<number, number>();
    for (const word of wanted) for (const at of index.get(word) ?? []) counts.set(at, (counts.get(at) ?? 0) + 1);
    const own = places.get(step) ?? 0;
    const fitting = [...counts].filter(([at, count]) => count / wanted.length >= ENOUGH && drafted[at]?.step !== step && drafted[at]?.step.sentence !== step.sentence);
    const most = fitting.reduce((all, [, count]) => Math.max(all, count), 0);
    let best = fitting.filter(([, count]) => count === most).map(([at]) => at);
    // Of several that fit alike: what stands where the sentence looks, then in its change, then in its phase.
    const isAbove = (at: number): boolean => at < own;
    const near = [(at: number) => drafted[at]?.change === drafted[own]?.change, (at: number) => drafted[at]?.phase === drafted[own]?.phase];
    for (const prefers of [...(kind === "after" ? [isAbove] : []), ...near, (at: number) => drafted[at]?.step.sameAs === undefined]) {
      if (new Set(best.map((at) => drafted[at]?.step.sentence)).size > 1 && best.some(prefers)) best = best.filter(prefers);
    }
    if (new Set(best.map((at) => drafted[at]?.step.sentence)).size !== 1) return [];
    // Of the steps of one sentence, those that end it: the others come before them anyway.
    const chosen = best.flatMap((at) => drafted[at]?.step ?? []);
    const needed = new Set(chosen.flatMap(({ needs }) => needs.map((need) => (typeof need === "string" ? need : need.step))));
    return kind === "before" ? chosen.slice(0, 1) : chosen.filter(({ id }) => !needed.has(id));
  }

  #indexOf(drafted: readonly Drafted[]): ReadonlyMap<string, readonly number[]> {
    const index = new Map<string, number[]>();
    if (this.#leanings.length === 0) return index;
    drafted.forEach(({ step }, at) => {
      const called = `${CALLED[step.action ?? ""] ?? ""} ${step.with["mode"] === "destroy" ? "destroy" : ""}`;
      const values = Object.entries(step.with).flatMap(([key, value]) => (key === "text" || key === "what" ? [] : wordsOf(value)));
      const words = new Set([...stems(`${step.title} ${called} ${values.join(" ")}`), ...(step.targets ?? []).flatMap((name) => [`server:${name}`, ...stems(name)])]);
      for (const word of words) {
        const known = index.get(word);
        if (known === undefined) index.set(word, [at]);
        else known.push(at);
      }
    });
    return index;
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

/** The name of a condition's value, from its words. */
export function valueOf(about: string): string {
  return slug(about.replace(/^(?:only\s+)?(?:if|when|unless|in case)\s+/i, ""), "condition");
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

/** Whether `from` comes after `to` already: then the other way round would be a circle. */
function reaches(
  from: DraftedStep,
  to: DraftedStep,
  added: ReadonlyMap<DraftedStep, readonly DraftedStep[]>,
  places: ReadonlyMap<DraftedStep, number>,
  drafted: readonly Drafted[],
): boolean {
  const seen = new Set<DraftedStep>([from]);
  for (const step of seen) {
    if (step === to) return true;
    if (seen.size > 500) return false;
    for (const earlier of added.get(step) ?? []) seen.add(earlier);
    const change = drafted[places.get(step) ?? -1]?.change;
    for (const need of step.needs) {
      const id = typeof need === "string" ? need : need.step;
      const other = id.startsWith("\u0000") ? drafted[Number(id.slice(1))]?.step : change?.steps.find((each) => each.id === id);
      if (other !== undefined) seen.add(other);
    }
  }
  return false;
}

function wordsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(wordsOf);
}

/** `ic`, `app1` and `3` of «IC-App1 - 3» say no more than the servers' names do. */
function isPartOf(word: string, ofNames: ReadonlySet<string>): boolean {
  return !word.startsWith("server:") && (/^\d+$/.test(word) || ofNames.has(word) || /^(?:serv|server|host|machine|node)$/.test(word));
}
