import { expect, it } from "vitest";
import { factsOf } from "../../test/support/facts-of.ts";
import { planWith } from "../../test/support/plan-with.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import type { Fact } from "./facts.ts";
import { obligationsOf, openOf } from "./obligations.ts";
import { indexOf } from "./plan-index.ts";

const PAGE = { id: "maintenance-page", what: "the maintenance page is up" };
const opening = (): ReturnType<typeof factsOf> => factsOf("page.up").intended({ opens: [PAGE] });
const ids = (facts: readonly Fact[]): readonly string[] => openOf(facts).map(({ id }) => id);

it("is open from before the call, though it is not certain yet", () => {
  const { facts, at } = opening();

  expect(obligationsOf(facts)).toEqual([{ ...PAGE, openedAt: at, step: "page.up", target: "page.up", certain: false }]);
});

it("is certain once the call has answered", () => {
  expect(obligationsOf(opening().begun().facts)).toMatchObject([{ id: PAGE.id, certain: true }]);
});

it("is closed by another step, with its evidence", () => {
  const facts = [
    ...opening().begun().facts,
    ...factsOf("page.down")
      .intended()
      .begun()
      .finished()
      .verified("www points at pal again", { closes: [PAGE.id] }).facts,
  ];

  expect(obligationsOf(facts)).toMatchObject([{ id: PAGE.id, closed: { by: "page.down page.down", evidence: ["www points at pal again"] } }]);
  expect(openOf(facts)).toEqual([]);
});

it("is closed by a step that did so within the same instant, though its stream comes first by name", () => {
  const closing = factsOf("a.close")
    .intended()
    .begun()
    .finished()
    .verified("put back", { closes: [PAGE.id] }).facts;

  expect(ids([...closing, ...opening().begun().facts])).toEqual([]);
});

it("stays open when a step that should close it had found nothing to close within the same instant, whichever stream comes first by name", () => {
  const closing = (step: string) =>
    factsOf(step)
      .intended()
      .begun()
      .finished()
      .verified("it was in service", { already: "it was in service before", closes: [PAGE.id] }).facts;

  expect(ids([...closing("a.close"), ...opening().begun().facts])).toEqual([PAGE.id]);
  expect(ids([...opening().begun().facts, ...closing("z.close")])).toEqual([PAGE.id]);
});

it("is closed by a step behind a barrier, or by one that comes after it by way of others, whatever the clock of the host said that closed it", () => {
  const opened = opening()
    .after("2m")
    .begun()
    .facts.map((fact) => ({ ...fact, at: "2024-12-08T01:02:00.000Z" }));
  const closed = factsOf("page.down")
    .intended()
    .begun()
    .finished()
    .verified("down", { closes: [PAGE.id] }).facts;
  const barrier = planWith({ "page.up": { phase: "before" }, "page.down": { phase: "after" } }, { phases: [{ id: "before" }, { id: "after", barrier: true }] });
  const between = planWith({ "page.up": {}, "a.b": { needs: ["page.up"] }, "page.down": { needs: ["a.b"] } });
  const apart = planWith({ "page.up": {}, "page.down": {} });
  const openBy = (plan: CompiledPlan): readonly string[] => openOf([...closed, ...opened], indexOf(plan)).map(({ id }) => id);

  expect([openBy(barrier), openBy(between), openBy(apart)]).toEqual([[], [], [PAGE.id]]);
});

it("is closed by a step that can only have come after it, whatever the clock of the host said that closed it", () => {
  const plan = indexOf(planWith({ "page.up": {}, "page.down": { needs: [{ step: "page.up", per: "step", as: "end" }] }, "page.look": {} }));
  const closing = (step: string) =>
    factsOf(step)
      .intended()
      .begun()
      .finished()
      .verified("it points at pal", { already: "it pointed at pal before", closes: [PAGE.id] }).facts;
  const opened = opening().after("2m").begun().facts;

  expect(openOf([...closing("page.down"), ...opened], plan)).toEqual([]);
  expect(openOf([...closing("page.look"), ...opened], plan).map(({ id }) => id)).toEqual([PAGE.id]);
});

it("is closed by its own undo", () => {
  expect(ids(opening().begun().rested("done").intended({ deed: "undo" }).undone([PAGE.id]).facts)).toEqual([]);
});

it("is closed when the call is known to have had no effect", () => {
  expect(ids(opening().faulted("rejected").rested("failed", "refused").facts)).toEqual([]);
});

it("is closed when the work never started", () => {
  expect(ids(opening().begun().rested("failed", "never started: no stage has started; stopped").facts)).toEqual([]);
});

it("stays open when it is not known whether the call had its effect", () => {
  expect(ids(opening().faulted("unavailable").rested("unknown", "no answer").facts)).toEqual([PAGE.id]);
});

it("stays open when the work began and then failed", () => {
  expect(ids(opening().begun().faulted("rejected", "poll").rested("failed", "stage failed").facts)).toEqual([PAGE.id]);
});

it("stays open when someone drops a step whose answer was lost: nobody knows that it was never opened", () => {
  expect(ids(opening().faulted("unavailable").rested("dropped", "skipped by Ada").facts)).toEqual([PAGE.id]);
  expect(ids(opening().faulted("unavailable").intended().faulted("throttled").rested("dropped", "skipped by Ada").facts)).toEqual([PAGE.id]);
});

it("is closed when a call that was refused had looked for what the lost one did", () => {
  expect(
    ids(
      opening()
        .faulted("unavailable")
        .intended({ opens: [PAGE] })
        .faulted("rejected")
        .rested("failed", "refused").facts,
    ),
  ).toEqual([]);
});

it("can be opened again after it was closed", () => {
  const told = opening().begun().after("1h").undone([PAGE.id]).after("1h");
  const facts = told.intended({ opens: [PAGE], try: 2 }).facts;

  expect(openOf(facts)).toMatchObject([{ id: PAGE.id, openedAt: told.at }]);
  expect(obligationsOf(facts)).toHaveLength(1);
});

it("keeps the first opening when a repeated call names it again", () => {
  const told = opening();
  const { at } = told;

  expect(
    openOf(
      told
        .after("2m")
        .intended({ opens: [PAGE] })
        .begun().facts,
    ),
  ).toMatchObject([{ openedAt: at, certain: true }]);
});

it("lists them in the order of opening", () => {
  const facts = [...factsOf("b.b").intended({ opens: [{ id: "b", what: "b" }] }).facts, ...factsOf("a.a").intended({ opens: [{ id: "a", what: "a" }] }).facts];

  expect(obligationsOf(facts).map(({ id }) => id)).toEqual(["b", "a"]);
});
