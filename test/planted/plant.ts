import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { BUGS } from "./bugs.ts";

/**
 * Loaded before everything else (`node --import`): the bug that `NIGHTSHIFT_PLANTED` names is in the sources of this process, and of
 * its threads, and nowhere else. A bug whose place is not found exactly once ends the process: the source has moved on.
 */
const ROOT = new URL("../../", import.meta.url);
const bug = BUGS.find(({ name }) => name === process.env["NIGHTSHIFT_PLANTED"]);
if (bug === undefined) throw new Error(`there is no planted bug «${process.env["NIGHTSHIFT_PLANTED"] ?? ""}»`);

registerHooks({
  load(url, context, nextLoad) {
    const changes = bug.changes.filter(({ file }) => new URL(file, ROOT).href === url);
    const loaded = nextLoad(url, context);
    if (changes.length === 0) return loaded;
    let source = readFileSync(fileURLToPath(url), "utf8");
    for (const { file, find, replace } of changes) {
      const places = source.split(find).length - 1;
      if (places !== 1) throw new Error(`planted bug «${bug.name}»: «${find}» stands ${places} times in ${file}; expected once`);
      source = source.replace(find, () => replace);
    }
    return { ...loaded, source };
  },
});
