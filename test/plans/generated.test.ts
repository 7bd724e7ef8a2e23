import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import { compile } from "../../shared/plan/compile.ts";
import { hasErrors } from "../../shared/plan/finding.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { inventoryJsonSchema, planJsonSchema } from "../../shared/plan/json-schema.ts";
import { planReference } from "../../shared/plan/reference.ts";
import { readYaml } from "../../shared/plan/yaml.ts";
import { sketchedRegistry } from "../support/plan-registry.ts";

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("what is generated is what is committed", () => {
  it("plan.schema.json: nightshift plan schema > schemas/plan.schema.json", () => {
    expect(JSON.parse(text("schemas/plan.schema.json"))).toEqual(JSON.parse(JSON.stringify(planJsonSchema(registry))));
  });

  it("inventory.schema.json: nightshift plan schema inventory > schemas/inventory.schema.json", () => {
    expect(JSON.parse(text("schemas/inventory.schema.json"))).toEqual(JSON.parse(JSON.stringify(inventoryJsonSchema())));
  });

  it("plan-reference.md: nightshift plan reference > docs/plan-reference.md", () => {
    expect(text("docs/plan-reference.md")).toBe(planReference(registry));
  });
});

describe("the schemas, read by another library,", () => {
  // The editor extensions are lenient about formats and unknown words, and so is this.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

  it.each([
    ["plans/2024-12-08.yaml", "schemas/plan.schema.json"],
    ["plans/2024-10-06.yaml", "schemas/plan.schema.json"],
    ["plans/inventory.yaml", "schemas/inventory.schema.json"],
  ])("accept %s", (file, schema) => {
    const valid = ajv.compile(JSON.parse(text(schema)));

    valid(readYaml(text(file), file).value);

    expect(valid.errors ?? []).toEqual([]);
  });

  it.each([
    ["a field with a typo", "grace: 45m", "grase: 45m"],
    ["a parameter that the action has not", "stages: [Pre-Maintenance]", "stage: Pre-Maintenance"],
    ["a verb that is none", "action: slack.notify", "action: slack.shout"],
    ["a parameter of another type", "cluster: Kong, version: 1.30.6", "cluster: [Kong], version: 1"],
  ])("refuse %s", (_what, right, wrong) => {
    const valid = ajv.compile(JSON.parse(text("schemas/plan.schema.json")));
    const plan = text("plans/2024-12-08.yaml");

    expect(plan).toContain(right);
    expect(valid(readYaml(plan.replace(right, wrong), "f").value)).toBe(false);
  });

  it.each(["plan", "inventory"])("describe every field of a %s", (of) => {
    const undescribed: string[] = [];
    const walk = (schema: { properties?: Record<string, object>; description?: string } & Record<string, unknown>, path: string): void => {
      for (const [name, field] of Object.entries(schema.properties ?? {}) as [string, typeof schema][]) {
        const inner = Array.isArray(field["anyOf"]) ? (field["anyOf"] as (typeof schema)[]) : [];
        if (field.description === undefined && !inner.some(({ description }) => description !== undefined)) undescribed.push(`${path}${name}`);
        for (const each of [field, field["items"], field["additionalProperties"], ...inner])
          if (each !== null && typeof each === "object") walk(each as typeof schema, `${path}${name}.`);
      }
    };

    walk(JSON.parse(text(`schemas/${of}.schema.json`)), "");

    expect(undescribed).toEqual([]);
  });
});

describe("the team's plans", () => {
  const { inventory } = loadInventory(text("plans/inventory.yaml"), "plans/inventory.yaml");

  it("compile with the actions that are built: December to run, October to look at", () => {
    const [december, october] = ["2024-12-08", "2024-10-06"].map((date) =>
      compile({ text: text(`plans/${date}.yaml`), file: `${date}.yaml`, inventory, registry, allowMissing: date !== "2024-12-08" }),
    );

    expect(december?.findings.filter(({ severity }) => severity !== "info")).toEqual([]);
    expect(december?.plan?.steps.length).toBeGreaterThan(60);
    expect(hasErrors(october?.findings ?? [])).toBe(false);
    expect(october?.plan?.changes.length).toBe(28);
  });

  it("are told to editors by their first line", () => {
    for (const file of ["2024-12-08", "2024-10-06"]) expect(text(`plans/${file}.yaml`).split("\n")[0]).toBe("# yaml-language-server: $schema=../schemas/plan.schema.json");
    expect(text("plans/inventory.yaml").split("\n")[0]).toBe("# yaml-language-server: $schema=../schemas/inventory.schema.json");
  });
});

it("tests plans with parameters that the real actions have too", () => {
  const sketched = sketchedRegistry();
  const { inventory } = loadInventory(text("plans/inventory.yaml"), "plans/inventory.yaml");
  const december = (by: typeof registry) =>
    compile({ text: text("plans/2024-12-08.yaml"), file: "f", inventory, registry: by }).plan?.steps.map(({ id, needs, targets }) => ({
      id,
      needs,
      targets: targets.map((target) => target.id),
    }));

  expect(december(sketched)).toEqual(december(registry));
});
