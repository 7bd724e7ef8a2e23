import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";
import type { Draft } from "../../shared/page/draft.ts";

/** Pages of an invented team, and the two real ones where they are at hand, come out as drafts with nothing lost. */
const HERE = new URL("./samples/", import.meta.url);
const SEEDS = new URL("../../../shared/seeds/", import.meta.url);
const harbor = inventoryAt(new URL("inventory.yaml", HERE));
const team = inventoryAt(new URL("../../plans/inventory.yaml", import.meta.url));

function inventoryAt(file: URL) {
  return loadInventory(readFileSync(file, "utf8"), "inventory.yaml").inventory;
}

function stepsOf({ plan }: Draft) {
  return plan.phases.flatMap(({ changes }) => changes).flatMap((change) => change.steps.map((step) => ({ ...step, change })));
}

/** The draft without line numbers, which every deletion would move. */
function meaning({ text, questions }: Draft): string {
  return JSON.stringify([text.replaceAll(/\bline \d+/g, "line"), questions.map(({ text: words, why }) => [words, why])]);
}

const text = readFileSync(new URL("harbor.txt", HERE), "utf8");
const html = readFileSync(new URL("harbor.html", HERE), "utf8");

describe("a page of another team, as text", () => {
  const draft = draftOf(pageOf(text), harbor);
  const steps = stepsOf(draft);

  it("knows date, zone and cutoff", () => {
    expect(draft.plan).toMatchObject({ date: "2025-03-16", zone: "America/Chicago", cutoff: "Sun 08:00" });
  });

  it.each([
    ["slack.notify", { at: "Sat 21:00", targets: ["harbor-ops"], owner: { first: "Mina", second: "Jorge" } }],
    ["pool.drain", { at: "Sat 21:30", targets: ["NW-EDGE01", "NW-EDGE02", "NW-EDGE03", "NW-EDGE04"] }],
    ["patch.install", { needs: [{ step: "drain", per: "target" }], targets: ["NW-EDGE01", "NW-EDGE02", "NW-EDGE03", "NW-EDGE04"] }],
    ["pipeline.run", { with: { pipeline: "tide-api", ref: { branch: "release/2025-03" }, environment: "UAT" } }],
    ["web.check", { targets: ["www.harbor.example"] }],
    ["pool.restore", { targets: ["NW-EDGE01", "NW-EDGE02", "NW-EDGE03", "NW-EDGE04"] }],
  ])("has %s with what the page says", (action, expected) => {
    expect(steps.filter((step) => step.action === action)[0]).toMatchObject(expected);
  });

  it("runs UAT before PRD", () => {
    const [uat, prd] = steps.filter(({ with: given }) => given["pipeline"] === "tide-api");

    expect(prd).toMatchObject({ with: { environment: "PRD" }, needs: [uat?.id] });
  });

  it("gives a sentence that it does not know to a person, in the page's words", () => {
    expect(steps.find(({ title }) => title.includes("brass bell"))).toMatchObject({ action: "person.do", with: { what: "Polish the brass bell" } });
  });

  it("waits for what «after» speaks of", () => {
    expect(steps.find(({ title }) => title.includes("beacon relay"))?.needs).toHaveLength(1);
  });

  it.each(["Do not touch the billing nodes", "the vendor has confirmed", "crane-api"])("asks about «%s»", (words) => {
    expect(draft.questions.some((question) => question.text.includes(words))).toBe(true);
  });
});

describe("a page of another team, in storage format", () => {
  const draft = draftOf(pageOf(html), harbor);
  const steps = stepsOf(draft);

  it("takes time, owner and ticket from the columns of a table", () => {
    expect(steps.find(({ with: given }) => given["pipeline"] === "tide-api")).toMatchObject({
      at: "Sun 01:15",
      owner: "Mina",
      with: { environment: "PRD" },
      change: { keys: ["HAR-201"] },
    });
  });

  it("knows people by their mentions", () => {
    expect(steps.find(({ action }) => action === "pool.drain")).toMatchObject({ at: "Sat 21:30", owner: { first: "Mina", second: "Jorge" } });
  });

  it.each(["Paint the mast", "Do not reboot the lighthouse", "harborctl drain --all", "[roadmap]"])("asks about «%s»", (words) => {
    expect(draft.questions.some((question) => question.text.includes(words))).toBe(true);
  });
});

const real = existsSync(SEEDS) ? ["2024-10-06", "2024-12-08"].map((name) => [name, readFileSync(new URL(`${name}.txt`, SEEDS), "utf8"), team] as const) : [];

describe.skipIf(real.length === 0)("the two real pages (skipped where they are not at hand)", () => {
  it.each(real)("%s: every key, tag, host and server stands in the plan", (_, page, inventory) => {
    const draft = draftOf(pageOf(page), inventory);
    const keys = new Set(page.match(/\b(?:PLAT|INFRA)-\d+/g));
    const words = new Set(
      page.match(/platform-0\/[\d.]+|update\/\S+|kong-smtp|kv-glb-vault1|mailgun-smtp-password|(?:\*\.)?[a-z-]+\.(?:azurewebsites\.net|invoicecloud(?:-beta)?\.com)/g),
    );

    expect(new Set(draft.plan.phases.flatMap(({ changes }) => changes.flatMap((change) => change.keys)))).toEqual(keys);
    for (const word of words) expect(draft.text).toContain(word);
  });
});

describe.each([["harbor.txt", text, harbor], ["harbor.html", html, harbor], ...real] as const)("%s", (_, page, inventory) => {
  const draft = draftOf(pageOf(page), inventory);

  it("has a place for every word", () => {
    expect(draft.coverage.filter(({ id }) => id === "")).toEqual([]);
    expect(draft.counted.placed).toBe(draft.counted.visible);
  });

  it("names only steps, changes and phases that there are", () => {
    const ids = new Set([
      "window",
      ...draft.plan.phases.flatMap((phase) => [phase.id, ...phase.changes.flatMap((change) => [change.id, ...change.steps.map((step) => `${change.id}.${step.id}`)])]),
    ]);

    expect(draft.coverage.filter(({ id }) => !ids.has(id))).toEqual([]);
  });

  it("asks or changes when any line is taken out or altered", { timeout: 300_000 }, () => {
    const original = meaning(draft);
    const lines = page.split("\n");
    const same: string[] = [];
    lines.forEach((line, index) => {
      if (page === html || !/[\p{L}\p{N}&/]/u.test(line)) return;
      for (const put of ["", line.replace(/[\p{L}\p{N}&/](?=[^\p{L}\p{N}]*$)/u, "q")]) {
        const mutated = lines.with(index, put).join("\n");
        if (put !== line && meaning(draftOf(pageOf(mutated), inventory)) === original) same.push(`${index + 1} ${JSON.stringify(put)}`);
      }
    });

    expect(same).toEqual([]);
  });
});

describe("hostile pages", () => {
  it.each([
    ["five megabytes of text", "Run the thing on web1 - 5 (if needed) after x, at 8 PM.\n".repeat(90_000)],
    ["five megabytes in one line", "run a and b ".repeat(420_000)],
    ["five megabytes of list items", `<ul>${"<li>Patch web servers</li>".repeat(190_000)}</ul>`],
    ["half a million open parentheses", "(".repeat(500_000)],
  ])("%s are read to the end, with a place for every word", { timeout: 120_000 }, (_, page) => {
    const { blocks } = pageOf(page);

    expect(blocks.every(({ fragments }) => fragments.every(({ text: words }) => words.length <= 1_500))).toBe(true);
  });

  it("refuses nesting that nobody writes, and pages without end", () => {
    expect(() => pageOf(`<p>${"<div>".repeat(100_000)}`)).toThrow(/nests elements deeper/);
    expect(() => pageOf("x".repeat(9_000_000))).toThrow(/characters; expected/);
  });

  it("runs no script and shows no markup", () => {
    const draft = draftOf(pageOf(`<p>Polish <script>alert(1)</script><img src=x onerror=alert(1)> the bell</p>`), harbor);

    expect(draft.text).not.toMatch(/alert|onerror|<script/);
  });
});

describe("a maintenance page that comes down", () => {
  const page = (smoke: string) => `Maintenance of October 6, 2024

Prework
Point www and my from pal.invoicecloud.com to icmaintenance.azurewebsites.net at 5:00 AM

Test Plan
${smoke}

Post-Steps
Remove the maintenance page
`;
  const written = (smoke: string): string => draftOf(pageOf(page(smoke)), team).text;

  it("comes down by evidence: with the smoke tests that the page names before it", () => {
    const text = written("Run smoke tests on www.invoicecloud.com");

    const [, test = ""] = /lift:\s+tests:\s+- (\S+)/.exec(text) ?? [];
    expect(test).toMatch(/\.check$/);
    expect(text).toContain(`id: ${test.split(".")[0]}`);
  });

  it("and with nothing left unsafe, where it names none", () => {
    expect(written("Look around")).toMatch(/lift: \{\s*\}/);
  });
});
