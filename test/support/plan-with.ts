import { DEFAULT_POLICY, type Policy } from "../../shared/action/policy.ts";
import { COMPILED_FORMAT, sealed } from "../../shared/plan/compiled.ts";
import type { CompiledChange, CompiledPerson, CompiledPhase, CompiledPlan, CompiledStep, CompiledTarget, CompiledWindow, Need } from "../../shared/plan/compiled.ts";

/** Saturday 20:00 in New York, and Sunday noon. */
export const OPENS_AT = "2024-12-08T01:00:00.000Z";
export const CUTOFF = "2024-12-08T17:00:00.000Z";

export const ADA: CompiledPerson = { name: "Ada", slackId: "U0ADA0001", email: "ada@example.com" };
export const BEN: CompiledPerson = { name: "Ben", slackId: "U0BEN0001", email: "ben@example.com" };

/** A step as far as a test cares about it. `needs` and `targets` may be names alone; a step without targets has itself as one. */
export interface StepDraft extends Partial<Omit<CompiledStep, "needs" | "targets" | "policy">> {
  readonly needs?: readonly (string | Need)[];
  readonly targets?: readonly (string | ({ readonly id: string } & Partial<CompiledTarget>))[];
  readonly policy?: Partial<Policy>;
}

export interface PlanDraft {
  readonly window?: Partial<CompiledWindow>;
  /** Phases that are not named here come in the order of their first step, without barriers. */
  readonly phases?: readonly (Partial<CompiledPhase> & { readonly id: string })[];
  /** Changes that are not named here are made of the steps whose ids begin with theirs. */
  readonly changes?: readonly (Partial<CompiledChange> & { readonly id: string })[];
}

/** A compiled plan of these steps, by id: `planWith({ "web.drain": { targets: ["IC-Web1"] } })`. */
export function planWith(drafts: Readonly<Record<string, StepDraft>>, { window, phases = [], changes = [] }: PlanDraft = {}): CompiledPlan {
  const steps = Object.entries(drafts).map(([id, draft], at) => stepOf(id, draft, at + 1));
  const phaseIds = [...new Set([...phases.map(({ id }) => id), ...steps.map(({ phase }) => phase)])];
  const changeIds = [...new Set([...steps.map(({ change }) => change), ...changes.map(({ id }) => id)])];
  return sealed({
    format: COMPILED_FORMAT,
    window: {
      id: "2024-12-08",
      title: "Maintenance of 2024-12-08",
      date: "2024-12-08",
      zone: "America/New_York",
      opensAt: OPENS_AT,
      cutoff: CUTOFF,
      channels: [{ name: "maintenance", id: "C0MAINT01" }],
      owners: [ADA, BEN],
      ...window,
    },
    phases: phaseIds.map((id) => ({ id, title: id, barrier: false, ...phases.find((phase) => phase.id === id) })),
    changes: changeIds.map((id) => {
      const own = steps.filter(({ change }) => change === id);
      return {
        id,
        title: id,
        keys: [],
        phase: own[0]?.phase ?? phaseIds[0] ?? "main",
        leaves: "untouched",
        owners: [],
        notes: [],
        steps: own.map(({ id: step }) => ({ id: step })),
        ...changes.find((change) => change.id === id),
      };
    }),
    steps,
  });
}

/** One compiled step, for tests of the pure brain. */
export function stepOf(id: string, { needs = [], targets = [id], policy, ...draft }: StepDraft = {}, line = 1): CompiledStep {
  return {
    id,
    change: id.split(".")[0] ?? id,
    phase: "main",
    verb: "fake.work",
    title: id,
    needs: needs.map((need) => (typeof need === "string" ? { step: need, per: "step", as: "success" } : need)),
    targets: targets.map((target) => ({ params: {}, touches: [], opens: [], closes: [], ...(typeof target === "string" ? { id: target } : target) })),
    policy: { ...DEFAULT_POLICY, ...policy },
    onFailure: "continue",
    leaves: "untouched",
    irreversible: false,
    always: false,
    owners: [],
    notes: [],
    expectedMs: 10 * 60_000,
    line,
    ...draft,
  };
}
