import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { afterAll, describe, expect, it, vi } from "vitest";
import { Certificate } from "../shared/run/certificate.ts";
import { said } from "../test/support/command-line.ts";
import { rehearseCommand } from "./rehearse.ts";
import { stormCommand } from "./storm.ts";

vi.setConfig({ testTimeout: 180_000 });

const DECEMBER = new URL("../plans/2024-12-08.yaml", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "rehearse-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inFolder = (name: string): string => join(folder, name);

/** Runs `nightshift …` in this process, as a shell would see it. */
const nightshift = (...args: readonly string[]) =>
  said((program) => {
    rehearseCommand(program);
    stormCommand(program);
  }, args);

describe("nightshift rehearse", () => {
  it("says how the night is expected to go, and what was done to every vendor", async () => {
    const { out, code } = await nightshift("rehearse", DECEMBER, "--calls");

    expect(code).toBe(0);
    for (const line of [
      "starts Sat 19:50, expected to end Sun 10:49 (15:49 UTC), cutoff Sun 12:00",
      "the last step that the cutoff counts begins Sun 08:45: 3h14m before the cutoff",
      "start-jobs.run: its phase waits for all before it, regression.suite last",
      "kong-cluster.destroy (Destroy the kong stack in PRD): cannot be taken back",
      "Luis or Dana approves kong-cluster.destroy",
      "What must always be true was true.",
    ])
      expect(out.replaceAll(/\n\s+/g, " ")).toContain(line);
    expect(out).toMatch(/PATCH azure-devops \/\S+ 200 {2}|POST azure-devops \/\S+ 200 {2}/);
    expect(out).not.toMatch(/azure-devops \/\S*\?/);
  });

  it("gives one seed one transcript, byte for byte, alone and in a storm of any number of workers", async () => {
    const weather = ["--seed", "3", "--faults", "light"];

    const first = await nightshift("rehearse", DECEMBER, ...weather, "--transcript", inFolder("one"), "--format", "json");
    await nightshift("rehearse", DECEMBER, ...weather, "--transcript", inFolder("two"), "--format", "json");
    const storms = [];
    for (const workers of ["1", "2"]) {
      const { out } = await nightshift("storm", DECEMBER, "--seed", "3", "--runs", "2", "--profile", "light", "--workers", workers, "--shrink", "0", "--format", "json");
      storms.push((JSON.parse(out) as { windows: readonly { transcript: string }[] }).windows.map(({ transcript }) => transcript));
    }

    const text = readFileSync(inFolder("one"));
    const digest = createHash("sha256").update(text).digest("hex");
    expect(text.equals(readFileSync(inFolder("two")))).toBe(true);
    expect((JSON.parse(first.out) as { weather: { transcript: string } }).weather.transcript).toBe(digest);
    expect(storms[0]?.[0]).toBe(digest);
    expect(storms[1]).toEqual(storms[0]);
  });

  it("certifies what it came to, and a storm of many windows too", async () => {
    await nightshift("rehearse", DECEMBER, "--certificate", inFolder("fair.json"), "--format", "html");
    await nightshift("storm", DECEMBER, "--runs", "2", "--seed", "5", "--workers", "2", "--shrink", "0", "--certificate", inFolder("storm.json"));

    const read = (name: string): Certificate => Certificate.parse(JSON.parse(readFileSync(inFolder(name), "utf8")));
    expect(read("fair.json")).toMatchObject({ window: "2024-12-08", profile: "fair", windows: { count: 1 }, result: "kept" });
    expect(read("storm.json")).toMatchObject({ plan: read("fair.json").plan, profile: "light", seeds: { first: 5, last: 6 }, windows: { count: 2 } });
  });

  it("certifies no storm of chosen misfortunes", async () => {
    await expect(nightshift("storm", DECEMBER, "--runs", "1", "--only", "none", "--certificate", inFolder("chosen.json"))).rejects.toMatchObject({ kind: "invalid" });
  });

  it.each([
    ["", "it is not JSON: it is empty"],
    ["[]", "is no scene of the vendors"],
    ['{"wolrds": {}}', "wolrds"],
  ])("names the file of a world that is none, in every weather and in a storm: %j", async (text, why) => {
    writeFileSync(inFolder("world.json"), text);
    const refusal = { kind: "invalid", message: expect.stringMatching(new RegExp(`world\\.json[^]*${why}`)) as string };

    await expect(nightshift("rehearse", DECEMBER, "--world", inFolder("world.json"))).rejects.toMatchObject(refusal);
    await expect(nightshift("rehearse", DECEMBER, "--faults", "light", "--world", inFolder("world.json"))).rejects.toMatchObject(refusal);
    await expect(nightshift("storm", DECEMBER, "--runs", "1", "--world", inFolder("world.json"))).rejects.toMatchObject(refusal);
  });

  it.each([
    ["--certificate", "none/certificate.json", "There is no folder"],
    ["--transcript", ".", "It is a folder"],
    ["--record", "none/record.jsonl", "There is no folder"],
  ])("begins no night whose %s could not be written in the end", async (option, place, why) => {
    await expect(nightshift("rehearse", DECEMBER, option, inFolder(place))).rejects.toMatchObject({
      code: "commander.invalidArgument",
      message: expect.stringContaining(why) as string,
    });
  });

  it.each([
    ["--runs", "0"],
    ["--workers", "0"],
    ["--workers", "100000"],
    ["--only", "nonsense"],
    ["--only", ""],
  ])("makes no storm of %s %j, which would be well whatever the plan", async (option, value) => {
    await expect(nightshift("storm", DECEMBER, option, value)).rejects.toMatchObject({ code: "commander.invalidArgument" });
  });

  it("refuses a past that is no report", async () => {
    writeFileSync(inFolder("past.json"), "{}");

    await expect(nightshift("rehearse", DECEMBER, "--past", inFolder("past.json"))).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("past.json is not the report.json of a run: format: "),
    });
  });
});
