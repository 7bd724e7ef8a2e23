import { registerActivities } from "../functions/activities.ts";
import { registerOrchestrations } from "../functions/orchestrations.ts";
import { WINDOW } from "../functions/app.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { silentTelemetry, type Telemetry } from "../shared/ports/telemetry.ts";
import type { Effect } from "../shared/ports/simulator.ts";
import { decide } from "../shared/run/decide.ts";
import { START_LEAD_MS } from "../shared/run/due.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { stepInstance, targetInstance, windowInstance } from "../shared/run/instances.ts";
import type { Entry } from "../shared/run/journal.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import { stateOf, type RunState } from "../shared/run/state.ts";
import { composeLocal } from "./compose.ts";
import type { Faults } from "./durable/faults.ts";
import type { Notice } from "./durable/notice.ts";
import { createHost, type LocalHost } from "./harness.ts";
import { memoryJournal } from "./memory-journal.ts";
import { memoryLocks } from "./memory-locks.ts";
import { memoryPlans } from "./memory-plans.ts";
import type { Scene } from "./scene.ts";
import { simulatedTeam } from "./team.ts";
import { directTransport } from "./transport.ts";
import { vendorsOf } from "./vendors.ts";

export interface RehearsalOptions {
  readonly plan: CompiledPlan;
  /** Changed by the rehearsal: how the world is afterwards. */
  readonly scene: Scene;
  /** UTC ISO; default: when the schedule would start the window. */
  readonly startAt?: string;
  readonly telemetry?: Telemetry;
  /** Takes one line of JSON for each exchange with a vendor. */
  readonly record?: (line: string) => void;
  /** Misfortunes of the host. */
  readonly faults?: Faults;
  /** Whether the simulated people answer; they do unless told otherwise. */
  readonly teamAnswers?: boolean;
  /** Called with the running host, to do things to it at instants of its clock. */
  readonly during?: (host: LocalHost) => void;
}

export interface Rehearsal {
  readonly state: RunState;
  readonly entries: readonly Entry[];
  readonly effects: readonly (Effect & { readonly system: string })[];
  readonly notices: readonly Notice[];
  /** UTC ISO: the last instant of the host's clock. */
  readonly endedAt: string;
  /** Events of the longest history, and which instance has it. */
  readonly longestHistory: { readonly instance: string; readonly events: number };
}

/**
 * Runs a window in virtual time: the production orchestrators, activities, connectors and SDKs, against simulated vendors,
 * in this process and without sockets. The same plan, scene and options give the same rehearsal.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const { plan, scene, telemetry = silentTelemetry, record, faults, during, teamAnswers = true } = options;
  const run = plan.window.id;
  const index = indexOf(plan);
  const vendors = vendorsOf(scene);
  let host: LocalHost | undefined;
  const clock = { now: () => host?.clock.now() ?? 0 };
  const ring = async (instances: readonly string[]): Promise<void> => {
    for (const instance of new Set(instances)) await host?.hub.raise(instance, "ring", {});
  };
  const facts = memoryJournal();
  const plans = memoryPlans();
  const startAt = options.startAt ?? isoOf(Date.parse(plan.window.opensAt) - START_LEAD_MS);
  await plans.put({ plan, by: "rehearsal", at: startAt, approved: { by: "rehearsal", at: startAt } });

  const team = simulatedTeam({
    clock: { now: clock.now, at: (instant, call) => host?.clock.at(instant, call) ?? (() => undefined), hold: () => host?.clock.hold() ?? (() => undefined), close: () => undefined },
    index: () => index,
    async answer(by, request) {
      await decide(facts, index, request, by, isoOf(clock.now()));
      if (request.step !== undefined) await ring([stepInstance(run, request.step), ...(request.target === undefined ? [] : [targetInstance(run, request.step, request.target)])]);
    },
  });
  const app = composeLocal({
    clock,
    journal: teamAnswers ? team.hearing(facts) : facts,
    locks: memoryLocks(),
    plans,
    telemetry,
    ...directTransport(vendors, clock),
    ring,
    ...(record === undefined ? {} : { record }),
  });

  host = await createHost({
    app: () => {
      registerOrchestrations();
      registerActivities(app);
    },
    clock: "virtual",
    startAt,
    ...(faults === undefined ? {} : { faults }),
  });
  try {
    await app.conductor.begin(run, plan.digest, "rehearsal");
    during?.(host);
    await host.start(WINDOW, { run, digest: plan.digest }, windowInstance(run));
    await host.waitFor(windowInstance(run));
    const entries = await facts.readAll(run);
    return {
      state: stateOf(index, entries, clock.now()),
      entries,
      effects: vendors.effects(),
      notices: host.notices,
      endedAt: isoOf(clock.now()),
      longestHistory: await longestHistory(host),
    };
  } finally {
    await host.close();
  }
}

async function longestHistory(host: LocalHost): Promise<{ instance: string; events: number }> {
  let longest = { instance: "", events: 0 };
  const { instances } = await host.hub.list({});
  for (const { instanceId } of instances) {
    const events = (await host.history(instanceId))?.length ?? 0;
    if (events > longest.events) longest = { instance: instanceId, events };
  }
  return longest;
}
