import { beforeAll, describe, expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse } from "../../local/rehearse.ts";
import { TELEMETRY } from "../../shared/ports/telemetry.ts";

const { plan, inventory } = loadPlan(new URL("../../plans/2024-12-08.yaml", import.meta.url).pathname, new URL("../../plans/inventory.yaml", import.meta.url).pathname);

/** How every value of the simulated vault begins, and what tokens are called; see local/settings.ts. */
const SECRETS = /simulated-value-of-|simulated-token/;

describe("the telemetry of a rehearsed window", () => {
  const events: { name: string; fields: Record<string, unknown>; level: string }[] = [];
  beforeAll(async () => {
    const telemetry = { event: (name: string, fields: object, level = "info") => void events.push({ name, fields: { ...fields }, level }), flush: () => Promise.resolve() };
    await rehearse({ plan, scene: demoScene({ inventory, plan, scenario: "december" }), telemetry });
  });

  it("has the names and fields that are declared, each of its kind, and no others", () => {
    const wrong = events.flatMap(({ name, fields }) => {
      const declared: Readonly<Record<string, "text" | "number">> | undefined = TELEMETRY[name as keyof typeof TELEMETRY];
      if (declared === undefined) return [`${name} is not declared`];
      const missing = Object.keys(declared).filter((field) => !(field in fields));
      const strange = Object.entries(fields).filter(([field, value]) => typeof value !== (declared[field] === "text" ? "string" : declared[field]) || Number.isNaN(value));
      return [...missing.map((field) => `${name} lacks ${field}`), ...strange.map(([field, value]) => `${name}.${field} is ${String(value)}`)];
    });

    expect(events.length).toBeGreaterThan(100);
    expect([...new Set(wrong)]).toEqual([]);
  });

  it("tells of the run, its steps and every vendor that it called", () => {
    const names = new Set(events.map(({ name }) => name));
    const called = events.filter(({ name }) => name === "vendor.called");

    for (const name of ["step.begun", "step.rested", "step.faulted", "step.held", "vendor.called", "run.closed"]) expect(names).toContain(name);
    expect(called.filter(({ fields }) => fields["run"] === plan.window.id && fields["step"] !== "").length).toBeGreaterThan(100);
  });

  it("holds nothing secret: no value of the vault, no token, no query of an address", () => {
    const told = events.map((event) => JSON.stringify(event));

    expect(told.filter((line) => SECRETS.test(line))).toEqual([]);
    expect(told.filter((line) => /authorization|bearer |[?&](sig|token|key)=/i.test(line))).toEqual([]);
  });
});
