import { beforeAll, describe, expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { demoScene, type Scenario } from "../../local/demo-world.ts";
import { rehearse, type Rehearsal } from "../../local/rehearse.ts";
import { headlineOf } from "../../shared/run/headline.ts";
import { breachesOf } from "../support/invariants.ts";

const { plan, inventory } = loadPlan(new URL("../../plans/2024-12-08.yaml", import.meta.url).pathname, new URL("../../plans/inventory.yaml", import.meta.url).pathname);

function night(scenario: Scenario): Promise<Rehearsal> {
  return rehearse({ plan, scene: demoScene({ inventory, plan, scenario }) });
}

describe("the window of 2024-12-08, rehearsed", () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await night("usual");
  });

  it("ends well, with every change done and nothing left open", () => {
    const { state } = rehearsal;

    expect(state.outcome).toBe("well");
    expect(headlineOf(state)).toEqual({ headline: "18 of 18 changes done, nothing left open.", lines: [] });
    expect(breachesOf({ plan, ...rehearsal })).toEqual([]);
  });

  it("keeps to the page's hours", () => {
    const begun = (step: string): string | undefined => rehearsal.state.steps.find(({ id }) => id === step)?.targets[0]?.begunAt;

    expect(begun("reschedule-jobs.run")).toBe("2024-12-08T01:00:00.000Z");
    expect(begun("starting-maintenance.run")).toBe("2024-12-08T09:45:00.000Z");
    expect(begun("mcc-patching.group")).toBe("2024-12-08T09:50:00.000Z");
  });

  it("runs each deployment once, though two changes want the same", () => {
    const queued = rehearsal.effects.filter(({ did, system }) => did === "queued" && system === "azure-devops").map(({ to, with: details }) => `${to} ${JSON.stringify(details)}`);

    expect(new Set(queued).size).toBe(queued.length);
    expect(queued.filter((line) => line.includes("Hub_Infrastructure"))).toHaveLength(1);
    expect(queued.filter((line) => line.includes("AVD_Infrastructure"))).toHaveLength(1);
  });

  it("announces the start and the end once in each channel", () => {
    const posts = rehearsal.effects.filter(({ system, did }) => system === "slack" && did === "posted").map(({ to, with: details }) => `${to}: ${String(details?.["text"])}`);

    for (const channel of ["dailyops", "maintenance"]) {
      for (const said of ["Maintenance is starting.", "Maintenance is finished."])
        expect(
          posts.filter((post) => post.includes(`#${channel}: `) && post.includes(said)),
          `${channel} ${said}`,
        ).toHaveLength(1);
    }
    expect(posts.filter((post) => post.includes("18 of 18 changes done, nothing left open."))).toHaveLength(2);
  });

  it("tries the two servers again whose first patch attempt failed, and waits as long as Jira asked", () => {
    const tried = rehearsal.state.steps
      .flatMap(({ targets }) => targets.filter(({ tries, faults }) => tries > 1 || faults.some((fault) => fault.includes("429") || fault.includes("Retry"))))
      .map(({ id }) => id);

    expect(tried).toEqual(expect.arrayContaining(["IC-MCC2", "IC-App5"]));
  });

  it("keeps every history short", () => {
    expect(rehearsal.longestHistory().events).toBeLessThan(1_000);
  });

  it("is the same night every time", async () => {
    const again = await night("usual");

    expect(again.entries).toEqual(rehearsal.entries);
    expect(again.effects).toEqual(rehearsal.effects);
  });
});

describe("what happened in December, rehearsed", () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await night("december");
  });

  it("notices within a minute that the Saturday stage did not start, and tells people", () => {
    const told = rehearsal.entries.map(({ fact }) => fact).find((fact) => fact.type === "target.told" && fact.step === "reschedule-jobs.run");

    expect(told?.at).toBe("2024-12-08T01:01:00.000Z");
  });

  it("skips exactly the servers that depend on it, with that reason, and carries them over", () => {
    const skipped = rehearsal.state.steps.filter(({ as, verb }) => as === "skipped" && !verb.startsWith("jira."));

    expect(skipped.flatMap(({ targets }) => targets.map(({ id }) => id)).sort()).toEqual(["IC-App-Test1", "IC-App1", "IC-App2", "IC-App3", "IC-App4", "IC-App5", "IC-App6"]);
    for (const { targets } of skipped) for (const { why } of targets) expect(why).toContain("PreMaintenance has not started");
  });

  it("sees to it that the stage cannot start by itself later", () => {
    const run = rehearsal.effects.filter(({ did, to }) => did === "cancelled" || (did === "canceled" && to.includes("Preparation")));

    expect(run.map(({ at }) => at)).toEqual(["2024-12-08T01:45:00.000Z"]);
  });

  it("patches the MCC servers and does the rest of the night all the same, leaves nothing open, and does not call it well", () => {
    const { state } = rehearsal;

    expect(state.steps.find(({ id }) => id === "mcc-patching.install")?.as).toBe("done");
    expect(state.outcome).toBe("badly");
    expect(state.obligations.filter(({ closed }) => closed === undefined)).toEqual([]);
    expect(breachesOf({ plan, ...rehearsal })).toEqual([]);
  });
});
