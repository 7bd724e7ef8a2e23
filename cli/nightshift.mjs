#!/usr/bin/env node
// The command itself, for whatever Node the machine has: goes on in the Node 24 that the packages bring. Plain JavaScript on purpose.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const own = join(root, "node_modules", ".bin", "node");
const { status, error } = spawnSync(existsSync(own) ? own : process.execPath, [join(root, "cli", "main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
if (error !== undefined) console.error(`nightshift: ${error.message}; \`npm run setup\` in ${root} installs what it needs`);
process.exitCode = status ?? 1;
