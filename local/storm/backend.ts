import type { ActivityLatency } from "../durable/activity-runner.ts";
import type { ActivityView, Faults, MessageView } from "../durable/faults.ts";
import { EVENT } from "../durable/history-events.ts";
import { Fault } from "../../shared/fault/fault.ts";
import type { Journal } from "../../shared/run/journal.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { windowInstance } from "../../shared/run/instances.ts";
import type { LocalHost } from "../harness.ts";
import type { KillMoment, StandStill } from "../rehearse.ts";
import { weightOf, type Weather } from "./weather.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** What the Durable backend does to messages, timers and activities, and where it dies. */
export function stormyBackend(weather: Weather): Faults {
  return {
    extraCopies: (message) => (weather.strikes("doubled message", nameOf(message)) ? 1 : 0),
    delayMs(message) {
      const where = nameOf(message);
      const isTimer = message.event.EventType === EVENT.timerFired;
      if (isTimer) return weather.strikes("late timer", where) ? weather.number(30, 400, "late timer", where) * SECOND_MS : 0;
      return weather.strikes("late message", where) ? weather.number(10, 300, "late message", where) * SECOND_MS : 0;
    },
    order(events) {
      if (events.length < 2 || !weather.strikes("turned order", events.map(({ EventType }) => EventType).join(" "))) return events;
      return events.toReversed();
    },
    repeats: ({ instanceId, name, taskId }) => weather.strikes("activity twice", `${instanceId} ${name} ${taskId}`),
    crashAt: (point) => weather.strikes("death in the backend", `${point.at} ${point.instanceId}`),
  };
}

function nameOf({ instanceId, event }: MessageView): string {
  return `${instanceId} ${event.EventType}`;
}

/**
 * Orchestrations that are deleted or terminated, each at an instant of its hour: the window's own, or any other that has not ended then.
 * Once, whatever process lives then.
 */
export function stormyHub(weather: Weather, { window }: CompiledPlan): (host: LocalHost) => void {
  const from = Date.parse(window.opensAt);
  const hours = Math.ceil((Date.parse(window.cutoff) - from) / HOUR_MS);
  const deeds = Array.from({ length: hours }, (_, hour) => hour).flatMap((hour) =>
    (["orchestration lost", "orchestration terminated"] as const).flatMap((kind) => {
      const where = `hour ${hour}`;
      return weather.strikes(kind, where) ? [{ kind, where, at: from + hour * HOUR_MS + weather.number(0, HOUR_MS - 1, kind, where), isDone: false }] : [];
    }),
  );
  return (host) => {
    for (const deed of deeds) {
      const strike = async (): Promise<void> => {
        if (deed.isDone) return;
        deed.isDone = true;
        const { instances } = await host.hub.list({ runtimeStatus: ["Pending", "Running"] });
        const ids = [windowInstance(window.id), ...instances.map(({ instanceId }) => instanceId).toSorted()];
        const victim = weather.number(0, 2, deed.kind, deed.where, "window") === 0 ? 0 : weather.number(0, ids.length - 1, deed.kind, deed.where, "victim");
        const id = ids[victim] ?? windowInstance(window.id);
        await (deed.kind === "orchestration lost" ? host.hub.purge(id) : host.hub.terminate(id, "by somebody"));
      };
      host.clock.at(
        deed.at,
        () => {
          const release = host.clock.hold();
          void strike().finally(release);
        },
        true,
      );
    }
  };
}

/** Activities that two hosts are at: one of them stops for an instant, or for minutes somewhere among its calls and facts. */
export function stormyOverlaps(weather: Weather): (activity: ActivityView) => StandStill | undefined {
  return ({ instanceId, name, taskId }) => {
    const where = `${instanceId} ${name} ${taskId}`;
    if (weather.strikes("activity on two hosts", where)) return {};
    if (!weather.strikes("host stood still", where)) return undefined;
    // Never for seconds: the backend gives an activity to another host after minutes without a sign of life.
    return { after: weather.number(0, MOST_BEFORE, "stood still after", where), forMs: weather.number(1, 40, "stood still for", where) * MINUTE_MS };
  };
}

/** Most activities have hardly more calls and facts than that. */
const MOST_BEFORE = 5;

export function stormyDeaths(weather: Weather): (moment: KillMoment) => boolean {
  return ({ kind, where }) =>
    kind.endsWith("call") ? weather.strikes("death around a call", `${kind} ${where}`, weightOf(where)) : weather.strikes("death around a fact", `${kind} ${where}`);
}

/** The host that takes over has a clock of its own, at most two minutes off. */
export function stormyClocks(weather: Weather): (life: number) => number {
  return (life) => {
    const where = `life ${life}`;
    return weather.strikes("clock skew", where) ? weather.number(-120, 120, "skew", where) * SECOND_MS : 0;
  };
}

/** Now and then an activity takes most of a minute. */
export function slowActivities(weather: Weather): ActivityLatency {
  return (name) => (weather.strikes("slow answer", name) ? weather.number(5, 55, "slow", name) * SECOND_MS : 0);
}

/** The journal's store, when it has too much to do: it refuses, or keeps the facts and fails to say so. */
export function stormyStorage(weather: Weather, journal: Journal): Journal {
  const refuse = (where: string): void => {
    if (weather.strikes("storage refused", where)) throw new Fault("throttled", `the journal's store is busy: ${where}`, { vendor: "tables", retryAfterMs: MINUTE_MS / 4 });
  };
  return {
    ...journal,
    async append(run, stream, expected, facts) {
      refuse(`append ${stream}`);
      const kept = await journal.append(run, stream, expected, facts);
      if (weather.strikes("storage unsure", `append ${stream}`)) throw new Fault("unavailable", `the journal's store did not answer: append ${stream}`, { vendor: "tables" });
      return kept;
    },
    async read(run, stream) {
      refuse(`read ${stream}`);
      return journal.read(run, stream);
    },
    async readUnder(run, prefix) {
      refuse(`read ${prefix}`);
      return journal.readUnder(run, prefix);
    },
    async readAll(run) {
      refuse("read all");
      return journal.readAll(run);
    },
  };
}
