import type { OrchestrationContext } from "durable-functions";
import { fanOut, inputOf, type Durable } from "./durable.ts";
import type { Child } from "./wire.ts";

/** Starts a share of a large fan-out, so that no single history grows with the window. */
export function* fan(ctx: OrchestrationContext): Durable<undefined> {
  const { orchestrator, children } = inputOf<{ orchestrator: string; children: readonly Child<unknown>[] }>(ctx);
  yield* fanOut(ctx, orchestrator, children);
  return undefined;
}
