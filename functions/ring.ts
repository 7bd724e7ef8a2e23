import type { RunHub } from "./start.ts";

/** Name of the doorbell; keep in step with `Doorbell` in orchestrators/durable.ts, which must not import this. */
const RING = "ring";

/**
 * Rings orchestrations: «look again». A ring may be lost, since every wait has an end of its own; so one that finds nobody
 * (not started yet, or at rest already) is no error, and neither is one that the task hub could not take.
 *
 * @returns how many were taken, for logs.
 */
export async function ringThrough(client: Pick<RunHub, "raiseEvent">, instances: readonly string[]): Promise<number> {
  const rung = await Promise.allSettled([...new Set(instances)].map((instance) => client.raiseEvent(instance, RING, {})));
  return rung.filter(({ status }) => status === "fulfilled").length;
}
