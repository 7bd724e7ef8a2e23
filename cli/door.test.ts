import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { said } from "../test/support/command-line.ts";
import { azureDoor } from "../test/support/callers.ts";
import { hostedApp, type HostedApp, type HostedOptions } from "../test/support/hosted-app.ts";
import { BEN, planWith } from "../test/support/plan-with.ts";
import { decideCommand } from "./decide.ts";
import { openCommand } from "./open.ts";
import { runCommand } from "./run.ts";

const RUN = "2024-12-08";
const COMMANDS = { run: runCommand, open: openCommand, decide: decideCommand };

/** Runs `nightshift …` in this process against a host, as a shell would see it. */
async function nightshift(hosted: HostedApp, ...args: readonly [keyof typeof COMMANDS, ...string[]]): Promise<{ out: string; code: number }> {
  const { out, code } = await said(COMMANDS[args[0]], [...args, "--server", hosted.served.origin]);
  return { out, code };
}

async function running(options: HostedOptions = {}): Promise<HostedApp> {
  const hosted = await hostedApp({ works: { "IC-Web1": { takesMs: 3_600_000 } }, ...options });
  await hosted.store(
    planWith({
      "web.drain": { title: "Drain", targets: [{ id: "IC-Web1", opens: [{ id: "out:IC-Web1", what: "IC-Web1 is out of its pool" }] }], policy: { timeoutMs: 7_200_000 } },
      "web.deploy": { title: "Deploy", approval: { by: [BEN] } },
    }),
  );
  return hosted;
}

describe("nightshift", () => {
  it("decides about the one run that is under way, whatever other runs have ended, once for each id", async () => {
    await using hosted = await running();
    const ended = { at: "2024-12-01T00:00:00.000Z", digest: "0".repeat(64), by: "Ada" };
    await hosted.journal.append("2024-12-01", "run", 0, [
      { type: "run.started", ...ended },
      { type: "run.ended", at: ended.at, outcome: "well", headline: "" },
    ]);

    await expect(nightshift(hosted, "decide", "pause")).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("none is under way") });
    await nightshift(hosted, "run", "start", RUN, "--as", "Kim");
    const first = await nightshift(hosted, "decide", "pause", "--id", "p1");
    const again = await nightshift(hosted, "decide", "pause", "--id", "p1");

    expect(again.out).toBe(first.out);
    expect(await hosted.journal.read(RUN, "decisions")).toMatchObject([{ decision: "pause", id: "p1" }]);
  });

  it("starts a run, shows its steps and what is open, and takes an abort, as who it is told to be", async () => {
    await using hosted = await running();

    expect(await nightshift(hosted, "open")).toEqual({ code: 0, out: "2024-12-08T00:40:00.000Z: nothing is open\n" });
    expect((await nightshift(hosted, "run", "start", RUN, "--as", "Kim")).out).toBe(`${RUN}: started\n`);
    await hosted.host.advanceTo("2024-12-08T01:10:00.000Z");

    expect((await nightshift(hosted, "run", "list")).out).toBe(`${RUN}\n`);
    expect((await nightshift(hosted, "run", "steps", RUN, "--state", "running")).out).toMatch(/^running {2}web\.drain {2}Drain/);
    expect((await nightshift(hosted, "run", "steps", RUN, "--step", "web.drain")).out).toMatch(/\n {2}running {2}IC-Web1/);
    expect(await nightshift(hosted, "open")).toEqual({
      code: 0,
      out: expect.stringMatching(/under way\n {2}Open since \S+: IC-Web1 is out of its pool \(web\.drain\)\n {2}Asked: Deploy \(approval, step web\.deploy\) of Ben\n$/),
    });
    await nightshift(hosted, "decide", "abort", "--mode", "freeze", "--as", "Ben");
    expect(await hosted.facts(RUN)).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: "run.started", by: "Kim" }), expect.objectContaining({ decision: "abort", mode: "freeze", by: "Ben" })]),
    );
  });

  it("prints a report or writes it to a file", async () => {
    await using hosted = await running();
    await nightshift(hosted, "run", "start", RUN);
    const folder = mkdtempSync(join(tmpdir(), "nightshift-report-"));

    try {
      await nightshift(hosted, "run", "report", RUN, "--format", "xlsx", "--out", join(folder, "t.xlsx"));

      expect((await nightshift(hosted, "run", "report", RUN)).out).toMatch(/^#/);
      expect(JSON.parse((await nightshift(hosted, "run", "report", RUN, "--format", "json")).out)).toMatchObject({ format: 1, run: RUN });
      expect(readFileSync(join(folder, "t.xlsx")).subarray(0, 2).toString()).toBe("PK");
      await expect(nightshift(hosted, "run", "report", RUN, "--format", "xlsx")).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("--out") });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("comes in by a machine's key, may what that key may, and says why it may not", async () => {
    await using hosted = await running({ door: azureDoor() });

    expect((await nightshift(hosted, "run", "start", RUN, "--key", "robot-operator:value of key-operator")).out).toBe(`${RUN}: started\n`);
    await expect(nightshift(hosted, "run", "start", RUN, "--key", "robot-viewer:value of key-viewer")).rejects.toMatchObject({
      kind: "denied",
      message: "key robot-viewer is viewer here; this needs operator",
    });
    await expect(nightshift(hosted, "open", "--as", "Ada")).rejects.toMatchObject({ kind: "denied", message: "nobody is signed in" });
  });
});
