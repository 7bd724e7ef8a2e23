import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight } from "../test/support/december.ts";
import { fakeVendor, always } from "../test/support/fake-vendor.ts";
import { ADA, planWith, type StepDraft } from "../test/support/plan-with.ts";
import { play, stageFor, type PlayOptions } from "../test/support/play.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import { stateOf, type RunState } from "../shared/run/state.ts";
import { frameOf } from "./progress-frame.ts";
import { linesBetween } from "./progress-lines.ts";
import { clean, fitted, textOf } from "./progress-text.ts";
import { progressOn } from "./progress.ts";

const SIZE = { columns: 80, rows: 24 };
const framed = (state: RunState, size = SIZE): readonly string[] => frameOf(state, Date.parse(state.asOf), size).map((line) => textOf(line).trimEnd());
const told = (before: RunState | undefined, after: RunState): readonly string[] => linesBetween(before, after).map(textOf);

async function stateAt(steps: Record<string, StepDraft>, options: PlayOptions, works: Parameters<typeof fakeVendor>[0] = {}): Promise<RunState> {
  const stage = await stageFor(planWith(steps), { actions: [fakeVendor(works).action("fake.work")] });
  return play(stage, options);
}

/** December's misfortune, looked at each minute of its clock. */
let night: readonly RunState[];
beforeAll(async () => {
  const { plan, entries, state } = await decemberNight({ misfortune: true });
  const index = indexOf(plan);
  const instants = [...new Set(entries.map(({ fact }) => Math.ceil(Date.parse(fact.at) / 60_000) * 60_000))];
  night = [
    ...instants.map((now) =>
      stateOf(
        index,
        entries.filter(({ fact }) => Date.parse(fact.at) <= now),
        now,
      ),
    ),
    state,
  ];
}, 60_000);
const nightAt = (asOf: string): RunState => night.findLast((state) => state.asOf <= asOf) as RunState;

describe("the picture", () => {
  it("shows the night as a bar in local time, how it stands, and counts", () => {
    const [title, bar, counts] = framed(nightAt("2024-12-08T10:31:00.000Z"));

    expect(title).toMatch(/^Maintenance of December 8, 2024 {2}running +Sun 05:\d\d \(10:\d\d UTC\)$/);
    expect(bar).toMatch(/^Sat 20:00 ━+●─+ Sun 12:00$/);
    expect(counts).toMatch(/^\d+ done {2}2 skipped {2}1 failed {2}\d+ running {2}\d+ waiting {2}of 29 steps$/);
  });

  it("shows what runs, what went wrong and what waits for what", () => {
    const frame = framed(nightAt("2024-12-08T10:15:00.000Z")).join("\n");

    expect(frame).toContain("Runs");
    expect(frame).toMatch(/Sun 04:5\d Install updates on the MCC servers 0\/4 {2}IC-MCC1 is under way/);
    expect(frame).toContain("Went wrong");
    expect(frame).toMatch(/Sat 20:45 failed Run the Reschedule Jobs stage/);
    expect(frame).toContain("Waits");
  });

  it("says until when something waits in the window's time", () => {
    const frame = framed(nightAt("2024-12-08T02:00:00.000Z"));

    expect(frame).toContain("  until Sun 04:45 Run the second stage, Starting Maintenance, of the Preparatio…");
    expect(frame).toContain("  Deploy Hub_Infrastructure to PRD  waits for announce-start.notify");
    expect(framed(nightAt("2024-12-08T02:00:00.000Z"), { columns: 100, rows: 60 })).toContain(
      "  Run the smoke tests on www.invoicecloud.com  waits for all phases before it to end",
    );
  });

  it.each([
    [80, 24],
    [80, 8],
    [40, 12],
    [200, 60],
    [20, 3],
  ])("fits %i by %i at every minute of the night", (columns, rows) => {
    for (const state of night) {
      const frame = framed(state, { columns, rows });
      expect(frame.length).toBeLessThanOrEqual(rows);
      for (const line of frame) expect(Array.from(line).length).toBeLessThanOrEqual(columns);
    }
  });

  it("puts what people are asked before all else, and counts what finds no room", async () => {
    const steps = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`a.s${at}`, {}]));
    const state = await stateAt(
      { ...steps, "b.ask": { irreversible: true, approval: { by: [ADA] } } },
      { until: "2024-12-08T01:10:00.000Z" },
      Object.fromEntries(Object.keys(steps).map((id) => [id, { takesMs: 3_600_000 }])),
    );

    const frame = framed(state, { columns: 80, rows: 12 });

    expect(frame.slice(3, 6)).toEqual(["People are asked", "  Ada: b.ask  cannot be undone; do something", "Runs  and 14 more"]);
  });

  it("shows what is open, and since when", async () => {
    const state = await stateAt(
      { "a.b": { targets: [{ id: "x", opens: [{ id: "page", what: "the page is up" }] }] } },
      { until: "2024-12-08T01:10:00.000Z" },
      { x: { takesMs: 3_600_000 } },
    );

    expect(framed(state)).toContain("  the page is up  since Sat 20:00");
  });
});

describe("lines for the events", () => {
  it("tell the whole night of December in less than 150 lines, each with the window's local time", () => {
    const lines = night.flatMap((state, at) => told(night[at - 1], state));

    expect(lines.length).toBeLessThan(150);
    for (const line of lines) expect(line).toMatch(/^(Sat|Sun) \d\d:\d\d {2}\w+ +\S/);
    expect(lines[0]).toBe("Sat 20:00  started  Maintenance of December 8, 2024");
    expect(lines.at(-1)).toMatch(/^Sun 08:\d\d {2}ended +badly: Maintenance of December 8, 2024$/);
  });

  it("tell the misfortune when it is noticed, and what it meant", () => {
    const lines = night.flatMap((state, at) => told(night[at - 1], state));

    expect(lines).toContain("Sat 20:01  told     Run the Reschedule Jobs stage, Pre-Maintenance, of the Preparation Pipeline: accepted, but it has not started");
    expect(lines.find((line) => line.includes("skipped") && line.includes("Install updates on the app servers"))).toMatch(/^Sat 20:45 {2}skipped .*never started/);
    expect(lines.find((line) => line.includes("faulted") && line.includes("IC-MCC2"))).toContain("0x80240022");
    expect(lines.filter((line) => line.includes("done") && line.includes("IC-MCC2") && line.includes("at try 2"))).toHaveLength(1);
  });

  it("say the same however often one looks", () => {
    const often = night.flatMap((state, at) => told(night[at - 1], state));
    const seldom = night.filter((_, at) => at % 7 === 0 || at === night.length - 1).flatMap((state, at, some) => told(some[at - 1], state));
    const withoutTime = (lines: readonly string[]): readonly string[] => lines.map((line) => line.slice(11)).toSorted();

    expect(withoutTime(seldom)).toEqual(withoutTime(often));
    expect(told(night.at(-1), night.at(-1) as RunState)).toEqual([]);
  });

  it("tell asks, decisions and what was opened and closed", async () => {
    const steps = { "a.b": { approval: { by: [ADA] }, targets: [{ id: "x", opens: [{ id: "page", what: "the page is up" }] }] } };
    const asked = await stateAt(steps, { until: "2024-12-08T01:10:00.000Z" });
    const ended = await stateAt(steps, { decisions: [{ at: "2024-12-08T01:20:00.000Z", decision: "approve", step: "a.b" }] });

    expect(told(undefined, asked)).toContain("Sat 20:00  asked    Ada: approve a.b (do something)");
    expect(told(asked, ended)).toEqual(
      expect.arrayContaining(["Sat 20:20  decided  Ada: approve a.b", "Sat 20:20  open     the page is up", "Sat 20:20  closed   the page is up", "Sat 20:20  done     a.b"]),
    );
  });
});

describe("the terminal", () => {
  const screen = (isTTY: boolean): { written: string[]; isTTY: boolean; columns: number; rows: number; write: (text: string) => void } => {
    const written: string[] = [];
    return { written, isTTY, columns: 80, rows: 24, write: (text) => void written.push(text) };
  };

  it("gets plain lines and no control characters where it is none", () => {
    const out = screen(false);
    const progress = progressOn(out, {});

    for (const state of night) progress.show(state, Date.parse(state.asOf));
    progress.close();

    // oxlint-disable-next-line no-control-regex -- none of these may be there
    expect(out.written.join("")).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
    expect(out.written.join("").split("\n").length).toBeLessThan(150);
  });

  it("is drawn over in one write, and is not written to when nothing changed", () => {
    const out = screen(true);
    const progress = progressOn(out, {});
    const state = nightAt("2024-12-08T10:15:00.000Z");

    progress.show(state, Date.parse(state.asOf));
    progress.show(state, Date.parse(state.asOf));
    progress.show(state, Date.parse(state.asOf) + 60_000);

    expect(out.written).toHaveLength(2);
    const lines = (out.written[0] ?? "").split("\n").length - 1;
    expect(lines).toBeLessThan(24);
    expect(out.written[1]).toContain(`\u001B[${lines}A\r`);
    expect(out.written[1]).not.toContain("\u001B[2J");
  });

  it("gets its cursor back at the end", () => {
    const out = screen(true);
    const progress = progressOn(out, {});
    const state = nightAt("2024-12-08T10:15:00.000Z");
    progress.show(state, Date.parse(state.asOf));

    progress.close();

    expect(out.written.at(-1)).toBe("\u001B[?25h");
  });

  it("is coloured unless the reader wants none", () => {
    const state = nightAt("2024-12-08T10:15:00.000Z");
    const shown = (env: Record<string, string>): string => {
      const out = screen(true);
      progressOn(out, env).show(state, Date.parse(state.asOf));
      return out.written.join("");
    };

    expect(shown({})).toContain("\u001B[31m");
    expect(shown({ NO_COLOR: "1" })).not.toContain("\u001B[31m");
    expect(shown({ NO_COLOR: "1", FORCE_COLOR: "1" })).toContain("\u001B[31m");
  });
});

it("lets nothing that a vendor says move the cursor", async () => {
  const state = await stateAt({ "a.b": { title: "a\u001B[2Jb\r\nc" } }, {}, { "a.b": { poll: always("rejected", "\u001B[31mred\u0007") } });

  // oxlint-disable-next-line no-control-regex -- none of these may be there
  expect([...framed(state), ...told(undefined, state)].join("")).not.toMatch(/[\u0000-\u001F]/);
  expect(clean("a\u001B[2Jb\r\nc")).toBe("ab c");
  expect(textOf(fitted([{ text: "abcdef" }], 4))).toBe("abc…");
});
