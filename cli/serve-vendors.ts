import { resolve } from "node:path";
import type { Command } from "commander";
import { parse } from "yaml";
import { serveOutdoors } from "../local/outdoors.ts";
import { sceneOf } from "../local/scene.ts";
import { Fault } from "../shared/fault/fault.ts";
import { readText } from "./files.ts";

/** Registers `nightshift serve-vendors`: the simulated vendors and Azurite's tables, apart from whoever uses them. */
export function serveVendorsCommand(program: Command): void {
  program
    .command("serve-vendors")
    .description("serve the simulated vendors and the tables of the local app until interrupted; what they acknowledged outlives every crash")
    .option("--data <folder>", "where tables and worlds are kept, and vendors.json says where they are served", ".nightshift/vendors")
    .option("--world <file>", "YAML or JSON: worlds, faults and links to begin with when the folder holds none yet")
    .action(run);
}

async function run({ data, world }: { readonly data: string; readonly world?: string }): Promise<void> {
  const folder = resolve(data);
  const scene = world === undefined ? sceneOf({}) : sceneOf(readWorld(world), world);
  // Ready for an early signal too: what has been started by then is ended.
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  process.once("SIGINT", () => interrupt());
  process.once("SIGTERM", () => interrupt());
  const served = await serveOutdoors({ folder, scene });
  process.stdout.write(`vendors: ${served.simulatorsOrigin}\ntables: ${served.azuriteConnection}\nkept in ${folder}; vendors.json there says the same\n`);
  await interrupted;
  await served.close();
}

function readWorld(file: string): unknown {
  try {
    return parse(readText(file), { maxAliasCount: 0, prettyErrors: true }) ?? {};
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    // Its first line has the place; the others show the text around it, which may be long and anything.
    throw new Fault("invalid", `${file} is no scene of the vendors: ${(cause instanceof Error ? cause.message : String(cause)).split("\n")[0]?.replace(/:$/, "") ?? ""}`, {
      cause,
    });
  }
}
