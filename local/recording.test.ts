import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recording } from "./recording.ts";

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nightshift-recording-"))));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a recording", () => {
  it("begins anew, or goes on where a process before it ended", () => {
    const file = join(folder, "made", "r.jsonl");
    recording(file, "new").write("1");
    recording(file, "goes on").write("2");
    const both = readFileSync(file, "utf8");
    recording(file, "new").write("3");

    expect([both, readFileSync(file, "utf8")]).toEqual(["1\n2\n", "3\n"]);
  });

  it("cannot be made where there is a folder", () => {
    for (const how of ["new", "goes on"] as const)
      expect(() => recording(folder, how)).toThrow(expect.objectContaining({ kind: "invalid", message: expect.stringContaining("it is a folder") as string }));
  });

  it.runIf(process.platform === "linux")("does not stop what is recorded when the disk is full, and says at the end that it is cut off", () => {
    const full = recording("/dev/full", "goes on");

    full.write("1");
    full.write("2");

    expect(() => full.close()).toThrow(expect.objectContaining({ kind: "unavailable", message: "/dev/full cannot be written: no space is left on its disk" }));
  });
});
