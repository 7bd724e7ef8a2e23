import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { writeOutput } from "../local/output.ts";
import { windowInstance } from "../shared/run/instances.ts";
import { said } from "../test/support/command-line.ts";
import { decemberNight } from "../test/support/december.ts";
import { always } from "../test/support/fake-vendor.ts";
import { hostedApp } from "../test/support/hosted-app.ts";
import { planWith } from "../test/support/plan-with.ts";
import { runCommand } from "./run.ts";

/** What `nightshift run carry-over …` prints, as a shell would see it. */
const carryOver = (...args: readonly string[]) => said(runCommand, ["run", "carry-over", ...args]);

describe("nightshift run carry-over", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nightshift-carry-over-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("asks a running Nightshift what a run has left over", async () => {
    await using hosted = await hostedApp({ works: { "b.two": { beforeBegin: always("rejected", "the vendor said no") } } });
    await hosted.store(planWith({ "a.one": {}, "b.two": {}, "c.three": { needs: ["b.two"] } }));
    await hosted.call("POST", "runs", { window: "2024-12-08" });
    await hosted.host.waitFor(windowInstance("2024-12-08"));

    const { out, err } = await carryOver("2024-12-08", "--server", hosted.served.origin);

    const changes = (parse(out) as { phases: { changes: object[] }[] }).phases.flatMap((phase) => phase.changes);
    expect(changes).toMatchObject([
      { id: "b", carried: { windows: ["2024-12-08"], as: "failed", why: expect.stringContaining("the vendor said no") as string } },
      { id: "c", carried: { as: "skipped", blocker: expect.stringContaining("(b.two) failed") as string, evidence: [expect.stringContaining("the vendor said no")] } },
    ]);
    expect(err).toBe("2024-12-08: 2 of 3 changes are left over\n");
  });

  it("reads the folder that a window has written, and writes a plan or lines for the next page", async () => {
    const night = await decemberNight({ misfortune: true });
    await writeOutput(folder, night.plan, night.entries, night.stage.clock.now());
    const place = join(folder, "2024-12-08");

    await carryOver(place, "--out", join(folder, "next.yaml"));
    const page = await carryOver(join(place, "report.json"), "--page");

    expect(readFileSync(join(folder, "next.yaml"), "utf8")).toContain("- PLAT-1405");
    expect(page.out).toContain("<h2>Primary Work</h2><ul><li><p>PLAT-1406 Patch the MCC servers and IC-App-Test1</p><ul><li><p>(Left over from 2024-12-08: ");
  });

  it("refuses a plan that is not the one that the report is about, and a folder without one", async () => {
    const night = await decemberNight();
    await writeOutput(folder, night.plan, night.entries, night.stage.clock.now());
    const place = join(folder, "2024-12-08");
    writeFileSync(join(place, "plan.json"), readFileSync(join(place, "plan.json"), "utf8").replace("Maintenance of", "Something of"));

    await expect(carryOver(place)).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("does not have the digest") as string });
    await expect(carryOver(folder)).rejects.toMatchObject({ kind: "absent", message: expect.stringContaining("there is no") as string });
  });
});
