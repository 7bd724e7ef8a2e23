import { chanceOf, hashOf, numberOf } from "./chance.ts";
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

export function weatherOf({ seed, profile, only }: WeatherOptions): Weather {
  const struck: Struck[] = [];
  const seen = new Map<string, number>();
  return {
    struck,
    strikes(kind, where) {
      const factor = profile.factors[MISFORTUNES[kind].of] ?? 0;
      if (factor === 0) return false;
      const place = `${kind}\n${where}`;
      const nth = (seen.get(place) ?? 0) + 1;
      seen.set(place, nth);
      // Asked many times for every call, and almost always in vain: an id is made for what happens only.
      const id = (): string => hashOf(`${place}\n${nth}`).toString(36).padStart(7, "0");
      const happens = only === undefined ? chanceOf(seed, kind, where, nth) < MISFORTUNES[kind].rate * factor : only.has(id());
      if (happens) struck.push({ id: id(), kind, where: nth === 1 ? where : `${where} #${nth}` });
      return happens;
    },
    number: (from, to, ...names) => numberOf(from, to, seed, ...names),
  };
}
