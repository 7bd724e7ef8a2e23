import { createHash } from "node:crypto";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { STATEMENT } from "../../functions/code.ts";
import type { ReplayStatement } from "../../shared/run/replays.ts";
import type { RecordedGeneration } from "../support/recording-store.ts";
import { replayed, type Orchestrators } from "./replayed.ts";

/**
 * Replays the histories of every release on orchestrators, and writes down beside their code what came of it: on anything else no
 * window starts. `node test/replay/state.ts [--sources FOLDER] [--built FILE]`; the sources give the code its name, the built file, if
 * there is one, is what is replayed. Exit code 1 if something does not fit.
 */

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
export const SOURCES = join(PROJECT, "orchestrators");

/** What a replay of all releases on these orchestrators says. @param built a bundle of the sources, or nothing to replay the sources. */
export async function statementOf(sources: string, built?: string): Promise<ReplayStatement> {
  const replayedFiles = built === undefined ? sourcesIn(sources) : [built];
  const orchestrators = await orchestratorsIn(replayedFiles);
  const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string };
  const replays: ReplayStatement["replays"] = [];
  for (const release of releases()) {
    const misfits: string[] = [];
    const histories = historiesOf(release);
    for (const history of histories) misfits.push(...(await replayed(orchestrators, history)));
    const code = codeOfRelease(release);
    replays.push({ release, ...(code === undefined ? {} : { code }), histories: histories.length, misfits: misfits.slice(0, 5) });
  }
  const { version: sdk } = JSON.parse(readFileSync(join(PROJECT, "node_modules/durable-functions/package.json"), "utf8")) as { version: string };
  return { release: version, code: digestOfSources(sources), sdk, files: Object.fromEntries(replayedFiles.map((file) => [basename(file), sha256(readFileSync(file))])), replays };
}

/** Names orchestrators by all their sources. */
export function digestOfSources(folder: string): string {
  return sha256(
    sourcesIn(folder)
      .map((file) => `${basename(file)}\n${readFileSync(file, "utf8")}\n`)
      .join(""),
  );
}

/** Releases whose histories were kept. */
export function releases(): readonly string[] {
  return readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

export function historiesOf(release: string): readonly RecordedGeneration[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, release, "histories.json"), "utf8")) as RecordedGeneration[];
}

/** The code that a release's histories were recorded of; releases before 0.2 did not say. */
function codeOfRelease(release: string): string | undefined {
  const file = join(import.meta.dirname, release, "code.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { code: string }).code : undefined;
}

function sourcesIn(folder: string): readonly string[] {
  return globSync("*.ts", { cwd: folder })
    .filter((file) => !file.endsWith(".test.ts"))
    .toSorted()
    .map((file) => join(folder, file));
}

/** Every generator that the files export: orchestrators are called like the functions that they are registered as. */
async function orchestratorsIn(files: readonly string[]): Promise<Orchestrators> {
  const found: Record<string, unknown> = {};
  for (const file of files) Object.assign(found, await import(pathToFileURL(file).href));
  return Object.fromEntries(Object.entries(found).filter(([, value]) => Object.prototype.toString.call(value) === "[object GeneratorFunction]")) as Orchestrators;
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

if (process.argv[1] === import.meta.filename) {
  const { values: options } = parseArgs({ options: { sources: { type: "string", default: SOURCES }, built: { type: "string" } } });
  const sources = resolve(options.sources);
  const built = options.built === undefined ? undefined : resolve(options.built);
  const statement = await statementOf(sources, built);
  const file = join(built === undefined ? sources : dirname(built), STATEMENT);
  writeFileSync(file, `${JSON.stringify(statement, null, 2)}\n`);
  const misfits = statement.replays.flatMap((replay) => replay.misfits.map((misfit) => `release ${replay.release}: ${misfit}`));
  for (const misfit of misfits) process.stderr.write(`${misfit}\n`);
  process.stdout.write(`replayed on ${statement.code.slice(0, 12)}: ${statement.replays.map((replay) => `${replay.release} (${replay.histories} histories)`).join(", ")}\n`);
  process.exitCode = misfits.length === 0 ? 0 : 1;
}
