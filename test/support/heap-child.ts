import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { PROFILES, type ProfileName } from "../../local/storm/misfortunes.ts";
import { nightsOf } from "../../local/storm/nights.ts";
import { stormyWindow } from "../../local/storm/window.ts";

/** Windows of a small plan in one process, as a thread of a storm runs them; prints how many bytes the heap holds after every so many: `node --expose-gc heap-child.ts PROFILE TIMES WINDOWS`. */
const [profile = "deaths", times = "2", windows = "10"] = process.argv.slice(2);
const source = (path: string): { text: string; file: string } => ({ text: readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"), file: path });
const nights = nightsOf({ plan: source("test/planted/plan.yaml"), inventory: source("plans/inventory.yaml"), scenario: "usual" });

const held: number[] = [];
let seed = 1;
for (let time = 0; time < Number(times); time++) {
  for (let window = 0; window < Number(windows); window++) await stormyWindow({ nights, seed: seed++, profile: PROFILES[profile as ProfileName] });
  // What is collected may have to be told of it before it lets go of more.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  held.push(process.memoryUsage().heapUsed);
}
process.stdout.write(JSON.stringify(held));
// Timers of deadlines that nobody waits for any more.
process.exit(0);
