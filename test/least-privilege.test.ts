import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { registry } from "../integrations/actions.ts";

/** One table of all rights, written by hand; each slice's README says the same of its own. */
const ROOT = join(import.meta.dirname, "..");
const TABLE = readFileSync(join(ROOT, "docs/least-privilege.md"), "utf8");

const slices = readdirSync(join(ROOT, "integrations"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** Its words about credentials and rights, with single spaces; empty when it has none. */
function sectionOf(slice: string): string {
  const parts = readFileSync(join(ROOT, "integrations", slice, "README.md"), "utf8").split(/^(?=\*\*[A-Z]|## )/m);
  return parts
    .filter((part) => /^(\*\*|## )(Credentials|Least)/.test(part))
    .join(" ")
    .replaceAll(/\s+/g, " ");
}

/** In full, or as a list shortens it: `Microsoft.Network/loadBalancers/…/read`, `.../write`. */
function isSaid(section: string, right: string): boolean {
  const parts = right.split("/");
  return section.includes(right) || [1, 2].some((last) => parts.length > last + 1 && section.includes(`.../${parts.slice(-last).join("/")}`));
}

interface Row {
  readonly slice: string;
  readonly right: string;
  readonly use: string;
}

const rows: readonly Row[] = TABLE.split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| slice ") && !line.startsWith("| --- "))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, slice = "", right = "", , use = ""]) => ({ slice, right, use }));

describe("the table of rights", () => {
  it("has a row for every slice and for nothing else", () => {
    expect([...new Set(rows.map(({ slice }) => slice))].sort()).toEqual(slices);
  });

  it("says of every verb what it needs", () => {
    const verbs = new Set(rows.flatMap(({ use }) => [...use.matchAll(/`([a-z]+\.[a-z]+)`/g)].map(([, verb]) => verb ?? "")));

    expect([...verbs].sort()).toEqual(registry.actions.map(({ verb }) => verb).sort());
  });

  it.each(slices)("has a section in the README of %s that says the same", (slice) => {
    const section = sectionOf(slice);

    expect(section, "a section that begins with «Credentials» or «Least»").not.toBe("");
    const missing = rows
      .filter((row) => row.slice === slice)
      .flatMap(({ right }) => [...right.matchAll(/`([^`]+)`|\*([^*`]+)\*/g)].map(([, code, words]) => code ?? words ?? ""))
      .filter((right) => !isSaid(section, right));
    expect(missing).toEqual([]);
  });

  it("names Azure's actions one by one, with as few wildcards as can be", () => {
    const actions = rows.flatMap(({ right }) => [...right.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "")).filter((code) => /^(Microsoft\.|\*)/.test(code));

    expect(actions.filter((action) => action.includes("*")).sort()).toEqual(["*/read", "Microsoft.ContainerInstance/containerGroups/*", "Microsoft.Storage/storageAccounts/*"]);
    for (const action of actions.filter((one) => !one.includes("*"))) expect(action).toMatch(/^Microsoft\.[A-Za-z]+(\/[A-Za-z]+)+\/(read|write|delete|action)$/);
  });
});
