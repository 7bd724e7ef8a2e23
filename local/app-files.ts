import { existsSync, globSync, readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";
import { Fault } from "../shared/fault/fault.ts";

/**
 * The files that `main` of the app's package.json matches, in the order of their names (1.2).
 *
 * @throws Fault `invalid` when there is no `main` or nothing matches it.
 */
export function entryFiles(directory: string): string[] {
  const manifest = join(directory, "package.json");
  if (!existsSync(manifest)) throw new Fault("invalid", `${directory} has no package.json; a Functions app needs one whose "main" names the files that register functions`);
  const { main } = packageJson(manifest);
  if (main === undefined && globSync("*/function.json", { cwd: directory }).length > 0)
    throw new Fault("invalid", `${directory} is written in the v3 model (function.json files); this host runs the v4 model, in which code registers functions by app.*`);
  if (main === undefined) throw new Fault("invalid", `${manifest} has no "main"; it must name the files that register functions, e.g. "src/functions/*.js"`);
  const found = globSync(main, { cwd: directory, exclude: (path) => path.split(/[\\/]/).includes("node_modules") });
  const files = found
    .map((path) => join(directory, path))
    .filter((path) => extname(path) !== "")
    .sort();
  if (files.length === 0) throw new Fault("invalid", `"main" of ${manifest} is "${main}", which matches no file; if the app is compiled, build it first`);
  return files;
}

/**
 * Runs one file of an app: by `import` for ES modules, else by `require` (1.2).
 *
 * @throws Fault `invalid` naming the file when it throws.
 */
export async function importEntry(file: string, directory: string): Promise<void> {
  lendPackages();
  refuseNewGeneration(directory);
  try {
    if (isModule(file)) await import(/* @vite-ignore */ pathToFileURL(file).href);
    else createRequire(file)(file);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split("\nRequire stack:");
    const missing = /^Cannot find (?:module|package) '([^'./][^']*)'/.test(why ?? "");
    throw new Fault("invalid", `${file} failed while it was loaded: ${why}${missing ? `; run "npm install" in ${directory}` : ""}`, { cause });
  }
}

function isModule(file: string): boolean {
  const extension = extname(file);
  if (extension === ".mjs" || extension === ".mts") return true;
  if (extension === ".cjs" || extension === ".cts") return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) return packageJson(manifest).type === "module";
    if (dirname(folder) === folder) return false;
  }
}

function packageJson(path: string): { main?: string; type?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")) as { main?: string };
  } catch (cause) {
    throw new Fault("invalid", `${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

let lent = false;

/** An app that was never installed finds our copies of the two libraries; one that has its own keeps them. */
function lendPackages(): void {
  if (lent) return;
  lent = true;
  // Older releases of durable-functions 3 call this function, which Node removed after version 22.
  if (!("isDate" in util)) Object.assign(util, { isDate: util.types.isDate });
  registerHooks({
    resolve(specifier, context, next) {
      if (!LENT.test(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch (missing) {
        const code = (missing as { code?: string }).code;
        if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw missing;
        return { url: pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href, format: "commonjs", shortCircuit: true };
      }
    },
  });
}

const LENT = /^(@azure\/functions|durable-functions)(\/|$)/;

/** durable-functions 4 speaks gRPC to another extension; its apps would load and never be called. */
function refuseNewGeneration(directory: string): void {
  let manifest: string;
  try {
    manifest = createRequire(join(directory, "package.json")).resolve("durable-functions/package.json");
  } catch {
    // Not installed there, or hidden by its exports: then the version that is lent, or the app's own error, decides.
    return;
  }
  const { version } = packageJson(manifest);
  if (version !== undefined && !version.startsWith("3.")) {
    throw new Fault("invalid", `the app at ${relative(process.cwd(), directory) || "."} uses durable-functions ${version}; this host speaks to major version 3 only`);
  }
}
