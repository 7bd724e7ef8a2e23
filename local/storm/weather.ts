import { type Chances, chanceOf, chancesAfter, hashOf, numberOf } from "./chance.ts";
import { MISFORTUNES, type MisfortuneKind, type Profile } from "./misfortunes.ts";

/** A misfortune that struck. `id` names it for ever: the same kind at the same opportunity has the same id in every run of the same plan. */
export interface Struck {
  readonly id: string;
  readonly kind: MisfortuneKind;
  /** The opportunity, e.g. `POST slack.com /api/chat.postMessage #3`. */
  readonly where: string;
}

/** Decides what goes wrong, by a seed alone; asked at every opportunity. */
export interface Weather {
  /**
   * Whether it happens here and now. An opportunity that comes again, e.g. the third call of one kind, is another one.
   *
   * @param times how much likelier it is here than at other opportunities of its kind; once unless said otherwise.
   */
  strikes(kind: MisfortuneKind, where: string, times?: number): boolean;
  /** A whole number in [from, to] that belongs to an opportunity: how late, how long. */
  number(from: number, to: number, ...names: readonly string[]): number;
  /** What happened so far, in order. */
  readonly struck: readonly Struck[];
}

export interface WeatherOptions {
  readonly seed: number;
  readonly profile: Profile;
  /** Ids of misfortunes: these happen and no others. For shrinking, and for replaying what was shrunk. */
  readonly only?: ReadonlySet<string>;
}

/** Whether a call, by its method and place, may change something. */
export function mayChange(call: string): boolean {
  return !call.startsWith("GET ") && !call.startsWith("HEAD ") && !SLACK_LOOKS.test(call);
}

/** To Slack everything is a POST. */
const SLACK_LOOKS = /slack\.com\/api\/(?:conversations\.|auth\.|chat\.getPermalink)/;

/**
 * How much likelier something goes wrong around such a call than around any: three of four only look, and it is around the fourth that a lost answer
 * or a death leads to something being done twice, or never.
 */
export function weightOf(call: string): number {
  return mayChange(call) ? 5 : 0.5;
}

/** Asked many times for every call, and almost always in vain: of each kind is known beforehand what does not change. */
interface Odds {
  readonly below: number;
  readonly chances: Chances;
  /** How often each opportunity has come, and what its next chances hang on. */
  readonly seen: Map<string, { nth: number; readonly chances: Chances }>;
}

export function weatherOf({ seed, profile, only }: WeatherOptions): Weather {
  const struck: Struck[] = [];
  const odds = new Map<MisfortuneKind, Odds>();
  const isCalm = only === undefined && chanceOf(seed, "calm") < (profile.calm ?? 0);
  for (const [name, { of, rate }] of Object.entries(MISFORTUNES)) {
    const below = isCalm ? 0 : rate * (profile.factors[of] ?? 0);
    if (below > 0) odds.set(name as MisfortuneKind, { below, chances: chancesAfter(`${seed}\n${name}\n`), seen: new Map() });
  }
  return {
    struck,
    strikes(kind, where, times = 1) {
      const known = odds.get(kind);
      if (known === undefined) return false;
      let seen = known.seen.get(where);
      if (seen === undefined) known.seen.set(where, (seen = { nth: 0, chances: known.chances.after(`${where}\n`) }));
      const nth = ++seen.nth;
      const id = (): string => hashOf(`${kind}\n${where}\n${nth}`).toString(36).padStart(7, "0");
      const happens = only === undefined ? seen.chances.of(String(nth)) < known.below * times : only.has(id());
      if (happens) struck.push({ id: id(), kind, where: nth === 1 ? where : `${where} #${nth}` });
      return happens;
    },
    number: (from, to, ...names) => numberOf(from, to, seed, ...names),
  };
}
