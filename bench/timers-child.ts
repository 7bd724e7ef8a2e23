import * as df from "durable-functions";
import type { OrchestrationContext } from "durable-functions";
import { createHost } from "../local/harness.ts";

/** Seventeen hours with 60 timers in virtual time, as a process of its own. Prints how much virtual time has passed, in ms. */
await using host = await createHost({
  app: () =>
    df.app.orchestration("timers", function* (ctx: OrchestrationContext) {
      for (let n = 0; n < 60; n++) yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 17 * 60_000));
    } as df.OrchestrationHandler),
});
const begunMs = host.clock.now();
await host.start("timers", null, "timers");
await host.waitFor("timers");
process.stdout.write(`${host.clock.now() - begunMs}\n`);
