import type { AnyAction } from "../action/action.ts";
import { DEFAULT_POLICY, POLICY_LIMITS } from "../action/policy.ts";
import type { Policy } from "../action/policy.ts";
import type { Registry } from "../action/registry.ts";
import { durationText } from "./duration.ts";
import { parametersJsonSchema, planJsonSchema } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { vocabularyWith } from "./vocabulary.ts";

/** The plan reference as Markdown: made from the schema and the registry, so that it says what the compiler does. */
export function planReference(registry: Registry): string {
  const plan = planJsonSchema(registry);
  const phase = itemsOf(plan, "phases");
  const change = itemsOf(phase, "changes");
  const step = itemsOf(change, "steps");
  const built = registry.actions.map(({ verb }) => verb);
  const missing = vocabularyWith(built).filter((verb) => !built.includes(verb));
  return `${[
    "# Plan reference",
    "Made by `nightshift plan reference` from `shared/plan/schema.ts` and the actions; do not edit it by hand.",
    PROSE,
    "## The file",
    fields(plan),
    "### `window`",
    fields(plan.properties?.["window"]),
    "### `tickets`",
    plan.properties?.["tickets"]?.description ?? "",
    fields(plan.properties?.["tickets"]),
    "### A phase",
    fields(phase),
    "### A change",
    fields(change),
    "### A step",
    fields(step),
    "## Patience",
    "Each action brings its own; a step may change them within the limits. Durations are written as `90s`, `45m`, `1h30m`.",
    patience(),
    "## Actions",
    ...registry.actions.flatMap(actionSection),
    ...(missing.length === 0
      ? []
      : ["## Not built yet", "These verbs may stand in a plan, which can then be looked at and not run.", missing.map((verb) => `- \`${verb}\``).join("\n")]),
  ].join("\n\n")}\n`;
}

const PROSE = `## How to read it

- **Times** are wall-clock times in the window's zone, on days counted from its Sunday: \`Sat 20:00\`, \`Sunday 04:45\`, or
  \`2024-12-08 04:45\`. Thu, Fri, Sat, Sun and Mon can be named. A time that exists twice, since clocks go back, says
  \`first\` or \`second\` behind it, or its offset (\`Sun 01:30 -05:00\`); a time that does not exist is refused, and the finding
  names the nearest ones that do.
- **Needs** make the order. Steps of one plan run side by side unless a need, a time, a phase's barrier or a resource that
  both touch keeps them apart. \`needs: hub\` names a step of the same change, \`needs: kong-cluster.destroy\` one of another,
  \`needs: kong-cluster\` all steps of a change, \`needs: prework\` all of a phase.
- **Names** are those of the inventory, or their aliases, without regard to case. Where a step fans out, a group or \`all\` may
  stand for several.
- **Done above**: a deployment that two changes ask for, with the same pipeline, ref, environment, stages and stacks, runs
  once and counts for both. One that differs in a detail is asked about and runs on its own. \`sameAs\` says it outright.
- **Tickets** become steps of their own: \`CHANGE.jira-start\`, \`.jira-link\`, \`.jira-transition\`, \`.jira-end\`. Nothing else
  waits for them.
- **Findings** are errors (no plan comes out), warnings (a person should look) and infos (what the compiler did by itself).`;

function itemsOf(schema: JsonSchema | undefined, field: string): JsonSchema | undefined {
  return schema?.properties?.[field]?.items;
}

function fields(schema: JsonSchema | undefined): string {
  const rows = Object.entries(schema?.properties ?? {}).map(([name, field]) => {
    const must = schema?.required?.includes(name) === true ? "yes" : "";
    return `| \`${name}\` | ${must} | ${cell(kindOf(field))} | ${cell(field.description ?? "")} |`;
  });
  return ["| field | must | is | what |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** A field's type in a word or two; names of inventory entries are told by its description. */
function kindOf(field: JsonSchema): string {
  const choices = field.enum;
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (choices !== undefined) return choices.length > 8 ? "a verb" : choices.map((choice) => `\`${choice}\``).join(", ");
  const options = field.anyOf ?? field.oneOf;
  if (options !== undefined) return [...new Set(options.map(kindOf))].join(" or ");
  switch (field.type) {
    case "array":
      return `list of ${field.items === undefined ? "values" : kindOf(field.items)}`;
    case "object":
      if (field.properties === undefined) return "map";
      return Object.keys(field.properties).length > 4 ? "fields below" : `{ ${Object.keys(field.properties).join(", ")} }`;
    case "integer":
      return "whole number";
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    default:
      return field.type ?? "anything";
  }
}

function actionSection(action: AnyAction): readonly string[] {
  const { verb, summary, over, policy, reversal } = action;
  const back = {
    undo: "taken back by its own undo",
    nothing: "leaves nothing to take back",
    irreversible: "cannot be taken back: the step says `irreversible: true` and has an `approval`",
  }[reversal];
  const own = Object.entries(policy).map(([field, value]) => `${WORDS[field as keyof Policy]} ${patienceText(field as keyof Policy, value)}`);
  return [
    `### \`${verb}\``,
    summary,
    [
      ...(over === undefined ? [] : [`- Fans out over \`${over}\`: \`targets\` may name several.`]),
      `- Reversal: ${back}${action.reversalFor === undefined ? "" : ", unless its parameters say otherwise"}.`,
      ...(own.length === 0 ? [] : [`- Patience: ${own.join(", ")}.`]),
    ].join("\n"),
    fields(parametersJsonSchema(action)),
  ];
}

const WORDS: Readonly<Record<keyof Policy, string>> = {
  timeoutMs: "`timeout`",
  startWithinMs: "`startWithin`",
  pollEveryMs: "`poll`",
  attempts: "`retry.attempts`",
  retryDelayMs: "`retry.delay`",
  maxRetryDelayMs: "`retry.max`",
};

function patience(): string {
  const rows = (Object.keys(WORDS) as (keyof Policy)[]).map(
    (field) => `| ${WORDS[field]} | ${patienceText(field, DEFAULT_POLICY[field])} | ${patienceText(field, POLICY_LIMITS[field])} |`,
  );
  return ["| field | unless the action says otherwise | at most |", "| --- | --- | --- |", ...rows].join("\n");
}

function patienceText(field: keyof Policy, value: number): string {
  return field === "attempts" ? String(value) : durationText(value);
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
}
