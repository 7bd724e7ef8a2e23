import { currentScope, type Scope } from "../../shared/ports/scope.ts";
import type { Effect } from "../../shared/ports/simulator.ts";
import type { Telemetry } from "../../shared/ports/telemetry.ts";
import type { Fetch } from "../../shared/ports/transport.ts";
import type { Entry, Journal } from "../../shared/run/journal.ts";
import { heardJournal } from "../heard-journal.ts";
import type { Scene } from "../scene.ts";
import { destinationOf, type SimulatorName } from "../simulators.ts";

/** Something done to a vendor, by the vendor's own list. */
export interface Done {
  readonly system: SimulatorName;
  readonly effect: Effect;
}

/** A call to a vendor, and what it left in the vendors' own lists: the journal may lie, these do not. */
export interface Called {
  readonly what: "call";
  /** Milliseconds since the epoch, on the world's clock. */
  readonly at: number;
  /** For whom; none for calls that no step makes. */
  readonly scope: Scope | undefined;
  readonly method: string;
  readonly url: string;
  readonly system: string | undefined;
  /** As the vendor answered, whatever reached the caller. */
  readonly status: number;
  readonly done: readonly Done[];
}

export interface Written {
  readonly what: "fact";
  /** Milliseconds since the epoch, on the world's clock. */
  readonly at: number;
  readonly entry: Entry;
}

export type Happening = Called | Written;

/** Everything that happened in a window, in the order in which it did: facts as they were kept, calls as the vendors saw them. */
export interface Tape {
  readonly happenings: readonly Happening[];
  /** A journal that is heard. */
  hearing(journal: Journal): Journal;
  /** The way to the vendors, heard; stands next to them, so that what goes wrong on the way is outside of it. */
  listening(direct: Fetch, now: () => number): Fetch;
  readonly telemetry: Telemetry;
  /** Every text that telemetry was told, once. */
  readonly said: ReadonlySet<string>;
}

/** @param scene the one that the calls change. */
export function tapeOf(scene: Scene): Tape {
  const happenings: Happening[] = [];
  const names = Object.keys(scene.worlds) as SimulatorName[];
  const known = new Map(names.map((name) => [name, scene.worlds[name].effects.length]));
  const heard = new Set<Effect>(names.flatMap((name) => scene.worlds[name].effects));
  const said = new Set<string>();
  let worldNow: (() => number) | undefined;

  function newlyDone(): Done[] {
    const done: Done[] = [];
    for (const system of names) {
      const { effects } = scene.worlds[system];
      if (effects.length === known.get(system)) continue;
      // Not by their places: some lists are kept in the order of time, and get something between.
      const fresh = effects.filter((effect) => !heard.has(effect));
      for (const effect of fresh) heard.add(effect);
      done.push(...fresh.map((effect) => ({ system, effect })));
      known.set(system, effects.length);
    }
    return done;
  }

  return {
    happenings,
    said,
    telemetry: {
      event(_name, fields) {
        for (const field of Object.values(fields)) if (typeof field === "string") said.add(field);
      },
      flush: () => Promise.resolve(),
    },

    hearing: (journal) =>
      heardJournal(journal, (fact, stream, seq) => void happenings.push({ what: "fact", at: worldNow?.() ?? Date.parse(fact.at), entry: { stream, seq, fact } })),

    listening(direct, now) {
      worldNow = now;
      return async (input, init) => {
        const request = input instanceof Request ? input : undefined;
        const url = request?.url ?? String(input);
        const method = init?.method ?? request?.method ?? "GET";
        const heard = (status: number): void => {
          happenings.push({ what: "call", at: now(), scope: currentScope(), method, url, system: destinationOf(url, method).addressee?.system, status, done: newlyDone() });
        };
        try {
          const answer = await direct(input, init);
          heard(answer.status);
          return answer;
        } catch (thrown) {
          heard(0);
          throw thrown;
        }
      };
    },
  };
}
