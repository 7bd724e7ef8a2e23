import { describe, expect, it } from "vitest";
import { memoryJournal } from "../local/memory-journal.ts";
import { ABORT_MODES, RUN_STREAM, type AbortMode } from "../shared/run/facts.ts";
import { windowInstance } from "../shared/run/instances.ts";
import type { Journal } from "../shared/run/journal.ts";
import { breachesOfAbort } from "../test/support/after-abort.ts";
import type { FakeWork } from "../test/support/fake-vendor.ts";
import { hostedApp, type HostedApp } from "../test/support/hosted-app.ts";
import { planWith, type StepDraft } from "../test/support/plan-with.ts";

const RUN = "2024-12-08";
const MINUTE = 60_000;
const QUICK = { policy: { pollEveryMs: MINUTE, timeoutMs: 60 * MINUTE } } as const;

/** A small night: servers leave a pool two by two, are patched and come back; a page that only undo takes down; a mail at the end. */
const STEPS: Readonly<Record<string, StepDraft>> = {
  "web.drain": {
    ...QUICK,
    targets: ["IC-Web1", "IC-Web2"].map((id) => ({ id, opens: [{ id: `out-of-pool:${id}`, what: `${id} is out of the pool` }] })),
    rolling: { batches: [1], maxFailures: 0, pauseMs: 0 },
  },
  "web.patch": { ...QUICK, targets: ["IC-Web1", "IC-Web2"], needs: [{ step: "web.drain", per: "target", as: "success" }] },
  "web.restore": {
    ...QUICK,
    always: true,
    needs: [{ step: "web.patch", per: "step", as: "end" }],
    when: { opened: "out-of-pool:IC-Web1" },
    targets: ["IC-Web1", "IC-Web2"].map((id) => ({ id, closes: [`out-of-pool:${id}`] })),
  },
  "page.up": { ...QUICK, at: "2024-12-08T01:20:00.000Z", targets: [{ id: "www", opens: [{ id: "page-up", what: "the maintenance page is up" }] }] },
  "mail.end": {
    ...QUICK,
    always: true,
    needs: [
      { step: "web.restore", per: "step", as: "end" },
      { step: "page.up", per: "step", as: "end" },
    ],
  },
};
const WORKS: Readonly<Record<string, FakeWork>> = Object.fromEntries(
  ["web.drain/IC-Web1", "web.drain/IC-Web2", "web.patch/IC-Web1", "web.patch/IC-Web2", "page.up/www"].map((place, nth) => [place, { takesMs: (5 + 3 * nth) * MINUTE }]),
);
const PLAN = planWith(STEPS);

/** The app with that night stored and started. `journal` may meddle. */
async function night(journal?: Journal): Promise<HostedApp> {
  const hosted = await hostedApp({ works: WORKS, ...(journal === undefined ? {} : { journal }) });
  await hosted.store(PLAN);
  await hosted.call("POST", "runs", { window: RUN });
  return hosted;
}

const abort = (hosted: HostedApp, mode: AbortMode): ReturnType<HostedApp["call"]> => hosted.call("POST", `runs/${RUN}/abort`, { mode }, { "x-nightshift-operator": "Ben" });

async function afterwards(hosted: HostedApp): Promise<{ breaches: readonly string[]; left: readonly string[] }> {
  await hosted.host.waitFor(windowInstance(RUN));
  const entries = await hosted.journal.readAll(RUN);
  const begun = hosted.vendor.effects.filter((effect) => effect.startsWith("begun ")).map((effect) => effect.slice("begun ".length));
  const opened = begun.filter((key) => /page\.up|web\.drain/.test(key));
  const restored = (key: string): boolean => begun.includes(key.replace("web.drain", "web.restore"));
  // The vendor's own list, since the journal may lie: whatever was opened was undone, or closed by its closing step.
  const left = opened.filter((key) => !hosted.vendor.effects.includes(`undone ${key}`) && !(key.includes("web.drain") && restored(key)));
  return { breaches: breachesOfAbort({ plan: PLAN, entries, longestMs: 90 * MINUTE }), left };
}

describe("an abort of a small night", () => {
  it.each([
    { mode: "finish", first: 1 },
    { mode: "close", first: 2 },
  ] as const)(
    "at every other fact of it ($mode) is acknowledged at once, ends the run and leaves nothing open",
    async ({ mode, first }) => {
      let count = 0;
      await using whole = await night();
      await whole.host.waitFor(windowInstance(RUN));
      const facts = (await whole.facts(RUN)).length;
      expect(facts).toBeGreaterThan(35);

      for (let nth = first; nth < facts; nth += 2) {
        const inner = memoryJournal();
        let hosted: HostedApp | undefined;
        let answer: Awaited<ReturnType<typeof abort>> | undefined;
        count = 0;
        hosted = await night({
          ...inner,
          async append(run, stream, expected, added) {
            const kept = await inner.append(run, stream, expected, added);
            const before = count;
            count += kept ? added.length : 0;
            // The first fact is the start itself, whose answer the caller still waits for.
            if (before < nth && count >= nth && answer === undefined && hosted !== undefined && stream !== "decisions") {
              answer = { status: 0, headers: new Headers(), json: {} };
              answer = await abort(hosted, mode);
            }
            return kept;
          },
        });
        await using running = hosted;

        const { breaches, left } = await afterwards(running);

        expect({ nth, breaches, left }).toEqual({ nth, breaches: [], left: [] });
        if (nth > 1 && answer !== undefined && answer.status !== 409) expect(answer).toMatchObject({ status: 202, json: { decision: { decision: "abort", mode, by: "Ben" } } });
      }
    },
    120_000,
  );

  it.each(ABORT_MODES)(
    "at every fifth minute of it (%s) ends the run, nothing begins after it, and a freeze holds until it is lifted",
    async (mode) => {
      for (let minutes = 0; minutes <= 45; minutes += 5) {
        await using hosted = await night();
        await hosted.host.advanceTo(Date.parse(PLAN.window.opensAt) + minutes * MINUTE);
        const answer = await abort(hosted, mode);
        const begunAt = hosted.vendor.effects.filter((effect) => effect.startsWith("begun ")).length;
        if (mode === "freeze" && answer.status === 202) {
          await hosted.host.advanceTo(Date.parse(PLAN.window.opensAt) + (minutes + 60) * MINUTE);
          const since = hosted.vendor.effects.filter((effect) => effect.startsWith("begun ")).slice(begunAt);
          expect({ minutes, begun: since.filter((key) => !/mail|restore/.test(key)) }).toEqual({ minutes, begun: [] });
          await hosted.call("POST", `runs/${RUN}/abort`, { mode: "close" });
        }

        const { breaches, left } = await afterwards(hosted);

        expect({ minutes, breaches, left }).toEqual({ minutes, breaches: [], left: [] });
      }
    },
    120_000,
  );
});

describe("an abort before the start", () => {
  it.each(["finish", "close"] as const)("wins (%s): the run ends as aborted, and nothing at all is begun", async (mode) => {
    await using hosted = await hostedApp({ works: WORKS });
    await hosted.store(PLAN);

    const answer = await abort(hosted, mode);
    await hosted.call("POST", "runs", { window: RUN });
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(answer).toMatchObject({ status: 202, json: { decision: { decision: "abort", mode, by: "Ben" }, running: [], willBePutBack: [] } });
    expect(output).toEqual({ outcome: "aborted" });
    expect(hosted.vendor.effects).toEqual([]);
    expect((await hosted.call("GET", `runs/${RUN}`)).json.counts).toMatchObject({ skipped: 5, done: 0 });
    expect(hosted.host.clock.now()).toBeLessThan(Date.parse(PLAN.window.opensAt));
  });

  it("wins over the timer too", async () => {
    await using hosted = await hostedApp({ works: WORKS, startAt: "2024-12-08T00:55:00.000Z" });
    await hosted.store(PLAN);
    await abort(hosted, "close");

    await hosted.tick("saturdayPrework");
    await hosted.host.waitFor(windowInstance(RUN));

    expect(hosted.vendor.effects).toEqual([]);
    expect((await hosted.facts(RUN)).find(({ type }) => type === "run.ended")).toMatchObject({ outcome: "aborted" });
  });

  it("that freezes holds the run from its start until someone resumes", async () => {
    await using hosted = await hostedApp({ works: WORKS });
    await hosted.store(PLAN);
    await abort(hosted, "freeze");
    await hosted.call("POST", "runs", { window: RUN });
    await hosted.host.advanceTo("2024-12-08T02:00:00.000Z");
    const frozen = [...hosted.vendor.effects];

    const resumed = await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "resume" });
    await hosted.host.waitFor(windowInstance(RUN));

    expect(frozen).toEqual([]);
    expect(resumed.status).toBe(201);
    expect((await hosted.facts(RUN)).find(({ type }) => type === "run.ended")).toMatchObject({ outcome: "well" });
  });

  it("may be strengthened and not weakened", async () => {
    await using hosted = await hostedApp({ works: WORKS });
    await hosted.store(PLAN);

    await abort(hosted, "finish");
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "resume" });
    await abort(hosted, "freeze");
    await hosted.call("POST", "runs", { window: RUN });
    await hosted.host.waitFor(windowInstance(RUN));

    expect(hosted.vendor.effects).toEqual([]);
  });

  it("needs a plan of the window, and other decisions need a run", async () => {
    await using hosted = await hostedApp();

    expect((await abort(hosted, "close")).status).toBe(404);
    await hosted.store(PLAN);
    const skip = await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "skip", step: "page.up" });

    expect(skip).toMatchObject({ status: 409, json: { detail: expect.stringContaining("has not started") } });
    expect(await hosted.journal.read(RUN, RUN_STREAM)).toEqual([]);
  });
});

it("that is sent twice under one id is one abort; the id of another decision, or of another mode, is refused", async () => {
  await using hosted = await night();
  await hosted.host.advanceTo("2024-12-08T01:05:00.000Z");
  const send = (body: object): ReturnType<HostedApp["call"]> => hosted.call("POST", `runs/${RUN}/abort`, body);

  const first = await send({ mode: "finish", id: "pager-1" });
  const again = await send({ mode: "finish", id: "pager-1" });
  const stronger = await send({ mode: "close", id: "pager-1" });
  await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause", id: "pager-2" });
  const other = await send({ mode: "close", id: "pager-2" });

  expect([first, again].map(({ status, json }) => [status, json.decision.id, json.decision.at])).toEqual([first, first].map(({ json }) => [202, "pager-1", json.decision.at]));
  expect([stronger, other].map(({ status, json }) => [status, json.title])).toEqual([
    [409, "conflict"],
    [409, "conflict"],
  ]);
  expect((await hosted.journal.read(RUN, "decisions")).map((fact) => fact.type === "decision.made" && [fact.decision, fact.mode])).toEqual([
    ["abort", "finish"],
    ["pause", undefined],
  ]);
});
