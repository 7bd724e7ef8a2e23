import { fork } from "node:child_process";
import { join } from "node:path";
import { Fault } from "../shared/fault/fault.ts";
import type { OutdoorsOptions, ServedOutdoors, Outdoors } from "./outdoors.ts";

/**
 * Serves everything that is outside of the app (see outdoors.ts) from a process of its own, which ends with this one.
 *
 * @throws Fault `unavailable` when it does not start, with its reason.
 */
export async function startOutdoors({ folder, scene }: Pick<OutdoorsOptions, "folder" | "scene">): Promise<ServedOutdoors> {
  const child = fork(join(import.meta.dirname, "outdoors-child.ts"), [folder], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  child.once("exit", () => end());
  const { promise: answered, resolve: answer } = Promise.withResolvers<Outdoors | { readonly refused: string }>();
  child.once("message", (message) => answer(message as Outdoors));
  child.once("error", (cause) => answer({ refused: cause.message }));
  child.once("exit", (code, signal) => answer({ refused: `its process ended with ${signal ?? code}` }));
  child.send(scene);

  const outdoors = await answered;
  if ("refused" in outdoors) throw new Fault("unavailable", `the simulated vendors did not start: ${outdoors.refused}`);
  child.unref();
  child.channel?.unref();
  return {
    ...outdoors,
    async close() {
      child.ref();
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
