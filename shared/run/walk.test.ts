import { expect, it } from "vitest";
import { factsOf } from "../../test/support/facts-of.ts";
import { walkOf } from "./walk.ts";

it("is fresh before anything happened", () => {
  const walk = walkOf([]);

  expect(walk).toMatchObject({ seq: 0, stage: "fresh", try: 1, attempt: 0, everIntended: false, told: [] });
});

it("knows a call that was announced and has not answered", () => {
  const { facts, now } = factsOf("a.b").intended();

  const walk = walkOf(facts);

  expect(walk).toMatchObject({ seq: 1, stage: "intended", everIntended: true, attempt: 1, inFlight: { deed: "begin", since: now }, intendedAt: now });
});

it("goes from intended to rested, stage by stage", () => {
  const told = factsOf("a.b");

  const stages = [
    told.intended(),
    told.begun({ id: 7 }),
    told.progressed("running", "stage 1 of 2"),
    told.finished("stage 2 of 2", { id: 7, build: 9 }),
    told.verified("the stage's record says succeeded"),
    told.rested("done"),
  ].map((_, at) => walkOf(told.facts.slice(0, at + 1)).stage);

  expect(stages).toEqual(["intended", "begun", "begun", "finished", "verified", "rested"]);
  expect(walkOf(told.facts)).toMatchObject({ receipt: { id: 7, build: 9 }, evidence: ["the stage's record says succeeded"], rested: { as: "done" } });
});

it("keeps the attempts of one deed and counts anew for the next", () => {
  const told = factsOf("a.b").intended().faulted("unavailable").after("15s").intended();

  const before = walkOf(told.facts);
  const after = walkOf(told.begun().facts);

  expect(before).toMatchObject({ attempt: 2, inFlight: { deed: "begin" } });
  expect(after).toMatchObject({ attempt: 0, stage: "begun" });
  expect(after.fault).toBeUndefined();
});

it("counts the time of a try from its first begin, not from a repeated one", () => {
  const told = factsOf("a.b").intended();
  const first = told.now;
  told.faulted("unavailable").after("1m").intended();

  expect(walkOf(told.facts).intendedAt).toBe(first);
});

it("forgets the receipt, fault, note and progress of an earlier try", () => {
  const told = factsOf("a.b").intended().begun({ id: 1 }).progressed("running", "half way").faulted("failed", "poll").after("1m").intended({ try: 2 });

  const walk = walkOf(told.facts);

  expect(walk).toMatchObject({ try: 2, attempt: 1, stage: "intended", intendedAt: told.now });
  expect(walk.receipt).toBeUndefined();
  expect(walk.fault).toBeUndefined();
  expect(walk.note).toBeUndefined();
  expect(walk.progress).toBeUndefined();
});

it("remembers across tries what people were told", () => {
  const { facts } = factsOf("a.b").intended().begun().told("held#1").intended({ try: 2 });

  expect(walkOf(facts).told).toEqual(["held#1"]);
});

it("keeps the evidence of a way back beside that of the way there", () => {
  const { facts } = factsOf("a.b").intended().begun().finished().verified("swapped").rested("done").intended({ deed: "undo" }).undone([], "swapped back");

  expect(walkOf(facts)).toMatchObject({ undone: true, evidence: ["swapped", "swapped back"], rested: { as: "done" } });
});

it("does not count an attempt to take back as a try of its own", () => {
  const { facts, now } = factsOf("a.b").intended().begun().rested("failed").intended({ deed: "undo" });

  expect(walkOf(facts)).toMatchObject({ try: 1, inFlight: { deed: "undo", since: now } });
});

it("says of work found as it should be that it was already so", () => {
  const { facts } = factsOf("a.b").intended().begun().finished().verified("it is in the group", { already: "it was in the group before" });

  expect(walkOf(facts).already).toBe("it was in the group before");
});

it("knows that it was told to people in vain, without taking that for a fault of the work", () => {
  const told = factsOf("a.b").intended().begun().progressed("waiting").faulted("unavailable", "tell");

  const walk = walkOf(told.facts);

  expect(walk.fault).toBeUndefined();
  expect(walk.untold).toMatchObject({ at: told.now, attempt: 1 });
});

it("forgets that people could not be told once they have been", () => {
  const { facts } = factsOf("a.b").intended().begun().faulted("unavailable", "tell").told("late-start#1");

  expect(walkOf(facts).untold).toBeUndefined();
});
