import type { DraftedChange, DraftedPhase, DraftedStep } from "./drafted.ts";
import type { Names } from "./names.ts";
import { stems } from "./words/likeness.ts";
import { ticketsIn } from "./words/tickets.ts";

export interface Drafted {
  readonly step: DraftedStep;
  change: DraftedChange;
  readonly phase: DraftedPhase | undefined;
}

/** What a sentence says of another step, and which way it looks first. */
export interface Sought {
  readonly step: DraftedStep;
  readonly kind: "after" | "before" | "condition";
  readonly about: string;
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
/** How many steps up and down a sentence looks. No night has more, and the cost of a page stays in proportion to its length. */
const REACH = 200;

/** Steps by their words, their servers and their tickets. */
export class StepIndex {
  /** Entries looked at so far: what finding costs. */
  looked = 0;
  readonly #drafted: readonly Drafted[];
  readonly #names: Names;
  readonly #places: ReadonlyMap<DraftedStep, number>;
  readonly #index = new Map<string, number[]>();

  constructor(drafted: readonly Drafted[], names: Names) {
    this.#drafted = drafted;
    this.#names = names;
    this.#places = new Map(drafted.map(({ step }, at) => [step, at]));
    drafted.forEach(({ step, change }, at) => {
      for (const word of [...wordsOfStep(step), ...change.keys.map((key) => `key:${key}`)]) {
        const known = this.#index.get(word);
        if (known === undefined) this.#index.set(word, [at]);
        else known.push(at);
      }
    });
  }

  /** The steps that are meant: those of one sentence, or all of other tickets. None where nothing, or too much, fits. */
  find(sought: Sought): readonly DraftedStep[] {
    const { step, about, above, kind } = sought;
    const own = this.#places.get(step) ?? 0;
    const keys = ticketsIn(about, this.#names.knows).map(({ key }) => key);
    if (keys.length > 0) {
      const work = keys.map((key) => this.#near(`key:${key}`, own).flatMap((at) => this.#other(at, step)));
      return work.some((steps) => steps.length === 0) ? [] : lastOf(work.flat());
    }
    const { targets } = this.#names.servers(about);
    const ofServers = stems(targets.join(" "));
    const plain = about.replace(/^(?:only\s+)?(?:after|once|before|following|requires?|needs|depends on)\s+/i, "");
    const wanted = [...new Set([...stems(plain), ...targets.map((name) => `server:${name}`)])].filter((word) => targets.length === 0 || !isPartOf(word, ofServers));
    // «after that», «before this starts»: what was said last.
    if (wanted.length === 0 || /^(?:this|that|it|these|all of this|all of that)\b(?:\s+\w+){0,2}$/i.test(plain)) return above === undefined || kind === "condition" ? [] : [above];
    const chosen = this.#oneSentence(this.#fitting(wanted, own, step), own, kind);
    return kind === "before" ? chosen.slice(0, 1) : lastOf(chosen);
  }

  /** Places of the steps that have most of the words, of several with equally many all. */
  #fitting(wanted: readonly string[], own: number, step: DraftedStep): readonly number[] {
    const counts = new Map<number, number>();
    for (const word of wanted) for (const at of this.#near(word, own)) counts.set(at, (counts.get(at) ?? 0) + 1);
    const fitting = [...counts].filter(([at, count]) => count / wanted.length >= ENOUGH && this.#other(at, step).length > 0);
    const most = fitting.reduce((all, [, count]) => Math.max(all, count), 0);
    return fitting.filter(([, count]) => count === most).map(([at]) => at);
  }

  /** Of several that fit alike: what stands where the sentence looks, then in its change, then in its phase. */
  #oneSentence(fitting: readonly number[], own: number, kind: Sought["kind"]): readonly DraftedStep[] {
    const at = (place: number): Drafted | undefined => this.#drafted[place];
    const areSeveral = (places: readonly number[]): boolean => places.some((place) => at(place)?.step.sentence !== at(places[0] ?? -1)?.step.sentence);
    const preferences: readonly ((place: number) => boolean)[] = [
      ...(kind === "after" ? [(place: number) => place < own] : []),
      (place) => at(place)?.change === at(own)?.change,
      (place) => at(place)?.phase === at(own)?.phase,
      (place) => at(place)?.step.sameAs === undefined,
    ];
    let best = fitting;
    for (const prefers of preferences) if (areSeveral(best) && best.some(prefers)) best = best.filter(prefers);
    return areSeveral(best) ? [] : best.flatMap((place) => at(place)?.step ?? []);
  }

  #other(at: number, step: DraftedStep): readonly DraftedStep[] {
    const other = this.#drafted[at]?.step;
    return other === undefined || other === step || other.sentence === step.sentence ? [] : [other];
  }

  /** Places of a word within reach of `own`; the list is in order. */
  #near(word: string, own: number): readonly number[] {
    const places = this.#index.get(word) ?? [];
    const near = places.slice(firstAtLeast(places, own - REACH), firstAtLeast(places, own + REACH));
    this.looked += near.length + 1;
    return near;
  }
}

function firstAtLeast(places: readonly number[], wanted: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function wordsOfStep(step: DraftedStep): ReadonlySet<string> {
  const called = `${CALLED[step.action ?? ""] ?? ""} ${step.with["mode"] === "destroy" ? "destroy" : ""}`;
  const values = Object.entries(step.with).flatMap(([key, value]) => (key === "text" || key === "what" ? [] : wordsOf(value)));
  return new Set([...stems(`${step.title} ${called} ${values.join(" ")}`), ...(step.targets ?? []).flatMap((name) => [`server:${name}`, ...stems(name)])]);
}

/** Of steps that need one another, those that none of the others needs. */
function lastOf(steps: readonly DraftedStep[]): readonly DraftedStep[] {
  const needed = new Set(steps.flatMap(({ needs }) => needs.map((need) => (typeof need === "string" ? need : need.step))));
  return steps.filter(({ id }) => !needed.has(id));
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
