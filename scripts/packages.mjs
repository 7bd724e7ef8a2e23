// Puts packages into a build that cannot be bundled, with everything that they need, as the lockfile has them: the folder that is
// deployed is then complete, and nothing is installed or built on the way to Azure or there.
import { cp, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Telemetry hooks into what is required, so it must not be bundled. */
export const UNBUNDLED = ["applicationinsights"];

/** For people and debuggers; nothing at run time reads them. */
const LEFT_OUT = /\.(?:d\.[cm]?ts|map|md|tsbuildinfo)$/;

/** Copies the packages and all that they depend on from the project's node_modules. Returns how many. */
export async function copyPackages(root, folder, names = UNBUNDLED) {
  const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const places = new Set();
  const queue = names.map((name) => `node_modules/${name}`);
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = packages[place];
    for (const name of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
      const found = placeOf(packages, place, name);
      if (found !== undefined) queue.push(found);
      else if (dependencies?.[name] !== undefined || peerDependenciesMeta?.[name]?.optional === false) throw new Error(`${place} needs ${name}, which the lockfile does not have`);
    }
  }
  for (const place of places) {
    await cp(join(root, place), join(folder, place), {
      recursive: true,
      // What a package brings in a node_modules of its own is a place of its own.
      filter: (from) => dirname(from) === dirname(join(root, place)) || (!from.slice(join(root, place).length).includes("node_modules") && !LEFT_OUT.test(from)),
    });
  }
  return places.size;
}

/** Where Node finds `name` from a place: in its own node_modules, or in one above. */
function placeOf(packages, place, name) {
  for (let at = place; ; at = at.slice(0, Math.max(at.lastIndexOf("/node_modules/"), 0))) {
    const candidate = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (at === "") return undefined;
  }
}
