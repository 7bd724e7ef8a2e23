import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { windowInstance } from "../shared/run/instances.ts";
import { said } from "../test/support/command-line.ts";
import { hostedApp } from "../test/support/hosted-app.ts";
import { planWith } from "../test/support/plan-with.ts";
import { evidenceCommand } from "./evidence.ts";
import { runCommand } from "./run.ts";

/** Runs `nightshift …` in this process, as a shell would see it. */
async function nightshift(...args: readonly string[]): Promise<{ out: string; code: number }> {
  const { out, code } = await said(args[0] === "run" ? runCommand : evidenceCommand, args);
  return { out, code };
}

describe("nightshift run evidence", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nightshift-evidence-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes a file that verifies offline, and that any change breaks", async () => {
    await using hosted = await hostedApp();
    await hosted.store(planWith({ "a.one": {}, "b.two": { needs: ["a.one"] } }));
    await hosted.call("POST", "runs", { window: "2024-12-08" });
    await hosted.host.waitFor(windowInstance("2024-12-08"));
    const [file, recording] = [join(folder, "night.jsonl"), join(folder, "recording.jsonl")];
    const exchange = {
      at: "2024-12-08T01:00:00.000Z",
      run: "2024-12-08",
      step: "a.one",
      target: "a.one",
      system: "fake",
      request: { method: "PUT", url: "https://vendor.example/x", headers: {}, body: { x: 1 } },
      response: { status: 200, headers: {}, body: null },
    };
    writeFileSync(recording, `${JSON.stringify(exchange)}\n`);

    const made = await nightshift("run", "evidence", "2024-12-08", "--out", file, "--recording", recording, "--server", hosted.served.origin);
    const head = /last hash ([0-9a-f]{64})/.exec(made.out)?.[1] ?? "";
    const whole = await nightshift("evidence", "verify", file, "--head", head);
    writeFileSync(file, readFileSync(file, "utf8").replace('"x":1', '"x":2'));
    const altered = await nightshift("evidence", "verify", file);

    expect(whole).toEqual({ code: 0, out: expect.stringMatching(/is whole: 1 window, 2 change, 2 work, 1 exchange, \d+ fact\n/) });
    expect(altered).toEqual({ code: 1, out: expect.stringMatching(/night\.jsonl:4: record 4 was altered/) });
  });

  it("refuses a recording that is none, by its line", async () => {
    await using hosted = await hostedApp();
    await hosted.store(planWith({ "a.one": {} }));
    await hosted.call("POST", "runs", { window: "2024-12-08" });
    const recording = join(folder, "recording.jsonl");
    writeFileSync(recording, "{}\n");

    await expect(nightshift("run", "evidence", "2024-12-08", "--out", join(folder, "x"), "--recording", recording, "--server", hosted.served.origin)).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("recording.jsonl:1"),
    });
  });
});
