import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { INVENTORY_TEXT } from "../../test/support/plan-text.ts";
import { printedFinding } from "../plan/finding.ts";
import { loadInventory } from "./load.ts";
import { resolveName, resolveNames } from "./resolve.ts";
import { Certificate, INVENTORY_KINDS, WsusGroup } from "./schema.ts";
import type { InventoryKind } from "./schema.ts";

const GUID = "3b1f6c0a-5d7e-4c2b-9a51-0e8f7d6c5b4a";

function lines(text: string): readonly string[] {
  return loadInventory(text, "i.yaml").findings.map((finding) => printedFinding(finding).split("\n")[0] ?? "");
}

describe("an inventory", () => {
  const { inventory, findings } = loadInventory(INVENTORY_TEXT, "i.yaml");

  it("is read without a finding, and every entry is as its schema says", () => {
    expect(findings).toEqual([]);
    for (const kind of Object.keys(INVENTORY_KINDS) as InventoryKind[]) {
      for (const entry of inventory.entries(kind)) expect(INVENTORY_KINDS[kind].parse(entry)).toEqual(entry);
    }
  });

  it("has whole entries where the file has names, and ids for names of subscriptions", () => {
    expect(WsusGroup.parse(inventory.find("wsusGroup", "September")).server).toMatchObject({ name: "wsus", vm: "wsus", subscription: GUID });
  });

  it("has a certificate's vault in it", () => {
    const text = `inventory: 1\nsubscriptions: { Prod: ${GUID} }\nvault:\n  V: { subscription: prod, resourceGroup: rg, url: "https://v.vault.azure.net", aliases: [the vault] }\ncertificate:\n  C: { vault: The Vault, certificate: c, subject: "*.example.com" }\n`;

    expect(Certificate.parse(loadInventory(text, "i").inventory.find("certificate", "c")).vault).toMatchObject({ name: "V", subscription: GUID });
  });

  it("finds names without regard to case and spacing, and by alias", () => {
    expect([" APP1 ", "second  app", "SECOND APP"].map((name) => inventory.find("server", name)?.name)).toEqual(["app1", "app2", "app2"]);
  });

  it("gives the members of a group, or all of a kind", () => {
    const names = (name: string) => {
      const found = resolveNames(inventory, ["server"], name);
      return found.ok ? found.value.map((entry) => entry.name) : found.hint;
    };

    expect([names("apps"), names("App Servers"), names("ALL"), names("app2")]).toEqual([
      ["app1", "app2", "app3"],
      ["app1", "app2", "app3"],
      ["app1", "app2", "app3", "wsus"],
      ["app2"],
    ]);
  });

  it("names near misses of an unknown name, or else what there is", () => {
    expect(resolveName(inventory, ["server"], "ap1")).toMatchObject({ ok: false, hint: "did you mean `app1` or `app2` or `app3`?" });
    expect(resolveName(inventory, ["site"], "intranet portal")).toMatchObject({ hint: "it knows www; add it there, or use one of these" });
    expect(resolveName(inventory, ["firewall"], "palo")).toMatchObject({ hint: "the inventory has no firewall at all; add it there" });
  });
});

describe("what is wrong with an inventory is said where it is", () => {
  const server = (name: string, more = "") => `  ${name}: { subscription: ${GUID}, resourceGroup: rg, vm: ${name}${more} }\n`;

  it.each([
    ["an unknown kind", "inventory: 1\nservers: {}\n", "i.yaml:2:1: error unknown-field: `servers` is no field of the file"],
    ["another version", "inventory: 2\n", "i.yaml:1:12: error bad-value: inventory is the number 2; expected `1`"],
    ["a missing field", `inventory: 1\nserver:\n  a: { subscription: ${GUID}, vm: a }\n`, "i.yaml:3:6: error missing: server.a lacks `resourceGroup`"],
    ["an unknown field", `inventory: 1\nserver:\n${server("a", ", colour: red")}`, "i.yaml:3:86: error unknown-field: `colour` is no field of server.a"],
    [
      "a subscription that has no name",
      "inventory: 1\nsubscriptions: {}\nserver:\n  a: { subscription: Prod, resourceGroup: rg, vm: a }\n",
      "i.yaml:4:22: error unknown-name: `Prod` is neither a GUID nor a name in `subscriptions`",
    ],
    ["a pool that is not there", `inventory: 1\nserver:\n${server("a", ", pool: web")}`, "i.yaml:3:92: error unknown-name: there is no pool called `web`"],
    [
      "a vault that is not there",
      'inventory: 1\ncertificate:\n  c: { vault: v, certificate: c, subject: "*.example.com" }\n',
      "i.yaml:3:15: error unknown-name: there is no vault called `v`",
    ],
    ["a team's member who is not there", "inventory: 1\nteam:\n  T: { channel: C1, members: [Zed] }\n", "i.yaml:3:31: error unknown-name: there is no person called `Zed`"],
    [
      "a group's member that is not there",
      `inventory: 1\nserver:\n${server("app1")}groups:\n  g: { kind: server, members: [app1, app2] }\n`,
      "i.yaml:5:38: error unknown-name: there is no server called `app2`",
    ],
    ["a group of no kind", "inventory: 1\ngroups:\n  g: { kind: sever, members: [a] }\n", 'i.yaml:3:14: error bad-value: groups.g.kind is "sever"; expected'],
    [
      "a member twice",
      `inventory: 1\nserver:\n${server("a")}groups:\n  g: { kind: server, members: [a, A] }\n`,
      "i.yaml:5:35: warning duplicate-member: a is in the group g twice",
    ],
    [
      "a server in two groups",
      `inventory: 1\nserver:\n${server("a")}groups:\n  g: { kind: server, members: [a] }\n  h: { kind: server, members: [a] }\n`,
      "i.yaml:6:3: warning two-groups: a is in two groups, g and h",
    ],
    [
      "an alias that another has",
      `inventory: 1\nserver:\n${server("a", ", aliases: [x]")}${server("b", ", aliases: [X]")}`,
      "i.yaml:4:96: error duplicate-name: `X` means two things among server entries: a and b",
    ],
    [
      "a name that differs in case only",
      `inventory: 1\nserver:\n${server("a")}${server("A")}`,
      "i.yaml:4:3: error duplicate-name: `A` means two things among server entries: a and A",
    ],
    [
      "a group called like a server",
      `inventory: 1\nserver:\n${server("a")}groups:\n  a: { kind: server, members: [a] }\n`,
      "i.yaml:5:3: error duplicate-name: `a` means two things among server entries and groups: a and a",
    ],
    ["an entry called all", `inventory: 1\nserver:\n${server("all")}`, "i.yaml:3:3: error reserved-name: `all` stands for every entry of a kind"],
    ["a tab", "inventory: 1\nserver:\n\ta: 1\n", "i.yaml:3:1: error tab: a tab indents this line"],
  ])("%s", (_what, text, expected) => {
    const found = lines(text);

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it("all at once, and what is right can still be used", () => {
    const { inventory, findings } = loadInventory(`inventory: 1\nserver:\n${server("a")}${server("b", ", pool: web")}site: 7\nzones: {}\n`, "i.yaml");

    expect(findings.map(({ code }) => code)).toEqual(["unknown-name", "wrong-type", "unknown-field"]);
    expect(inventory.find("server", "a")?.name).toBe("a");
  });

  it.each(["", "~", "[]", "7", "server: [1]", "groups: 3\nserver: { a: ~, b: 7, c: [] }", "{"])("%j is a finding and never a crash", (text) => {
    expect(lines(text).length).toBeGreaterThan(0);
  });
});

it("reads the team's own inventory without a finding", () => {
  expect(lines(readFileSync(new URL("../../plans/inventory.yaml", import.meta.url), "utf8"))).toEqual([]);
});
