import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { unwritten } from "../cli/files.ts";
import type { Fault } from "../shared/fault/fault.ts";

export interface Recording {
  /** Never throws: what is recorded must not hang on whether it could be. */
  readonly write: (line: string) => void;
  /** @throws Fault when lines are missing, since the file could not be written any more. */
  close(): void;
}

/** A file of exchanges, a line each: a new one, or the same that a process before this one began. @throws Fault for a place where none can be. */
export function recording(file: string, how: "new" | "goes on"): Recording {
  let failed: Fault | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (how === "new") writeFileSync(file, "");
    else appendFileSync(file, "");
  } catch (cause) {
    throw unwritten(file, cause);
  }
  return {
    write(line) {
      if (failed !== undefined) return;
      try {
        appendFileSync(file, `${line}\n`);
      } catch (cause) {
        failed = unwritten(file, cause);
      }
    },
    close() {
      if (failed !== undefined) throw failed;
    },
  };
}
