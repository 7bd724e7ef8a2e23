import { z } from "zod";
import { Fault } from "../fault/fault.ts";
import { COMPILED_FORMAT, digestOf, type CompiledPlan } from "../plan/compiled.ts";
import { CarriedChange } from "./carry-over.ts";

/** What a run has left over, with the plan that it followed. */
export interface LeftOvers {
  readonly plan: CompiledPlan;
  readonly carried: readonly CarriedChange[];
}

const Digested = z.looseObject({ format: z.literal(COMPILED_FORMAT), digest: z.string() });
const Carrying = z.object({ window: z.object({ digest: z.string() }), carryOver: z.array(CarriedChange) });

/**
 * Compiled plan and report of one run, as they come out of files or of an API.
 *
 * @param where they are from, for messages.
 * @throws Fault `invalid` for what is no such thing, or was altered; `conflict` when they are of two plans.
 */
export function leftOversOf(where: string, plan: unknown, report: unknown): LeftOvers {
  const parsed = Carrying.safeParse(report);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Fault("invalid", `the report of ${where} was not written by this version: ${issue?.message ?? "unknown"} at ${issue?.path.join(".") ?? ""}`);
  }
  const digested = Digested.safeParse(plan);
  const { digest = "", ...rest } = digested.data ?? {};
  // A plan of this format with the digest of its content is one that the compiler made.
  if (digestOf(rest) !== digest) throw new Fault("invalid", `the plan of ${where} does not have the digest that it names; expected it as it was written`);
  if (parsed.data.window.digest !== digest)
    throw new Fault("conflict", `plan and report of ${where} are of two plans (${digest.slice(0, 12)} and ${parsed.data.window.digest.slice(0, 12)})`);
  return { plan: plan as CompiledPlan, carried: parsed.data.carryOver };
}
