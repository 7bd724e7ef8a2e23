import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { said } from "../test/support/command-line.ts";
import { planCommand } from "./plan.ts";

const PLANS = new URL("../plans/", import.meta.url).pathname;

/** Runs `nightshift plan …` in this process, as a shell would see it. */
const nightshift = (...args: readonly string[]) => said(planCommand, ["plan", ...args]);

describe("nightshift plan check", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nightshift-plan-"));
    writeFileSync(join(folder, "inventory.yaml"), "inventory: 1\nchannel: { ops: { id: C1 } }\nperson: { Ann: { slackId: U1, email: ann@example.com } }\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const planFile = (text: string): string => {
    const file = join(folder, "plan.yaml");
    writeFileSync(file, text);
    return file;
  };

  it("finds nothing wrong with December: exit code 0, the verdict on stderr", async () => {
    const { out, err, code } = await nightshift("check", join(PLANS, "2024-12-08.yaml"));

    expect(code).toBe(0);
    expect(out).not.toMatch(/: (error|warning) /);
    expect(err).toMatch(/2024-12-08\.yaml compiles: 18 changes, \d+ steps, digest [0-9a-f]{12}; 0 errors, 0 warnings/);
  });

  it("lists what October needs and is not built, without calling it an error", async () => {
    const { out, err, code } = await nightshift("check", join(PLANS, "2024-10-06.yaml"));

    expect(code).toBe(0);
    expect(out.match(/warning action-not-built/g)?.length ?? 0).toBe(err.includes("cannot be run yet") ? (out.match(/action-not-built/g)?.length ?? 0) : 0);
    expect(out).not.toContain(": error ");
  });

  it("prints the same as JSON", async () => {
    const { out, code } = await nightshift("check", join(PLANS, "2024-12-08.yaml"), "--format", "json");

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ errors: 0, warnings: 0, compiles: true, runs: true, window: "2024-12-08", findings: expect.any(Array) });
  });

  it.each([
    [
      "an unknown name",
      "plan: 1\nwindow: { title: t, date: 2024-12-08, zone: America/New_York, cutoff: Sun 12:00, channels: [opps], owners: [Ann] }\nphases: []\n",
      ":2:93: error unknown-name: ",
    ],
    [
      "02:30 on 2025-03-09",
      "plan: 1\nwindow: { title: t, date: 2025-03-09, zone: America/New_York, cutoff: Sun 02:30, channels: [ops], owners: [Ann] }\nphases: []\n",
      ":2:71: error time-gap: ",
    ],
    ["a tab", "plan: 1\nwindow:\n\ttitle: t\n", ":3:1: error tab: "],
    ["ten megabytes", "a: 1\n".repeat(2_100_000), ":1:1: error file-too-big: "],
    ["nothing", "", ":1:1: error wrong-type: "],
  ])("of a plan with %s has exit code 2 and the place", async (_what, text, place) => {
    const file = planFile(text);

    const { out, err, code } = await nightshift("check", file);

    expect(code).toBe(2);
    expect(out).toContain(`${file}${place}`);
    expect(out + err).not.toMatch(/^\s+at /m);
  });

  it("of a file that is not there has exit code 2 and says so", async () => {
    const file = join(folder, "none.yaml");

    expect(await nightshift("check", file)).toMatchObject({ code: 2, out: `${file}:1:1: error unreadable: there is no such file\n` });
    expect(await nightshift("check", folder)).toMatchObject({ code: 2, out: expect.stringContaining("it is a folder; expected a file") });
  });

  it("says of an inventory that is none only that: without it every name would be unknown", async () => {
    writeFileSync(join(folder, "inventory.yaml"), "- a list\n");

    expect((await nightshift("check", join(PLANS, "2024-12-08.yaml"), "--inventory", join(folder, "inventory.yaml"))).out.replaceAll(folder, "")).toBe(
      "/inventory.yaml:1:1: error wrong-type: the file is a list; expected a map of fields\n",
    );
  });

  it("says what is wrong with the inventory too", async () => {
    const inventory = join(folder, "other.yaml");
    writeFileSync(inventory, "inventory: 1\nservers: {}\n");

    const { out, code } = await nightshift("check", join(PLANS, "2024-12-08.yaml"), "--inventory", inventory, "--format", "json");

    expect(code).toBe(2);
    expect((JSON.parse(out) as { findings: { file: string; code: string }[] }).findings).toEqual(
      expect.arrayContaining([expect.objectContaining({ file: inventory, code: "unknown-field", line: 2, column: 1 })]),
    );
  });
});

describe("nightshift plan show", () => {
  it("tells December as a timeline in local time and UTC, at 100 columns", async () => {
    const { out, code } = await nightshift("show", join(PLANS, "2024-12-08.yaml"));

    expect(code).toBe(0);
    expect(out).toMatch(/= Sat 20:00 +01:00 +12m {2}Run the Reschedule Jobs stage/);
    expect(out).toMatch(/= Sun 04:45 +09:45/);
    expect(out).toContain("all of it waits for announce-start.notify");
    expect(out).toContain("jobs-parked (the Skybot jobs are moved out of the night): opened by reschedule-jobs.run, closed by");
    expect(out).toContain("classic-web.hub is done by biller-cluster.hub");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(out).not.toContain("\u001b");
  });

  it("gives the compiled plan as JSON", async () => {
    const { out } = await nightshift("show", join(PLANS, "2024-12-08.yaml"), "--format", "json");

    expect(JSON.parse(out)).toMatchObject({ format: 1, window: { id: "2024-12-08" }, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

it("prints schemas and the reference", async () => {
  expect(JSON.parse((await nightshift("schema")).out)).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#", title: "A plan of Nightshift" });
  expect(JSON.parse((await nightshift("schema", "inventory")).out)).toMatchObject({ title: "An inventory of Nightshift" });
  expect((await nightshift("reference")).out).toMatch(/^# Plan reference\n/);
});
