import { spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bundlePlace, freshBundle } from "../cli/launch.mjs";

/** The command's bundle in a checkout of its own, which borrows the packages of this one. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ROOT = join(import.meta.dirname, "..");
const SOURCES = ["adapters", "cli", "dashboard", "functions", "integrations", "local", "orchestrators", "plans", "scripts", "shared", "test/planted/plan.yaml"];
const FILES = ["local.settings.sample.json", "package.json", "tsconfig.json"];
const root = `${realpathSync(mkdtempSync(join(tmpdir(), "nightshift-command-")))}/`;
const place = bundlePlace(root);
const WINDOW = ["test/planted/plan.yaml", "--inventory", "plans/inventory.yaml", "--format", "json"];

let makers: readonly Said[];

beforeAll(async () => {
  for (const name of [...SOURCES, ...FILES]) cpSync(join(ROOT, name), join(root, name), { recursive: true, filter: (from) => !from.endsWith(".test.ts") });
  symlinkSync(realpathSync(join(ROOT, "node_modules")), join(root, "node_modules"));
  makers = await Promise.all([1, 2].map(() => run("scripts/build-command.mjs")));
});

afterAll(() => {
  rmSync(place, { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
});

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a file of the checkout by Node, with nothing that this process was told. */
function run(file: string, ...args: readonly string[]): Promise<Said> {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, NODE_COMPILE_CACHE: ___, ...env } = process.env;
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, env });
  const said = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (said.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said.err += part.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

describe("the bundled command", () => {
  it("is one bundle when two are made at the same moment", () => {
    expect(makers).toEqual([
      { code: 0, out: "", err: "" },
      { code: 0, out: "", err: "" },
    ]);
    expect(freshBundle(root)).toBeDefined();
  });

  it.each([
    { command: ["rehearse", ...WINDOW], code: 0 },
    { command: ["storm", ...WINDOW, "--runs", "1", "--workers", "1", "--profile", "light"], code: 0 },
    { command: ["plan", "check", "no-such-plan.yaml"], code: 2 },
  ])("says and returns what its sources do, and keeps what V8 made of it: $command.0", async ({ command, code }) => {
    const bundled = await run("cli/main.ts", ...command);
    const unbundled = await run("cli/from-sources.ts", ...command);

    expect(bundled).toEqual(unbundled);
    expect(bundled.code).toBe(code);
    expect(existsSync(join(freshBundle(root)?.compiled ?? "", command[0] ?? ""))).toBe(true);
  });

  it("finds the project's files from where its sources are, and its own from where it is", () => {
    const { folder, files } = JSON.parse(readFileSync(join(place, "bundle.json"), "utf8")) as { folder: string; files: { file: string }[] };

    const text = files.map(({ file }) => readFileSync(join(place, folder, file), "utf8")).join("\n");

    expect(text).toContain(`new URL("..", "file://${root}local/settings.ts")`);
    expect(text).toContain('new URL("./worker.mjs", import.meta.url)');
    expect(text).not.toMatch(/new URL\("[^"]*\.ts", /);
  });

  it("does not outlive a change of its sources: the next command says what they say now, and a rehearsal makes another", async () => {
    const file = join(root, "cli/rehearse.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace("run a window in virtual time", "run a window in no time"));

    const unbundled = await run("cli/main.ts", "rehearse", "--help");
    const afterMain = freshBundle(root);
    const bundled = await run("cli/nightshift.mjs", "rehearse", "--help");

    for (const { out } of [unbundled, bundled]) expect(out.replaceAll(/\s+/g, " ")).toContain("run a window in no time against");
    expect([afterMain, freshBundle(root)]).toEqual([undefined, expect.anything()]);
  });

  it("is made anew when something of it was lost", async () => {
    const { entry = "" } = freshBundle(root) ?? {};
    appendFileSync(entry, "damage");
    const damaged = freshBundle(root);

    const { code } = await run("scripts/build-command.mjs");

    expect([damaged, code, freshBundle(root)?.entry]).toEqual([undefined, 0, entry]);
  });

  it("is done without where it cannot be written", async () => {
    rmSync(place, { recursive: true });
    writeFileSync(place, "a file where the folder would be");

    const { code, out, err } = await run("cli/nightshift.mjs", "rehearse", "--help");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: nightshift rehearse");
  });
});
