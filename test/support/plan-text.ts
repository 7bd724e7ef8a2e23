import type { Registry } from "../../shared/action/registry.ts";
import type { Inventory } from "../../shared/inventory/inventory.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { Compiled } from "../../shared/plan/compile.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { printedFinding } from "../../shared/plan/finding.ts";
import { sketchedRegistry } from "./plan-registry.ts";

/** A small inventory with two of everything that tests of plans name. */
export const INVENTORY_TEXT = `
inventory: 1
subscriptions: { Prod: 3b1f6c0a-5d7e-4c2b-9a51-0e8f7d6c5b4a }
person:
  Ann: { slackId: U1, email: ann@example.com }
  Bob: { slackId: U2, email: bob@example.com, aliases: [Robert] }
team:
  Ops: { channel: C9, members: [Bob, Ann] }
  Nobody: { channel: C8 }
channel:
  ops: { id: C1 }
  news: { id: C2 }
pipeline:
  Web:
    organization: o
    project: p
    id: 1
    stages:
      - { name: xat, environment: XAT, expected: 10m }
      - { name: prd, environment: PRD, title: Production, expected: 20m }
      - { name: extra, environment: PRD, expected: 5m }
  Chores:
    organization: o
    project: p
    id: 2
    stages: [{ name: park, title: Park-Jobs }, { name: start }]
stack:
  one: { environment: PRD, value: one }
  two: { environment: PRD, value: two }
server:
  app1: { subscription: Prod, resourceGroup: rg, vm: app1 }
  app2: { subscription: Prod, resourceGroup: rg, vm: app2, aliases: [second app] }
  app3: { subscription: Prod, resourceGroup: rg, vm: app3 }
  wsus: { subscription: Prod, resourceGroup: rg, vm: wsus }
wsusGroup:
  September: { group: September, server: wsus }
site:
  www: { url: "https://www.example.com/" }
script:
  forever: { kind: powershell, file: forever.ps1 }
groups:
  apps: { kind: server, members: [app1, app2, app3], aliases: [app servers] }
  stacks: { kind: stack, members: [one, two] }
`;

/** Stands before the character at which a finding is expected. */
const MARK = "⟦";

/** A plan around some steps of one change: enough of everything else to compile without a finding. */
export function planOf(steps: string, rest: { readonly window?: string; readonly top?: string; readonly change?: string } = {}): string {
  return `plan: 1
window:
${indented(rest.window ?? WINDOW, 2)}
${rest.top ?? ""}
phases:
  - id: work
    title: Work
    changes:
      - id: first
        title: First change
${indented(rest.change ?? "", 8)}
        steps:
${indented(steps, 10)}
  - id: after
    title: After
    barrier: true
    changes:
      - id: look
        title: Look at it
        steps:
          - id: www
            action: web.check
            targets: www
`;
}

const WINDOW = `title: A window
date: 2024-12-08
zone: America/New_York
cutoff: Sun 12:00
channels: [ops]
owners: [Ann]`;

/**
 * Compiles a marked text and says each finding on a line, without the marks; places count as if they were not there.
 * `watch` is called for each name that is looked up.
 */
export function compiled(
  text: string,
  options: { readonly registry?: Registry; readonly allowMissing?: boolean; readonly watch?: () => void } = {},
): Compiled & { readonly lines: readonly string[] } {
  const { inventory: loaded } = loadInventory(INVENTORY_TEXT, "inventory.yaml");
  const inventory: Inventory = {
    ...loaded,
    find(kind, name) {
      options.watch?.();
      return loaded.find(kind, name);
    },
  };
  const result = compile({
    text: text.replaceAll(MARK, ""),
    file: "plan.yaml",
    inventory,
    registry: options.registry ?? sketchedRegistry(),
    ...(options.allowMissing === undefined ? {} : { allowMissing: options.allowMissing }),
  });
  return { ...result, lines: result.findings.map((finding) => printedFinding(finding).split("\n")[0] ?? "") };
}

/** The plan of a text that is expected to have no errors. */
export function planFrom(text: string): CompiledPlan {
  const { plan, lines } = compiled(text);
  if (plan === undefined) throw new Error(`expected a plan; got\n${lines.join("\n")}`);
  return plan;
}

/** `plan.yaml:LINE:COLUMN` of the one mark in a text. */
export function marked(text: string): string {
  const before = text.slice(0, text.indexOf(MARK)).split("\n");
  return `plan.yaml:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function indented(text: string, by: number): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : " ".repeat(by) + line))
    .join("\n");
}
