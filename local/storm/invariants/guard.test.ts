import { describe, expect, it } from "vitest";
import { OPENS_AT, planWith } from "../../../test/support/plan-with.ts";
import { RUN_STREAM, targetStream, type Fact } from "../../../shared/run/facts.ts";
import type { Happening } from "../tape.ts";
import type { Struck } from "../weather.ts";
import type { Aftermath } from "./aftermath.ts";
import { GUARD } from "./guard.ts";

const plan = planWith({ "web.drain": { targets: [{ id: "IC-Web1", opens: [{ id: "out", what: "IC-Web1 is out of the pool" }] }] } });
const run = plan.window.id;
const where = { step: "web.drain", target: "IC-Web1" };
const at = (minute: number): string => new Date(Date.parse(OPENS_AT) + minute * 60_000).toISOString();
const started: Fact = { type: "run.started", at: at(0), digest: plan.digest, by: "Ada" };
const opened: Fact = { type: "target.intended", at: at(0), ...where, deed: "begin", try: 1, attempt: 1, opens: [{ id: "out", what: "IC-Web1 is out of the pool" }] };
const ended: Fact = { type: "run.ended", at: at(60), outcome: "badly", headline: "" };
const alarmed = (minute: number, nth: number): Fact => ({ type: "guard.alarmed", at: at(minute), about: "open", nth, lines: [] });
const posted = (nth: number): Happening => ({
  what: "call",
  at: 0,
  scope: undefined,
  method: "POST",
  url: "",
  system: "slack",
  status: 200,
  done: [{ system: "slack", effect: { at: at(0), did: "posted", to: "C1", with: { key: `${run}/guard/open/${nth}` } } }],
});
const acknowledged: Fact = { type: "decision.made", at: at(80), id: "1", decision: "acknowledge", by: "Ada" };
const missed: Fact = { type: "guard.missed", at: at(10), why: "" };
const resumed = (minute: number): Fact => ({ type: "guard.resumed", at: at(minute), by: "orchestration", why: "gone" });

function breachesOf(
  rule: string,
  facts: readonly Fact[],
  { calls = [], lost = false }: { readonly calls?: readonly Happening[]; readonly lost?: boolean } = {},
): readonly string[] {
  const written = facts.map((fact, seq): Happening => ({
    what: "fact",
    at: Date.parse(fact.at),
    entry: { stream: "step" in fact ? targetStream(where.step, where.target) : RUN_STREAM, seq, fact },
  }));
  const struck: Struck[] = lost ? [{ id: "1", kind: "orchestration lost", where: "hour 1" }] : [];
  const aftermath = { plan, happenings: [...calls, ...written], entries: written.flatMap((one) => (one.what === "fact" ? [one.entry] : [])), struck } as unknown as Aftermath;
  return GUARD.find((one) => one.rule === rule)?.check(aftermath) ?? ["no such rule"];
}

describe("open is alarmed", () => {
  const night = [started, opened, ended];

  it("holds when people were told in time, in the chat too, until someone acknowledged", () => {
    expect(breachesOf("open is alarmed", [...night, alarmed(65, 1), acknowledged], { calls: [posted(1)] })).toEqual([]);
    expect(breachesOf("open is alarmed", [started, ended])).toEqual([]);
  });

  it("is broken by nobody told, by the chat that has nothing of it, and by an alarm that is not repeated", () => {
    expect(breachesOf("open is alarmed", night)).toEqual([expect.stringContaining("nobody was told of it")]);
    expect(breachesOf("open is alarmed", [...night, alarmed(65, 1), acknowledged])).toEqual([expect.stringContaining("not in the chat")]);
    expect(breachesOf("open is alarmed", [...night, alarmed(65, 1)], { calls: [posted(1)] })).toEqual([expect.stringContaining("nobody was told of it")]);
    expect(breachesOf("open is alarmed", [...night, alarmed(65, 1), alarmed(140, 2), acknowledged], { calls: [posted(1), posted(2)] })).toEqual([expect.stringContaining("again")]);
  });
});

it("a run that is gone on with though nothing was lost, or twice for one loss, is a breach", () => {
  expect(breachesOf("gone on with once", [started, missed, resumed(15), ended], { lost: true })).toEqual([]);
  expect(breachesOf("gone on with once", [started, missed, resumed(15), ended])).toEqual([expect.stringContaining("nothing was lost")]);
  expect(breachesOf("gone on with once", [started, missed, resumed(15), resumed(20), ended], { lost: true })).toEqual([expect.stringContaining("again")]);
  expect(breachesOf("gone on with once", [started, ended, ended])).toEqual([expect.stringContaining("run.ended is written 2 times")]);
});
