import type { z } from "zod";
import type { Principal } from "../shared/access/principal.ts";
import { checkPlanApproval, isNamed } from "../shared/access/separation.ts";
import { compile } from "../shared/plan/compile.ts";
import { hasErrors } from "../shared/plan/finding.ts";
import { Fault } from "../shared/fault/fault.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { certifyCommand, objectionTo, type Certificate } from "../shared/run/certificate.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import type { PlanRequest } from "./api-schemas.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";

/** Registers: check, store, preview and approve plans. */
export function registerPlans(app: App): void {
  endpoint(app, "checkPlan", async ({ body }) => {
    const { plan, findings } = await compiled(body);
    return { jsonBody: { digest: plan?.digest, window: plan?.window.id, findings } };
  });

  endpoint(app, "storePlan", async ({ body, principal }) => {
    const { plan, findings } = await compiled(body);
    if (plan === undefined || hasErrors(findings)) return { status: 422, jsonBody: { findings } };
    await app.stage.plans.put({ plan, by: principal.name, at: isoOf(app.stage.clock.now()), source: { text: body.text, file: body.file } });
    return { status: 201, jsonBody: { window: plan.window.id, digest: plan.digest, findings } };
  });

  endpoint(app, "listPlans", async () => {
    const stored = await app.stage.plans.latest();
    return {
      jsonBody: stored.map(({ plan, by, at, approved }) => ({
        window: plan.window.id,
        title: plan.window.title,
        digest: plan.digest,
        opensAt: plan.window.opensAt,
        by,
        at,
        approved,
      })),
    };
  });

  endpoint(app, "previewPlan", async ({ params, body }) => {
    return { jsonBody: await app.conductor.preview(body.digest ?? (await latestOf(params["window"] ?? ""))) };
  });

  endpoint(app, "approvePlan", async ({ params, body: { digest, preview, certificate }, principal }) => {
    const window = params["window"] ?? "";
    const stored = (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window);
    if (stored?.plan.digest !== digest) {
      const { window: planned } = await app.stage.plans.get(digest);
      if (planned.id !== window) throw new Fault("absent", `the plan ${digest} is of window ${planned.id}, not ${window}`);
      throw new Fault("conflict", `the plan ${digest.slice(0, 12)} is not the latest of ${window}: store it again to have it approved`);
    }
    checkPlanApproval(principal, stored.by, app.door.settings);
    await checkRehearsed(window, digest, certificate);
    const previews = preview === undefined ? {} : { previews: await previewsOf(digest, preview, principal) };
    const shown = certificate === undefined ? {} : { certificate };
    await app.stage.plans.approve(window, digest, { by: principal.name, at: isoOf(app.stage.clock.now()), ...previews, ...shown });
    // What was approved before stays as it was approved then: a certificate that is shown later is not kept.
    const kept = certificate === undefined ? undefined : (await app.stage.plans.latest()).find(({ plan }) => plan.digest === digest)?.approved?.certificate;
    return { jsonBody: { window, digest, approvedBy: principal.name, ...previews, ...(kept === undefined ? {} : { certificate: kept }) } };
  });

  /** What is shown must hold, and what the settings ask for must be shown. */
  async function checkRehearsed(window: string, plan: string, certificate: Certificate | undefined): Promise<void> {
    const { rehearsedWindows: windows } = app.door.settings;
    const how = `make one with: ${certifyCommand(windows)}`;
    if (certificate === undefined) {
      if (windows === 0) return;
      throw new Fault("conflict", `an approval here must show a rehearsal certificate of at least ${windows} stormy windows, and this one shows none; ${how}`);
    }
    const { release: version, digest: code } = await app.code();
    const objection = objectionTo(certificate, { window, plan, version, code, windows });
    if (objection !== undefined) throw new Fault("conflict", `the rehearsal certificate does not do: ${objection}; ${how}`);
  }

  async function latestOf(window: string): Promise<string> {
    const stored = (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window);
    if (stored === undefined) throw new Fault("absent", `no plan is stored for the window ${window}`);
    return stored.plan.digest;
  }

  /** Looks again, and gives the previews of the steps that need this person's approval only if the world is as it was when someone looked. */
  async function previewsOf(digest: string, looked: string, principal: Principal): Promise<Record<string, string>> {
    const preview = await app.conductor.preview(digest);
    if (preview.digest !== looked) throw new Fault("conflict", "the world has moved since that preview was made; look at a new one before you approve");
    const { plan } = indexOf(await app.stage.plans.get(digest));
    const asked = new Set(plan.steps.filter(({ approval }) => approval !== undefined && isNamed(principal, approval.by)).map(({ id }) => id));
    return Object.fromEntries(preview.steps.flatMap(({ step, digest: of }) => (asked.has(step) && of !== undefined ? [[step, of]] : [])));
  }

  async function compiled({ text, file }: z.infer<typeof PlanRequest>): Promise<ReturnType<typeof compile>> {
    const { inventory } = await app.inventory();
    return compile({ text, file, inventory, registry: app.registry });
  }
}
