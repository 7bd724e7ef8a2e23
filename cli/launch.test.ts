import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BUNDLED_GROUPS } from "./bundled-groups.ts";
import { GROUPS } from "./groups.ts";
import { bundleFor, bundlePlace, canBuild, freshBundle, type BundleStatement } from "./launch.mjs";

/** A checkout of one source, with the maker of bundles installed. */
let root: string;
let place: string;

beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), "nightshift-launch-"))}/`;
  place = bundlePlace(root);
  write("cli/one.ts", "export const one = 1;\n");
  write("node_modules/esbuild/package.json", "{}");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** The checkout, and a Node of which nothing is asked. */
const plain = () => ({ root, node: { execArgv: [], env: {} } });

/** Puts a bundle of the source there as it is now; true, as a maker says that it made one. */
function madeBundle({ settled = true, root: of = root }: { readonly settled?: boolean; readonly root?: string } = {}): true {
  const { size, mtimeMs, ctimeMs } = statSync(join(root, "cli/one.ts"));
  const source = { file: "cli/one.ts", size, ...(settled ? { mtimeMs, ctimeMs } : {}), sha256: createHash("sha256").update("export const one = 1;\n").digest("hex") };
  const statement: BundleStatement = { root: of, folder: "0123", sources: [source], files: [{ file: "bundled.mjs", size: 8 }] };
  mkdirSync(join(place, "0123"), { recursive: true });
  writeFileSync(join(place, "0123/bundled.mjs"), "bundled;");
  writeFileSync(join(place, "bundle.json"), JSON.stringify(statement));
  return true;
}

describe("a bundle", () => {
  it("is used while its source is as it was", () => {
    madeBundle();

    expect(freshBundle(root)).toEqual({ entry: join(place, "0123/bundled.mjs"), compiled: join(place, "0123/compiled") });
  });

  it("is used when its source was touched and says the same", () => {
    madeBundle();
    utimesSync(join(root, "cli/one.ts"), 1, 1);

    expect(freshBundle(root)).toBeDefined();
  });

  it.each(["export const one = 2;\n", "export const one = 11;\n"])("is not used once its source says something else: %j", (text) => {
    madeBundle();
    write("cli/one.ts", text);

    expect(freshBundle(root)).toBeUndefined();
  });

  it("is not used when its source says something else of the same length and claims the same time", () => {
    madeBundle();
    const { atimeMs, mtimeMs } = statSync(join(root, "cli/one.ts"));
    write("cli/one.ts", "export const one = 2;\n");
    utimesSync(join(root, "cli/one.ts"), atimeMs / 1_000, mtimeMs / 1_000);

    expect(freshBundle(root)).toBeUndefined();
  });

  it("of a source that had just changed is held against what the source says, not against its times", () => {
    madeBundle({ settled: false });

    const before = freshBundle(root);
    write("cli/one.ts", "export const one = 2;\n");

    expect([before, freshBundle(root)]).toEqual([expect.anything(), undefined]);
  });

  it("is not used when a source of it is gone", () => {
    madeBundle();
    rmSync(join(root, "cli/one.ts"));

    expect(freshBundle(root)).toBeUndefined();
  });

  it("is not used when a part of it is gone, or is not whole", () => {
    madeBundle();
    truncateSync(join(place, "0123/bundled.mjs"), 3);
    const cut = freshBundle(root);
    rmSync(join(place, "0123/bundled.mjs"));

    expect([cut, freshBundle(root)]).toEqual([undefined, undefined]);
  });

  it("of another checkout, or of the same before it was moved, is not used", () => {
    madeBundle({ root: "/elsewhere/" });

    expect(freshBundle(root)).toBeUndefined();
  });

  it.each(["", "{", "null", "{}", '{"root":1,"folder":2}'])("is not used when its statement is %j", (text) => {
    madeBundle();
    writeFileSync(join(place, "bundle.json"), text);

    expect(freshBundle(root)).toBeUndefined();
  });
});

describe("a command", () => {
  it.each(Object.keys(GROUPS))("%s runs from a fresh bundle exactly if it is bundled", (group) => {
    madeBundle();

    expect(bundleFor({ ...plain(), argv: [group], build: false }) !== undefined).toBe(group in BUNDLED_GROUPS);
  });

  it.each([[], ["--help"], ["constructor"]])("that is none runs from the sources: %j", (...argv) => {
    madeBundle();

    expect(bundleFor({ ...plain(), argv, build: true })).toBeUndefined();
  });

  it.each(["rehearse", "storm"])("%s has a bundle made when there is none, and another when that is stale", (group) => {
    const make = vi.fn<() => boolean>(() => madeBundle());

    const first = bundleFor({ ...plain(), argv: [group], build: true, make });
    const second = bundleFor({ ...plain(), argv: [group], build: true, make });
    appendFileSync(join(place, "0123/bundled.mjs"), "damage");
    const third = bundleFor({ ...plain(), argv: [group], build: true, make });

    expect([first, second, third]).toEqual([expect.anything(), expect.anything(), expect.anything()]);
    expect(make).toHaveBeenCalledTimes(2);
  });

  it("that is over sooner than a bundle is made, or is run by its sources' name, does without", () => {
    const make = vi.fn<() => boolean>(() => madeBundle());

    expect([bundleFor({ ...plain(), argv: ["plan"], build: true, make }), bundleFor({ ...plain(), argv: ["rehearse"], build: false, make })]).toEqual([undefined, undefined]);
    expect(make).not.toHaveBeenCalled();
  });

  it("runs from its sources when no bundle could be made, or not of these sources", () => {
    const failed = bundleFor({ ...plain(), argv: ["rehearse"], build: true, make: () => false });
    const overtaken = bundleFor({
      ...plain(),
      argv: ["rehearse"],
      build: true,
      make: () => {
        madeBundle();
        write("cli/one.ts", "export const one = 2;\n");
        return true;
      },
    });

    expect([failed, overtaken]).toEqual([undefined, undefined]);
  });

  it("tries to make none where its maker is not installed", () => {
    rmSync(join(root, "node_modules/esbuild"), { recursive: true });

    expect(canBuild(root)).toBe(false);
  });

  it.each([
    { execArgv: ["--import", "./hooks.ts"], env: {} },
    { execArgv: ["--inspect-brk"], env: {} },
    { execArgv: [], env: { NODE_OPTIONS: "--max-old-space-size=4096 --import=./hooks.ts" } },
    { execArgv: [], env: { NODE_OPTIONS: "-r ./hooks.cjs" } },
    { execArgv: [], env: { NODE_V8_COVERAGE: "coverage" } },
  ])("runs from its sources for who looks at them as they are loaded: $execArgv $env", (node) => {
    madeBundle();

    expect(bundleFor({ root, node, argv: ["storm"], build: true })).toBeUndefined();
  });

  it("runs from its bundle when Node is told something else", () => {
    madeBundle();

    expect(bundleFor({ root, node: { execArgv: ["--max-semi-space-size=32"], env: { NODE_OPTIONS: "--max-old-space-size=4096" } }, argv: ["storm"], build: true })).toBeDefined();
  });
});
