import type { OrchestrationContext } from "durable-functions";
import { call, Doorbell, fanOut, inputOf, sleep, startOver, type Durable } from "./durable.ts";
import type { WindowInput } from "./wire.ts";

const WAVES_PER_HISTORY = 12;
const OUTAGE_MS = 60_000;

/**
 * Walks a run from its first wave to its end: asks which steps to start, starts them all at once, waits for all, asks again.
 *
 * What a wave is, and whether there is another, is decided by `nextWave` from the journal. A child that died is simply
 * part of the next wave again; a wave that comes back unchanged is not repeated before a minute has passed. Steps that an
 * amendment adds to a wave under way are started by a second one of these, whose input names the amendment.
 */
export function* window(ctx: OrchestrationContext): Durable<{ outcome: string } | undefined> {
  const input = inputOf<WindowInput>(ctx);
  const bell = new Doorbell(ctx);
  let before = "";
  for (let waves = 0; waves < WAVES_PER_HISTORY; waves++) {
    const wave = yield* call(ctx, "muster", input);
    const now = JSON.stringify(wave, withoutAdvice);
    if (!wave.ok || now === before) {
      before = "";
      yield* sleep(ctx, OUTAGE_MS);
      continue;
    }
    before = now;
    switch (wave.value.do) {
      case "forward":
        yield* fanOut(ctx, "step", wave.value.steps);
        break;
      case "back":
        for (const target of wave.value.targets) yield* fanOut(ctx, "target", [target]);
        break;
      case "wait":
        yield* bell.pause(wave.value.until);
        break;
      case "end":
        yield* call(ctx, "close", { ...input, outcome: wave.value.outcome });
        break;
      case "rest":
        return { outcome: wave.value.outcome };
    }
  }
  yield* call(ctx, "muster", input);
  startOver(ctx);
  return undefined;
}

/** What the steps of a wave are told along has instants in it, and says nothing about whether the wave is another. */
function withoutAdvice(key: string, part: unknown): unknown {
  return key === "first" ? undefined : part;
}
