import { describe, expect, it } from "vitest";
import { memoryStore } from "../local/durable/store-memory.ts";
import { memoryJournal } from "../local/memory-journal.ts";
import { memoryPlans } from "../local/memory-plans.ts";
import { conductorOf } from "../shared/run/conductor.ts";
import { AMENDMENT_STREAM, RUN_STREAM, stepStream, type Fact } from "../shared/run/facts.ts";
import { amendmentInstance, windowInstance } from "../shared/run/instances.ts";
import type { Journal } from "../shared/run/journal.ts";
import { AMENDABLE } from "../test/support/amendable.ts";
import { fakeVendor } from "../test/support/fake-vendor.ts";
import { hostedApp, type Answered, type HostedApp, type HostedOptions } from "../test/support/hosted-app.ts";

const RUN = "2024-12-08";
const ADA = { "x-nightshift-operator": "Ada" };
const BEN = { "x-nightshift-operator": "Ben" };
const ANN = { "x-nightshift-operator": "Ann" };
const [AT_2005, AT_2030] = ["2024-12-08T01:05:00.000Z", "2024-12-08T01:30:00.000Z"];

const MOVE_SECOND = `{"amend":[{"move":"web.second","at":"Sat 21:30","because":"the vendor asks for it"}]}`;
const ADD_AGAIN = "amend:\n  - add: { id: again, action: fake.work, timeout: 5h }\n    after: web.first\n    because: once more\n";

/** The app with the plan's run under way at an instant. */
async function running(until: string, options: HostedOptions = {}): Promise<HostedApp> {
  const hosted = await hostedApp(options);
  const { status, json } = await hosted.call("POST", "plans", { text: AMENDABLE }, ADA);
  expect([status, json]).toEqual([201, expect.anything()]);
  await hosted.call("POST", `plans/${RUN}/approve`, { digest: json.digest }, BEN);
  await hosted.call("POST", "runs", { window: RUN }, ADA);
  await hosted.host.advanceTo(until);
  return hosted;
}

function propose(hosted: HostedApp, text: string): Promise<Answered> {
  return hosted.call("POST", `runs/${RUN}/amendments`, { text }, ADA);
}

async function amend(hosted: HostedApp, text: string): Promise<Answered> {
  const { status, json } = await propose(hosted, text);
  expect([status, json.detail]).toEqual([201, undefined]);
  return approve(hosted, json);
}

function approve(hosted: HostedApp, { amendment, to }: { amendment: string; to: string }, headers: Readonly<Record<string, string>> = BEN): Promise<Answered> {
  return hosted.call("POST", `runs/${RUN}/amendments/${amendment}/approve`, { digest: to }, headers);
}

/** How every step ended, with the third one skipped, which waits for an approval. */
async function end(hosted: HostedApp): Promise<Record<string, string>> {
  await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "skip", step: "web.third" }, ADA);
  await hosted.host.waitFor(windowInstance(RUN));
  const { json } = await hosted.call("GET", `runs/${RUN}`);
  return Object.fromEntries(json.steps.map((step: { id: string; as?: string; state: string }) => [step.id, step.as ?? step.state]));
}

function begun(facts: readonly Fact[], step: string): string | undefined {
  return facts.find((fact) => fact.type === "batch.started" && fact.step === step)?.at;
}

function ended(facts: readonly Fact[], step: string): string | undefined {
  return facts.find((fact) => fact.type === "step.ended" && fact.step === step)?.at;
}

describe("an amendment", () => {
  it("moves a step that has not begun, and the run follows it", async () => {
    await using hosted = await running(AT_2005);

    const answer = await amend(hosted, MOVE_SECOND);
    const states = await end(hosted);

    const changes = [{ what: "move", step: "web.second", was: "Sat 21:00, after web.first", now: "Sat 21:30, after web.first" }];
    expect(answer).toMatchObject({ status: 200, json: { approvedBy: "Ben", tooLateFor: [], changes } });
    expect(begun(await hosted.facts(RUN), "web.second")).toBe("2024-12-08T02:30:00.000Z");
    expect(states).toMatchObject({ "web.second": "done", "web.third": "dropped", "jobs.start": "done", "look.www": "done" });
  });

  it("moves a step to an earlier time: who slept until the old one is woken", async () => {
    await using hosted = await running(AT_2005);

    await amend(hosted, MOVE_SECOND.replace("21:30", "20:10"));
    await end(hosted);

    expect(begun(await hosted.facts(RUN), "web.second")).toBe("2024-12-08T01:10:00.000Z");
  });

  it("adds a step to the wave that is under way, at once, and the next wave waits for it and no longer", async () => {
    await using hosted = await running(AT_2030, { works: { "web.again": { takesMs: 14_587_000 } } });

    await amend(hosted, ADD_AGAIN);
    const states = await end(hosted);

    const facts = await hosted.facts(RUN);
    expect(states).toMatchObject({ "web.again": "done", "look.www": "done" });
    expect(begun(facts, "web.again")).toBe(AT_2030);
    expect(begun(facts, "look.www")).toBe(ended(facts, "web.again"));
  });

  it("adds a step that outlasts all else of its wave: the window waits for it alone, and goes on as it ends", async () => {
    await using hosted = await running(AT_2030, { works: { "alone.again": { takesMs: 3_787_000 } } });

    await amend(hosted, "amend: [{ add: { id: again, action: fake.work, timeout: 5h }, after: alone.only, because: once more }]");
    await end(hosted);

    const facts = await hosted.facts(RUN);
    expect([begun(facts, "alone.again"), ended(facts, "alone.again")]).toEqual(["2024-12-08T04:00:00.000Z", "2024-12-08T05:03:30.000Z"]);
    expect(begun(facts, "look.www")).toBe(ended(facts, "alone.again"));
  });

  it("adds a step behind the barrier, which the window itself starts with its wave", async () => {
    await using hosted = await running(AT_2030);

    await amend(hosted, "amend: [{ add: { id: again, action: fake.work }, after: look.www, because: once more }]");
    const states = await end(hosted);

    const facts = await hosted.facts(RUN);
    expect(states).toMatchObject({ "look.again": "done" });
    expect(facts.filter((fact) => fact.type === "step.hosted")).toEqual([expect.objectContaining({ step: "look.again", by: "window" })]);
  });

  it("leaves a step out: it is dropped with the reason, and what needs it is carried over", async () => {
    await using hosted = await running(AT_2005, { works: { "web.park": { takesMs: 600_000 } } });

    await amend(hosted, "amend: [{ skip: web.first, because: the vendor has no people }]");
    const states = await end(hosted);

    expect(states).toMatchObject({ "web.first": "dropped", "web.second": "skipped", "jobs.start": "done" });
    expect((await hosted.facts(RUN)).find((fact) => fact.type === "step.ended" && fact.step === "web.first")).toMatchObject({ as: "dropped", why: "the vendor has no people" });
    expect(hosted.vendor.effects.some((effect) => effect.includes("web.first"))).toBe(false);
  });

  it("follows another one: what the first added runs on, and what the second adds runs beside it", async () => {
    await using hosted = await running(AT_2030, { works: { "web.again": { takesMs: 3_600_000 } } });

    await amend(hosted, ADD_AGAIN);
    await hosted.host.advanceTo("2024-12-08T01:40:00.000Z");
    await amend(hosted, "amend: [{ add: { id: more, action: fake.work }, after: web.first, because: yet more }, { move: web.second, at: Sat 21:15, because: later }]");
    await end(hosted);

    const facts = await hosted.facts(RUN);
    expect([begun(facts, "web.again"), begun(facts, "web.more"), begun(facts, "web.second")]).toEqual([AT_2030, "2024-12-08T01:40:00.000Z", "2024-12-08T02:15:00.000Z"]);
    expect(hosted.vendor.effects.toSorted()).toEqual([...new Set(hosted.vendor.effects)].toSorted());
  });

  it("asks anew for the approval of a step that it moves, and leaves others theirs", async () => {
    await using hosted = await running("2024-12-08T02:59:00.000Z");
    await hosted.host.advanceTo("2024-12-08T03:01:00.000Z");
    const asked = hosted.told.filter(({ key }) => key.includes("web.third/approval")).length;
    await amend(hosted, "amend: [{ move: web.third, at: Sat 23:30, because: later }]");
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "approve", step: "web.third", note: "of what was shown before" }, ANN);
    await hosted.host.advanceTo("2024-12-08T04:40:00.000Z");

    const before = begun(await hosted.facts(RUN), "web.third");
    const askedAnew = hosted.told.filter(({ key }) => key.includes("web.third/approval")).length;
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "approve", step: "web.third" }, ANN);
    await hosted.host.waitFor(windowInstance(RUN));

    expect([asked, askedAnew, before]).toEqual([1, 2, undefined]);
    expect(begun(await hosted.facts(RUN), "web.third")).toBe("2024-12-08T04:40:00.000Z");
  });

  it("is taken while the window is frozen, and followed once it goes on", async () => {
    await using hosted = await running("2024-12-08T01:55:00.000Z");
    await hosted.call("POST", `runs/${RUN}/abort`, { mode: "freeze" }, BEN);

    await amend(hosted, "amend: [{ skip: web.second, because: not tonight }, { move: web.third, at: Sat 22:30, because: later }]");
    await hosted.host.advanceTo("2024-12-08T02:10:00.000Z");
    const frozen = (await hosted.call("GET", `runs/${RUN}/steps/web.second`)).json;
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "resume" }, BEN);
    const states = await end(hosted);

    expect(frozen).toMatchObject({ state: "ended", as: "dropped", why: "not tonight" });
    expect(states).toMatchObject({ "web.second": "dropped", "web.third": "dropped", "look.www": "done" });
  });

  it("is in the report, in the state, in the plan that is shown, and said to people", async () => {
    await using hosted = await running(AT_2005);
    const before = (await hosted.call("GET", `runs/${RUN}`)).json.digest;

    const { json } = await amend(hosted, MOVE_SECOND);

    expect(json.from).toBe(before);
    expect((await hosted.call("GET", `runs/${RUN}`)).json).toMatchObject({ digest: json.to, amendments: [{ amendment: json.amendment, by: "Ada", approvedBy: "Ben" }] });
    expect((await hosted.call("GET", `runs/${RUN}/plan`)).json).toMatchObject({ plan: { digest: json.to }, storedBy: "Ada", approved: { by: "Ben" } });
    const report = (await hosted.call("GET", `runs/${RUN}/report`)).json;
    expect(report.decisions).toEqual([
      expect.objectContaining({ by: "Ben, as Ada proposed", decision: "amend", about: "web.second", note: expect.stringContaining("because the vendor asks for it") }),
    ]);
    expect(report.timeline.map(({ text }: { text: string }) => text)).toContainEqual(expect.stringContaining("move web.second"));
    expect(hosted.told.map(({ text }) => text)).toEqual(expect.arrayContaining([expect.stringContaining("Ada proposes to amend"), expect.stringContaining("approved by Ben")]));
    expect((await hosted.call("POST", "runs", { window: RUN })).json).toEqual({ run: RUN, did: "running" });
    expect((await hosted.call("POST", "runs", { window: RUN, digest: before })).json).toEqual({ run: RUN, did: "running" });
  });
});

/** Right before the fact that a run is amended is written, something else happens, once. */
function whileAmending(): { journal: Journal; happens(what: () => Promise<unknown>): void } {
  const journal = memoryJournal();
  let meanwhile: (() => Promise<unknown>) | undefined;
  return {
    journal: {
      ...journal,
      async append(...given) {
        const first = given[3].some(({ type }) => type === "run.amended") ? meanwhile : undefined;
        if (first !== undefined) meanwhile = undefined;
        await first?.();
        return journal.append(...given);
      },
    },
    happens: (what) => (meanwhile = what),
  };
}

describe("at the door", () => {
  it("who proposed an amendment cannot be the one who approves it, unless the settings say so", async () => {
    await using hosted = await running(AT_2005);
    const { json } = await propose(hosted, MOVE_SECOND);

    const own = await approve(hosted, json, ADA);
    const nobodys = await hosted.call("GET", `runs/${RUN}/amendments`);

    expect(own).toMatchObject({ status: 403, json: { title: "denied", detail: "Ada proposed this amendment: someone else must approve it" } });
    expect(nobodys.json.proposed).toEqual([expect.not.objectContaining({ approvedBy: expect.anything() })]);
    expect((await hosted.call("GET", `runs/${RUN}`)).json.digest).toBe(json.from);
  });

  it("a refusal names the step and what to do, and is a fact; a dry run leaves none", async () => {
    await using hosted = await running("2024-12-08T02:30:00.000Z");
    const late = `{"amend":[{"skip":"web.first","because":"too late"}]}`;

    const dry = await hosted.call("POST", `runs/${RUN}/amendments`, { text: late, dryRun: true }, ADA);
    const factsBefore = await hosted.journal.read(RUN, AMENDMENT_STREAM);
    const answer = await propose(hosted, late);
    await propose(hosted, late);

    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer).toMatchObject({
      status: 422,
      json: { title: "rejected", detail: expect.stringMatching(/^web\.first: it ended done at .*\. To do it again, add a step like it\.$/) },
    });
    expect([dry.status, factsBefore]).toEqual([422, []]);
    expect(await hosted.journal.read(RUN, AMENDMENT_STREAM)).toEqual([expect.objectContaining({ type: "amendment.refused", by: "Ada", why: [answer.json.detail] })]);
    expect((await hosted.call("GET", `runs/${RUN}/amendments`)).json).toMatchObject({ proposed: [], refused: [{ by: "Ada" }] });
  });

  it("a dry run says what would change, and nothing is written down", async () => {
    await using hosted = await running(AT_2005);
    const before = (await hosted.facts(RUN)).length;

    const { status, json } = await hosted.call("POST", `runs/${RUN}/amendments`, { text: MOVE_SECOND, dryRun: true }, ADA);

    expect([status, json.changes[0].now]).toEqual([200, "Sat 21:30, after web.first"]);
    expect((await hosted.facts(RUN)).length).toBe(before);
    expect((await approve(hosted, json)).status).toBe(404);
  });

  it.each([
    ["a question that is open", `{ id: again, action: fake.work, questions: which one? }`, /web\.again: which one\?/],
    ["an action that there is none of", `{ id: again, action: fake.wrok }`, /web\.again: there is no action/],
    ["a target that there is none of", `{ id: again, action: web.check, targets: ww }`, /web\.again: /],
    ["a need that there is none of", `{ id: again, action: fake.work, needs: nothing }`, /web\.again: there is no step, change or phase called/],
    ["what cannot be taken back without an approval", `{ id: again, action: resource.delete, targets: app1 }`, /web\.again: /],
  ])("an added step passes all that a plan must pass: %s is refused", async (_what, step, detail) => {
    await using hosted = await running(AT_2005);

    const answer = await propose(hosted, `amend: [{ add: ${step}, after: web.first, because: once more }]`);

    expect(answer).toMatchObject({ status: 422, json: { detail: expect.stringMatching(detail) } });
  });

  it("the same proposal is one, and so is the same approval; another digest than the one looked at is refused", async () => {
    await using hosted = await running(AT_2005);

    const first = await propose(hosted, MOVE_SECOND);
    const second = await propose(hosted, MOVE_SECOND);
    const other = await approve(hosted, { ...first.json, to: first.json.from });
    const approved = await approve(hosted, first.json);
    const again = await approve(hosted, first.json);

    expect([first.status, second.status, other.status, approved.status, again.status]).toEqual([201, 200, 409, 200, 200]);
    expect(again.json).toEqual(approved.json);
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "run.amended" || type === "amendment.proposed" || type === "amendment.settled")).toHaveLength(3);
  });

  it("of two amendments of one plan the first is taken, and the second is to be proposed anew, however close they come", async () => {
    const { journal, happens } = whileAmending();
    await using hosted = await running(AT_2005, { journal });
    const [first, second] = [await propose(hosted, MOVE_SECOND), await propose(hosted, ADD_AGAIN)];
    const answers: Answered[] = [];
    happens(async () => answers.push(await approve(hosted, first.json)));

    answers.push(await approve(hosted, second.json));

    expect(answers.map(({ status }) => status)).toEqual([200, 422]);
    expect(answers[1]?.json.detail).toContain("another amendment");
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "run.amended")).toEqual([expect.objectContaining({ amendment: first.json.amendment })]);
  });

  it("an amendment that comes as the run ends is refused, and the run has ended", async () => {
    const { journal, happens } = whileAmending();
    await using hosted = await running(AT_2005, { journal });
    const { json } = await propose(hosted, MOVE_SECOND);
    happens(async () => journal.append(RUN, RUN_STREAM, (await journal.read(RUN, RUN_STREAM)).length, [{ type: "run.ended", at: AT_2005, outcome: "badly", headline: "" }]));

    expect(await approve(hosted, json)).toMatchObject({ status: 422, json: { detail: expect.stringContaining("the run ended") } });
  });

  it("what was proposed while a step waited is refused once it has begun", async () => {
    await using hosted = await running(AT_2005);
    const { json } = await propose(hosted, MOVE_SECOND);
    await hosted.host.advanceTo("2024-12-08T02:01:00.000Z");

    const answer = await approve(hosted, json);

    expect(answer).toMatchObject({ status: 422, json: { detail: expect.stringMatching(/^web\.second: it (has begun|ended)/) } });
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "run.amended")).toEqual([]);
  });

  it("a run that has not started, and one whose plan's text was not kept, are not amended", async () => {
    await using hosted = await hostedApp();
    expect((await propose(hosted, MOVE_SECOND)).status).toBe(404);
    const stored = await hosted.call("POST", "plans", { text: AMENDABLE }, ADA);
    expect((await propose(hosted, MOVE_SECOND)).status).toBe(404);

    const textless = memoryPlans();
    await textless.put({ plan: await hosted.plans.get(stored.json.digest), by: "Ada", at: AT_2005 });
    await using older = await hostedApp({ plans: textless });
    await older.plans.approve(RUN, stored.json.digest, { by: "Ben", at: AT_2005 });
    await older.call("POST", "runs", { window: RUN }, ADA);

    expect(await propose(older, MOVE_SECOND)).toMatchObject({ status: 422, json: { detail: expect.stringContaining("Store the very same plan again") } });
    await older.call("POST", "plans", { text: AMENDABLE }, ADA);
    expect((await propose(older, MOVE_SECOND)).status).toBe(201);
  });
});

/** Whoever appends a fact of this type dies right after it, or right before it, once. */
function dyingAt(type: Fact["type"], when: "before" | "after"): Journal {
  const journal = memoryJournal();
  let died = false;
  return {
    ...journal,
    async append(...given) {
      const hit = !died && given[3].some((fact) => fact.type === type);
      if (hit && when === "before") {
        died = true;
        throw new Error("killed");
      }
      const kept = await journal.append(...given);
      if (hit) {
        died = true;
        throw new Error("killed");
      }
      return kept;
    },
  };
}

describe("whoever amends may die", () => {
  const BOTH = `amend:
  - { move: web.second, at: Sat 20:40, because: sooner }
  - { add: { id: again, action: fake.work }, after: web.first, because: once more }
`;

  it.each([
    ["before the proposal is written down, the plan being stored", "amendment.proposed", "before"],
    ["after the proposal is written down", "amendment.proposed", "after"],
  ] as const)("%s: it is proposed again, once", async (_what, type, when) => {
    await using hosted = await running(AT_2030, { journal: dyingAt(type, when) });
    expect((await propose(hosted, BOTH)).status).toBe(500);

    const { json } = await propose(hosted, BOTH);
    const answer = await approve(hosted, json);
    await end(hosted);

    const facts = await hosted.facts(RUN);
    expect(answer.status).toBe(200);
    expect(facts.filter((fact) => fact.type === "amendment.proposed")).toHaveLength(1);
    expect([begun(facts, "web.second"), begun(facts, "web.again")]).toEqual(["2024-12-08T01:40:00.000Z", AT_2030]);
  });

  it.each([
    ["between the approval and the fact", "run.amended", "before", "request"],
    ["between the fact and everything else, and the request comes again", "run.amended", "after", "request"],
    ["between the fact and everything else, and the guard comes by", "run.amended", "after", "guard"],
    ["before steps are marked, and the guard comes by", "step.amended", "before", "guard"],
    ["when all is done but to say so, and the guard comes by", "amendment.settled", "before", "guard"],
  ] as const)("%s: what is written holds, once, and the rest follows", async (_what, type, when, healer) => {
    await using hosted = await running(AT_2030, { journal: dyingAt(type, when) });
    const { json } = await propose(hosted, BOTH);
    expect((await approve(hosted, json)).status).toBe(500);

    if (healer === "guard") await hosted.tick("reconciler");
    else expect((await approve(hosted, json)).status).toBe(200);
    await end(hosted);

    const facts = await hosted.facts(RUN);
    expect([begun(facts, "web.second"), begun(facts, "web.again")]).toEqual(["2024-12-08T01:40:00.000Z", AT_2030]);
    expect(
      facts
        .filter((fact) => fact.type === "run.amended" || fact.type === "amendment.settled")
        .map(({ type: told }) => told)
        .toSorted(),
    ).toEqual(["amendment.settled", "run.amended"]);
    expect(hosted.vendor.effects.length).toBe(new Set(hosted.vendor.effects).size);
    expect((await hosted.plans.latest())[0]).toMatchObject({ plan: { digest: json.to }, approved: { by: "Ben" } });
  });

  it("with the whole host, in the middle of what was added: another host goes on with it", async () => {
    const [journal, plans, store] = [memoryJournal(), memoryPlans(), memoryStore()];
    const vendor = fakeVendor({ "web.again": { takesMs: 3_600_000 } });
    const first = await running(AT_2030, { journal, plans, vendor, host: { store } });
    await amend(first, BOTH.replace("action: fake.work }", "action: fake.work, timeout: 5h }"));
    await first.host.advanceTo("2024-12-08T01:35:00.000Z");
    first.host.kill();
    await first.served.close();

    await using hosted = await hostedApp({ journal, plans, vendor, host: { store }, startAt: "2024-12-08T01:50:00.000Z" });
    const states = await end(hosted);

    const facts = await hosted.facts(RUN);
    expect(states).toMatchObject({ "web.again": "done", "web.second": "done", "look.www": "done" });
    expect(begun(facts, "web.again")).toBe(AT_2030);
    expect(vendor.effects.length).toBe(new Set(vendor.effects).size);
  });

  it("and if the orchestration of what it added is deleted from the task hub, the guard starts it again", async () => {
    await using hosted = await running(AT_2030, { works: { "web.again": { takesMs: 3_600_000 } } });
    const { json } = await amend(hosted, ADD_AGAIN);
    await hosted.host.advanceTo("2024-12-08T01:40:00.000Z");
    for (const { instanceId } of (await hosted.host.hub.list({})).instances)
      if (instanceId.includes("amended") || instanceId.includes("web~2eagain")) await hosted.host.purge(instanceId);
    expect(await hosted.host.status(amendmentInstance(RUN, json.amendment))).toBeUndefined();

    await hosted.host.advanceTo("2024-12-08T01:45:00.000Z");
    await hosted.tick("reconciler");
    const states = await end(hosted);

    expect(states).toMatchObject({ "web.again": "done", "look.www": "done" });
    expect(hosted.vendor.effects.filter((effect) => effect.includes("web.again"))).toHaveLength(1);
  });
});

describe("a step that begins in the very instant of its amendment", () => {
  it.each([
    ["though the step's own stream says nothing yet", "before"],
    ["and the step's own stream says so", "after"],
  ] as const)("does not begin by an order from before it, %s", async (_what, when) => {
    await using hosted = await running(AT_2030, { journal: dyingAt("step.amended", when) });
    // An activity whose host is half an hour ahead, and which hangs between its order and its deed.
    const hanging = conductorOf({ ...hosted.app.stage, clock: { now: () => Date.parse("2024-12-08T02:00:30.000Z") } });
    const ref = { run: RUN, digest: (await hosted.call("GET", `runs/${RUN}`)).json.digest, step: "web.second" };
    // As release 0.1.0 gave it, to be carried out by an activity of its own.
    const order = { do: "run", batch: 0, targets: ["web.second"], failuresBefore: 0 } as const;
    const { json } = await propose(hosted, MOVE_SECOND);
    await approve(hosted, json);

    const advice = await hanging.actStep(ref, order, 0);

    expect(advice.order).toMatchObject({ do: "wait", why: "not before 2024-12-08T02:30:00.000Z" });
    expect(begun(await hosted.facts(RUN), "web.second")).toBeUndefined();
  });

  it("goes on as it began, and whoever amends is told that it was too late", async () => {
    const journal = memoryJournal();
    const racing: Journal = {
      ...journal,
      async append(run, stream, expected, facts) {
        const kept = await journal.append(run, stream, expected, facts);
        // An activity that had looked before the amendment was written begins the step right after it.
        if (kept && stream === RUN_STREAM && facts.some(({ type }) => type === "run.amended")) {
          const { length } = await journal.read(run, stepStream("web.second"));
          await journal.append(run, stepStream("web.second"), length, [{ type: "batch.started", at: AT_2030, step: "web.second", targets: ["web.second"], failuresBefore: 0 }]);
        }
        return kept;
      },
    };
    await using hosted = await running(AT_2030, { journal: racing });

    const answer = await amend(hosted, MOVE_SECOND);
    const states = await end(hosted);

    expect(answer).toMatchObject({ status: 200, json: { tooLateFor: ["web.second"] } });
    expect(states).toMatchObject({ "web.second": "done" });
    expect(hosted.vendor.effects.filter((effect) => effect.includes("web.second"))).toHaveLength(1);
  });
});
