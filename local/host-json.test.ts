import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLocalSettings } from "./app-settings.ts";
import { readHostJson } from "./host-json.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "nightshift-json-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), typeof value === "string" ? value : JSON.stringify(value));

describe("host.json", () => {
  it("that is not there means Azure's defaults", () => {
    expect(readHostJson(folder)).toEqual({ routePrefix: "api", hubName: "TestHubName", overridableExistingInstanceStates: "NonRunningStates", functionTimeoutMs: undefined });
  });

  it("says the prefix, the hub (by app setting as well), what may be replaced, and the time limit", () => {
    write("host.json", {
      version: "2.0",
      functionTimeout: "00:10:00",
      extensions: { http: { routePrefix: "/v1/" }, durableTask: { hubName: "%HUB%", overridableExistingInstanceStates: "AnyState" } },
    });

    expect(readHostJson(folder, { HUB: "NightHub" })).toEqual({
      routePrefix: "v1",
      hubName: "NightHub",
      overridableExistingInstanceStates: "AnyState",
      functionTimeoutMs: 600_000,
    });
  });

  it.each([
    [{ extensions: { durableTask: { hubName: "night-hub" } } }, /hubName must be 3 to 45 letters and digits/],
    [{ functionTimeout: "ten minutes" }, /functionTimeout is "ten minutes"; expected a TimeSpan/],
    ["{", /host\.json is not JSON/],
  ])("that Azure would refuse is refused: %j", (value, message) => {
    write("host.json", value);

    expect(() => readHostJson(folder)).toThrow(message);
  });
});

describe("local.settings.json", () => {
  it("gives values that the environment does not have", () => {
    write("local.settings.json", { IsEncrypted: false, Values: { A: "1", B: "2", N: 3 } });

    expect(readLocalSettings(folder, { B: "outside" })).toEqual({ A: "1", N: "3" });
  });

  it("that is not there gives none; an encrypted one is refused", () => {
    expect(readLocalSettings(folder, {})).toEqual({});
    write("local.settings.json", { IsEncrypted: true, Values: { A: "xyz" } });

    expect(() => readLocalSettings(folder, {})).toThrow(/is encrypted; run "func settings decrypt"/);
  });
});
