import { appendFileSync } from "node:fs";
import { createHost } from "../local/harness.ts";
import { registerWork, step } from "./work.ts";

/**
 * A host as a process of its own: `node host-child.ts FILE LOG URL SEQUENCE PARALLEL`. Says `ready <rss in MiB>`, runs
 * the work, notes every call of the activity with its instant in LOG, and ends with it. Without work it just stays.
 */
const [file = "", log = "", url = "", sequence = "0", parallel = "0"] = process.argv.slice(2);
const work = { sequence: Number(sequence), parallel: Number(parallel), stepMs: 5 };

const host = await createHost({
  app: () =>
    registerWork(url, async ({ n, stepMs }) => {
      appendFileSync(log, `${n} ${performance.timeOrigin + performance.now()}\n`);
      return step(url, stepMs);
    }),
  store: { file },
  clock: "real",
  maxConcurrentActivities: 50,
  extendedSessions: true,
  directActivities: true,
});
process.stdout.write(`ready ${Math.round(process.memoryUsage.rss() / 2 ** 20)}\n`);
if (work.sequence + work.parallel > 0) {
  if ((await host.status("work")) === undefined) await host.start("work", work, "work");
  const { output } = await host.waitFor("work");
  appendFileSync(log, `ended ${JSON.stringify(output)}\n`);
  await host.close();
} else {
  // Stays until it is killed: what an idle host takes is measured from outside.
  setInterval(() => {}, 1000);
}
