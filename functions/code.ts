import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { faultRecordOf } from "../shared/fault/fault.ts";
import { codeOf, ReplayStatement, unknownCode, type Code } from "../shared/run/replays.ts";

/** Name of the statement, beside the orchestrators that it is about. */
export const STATEMENT = "replays.json";

/**
 * Reads what was found out about the orchestrators in a folder, and looks whether they are still the same. It is done once: code does
 * not change under a process. A statement that cannot be read is no defect of the host's: nothing starts, and everyone is told why.
 */
export function codeIn(folder: string): () => Promise<Code> {
  let read: Promise<Code> | undefined;
  return () => (read ??= look(folder));
}

async function look(folder: string): Promise<Code> {
  let statement: ReplayStatement;
  try {
    statement = ReplayStatement.parse(JSON.parse(await readFile(join(folder, STATEMENT), "utf8")));
  } catch (thrown) {
    return unknownCode(
      `nothing says that recorded histories were replayed on the orchestrators here: ${STATEMENT} beside them cannot be read (${faultRecordOf(thrown).message.split("\n")[0] ?? ""})`,
    );
  }
  const found: Record<string, string> = {};
  for (const file of Object.keys(statement.files)) {
    const bytes = await readFile(join(folder, file)).catch(() => undefined);
    if (bytes !== undefined) found[file] = createHash("sha256").update(bytes).digest("hex");
  }
  return codeOf(statement, found);
}
