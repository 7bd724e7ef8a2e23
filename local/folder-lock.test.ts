import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdFolder } from "./folder-lock.ts";

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nightshift-lock-"))));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a folder that is held", () => {
  it("is nobody else's until it is given back", () => {
    const held = holdFolder(join(folder, "made", "for", "it"));
    const second = (): unknown => holdFolder(join(folder, "made", "for", "it"));

    expect(second).toThrow(expect.objectContaining({ kind: "conflict", message: expect.stringMatching(/runs in .* already: wait .* --data/) as string }));
    held.release();
    const again = holdFolder(join(folder, "made", "for", "it"));
    again.release();
  });

  it("cannot be a file", () => {
    writeFileSync(join(folder, "file"), "");

    expect(() => holdFolder(join(folder, "file"))).toThrow(expect.objectContaining({ kind: "invalid" }));
  });

  it("is not kept from anybody by what a broken lock left behind", () => {
    writeFileSync(join(folder, "in-use.sqlite"), "");

    holdFolder(folder).release();
  });
});
