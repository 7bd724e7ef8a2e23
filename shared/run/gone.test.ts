import { describe, expect, it } from "vitest";
import { OPENS_AT, planWith } from "../../test/support/plan-with.ts";
import { stepStream, type Fact } from "./facts.ts";
import { findingsOf, type HubFindings } from "./gone.ts";
import { stepInstance, targetInstance, windowInstance } from "./instances.ts";
import { indexOf } from "./plan-index.ts";

const plan = planWith({ "web.drain": { targets: [{ id: "a" }, { id: "b" }] }, "web.patch": { needs: ["web.drain"] } });
const run = plan.window.id;
const [root, drain, patch] = [windowInstance(run), stepInstance(run, "web.drain"), stepInstance(run, "web.patch")];
const [a, b] = [targetInstance(run, "web.drain", "a"), targetInstance(run, "web.drain", "b")];
const batch: Fact = { type: "batch.started", at: OPENS_AT, step: "web.drain", targets: ["a", "b"], failuresBefore: 0 };
const ended = (step: string): Fact => ({ type: "step.ended", at: OPENS_AT, step, as: "done", why: "" });

interface Situation {
  readonly rested?: readonly string[];
  readonly due?: boolean;
  readonly now?: string;
}

const found = async (alive: readonly string[], steps: readonly Fact[] = [], { rested = [], due = false, now = OPENS_AT }: Situation = {}): Promise<HubFindings> =>
  findingsOf({
    index: indexOf(plan),
    steps: steps.map((fact, seq) => ({ stream: stepStream("step" in fact ? (fact.step ?? "") : ""), seq, fact })),
    alive: new Set(alive),
    now: Date.parse(now),
    hasRested: async (_step, target) => rested.includes(target),
    isDue: async () => due,
  });

const gone = async (...given: Parameters<typeof found>): Promise<readonly string[]> => (await found(...given)).gone;
const asleep = async (...given: Parameters<typeof found>): Promise<readonly string[]> => (await found(...given)).asleep;

describe("orchestrations that a run needs", () => {
  it("are the window's own, one for each step of the wave, and one for each target that was begun and has not rested", async () => {
    expect(await gone([])).toEqual([root]);
    expect(await gone([root])).toEqual([drain, patch]);
    expect(await gone([root, drain, patch])).toEqual([]);
    expect(await gone([root, drain, patch, b], [batch])).toEqual([a]);
    expect(await gone([root, drain, patch, b], [batch], { rested: ["a"] })).toEqual([]);
    expect(await gone([root, patch], [batch, ended("web.drain")])).toEqual([]);
  });

  it("are missing although they are there when they do not hear that they have something to do", async () => {
    const rested = ["a", "b"];

    expect(await gone([root, drain, patch], [batch], { rested, due: true })).toEqual([drain]);
    expect(await gone([root, drain, patch], [batch], { rested })).toEqual([]);
    expect(await gone([root], [ended("web.drain"), ended("web.patch")])).toEqual([root]);
    expect(await gone([root, a], [ended("web.drain"), ended("web.patch")])).toEqual([]);
  });
});

describe("steps that may sleep through their hour", () => {
  const all = [root, drain, patch];

  it("are those that have something to do once what they need has ended", async () => {
    expect(await asleep(all, [], { due: true })).toEqual([drain]);
    expect(await asleep(all, [ended("web.drain")], { due: true })).toEqual([patch]);
    expect(await asleep(all, [ended("web.drain")])).toEqual([]);
    expect(await asleep(all, [], { due: true, now: "2024-12-08T00:00:00.000Z" })).toEqual([]);
  });

  it("are also between two batches, and never without an orchestration that could be rung", async () => {
    expect(await asleep(all, [batch], { rested: ["a", "b"], due: true })).toEqual([drain]);
    expect(await asleep([...all, b], [batch], { rested: ["a"], due: true })).toEqual([]);
    expect(await asleep([root, patch], [], { due: true })).toEqual([]);
    expect(await asleep([], [], { due: true })).toEqual([]);
  });
});
