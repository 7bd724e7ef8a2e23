import { describe, expect, it } from "vitest";
import { virtualClock } from "./virtual-clock.ts";

describe("a virtual clock", () => {
  it("stands still until it is told to move, and then calls what is due in order, at its instant", async () => {
    const clock = virtualClock({ startAtMs: 1000 });
    const seen: [string, number][] = [];
    for (const [name, instantMs] of [
      ["c", 3000],
      ["a", 2000],
      ["b", 2000],
    ] as const)
      clock.at(instantMs, () => seen.push([name, clock.now()]));
    await clock.settled();
    expect(seen).toEqual([]);

    await clock.advanceTo(2500);

    expect(seen).toEqual([
      ["a", 2000],
      ["b", 2000],
    ]);
    expect(clock.now()).toBe(2500);
    await clock.advanceTo(3000);
    expect(seen.at(-1)).toEqual(["c", 3000]);
  });

  it("does not move while anything holds it, even if told to", async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const release = clock.hold();
    let arrived = false;
    const arrival = clock.advanceTo(1000).then(() => (arrived = true));
    for (let n = 0; n < 5; n++) await new Promise((done) => setImmediate(done));
    expect([arrived, clock.now()]).toEqual([false, 0]);

    release();
    await arrival;

    expect(clock.now()).toBe(1000);
  });

  it("waits for a hold that a callback takes in the same breath", async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const times: number[] = [];
    clock.at(10, () => {
      const release = clock.hold();
      setTimeout(() => {
        times.push(clock.now());
        release();
      }, 5);
    });
    clock.at(20, () => times.push(clock.now()));

    await clock.advanceTo(20);

    expect(times).toEqual([10, 20]);
  });

  it("runs by itself until stopped, and says when nothing is left", async () => {
    const clock = virtualClock({ startAtMs: 0 });
    let beats = 0;
    const beat = (): void => {
      if (++beats < 60) clock.at(clock.now() + 17 * 60_000, beat);
    };
    clock.at(17 * 60_000, beat);

    const stop = clock.run();
    await clock.quiet();
    stop();

    expect([beats, clock.now()]).toEqual([60, 60 * 17 * 60_000]);
  });

  it("forgets a waiter that was cancelled, and all of them when closed", async () => {
    const clock = virtualClock({ startAtMs: 0 });
    let called = 0;
    clock.at(5, () => called++)();
    clock.at(6, () => called++);
    clock.close();

    await clock.quiet();

    expect(called).toBe(0);
  });

  it("refuses to go back", async () => {
    const clock = virtualClock({ startAtMs: 1000 });

    await expect(clock.advanceTo(999)).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("a paced clock", () => {
  it("gives every waiter its exact instant, and shows time passing in between", async () => {
    const clock = virtualClock({ startAtMs: 0, speed: 100_000 });
    const times: number[] = [];
    for (const instantMs of [1000, 5000]) clock.at(instantMs, () => times.push(clock.now()));

    const stop = clock.run();
    await clock.quiet();
    stop();

    expect(times).toEqual([1000, 5000]);
  });

  it("is interrupted by an earlier waiter, and frozen by a hold", async () => {
    const clock = virtualClock({ startAtMs: 0, speed: 1000 });
    const order: string[] = [];
    clock.at(10_000_000, () => order.push("late"));
    clock.run();
    await new Promise((done) => setImmediate(done));
    await new Promise((done) => setImmediate(done));
    const early = new Promise<void>(
      (done) =>
        void clock.at(clock.now() + 1, () => {
          order.push("early");
          done();
        }),
    );

    await early;
    const release = clock.hold();
    const frozen = clock.now();
    await new Promise((done) => setTimeout(done, 3));

    expect(order).toEqual(["early"]);
    expect(clock.now()).toBe(frozen);
    release();
    await clock.advanceTo(10_000_000);
    expect(order).toEqual(["early", "late"]);
    clock.close();
  });
});
