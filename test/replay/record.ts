import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordedHistories } from "./histories.ts";
import { digestOfSources, SOURCES } from "./state.ts";

/**
 * Keeps the histories of this release, and the name of the orchestrators that made them: `node test/replay/record.ts`, once, before a
 * version is published, and then `node test/replay/state.ts`. What is recorded is
 * never recorded again; a later release must be able to go on with it.
 */
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
const folder = join(import.meta.dirname, version);
const file = join(folder, "histories.json");
if (existsSync(file)) {
  process.stderr.write(`${file} exists: the histories of a release are not recorded again\n`);
  process.exitCode = 1;
} else {
  const histories = await recordedHistories();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "code.json"), `${JSON.stringify({ code: digestOfSources(SOURCES) })}\n`);
  writeFileSync(file, `[\n${histories.map((history) => JSON.stringify(history)).join(",\n")}\n]\n`);
  process.stdout.write(`${file}: ${histories.length} histories\n`);
}
