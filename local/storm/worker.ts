import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../shared/fault/assert.ts";
import { faultRecordOf } from "../../shared/fault/fault.ts";
import { PROFILES, type ProfileName } from "./misfortunes.ts";
import { nightsOf, type NightSources } from "./nights.ts";
import type { WindowAnswer, WindowOrder } from "./storm.ts";
import { stormyWindow, type Night } from "./window.ts";

/** A thread of the storm: runs the windows that it is told to, one after the other. */
const { sources, profile } = workerData as { readonly sources: NightSources; readonly profile: ProfileName };
const port = parentPort;
assert(port !== null, "storm/worker.ts is started as a thread of the storm");

let nights: readonly [Night, ...Night[]] | undefined;

port.on("message", async ({ seed, only }: WindowOrder) => {
  const answer = await answerTo(seed, only);
  port.postMessage(answer);
});

async function answerTo(seed: number, only: readonly string[] | undefined): Promise<WindowAnswer> {
  try {
    nights ??= nightsOf(sources);
    return { verdict: await stormyWindow({ nights, seed, profile: PROFILES[profile], ...(only === undefined ? {} : { only: new Set(only) }) }) };
  } catch (thrown) {
    return { failed: faultRecordOf(thrown).message };
  }
}
