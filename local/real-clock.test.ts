import { expect, it } from "vitest";
import { realClock } from "./real-clock.ts";

it("calls waiters in order, never early, and never synchronously", async () => {
  const clock = realClock();
  const seen: { name: string; early: boolean }[] = [];
  const begun = clock.now();

  await new Promise<void>((done) => {
    clock.at(begun + 12, () => {
      seen.push({ name: "b", early: clock.now() < begun + 12 });
      done();
    });
    clock.at(begun + 4, () => seen.push({ name: "a", early: clock.now() < begun + 4 }));
    clock.at(begun - 1000, () => seen.push({ name: "past", early: false }));
    expect(seen).toEqual([]);
  });

  expect(seen).toEqual([
    { name: "past", early: false },
    { name: "a", early: false },
    { name: "b", early: false },
  ]);
  clock.close();
});

it("waits for instants beyond the longest timeout of Node, and can cancel them", async () => {
  const clock = realClock();
  let called = 0;
  const cancel = clock.at(clock.now() + 60 * 24 * 3600_000, () => called++);

  await new Promise<void>((done) => void clock.at(clock.now() + 3, done));

  expect(called).toBe(0);
  cancel();
  clock.close();
});
