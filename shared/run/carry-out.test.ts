import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../local/memory-journal.ts";
import { always, fakeVendor, firstly, type FakeWork } from "../../test/support/fake-vendor.ts";
import { ms } from "../../test/support/facts-of.ts";
import { OPENS_AT, planWith, type StepDraft } from "../../test/support/plan-with.ts";
import { stageFor, type StageParts, type TestStage } from "../../test/support/play.ts";
import { CALL_LEAVES_MS, currentLeaving } from "../ports/leaving.ts";
import type { Fact, TargetRef } from "./facts.ts";
import { targetStream } from "./facts.ts";
import { decide } from "./decide.ts";
import type { Journal } from "./journal.ts";
import { indexOf } from "./plan-index.ts";
import { CALL_LOST_MS } from "./retry.ts";

const OPENS = Date.parse(OPENS_AT);
const DRAIN = {
  targets: [{ id: "IC-Web1", touches: ["pool:web", "server:IC-Web1"], opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }],
} satisfies StepDraft;

interface Scene extends TestStage {
  readonly vendor: ReturnType<typeof fakeVendor>;
  readonly facts: (ref: TargetRef) => Promise<readonly Fact[]>;
  readonly types: (ref: TargetRef) => Promise<readonly string[]>;
  /** Asks and acts until the target waits or rests; says what was ordered. */
  readonly walk: (ref: TargetRef) => Promise<readonly string[]>;
}

async function scene(step: StepDraft = {}, { work = {}, ...parts }: StageParts & { readonly work?: FakeWork; readonly others?: Record<string, StepDraft> } = {}): Promise<Scene> {
  const vendor = fakeVendor({ "a.b": work, "IC-Web1": work });
  const stage = await stageFor(planWith({ "a.b": step, ...parts.others }), { actions: [vendor.action("fake.work")], ...parts });
  const facts = (ref: TargetRef): Promise<readonly Fact[]> => stage.journal.read(ref.run, targetStream(ref.step, ref.target));
  return {
    ...stage,
    vendor,
    facts,
    types: async (ref) => (await facts(ref)).map(({ type }) => type.slice(type.indexOf(".") + 1)),
    async walk(ref) {
      const orders: string[] = [];
      let advice = await stage.conductor.adviseTarget(ref);
      while (advice.order.do !== "wait") {
        orders.push(advice.order.do);
        if (orders.length > 50) throw new Error(`no rest: ${orders.join(" ")}`);
        const { order } = advice;
        advice = await stage.conductor.act(ref, order, advice.seq);
        if (order.do === "rest") break;
      }
      return orders;
    },
  };
}

/** A journal whose process dies at the `nth` append to a target's stream, before or after it is kept. */
function dyingAt(nth: number, when: "before" | "after", inner: Journal = memoryJournal()): Journal {
  let count = 0;
  return {
    ...inner,
    async append(run, stream, expected, facts) {
      const dies = stream.startsWith("target/") && ++count === nth;
      if (dies && when === "before") throw new Error("the process died");
      const kept = await inner.append(run, stream, expected, facts);
      if (dies) throw new Error("the process died");
      return kept;
    },
  };
}

describe("a target's walk", () => {
  it("is begun, finished, verified and rested, each written down", async () => {
    const { walk, ref, types, vendor } = await scene();

    const orders = await walk(ref("a.b"));

    expect(orders).toEqual(["begin", "rest"]);
    expect(await types(ref("a.b"))).toEqual(["intended", "begun", "finished", "verified", "rested"]);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
  });

  it("has nothing to poll where begin does everything", async () => {
    const vendor = fakeVendor();
    const { walk, ref, facts } = await scene({}, { actions: [vendor.action("fake.work", { without: ["poll"] })] });

    expect(await walk(ref("a.b"))).toEqual(["begin", "rest"]);
    expect((await facts(ref("a.b"))).at(-1)).toMatchObject({ type: "target.rested", as: "done" });
  });

  it("writes down news only, and says when to look again", async () => {
    const { walk, ref, conductor, types, moveTo } = await scene({}, { work: { takesMs: ms("5m") } });
    await walk(ref("a.b"));
    moveTo(OPENS + ms("30s"));

    const { order, seq } = await conductor.adviseTarget(ref("a.b"));
    const after = await conductor.act(ref("a.b"), order, seq);

    expect(after.order).toEqual({ do: "wait", until: OPENS + ms("1m"), why: "a.b is under way", then: { do: "poll", attempt: 1 } });
    expect(await types(ref("a.b"))).toEqual(["intended", "begun", "progressed"]);
  });

  it("rests as already so where it found it so", async () => {
    const { walk, ref, state } = await scene({}, { work: { already: "IC-MCC1 was in the group before" } });

    await walk(ref("a.b"));

    expect((await state()).steps[0]?.targets[0]).toMatchObject({ as: "already", why: "IC-MCC1 was in the group before" });
  });
});

describe("a begin whose answer was lost when nothing may begin any more", () => {
  const finding = async (work: FakeWork): Promise<Scene> => {
    const vendor = fakeVendor({ "IC-Web1": work });
    return scene(DRAIN, { actions: [vendor.action("fake.work", { finds: true })] }).then((made) => ({ ...made, vendor }));
  };
  const abort = ({ plan, journal }: Scene): Promise<unknown> => decide(journal, indexOf(plan), { decision: "abort", mode: "close" }, "Ada", OPENS_AT);

  it("is found and stopped, and what it opened stays open until that is put back", async () => {
    const made = await finding({ takesMs: ms("1h"), afterBegin: always("unavailable", "no answer") });
    const { walk, ref, types, state, vendor } = made;
    await walk(ref("a.b", "IC-Web1"));
    await abort(made);

    const orders = await walk(ref("a.b", "IC-Web1"));

    expect(orders).toEqual(["find", "cancel", "rest"]);
    expect(await types(ref("a.b", "IC-Web1"))).toEqual(["intended", "faulted", "begun", "intended", "cancelled", "rested"]);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/IC-Web1/1", "cancelled 2024-12-08/a.b/IC-Web1/1"]);
    expect((await state()).obligations).toMatchObject([{ certain: true }]);
    expect((await state()).obligations[0]?.closed).toBeUndefined();
  });

  it("is not there: it is looked for twice, nothing is begun, and nothing was opened", async () => {
    const made = await finding({ beforeBegin: always("unavailable", "no answer") });
    const { walk, ref, types, state, vendor, moveTo } = made;
    await walk(ref("a.b", "IC-Web1"));
    await abort(made);

    const first = await walk(ref("a.b", "IC-Web1"));
    moveTo(OPENS + CALL_LOST_MS);
    const second = await walk(ref("a.b", "IC-Web1"));

    expect([first, second]).toEqual([["find"], ["find", "rest"]]);
    expect(await types(ref("a.b", "IC-Web1"))).toEqual(["intended", "faulted", "sought", "sought", "rested"]);
    expect(vendor.effects).toEqual([]);
    expect((await state()).steps[0]?.targets[0]).toMatchObject({ as: "skipped", why: expect.stringContaining("no work of it was found") });
    expect((await state()).obligations).toMatchObject([{ closed: { never: true } }]);
  });

  it("may have arrived late: the second look finds it", async () => {
    let isThere = false;
    const made = await finding({ takesMs: ms("1h"), afterBegin: always("unavailable", "no answer") });
    const { walk, ref, vendor, moveTo, registry } = made;
    const action = registry.find("fake.work");
    const find = action?.find?.bind(action);
    Object.assign(action ?? {}, { find: async (...given: Parameters<NonNullable<typeof find>>) => (isThere ? find?.(...given) : undefined) });
    await walk(ref("a.b", "IC-Web1"));
    await abort(made);

    const first = await walk(ref("a.b", "IC-Web1"));
    isThere = true;
    moveTo(OPENS + CALL_LOST_MS);
    const second = await walk(ref("a.b", "IC-Web1"));

    expect([first, second]).toEqual([["find"], ["find", "cancel", "rest"]]);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/IC-Web1/1", "cancelled 2024-12-08/a.b/IC-Web1/1"]);
  });

  it("died with its process: it is found without being begun again", async () => {
    const inner = memoryJournal();
    const vendor = fakeVendor({ "IC-Web1": { takesMs: ms("1h") } });
    const actions = [vendor.action("fake.work", { finds: true })];
    const dying = await scene(DRAIN, { actions, journal: dyingAt(2, "before", inner) });
    await dying.walk(dying.ref("a.b", "IC-Web1")).catch(() => undefined);
    const reborn = await scene(DRAIN, { actions, journal: inner });
    await abort(reborn);
    reborn.moveTo(OPENS + CALL_LOST_MS);

    const orders = await reborn.walk(reborn.ref("a.b", "IC-Web1"));

    expect(orders).toEqual(["find", "cancel", "rest"]);
    expect(vendor.calls.filter((call) => call.startsWith("begin"))).toHaveLength(1);
  });

  it("stays unknown, and what it may have opened stays open, when it cannot be looked for", async () => {
    const made = await finding({ afterBegin: always("unavailable", "no answer"), find: always("denied", "may not look") });
    const { walk, ref, state } = made;
    await walk(ref("a.b", "IC-Web1"));
    await abort(made);

    const orders = await walk(ref("a.b", "IC-Web1"));

    expect(orders).toEqual(["find", "rest"]);
    expect((await state()).steps[0]?.targets[0]).toMatchObject({ as: "unknown" });
    expect((await state()).obligations[0]?.closed).toBeUndefined();
  });
});

describe("C1 a doubled or late order", () => {
  it("does nothing", async () => {
    const { conductor, ref, vendor, types } = await scene();
    const { order, seq } = await conductor.adviseTarget(ref("a.b"));
    await conductor.act(ref("a.b"), order, seq);
    const [calls, written] = [[...vendor.calls], await types(ref("a.b"))];

    await conductor.act(ref("a.b"), order, seq);

    expect(calls).toContain("begin a.b/a.b");
    expect(vendor.calls).toEqual(calls);
    expect(await types(ref("a.b"))).toEqual(written);
  });

  it("does nothing when two run at the very same time", async () => {
    const { conductor, ref, vendor } = await scene(DRAIN);
    const { order, seq } = await conductor.adviseTarget(ref("a.b", "IC-Web1"));

    await Promise.all([1, 2, 3].map(() => conductor.act(ref("a.b", "IC-Web1"), order, seq)));

    expect(vendor.calls.filter((call) => call.startsWith("begin"))).toEqual(["begin a.b/IC-Web1"]);
  });
});

describe("C2 before a call that may change the world", () => {
  it("writes the intention and the obligations", async () => {
    const seen: number[] = [];
    const journal = memoryJournal();
    const look = (): void => void journal.read("2024-12-08", targetStream("a.b", "IC-Web1")).then((facts) => seen.push(facts.length));
    const { walk, ref, facts, state } = await scene(DRAIN, { journal, work: { beforeBegin: look } });

    await walk(ref("a.b", "IC-Web1"));

    expect(seen).toEqual([1]);
    expect((await facts(ref("a.b", "IC-Web1")))[0]).toMatchObject({ type: "target.intended", opens: [{ id: "out-of-pool:IC-Web1" }] });
    expect((await state()).obligations).toMatchObject([{ id: "out-of-pool:IC-Web1", certain: true }]);
  });

  it("does not call when the intention could not be written", async () => {
    const { conductor, ref, vendor } = await scene({}, { journal: dyingAt(1, "before") });
    const { order, seq } = await conductor.adviseTarget(ref("a.b"));

    await expect(conductor.act(ref("a.b"), order, seq)).rejects.toThrow("the process died");

    expect(vendor.calls).toEqual([]);
  });
});

describe("C3 a crash", () => {
  it("between the intention and the call: it is called after all, under the same key", async () => {
    const { conductor, ref, vendor, moveTo, walk } = await scene({}, { journal: dyingAt(1, "after") });
    const { order, seq } = await conductor.adviseTarget(ref("a.b"));
    await expect(conductor.act(ref("a.b"), order, seq)).rejects.toThrow();
    expect(await walk(ref("a.b"))).toEqual([]);

    moveTo(OPENS + CALL_LOST_MS);
    await walk(ref("a.b"));

    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
  });

  it("between the call and its answer: it is called again, and finds its own work", async () => {
    const { conductor, ref, vendor, moveTo, walk, state } = await scene({}, { journal: dyingAt(2, "before") });
    const { order, seq } = await conductor.adviseTarget(ref("a.b"));
    await expect(conductor.act(ref("a.b"), order, seq)).rejects.toThrow();
    moveTo(OPENS + CALL_LOST_MS);

    await walk(ref("a.b"));

    expect(vendor.calls.filter((call) => call.startsWith("begin"))).toHaveLength(2);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
    expect((await state()).steps[0]?.targets[0]?.as).toBe("done");
  });
});

describe("a fault", () => {
  it("that is curable is met with another call under the same key", async () => {
    const { walk, ref, moveTo, vendor } = await scene({}, { work: { afterBegin: firstly(1, "unavailable", "no answer") } });
    await walk(ref("a.b"));
    moveTo(OPENS + ms("15s"));

    expect(await walk(ref("a.b"))).toEqual(["begin", "rest"]);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
  });

  it("of work that a fresh try may cure is met with a new key", async () => {
    const { walk, ref, moveTo, vendor } = await scene({}, { work: { poll: firstly(1, "failed", "0x80240022") } });
    await walk(ref("a.b"));
    moveTo(OPENS + ms("15s"));

    await walk(ref("a.b"));

    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1", "begun 2024-12-08/a.b/a.b/2"]);
  });

  it("of ours ends the target as unknown, and keeps what went wrong", async () => {
    const broken = (): never => {
      throw new TypeError("x is not a function");
    };
    const { walk, ref, facts } = await scene({}, { work: { beforeBegin: broken } });

    await walk(ref("a.b"));

    expect((await facts(ref("a.b"))).at(-1)).toMatchObject({ as: "unknown", why: "TypeError: x is not a function" });
  });
});

describe("what a begin opens", () => {
  const others = { "c.d": { when: { opened: "out-of-pool:IC-Web1" } }, "e.f": { when: { succeeded: "a.b" } } } satisfies Record<string, StepDraft>;

  it("rings the steps that wait for it to be opened, as soon as it is known to be", async () => {
    const { conductor, ref } = await scene(DRAIN, { others, work: { takesMs: ms("1h") } });
    const { order, seq } = await conductor.adviseTarget(ref("a.b", "IC-Web1"));

    const { ring } = await conductor.act(ref("a.b", "IC-Web1"), order, seq);

    expect(order.do).toBe("begin");
    expect(ring).toEqual(["2024-12-08.c~2ed"]);
  });
});

describe("locks", () => {
  const others = { "c.d": { targets: [{ id: "IC-Web1", touches: ["server:IC-Web1"] }] } };

  it("keep another step away until this one has rested, and ring it then", async () => {
    const { conductor, ref, walk } = await scene(DRAIN, { others, work: { takesMs: ms("1m") } });
    await walk(ref("a.b", "IC-Web1"));

    const blocked = await conductor.adviseTarget(ref("c.d", "IC-Web1"));

    expect(blocked.order).toMatchObject({ do: "wait", why: "server:IC-Web1 is in use by a.b IC-Web1" });
  });

  it("are given back when it rests", async () => {
    const { conductor, ref, walk, locks } = await scene(DRAIN, { others });
    await walk(ref("a.b", "IC-Web1"));

    expect((await locks.holders(["pool:web", "server:IC-Web1"])).size).toBe(0);
    expect((await conductor.adviseTarget(ref("c.d", "IC-Web1"))).order.do).toBe("begin");
  });

  it("ring the rival when they are given back", async () => {
    const { conductor, ref, walk } = await scene(DRAIN, { others, work: { takesMs: ms("1m") } });
    await walk(ref("a.b", "IC-Web1"));
    const { seq } = await conductor.adviseTarget(ref("a.b", "IC-Web1"));

    const { ring } = await conductor.act(ref("a.b", "IC-Web1"), { do: "rest", as: "failed", why: "for the test" }, seq);

    expect(ring).toContain("2024-12-08.c~2ed.IC-Web1");
  });

  it("that were lost between advice and act are not begun without, and none is kept", async () => {
    const { conductor, ref, vendor, locks } = await scene(DRAIN);
    const { order, seq } = await conductor.adviseTarget(ref("a.b", "IC-Web1"));
    await locks.take("server:IC-Web1", { run: "2024-12-08", step: "x.y", target: "IC-Web1" });

    await conductor.act(ref("a.b", "IC-Web1"), order, seq);

    expect(vendor.calls).toEqual([]);
    expect([...(await locks.holders(["pool:web", "server:IC-Web1"])).keys()]).toEqual(["server:IC-Web1"]);
  });

  it("of one that rested without giving them back are taken from it", async () => {
    const { conductor, ref, walk, locks } = await scene(DRAIN, { others });
    await walk(ref("a.b", "IC-Web1"));
    await locks.take("server:IC-Web1", { run: "2024-12-08", step: "a.b", target: "IC-Web1" });

    expect((await conductor.adviseTarget(ref("c.d", "IC-Web1"))).order.do).toBe("begin");
  });

  it("are held through a failure that is tried again", async () => {
    const { ref, walk, locks } = await scene(DRAIN, { work: { beforeBegin: firstly(1, "throttled", "slow down") } });

    await walk(ref("a.b", "IC-Web1"));

    expect((await locks.holders(["pool:web", "server:IC-Web1"])).size).toBe(2);
  });
});

describe("people", () => {
  const ASK: StepDraft = { onFailure: "ask" };

  it("are asked once, and their retry is a fresh try", async () => {
    const { walk, ref, told, journal, plan, vendor, state } = await scene(ASK, { work: { poll: firstly(1, "rejected", "stage failed") } });
    await walk(ref("a.b"));
    const asks = (await state()).asks;
    await decide(journal, indexOf(plan), { decision: "retry", step: "a.b" }, "Ada", OPENS_AT);

    await walk(ref("a.b"));

    expect(told.map(({ text }) => text)).toEqual(["a.b failed and waits for a decision."]);
    expect(asks).toMatchObject([{ kind: "held", step: "a.b", text: "stage failed" }]);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1", "begun 2024-12-08/a.b/a.b/2"]);
    expect((await state()).asks).toEqual([]);
  });

  it("who cannot be reached do not hold up the work, and are told when they can be", async () => {
    let away = true;
    const tell = async (): Promise<void> => {
      if (away) throw new Error("Slack is away");
    };
    const { walk, ref, told, moveTo, types } = await scene({}, { tell, work: { startsAfterMs: Number.POSITIVE_INFINITY } });
    await walk(ref("a.b"));
    moveTo(OPENS + ms("61s"));

    await walk(ref("a.b"));
    const during = await types(ref("a.b"));
    away = false;
    moveTo(OPENS + ms("2m"));
    await walk(ref("a.b"));

    expect(during).toEqual(["intended", "begun", "progressed", "faulted"]);
    expect(told.map(({ text }) => text)).toEqual(["a.b: accepted, but it has not started."]);
  });
});

describe("taking back", () => {
  it("stops work under way when the run is aborted to close up", async () => {
    const { walk, ref, journal, plan, vendor, facts } = await scene({}, { work: { takesMs: ms("1h") } });
    await walk(ref("a.b"));
    await decide(journal, indexOf(plan), { decision: "abort" }, "Ada", OPENS_AT);

    expect(await walk(ref("a.b"))).toEqual(["cancel", "rest"]);
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1", "cancelled 2024-12-08/a.b/a.b/1"]);
    expect((await facts(ref("a.b"))).at(-1)).toMatchObject({ as: "failed", why: "cancelled: aborted by Ada" });
  });

  it("looks as ever at what had ended by the time at which it is stopped", async () => {
    const { walk, ref, journal, plan, vendor, facts, types, moveTo } = await scene({}, { work: { takesMs: ms("1h") } });
    await walk(ref("a.b"));
    moveTo(OPENS + ms("70m"));
    await decide(journal, indexOf(plan), { decision: "abort" }, "Ada", new Date(OPENS + ms("70m")).toISOString());

    await walk(ref("a.b"));

    expect(await types(ref("a.b"))).toEqual(["intended", "begun", "progressed", "intended", "cancelled", "finished", "verified", "rested"]);

    expect(vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
    expect((await facts(ref("a.b"))).at(-1)).toMatchObject({ as: "done" });
  });

  it("takes its word for it that it goes on after all, lest it be looked at without end", async () => {
    const { walk, ref, journal, plan, facts, types } = await scene({}, { work: { takesMs: ms("1h"), saysEnded: true } });
    await walk(ref("a.b"));
    await decide(journal, indexOf(plan), { decision: "abort" }, "Ada", OPENS_AT);

    await walk(ref("a.b"));

    expect(await types(ref("a.b"))).toEqual(["intended", "begun", "progressed", "intended", "cancelled", "progressed", "rested"]);
    expect((await facts(ref("a.b"))).at(-1)).toMatchObject({ as: "failed", why: "cancelled: aborted by Ada" });
  });

  it.each(["finish", "close", "freeze"] as const)("does not begin by an order that is older than an abort (%s)", async (mode) => {
    const { conductor, ref, journal, plan, vendor, facts } = await scene();
    const { order, seq } = await conductor.adviseTarget(ref("a.b"));
    await decide(journal, indexOf(plan), { decision: "abort", mode }, "Ada", OPENS_AT);

    const next = await conductor.act(ref("a.b"), order, seq);

    expect(order).toMatchObject({ do: "begin" });
    expect(vendor.effects).toEqual([]);
    expect((await facts(ref("a.b"))).map(({ type }) => type)).toEqual(mode === "freeze" ? [] : ["target.rested"]);
    expect(next.order).toMatchObject(mode === "freeze" ? { do: "wait", why: "frozen by Ada" } : { do: "rest", as: "skipped", why: "aborted by Ada before it began" });
  });

  it("does not begin when an abort is accepted just as the intention is written, and opens nothing by it", async () => {
    const inner = memoryJournal();
    const { conductor, ref, plan, vendor, state, facts } = await scene(
      { targets: [{ id: "IC-Web1", opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }] },
      {
        journal: {
          ...inner,
          async append(run, stream, expected, added) {
            const kept = await inner.append(run, stream, expected, added);
            if (added[0]?.type === "target.intended") await decide(inner, indexOf(plan), { decision: "abort", mode: "finish" }, "Ada", OPENS_AT);
            return kept;
          },
        },
      },
    );
    const { order, seq } = await conductor.adviseTarget(ref("a.b", "IC-Web1"));

    const next = await conductor.act(ref("a.b", "IC-Web1"), order, seq);

    expect(vendor.effects).toEqual([]);
    expect((await facts(ref("a.b", "IC-Web1"))).map(({ type }) => type)).toEqual(["target.intended", "target.faulted", "target.rested"]);
    expect(next.order).toMatchObject({ do: "rest", as: "skipped", why: "aborted by Ada before it began" });
    expect((await state()).obligations).toMatchObject([{ closed: { never: true } }]);
  });

  it("does not begin what somebody has decided to skip since the order was given, nor just as the intention is written", async () => {
    const skip = { decision: "skip", step: "a.b", note: "not tonight" } as const;
    const late = await scene();
    const given = await late.conductor.adviseTarget(late.ref("a.b"));
    await decide(late.journal, indexOf(late.plan), skip, "Ada", OPENS_AT);

    expect((await late.conductor.act(late.ref("a.b"), given.order, given.seq)).order).toMatchObject({ do: "rest", as: "dropped", why: "skipped by Ada: not tonight" });
    expect(late.vendor.effects).toEqual([]);

    const inner = memoryJournal();
    const plan = planWith({ "a.b": {} });
    const racing = await scene(
      {},
      {
        journal: {
          ...inner,
          async append(run, stream, expected, added) {
            const kept = await inner.append(run, stream, expected, added);
            if (added[0]?.type === "target.intended") await decide(inner, indexOf(plan), skip, "Ada", OPENS_AT);
            return kept;
          },
        },
      },
    );
    const { order, seq } = await racing.conductor.adviseTarget(racing.ref("a.b"));

    expect((await racing.conductor.act(racing.ref("a.b"), order, seq)).order).toMatchObject({ do: "rest", as: "dropped", why: "skipped by Ada: not tonight" });
    expect(racing.vendor.effects).toEqual([]);
  });

  it("undoes once, closes what it opened, and answers the same when asked again", async () => {
    const { walk, ref, vendor, state } = await scene(DRAIN);
    await walk(ref("a.b", "IC-Web1"));
    const back = { ...ref("a.b", "IC-Web1"), back: true } as const;

    expect(await walk(back)).toEqual(["undo", "rest"]);
    expect(await walk(back)).toEqual(["rest"]);
    expect(vendor.effects.filter((effect) => effect.startsWith("undone"))).toEqual(["undone 2024-12-08/a.b/IC-Web1/1"]);
    expect((await state()).obligations).toMatchObject([{ closed: { by: "undo of a.b IC-Web1" } }]);
  });

  it("tries an undo again that could not be made, and does not undo what is known to conflict", async () => {
    const { walk, ref, moveTo, vendor } = await scene(DRAIN, { work: { undo: firstly(1, "unavailable", "no answer") } });
    await walk(ref("a.b", "IC-Web1"));
    const back = { ...ref("a.b", "IC-Web1"), back: true } as const;
    expect(await walk(back)).toEqual(["undo"]);
    moveTo(OPENS + ms("15s"));

    expect(await walk(back)).toEqual(["undo", "rest"]);
    expect(vendor.effects.at(-1)).toBe("undone 2024-12-08/a.b/IC-Web1/1");

    const conflicted = await scene(DRAIN, { work: { undo: always("conflict", "someone changed it since") } });
    await conflicted.walk(conflicted.ref("a.b", "IC-Web1"));

    expect(await conflicted.walk({ ...conflicted.ref("a.b", "IC-Web1"), back: true })).toEqual(["undo", "rest"]);
    expect((await conflicted.state()).obligations[0]?.closed).toBeUndefined();
  });

  it("looks again after a crash in the middle of an undo", async () => {
    const { walk, ref, moveTo, conductor, vendor } = await scene(DRAIN, { journal: dyingAt(7, "before") });
    await walk(ref("a.b", "IC-Web1"));
    const back = { ...ref("a.b", "IC-Web1"), back: true } as const;
    const { order, seq } = await conductor.adviseTarget(back);
    await expect(conductor.act(back, order, seq)).rejects.toThrow("the process died");
    moveTo(OPENS + CALL_LOST_MS);

    expect(await walk(back)).toEqual(["undo", "rest"]);
    expect(vendor.effects.filter((effect) => effect.startsWith("undone"))).toHaveLength(1);
  });
});

describe("C5 what may change something", () => {
  it("leaves within half a minute of what was known, however long it took to write the intention, or not at all", async () => {
    const leaving: (number | undefined)[] = [];
    const inner = memoryJournal();
    let made: Scene | undefined;
    const standing: Journal = {
      ...inner,
      async append(run, stream, expected, facts) {
        const kept = await inner.append(run, stream, expected, facts);
        if (facts.some(({ type }) => type === "target.intended")) made?.moveTo(OPENS + ms("10m"));
        return kept;
      },
    };
    made = await scene({}, { journal: standing, work: { beforeBegin: () => leaving.push(currentLeaving()) } });

    await made.walk(made.ref("a.b"));

    expect(leaving).toEqual([OPENS + CALL_LEAVES_MS]);
  });
});
