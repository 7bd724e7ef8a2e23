import { describe, expect, it } from "vitest";
import { windowInstance } from "../shared/run/instances.ts";
import type { Fact } from "../shared/run/facts.ts";
import { hostedApp, type Answered, type HostedApp, type HostedOptions } from "../test/support/hosted-app.ts";

const RUN = "2024-12-08";
const ADA = { "x-nightshift-operator": "Ada" };
const BEN = { "x-nightshift-operator": "Ben" };

/** Prework at 20:00, work from 20:10, and behind a barrier a look; every step takes ten minutes unless the test says otherwise. */
const PLAN = `plan: 1
window:
  title: A window
  date: 2024-12-08
  zone: America/New_York
  cutoff: Sun 12:00
  channels: [ops]
  owners: [Ann]
phases:
  - id: work
    title: Work
    changes:
      - id: web
        title: The web servers # kept through an amendment
        steps:
          - { id: park, at: Sat 20:00, action: fake.work, opens: { parked: the jobs are parked } }
          - { id: first, needs: park, action: fake.work }
          - { id: second, at: Sat 21:00, needs: first, action: fake.work }
          - { id: third, at: Sat 22:00, needs: first, action: fake.work, approval: [Ann] }
      - id: jobs
        title: Start the jobs
        steps:
          - { id: start, needs: [web.second, { step: web.third, as: end }], action: fake.work, always: true, closes: parked }
  - id: after
    title: After
    barrier: true
    changes:
      - id: look
        title: Look at it
        steps:
          - { id: www, action: fake.work }
`;

/** The app with the plan's run under way. */
async function running(until: string, options: HostedOptions = {}): Promise<HostedApp> {
  const hosted = await hostedApp(options);
  const { status, json } = await hosted.call("POST", "plans", { text: PLAN }, ADA);
  expect([status, json]).toEqual([201, expect.anything()]);
  await hosted.call("POST", `plans/${RUN}/approve`, { digest: json.digest }, BEN);
  await hosted.call("POST", "runs", { window: RUN }, ADA);
  await hosted.host.advanceTo(until);
  return hosted;
}

async function amend(hosted: HostedApp, text: string): Promise<Answered> {
  const proposed = await hosted.call("POST", `runs/${RUN}/amendments`, { text }, ADA);
  expect([proposed.status, proposed.json.detail]).toEqual([201, undefined]);
  return hosted.call("POST", `runs/${RUN}/amendments/${proposed.json.amendment}/approve`, { digest: proposed.json.to }, BEN);
}

async function end(hosted: HostedApp): Promise<Record<string, string>> {
  await hosted.host.waitFor(windowInstance(RUN));
  const { json } = await hosted.call("GET", `runs/${RUN}`);
  return Object.fromEntries(json.steps.map((step: { id: string; as?: string; state: string }) => [step.id, step.as ?? step.state]));
}

function when(facts: readonly Fact[], step: string): string | undefined {
  return facts.find((fact) => fact.type === "batch.started" && fact.step === step)?.at;
}

describe("an amendment", () => {
  it("moves a step that has not begun, and the run follows it", async () => {
    await using hosted = await running("2024-12-08T01:05:00.000Z");

    const answer = await amend(hosted, `{"amend":[{"move":"web.second","at":"Sat 21:30","because":"the vendor asks for it"}]}`);
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "skip", step: "web.third" }, ADA);
    const states = await end(hosted);

    expect(answer).toMatchObject({
      status: 200,
      json: {
        approvedBy: "Ben",
        tooLateFor: [],
        changes: [{ what: "move", step: "web.second", was: expect.stringContaining("Sat 21:00"), now: expect.stringContaining("Sat 21:30") }],
      },
    });
    expect(when(await hosted.facts(RUN), "web.second")).toBe("2024-12-08T02:30:00.000Z");
    expect(states).toMatchObject({ "web.second": "done", "web.third": "dropped", "jobs.start": "done", "look.www": "done" });
  });

  it("adds a step to the wave that is under way, at once, and the next wave waits for it", async () => {
    await using hosted = await running("2024-12-08T01:20:00.000Z", { works: { "web.again": { takesMs: 7_200_000 } } });

    await amend(hosted, "amend:\n  - add: { id: again, action: fake.work, timeout: 5h }\n    after: web.first\n    because: once more\n");
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "skip", step: "web.third" }, ADA);
    const states = await end(hosted);

    const facts = await hosted.facts(RUN);
    expect(states).toMatchObject({ "web.again": "done", "look.www": "done" });
    expect(when(facts, "web.again")).toBe("2024-12-08T01:20:00.000Z");
    expect(facts.find((fact) => fact.type === "step.ended" && fact.step === "web.again")?.at).toBe(when(facts, "look.www"));
  });
});
