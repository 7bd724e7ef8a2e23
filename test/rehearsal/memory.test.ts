import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const MIB = 2 ** 20;

/**
 * A storm runs thousands of windows in one process. What one of them leaves behind, all of them do: two MiB it was for each window that
 * was killed a few times, until nothing shared kept hold of dead processes. What remains is held by timers, and goes with them.
 */
it.each([
  ["fair", 3],
  ["deaths", 15],
] as const)(
  "windows in %s weather leave nothing behind in memory",
  async (profile, limit) => {
    const child = fileURLToPath(new URL("../support/heap-child.ts", import.meta.url));

    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", child, profile, "3", "10"]);
    const [, warm = 0, end = 0] = JSON.parse(stdout) as number[];

    expect((end - warm) / MIB).toBeLessThan(limit);
  },
  120_000,
);
