import { appendFileSync } from "node:fs";
import * as df from "durable-functions";
import type { OrchestrationContext } from "durable-functions";
import { createHost } from "../harness.ts";

/**
 * The process that kill.test.ts kills: `node kill-child.ts FILE LOG`. Writes a line to LOG for every call of the
 * activity and for the start that was acknowledged, and ends when the run has ended. For tests only.
 */
const [file = "", log = ""] = process.argv.slice(2);
const note = (line: string): void => appendFileSync(log, `${line}\n`);

const host = await createHost({
  store: { file },
  clock: "real",
  maxConcurrentActivities: 5,
  app: () => {
    df.app.activity("Note", {
      handler: async ({ key }: { key: string }) => {
        note(key);
        await new Promise((done) => setImmediate(done));
        return key;
      },
    });
    df.app.orchestration("run", function* (ctx: OrchestrationContext) {
      const keys: string[] = [];
      for (let n = 0; n < 20; n++) keys.push((yield ctx.df.callActivity("Note", { key: `s${n}` })) as string);
      keys.push(...((yield ctx.df.Task.all(Array.from({ length: 40 }, (_, n) => ctx.df.callActivity("Note", { key: `p${n}` })))) as string[]));
      return keys;
    } as df.OrchestrationHandler);
  },
});
if ((await host.status("run")) === undefined) await host.start("run", null, "run");
note("started");
const { output } = await host.waitFor("run");
note(`ended ${JSON.stringify(output)}`);
await host.close();
