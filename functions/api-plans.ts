import { z } from "zod";
import { compile } from "../shared/plan/compile.ts";
import { hasErrors } from "../shared/plan/finding.ts";
import { isoOf } from "../shared/ports/clock.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";

const PlanRequest = z.strictObject({
  text: z.string().min(1).describe("The plan as YAML"),
  file: z.string().default("plan.yaml").describe("What findings call it"),
});
const ApprovalRequest = z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** Registers: check, store and approve plans. */
export function registerPlans(app: App): void {
  endpoint(app, "checkPlan", "POST", "plans/check", async ({ body }) => {
    const { plan, findings } = await compiled(await body(PlanRequest));
    return { jsonBody: { digest: plan?.digest, window: plan?.window.id, findings } };
  });

  endpoint(app, "storePlan", "POST", "plans", async ({ body, operator }) => {
    const { plan, findings } = await compiled(await body(PlanRequest));
    if (plan === undefined || hasErrors(findings)) return { status: 422, jsonBody: { findings } };
    await app.stage.plans.put({ plan, by: operator, at: isoOf(app.stage.clock.now()) });
    return { status: 201, jsonBody: { window: plan.window.id, digest: plan.digest, findings } };
  });

  endpoint(app, "listPlans", "GET", "plans", async () => {
    const stored = await app.stage.plans.latest();
    return {
      jsonBody: stored.map(({ plan, by, at, approved }) => ({ window: plan.window.id, title: plan.window.title, digest: plan.digest, opensAt: plan.window.opensAt, by, at, approved })),
    };
  });

  endpoint(app, "approvePlan", "POST", "plans/{window}/approve", async ({ params, body, operator }) => {
    const { digest } = await body(ApprovalRequest);
    await app.stage.plans.approve(params["window"] ?? "", digest, operator, isoOf(app.stage.clock.now()));
    return { jsonBody: { window: params["window"], digest, approvedBy: operator } };
  });

  async function compiled({ text, file }: z.infer<typeof PlanRequest>): Promise<ReturnType<typeof compile>> {
    const { inventory } = await app.inventory();
    return compile({ text, file, inventory, registry: app.registry });
  }
}
