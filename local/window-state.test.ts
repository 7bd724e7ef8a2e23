import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { servedIn } from "./outdoors.ts";
import { readWindowState } from "./window-state.ts";

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nightshift-state-"))));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("what a start finds in its folder", () => {
  it.each(["", "{", "null", "[]", '{"run": 1}', "\u0000\u0001"])("is as good as nothing when it is %j", (text) => {
    writeFileSync(join(folder, "window.json"), text);
    mkdirSync(join(folder, "vendors"));
    writeFileSync(join(folder, "vendors", "vendors.json"), text);

    expect([readWindowState(folder), servedIn(join(folder, "vendors"))]).toEqual([undefined, undefined]);
  });
});
