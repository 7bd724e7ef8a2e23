import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { app as azure } from "@azure/functions";
import type { Timer, TimerFunctionOptions } from "@azure/functions";
import { describe, expect, it } from "vitest";
import { collectApp } from "./app.ts";
import type { LogLine } from "./app.ts";
import { handClock } from "../test/support/hand-clock.ts";
import type { HandClock } from "../test/support/hand-clock.ts";
import { fileTimerStatuses, memoryTimerStatuses } from "./timer-status.ts";
import type { TimerStatuses } from "./timer-status.ts";
import { timerTrigger } from "./timer-trigger.ts";
import type { TimerTrigger } from "./timer-trigger.ts";

const EIGHT = Date.parse("2024-12-07T20:00:00Z");
const MINUTE = 60_000;
const FIVE = "0 */5 * * * *";

interface Rig {
  readonly clock: HandClock;
  readonly trigger: TimerTrigger;
  /** What each run saw: when it began (minutes after 20:00) and its payload. */
  readonly runs: { at: number; timer: Timer }[];
  readonly logs: LogLine[];
}

/** A started timer function on a hand clock that shows `atMinute` minutes after 20:00. */
async function rig(atMinute: number, statuses: TimerStatuses, options: Partial<TimerFunctionOptions> & { work?: (run: number) => unknown } = {}): Promise<Rig> {
  const { work, ...trigger } = options;
  const clock = handClock(EIGHT + atMinute * MINUTE);
  const runs: Rig["runs"] = [];
  const logs: LogLine[] = [];
  const app = await collectApp(() =>
    azure.timer("prework", {
      schedule: FIVE,
      ...trigger,
      handler: async (timer) => {
        runs.push({ at: (clock.now() - EIGHT) / MINUTE, timer });
        await work?.(runs.length);
      },
    }),
  );
  app.surroundings.log = (line) => void logs.push(line);
  const timer = timerTrigger(app, app.functions[0]!, { clock, statuses, settings: {} });
  timer.start();
  return { clock, trigger: timer, runs, logs };
}

const at = (minute: number): number => EIGHT + minute * MINUTE;
const seen = ({ runs }: Rig): (number | boolean)[][] => runs.map((run) => [run.at, run.timer.isPastDue]);

describe("T1: the first start ever", () => {
  it("runs nothing and stores a status with the next occurrence", async () => {
    const statuses = memoryTimerStatuses();

    const first = await rig(1, statuses);
    await first.clock.moveTo(at(4));

    expect(seen(first)).toEqual([]);
    expect(statuses.read("prework")).toEqual({ last: undefined, next: at(5), lastUpdated: at(1) });
  });

  it("then runs on time, and shows the status as it was before", async () => {
    const first = await rig(1, memoryTimerStatuses());

    await first.clock.moveTo(at(11));

    expect(seen(first)).toEqual([
      [5, false],
      [10, false],
    ]);
    expect(first.runs[0]!.timer).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: { last: "0001-01-01T00:00:00+00:00", next: "2024-12-07T20:05:00+00:00", lastUpdated: "2024-12-07T20:01:00+00:00" },
      isPastDue: false,
    });
    expect(first.runs[1]!.timer.scheduleStatus.last).toBe("2024-12-07T20:05:00+00:00");
  });
});

describe("T2: five missed occurrences", () => {
  it("are made up by one run that is past due; then comes the regular next", async () => {
    const statuses = memoryTimerStatuses();
    const before = await rig(1, statuses);
    await before.clock.moveTo(at(6));
    await before.trigger.stop();

    const after = await rig(37, statuses);
    await after.clock.moveTo(at(41));

    expect(seen(before)).toEqual([[5, false]]);
    expect(seen(after)).toEqual([
      [37, true],
      [40, false],
    ]);
  });

  it("are forgotten without a monitor", async () => {
    const statuses = memoryTimerStatuses();
    await (await rig(1, statuses, { useMonitor: false })).trigger.stop();

    const after = await rig(37, statuses, { useMonitor: false });
    await after.clock.moveTo(at(41));

    expect(seen(after)).toEqual([[40, false]]);
    expect(after.runs[0]!.timer.scheduleStatus).toBeNull();
  });
});

describe("T3: a schedule edited while the host was away", () => {
  it("is not past due on account of the edit, though the old next lies in the past", async () => {
    const statuses = memoryTimerStatuses();
    await (await rig(1, statuses)).trigger.stop();

    const edited = await rig(37, statuses, { schedule: "0 2/10 * * * *" });
    await edited.clock.moveTo(at(43));

    expect(seen(edited)).toEqual([[42, false]]);
  });
});

describe("T4: a run that lasts two and a half intervals", () => {
  it("is followed by exactly one immediate run, not past due, then by the regular next", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await rig(1, memoryTimerStatuses(), { work: (run) => (run === 1 ? gate.promise : undefined) });
    await slow.clock.moveTo(at(17.5));
    gate.resolve();

    await slow.clock.moveTo(at(21));

    expect(seen(slow)).toEqual([
      [5, false],
      [17.5, false],
      [20, false],
    ]);
  });
});

describe("T5: a process killed during a run", () => {
  it("finds itself past due after the restart and runs again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-timer-"));
    const file = join(folder, "timers.json");
    const killed = await rig(1, fileTimerStatuses(file), { work: () => new Promise(() => {}) });
    await killed.clock.moveTo(at(6));

    const after = await rig(7, fileTimerStatuses(file));
    await after.clock.moveTo(at(8));

    expect(seen(killed)).toEqual([[5, false]]);
    expect(seen(after)).toEqual([[7, true]]);
    rmSync(folder, { recursive: true });
  });

  it("refuses a status file that is something else", () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-timer-"));
    writeFileSync(join(folder, "timers.json"), '{"prework":5}');

    expect(() => fileTimerStatuses(join(folder, "timers.json"))).toThrow(/is no timer status file; remove it/);
    rmSync(folder, { recursive: true });
  });
});

describe("T8: a handler that throws", () => {
  it("has its status advanced all the same and runs on time; the failure is logged", async () => {
    const statuses = memoryTimerStatuses();
    const failing = await rig(1, statuses, {
      work: () => {
        throw new Error("boom");
      },
    });

    await failing.clock.moveTo(at(11));

    expect(seen(failing)).toEqual([
      [5, false],
      [10, false],
    ]);
    expect(statuses.read("prework")).toEqual({ last: at(10), next: at(15), lastUpdated: at(10) });
    expect(failing.logs[1]).toMatchObject({ level: "error", message: 'timer function "prework" failed: boom; next run at 2024-12-07T20:10:00.000Z' });
  });

  it("is tried again when it was registered with retry", async () => {
    const failing = await rig(1, memoryTimerStatuses(), {
      retry: { strategy: "fixedDelay", maxRetryCount: 2, delayInterval: { seconds: 30 } },
      work: (run) => {
        if (run < 3) throw new Error("boom");
      },
    });

    await failing.clock.moveTo(at(10));

    expect(seen(failing)).toEqual([
      [5, false],
      [5.5, false],
      [6, false],
      [10, false],
    ]);
  });
});

describe("a timer trigger", () => {
  it("with runOnStartup runs at once, not past due", async () => {
    const eager = await rig(1, memoryTimerStatuses(), { runOnStartup: true });

    await eager.clock.moveTo(at(6));

    expect(seen(eager)).toEqual([
      [1, false],
      [5, false],
    ]);
  });

  it("is not monitored when it fires more than once a minute", async () => {
    const statuses = memoryTimerStatuses();

    const quick = await rig(1, statuses, { schedule: "*/30 * * * * *" });

    expect(quick.trigger.monitored).toBe(false);
    expect(statuses.read("prework")).toBeUndefined();
  });

  it("makes no further run once it is stopped, and waits for the one in flight", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await rig(1, memoryTimerStatuses(), { work: () => gate.promise });
    await slow.clock.moveTo(at(6));

    const stopping = slow.trigger.stop();
    gate.resolve();
    await stopping;
    await slow.clock.moveTo(at(30));

    expect(seen(slow)).toEqual([[5, false]]);
  });

  it("may be run by hand outside of its schedule", async () => {
    const still = await rig(1, memoryTimerStatuses());

    await still.trigger.runNow();
    await still.clock.moveTo(at(6));

    expect(seen(still)).toEqual([
      [1, false],
      [5, false],
    ]);
  });
});
