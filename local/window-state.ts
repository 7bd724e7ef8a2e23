import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { jsonOrNothing } from "../shared/ports/json-or-nothing.ts";

/** What a later start of this machine must know of the window that runs here: enough to go on with it after a crash. */
export const WindowState = z.strictObject({
  run: z.string(),
  digest: z.string(),
  scenario: z.string(),
  /** Tables of this window begin with it, so that a fresh window never meets an older one's facts. */
  tablePrefix: z.string().regex(/^[a-z][a-z0-9]{2,30}$/),
  startAt: z.iso.datetime(),
  ended: z.boolean(),
});
export type WindowState = z.infer<typeof WindowState>;

/** The state kept in `folder`; undefined when there is none, or none that can be read: a window that nobody can go on with is begun anew. */
export function readWindowState(folder: string): WindowState | undefined {
  const file = fileOf(folder);
  if (!existsSync(file)) return undefined;
  const parsed = WindowState.safeParse(jsonOrNothing(readFileSync(file, "utf8")));
  return parsed.success ? parsed.data : undefined;
}

export function writeWindowState(folder: string, state: WindowState): void {
  mkdirSync(folder, { recursive: true });
  // In one go: a process killed in between leaves the old state or the new one.
  writeFileSync(`${fileOf(folder)}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${fileOf(folder)}.new`, fileOf(folder));
}

/** File of the task hub: where orchestrations stand. */
export function hubFile(folder: string): string {
  return join(folder, "hub.sqlite");
}

/** Forgets where the last window's orchestrations stood. */
export function forgetHub(folder: string): void {
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${hubFile(folder)}${ending}`, { force: true });
}

function fileOf(folder: string): string {
  return join(folder, "window.json");
}
