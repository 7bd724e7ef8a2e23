import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { SETTINGS } from "../integrations/all.ts";
import { localSettings } from "../local/settings.ts";
import { AccessSettings } from "../shared/access/settings.ts";
import { CoreSettings, readConfig, settingName } from "../shared/config/config.ts";

const ROOT = resolve(import.meta.dirname, "..");
const json = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), "utf8"));

const SECTIONS: Readonly<Record<string, z.ZodObject>> = { core: CoreSettings, access: AccessSettings, ...SETTINGS };
const KNOWN = Object.entries(SECTIONS).flatMap(([section, schema]) =>
  Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, field]) => ({ name: settingName(section, key), field })),
);

describe("local.settings.sample.json", () => {
  const { Values, IsEncrypted } = json("local.settings.sample.json") as { Values: Record<string, string>; IsEncrypted: boolean };

  it("is accepted as it is", () => {
    expect(readConfig(Values, SETTINGS)).toEqual(localSettings());
    expect({ IsEncrypted, worker: Values["FUNCTIONS_WORKER_RUNTIME"] }).toEqual({ IsEncrypted: false, worker: "node" });
  });

  it("names every setting of every section once, and none that there is not", () => {
    const named = Object.keys(Values).filter((name) => name.startsWith("NIGHTSHIFT_"));

    expect(named.toSorted()).toEqual(KNOWN.map(({ name }) => name).toSorted());
  });

  it("holds no secret: what looks like one is the name of one in the vault", () => {
    const suspects = Object.entries(Values).filter(([name, value]) => /TOKEN|KEY|PASSWORD|SECRET/.test(name) && !/^[a-z0-9-]*$/.test(value));

    expect(suspects).toEqual([]);
  });
});

describe("every setting", () => {
  it.each(KNOWN)("$name says what it is for", ({ field }) => {
    expect(field.description ?? "").not.toBe("");
  });

  it("has a name of its own, though sections and keys are joined by the same sign", () => {
    const names = KNOWN.map(({ name }) => name);

    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe("host.json", () => {
  const { version, functionTimeout, extensions, extensionBundle } = json("host.json") as {
    version: string;
    functionTimeout: string;
    extensionBundle: { id: string; version: string };
    extensions: { http: { routePrefix: string }; durableTask: { hubName: string; storageProvider: { maxQueuePollingInterval: string }; tracing: Record<string, unknown> } };
  };

  it("is of the second generation, with the bundle that has Durable Functions 3", () => {
    expect({ version, bundle: extensionBundle.id, range: extensionBundle.version }).toEqual({
      version: "2.0",
      bundle: "Microsoft.Azure.Functions.ExtensionBundle",
      range: "[4.*, 5.0.0)",
    });
    expect(functionTimeout).toBe("00:10:00");
    expect(extensions.http.routePrefix).toBe("api");
  });

  it("gives the task hub a name of its own, which tables and queues can bear", () => {
    expect(extensions.durableTask.hubName).toMatch(/^[A-Za-z][A-Za-z0-9]{2,44}$/);
  });

  it("looks into the queues every few seconds, so that a durable timer is late by no more", () => {
    const [hours = 9, minutes = 9, seconds = 99] = extensions.durableTask.storageProvider.maxQueuePollingInterval.split(":").map(Number);

    expect(hours * 3_600 + minutes * 60 + seconds).toBeLessThanOrEqual(5);
    expect(seconds).toBeGreaterThanOrEqual(1);
  });

  it("leaves distributed tracing off: its first version has stopped orchestrations for hours", () => {
    expect(extensions.durableTask.tracing).toEqual({ distributedTracingEnabled: false });
  });
});
