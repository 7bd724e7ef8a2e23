import { z } from "zod";
import { defineAction, type AnyAction, type Call } from "../../shared/action/action.ts";
import type { Policy } from "../../shared/action/policy.ts";
import { Fault } from "../../shared/fault/fault.ts";

/** How the vendor's work on one target goes. Hooks throw what the connector would throw; `nth` counts their calls from 1. */
export interface FakeWork {
  /** From the begin until the vendor's own record shows that the work has started; Infinity: it never starts. Default 0. */
  readonly startsAfterMs?: number;
  /** From the begin until the work has ended. Default 0. */
  readonly takesMs?: number;
  /** Before the vendor acts: what it throws had no effect. */
  readonly beforeBegin?: (nth: number, call: Call) => void;
  /** After the vendor acted: an answer that is lost. */
  readonly afterBegin?: (nth: number, call: Call) => void;
  readonly find?: (nth: number, call: Call) => void;
  readonly poll?: (nth: number, call: Call) => void;
  readonly verify?: (nth: number, call: Call) => void;
  readonly undo?: (nth: number, call: Call) => void;
  readonly cancel?: (nth: number, call: Call) => void;
  /** Its `cancel` says that it had ended, whatever its looks say. */
  readonly saysEnded?: true;
  readonly already?: string;
  readonly evidence?: string;
  /** What the receipt holds besides. */
  readonly receipt?: Readonly<Record<string, unknown>>;
}

export interface FakeVendor {
  /** What was really done, oldest first, as `begun KEY`, `cancelled KEY`, `undone KEY`. */
  readonly effects: string[];
  /** Every call, as `begin STEP/TARGET`. */
  readonly calls: string[];
  /** An action on this vendor. */
  action(verb: string, traits?: FakeTraits): AnyAction;
}

export interface FakeTraits {
  readonly policy?: Partial<Policy>;
  readonly without?: readonly ("poll" | "undo" | "cancel")[];
  readonly reversal?: AnyAction["reversal"];
  /** Whether it can look for its work without beginning any. */
  readonly finds?: boolean;
  readonly isDrivenByPolls?: boolean;
}

const Receipt = z.looseObject({ key: z.string(), target: z.string(), startsAt: z.number().nullable(), endsAt: z.number() });
type Receipt = z.infer<typeof Receipt>;

/** A vendor that keeps its promises: same key, same work. @param works by `STEP/TARGET` or by target alone. */
export function fakeVendor(works: Readonly<Record<string, FakeWork>> = {}): FakeVendor {
  const effects: string[] = [];
  const calls: string[] = [];
  const known = new Map<string, Receipt>();

  const workOf = ({ step, target }: Call): FakeWork => works[`${step}/${target}`] ?? works[target] ?? {};
  const heard = (method: string, { step, target }: Call): number => {
    const line = `${method} ${step}/${target}`;
    calls.push(line);
    return calls.filter((call) => call === line).length;
  };

  return {
    effects,
    calls,
    action(verb, { policy = {}, without = [], reversal = "undo", finds = false, isDrivenByPolls = false } = {}) {
      return defineAction<object, unknown, Receipt>({
        verb,
        summary: "Does something at a vendor that is not there.",
        uses: [],
        params: z.unknown(),
        receipt: Receipt,
        policy,
        reversal,
        ...(isDrivenByPolls ? { isDrivenByPolls } : {}),
        touches: () => [],
        preview: async () => ["do something"],
        async begin(_ports, params, call) {
          const nth = heard("begin", call);
          const work = workOf(call);
          let receipt = known.get(call.key);
          unlessKnown(receipt !== undefined, () => work.beforeBegin?.(nth, call));
          if (receipt === undefined) {
            const { startsAfterMs = 0, takesMs = 0 } = work;
            const carried = typeof params === "object" && params !== null ? params : {};
            receipt = {
              ...carried,
              ...work.receipt,
              key: call.key,
              target: call.target,
              startsAt: startsAfterMs === Number.POSITIVE_INFINITY ? null : call.now + startsAfterMs,
              endsAt: call.now + takesMs,
            };
            known.set(call.key, receipt);
            effects.push(`begun ${call.key}`);
          }
          work.afterBegin?.(nth, call);
          return receipt;
        },
        ...(finds
          ? {
              async find(_ports, _params, call) {
                workOf(call).find?.(heard("find", call), call);
                return known.get(call.key);
              },
            }
          : {}),
        ...(without.includes("poll")
          ? {}
          : {
              async poll(_ports, { target, startsAt, endsAt }, call) {
                workOf(call).poll?.(heard("poll", call), call);
                if (startsAt === null || call.now < startsAt) return { state: "waiting" as const, note: `${target} is queued` };
                return call.now < endsAt ? { state: "running" as const, note: `${target} is under way` } : { state: "done" as const, note: `${target} has ended` };
              },
            }),
        async verify(_ports, { target }, call) {
          workOf(call).verify?.(heard("verify", call), call);
          return [workOf(call).evidence ?? `${target} is as it should be`];
        },
        already: ({ target }) => works[target]?.already,
        ...(without.includes("undo")
          ? {}
          : {
              async undo(_ports, { key, target }, call) {
                workOf(call).undo?.(heard("undo", call), call);
                if (!effects.includes(`undone ${key}`)) effects.push(`undone ${key}`);
                return [`${target} is as it was`];
              },
            }),
        ...(without.includes("cancel")
          ? {}
          : {
              async cancel(_ports, { key, target, startsAt, endsAt }, call) {
                workOf(call).cancel?.(heard("cancel", call), call);
                if (workOf(call).saysEnded === true || (startsAt !== null && call.now >= Math.max(startsAt, endsAt))) return { evidence: [`${target} had ended`], hadEnded: true };
                if (!effects.includes(`cancelled ${key}`)) effects.push(`cancelled ${key}`);
                return { evidence: [`${target} was stopped`] };
              },
            }),
      });
    },
  };
}

/** A begin looks for its own work first: what it finds cannot be refused any more, only out of reach. */
function unlessKnown(isKnown: boolean, hook: () => void): void {
  try {
    hook();
  } catch (thrown) {
    if (!isKnown || !(thrown instanceof Fault) || !["rejected", "failed", "conflict", "absent"].includes(thrown.kind)) throw thrown;
  }
}

/** A hook that throws for the first `count` calls. */
export function firstly(count: number, kind: Fault["kind"], message: string): (nth: number) => void {
  return (nth) => {
    if (nth <= count) throw new Fault(kind, message);
  };
}

/** A hook that always throws. */
export function always(kind: Fault["kind"], message: string): () => void {
  return () => {
    throw new Fault(kind, message);
  };
}
