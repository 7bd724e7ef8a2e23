import { z } from "zod";
import { defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { MonitorCheck, Monitors, MutedTime } from "./connector.ts";

const Mute = z.strictObject({
  monitor: named("monitor").describe("The monitor: its checks are muted together"),
  until: z.iso.datetime({ offset: true }).optional().describe("When the monitor speaks again by itself; default: the window's cutoff"),
});
const Unmute = z.strictObject({ monitor: named("monitor").describe("The monitor that this run muted") });
const MuteReceipt = z.object({
  monitor: z.string(),
  id: z.int(),
  description: z.string(),
  checkIds: z.array(z.int()),
  /** UTC ISO. */
  until: z.string(),
});
const UnmuteReceipt = z.object({
  run: z.string(),
  monitor: z.string(),
  checkIds: z.array(z.int()),
  /** Maintenance windows of this run on this monitor that are over now. */
  ended: z.array(z.int()),
  /** Whether none of them was on when the step began. */
  already: z.boolean(),
});

const POLICY = { timeoutMs: 15 * 60_000, attempts: 6, retryDelayMs: 10_000 };

/**
 * Mutes a monitor: its checks go on, and nobody is alarmed, until the run unmutes it or, should everything of ours be
 * dead, until the window's cutoff.
 *
 * @throws Fault `absent` when a check is not there, `invalid` when the end is over already.
 */
export const monitorMute = defineAction<{ monitors: Monitors }, z.infer<typeof Mute>, z.infer<typeof MuteReceipt>>({
  verb: "monitor.mute",
  summary: "Mutes a monitor until it is unmuted, at the latest until the window's cutoff.",
  uses: ["monitors"],
  params: Mute,
  over: "monitor",
  receipt: MuteReceipt,
  policy: POLICY,
  reversal: "undo",

  touches: ({ monitor }) => [`monitor:${monitor.name}`],
  opens: ({ monitor }) => [{ id: idOf(monitor.name), what: `${monitor.name} is muted` }],

  async preview({ monitors }, { monitor, until }, { cutoff }) {
    const checks = await Promise.all(checkIdsOf(monitor).map((id) => monitors.check(id)));
    return [
      `mute ${monitor.name} until it is unmuted, at the latest until ${until ?? new Date(cutoff).toISOString()}`,
      ...checks.map((check) => `check ${check.id} «${check.name}»${check.status === "paused" ? " is paused, and stays so" : ""}`),
    ];
  },

  async begin({ monitors }, { monitor, until }, call) {
    const end = until === undefined ? call.cutoff : Date.parse(until);
    const checkIds = checkIdsOf(monitor);
    const mark = markOf(call.run, monitor.name, `${call.step}/${call.target}`);
    const receipt = (id: number, to: number) => ({ monitor: monitor.name, id, description: mark, checkIds, until: new Date(to).toISOString() });
    const on = await ownMuting(monitors, mark, call.now);
    if (on !== undefined) return receipt(on.id, on.to);
    if (end <= call.now) throw new Fault("invalid", `${monitor.name} is to be muted until ${new Date(end).toISOString()}, which is over`);
    return receipt(await monitors.mute(mark, checkIds, end), Math.floor(end / 1_000) * 1_000);
  },

  async find({ monitors }, { monitor }, { run, step, target, now }) {
    const description = markOf(run, monitor.name, `${step}/${target}`);
    const on = await ownMuting(monitors, description, now);
    return on === undefined ? undefined : { monitor: monitor.name, id: on.id, description, checkIds: checkIdsOf(monitor), until: new Date(on.to).toISOString() };
  },

  async verify({ monitors }, { monitor, id, checkIds }, { now }) {
    const found = await monitors.mutedTime(id);
    if (found.from > now + CLOCKS_APART_MS || !isOn(found, now))
      throw new Fault("rejected", `maintenance window ${id} is from ${instant(found.from)} to ${instant(found.to)}; expected it to be on`, { vendor: "pingdom" });
    const missing = checkIds.filter((check) => !found.checkIds.includes(check));
    if (missing.length > 0)
      throw new Fault("rejected", `maintenance window ${id} is not for ${checksInWords(missing)}; expected it to be for all of ${monitor}`, { vendor: "pingdom" });
    const checks = await Promise.all(checkIds.map((check) => monitors.check(check)));
    return [`maintenance window ${id} «${found.description}» of Pingdom is on, until ${instant(found.to)}`, ...checks.map((check) => `it is for check ${checkInWords(check)}`)];
  },

  async undo({ monitors }, { monitor, id, description, checkIds, until }, { now }) {
    const found = await stillThere(monitors, id);
    if (found.description !== description || found.checkIds.join() !== checkIds.join() || (isOn(found, now) && instant(found.to) !== until)) {
      throw new Fault(
        "conflict",
        `maintenance window ${id} is now «${found.description}» for ${checksInWords(found.checkIds)} until ${instant(found.to)}; expected it as this run left it, until ${until}; somebody changed it since`,
        { vendor: "pingdom" },
      );
    }
    if (isOn(found, now)) await monitors.endNow(id);
    return [`${monitor} is not muted by maintenance window ${id} any more`];
  },
});

/** What this step has muted; one that has been ended is the work of an earlier try, which was taken back. */
async function ownMuting(monitors: Monitors, mark: string, now: number): Promise<MutedTime | undefined> {
  return (await monitors.mutedTimes(mark)).find((time) => isOn(time, now));
}

/**
 * Ends every muting of a monitor by this run. Maintenance windows of other people are left alone, and told.
 *
 * There is nothing to take back: who wants it muted again mutes it, with an obligation of its own.
 */
export const monitorUnmute = defineAction<{ monitors: Monitors }, z.infer<typeof Unmute>, z.infer<typeof UnmuteReceipt>>({
  verb: "monitor.unmute",
  summary: "Ends the muting of a monitor by this run.",
  uses: ["monitors"],
  params: Unmute,
  over: "monitor",
  receipt: UnmuteReceipt,
  policy: POLICY,
  reversal: "nothing",

  touches: ({ monitor }) => [`monitor:${monitor.name}`],
  closes: ({ monitor }) => [idOf(monitor.name)],

  async preview({ monitors }, { monitor }, { run }) {
    const own = await monitors.mutedTimes(markOf(run, monitor.name));
    return [`unmute ${monitor.name}: end what this run has muted, ${own.length === 0 ? "by now nothing" : `maintenance window ${own.map(({ id }) => id).join(", ")}`}`];
  },

  async begin({ monitors }, { monitor }, { run, now }) {
    const own = await monitors.mutedTimes(markOf(run, monitor.name));
    const on = own.filter((time) => isOn(time, now));
    for (const { id } of on) await monitors.endNow(id);
    return { run, monitor: monitor.name, checkIds: checkIdsOf(monitor), ended: own.map(({ id }) => id).sort((a, b) => a - b), already: on.length === 0 };
  },

  async verify({ monitors }, { run, monitor, checkIds, ended }, { now }) {
    const evidence: string[] = [];
    for (const id of ended) {
      const found = await monitors.mutedTime(id);
      if (isOn(found, now)) throw new Fault("rejected", `maintenance window ${id} is on until ${instant(found.to)}; expected it to be over`, { vendor: "pingdom" });
      evidence.push(`maintenance window ${id} of Pingdom ended ${instant(found.to)}`);
    }
    const others = (await monitors.mutedTimes("")).filter(
      (time) => !ended.includes(time.id) && time.from <= now && isOn(time, now) && time.checkIds.some((check) => checkIds.includes(check)),
    );
    const own = others.find(({ description }) => description.includes(markOf(run, monitor)));
    if (own !== undefined) throw new Fault("rejected", `maintenance window ${own.id} of this run is on until ${instant(own.to)}; expected none`, { vendor: "pingdom" });
    const checks = await Promise.all(checkIds.map((check) => monitors.check(check)));
    return [
      ...evidence,
      ...checks.map((check) => `check ${checkInWords(check)} is muted by nothing of this run`),
      ...others.map(({ id, description, to }) => `maintenance window ${id} «${description}», which is not of this run, mutes ${monitor} until ${instant(to)}; it was left alone`),
    ];
  },

  already: ({ already, monitor, ended }) => (already ? `${monitor} was not muted by this run any more${ended.length === 0 ? "" : ": its maintenance window was over"}` : undefined),
});

/** Pingdom counts in seconds, and on its own clock. */
const CLOCKS_APART_MS = 60_000;

/** Whether it lasts still. One that ended by Pingdom's clock a moment ago may seem to end in a moment by ours. */
function isOn({ to }: MutedTime, now: number): boolean {
  return to > now + CLOCKS_APART_MS;
}

const idOf = (monitor: string) => `monitor-muted:${monitor}`;

function checkIdsOf({ checkIds }: z.infer<typeof Unmute>["monitor"]): number[] {
  return [...new Set(checkIds)].sort((a, b) => a - b);
}

/** A maintenance window's description, by which it is found again; without `place` what all of a run's have in common. */
function markOf(run: string, monitor: string, place?: string): string {
  return `Nightshift ${run} mutes ${JSON.stringify(monitor)} [${place === undefined ? "" : `${place}]`}`;
}

async function stillThere(monitors: Monitors, id: number): Promise<MutedTime> {
  try {
    return await monitors.mutedTime(id);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.kind === "absent") throw new Fault("conflict", `maintenance window ${id} is gone; somebody removed it since`, { vendor: "pingdom" });
    throw thrown;
  }
}

const instant = (ms: number) => new Date(ms).toISOString();
const checkInWords = ({ id, name, status }: MonitorCheck) => `${id} «${name}» (${status})`;
const checksInWords = (ids: readonly number[]) => (ids.length === 0 ? "no check" : `check ${ids.join(", ")}`);
