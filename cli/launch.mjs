// Decides which code runs the command: a bundle of it, if it is one of exactly these sources, else the sources themselves.
// Plain JavaScript on purpose: it is on the way of every command, and stripping types takes longer than all that is done here.
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Those of cli/bundled-groups.ts, and whether they last so long that making a bundle first costs nothing. */
const BUNDLED = { plan: { worthMaking: false }, rehearse: { worthMaking: true }, storm: { worthMaking: true } };

export function bundlePlace(root) {
  // Several checkouts may share one folder of packages.
  return join(root, "node_modules", ".cache", "nightshift", createHash("sha256").update(root).digest("hex").slice(0, 12));
}

export function freshBundle(root, place = bundlePlace(root)) {
  try {
    const statement = JSON.parse(readFileSync(join(place, "bundle.json"), "utf8"));
    const folder = join(place, statement.folder);
    const fresh = statement.root === root && isWhole(folder, statement.files) && statement.sources.every((source) => unchanged(root, source));
    return fresh ? { entry: join(folder, "bundled.mjs"), compiled: join(folder, "compiled") } : undefined;
  } catch {
    // None was made, or it is none that is understood here.
    return undefined;
  }
}

export function isWhole(folder, files) {
  return files.every(({ file, size }) => statSync(join(folder, file), { throwIfNoEntry: false })?.size === size);
}

/** A file whose times and size are as they were is the same; one that was only touched is, too. */
function unchanged(root, { file, size, mtimeMs, ctimeMs, sha256 }) {
  const path = join(root, file);
  const now = statSync(path, { throwIfNoEntry: false });
  if (now === undefined || now.size !== size) return false;
  if (now.mtimeMs === mtimeMs && now.ctimeMs === ctimeMs) return true;
  return createHash("sha256").update(readFileSync(path)).digest("hex") === sha256;
}

export function canBuild(root, place = bundlePlace(root)) {
  if (!existsSync(join(root, "node_modules", "esbuild"))) return false;
  let nearest = place;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export function bundleFor({ root, argv, build, node = process, make = () => made(root) }) {
  const group = Object.hasOwn(BUNDLED, argv[0] ?? "") ? BUNDLED[argv[0]] : undefined;
  if (group === undefined || watchesSources(node)) return undefined;
  const fresh = freshBundle(root);
  if (fresh !== undefined || !build || !group.worthMaking || !canBuild(root)) return fresh;
  return make() ? freshBundle(root) : undefined;
}

/** Who looks at modules as they are loaded (hooks, debuggers, coverage) means the sources. */
function watchesSources({ execArgv, env }) {
  const options = [...execArgv, ...(env.NODE_OPTIONS ?? "").split(/\s+/)];
  return env.NODE_V8_COVERAGE !== undefined || options.some((option) => /^(-r|--(require|import|loader|experimental-loader|inspect\S*))(=|$)/.test(option));
}

/** Said nowhere when it fails: the sources do as well, and say themselves what is wrong with them. */
function made(root) {
  return spawnSync(process.execPath, [join(root, "scripts", "build-command.mjs")], { stdio: "ignore" }).status === 0;
}

export async function launch({ build }) {
  const argv = process.argv.slice(2);
  const bundle = bundleFor({ root: ROOT, argv, build });
  if (bundle === undefined) {
    // What V8 made of the sources the last time is kept in the machine's temporary folder.
    enableCompileCache();
    await import("./from-sources.ts");
    return;
  }
  // What V8 made of it the last time goes with it. Apart for each group: what it keeps of a file are the functions that the first command ran.
  const compiled = join(bundle.compiled, argv[0]);
  enableCompileCache(compiled);
  // The storm's threads look there.
  process.env.NODE_COMPILE_CACHE ??= compiled;
  await import(pathToFileURL(bundle.entry).href);
}
