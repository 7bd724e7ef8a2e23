// Builds what Azure loads: one entry bundle, and each vendor's SDK in a chunk of its own that is loaded at its first call.
// Simulators, the local host and tests stay out: nothing in functions/ reaches them. The folder is complete: it is deployed as it is.
//   node scripts/build.mjs [--out FOLDER] [--metafile FILE]     the latter: esbuild's account of what went where
import { spawnSync } from "node:child_process";
import { build } from "esbuild";
import { globSync } from "node:fs";
import { cp, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copyPackages, UNBUNDLED } from "./packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values: options } = parseArgs({ options: { out: { type: "string", default: join(root, "dist") }, metafile: { type: "string" } } });
const dist = resolve(options.out);

/** zod brings its messages in fifty languages, a fifth of the entry; we speak one. */
const englishOnly = {
  name: "english-only",
  setup: (build) => build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export { default as en } from "./en.js";' })),
};

const ours = { absWorkingDir: root, bundle: true, format: "esm", platform: "node", target: "node22", minify: true, keepNames: true, logLevel: "warning" };

await rm(dist, { recursive: true, force: true });
// The orchestrators are a file of their own: recorded histories are replayed on the very file that is deployed, which says so.
const orchestrators = join(dist, "orchestrators", "orchestrators.js");
const sources = globSync("orchestrators/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
const exported = sources.toSorted().map((file) => `export * from "./${file}";`).join("\n");
await build({ ...ours, stdin: { contents: exported, resolveDir: root }, outfile: orchestrators });
const orchestratorsApart = {
  name: "orchestrators-apart",
  setup: (build) => build.onResolve({ filter: /\/orchestrators\/\w+\.ts$/ }, () => ({ path: "../orchestrators/orchestrators.js", external: true })),
};
const result = await build({
  ...ours,
  entryPoints: { "functions/main": "functions/main.ts" },
  outdir: dist,
  splitting: true,
  metafile: true,
  // The worker supplies the first.
  external: ["@azure/functions-core", ...UNBUNDLED],
  plugins: [englishOnly, orchestratorsApart],
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
await cp(join(root, "host.json"), join(dist, "host.json"));
// Connectors read their scripts for servers from beside the file that they end up in, and that is the entry.
for await (const script of glob("integrations/*/scripts/*", { cwd: root })) await cp(join(root, script), join(dist, "functions", "scripts", basename(script)));
await mkdir(join(dist, "plans"), { recursive: true });
await cp(join(root, "plans"), join(dist, "plans"), { recursive: true });
const { version, dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const carried = Object.fromEntries(UNBUNDLED.map((name) => [name, dependencies[name]]));
await writeFile(
  join(dist, "package.json"),
  `${JSON.stringify({ name: "nightshift", version, private: true, type: "module", main: "functions/main.js", dependencies: carried }, null, 2)}\n`,
);
const packageCount = await copyPackages(root, dist);

// A build that cannot go on with what earlier releases began is whole all the same, and starts no window; nobody should deploy it.
const replay = spawnSync(process.execPath, [join(root, "test/replay/state.ts"), "--built", orchestrators], { stdio: "inherit" });
if (replay.status !== 0) process.exitCode = 1;

const outputs = Object.entries(result.metafile.outputs);
const bytes = outputs.reduce((sum, [, { bytes: size }]) => sum + size, 0);
const entry = outputs.find(([file]) => file.endsWith("functions/main.js"))?.[1].bytes ?? 0;
if (options.metafile !== undefined) await writeFile(options.metafile, JSON.stringify(result.metafile));
console.log(`${basename(dist)}: ${outputs.length} files, ${Math.round(bytes / 1024)} KiB; entry ${Math.round(entry / 1024)} KiB; ${packageCount} packages beside it`);
