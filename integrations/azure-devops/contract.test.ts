import { describe, expect, it } from "vitest";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import type { Call } from "../../shared/action/action.ts";
import { pipelineRun } from "./actions.ts";
import { connectAzureDevOps } from "./connector.ts";
import { earlierRun } from "./simulated-run.ts";
import { azureDevOpsSimulator, type AzureDevOpsWorld, type Misfortune, type SimulatedPipeline } from "./simulator.ts";

const TAG = "refs/tags/platform-0/2.98.0";
const COMMIT = "1f".repeat(20);
const PIPELINE = {
  name: "Hub_Infrastructure",
  organization: "example org",
  project: "Platform",
  id: 12,
  stages: [
    { name: "plan_XAT", environment: "XAT" },
    { name: "network_PRD", environment: "PRD", title: "network" },
    { name: "apply_PRD", environment: "PRD" },
  ],
};
const PARAMS = { pipeline: PIPELINE, ref: { tag: "platform-0/2.98.0" }, environment: "PRD" };

function world(...misfortunes: Misfortune[]): AzureDevOpsWorld {
  const pipeline: SimulatedPipeline = {
    organization: "example org",
    project: "Platform",
    id: 12,
    name: "Hub_Infrastructure",
    stages: PIPELINE.stages.map(({ name }) => ({ name, displayName: `Stage ${name}`, durationMs: 30_000 })),
    refs: { [TAG]: COMMIT, "refs/heads/main": "2e".repeat(20), "refs/heads/update/x-1": "3d".repeat(20) },
    parameters: ["stack", "mode"],
    misfortunes,
  };
  return { ...azureDevOpsSimulator.newWorld(), pipelines: [pipeline], runs: [earlierRun(pipeline, 811, TAG, "2024-12-05T15:00:00.000Z")] };
}

actionContract({
  action: pipelineRun,
  integration: "azure-devops",
  world,
  simulator: azureDevOpsSimulator,
  connect: (outside) => ({ pipelines: connectAzureDevOps({}, outside) }),
  params: PARAMS,
  effects: ["queued pipeline Hub_Infrastructure"],
  spoil: ({ runs }) => void runs.splice(1, 1, { ...runs[1]!, stages: runs[1]!.stages.map((stage) => ({ ...stage, fate: "skipped" })) }),
  // Someone moved the tag and had it built.
  driftBefore: (moved) => {
    const [pipeline] = moved.pipelines;
    pipeline!.refs[TAG] = "4c".repeat(20);
    moved.runs.push(earlierRun(pipeline!, 812, TAG, "2024-12-07T15:00:00.000Z"));
  },
});

describe("azure-devops: a run is judged by the chosen stages' own records", () => {
  it("says what runs and what is skipped before it runs", async () => {
    const { preview } = running(world());

    expect(await preview()).toEqual([
      `run pipeline Hub_Infrastructure at ${TAG}, commit ${COMMIT}`,
      "stages that run: network_PRD, apply_PRD",
      "stages that are skipped: plan_XAT",
      expect.stringMatching(/^final YAML: sha256 [0-9a-f]{16}$/),
    ]);
  });

  it.each([
    ["skipped", "rejected", "network_PRD was skipped; stage apply_PRD was skipped"],
    ["canceled", "rejected", "network_PRD ended canceled"],
    ["abandoned", "rejected", "network_PRD ended abandoned"],
    ["succeeds with issues", "rejected", "network_PRD ended succeededWithIssues"],
    ["fails", "failed", "network_PRD ended failed (simulated: stage network_PRD failed)"],
  ] as const)("calls a run whose stage %s %s", async (what, kind, message) => {
    const { toTheEnd } = running(world(what === "skipped" ? { what } : { what, stage: "network_PRD" }));

    await expect(toTheEnd()).rejects.toMatchObject({ kind, message: expect.stringContaining(message) });
  });

  it("does not believe a run that succeeded with every stage skipped", async () => {
    const { toTheEnd } = running(world({ what: "skipped" }));

    await expect(toTheEnd()).rejects.toMatchObject({ message: expect.stringMatching(/is completed \(succeeded\), but stage network_PRD was skipped/) });
  });

  it("waits, and never claims to run, while its stage never starts", async () => {
    const { begin, poll, outside } = running(world({ what: "never starts", stage: "network_PRD" }));

    const receipt = await begin();
    outside.advance(10 * 60_000);

    expect(await poll(receipt)).toEqual({
      state: "waiting",
      note: "run 812 of pipeline Hub_Infrastructure is in progress; network_PRD has not started, apply_PRD has not started",
    });
  });

  it("does not take a stage that was skipped for one that has started", async () => {
    const stuck = world({ what: "never starts", stage: "apply_PRD" });
    const { begin, poll, outside } = running(stuck);

    const receipt = await begin();
    const run = stuck.runs[1]!;
    stuck.runs.splice(1, 1, { ...run, stages: run.stages.map((stage) => (stage.name === "network_PRD" ? { ...stage, fate: "skipped" } : stage)) });
    outside.advance(10 * 60_000);

    expect(await poll(receipt)).toEqual({
      state: "waiting",
      note: "run 812 of pipeline Hub_Infrastructure is in progress; network_PRD was skipped, apply_PRD has not started",
    });
  });

  it("says that no agent has taken the run, and goes on once one has", async () => {
    const offline = world();
    offline.agentsOfflineUntil = "2024-12-08T01:05:00.000Z";
    const { begin, poll, outside } = running(offline);

    const receipt = await begin();
    outside.advance(60_000);
    const queued = await poll(receipt);
    outside.advance(4 * 60_000 + 10_000);
    const taken = await poll(receipt);

    expect(queued).toMatchObject({ state: "waiting", note: expect.stringContaining("is queued") });
    expect(taken).toMatchObject({ state: "running", note: expect.stringContaining("network_PRD is running") });
  });

  it("tells people that an approval is missing in Azure DevOps, and goes on when it is given", async () => {
    const held = world({ what: "waits for approval", stage: "network_PRD" });
    const { begin, poll, outside } = running(held);

    const receipt = await begin();
    outside.advance(60_000);
    const waiting = await poll(receipt);
    held.runs[1]!.approvedAt = new Date(outside.clock.now()).toISOString();
    outside.advance(1_000);

    expect(waiting).toMatchObject({ state: "waiting", note: expect.stringContaining("network_PRD waits for an approval in Azure DevOps") });
    expect(await poll(receipt)).toMatchObject({ state: "running" });
  });

  it("succeeds on a later run when only the first attempts fail", async () => {
    const flaky = world({ what: "fails", stage: "apply_PRD", runsLeft: 1 });

    await expect(running(flaky).toTheEnd()).rejects.toMatchObject({ kind: "failed" });
    await expect(running(flaky, PARAMS, "2024-12-08/hub/hub/2", "2024-12-08T02:00:00Z").toTheEnd()).resolves.toContainEqual(expect.stringContaining("stage apply_PRD"));
    expect(flaky.effects).toHaveLength(2);
  });

  it("keeps the oldest of two runs with one key, and cancels the other", async () => {
    const twice = world();
    const { begin, outside } = running(twice);
    await begin();
    twice.runs.push({ ...twice.runs[1]!, id: 813 });
    outside.advance(1_000);

    const receipt = await begin();

    expect(receipt).toMatchObject({ run: 812 });
    expect(twice.effects.map(({ did, to }) => `${did} ${to}`)).toEqual(["queued pipeline Hub_Infrastructure", "cancelled run 813 of pipeline Hub_Infrastructure"]);
  });

  it("finds its own run among more than a page of others", async () => {
    const busy = world();
    const { begin } = running(busy);
    await begin();
    for (let id = 813; id < 1_050; id++) busy.runs.push(earlierRun(busy.pipelines[0]!, id, TAG, "2024-12-08T01:00:00.000Z"));

    await begin();

    expect(busy.effects).toHaveLength(1);
  });
});

describe("azure-devops: what is asked for", () => {
  it("pins a ref to the commit of its newest run, and says so when there is none", async () => {
    const { preview } = running(world(), { ...PARAMS, ref: { branch: "update/x-1" } });

    expect((await preview())[0]).toBe("run pipeline Hub_Infrastructure at refs/heads/update/x-1, commit not known, as nobody has run it yet");
  });

  it("previews a step as before after another step of the window has run the same ref for the first time", async () => {
    const fresh = world();
    fresh.runs.length = 0;
    const before = await running(fresh).preview();

    await running(fresh, { ...PARAMS, environment: "XAT" }, "2024-12-08/hub-xat/hub/1").toTheEnd();

    expect(await running(fresh).preview()).toEqual(before);
  });

  it("runs exactly the commit of the preview though the tag moved without being built", async () => {
    const moved = world();
    moved.pipelines[0]!.refs[TAG] = "4c".repeat(20);

    const evidence = await running(moved).toTheEnd();

    expect(evidence[0]).toContain(`at commit ${COMMIT}`);
  });

  it("gives the stack and the mode as template parameters, and calls a destruction irreversible", async () => {
    const kong = world();
    const params = { ...PARAMS, stack: { name: "kong", environment: "PRD", value: "kong" }, mode: "destroy" };

    await running(kong, params).begin();

    expect(kong.effects[0]?.with).toMatchObject({ templateParameters: { stack: "kong", mode: "destroy" } });
    expect(pipelineRun.reversalFor?.(pipelineRun.params.parse(params))).toBe("irreversible");
    expect(pipelineRun.touches(pipelineRun.params.parse(params))).toEqual(["pipeline:Hub_Infrastructure/PRD/kong"]);
  });

  it("chooses stages by the title that pages use", async () => {
    const { preview } = running(world(), { ...PARAMS, stages: ["network"] });

    expect((await preview())[1]).toBe("stages that run: network_PRD");
  });

  it("refuses a stage or an environment that the inventory does not have, before anything runs", async () => {
    await expect(running(world(), { ...PARAMS, stages: ["netwrok"] }).preview()).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("expected one of plan_XAT"),
    });
    await expect(running(world(), { ...PARAMS, environment: "QA" }).begin()).rejects.toMatchObject({ kind: "invalid" });
  });

  it("has the service refuse a ref or a parameter that it does not know", async () => {
    await expect(running(world(), { ...PARAMS, ref: { tag: "platform-0/9.9.9" } }).preview()).rejects.toMatchObject({
      kind: "rejected",
      message: expect.stringContaining("has no refs/tags/platform-0/9.9.9"),
    });
    await expect(running(world(), { ...PARAMS, parameters: { colour: "red" } }).begin()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("colour") });
  });

  it.each(["../../x", "a;rm -rf /", "a\nb", "-x", "x..y", "a//b", 'a"b', "ref.lock"])("takes no ref like %j", (tag) => {
    expect(pipelineRun.params.safeParse({ ...PARAMS, ref: { tag } }).success).toBe(false);
  });

  it("keeps hostile names of organizations and projects in their place", async () => {
    const odd = { ...PARAMS, pipeline: { ...PIPELINE, project: "../other/_apis?x=#" } };
    const dots = { ...PARAMS, pipeline: { ...PIPELINE, project: ".." } };
    const { preview, outside } = running(world(), odd);

    await expect(preview()).rejects.toMatchObject({ kind: "absent" });
    await expect(running(world(), dots).preview()).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests[0]).toContain("https://dev.azure.com/example%20org/..%2Fother%2F_apis%3Fx%3D%23/_apis/build/builds");
  });

  it("signs in with a personal access token where one is set", async () => {
    const outside = localOutside(azureDevOpsSimulator, world(), { secrets: { pat: "canary-pat-value" } });
    const pipelines = connectAzureDevOps({ personalAccessToken: "pat" }, outside);

    await expect(pipelines.run(PIPELINE, 811)).resolves.toMatchObject({ id: 811, status: "completed" });
  });
});

apiContract("azure-devops");

/** One action on one world, its clock advanced by hand. */
it("azure-devops: runs of every try are found by what their keys begin with, and nobody else's", async () => {
  const of = world();
  for (const key of ["2024-12-08/hub/hub/1", "2024-12-08/hub/hub/2", "2024-12-08/hub/hub-2/1", "2024-12-01/hub/hub/1"]) await running(of, PARAMS, key).begin();
  const { outside } = running(of);
  const pipelines = connectAzureDevOps({}, outside);
  const keysOf = async (keys: string) => (await pipelines.findTries(PIPELINE, keys, outside.clock.now())).map(({ id }) => id);

  const [first, second] = [
    await pipelines.findRuns(PIPELINE, "2024-12-08/hub/hub/1", outside.clock.now()),
    await pipelines.findRuns(PIPELINE, "2024-12-08/hub/hub/2", outside.clock.now()),
  ];

  expect(await keysOf("2024-12-08/hub/hub/")).toEqual([...first, ...second].map(({ id }) => id));
  expect(await keysOf("2024-12-08/hub/")).toEqual([]);
});

function running(of: AzureDevOpsWorld, params: unknown = PARAMS, key = "2024-12-08/hub/hub/1", startAt = "2024-12-08T01:00:00.000Z") {
  const outside = localOutside(azureDevOpsSimulator, of, { startAt });
  const ports = { pipelines: connectAzureDevOps({}, outside) };
  const parsed = pipelineRun.params.parse(params);
  const call = () => ({ run: "2024-12-08", key, now: outside.clock.now() }) as Call;
  type Receipt = Awaited<ReturnType<typeof begin>>;
  const begin = () => pipelineRun.begin(ports, parsed, call());
  const poll = async (receipt: Receipt) => pipelineRun.poll?.(ports, receipt, call());
  return {
    outside,
    preview: () => pipelineRun.preview(ports, parsed, call()),
    begin,
    poll,
    async toTheEnd() {
      const receipt = await begin();
      while ((await poll(receipt))?.state !== "done") outside.advance(20_000);
      return pipelineRun.verify(ports, receipt, call());
    },
  };
}
