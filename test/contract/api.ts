import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { redacted } from "../../local/recorder.ts";
import { recording, secretsRead } from "../support/transport.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Kept beside the project, not in it: the vendors' own descriptions and the check of traffic against them. */
const VALIDATOR = join(ROOT, "..", "shared", "contracts", "validate.mjs");

/**
 * Registers the last tests of a contract file: everything its connectors said and its simulators answered satisfies the
 * vendor's own API description, in both directions, and holds no secret. Call it after all else in the file.
 */
export function apiContract(integration: string): void {
  describe(`${integration}: recorded traffic`, () => {
    it("satisfies the vendor's API description in both directions", ({ skip }) => {
      expect(recording.length, "exchanges recorded by the tests before this one").toBeGreaterThan(0);
      if (!existsSync(VALIDATOR)) return skip(`${VALIDATOR} is not here, so the traffic was not checked`);
      const folder = mkdtempSync(join(tmpdir(), "nightshift-traffic-"));
      const file = join(folder, `${integration}.ndjson`);
      writeFileSync(file, recording.map((line) => `${line}\n`).join(""));

      const checked = spawnSync(process.execPath, [VALIDATOR, "--quiet", file], { cwd: ROOT, encoding: "utf8" });

      if (checked.status === 0) rmSync(folder, { recursive: true });
      expect(checked.status, `${checked.stdout.slice(0, 8_000)}\n${checked.stderr}\nThe recording is ${file}`).toBe(0);
    }, 60_000);

    it("holds no secret", () => {
      const secrets = [...secretsRead].map(([name, value]) => ({ name, value }));
      const all = recording.join("\n");

      expect(redacted(all, [...secrets, { name: "azure-token", value: "canary-azure-token" }])).toBe(all);
    });
  });
}
