import { describe, expect, it } from "vitest";
import { readAnswer } from "./answer.ts";
import type { HistoryEvent } from "./hub.ts";
import {
  executionStarted,
  eventRaised,
  executionResumed,
  executionSuspended,
  orchestratorCompleted,
  orchestratorStarted,
  taskCompleted,
  taskScheduled,
  timerCreated,
  timerFired,
} from "./history-events.ts";
import { sanitized } from "./sanitizer.ts";
import { walk } from "./walk.ts";
import type { Walked } from "./walk.ts";

/** The engine's heart without the SDK: histories and answers written by hand. */
const T0 = Date.parse("2030-01-05T20:00:00Z");
const HOUR = 3600_000;
const started = executionStarted(T0, { instanceId: "night-1", executionId: "5d0c", name: "gate", version: "", input: null, parent: null });

function walked(history: readonly HistoryEvent[], actions: readonly object[], isDone = false): Walked {
  const answer = readAnswer({ ok: true, answer: { isDone, actions: [actions], schemaVersion: 2 } });
  const names = new Map(["a", "b", "send"].map((name) => [name, name]));
  return walk(history, answer, { strict: true, instanceId: "night-1", executionId: "5d0c", parent: null, activities: names, orchestrators: names });
}

const call = (functionName: string): object => ({ actionType: 0, functionName, input: {} });
const decided = ({ board }: Walked): string[] => [...board.pending.values()].map(({ id, kind }) => `${kind}#${id}`);

it("the worked example: an event wins a race, its timer is cancelled, the next call is decided", () => {
  const race = {
    actionType: 11,
    compoundActions: [
      { externalEventName: "Go", reason: "ExternalEvent", actionType: 6 },
      { fireAt: "2030-01-05T21:00:00.000Z", isCanceled: true, actionType: 5 },
    ],
  };
  const history = [
    orchestratorStarted(T0),
    started,
    timerCreated(T0, 0, T0 + HOUR),
    orchestratorCompleted(T0),
    orchestratorStarted(T0 + 600_000),
    eventRaised(T0 + 599_800, "Go", '{"by":"kim"}'),
  ];

  const result = walked(history, [race, call("Send")]);

  expect(result.diverged).toBeUndefined();
  expect(decided(result)).toEqual(["activity#1"]);
  expect([...result.board.open.keys()]).toEqual([1]);
});

it("everything that a completion sets free runs before the next event is looked at", () => {
  const history = [
    orchestratorStarted(T0),
    started,
    taskScheduled(T0, 0, "a"),
    taskScheduled(T0, 1, "b"),
    orchestratorStarted(T0),
    taskCompleted(T0, 1, "1"),
    taskCompleted(T0, 0, "2"),
    taskScheduled(T0, 2, "send"),
  ];

  const result = walked(history, [{ actionType: 11, compoundActions: [call("a"), call("b")] }, call("send")]);

  expect(result.diverged).toBeUndefined();
  expect(decided(result)).toEqual([]);
  expect([...result.board.open.keys()]).toEqual([2]);
});

describe("a history that disagrees", () => {
  it.each([
    ["another name", taskScheduled(T0, 0, "b"), /an activity "b" with id 0.*an activity "a"/],
    ["another kind", timerCreated(T0, 0, T0), /a timer with id 0.*an activity "a"/],
    ["an id that nothing has", taskScheduled(T0, 7, "a"), /an activity "a" with id 7.*nothing/],
  ])("%s", (_what, event, message) => {
    expect(walked([orchestratorStarted(T0), started, event], [call("a")]).diverged).toMatch(message);
  });

  it("does not mind the case of a name, nor the date of a timer", () => {
    const history = [orchestratorStarted(T0), started, taskScheduled(T0, 0, "A"), timerCreated(T0, 1, T0 + 5)];

    expect(walked(history, [{ actionType: 12, compoundActions: [call("a"), { actionType: 5, fireAt: "2030-01-05T23:00:00.000Z", isCanceled: false }] }]).diverged).toBeUndefined();
  });
});

it("a stray, a second and a late completion change nothing", () => {
  const history = [
    orchestratorStarted(T0),
    started,
    taskScheduled(T0, 0, "a"),
    taskCompleted(T0, 0, "1"),
    taskCompleted(T0, 0, "1"),
    taskCompleted(T0, 9, "1"),
    timerFired(T0, 4, T0),
  ];

  const result = walked(history, [call("a"), call("b")]);

  expect(result.diverged).toBeUndefined();
  expect(decided(result)).toEqual(["activity#1"]);
});

it("while suspended nothing is decided; what was held is processed in order on resume", () => {
  const held = [orchestratorStarted(T0), started, taskScheduled(T0, 0, "a"), executionSuspended(T0, "lunch"), taskCompleted(T0, 0, "1")];

  const before = walked(held, [call("a"), call("b")]);
  const after = walked([...held, executionResumed(T0, "")], [call("a"), call("b")]);

  expect([before.suspended, decided(before)]).toEqual([true, []]);
  expect([after.suspended, decided(after)]).toEqual([false, ["activity#1"]]);
});

describe("the Functions host's sanitizer", () => {
  it.each([
    ['{"url":"https://x/?code=abc&x=1"}', '{"url":"https://x/[Hidden Credential]"}'],
    ["AccountKey=abc;more", "[Hidden Credential]"],
    ['the monkey=3 and "quoted"', 'the mon[Hidden Credential]"quoted"'],
    ["postgres://me:secret@db:5432/x", "[Hidden Credential]"],
    ["nothing to hide", "nothing to hide"],
  ])("%s", (text, clean) => {
    expect(sanitized(text)).toBe(clean);
  });
});
