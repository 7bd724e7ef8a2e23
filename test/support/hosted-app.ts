import type { App } from "../../functions/app.ts";
import { register } from "../../functions/register.ts";
import { collectApp, type LogLine } from "../../local/app.ts";
import { createHost, type HostOptions, type LocalHost } from "../../local/harness.ts";
import { memoryJournal } from "../../local/memory-journal.ts";
import { memoryLocks } from "../../local/memory-locks.ts";
import { memoryPlans } from "../../local/memory-plans.ts";
import { serveApp, type ServedApp } from "../../local/serve-app.ts";
import type { TimerStatuses } from "../../local/timer-status.ts";
import type { AnyAction } from "../../shared/action/action.ts";
import { registryOf, type Registry } from "../../shared/action/registry.ts";
import { workbookFile } from "../../adapters/workbook-file.ts";
import { doorOf, type DoorParts } from "../../shared/access/door.ts";
import { AccessSettings } from "../../shared/access/settings.ts";
import { Secret } from "../../shared/ports/secrets.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Notice, People } from "../../shared/ports/people.ts";
import type { Telemetry, TelemetryEvents } from "../../shared/ports/telemetry.ts";
import { conductorOf, type Stage } from "../../shared/run/conductor.ts";
import type { Fact } from "../../shared/run/facts.ts";
import type { Journal } from "../../shared/run/journal.ts";
import type { Plans } from "../../shared/run/plans.ts";
import type { Code } from "../../shared/run/replays.ts";
import { fakeVendor, type FakeVendor, type FakeWork } from "./fake-vendor.ts";
import { sketchedRegistry } from "./plan-registry.ts";
import { INVENTORY_TEXT } from "./plan-text.ts";

/**
 * The whole app as `register` registers it, on the local host with a virtual clock: memory instead of tables, and a vendor
 * that is not there. `fake.work` can be cancelled and undone, `fake.hard` cannot; the other verbs do nothing.
 */
export interface HostedApp extends AsyncDisposable {
  readonly app: App;
  readonly host: LocalHost;
  readonly served: ServedApp;
  readonly vendor: FakeVendor;
  readonly journal: Journal;
  readonly plans: Plans;
  readonly logs: readonly LogLine[];
  /** What people were told, oldest first; a key that was told before is told again by nobody. */
  readonly told: readonly Notice[];
  readonly events: readonly { readonly name: keyof TelemetryEvents; readonly fields: object }[];
  /** Calls the API. A body that is text is sent as it is, anything else as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  /** One run of a timer function now. */
  tick(timer: string): Promise<void>;
  /** Stores a plan that a person has approved, unless told otherwise. */
  store(plan: CompiledPlan, approved?: boolean): Promise<void>;
  facts(run: string): Promise<readonly Fact[]>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the API answers; tests say what they expect
  readonly json: any;
}

export interface HostedOptions {
  readonly works?: Readonly<Record<string, FakeWork>>;
  /** UTC ISO. */
  readonly startAt?: string;
  readonly host?: Partial<HostOptions>;
  /** Whether timers fire by their schedule; else only by `tick`. */
  readonly timersRun?: boolean;
  readonly timerStatuses?: TimerStatuses;
  /** Takes the place of what is usual in the app. */
  readonly app?: Partial<Pick<App, "ring" | "pause" | "slack" | "code">>;
  /** Verbs that take the place of those that do nothing, and what they are given. */
  readonly actions?: readonly AnyAction[];
  /** Text of another inventory than the one of tests. */
  readonly inventory?: string;
  /** How people are reached, made on the host's clock; else they are only noted down in `told`. */
  readonly people?: (clock: Clock) => People;
  /** Takes the place of what is usual at the door: a local operator, Ada, and nobody signs in. */
  readonly door?: Partial<DoorParts>;
  /** Kept from an earlier life. */
  readonly journal?: Journal;
  readonly plans?: Plans;
  readonly vendor?: FakeVendor;
}

/** Orchestrators that can go on with everything. */
export const FIT: Code = { release: "0.2.0", digest: "f".repeat(64), goesOnWith: () => true };

/** Registers, starts and serves the app. */
export async function hostedApp({ works = {}, startAt = "2024-12-08T00:40:00.000Z", timersRun = false, timerStatuses, ...options }: HostedOptions = {}): Promise<HostedApp> {
  const vendor = options.vendor ?? fakeVendor(works);
  const registry: Registry = registryOf([
    ...sketchedRegistry().actions.filter(({ verb }) => !(options.actions ?? []).some((action) => action.verb === verb)),
    ...(options.actions ?? []),
    vendor.action("fake.work"),
    vendor.action("fake.hard", { without: ["cancel", "undo"], reversal: "nothing" }),
  ]);
  const journal = options.journal ?? memoryJournal();
  const plans = options.plans ?? memoryPlans();
  const logs: LogLine[] = [];
  const told: Notice[] = [];
  const events: { name: keyof TelemetryEvents; fields: object }[] = [];
  const telemetry: Telemetry = { event: (name, fields) => void events.push({ name, fields }), flush: () => Promise.resolve() };
  let host: LocalHost | undefined;
  const clock: Clock = { now: () => host?.clock.now() ?? Date.parse(startAt) };
  const people: People = options.people?.(clock) ?? { tell: async (_run, notice) => void (told.some(({ key }) => key === notice.key) || told.push(notice)) };
  const stage: Stage = {
    clock,
    journal,
    locks: memoryLocks(),
    plans,
    registry,
    ports: { people },
    people,
    telemetry,
    reportUrl: (run) => `https://nightshift.example/runs/${run}`,
  };
  const app: App = {
    stage,
    conductor: conductorOf(stage),
    registry,
    inventory: () => Promise.resolve({ inventory: loadInventory(options.inventory ?? INVENTORY_TEXT, "inventory.yaml").inventory, file: "inventory.yaml" }),
    door: doorOf({
      settings: AccessSettings.parse({}),
      signIn: false,
      platform: { isAuthenticating: false },
      ...(options.door?.platform === undefined ? { localOperator: "Ada" } : {}),
      secrets: { read: (name) => Promise.resolve(new Secret(name, `value of ${name}`)) },
      journal,
      clock: stage.clock,
      ...options.door,
    }),
    workbookFile,
    version: "test",
    code: () => Promise.resolve(FIT),
    ...options.app,
  };
  const loaded = await collectApp(() => register(app));
  loaded.surroundings.log = (line) => void logs.push(line);
  host = await createHost({ app: loaded, startAt, ...options.host });
  const served = await serveApp({
    app: loaded,
    hub: host.hub,
    clock: host.clock,
    timersRun,
    timersFollow: true,
    settings: {},
    ...(timerStatuses === undefined ? {} : { timerStatuses }),
  });
  const running = host;

  return {
    app,
    host,
    served,
    vendor,
    journal,
    plans,
    logs,
    told,
    events,

    async call(method, path, body, headers = {}) {
      const answer = await fetch(`${served.origin}/api/v1/${path}`, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, json: text === "" ? undefined : JSON.parse(text) };
    },
    async tick(timer) {
      await served.timers.find(({ name }) => name === timer)?.runNow();
    },
    async store(plan, approved = true) {
      await plans.put({ plan, by: "Ada", at: startAt });
      if (approved) await plans.approve(plan.window.id, plan.digest, { by: "Ben", at: startAt });
    },
    facts: async (run) => (await journal.readAll(run)).map(({ fact }) => fact),

    async [Symbol.asyncDispose]() {
      await served.close();
      await running.close();
    },
  };
}
