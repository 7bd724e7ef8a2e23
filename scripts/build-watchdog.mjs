// Builds the watchdog: an app of its own, in dist-watchdog/, with its own host.json. It shares code with the app it watches, and
// neither process, storage nor identity.
import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copyPackages, UNBUNDLED } from "./packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values: options } = parseArgs({ options: { out: { type: "string", default: join(root, "dist-watchdog") } } });
const dist = resolve(options.out);

await rm(dist, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { main: "functions/watchdog-main.ts" },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  minify: true,
  keepNames: true,
  // The worker supplies the first.
  external: ["@azure/functions-core", ...UNBUNDLED],
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  logLevel: "warning",
});
const { version, dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const carried = Object.fromEntries(UNBUNDLED.map((name) => [name, dependencies[name]]));
const own = { name: "nightshift-watchdog", version, private: true, type: "module", main: "main.js", dependencies: carried };
const host = {
  version: "2.0",
  functionTimeout: "00:05:00",
  logging: { applicationInsights: { samplingSettings: { isEnabled: true, excludedTypes: "Request;Exception;Event" } } },
  extensionBundle: { id: "Microsoft.Azure.Functions.ExtensionBundle", version: "[4.*, 5.0.0)" },
};
await mkdir(dist, { recursive: true });
await writeFile(join(dist, "package.json"), `${JSON.stringify(own, null, 2)}\n`);
await writeFile(join(dist, "host.json"), `${JSON.stringify(host, null, 2)}\n`);
await copyPackages(root, dist);
