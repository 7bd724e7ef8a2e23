import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const CHILD = fileURLToPath(new URL("kill-child.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (log: string): string[] =>
  existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];

/** Runs the child until it ends, or until its log has `lines` lines more; then kill -9. */
async function live(file: string, log: string, lines: number): Promise<void> {
  const before = linesOf(log).length;
  const child = spawn(process.execPath, [CHILD, file, log], { stdio: ["ignore", "ignore", "inherit"] });
  const exit = once(child, "exit");
  const watch = setInterval(() => {
    if (linesOf(log).length >= before + lines) child.kill("SIGKILL");
  }, 1);
  await exit;
  clearInterval(watch);
}

it("a process killed again and again loses nothing acknowledged and repeats at most what was at work", { timeout: 60_000 }, async () => {
  const file = join(folder, "hub.db");
  const log = join(folder, "log");
  const kills = [3, 9, 14, 21, 12];

  for (const lines of kills) await live(file, log, lines);
  await live(file, log, Number.POSITIVE_INFINITY);

  const lines = linesOf(log);
  const calls = lines.filter((line) => /^[sp]\d+$/.test(line));
  const keys = [...Array.from({ length: 20 }, (_, n) => `s${n}`), ...Array.from({ length: 40 }, (_, n) => `p${n}`)];
  expect(lines.filter((line) => line.startsWith("ended"))).toEqual([`ended ${JSON.stringify(keys)}`]);
  expect([...new Set(calls)].sort()).toEqual([...keys].sort());
  // One of the sequence, five of the fan-out: what can be at work when a process dies.
  expect(calls.filter((key) => key.startsWith("s")).length - 20).toBeLessThanOrEqual(kills.length);
  expect(calls.filter((key) => key.startsWith("p")).length - 40).toBeLessThanOrEqual(5 * kills.length);
});
