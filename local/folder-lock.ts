import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "../shared/fault/fault.ts";

/** A folder that belongs to this process until it gives it back or ends, however it ends. */
export interface HeldFolder {
  release(): void;
}

/**
 * Takes a folder, so that a second start does not begin anew what the first is in the middle of.
 *
 * @throws Fault `conflict` while another process has it; `invalid` where it cannot be one.
 */
export function holdFolder(folder: string): HeldFolder {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    // A lock of the operating system's, by way of SQLite: it ends with the process, which a file with its number would not.
    lock = new DatabaseSync(join(folder, "in-use.sqlite"), { timeout: 0 });
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (cause) {
    lock?.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    if (/locked|busy/i.test(why))
      throw new Fault("conflict", `a window runs in ${folder} already: wait for its end, stop it with Ctrl-C where it was started, or name another folder with --data`, { cause });
    throw new Fault("invalid", `${folder} cannot be used as a folder for the window: ${why}`, { cause });
  }
  const held = lock;
  return { release: () => held.close() };
}
