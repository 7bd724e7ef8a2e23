#!/usr/bin/env node
// The command itself, for whatever Node the machine has: goes on in the Node 24 that the packages bring. Plain JavaScript on purpose.
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const own = join(root, "node_modules", ".bin", "node");
if (existsSync(own) && realpathSync(own) !== realpathSync(process.execPath)) {
  const { status, error } = spawnSync(own, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  if (error !== undefined) console.error(`nightshift: ${error.message}; \`node scripts/setup.mjs\` in ${root} installs what it needs`);
  process.exitCode = status ?? 1;
} else {
  const { launch } = await import("./launch.mjs");
  await launch({ build: true });
}
