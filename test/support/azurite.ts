import { createHash } from "node:crypto";
import { expect, inject } from "vitest";
import type { TablesSettings } from "../../adapters/tables.ts";

let made = 0;

/** Empty tables in the Azurite of this run of vitest, which nobody else uses: every call gives new ones. */
export async function emptyTables(): Promise<TablesSettings & { readonly connection: string; readonly prefix: string }> {
  const answer = await fetch(inject("azuriteDoor"));
  const connection = await answer.text();
  if (!answer.ok) throw new Error(connection);
  const file = createHash("sha256")
    .update(expect.getState().testPath ?? "")
    .digest("hex")
    .slice(0, 12);
  made += 1;
  return { connection, prefix: `t${file}n${made}` };
}
