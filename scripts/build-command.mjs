// Bundles the commands that work in one process (cli/bundled-groups.ts), so that loading them is not most of what they do. The bundle
// stays on this machine, in a folder that is ignored, and is used only as long as it is one of exactly these sources (cli/launch.mjs).
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { bundlePlace, isWhole } from "../cli/launch.mjs";
import { UNBUNDLED } from "./packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = bundlePlace(root);
const begunAtMs = Date.now();

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
/** Project path -> what it was when it was read. What else decides what a bundle is, beside the files that are in it: */
const sources = new Map();
for (const file of ["node_modules/.package-lock.json", "tsconfig.json", "cli/launch.mjs", "scripts/build-command.mjs", "scripts/packages.mjs"]) remembered(file);

/** The bytes that are bundled are those whose digest is remembered. */
function remembered(file) {
  const { size, mtimeMs, ctimeMs } = statSync(join(root, file));
  const bytes = readFileSync(join(root, file));
  // A file that has just changed may change again without its times telling: it is compared by its digest.
  const settled = Math.max(mtimeMs, ctimeMs) < begunAtMs - 2_000;
  sources.set(file, { file, size, ...(settled ? { mtimeMs, ctimeMs } : {}), sha256: sha256(bytes) });
  return bytes.toString();
}

/** Where the storm starts its threads; in the bundle they are an entry beside the others. */
const THREAD = 'new URL("./worker.ts", import.meta.url)';

/** Files of the project are found from where the source is, not from where the bundle is. */
const asInSources = {
  name: "as-in-sources",
  setup: (build) =>
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const file = relative(root, path);
      if (file.startsWith("..") || file.includes("node_modules")) return undefined;
      let contents = remembered(file);
      if (file === "local/storm/storm.ts") {
        if (contents.split(THREAD).length !== 2) throw new Error(`${file} does not start its threads by ${THREAD}`);
        contents = contents.replace(THREAD, 'new URL("./worker.mjs", import.meta.url)');
      } else contents = contents.replaceAll(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, what) => JSON.stringify({ url: pathToFileURL(path).href, dirname: join(path, ".."), filename: path }[what]));
      return { contents, loader: "ts" };
    }),
};

/** zod brings its messages in fifty languages; we speak one. */
const englishOnly = {
  name: "english-only",
  setup: (build) => build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export { default as en } from "./en.js";' })),
};

await mkdir(place, { recursive: true });
const made = await mkdtemp(join(place, "made-"));
try {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { bundled: "cli/bundled.ts", worker: "local/storm/worker.ts" },
    outdir: made,
    // So named, Node need not look into them for what they are.
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    legalComments: "none",
    metafile: true,
    external: ["@azure/functions-core", ...UNBUNDLED],
    plugins: [englishOnly, asInSources],
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  const files = Object.entries(metafile.outputs).map(([path, { bytes }]) => ({ file: relative(made, join(root, path)), size: bytes }));
  const stated = [...sources.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  const folder = sha256(JSON.stringify([root, stated.map(({ file, sha256: digest }) => [file, digest])])).slice(0, 16);
  await putInPlace(join(place, folder), files);
  const statement = join(place, `bundle.json.${process.pid}`);
  await writeFile(statement, JSON.stringify({ root, folder, sources: stated, files }));
  await rename(statement, join(place, "bundle.json"));
  await dropOld(folder);
} finally {
  await rm(made, { recursive: true, force: true });
}

/** Who was first wins, since it is the same; unless something has been lost of it. */
async function putInPlace(folder, files) {
  try {
    await rename(made, folder);
  } catch (refused) {
    if (refused.code !== "ENOTEMPTY" && refused.code !== "EEXIST") throw refused;
    if (isWhole(folder, files)) return utimes(folder, new Date(), new Date());
    await rename(folder, `${made}-damaged`);
    await rename(made, folder);
  }
}

/** A command may still run from an earlier bundle, a storm for hours; a day later none does. */
async function dropOld(current) {
  for (const name of await readdir(place)) {
    const path = join(place, name);
    const { mtimeMs = Infinity } = (await stat(path).catch(() => undefined)) ?? {};
    if (name !== current && name !== "bundle.json" && mtimeMs < Date.now() - 86_400_000) await rm(path, { recursive: true, force: true });
  }
}
