import { membersOf } from "./actions.ts";
import type { Action } from "./actions.ts";
import { readAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { Decision, Refusal } from "./board.ts";
import { HTTP_POLL_MS } from "./call-http.ts";
import { EVENT, childCreated, executionCompleted, executionStarted, orchestratorCompleted, orchestratorStarted, taskScheduled, timerCreated } from "./history-events.ts";
import type { ParentInstance } from "./history-events.ts";
import type { HistoryEvent, Invoker, OrchestratorRequest, Standing, Strictness } from "./hub.ts";
import type { Notice } from "./notice.ts";
import { sanitized } from "./sanitizer.ts";
import type { Setting } from "./start.ts";
import { raceRule } from "./strict-actions.ts";
import { copyOfRaceEvent, inputNotices, reEmission, statusNotice } from "./strict-turn.ts";
import { mayGoOn, wentOn } from "./session.ts";
import type { Session, Told } from "./session.ts";
import { walker } from "./walk.ts";
import type { Walked } from "./walk.ts";
import { unreachable } from "../../shared/fault/assert.ts";

/** One execution id of an instance: from a start or continue-as-new to its end. */
export interface Generation {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string;
  /** JSON text. */
  readonly input: string | null;
  readonly parent: ParentInstance | null;
}

/** What a turn begins with. */
export interface TurnInput {
  readonly generation: Generation;
  /** Events of committed turns. */
  readonly past: readonly HistoryEvent[];
  /** The JSON, joined by commas, of those that the SDK is sent. Asked for where the orchestrator is replayed. */
  readonly pastJson: () => string;
  /** How the turn before left the orchestrator, where that is kept. */
  readonly session?: Session | undefined;
  /** Events that arrived since, in order. */
  readonly batch: readonly HistoryEvent[];
  /** How many actions the previous turn's answer held. */
  readonly actionsSeen: number;
  readonly nowMs: number;
}

/** How a generation ended. `result` is JSON text, or plain text for a failure or a termination. */
export type Ending =
  | { readonly status: "Completed"; readonly result: string | null }
  | { readonly status: "Failed"; readonly result: string; readonly details: string; /** The rule by which this host refused to go on. */ readonly rule?: string }
  | { readonly status: "Terminated"; readonly result: string };

/** What a turn decided; nothing of it has happened yet. */
export interface TurnResult {
  /** The generation that the instance is in now: another than before after continue-as-new. */
  readonly generation: Generation;
  readonly continued: boolean;
  /** Events to append to history; the whole history of the new generation after continue-as-new. */
  readonly events: readonly HistoryEvent[];
  readonly decisions: readonly Decision[];
  readonly ending: Ending | undefined;
  /** JSON text. */
  readonly customStatus: string | null;
  readonly suspended: string | undefined;
  readonly actionsSeen: number;
  /** Names that somebody waits for, as the orchestrator spells them. */
  readonly waits: readonly string[];
  /** The orchestrator has returned or thrown, but something it left open keeps the instance running. */
  readonly lingering: boolean;
  readonly walked: Walked;
  readonly notices: readonly Notice[];
  readonly session: Session | undefined;
}

/** What a turn needs from the host. */
export interface TurnPorts {
  readonly invoker: Invoker;
  readonly strict: Strictness;
  readonly upperSchemaVersionNew: number;
  readonly extendedSessions: boolean;
  readonly activities: ReadonlyMap<string, string>;
  readonly orchestrators: ReadonlyMap<string, string>;
  /** Whether an instance of that id exists and has not ended. */
  readonly isRunning: (instanceId: string) => boolean;
  /** A fresh execution id for the instance. */
  readonly nextExecutionId: (instanceId: string) => string;
}

/** Generations that one turn may run through before the instance counts as spinning. */
const MOST_GENERATIONS = 1_000;

/** Runs the orchestrator on what has arrived, and on through every generation that it begins (3.9). */
export async function takeTurn(input: TurnInput, ports: TurnPorts): Promise<TurnResult> {
  const notices: Notice[] = [];
  let { generation, past, pastJson, batch, actionsSeen, session } = input;
  for (let generations = 0; ; generations++) {
    const fresh = [orchestratorStarted(input.nowMs), ...batch];
    const history = [...past, ...fresh];
    const setting: Setting = {
      strict: ports.strict,
      instanceId: generation.instanceId,
      executionId: generation.executionId,
      parent: generation.parent,
      activities: ports.activities,
      orchestrators: ports.orchestrators,
    };
    const { answer, crashText, walked, walk, standing } =
      wentOn(session, history, fresh, setting) ?? (await replayed(generation, history, pastJson(), fresh, setting, ports, notices));
    const verdict = judge(walked, answer, crashText, { ports, generation, actionsSeen, notices, history });

    if (verdict === "continue" && generations < MOST_GENERATIONS) {
      const carried = carriedEvents(walked, answer, ports.strict !== false, generation, notices);
      const executionId = ports.nextExecutionId(generation.instanceId);
      generation = { ...generation, executionId, input: walked.board.continuation?.input ?? null };
      past = [];
      pastJson = () => "";
      session = undefined;
      actionsSeen = 0;
      batch = [executionStarted(input.nowMs, generation), ...carried];
      continue;
    }

    const spinning = verdict === "continue";
    const ending: Ending | undefined = spinning ? failed(generation.name, `it continued as new ${MOST_GENERATIONS} times without waiting for anything`) : verdict;
    if (ending !== undefined) notices.push(...lostEvents(walked, generation.instanceId, "when the instance ended"));
    // Diverging work is dispatched in production; strict mode and a termination drop what this turn decided.
    const dropsDecisions =
      ending?.status === "Terminated" ||
      (ending?.status === "Failed" && ending.rule !== undefined) ||
      spinning ||
      (ports.strict && (walked.diverged !== undefined || answer.crashed !== undefined));
    const decisions = dropsDecisions ? [] : [...walked.board.pending.values()].sort((a, b) => a.id - b.id);
    const lingering = ending === undefined && (answer.isDone || answer.threw) && walked.board.open.size > 0;
    if (ports.strict) for (const decision of decisions) notices.push(...inputNotices(decision, generation.instanceId));
    const continued = generation !== input.generation;
    return {
      generation,
      continued,
      events: eventsOf(fresh, decisions, ending, input.nowMs, walked.board.nextId, continued),
      decisions,
      ending,
      customStatus: answer.crashed === undefined ? answer.customStatus : null,
      suspended: walked.suspended ? suspendReason(history) : undefined,
      actionsSeen: answer.actions.length,
      waits: walked.board.waitedNames(),
      lingering,
      walked,
      notices,
      session: ending === undefined && standing !== undefined && mayGoOn(walked, answer) ? { standing, walk, seen: history.length } : undefined,
    };
  }
}

async function replayed(
  generation: Generation,
  history: readonly HistoryEvent[],
  pastJson: string,
  fresh: readonly HistoryEvent[],
  setting: Setting,
  ports: TurnPorts,
  notices: Notice[],
): Promise<Told> {
  const { answer, crashText, standing } = await ask(generation, history, pastJson, fresh, ports, notices);
  const walk = walker(setting);
  return { answer, crashText, walk, walked: walk(history, answer), standing };
}

/** Actions of one generation, above which the extension does nothing more (5.10). */
const MOST_ACTIONS = 100_000;

function countOf(actions: readonly Action[]): number {
  return actions.reduce((sum, action) => sum + 1 + countOf(membersOf(action)), 0);
}

interface Asked {
  readonly answer: Answer;
  readonly crashText: string | undefined;
  readonly standing: Standing | undefined;
}

async function ask(
  generation: Generation,
  history: readonly HistoryEvent[],
  pastJson: string,
  fresh: readonly HistoryEvent[],
  ports: TurnPorts,
  notices: Notice[],
): Promise<Asked> {
  const request: OrchestratorRequest = {
    history,
    input: generation.input === null ? null : (JSON.parse(generation.input) as unknown),
    instanceId: generation.instanceId,
    isReplaying: history.find(({ EventType }) => EventType === EVENT.executionStarted)?.IsPlayed === true,
    parentInstanceId: generation.parent?.OrchestrationInstance.InstanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: ports.upperSchemaVersionNew,
    longRunningTimerIntervalDuration: "3.00:00:00",
    maximumShortTimerDuration: "6.00:00:00",
    defaultHttpAsyncRequestSleepTimeMillseconds: HTTP_POLL_MS,
  };
  let given = await ports.invoker.orchestrate(generation.name, request, requestJson(request, generation, pastJson, fresh), ports.extendedSessions);
  if (!given.ok) {
    const message = sanitized(given.message);
    if (message !== given.message) {
      notices.push({
        rule: "secret-in-failure",
        instanceId: generation.instanceId,
        text: "the orchestrator failed while its message or an action's input held text that looks like a secret (such as key= or ?code=); Azure's host replaces it, which can break the answer",
      });
      if (!ports.strict) given = { ok: false, message };
    }
  }
  const answer = readAnswer(given);
  return { answer, crashText: answer.crashed, standing: given.ok ? given.standing : undefined };
}

/** The request as text. The past is spliced in as it was serialized long ago: only what is new costs anything. */
function requestJson(request: OrchestratorRequest, generation: Generation, pastJson: string, fresh: readonly HistoryEvent[]): string {
  const { history: _history, input: _input, ...rest } = request;
  const freshJson = fresh.map((event) => JSON.stringify(event)).join(",");
  return `{"history":[${pastJson}${pastJson === "" ? "" : ","}${freshJson}],"input":${generation.input ?? "null"},${JSON.stringify(rest).slice(1)}`;
}

interface Case {
  readonly ports: TurnPorts;
  readonly generation: Generation;
  readonly actionsSeen: number;
  readonly notices: Notice[];
  readonly history: readonly HistoryEvent[];
}

/** How the generation ends with this walk, if it does (end of 2.6, with the checks of section 9). */
function judge(
  walked: Walked,
  answer: Answer,
  crashText: string | undefined,
  { ports: { strict, isRunning }, generation, actionsSeen, notices, history }: Case,
): Ending | "continue" | undefined {
  const { instanceId, name } = generation;
  if (strict && walked.terminated === undefined) {
    if (crashText !== undefined) return failed(name, terminatedChild(history) ?? crashText);
    if (countOf(answer.actions) > MOST_ACTIONS)
      return refused(
        "too-many-actions",
        `orchestrator "${name}" has emitted more than ${MOST_ACTIONS} actions in one generation, above which Azure stops in silence; continue as new before`,
      );
    const twice = reEmission(walked, actionsSeen, instanceId, notices);
    const refusal = walked.refusal ?? childTwice(walked, isRunning) ?? (strict === true ? twice : undefined);
    if (refusal !== undefined) return refused(refusal.rule, refusal.why);
    if (strict === "tolerant") {
      const races = walked.started.slice(Math.min(actionsSeen, walked.started.length)).map(({ action }) => raceRule(action, walked.board));
      for (const each of [twice, ...races]) if (each !== undefined) notices.push({ rule: each.rule, instanceId, text: each.why });
    }
  }
  // What this host cannot do is refused in both modes.
  if (walked.refusal !== undefined) return refused(walked.refusal.rule, walked.refusal.why);
  if (walked.diverged !== undefined) {
    const late =
      strict && walked.board.cancelledLongTimers.length > 0
        ? ". A timer of more than six days was cancelled after its first piece had fired: history has a piece that a cancelled timer no longer creates. Loop over shorter timers"
        : "";
    return { status: "Failed", result: walked.diverged + late, details: "" };
  }
  if (walked.terminated !== undefined) return { status: "Terminated", result: walked.terminated };
  const tooLarge = statusNotice(answer.customStatus, instanceId, notices);
  if (tooLarge !== undefined) return failed(name, tooLarge);
  if (!walked.interpreted || walked.board.open.size > 0 || walked.suspended) return undefined;
  if (crashText !== undefined) return failed(name, crashText);
  if (answer.threw) {
    if (answer.error !== undefined) return failed(name, answer.error);
    return strict
      ? refused(
          "failure-without-text",
          `orchestrator "${name}" threw something that is not an Error, or an Error without a message; throw an Error with text. On Azure the instance would stay Running for ever`,
        )
      : undefined;
  }
  if (strict && answer.neverYielded.length > 0)
    return refused(
      "task-never-yielded",
      `orchestrator "${name}" returned although it had called ${answer.neverYielded.join(", ")} without a yield: such a task is never scheduled. Yield it, alone or in a Task.all, or take the call out`,
    );
  if (walked.board.continuation !== undefined) return "continue";
  return answer.isDone ? { status: "Completed", result: answer.output } : undefined;
}

function failed(name: string, error: string): Ending {
  return { status: "Failed", result: `Orchestrator function '${name}' failed: ${error}`, details: `Message: ${error}, StackTrace: ` };
}

function refused(rule: string, why: string): Ending {
  const result = `Refused by the local host (${rule}): ${why}`;
  return { status: "Failed", result, details: `Message: ${result}, StackTrace: `, rule };
}

/** A start of an instance that is running is dropped as a duplicate on Azure, and its parent waits for ever. */
function childTwice({ board }: Walked, isRunning: (instanceId: string) => boolean): Refusal | undefined {
  const seen = new Set<string>();
  for (const decision of board.pending.values()) {
    if (decision.kind !== "child") continue;
    if (isRunning(decision.instanceId) || seen.has(decision.instanceId)) {
      return {
        rule: "child-id",
        why: `sub-orchestration "${decision.name}" was given the id "${decision.instanceId}" of an instance that is running; give it one of its own. On Azure the second start is dropped and the instance would wait for ever`,
      };
    }
    seen.add(decision.instanceId);
  }
  return undefined;
}

function terminatedChild(history: readonly HistoryEvent[]): string | undefined {
  const event = history.find(({ EventType, Details }) => EventType === EVENT.childFailed && Details === null);
  if (event === undefined) return undefined;
  const created = history.find(({ EventType, EventId }) => EventType === EVENT.childCreated && EventId === event["TaskScheduledId"]);
  return `its sub-orchestration "${String(created?.["Name"])}" (${String(created?.["InstanceId"])}) was terminated by a client. The SDK cannot digest that, so a parent cannot catch it; on Azure it fails as Non-Deterministic. Ask children to stop, or terminate the tree from its root`;
}

function carriedEvents(walked: Walked, answer: Answer, strict: boolean, generation: Generation, notices: Notice[]): readonly HistoryEvent[] {
  notices.push(...lostEvents(walked, generation.instanceId, "at continueAsNew; an event that was never awaited is dropped there"));
  const copy = copyOfRaceEvent(walked, answer);
  if (copy === undefined) return walked.board.carried;
  notices.push({
    rule: "event-comes-back",
    instanceId: generation.instanceId,
    text: `continueAsNew directly behind a Task.any with a cancelled timer: on Azure the event "${String(copy["Name"])}", although consumed, arrives again in the next generation. End a generation right after a call`,
  });
  return strict ? walked.board.carried.filter((event) => event !== copy) : walked.board.carried;
}

function lostEvents(walked: Walked, instanceId: string, when: string): Notice[] {
  return [...walked.board.buffered.values()].map((events) => ({
    rule: "lost-event",
    instanceId,
    text: `${events.length} event(s) "${String(events[0]?.["Name"])}" nobody had awaited were lost ${when}`,
  }));
}

function eventsOf(fresh: readonly HistoryEvent[], decisions: readonly Decision[], ending: Ending | undefined, nowMs: number, nextId: number, continued: boolean): HistoryEvent[] {
  const scheduled = decisions.map((decision) => scheduledEvent(decision, nowMs));
  const last = ending === undefined ? [] : [executionCompleted(nowMs, nextId, ending.status, ending.result)];
  const end = orchestratorCompleted(nowMs);
  if (!continued) return [...fresh, ...scheduled, ...last, end];
  // The first turn of a continued generation is written in two steps (3.1).
  const more = [...scheduled, ...last];
  return [...fresh, end, ...more, ...(more.length > 0 ? [orchestratorCompleted(nowMs)] : [])];
}

/** What a decision of an orchestrator becomes in its history. */
export function scheduledEvent(decision: Decision, nowMs: number): HistoryEvent {
  switch (decision.kind) {
    case "activity":
      return taskScheduled(nowMs, decision.id, decision.name);
    case "child":
      return childCreated(nowMs, decision.id, decision);
    case "timer":
      return timerCreated(nowMs, decision.id, decision.fireAtMs);
    default:
      return unreachable(decision);
  }
}

function suspendReason(history: readonly HistoryEvent[]): string {
  const event = history.findLast(({ EventType }) => EventType === EVENT.executionSuspended);
  return (event?.["Reason"] as string | null | undefined) ?? "";
}
