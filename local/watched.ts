import type { GuardLook, GuardLog } from "../functions/reconciler.ts";
import type { RunHub } from "../functions/start.ts";
import { Fault } from "../shared/fault/fault.ts";
import { RUN_STREAM } from "../shared/run/facts.ts";
import type { Journal } from "../shared/run/journal.ts";
import { openOf } from "../shared/run/obligations.ts";
import type { RuntimeStatus } from "./durable/hub.ts";
import type { LocalHost } from "./harness.ts";

export interface WatchedRun {
  readonly host: LocalHost;
  readonly run: string;
  /** Past everything that goes wrong with storage. */
  readonly facts: Journal;
  readonly look: GuardLook;
  /** For how long after its end a run with something open is watched. */
  readonly afterMs: number;
}

const SILENT: GuardLog = { warn: () => undefined, error: () => undefined };
const EVERY_MS = 5 * 60_000;
/** A timer never fires on the dot; and nothing else of a window is due at this instant, so that the order within one says nothing. */
const LATE_MS = 137;

/**
 * Has the guard look at its hours, as its timer would, until the run has ended by its facts and either nothing is open any more
 * or `afterMs` have passed. A virtual clock moves by itself meanwhile.
 *
 * @returns true when that is so; never, where the host dies before.
 */
export async function watched({ host, run, facts, look, afterMs }: WatchedRun): Promise<true> {
  const { clock } = host;
  const hub = runHubOf(host);
  const letGo = host.letTimePass();
  const isOver = async (): Promise<boolean> => {
    const ended = (await facts.read(run, RUN_STREAM)).find(({ type }) => type === "run.ended");
    if (ended === undefined) return false;
    return clock.now() >= Date.parse(ended.at) + afterMs || openOf((await facts.readAll(run)).map(({ fact }) => fact)).length === 0;
  };
  const until = async (instantMs: number): Promise<void> => new Promise((resolve) => void clock.at(instantMs, resolve));
  try {
    do {
      await until((Math.floor((clock.now() - LATE_MS) / EVERY_MS) + 1) * EVERY_MS + LATE_MS);
      const release = clock.hold();
      await look(hub, SILENT).finally(release);
    } while (!(await isOver()));
    return true;
  } finally {
    letGo();
  }
}

/** The task hub of a host, as a trigger's client shows it. */
export function runHubOf(host: LocalHost): RunHub {
  return {
    getStatusBy: async ({ runtimeStatus }) => [...host.hub.names(runtimeStatus.map(String) as RuntimeStatus[])],
    startNew: (orchestrator, { instanceId, input }) => host.start(orchestrator, input, instanceId),
    raiseEvent: async (instanceId, name, data) => {
      if ((await host.hub.raise(instanceId, name, data)).did === "absent") throw new Fault("absent", `no instance has the id ${instanceId}`);
    },
    async terminate(instanceId, reason) {
      await host.hub.terminate(instanceId, reason);
    },
  };
}
