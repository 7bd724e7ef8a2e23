import { chanceOf, chancesAfter, hashOf, numberOf } from "./chance.ts";
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
  /** Whether it happens here and now. An opportunity that comes again, e.g. the third call of one kind, is another one. */
  strikes(kind: MisfortuneKind, where: string): boolean;
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

/** Asked many times for every call, and almost always in vain: of each kind is known beforehand what does not change. */
interface Odds {
  readonly below: number;
  readonly chance: (rest: string) => number;
  /** How often each opportunity has come. */
  readonly seen: Map<string, number>;
}

export function weatherOf({ seed, profile, only }: WeatherOptions): Weather {
  const struck: Struck[] = [];
  const odds = new Map<MisfortuneKind, Odds>();
  const isCalm = only === undefined && chanceOf(seed, "calm") < (profile.calm ?? 0);
  for (const [name, { of, rate }] of Object.entries(MISFORTUNES)) {
    const below = isCalm ? 0 : rate * (profile.factors[of] ?? 0);
    if (below > 0) odds.set(name as MisfortuneKind, { below, chance: chancesAfter(`${seed}\n${name}\n`), seen: new Map() });
  }
  return {
    struck,
    strikes(kind, where) {
      const known = odds.get(kind);
      if (known === undefined) return false;
      const nth = (known.seen.get(where) ?? 0) + 1;
      known.seen.set(where, nth);
      const id = (): string => hashOf(`${kind}\n${where}\n${nth}`).toString(36).padStart(7, "0");
      const happens = only === undefined ? known.chance(`${where}\n${nth}`) < known.below : only.has(id());
      if (happens) struck.push({ id: id(), kind, where: nth === 1 ? where : `${where} #${nth}` });
      return happens;
    },
    number: (from, to, ...names) => numberOf(from, to, seed, ...names),
  };
}
