import { z } from "zod";
import type { AnyAction } from "../action/action.ts";
import type { Registry } from "../action/registry.ts";
import { InventoryFile } from "../inventory/load.ts";
import { fieldOf, kindsOf } from "./names.ts";
import { PlanFile } from "./schema.ts";
import { vocabularyWith } from "./vocabulary.ts";

/** JSON Schema draft 7, which the YAML editor extensions handle best. */
export interface JsonSchema {
  [key: string]: unknown;
  description?: string;
  type?: string;
  const?: string | number | boolean;
  enum?: readonly string[];
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  allOf?: JsonSchema[];
  required?: string[];
}

/** What an editor needs to complete and check a plan file: the fields, and per action its parameters. */
export function planJsonSchema(registry: Registry): JsonSchema {
  const schema = draft7(PlanFile);
  const step = schema.properties?.["phases"]?.items?.properties?.["changes"]?.items?.properties?.["steps"]?.items;
  const action = step?.properties?.["action"];
  if (step === undefined || action === undefined) return schema;
  action.enum = vocabularyWith(registry.actions.map(({ verb }) => verb));
  step.allOf = registry.actions.map((each) => ({
    if: { properties: { action: { const: each.verb } }, required: ["action"] },
    // oxlint-disable-next-line no-thenable -- JSON Schema's word; nobody awaits a schema
    then: { properties: { with: parametersJsonSchema(each) } },
  }));
  return { title: "A plan of Nightshift", ...schema };
}

export function inventoryJsonSchema(): JsonSchema {
  return { title: "An inventory of Nightshift", ...draft7(InventoryFile) };
}

/** Parameters as a plan writes them: names for entries, and a list where the step fans out. */
export function parametersJsonSchema(action: AnyAction): JsonSchema {
  const { $schema: _version, ...schema } = draft7(action.params);
  const { over } = action;
  const fanned = over === undefined ? undefined : schema.properties?.[over];
  if (over !== undefined && fanned !== undefined && schema.properties !== undefined) {
    const { description, ...one } = fanned;
    const names = kindsOf(fieldOf(action.params, over) ?? action.params).join(" or ");
    schema.properties[over] = {
      description: [description, `One or several${names === "" ? "" : `, also a group of ${names} entries`}; the step's \`targets\` say the same.`]
        .filter((part) => part !== undefined)
        .join(". "),
      anyOf: [one, { type: "array", items: one, minItems: 1 }],
    };
    schema.required = (schema.required ?? []).filter((field) => field !== over);
    if (schema.required.length === 0) delete schema.required;
  }
  return { description: action.summary, ...schema };
}

function draft7(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const kinds = kindsOf(zodSchema as unknown as z.ZodType);
      if (kinds.length === 0) return;
      const { description } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, {
        type: "string",
        minLength: 1,
        description: [description, `Name of a ${kinds.join(" or ")} in the inventory`].filter((part) => part !== undefined).join(". "),
      });
    },
  }) as JsonSchema;
}
