import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../local/memory-journal.ts";
import { always, fakeVendor, firstly, type FakeVendor } from "../../test/support/fake-vendor.ts";
import { ADA, planWith, type StepDraft } from "../../test/support/plan-with.ts";
import { play, stageFor, type StageParts, type TestStage } from "../../test/support/play.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { decide } from "./decide.ts";
import { DECISION_STREAM, type StepRef } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { nextWave } from "./next-wave.ts";
import { indexOf } from "./plan-index.ts";
import type { RunState } from "./state.ts";

const PAGE = { id: "page", what: "the maintenance page is up" };
const NIGHT: Record<string, StepDraft> = {
  "page.up": { phase: "day", targets: [{ id: "www", opens: [PAGE], touches: ["dns:www"] }] },
  "web.patch": { phase: "day", needs: ["page.up"], targets: ["IC-Web1", "IC-Web2", "IC-Web3"], rolling: { batches: [1, 2], maxFailures: 1, pauseMs: 60_000 } },
  "kong.destroy": { phase: "day", irreversible: true, approval: { by: [ADA] }, needs: ["page.up"], targets: ["kong"] },
  "page.down": { phase: "post", always: true, when: { opened: "page" }, targets: [{ id: "www", closes: ["page"], touches: ["dns:www"] }] },
};
const planned = (): CompiledPlan => planWith(NIGHT, { phases: [{ id: "day" }, { id: "post", barrier: true }] });
const APPROVED = [{ at: "2024-12-08T01:05:00.000Z", decision: "approve" as const, step: "kong.destroy" }];

async function staged(vendor: FakeVendor, parts: StageParts = {}): Promise<TestStage> {
  return stageFor(planned(), { actions: [vendor.action("fake.work")], ...parts });
}

const endings = (state: RunState): Record<string, string | undefined> => Object.fromEntries(state.steps.map(({ id, as }) => [id, as]));

describe("a whole run", () => {
  it("ends well when everything goes well, in the order of its needs and batches", async () => {
    const vendor = fakeVendor({ "IC-Web1": { takesMs: 600_000 }, kong: { takesMs: 60_000 } });
    const stage = await staged(vendor);

    const state = await play(stage, { decisions: APPROVED });

    expect(state).toMatchObject({ outcome: "well", obligations: [{ id: "page", closed: { by: "page.down www" } }] });
    expect(vendor.effects.map((effect) => effect.slice("begun 2024-12-08/".length))).toEqual([
      "page.up/www/1",
      "web.patch/IC-Web1/1",
      "kong.destroy/kong/1",
      "web.patch/IC-Web2/1",
      "web.patch/IC-Web3/1",
      "page.down/www/1",
    ]);
  });

  it("begins nothing new after an abort, and closes what is open", async () => {
    const vendor = fakeVendor({ "IC-Web1": { takesMs: 600_000 } });
    const stage = await staged(vendor);

    const state = await play(stage, { decisions: [{ at: "2024-12-08T01:03:00.000Z", decision: "abort", mode: "finish" }] });

    expect(state.outcome).toBe("aborted");
    expect(endings(state)).toEqual({ "page.up": "done", "web.patch": "skipped", "kong.destroy": "skipped", "page.down": "done" });
    expect(state.steps.find(({ id }) => id === "web.patch")?.targets.map(({ as }) => as)).toEqual(["done", "skipped", "skipped"]);
    expect(state.obligations[0]?.closed).toBeDefined();
  });

  it("freezes on the word of one, and goes on where it was on the word of another", async () => {
    const vendor = fakeVendor({ "IC-Web1": { takesMs: 600_000 } });
    const stage = await staged(vendor);

    const state = await play(stage, {
      decisions: [...APPROVED, { at: "2024-12-08T01:03:00.000Z", decision: "abort", mode: "freeze" }, { at: "2024-12-08T03:00:00.000Z", by: "Ben", decision: "resume" }],
    });

    expect(state.outcome).toBe("well");
    expect(state.steps.find(({ id }) => id === "kong.destroy")?.begunAt).toBe("2024-12-08T03:00:00.000Z");
  });

  it("puts back by itself what its closing step could not close", async () => {
    const vendor = fakeVendor({ "page.down/www": { beforeBegin: always("rejected", "no such record") } });
    const stage = await staged(vendor);

    const state = await play(stage, { decisions: APPROVED });

    expect(vendor.effects.at(-1)).toBe("undone 2024-12-08/page.up/www/1");
    expect(state).toMatchObject({ outcome: "badly", obligations: [{ closed: { by: "undo of page.up www" } }] });
  });

  it("ends, with it said to be open, when that cannot be put back either", async () => {
    const vendor = fakeVendor({ "page.down/www": { beforeBegin: always("rejected", "no such record") }, "page.up/www": { undo: always("conflict", "someone changed it since") } });
    const stage = await staged(vendor);

    const state = await play(stage, { decisions: APPROVED });

    expect(state.outcome).toBe("badly");
    expect(state.obligations[0]?.closed).toBeUndefined();
  });

  it("ends when it is not known whether something was opened: nothing can be taken back without a receipt", async () => {
    const vendor = fakeVendor({ "page.up/www": { afterBegin: always("unavailable", "no answer") }, "page.down/www": { beforeBegin: always("rejected", "no such record") } });
    const stage = await staged(vendor);

    const state = await play(stage);

    expect(state).toMatchObject({ outcome: "badly", obligations: [{ id: "page", certain: false }] });
    expect(state.obligations[0]?.closed).toBeUndefined();
  });

  it("stops where the plan says stop, once, and still closes", async () => {
    const plan = planWith({ ...NIGHT, "web.patch": { ...NIGHT["web.patch"], onFailure: "stop" } }, { phases: [{ id: "day" }, { id: "post", barrier: true }] });
    const vendor = fakeVendor({ "IC-Web1": { poll: always("rejected", "broken") }, "IC-Web2": { poll: always("rejected", "broken") } });
    const stage = await stageFor(plan, { actions: [vendor.action("fake.work")] });

    const state = await play(stage, { decisions: [{ at: "2024-12-08T05:00:00.000Z", decision: "approve", step: "kong.destroy" }] });

    expect(endings(state)).toEqual({ "page.up": "done", "web.patch": "failed", "kong.destroy": "skipped", "page.down": "done" });
    expect((await stage.journal.read("2024-12-08", "run")).filter(({ type }) => type === "run.stopped")).toHaveLength(1);
  });

  it("goes through the night while nobody can be told anything, and asks again for what it needs", async () => {
    let away = true;
    const vendor = fakeVendor({ "IC-Web1": { poll: always("rejected", "broken") } });
    const stage = await staged(vendor, {
      tell: async () => {
        if (away) throw new Error("Slack is away");
      },
    });

    const state = await play(stage, {
      decisions: [{ ...APPROVED[0], at: "2024-12-08T01:30:00.000Z" } as (typeof APPROVED)[0]],
      onOrder: ({ now }) => {
        if (now >= Date.parse("2024-12-08T01:20:00.000Z")) away = false;
      },
    });

    expect(endings(state)).toEqual({ "page.up": "done", "web.patch": "failed", "kong.destroy": "done", "page.down": "done" });
    expect(stage.told.map(({ text }) => text)).toEqual(["kong.destroy needs the approval of Ada; it cannot be undone."]);
  });
});

/** A journal whose process dies around the `nth` append of its own, and never again; who decides has another process. */
function dyingOnce(nth: number, when: "before" | "after", inner: Journal): Journal {
  let count = 0;
  return {
    ...inner,
    async append(run, stream, expected, facts) {
      const dies = stream !== DECISION_STREAM && ++count === nth;
      if (dies && when === "before") throw new Error("the process died");
      const kept = await inner.append(run, stream, expected, facts);
      if (dies) throw new Error("the process died");
      return kept;
    },
  };
}

describe("a process that dies", () => {
  it("anywhere, before or after any write, costs time and nothing else", async () => {
    const whole = fakeVendor();
    const counted = await staged(whole);
    await play(counted, { decisions: APPROVED });
    const writes = (await counted.journal.readAll("2024-12-08")).length;

    for (let nth = 1; nth <= writes; nth++) {
      for (const when of ["before", "after"] as const) {
        const vendor = fakeVendor();
        const inner = memoryJournal();
        const first = await staged(vendor, { journal: dyingOnce(nth, when, inner) });
        await play(first, { decisions: APPROVED }).catch(() => undefined);
        const again = await staged(vendor, { journal: inner, at: new Date(first.clock.now()).toISOString() });

        const state = await play(again, { decisions: [{ ...APPROVED[0], at: "2024-12-08T01:05:00.000Z" } as (typeof APPROVED)[0]] });

        expect(state.outcome, `died ${when} write ${nth}`).toBe("well");
        expect(vendor.effects.toSorted(), `died ${when} write ${nth}`).toEqual(whole.effects.toSorted());
      }
    }
  });
});

describe("the conductor", () => {
  it("records a start once", async () => {
    const { conductor, plan } = await staged(fakeVendor());

    expect([await conductor.begin(plan.window.id, plan.digest, "Ada"), await conductor.begin(plan.window.id, plan.digest, "Ben")]).toEqual([true, false]);
  });

  it("records an end once", async () => {
    const { conductor, plan, journal } = await staged(fakeVendor());
    await conductor.begin(plan.window.id, plan.digest, "Ada");

    await conductor.end(plan.window.id, plan.digest, "well");
    await conductor.end(plan.window.id, plan.digest, "badly");

    expect((await journal.read(plan.window.id, "run")).map(({ type }) => type)).toEqual(["run.started", "run.ended"]);
  });

  it("rings who waits for a step, whole and target by target, when it ends", async () => {
    const plan = planWith({ "a.b": { targets: ["x"] }, "c.d": { needs: ["a.b"] }, "e.f": { targets: ["x"], needs: [{ step: "a.b", per: "target", as: "end" }] } });
    const { conductor } = await stageFor(plan);
    const ref = { run: plan.window.id, digest: plan.digest, step: "a.b" };

    const { ring } = await conductor.actStep(ref, { do: "end", as: "skipped", why: "for the test" }, 0);

    expect(ring).toEqual(["2024-12-08.c~2ed", "2024-12-08.e~2ef", "2024-12-08.e~2ef.x"]);
  });

  it("does not record a batch twice that it is told to run twice", async () => {
    const { conductor, ref, journal } = await staged(fakeVendor());
    const { order, seq } = await conductor.adviseStep(ref("page.up"));

    await conductor.actStep(ref("page.up"), order, seq);
    await conductor.actStep(ref("page.up"), order, seq);

    expect((await journal.read("2024-12-08", "step/page.up")).map(({ type }) => type)).toEqual(["batch.started"]);
  });

  it("says what a step would be told to do without writing anything", async () => {
    const { conductor, ref, journal } = await staged(fakeVendor());

    expect(await conductor.foreseeStep(ref("page.up"))).toMatchObject({ order: { do: "run", batch: 0 } });
    expect(await journal.readAll("2024-12-08")).toEqual([]);
  });

  it("rings a step that waits for several others when the last of them ends, as often as it is asked", async () => {
    const plan = planWith({ "a.one": {}, "b.two": {}, "c.last": { needs: ["a.one", "b.two"] } });
    const { conductor } = await stageFor(plan);
    const ref = (step: string): StepRef => ({ run: plan.window.id, digest: plan.digest, step });

    const first = await conductor.actStep(ref("a.one"), { do: "end", as: "done", why: "for the test" }, 0);
    const last = await conductor.actStep(ref("b.two"), { do: "end", as: "done", why: "for the test" }, 0);
    const again = await conductor.adviseStep(ref("a.one"));

    expect([first.ring, last.ring, again.ring]).toEqual([[], ["2024-12-08.c~2elast"], ["2024-12-08.c~2elast"]]);
  });

  it("rings it at once when one of them ends badly", async () => {
    const plan = planWith({ "a.one": {}, "b.two": {}, "c.last": { needs: ["a.one", "b.two"] } });
    const { conductor } = await stageFor(plan);

    const { ring } = await conductor.actStep({ run: plan.window.id, digest: plan.digest, step: "a.one" }, { do: "end", as: "skipped", why: "for the test" }, 0);

    expect(ring).toEqual(["2024-12-08.c~2elast"]);
  });

  it("tells whoever saw the last target of a batch rest what the step is to do now, and whom to ring; the others nothing", async () => {
    const plan = planWith({ "a.b": { targets: ["x", "y"] }, "c.d": { needs: ["a.b"] } });
    const { conductor, journal } = await stageFor(plan);
    const { id: run } = plan.window;
    const ref = { run, digest: plan.digest, step: "a.b" };
    const rest = async (target: string): Promise<unknown> =>
      await journal.append(run, `target/a.b/${target}`, 0, [{ type: "target.rested", at: "2024-12-08T01:00:00.000Z", step: "a.b", target, as: "done", why: "seen" }]);
    await conductor.begin(run, plan.digest, "the test");
    const { order } = await conductor.adviseStep(ref);
    expect(order).toMatchObject({ do: "run", targets: ["x", "y"] });

    await rest("x");
    const first = await conductor.adviseAfter({ ...ref, target: "x" });
    await rest("y");
    const [last, again] = [await conductor.adviseAfter({ ...ref, target: "y" }), await conductor.adviseAfter({ ...ref, target: "x" })];

    expect(first).toBeUndefined();
    expect(last).toMatchObject({ order: { do: "rest", as: "done" }, ring: ["2024-12-08.c~2ed"] });
    expect(again).toEqual(last);
    expect((await journal.read(run, "step/a.b")).map(({ type }) => type)).toEqual(["batch.started", "step.ended"]);
  });

  it("waits with each order of the brain as long as the brain says, whoever asks", async () => {
    const vendor = fakeVendor({ "page.up/www": { beforeBegin: firstly(1, "throttled", "slow down") } });
    const { conductor, ref } = await staged(vendor);
    const { order, seq } = await conductor.adviseTarget(ref("page.up", "www"));

    const after = await conductor.act(ref("page.up", "www"), order, seq);

    expect(after.order).toMatchObject({ do: "wait", why: "attempt 1 of 4: slow down" });
    expect((await conductor.adviseTarget(ref("page.up", "www"))).order).toEqual(after.order);
  });

  it("musters what the brain would, from the journal alone", async () => {
    const { conductor, plan } = await staged(fakeVendor());

    expect(await conductor.muster(plan.window.id, plan.digest)).toEqual(nextWave({ plan, control: {}, ended: new Map(), open: [], back: [] }));
  });

  it("musters a step of whose end in trouble nobody was told", async () => {
    const { conductor, plan, journal } = await staged(fakeVendor());
    const run = plan.window.id;
    for (const { id: step } of plan.steps) await journal.append(run, `step/${step}`, 0, [{ type: "step.ended", at: plan.window.opensAt, step, as: "failed", why: "it broke" }]);
    const [first, ...others] = plan.steps.map(({ id }) => id);
    for (const step of others) await journal.append(run, `step/${step}`, 1, [{ type: "step.untold", at: plan.window.opensAt, step, topic: "ended", why: "nobody answers" }]);

    expect(await conductor.muster(run, plan.digest)).toEqual({ do: "forward", steps: [first] });
  });

  it("hears a decision that is made while it looks away", async () => {
    const { conductor, plan, journal, ref } = await staged(fakeVendor());
    await decide(journal, indexOf(plan), { decision: "skip", step: "page.up" }, "Ada", "2024-12-08T01:00:00.000Z");

    expect((await conductor.adviseStep(ref("page.up"))).order).toEqual({ do: "rest", as: "dropped" });
    expect(await journal.read("2024-12-08", "step/page.up")).toMatchObject([{ type: "step.ended", as: "dropped", why: "skipped by Ada" }]);
  });
});
