import { expect, it } from "vitest";
import { decided, runFactsOf } from "../../test/support/facts-of.ts";
import { closedTo, controlOf, holds } from "./control.ts";

const abort = (mode: "freeze" | "finish" | "close", by: string) => decided("abort", { mode, by });

it("knows when the run started, was stopped and ended", () => {
  const told = runFactsOf().started().after("1h").stopped("a.b", "failed: x").stopped("c.d", "later").ended("badly");

  expect(controlOf(told.facts, [])).toMatchObject({
    started: { at: "2024-12-08T01:00:00.000Z" },
    stopped: { step: "a.b", why: "failed: x" },
    ended: { outcome: "badly", at: told.at },
  });
});

it("lets a later abort strengthen an earlier one", () => {
  expect(controlOf([], [abort("freeze", "Ada"), abort("finish", "Ben"), abort("close", "Cyn")]).aborted).toMatchObject({ mode: "close", by: "Cyn" });
});

it("does not let a later abort weaken an earlier one", () => {
  expect(controlOf([], [abort("close", "Ada"), abort("freeze", "Ben")]).aborted).toMatchObject({ mode: "close", by: "Ada" });
});

it("closes up where an abort says no mode", () => {
  expect(controlOf([], [decided("abort")]).aborted?.mode).toBe("close");
});

it("is paused until someone resumes", () => {
  const pause = decided("pause", { by: "Ben" });

  expect(holds(controlOf([], [pause]))).toBe("paused by Ben");
  expect(holds(controlOf([], [pause, decided("resume")]))).toBeUndefined();
});

it("thaws when someone resumes, since a freeze waits for just that", () => {
  expect(holds(controlOf([], [abort("freeze", "Ada"), decided("resume")]))).toBeUndefined();
  expect(controlOf([], [abort("freeze", "Ada"), decided("resume")]).aborted).toBeUndefined();
});

it("does not take back an abort that closes or finishes when someone resumes", () => {
  expect(controlOf([], [abort("finish", "Ada"), decided("resume")]).aborted).toMatchObject({ mode: "finish" });
});

it("closes the run to new work after an abort or a stop, and not while it is frozen", () => {
  expect(closedTo(controlOf([], [abort("finish", "Ada")]))).toBe("aborted by Ada before it began");
  expect(closedTo(controlOf(runFactsOf().stopped("a.b", "failed: x").facts, []))).toBe("the run was stopped: a.b failed: x");
  expect(closedTo(controlOf([], [abort("freeze", "Ada")]))).toBeUndefined();
  expect(holds(controlOf([], [abort("freeze", "Ada")]))).toBe("frozen by Ada");
});
