import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import { inventoryOf } from "../../shared/inventory/inventory.ts";
import type { Inventory } from "../../shared/inventory/inventory.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";
import { CHECKS } from "../../shared/page/review/checks.ts";
import { reviewOf } from "../../shared/page/review/review.ts";
import type { Review } from "../../shared/page/review/review.ts";

/** Flaws that are planted in pages of invented teams, and those of the two real ones where they are at hand. */
const HERE = new URL("./review/", import.meta.url);
const SEEDS = new URL("../../../shared/seeds/", import.meta.url);
const aurora = inventoryAt(new URL("inventory.yaml", HERE));
const team = inventoryAt(new URL("../../plans/inventory.yaml", import.meta.url));
const nothing = inventoryOf({}, []);

function inventoryAt(file: URL): Inventory {
  return loadInventory(readFileSync(file, "utf8"), "inventory.yaml").inventory;
}

function reviewed(text: string, inventory: Inventory): Review {
  const page = pageOf(text);
  return reviewOf(page, draftOf(page, inventory), { inventory, registry });
}

/** `LINE CODE` of everything that is to be mended. */
function toMend(text: string, inventory: Inventory): readonly string[] {
  return reviewed(text, inventory)
    .findings.filter(({ severity }) => severity === "warning")
    .map(({ line, code }) => `${line} ${code}`);
}

function page(name: string): string {
  return readFileSync(new URL(name, HERE), "utf8");
}

const PLANTED: readonly (readonly [string, Inventory, readonly string[]])[] = [
  [
    "aurora.txt",
    aurora,
    [
      "6 never-closed",
      "7 never-closed",
      "9 never-closed",
      "12 never-closed",
      "12 other-month",
      "13 never-closed",
      "13 order-against-time",
      "16 clock-change",
      "19 mutable-branch",
      "22 deployment-twice",
      "25 server-twice",
      "28 irreversible-unapproved",
      "31 condition-unevaluated",
      "34 dependency-in-prose",
      "37 never-closed",
      "40 longer-than-cutoff",
      "42 no-smoke-test",
    ],
  ],
  [
    "quarry.html",
    aurora,
    [
      "3 never-closed",
      "12 clock-change",
      "16 never-closed",
      "20 order-against-time",
      "24 destroy-ref-differs",
      "24 irreversible-unapproved",
      "27 irreversible-unapproved",
      "28 other-month",
      "29 condition-unevaluated",
      "30 never-closed",
      "32 no-smoke-test",
    ],
  ],
  [
    "orchard.txt",
    nothing,
    [
      "5 never-closed",
      "6 never-closed",
      "11 dependency-in-prose",
      "12 mutable-branch",
      "18 irreversible-unapproved",
      "20 other-month",
      "22 dependency-in-prose",
      "24 no-smoke-test",
    ],
  ],
  [
    "marina.txt",
    aurora,
    [
      "6 never-closed",
      "9 never-closed",
      "10 never-closed",
      "10 order-against-time",
      "16 irreversible-unapproved",
      "18 mutable-branch",
      "20 never-closed",
      "22 irreversible-unapproved",
      "24 condition-unevaluated",
      "26 dependency-in-prose",
      "28 server-twice",
      "32 other-month",
      "34 no-smoke-test",
    ],
  ],
  [
    "piers.html",
    aurora,
    [
      "7 never-closed",
      "13 dependency-in-prose",
      "16 mutable-branch",
      "16 clock-change",
      "22 never-closed",
      "22 order-against-time",
      "24 deployment-twice",
      "25 irreversible-unapproved",
    ],
  ],
  ["delta.txt", aurora, ["8 never-closed", "11 never-closed", "15 longer-than-cutoff", "16 irreversible-unapproved", "17 other-month", "21 mutable-branch"]],
  ["harvest.txt", aurora, []],
  ["lumen.txt", aurora, []],
  ["basalt.html", aurora, []],
];

describe("pages of invented teams", () => {
  it.each(PLANTED)("%s: every planted flaw is named, and nothing else", (name, inventory, planted) => {
    const found = toMend(page(name), inventory);

    expect(found.toSorted()).toEqual([...planted].toSorted());
  });

  it("have every kind of flaw", () => {
    const planted = new Set(PLANTED.flatMap(([, , flaws]) => flaws.map((flaw) => flaw.split(" ")[1])));

    expect(CHECKS.map(({ code }) => code).filter((code) => !planted.has(code))).toEqual([]);
  });
});

describe("a clean page that loses a line", () => {
  it.each([
    ["Take Uptime out of maintenance mode", "13 never-closed"],
    ["Put AU-GATE1 - 4 back into the pool", "9 never-closed"],
    ["Start the report scheduler", "8 never-closed"],
    ["Raise the TTL of the control records again", "34 never-closed"],
    ["Remove the maintenance page and purge the cache of aurora.example", "19 never-closed"],
    ["Tell #ground-ops and #status channels that maintenance is finished", "6 never-closed"],
    ["Run the smoke tests on www.aurora.example", "39 no-smoke-test"],
    [" (approved by Marek)", "22 irreversible-unapproved"],
    ["Resume the tariff import and ", "7 never-closed"],
  ])("«%s» is missed", (words, flaw) => {
    const mutated = page("lumen.txt").replace(words, "");

    expect(mutated).not.toBe(page("lumen.txt"));
    // Lowering a record's lifetime may be meant to last where a ticket asks for it; said to be for a while, it is not.
    expect(toMend(mutated.replace("Lower the TTL of the control records", "Lower the TTL of the control records for the night"), aurora)).toContain(flaw);
  });

  it.each([
    ["<li>Power the tape robot on again</li>", "13 never-closed"],
    ["<li>Revoke the elevated access of Noor to the vault</li>", "6 never-closed"],
    ["<li>Lift the freeze of deployments to the archive</li>", "5 never-closed"],
    ["<li>Notify #status channel that maintenance is over</li>", "4 never-closed"],
  ])("«%s» is missed in storage format", (words, flaw) => {
    const mutated = page("basalt.html").replace(words, "");

    expect(mutated).not.toBe(page("basalt.html"));
    expect(toMend(mutated, aurora)).toContain(flaw);
  });
});

const PAIRS: readonly (readonly [string, string])[] = [
  ["Pause the {}", "Resume the {}"],
  ["Stop the {}", "Start the {}"],
  ["Suspend the {}", "Un-suspend the {}"],
  ["Disable the {}", "Re-enable the {}"],
  ["Turn off the {}", "Turn the {} back on"],
  ["Put the {} into maintenance mode", "Take the {} out of maintenance mode"],
  ["Put the {} on hold", "Take the {} off hold"],
  ["Freeze the {}", "Unfreeze the {}"],
  ["Take the {} offline", "Bring the {} back online"],
  ["Shut down the {}", "Start up the {}"],
  ["The platform team stops the {}", "The platform team starts the {}"],
  ["Silence the {}", "Unsilence the {}"],
];
const OBJECTS = ["invoice export worker", "label printer daemon", "crew roster service", "tariff feed", "harvest planner jobs", "kiosk heartbeat alerts"];

describe("openings and closings that nobody listed", () => {
  const opening = fc.record({ pair: fc.constantFrom(...PAIRS), object: fc.constantFrom(...OBJECTS) });
  const written = (said: readonly { pair: readonly [string, string]; object: string }[], without?: number): string =>
    [
      "Sunday, June 15, 2025",
      "All times in UTC",
      "",
      "Pre work",
      ...said.map(({ pair, object }) => `- ${pair[0].replace("{}", object)}`),
      "",
      "Post steps",
      ...said.flatMap(({ pair, object }, index) => (index === without ? [] : [`- ${pair[1].replace("{}", object)}`])),
      "- Run the smoke tests on www.aurora.example",
    ].join("\n");

  it("are quiet when paired, and named when the closing is gone", () => {
    fc.assert(
      fc.property(fc.uniqueArray(opening, { minLength: 1, maxLength: 5, selector: ({ object }) => object }), fc.nat(), (said, pick) => {
        const gone = pick % said.length;

        expect(toMend(written(said), aurora)).toEqual([]);
        expect(toMend(written(said, gone), aurora)).toEqual([`${5 + gone} never-closed`]);
      }),
      { numRuns: 60, seed: 20_241_208 },
    );
  });
});

describe.skipIf(!existsSync(SEEDS))("the two real pages (skipped where they are not at hand)", () => {
  const KNOWN: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      "2024-10-06",
      [
        "12 never-closed",
        "15 never-closed",
        "15 other-month",
        "28 never-closed",
        "28 condition-unevaluated",
        "56 mutable-branch",
        "67 mutable-branch",
        "80 mutable-branch",
        "109 irreversible-unapproved",
        "118 server-twice",
        "152 irreversible-unapproved",
        "159 irreversible-unapproved",
        "166 dependency-in-prose",
      ],
      ["134 dependency-in-prose"],
    ],
    [
      "2024-12-08",
      [
        "10 never-closed",
        "10 other-month",
        "13 order-against-time",
        "110 destroy-ref-differs",
        "110 irreversible-unapproved",
        "136 dependency-in-prose",
        "144 dependency-in-prose",
      ],
      ["83 deployment-twice", "115 dependency-in-prose"],
    ],
  ];

  it.each(KNOWN)("%s: every known flaw is named, and at most one thing besides", (name, flaws, settled) => {
    const { findings } = reviewed(readFileSync(new URL(`${name}.txt`, SEEDS), "utf8"), team);

    const found = findings.map(({ line, code }) => `${line} ${code}`);
    expect([...flaws, ...settled].filter((flaw) => !found.includes(flaw))).toEqual([]);
    expect(found.filter((flaw) => ![...flaws, ...settled].includes(flaw)).length).toBeLessThanOrEqual(1);
    expect(findings.filter(({ severity }) => severity === "info").map(({ line, code }) => `${line} ${code}`)).toEqual(settled);
  });

  it.each([
    ["2024-10-06", 199, "31 never-closed"],
    ["2024-10-06", 201, "4 never-closed"],
    ["2024-10-06", 205, "25 never-closed"],
    ["2024-12-08", 180, "3 never-closed"],
    ["2024-12-08", 186, "20 never-closed"],
    ["2024-12-08", 170, "169 no-smoke-test"],
  ])("%s without line %i: the review says so", (name, line, flaw) => {
    const lines = readFileSync(new URL(`${name}.txt`, SEEDS), "utf8").split("\n");
    // Both kinds of tests are smoke tests enough.
    const without = lines.map((text, index) => (index === line - 1 || (line === 170 && [171, 175, 176].includes(index + 1)) ? "" : text)).join("\n");

    expect(toMend(without, team)).toContain(flaw);
  });
});

describe("what looks like a flaw and is none", () => {
  const halden = inventoryAt(new URL("./corpus/halden.yaml", import.meta.url));
  const work = (...lines: readonly string[]): string =>
    ["Maintenance of 2026-01-18", "All times are UTC", "", "Main work", ...lines, "", "Tests", "Run the smoke tests on quotes.halden.example"].join("\n");

  it.each([
    ["a crossed-out line", work("Patch QW1", "~~Delete the old image gallery~~ moved to March")],
    ["a person called like a month", work("Patch QW1 (Jun)", "Jun: look at the logs")],
    [
      "a name that points back",
      work("Point quotes at sorry.halden.example instead of lb.halden.example", "Patch QW1", "Point quotes from sorry.halden.example to lb.halden.example"),
    ],
    ["a thing that must be there", work("Patch QW1", "- needs 40 GB free on drive T:")],
    ["a line named by its number", work("1. Patch QW1", "2. Patch QW2 after step 1")],
  ])("is %s", (_what, text) => {
    expect(toMend(text, halden)).toEqual([]);
  });

  it("and a condition ends where the work begins", () => {
    const [finding] = reviewed(work("If the vendor agrees: patch QW1"), halden).findings.filter(({ code }) => code === "condition-unevaluated");

    expect(finding?.message).toContain("«the vendor agrees»");
  });
});

describe("without an inventory", () => {
  it("says less, and nothing wrong, of clean pages", () => {
    for (const name of ["lumen.txt", "basalt.html", "harvest.txt"]) expect(toMend(page(name), nothing)).toEqual([]);
  });
});
