import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { monitorMute, monitorUnmute } from "./actions.ts";
import { connectPingdom } from "./connector.ts";
import { pingdomSimulator, type PingdomWorld, type SimulatedMaintenance } from "./simulator.ts";

const MONITOR = { name: "Pingdom", aliases: [], checkIds: [8_120_012, 8_120_011] };
const RUN = "2024-12-08";
const START = Date.parse("2024-12-08T01:00:00.000Z");
const CUTOFF = START + 16 * 3_600_000;
const seconds = (ms: number) => Math.floor(ms / 1_000);

const THEIRS: SimulatedMaintenance = { id: 50_001, description: "Database move of the web team", from: seconds(START) - 3_600, to: seconds(CUTOFF) + 7_200, checkIds: [8_120_011] };
/** As the suite's own call would have left it. */
const OURS: SimulatedMaintenance = {
  id: 50_002,
  description: `Nightshift ${RUN} mutes "Pingdom" [maintenance-page.mute/Pingdom]`,
  from: seconds(START) - 600,
  to: seconds(CUTOFF),
  checkIds: [8_120_011, 8_120_012],
};

function world(...maintenance: SimulatedMaintenance[]): PingdomWorld {
  return {
    ...pingdomSimulator.newWorld(),
    checks: [
      { id: 8_120_011, name: "www", hostname: "www.example.com", status: "up" },
      { id: 8_120_012, name: "my", hostname: "my.example.com", status: "up" },
      { id: 8_120_013, name: "api", hostname: "api.example.com", status: "paused" },
    ],
    maintenance: structuredClone(maintenance),
  };
}

/** What mutes now; windows that were ended are history. */
const muting = ({ maintenance, effects }: PingdomWorld) =>
  maintenance.filter(({ id }) => !effects.some(({ did, with: facts }) => did === "unmuted" && facts?.["maintenance"] === id));
const connect = (outside: Parameters<typeof connectPingdom>[1]) => ({ monitors: connectPingdom({ apiToken: "pingdom-token" }, outside) });
const common = { integration: "pingdom", simulator: pingdomSimulator, connect, params: { monitor: MONITOR } } as const;

actionContract({
  ...common,
  action: monitorMute,
  world: () => world(THEIRS),
  effects: ["muted check www", "muted check my"],
  essence: muting,
  spoil: ({ maintenance }) => void maintenance.pop(),
  drift: ({ maintenance }) => void (maintenance.at(-1)!.to += 3_600),
  driftBefore: ({ checks }) => void (checks[0]!.status = "paused"),
});

actionContract({
  ...common,
  action: monitorUnmute,
  world: () => world(THEIRS, OURS),
  effects: ["unmuted check www", "unmuted check my"],
  essence: muting,
  spoil: ({ maintenance }) => void (maintenance[1]!.to = seconds(CUTOFF)),
  driftBefore: ({ maintenance }) => void maintenance.push({ ...OURS, id: 50_003 }),
});

function at(of: PingdomWorld) {
  const outside = localOutside(pingdomSimulator, of);
  const ports = connect(outside);
  const call = (step = "maintenance-page.mute", run = RUN) => ({ run, step, target: "Pingdom", now: outside.clock.now(), cutoff: CUTOFF }) as Call;
  const mute = (more: object = {}, run = RUN) => monitorMute.begin(ports, monitorMute.params.parse({ monitor: MONITOR, ...more }), call(undefined, run));
  const unmute = () => monitorUnmute.begin(ports, { monitor: MONITOR }, call("maintenance-page-down.unmute"));
  return { outside, ports, call, mute, unmute };
}

describe("pingdom: muting", () => {
  it("is an obligation that the unmuting closes", () => {
    expect(monitorMute.opens?.({ monitor: MONITOR })).toEqual([{ id: "monitor-muted:Pingdom", what: "Pingdom is muted" }]);
    expect(monitorUnmute.closes?.({ monitor: MONITOR })).toEqual(["monitor-muted:Pingdom"]);
  });

  it("ends by itself at the window's cutoff, or when the plan says", async () => {
    const [atCutoff, atNine] = [world(), world()];

    await at(atCutoff).mute();
    await at(atNine).mute({ until: "2024-12-08T09:00:00-05:00" });

    expect(atCutoff.maintenance[0]).toMatchObject({ from: seconds(START), to: seconds(CUTOFF) });
    expect(atNine.maintenance[0]?.to).toBe(seconds(Date.parse("2024-12-08T14:00:00Z")));
  });

  it("refuses an end that is over", async () => {
    const of = world();

    await expect(at(of).mute({ until: "2024-12-07T09:00:00Z" })).rejects.toMatchObject({ kind: "invalid" });
    expect(of.effects).toEqual([]);
  });

  it("does not take another run's muting for its own", async () => {
    const of = world();

    await at(of).mute({}, "2024-10-06");
    await at(of).mute();

    expect(of.maintenance).toHaveLength(2);
  });

  it("mutes again after it was taken back", async () => {
    const of = world();
    const { outside, ports, call, mute } = at(of);
    const receipt = await mute();
    outside.advance(60_000);
    await monitorMute.undo?.(ports, receipt, call());

    outside.advance(60_000);
    await mute();

    expect(of.effects.map(({ did, to }) => `${did} ${to}`)).toEqual([
      "muted check www",
      "muted check my",
      "unmuted check www",
      "unmuted check my",
      "muted check www",
      "muted check my",
    ]);
    expect(of.maintenance).toHaveLength(2);
  });

  it("is over for good once the monitor is unmuted, and the maintenance window of somebody else is told and left alone", async () => {
    const of = world(THEIRS);
    const { outside, ports, call, mute, unmute } = at(of);
    await mute();
    outside.advance(3_600_000);

    const receipt = await unmute();
    const evidence = await monitorUnmute.verify(ports, receipt, call());

    expect(of.maintenance.map(({ id, to }) => [id, to])).toEqual([
      [50_001, THEIRS.to],
      [60_001, seconds(START) + 3_600],
    ]);
    expect(evidence.join("\n")).toContain("maintenance window 50001 «Database move of the web team», which is not of this run, mutes Pingdom");
    expect(monitorUnmute.already?.(receipt)).toBeUndefined();
  });

  it("says «already so» when there is nothing to unmute, or the cutoff has done it", async () => {
    const of = world();
    const { outside, mute, unmute } = at(of);

    const never = await unmute();
    await mute();
    outside.advance(17 * 3_600_000);
    const late = await unmute();

    expect(monitorUnmute.already?.(never)).toContain("was not muted by this run");
    expect(monitorUnmute.already?.(late)).toContain("maintenance window was over");
    expect(of.effects.filter(({ did }) => did === "unmuted")).toEqual([]);
  });

  it("finds its own work behind more maintenance windows than a page holds", async () => {
    const later = Array.from({ length: 250 }, (_one, index) => ({ ...THEIRS, id: 51_000 + index, from: seconds(CUTOFF) + index, to: seconds(CUTOFF) + 9_999 }));
    const of = world(OURS, ...later);

    const receipt = await at(of).mute();

    expect(receipt.id).toBe(OURS.id);
    expect(of.effects).toEqual([]);
  });

  it("gives up, instead of muting twice, when there are too many to look through", async () => {
    const later = Array.from({ length: 2_001 }, (_one, index) => ({ ...THEIRS, id: 51_000 + index, from: seconds(CUTOFF) + index, to: seconds(CUTOFF) + 9_999 }));
    const of = world(...later);

    await expect(at(of).mute()).rejects.toMatchObject({ kind: "rejected" });
    expect(of.effects).toEqual([]);
  });

  it("waits as long as Pingdom's prose says", async () => {
    const of = { ...world(), limits: { short: { remaining: 0, resetSeconds: 42 }, long: { remaining: 17, resetSeconds: 9_999 } } };

    await expect(at(of).mute()).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 42_000 });
  });

  it.each(['"; DROP', "a\nb", 'x]" [maintenance-page.mute/Pingdom]', "Zoë’s ☃", "../../checks"])("is found again, and by no other name, for a monitor called %j", async (name) => {
    const of = world(OURS);
    const { outside, ports, call } = at(of);
    const monitor = { ...MONITOR, name };

    await monitorMute.begin(ports, { monitor }, call());
    outside.advance(1_000);
    const again = await monitorMute.begin(ports, { monitor }, call());
    await monitorUnmute.begin(ports, { monitor }, call());

    expect(again.id).toBe(60_001);
    expect(of.maintenance).toHaveLength(2);
    expect(of.maintenance[0]).toEqual(OURS);
  });
});

apiContract("pingdom");
