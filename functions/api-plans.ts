import { z } from "zod";
import { compile } from "../shared/plan/compile.ts";
import { hasErrors } from "../shared/plan/finding.ts";
import { Fault } from "../shared/fault/fault.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";

const PlanRequest = z.strictObject({
  text: z.string().min(1).describe("The plan as YAML"),
  file: z.string().default("plan.yaml").describe("What findings call it"),
});
const Digest = z.string().regex(/^[0-9a-f]{64}$/, "a digest: 64 hexadecimal digits");
const ApprovalRequest = z.strictObject({
  digest: Digest.describe("The plan that is approved"),
  preview: Digest.optional().describe("Digest of the preview that was looked at: steps that need approval then have it, as long as the world has not moved"),
});
const PreviewRequest = z.strictObject({ digest: Digest.optional().describe("The plan to preview; none for the latest stored for the window") });

/** Registers: check, store, preview and approve plans. */
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

  endpoint(app, "previewPlan", "POST", "plans/{window}/preview", async ({ params, body }) => {
    const { digest } = await body(PreviewRequest);
    return { jsonBody: await app.conductor.preview(digest ?? (await latestOf(params["window"] ?? ""))) };
  });

  endpoint(app, "approvePlan", "POST", "plans/{window}/approve", async ({ params, body, operator }) => {
    const { digest, preview } = await body(ApprovalRequest);
    const window = params["window"] ?? "";
    const previews = preview === undefined ? {} : { previews: await previewsOf(digest, preview) };
    await app.stage.plans.approve(window, digest, { by: operator, at: isoOf(app.stage.clock.now()), ...previews });
    return { jsonBody: { window, digest, approvedBy: operator, ...previews } };
  });

  async function latestOf(window: string): Promise<string> {
    const stored = (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window);
    if (stored === undefined) throw new Fault("absent", `no plan is stored for the window ${window}`);
    return stored.plan.digest;
  }

  /** Looks again, and gives the previews of the steps that need approval only if the world is as it was when someone looked. */
  async function previewsOf(digest: string, looked: string): Promise<Record<string, string>> {
    const preview = await app.conductor.preview(digest);
    if (preview.digest !== looked) throw new Fault("conflict", "the world has moved since that preview was made; look at a new one before you approve");
    const { plan } = indexOf(await app.stage.plans.get(digest));
    const asked = new Set(plan.steps.filter(({ approval }) => approval !== undefined).map(({ id }) => id));
    return Object.fromEntries(preview.steps.flatMap(({ step, digest: of }) => (asked.has(step) && of !== undefined ? [[step, of]] : [])));
  }

  async function compiled({ text, file }: z.infer<typeof PlanRequest>): Promise<ReturnType<typeof compile>> {
    const { inventory } = await app.inventory();
    return compile({ text, file, inventory, registry: app.registry });
  }
}
