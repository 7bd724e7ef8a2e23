import { loadPlan } from "../cli/plan-file.ts";
import { demoScene } from "../local/demo-world.ts";
import { rehearse } from "../local/rehearse.ts";

/**
 * The same window rehearsed again and again in one process, as a storm's worker does it: `node rehearse-again-child.ts DATE`.
 * Prints a line of JSON: the processor's milliseconds of each window once the code is warm, and those of a fixed piece of work
 * around each, by which machines, and the moods of one, can be told apart.
 */
const [date = "2024-12-08", windows = "10"] = process.argv.slice(2);
const folder = new URL("../plans/", import.meta.url).pathname;
const { plan, inventory } = loadPlan(`${folder}${date}.yaml`, `${folder}inventory.yaml`);
const WARM_UP = 5;
const FIXED = JSON.stringify(Array.from({ length: 300 }, (_, n) => ({ n, name: `item ${n}`, at: "2024-12-08T00:00:00Z", parts: { list: [1, 2, 3] } })));

async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function fixedWork(): number {
  const seen = new Map<string, unknown>();
  for (let round = 0; round < 300; round++) {
    for (const item of JSON.parse(FIXED) as { name: string }[]) seen.set(item.name, { ...item, round });
  }
  return seen.size;
}

const taken: { window: number; fixed: number }[] = [];
for (let n = -WARM_UP; n < Number(windows); n++) {
  const before = await cpuMs(fixedWork);
  const window = await cpuMs(() => rehearse({ plan, scene: demoScene({ inventory, plan }) }));
  const after = await cpuMs(fixedWork);
  if (n >= 0) taken.push({ window, fixed: (before + after) / 2 });
}
process.stdout.write(`${JSON.stringify(taken)}\n`);
