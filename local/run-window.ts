import { rmSync } from "node:fs";
import { join } from "node:path";
import { tableJournal } from "../adapters/table-journal.ts";
import { tableLocks } from "../adapters/table-locks.ts";
import { tablePlans } from "../adapters/table-plans.ts";
import { register } from "../functions/register.ts";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { Fault } from "../shared/fault/fault.ts";
import { silentTelemetry } from "../shared/ports/telemetry.ts";
import type { DecisionRequest } from "../shared/run/decide.ts";
import { START_LEAD_MS } from "../shared/run/due.ts";
import { inOrder, type Entry, type Journal } from "../shared/run/journal.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import { stateOf, type RunState } from "../shared/run/state.ts";
import { composeLocal } from "./compose.ts";
import { holdFolder } from "./folder-lock.ts";
import { createHost } from "./harness.ts";
import { readHostJson } from "./host-json.ts";
import { servedIn } from "./outdoors.ts";
import { startOutdoors } from "./outdoors-process.ts";
import { recorder } from "./recorder.ts";
import { recording } from "./recording.ts";
import type { Scene } from "./scene.ts";
import { serveApp } from "./serve-app.ts";
import { localSettings, PROJECT, simulatedSecret } from "./settings.ts";
import type { Worlds } from "./simulators.ts";
import { prefersSlack, simulatedSlackHand } from "./slack-hand.ts";
import { simulatedTeam } from "./team.ts";
import { fileTimerStatuses } from "./timer-status.ts";
import { socketTransport } from "./transport.ts";
import { CONTROL } from "./vendors-wire.ts";
import { startWatchdog } from "./watchdog-process.ts";
import { forgetHub, hubFile, readWindowState, writeWindowState, type WindowState } from "./window-state.ts";

export interface WindowOptions {
  readonly plan: CompiledPlan;
  /** The plan as it was written: it is sent to the API, as a person would. */
  readonly text: string;
  readonly file: string;
  /** The world that a fresh window begins with. */
  readonly scene: Scene;
  readonly scenario: string;
  /** How many times as fast as the machine's time passes while nothing runs. */
  readonly speed: number;
  /** Of 127.0.0.1; a free one when it is taken or 0. */
  readonly port: number;
  /** Where tables, worlds and the task hub are kept. */
  readonly folder: string;
  /** Also go on with a window that has been begun and not ended here, if its plan and scenario are these. */
  readonly resume: boolean;
  readonly record?: string;
  /** Resolves when someone wants it to stop; it can be gone on with later. */
  readonly interrupted: Promise<void>;
  say(line: string): void;
  /** Called again and again while the window runs, and once when it has ended. */
  look(state: RunState, nowMs: number): void;
  /** What is to be done with the ended window before everything is stopped; `stay` resolves when nobody needs it any more. */
  ended(state: RunState, entries: readonly Entry[], nowMs: number): Promise<void>;
}

const LOOK_EVERY_MS = 250;
/** The watchdog looks once while this process looks so many times: on the night's own clock far more often than the kickoffs are apart. */
const LOOKS_A_WATCH = 4;

/**
 * Runs a window from its start (or from where a killed process left it) to its end, on this machine: Azurite's tables and the
 * simulated vendors in a process of their own, the production app on the local host in this one. The schedule's own timers
 * start it.
 *
 * @returns how it ended.
 */
export async function runWindow(options: WindowOptions): Promise<RunState> {
  const held = holdFolder(options.folder);
  try {
    return await inFolder(options);
  } finally {
    held.release();
  }
}

async function inFolder(options: WindowOptions): Promise<RunState> {
  const { plan, folder, say } = options;
  const found = servedIn(join(folder, "vendors"));
  const before = readWindowState(folder);
  const goesOn = options.resume && before !== undefined && !before.ended && before.digest === plan.digest && before.scenario === options.scenario;
  if (!goesOn) {
    forgetHub(folder);
    if (found === undefined) rmSync(join(folder, "vendors"), { recursive: true, force: true });
  }
  const recorded = options.record === undefined ? undefined : recording(options.record, goesOn ? "goes on" : "new");
  const outdoors = found === undefined ? await startOutdoors({ folder: join(folder, "vendors"), scene: options.scene }) : { ...found, close: () => Promise.resolve() };
  say(found === undefined ? `vendors: simulated at ${outdoors.simulatorsOrigin}, tables in Azurite` : `vendors: those of process ${outdoors.pid}, at ${outdoors.simulatorsOrigin}`);
  try {
    if (!goesOn && found !== undefined) await setScene(outdoors.simulatorsOrigin, options.scene);
    const window: WindowState = goesOn ? before : freshWindow(options, before);
    writeWindowState(folder, window);
    if (goesOn) say(`going on with the window ${window.run}, which was begun here and has not ended`);
    const state = await onHost(options, window, outdoors, recorded?.write);
    writeWindowState(folder, { ...window, ended: true });
    recorded?.close();
    return state;
  } finally {
    await outdoors.close();
  }
}

function freshWindow({ plan, scenario }: WindowOptions, before: WindowState | undefined): WindowState {
  const generation = Number(/\d+$/.exec(before?.tablePrefix ?? "")?.[0] ?? 0) + 1;
  return {
    run: plan.window.id,
    digest: plan.digest,
    scenario,
    tablePrefix: `window${generation}`,
    startAt: isoOf(Date.parse(plan.window.opensAt) - 2 * START_LEAD_MS),
    ended: false,
  };
}

async function onHost(
  options: WindowOptions,
  window: WindowState,
  outdoors: { azuriteConnection: string; simulatorsOrigin: string },
  write: ((line: string) => void) | undefined,
): Promise<RunState> {
  const { plan, folder, say } = options;
  const index = indexOf(plan);
  const tables = { connection: outdoors.azuriteConnection, prefix: window.tablePrefix };
  const journal = mirrored(tableJournal(tables));
  await journal.fill(window.run);
  let host: Awaited<ReturnType<typeof createHost>> | undefined;
  let origin = "";
  const clock = { now: () => host?.clock.now() ?? Date.parse(window.startAt) };
  const signingSecret = simulatedSecret(localSettings().slack.signingSecret ?? "");
  const secretsKnown = [{ name: "slack signing secret", value: signingSecret.reveal() }];
  const fromSlack = write === undefined ? fetch : recorder({ clock, systemOf: () => "slack-incoming", secretsKnown: () => secretsKnown, write }).around(fetch);
  const inSlack = simulatedSlackHand({
    plan,
    clock,
    signingSecret: signingSecret.reveal(),
    world: () => worldOf(outdoors.simulatorsOrigin, "slack"),
    send: async ({ to, headers, body }) => (await fromSlack(`${origin}/api/v1/slack/${to}`, { method: "POST", headers, body })).status,
  });
  const team = simulatedTeam({
    host: () => host,
    index: () => index,
    async answer(by, request) {
      if (prefersSlack(by) && (await inSlack.decide(by, request))) return say(`${by} pressed ${request.decision} in Slack${request.step === undefined ? "" : `: ${request.step}`}`);
      await post(`${origin}/api/v1/runs/${window.run}/decisions`, request satisfies DecisionRequest, by);
    },
  });
  const app = composeLocal({
    clock,
    journal: team.hearing(journal),
    locks: tableLocks(tables),
    plans: tablePlans(tables),
    telemetry: silentTelemetry,
    ...socketTransport(outdoors.simulatorsOrigin, clock),
    ring: async (instances) => {
      for (const instance of new Set(instances)) await host?.hub.raise(instance, "ring", {});
    },
    ...(write === undefined ? {} : { record: write }),
  });
  host = await createHost({
    app: () => register(app),
    store: { file: hubFile(folder) },
    clock: options.speed,
    startAt: window.startAt,
    hubName: "Nightshift",
    extendedSessions: true,
    directActivities: true,
  });
  const still = host.clock.hold();
  const serving = {
    app: host.app,
    hub: host.hub,
    clock: host.clock,
    hostJson: readHostJson(PROJECT, process.env),
    timerStatuses: fileTimerStatuses(join(folder, `timers-${window.tablePrefix}.json`)),
  };
  const served = await serveApp({ ...serving, port: options.port }).catch((thrown: unknown) => {
    if (!(thrown instanceof Fault) || thrown.kind !== "conflict" || options.port === 0) throw thrown;
    say(`port ${options.port} is taken; another one is used`);
    return serveApp({ ...serving, port: 0 });
  });
  origin = served.origin;
  say(`board: ${origin}/api/v1/board/${window.run}`);
  const watchdog = startWatchdog({
    app: origin,
    vendors: join(folder, "vendors"),
    appPrefix: window.tablePrefix,
    tables: { connection: outdoors.azuriteConnection, prefix: `${window.tablePrefix}watchdog` },
    say: (line) => say(`watchdog: ${line}`),
  });
  say(`host: ${origin}, clock at ${isoOf(clock.now())}, ${options.speed} times as fast while nothing runs`);
  try {
    await post(`${origin}/api/v1/plans`, { text: options.text, file: options.file }, "local operator");
    await post(`${origin}/api/v1/plans/${window.run}/approve`, { digest: plan.digest }, plan.window.owners[0]?.name ?? "the team");
    team.catchUp(stateOf(index, journal.entries(), clock.now()).asks);
    await watchdog.look(clock.now());
    still();
    return await untilEnded(options, journal, clock.now, async () => {
      // No hours pass while it looks: it is given one instant, and the vendors go by it.
      const standing = host?.clock.hold();
      await watchdog.look(clock.now());
      standing?.();
    });
  } finally {
    await watchdog.close();
    await served.close();
    await host.close();
  }
}

async function untilEnded({ plan, look, ended, interrupted }: WindowOptions, journal: Pick<Mirror, "entries">, now: () => number, watch: () => Promise<void>): Promise<RunState> {
  const index = indexOf(plan);
  let stop = false;
  void interrupted.then(() => (stop = true));
  for (let looks = 1; ; looks++) {
    if (looks % LOOKS_A_WATCH === 0) await watch();
    const state = stateOf(index, journal.entries(), now());
    look(state, now());
    if (state.outcome !== undefined) {
      await ended(state, journal.entries(), now());
      return state;
    }
    if (stop) throw new Fault("overdue", "interrupted; start it again to go on with the window, or with --fresh to begin anew");
    await Promise.race([interrupted, new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))]);
  }
}

/** A journal whose facts are also at hand in this process: a terminal that looks five times a second would cost the tables dearly. */
interface Mirror extends Journal {
  /** Reads what a run has already. */
  fill(run: string): Promise<void>;
  entries(): readonly Entry[];
}

function mirrored(journal: Journal): Mirror {
  let seen: Entry[] = [];
  return {
    ...journal,
    async append(run, stream, expected, facts) {
      const kept = await journal.append(run, stream, expected, facts);
      if (kept && run !== ACCESS_RUN) seen.push(...facts.map((fact, offset) => ({ stream, seq: expected + offset, fact })));
      return kept;
    },
    async fill(run) {
      seen = [...(await journal.readAll(run))];
    },
    entries: () => inOrder(seen),
  };
}

async function post(url: string, body: object, by: string): Promise<void> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", "x-nightshift-operator": by }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Fault("rejected", `POST ${new URL(url).pathname} was answered with ${answer.status}: ${(await answer.text()).slice(0, 2_000)}`);
}

async function worldOf<Name extends keyof Worlds>(origin: string, name: Name): Promise<Worlds[Name]> {
  const answer = await fetch(`${origin}${CONTROL}worlds?name=${name}`);
  if (!answer.ok) throw new Fault("unavailable", `the simulated vendors at ${origin} did not show the world of ${name}: ${answer.status}`);
  return (await answer.json()) as Worlds[Name];
}

async function setScene(origin: string, scene: Scene): Promise<void> {
  const answer = await fetch(`${origin}${CONTROL}worlds`, { method: "PUT", body: JSON.stringify(scene) });
  if (!answer.ok) throw new Fault("unavailable", `the simulated vendors at ${origin} did not take the world: ${answer.status}`);
}
