import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../shared/fault/fault.ts";
import { startAzurite } from "./azurite.ts";
import { jsonOrNothing } from "../shared/ports/json-or-nothing.ts";
import { sceneStore } from "./scene-store.ts";
import type { Scene } from "./scene.ts";
import { serveVendors } from "./vendors-server.ts";

/** Where a served world is found: written to `vendors.json` in its folder while it is served. */
export const Outdoors = z.strictObject({
  pid: z.int().positive(),
  /** Connection string of the tables. */
  azuriteConnection: z.string(),
  /** `http://127.0.0.1:PORT` */
  simulatorsOrigin: z.url(),
});
export type Outdoors = z.infer<typeof Outdoors>;

export interface ServedOutdoors extends Outdoors {
  close(): Promise<void>;
}

export interface OutdoorsOptions {
  /** Folder that tables, worlds and `vendors.json` are kept in; made if missing. */
  readonly folder: string;
  /** What to begin with when the folder holds no worlds yet. */
  readonly scene: Scene;
  readonly tablePort?: number;
}

/**
 * Serves everything that is outside of the app, from this process: the simulators, and Azurite's tables as its child. What
 * was acknowledged survives any end of these processes, and a new start in the same folder goes on with it.
 *
 * @throws Fault `conflict` when another living process serves this folder.
 */
export async function serveOutdoors({ folder, scene, tablePort }: OutdoorsOptions): Promise<ServedOutdoors> {
  mkdirSync(folder, { recursive: true });
  const other = servedIn(folder);
  if (other !== undefined) throw new Fault("conflict", `process ${other.pid} serves ${folder} already; end it, or choose another folder`);
  const azurite = await startAzurite({ folder: join(folder, "tables"), ...(tablePort === undefined ? {} : { port: tablePort }) });
  const store = sceneStore(join(folder, "worlds.sqlite"));
  const server = await serveVendors(store, scene);
  const outdoors: Outdoors = { pid: process.pid, azuriteConnection: azurite.connectionString, simulatorsOrigin: server.origin };
  const file = fileOf(folder);
  // In one go, so that a reader finds all of it or nothing.
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(outdoors, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);

  return {
    ...outdoors,
    async close() {
      rmSync(file, { force: true });
      await server.close();
      store.close();
      await azurite.close();
    },
  };
}

/** Who serves this folder; undefined when nobody does, or whoever did is gone. */
export function servedIn(folder: string): Outdoors | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(folder), "utf8");
  } catch {
    return undefined;
  }
  const outdoors = Outdoors.safeParse(jsonOrNothing(text));
  return outdoors.success && isAlive(outdoors.data.pid) ? outdoors.data : undefined;
}

function fileOf(folder: string): string {
  return join(folder, "vendors.json");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // It is there, and belongs to somebody else.
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
