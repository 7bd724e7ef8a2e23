import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { codeIn } from "../functions/code.ts";
import { registry } from "../integrations/actions.ts";
import { loadApp, type LoadedApp } from "../local/app.ts";
import { createHost, type LocalHost } from "../local/harness.ts";
import { readHostJson } from "../local/host-json.ts";
import { serveApp, type ServedApp } from "../local/serve-app.ts";

/** What Azure loads, built and loaded as Azure does it: by the package's `main`, with the settings of the sample. */
const ROOT = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "nightshift-build-"));
const dist = join(folder, "dist");

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, unknown>>;
        readonly imports: readonly { path: string; kind: string }[];
        readonly exports: readonly string[];
        readonly entryPoint?: string;
      }
    >
  >;
}

let metafile: Metafile;
let app: LoadedApp;
let host: LocalHost;
let served: ServedApp;

beforeAll(async () => {
  const built = spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs"), "--out", dist, "--metafile", join(folder, "meta.json")], { cwd: ROOT, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
  metafile = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8")) as Metafile;
  const { Values } = JSON.parse(readFileSync(join(ROOT, "local.settings.sample.json"), "utf8")) as { Values: Record<string, string> };
  for (const [name, value] of Object.entries(Values)) vi.stubEnv(name, value);
  app = await loadApp(dist);
  host = await createHost({ app, startAt: "2024-12-08T00:00:00.000Z" });
  served = await serveApp({ app, hub: host.hub, clock: host.clock, hostJson: readHostJson(dist, {}), timersRun: false, settings: {} });
}, 120_000);

afterAll(async () => {
  await served?.close();
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

const named = (kind: string): string[] =>
  app.functions
    .filter((fn) => fn.kind === kind)
    .map(({ name }) => name)
    .toSorted();

describe("the built app", () => {
  it("registers every orchestration, and an activity for each family of verbs", () => {
    expect(named("orchestration")).toEqual(["fan", "reply", "step", "target", "window"]);
    expect(named("activity")).toEqual(expect.arrayContaining(["act-step", "advise", "advise-step", "close", "muster", ...registry.families().map((family) => `act-${family}`)]));
  });

  it("registers its timers and its API", () => {
    expect(named("timer")).toEqual(expect.arrayContaining(["saturdayPrework", "sundayPrework"]));
    expect(named("http")).toEqual(
      expect.arrayContaining(["abortRun", "approvePlan", "checkPlan", "decide", "health", "listFacts", "listPlans", "listRuns", "ready", "showRun", "startRun", "storePlan"]),
    );
    expect(named("unsupported")).toEqual([]);
    expect(served.refused).toEqual([]);
  });

  it("starts by plain Node from a folder with nothing around it, telemetry and all", () => {
    const { Values } = JSON.parse(readFileSync(join(ROOT, "local.settings.sample.json"), "utf8")) as { Values: Record<string, string> };

    const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, "test/support/load-alone.mjs"), dist], {
      cwd: dist,
      encoding: "utf8",
      env: { ...process.env, ...Values },
    });

    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { names, telemetry, usable } = JSON.parse(stdout) as { names: string[]; telemetry: string; usable: string[] };
    expect(names.toSorted()).toEqual(app.functions.map(({ name }) => name).toSorted());
    expect(telemetry.startsWith(join(dist, "node_modules/applicationinsights"))).toBe(true);
    expect(usable).toEqual(["function", "function"]);
  });

  it("is of the version that package.json says", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

    expect(JSON.parse(readFileSync(join(dist, "package.json"), "utf8"))).toMatchObject({ version });
    expect(await (await fetch(`${served.origin}/api/v1/health`)).json()).toMatchObject({ version });
  });

  it("carries orchestrators on which recorded histories were replayed, and knows when they are others", async () => {
    const code = await codeIn(join(dist, "orchestrators"))();
    const other = join(folder, "other");
    cpSync(join(dist, "orchestrators"), other, { recursive: true });
    appendFileSync(join(other, "orchestrators.js"), ";");

    expect(code.unfit).toBeUndefined();
    expect(code.digest).toBe((await codeIn(join(ROOT, "orchestrators"))()).digest);
    expect((await codeIn(other)()).unfit).toContain("orchestrators.js changed since");
  });

  it("finds in each SDK's chunk what a connector takes from the SDK: of a CommonJS package that is its default alone", () => {
    const taken = globSync("{integrations,adapters}/**/*.ts", { cwd: ROOT })
      .filter((file) => !file.endsWith(".test.ts"))
      .flatMap((file) => [...readFileSync(join(ROOT, file), "utf8").matchAll(/const \{([^}]*)\} = await import\("([^"]+)"\)/g)])
      .map(([, names = "", from = ""]) => ({ from, names: names.split(",").map((name) => name.trim().split(":")[0] ?? "") }));
    const chunks = Object.values(metafile.outputs);

    const missing = taken.flatMap(({ from, names }) => {
      const chunk = chunks.find(({ entryPoint }) => entryPoint?.includes(`node_modules/${from}/`));
      return chunk === undefined ? [] : names.filter((name) => !chunk.exports.includes(name)).map((name) => `${from}: ${name}`);
    });

    expect(taken.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });

  it("answers that it is alive", async () => {
    const answer = await fetch(`${served.origin}/api/v1/health`);

    expect({ status: answer.status, json: await answer.json() }).toEqual({ status: 200, json: { status: "alive", version: expect.any(String) } });
  });

  it("turns away who has neither signed in nor a key", async () => {
    const answer = await fetch(`${served.origin}/api/v1/plans/check`, {
      method: "POST",
      body: JSON.stringify({ text: "plan: 1" }),
      headers: { "content-type": "application/json" },
    });

    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  it("is a package of its own, with host.json and plans beside it", () => {
    const { main, type } = JSON.parse(readFileSync(join(dist, "package.json"), "utf8")) as { main: string; type: string };

    expect({ main, type }).toEqual({ main: "functions/main.js", type: "module" });
    expect(readFileSync(join(dist, "host.json"), "utf8")).toBe(readFileSync(join(ROOT, "host.json"), "utf8"));
    expect(existsSync(join(dist, "plans/inventory.yaml"))).toBe(true);
  });
});

describe("the bundle", () => {
  const inputs = (): string[] => Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  /** What is loaded at the start: the entry, and the chunks that it imports at once, and those that they do. */
  const loadedAtStart = (): string[] => {
    const [entry = ""] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "functions/main.ts") ?? [];
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { path, kind } of metafile.outputs[file]?.imports ?? []) if (kind !== "dynamic-import" && metafile.outputs[path] !== undefined) visit(path);
    };
    visit(entry);
    return [...seen].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
  };

  it("holds nothing of the local host, of simulators, tests, the command line or the bench", () => {
    const strangers = inputs().filter((file) => /^(local|test|cli|bench)\/|simulat|\.test\.|node_modules\/(hono|@hono|azurite|vitest|commander|esbuild)\//.test(file));

    expect(strangers).toEqual([]);
    expect(inputs()).toContain("integrations/azure-devops/connector.ts");
  });

  it("loads no vendor's SDK at the start: each waits in a chunk of its own for its first call", () => {
    const sdks = /node_modules\/(@slack\/web-api|@azure\/(arm-[a-z]+|keyvault-[a-z]+|data-tables|identity)|cloudflare|jira\.js|applicationinsights|write-excel-file)\//;

    const early = [...new Set(loadedAtStart().flatMap((file) => sdks.exec(file)?.[1] ?? []))];

    expect(inputs().some((file) => sdks.test(file))).toBe(true);
    expect(early.filter((name) => !PART_OF_THE_START.includes(name))).toEqual([]);
  });

  it("has each script for servers beside the connector that reads it, and none over another", () => {
    const scripts = globSync("integrations/*/scripts/*", { cwd: ROOT });
    const readers = [...new Set(scripts.map((script) => script.split("/scripts/")[0]))];

    expect(new Set(scripts.map((script) => basename(script))).size).toBe(scripts.length);
    for (const script of scripts) expect(readFileSync(join(dist, "functions/scripts", basename(script)), "utf8")).toBe(readFileSync(join(ROOT, script), "utf8"));
    const entry = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === "functions/main.ts");
    expect(readers.filter((reader) => !Object.keys(entry?.inputs ?? {}).some((input) => input.startsWith(`${reader}/`)))).toEqual([]);
  });
});

/** The journal's and the sign-in's packages are no vendors': every activity needs them. */
const PART_OF_THE_START: readonly string[] = ["@azure/data-tables", "@azure/identity"];
