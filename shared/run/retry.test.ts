import { expect, it } from "vitest";
import { DEFAULT_POLICY } from "../action/policy.ts";
import { FAULT_KINDS, type FaultKind } from "../fault/fault.ts";
import { isCurable, retryAt } from "./retry.ts";

const policy = { ...DEFAULT_POLICY, retryDelayMs: 10_000, maxRetryDelayMs: 60_000 };
const fault = { kind: "unavailable", message: "" } as const;

it("doubles the delay with each failure, up to its bound", () => {
  expect([1, 2, 3, 4, 30, 2_000].map((failures) => retryAt(policy, fault, 0, failures))).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
});

it("never comes before the vendor's Retry-After, even beyond the bound", () => {
  expect(retryAt(policy, { ...fault, retryAfterMs: 90_000 }, 1_000, 1)).toBe(91_000);
  expect(retryAt(policy, { ...fault, retryAfterMs: 1_000 }, 1_000, 1)).toBe(11_000);
});

it("takes for curable what the table of faults says", () => {
  const curable = (Object.keys(FAULT_KINDS) as FaultKind[]).filter((kind) => isCurable({ kind, message: "" }));

  expect(curable).toEqual(["throttled", "unavailable", "failed"]);
});
