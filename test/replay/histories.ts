import { windowInstance } from "../../shared/run/instances.ts";
import { AMENDABLE } from "../support/amendable.ts";
import { hostedApp } from "../support/hosted-app.ts";
import { ADA, OPENS_AT, planWith } from "../support/plan-with.ts";
import { recordingStore, type RecordedGeneration } from "../support/recording-store.ts";

/** A small window to whose wave a step is added that outlasts all else of it: the window waits for the orchestration that walks it. */
export async function amendedHistories(): Promise<readonly RecordedGeneration[]> {
  const store = recordingStore();
  await using hosted = await hostedApp({ host: { store, maxConcurrentActivities: 1 }, works: { "alone.again": { takesMs: 3_787_000 } } });
  const call = (path: string, by: string, body: object): ReturnType<typeof hosted.call> => hosted.call("POST", path, body, { "x-nightshift-operator": by });
  const { window, digest } = (await call("plans", "Ada", { text: AMENDABLE })).json as { window: string; digest: string };
  await call(`plans/${window}/approve`, "Ben", { digest });
  await call("runs", "Ada", { window });
  await hosted.host.advanceTo("2024-12-08T01:30:00.000Z");
  await call(`runs/${window}/decisions`, "Ada", { decision: "skip", step: "web.third" });
  const text = "amend: [{ add: { id: again, action: fake.work, timeout: 5h }, after: alone.only, because: once more }]";
  const { amendment, to } = (await call(`runs/${window}/amendments`, "Ada", { text })).json as { amendment: string; to: string };
  await call(`runs/${window}/amendments/${amendment}/approve`, "Ben", { digest: to });
  await hosted.host.waitFor(windowInstance(window));
  return store.generations();
}

/**
 * Runs a small window that goes through everything orchestrators do (gates, batches, rings, looks, retries, a fan-out in shares, an
 * abort and the way back) and keeps one history of each shape that came about.
 */
export async function recordedHistories(): Promise<readonly RecordedGeneration[]> {
  const store = recordingStore();
  const patient = { timeoutMs: 7_200_000, pollEveryMs: 300_000 };
  const plan = planWith({
    "web.drain": { at: OPENS_AT, policy: patient, targets: [{ id: "IC-Web1", opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }, "IC-Web2"] },
    "web.deploy": { needs: ["web.drain"], approval: { by: [ADA] }, policy: patient },
    "db.move": { verb: "fake.hard", at: OPENS_AT, policy: { ...patient, attempts: 3, retryDelayMs: 30_000 } },
    "app.patch": { targets: Array.from({ length: 45 }, (_, n) => `IC-App${n}`), needs: [{ step: "web.drain", per: "step", as: "end" }] },
    "later.check": { at: "2024-12-08T08:00:00.000Z" },
  });
  await using hosted = await hostedApp({
    startAt: "2024-12-08T00:50:00.000Z",
    host: { store, maxConcurrentActivities: 1 },
    works: { "IC-Web1": { takesMs: 4_000_000 }, "IC-Web2": { takesMs: 600_000 }, "db.move": { takesMs: 900_000 } },
  });
  await hosted.store(plan);
  await hosted.tick("saturdayPrework");
  const ring = (step: string): Promise<unknown> => hosted.host.hub.raise(step, "ring", {});
  await hosted.host.advanceTo("2024-12-08T02:30:00.000Z");
  await hosted.journal.append(plan.window.id, "decisions", 0, [
    { type: "decision.made", at: "2024-12-08T02:30:00.000Z", id: "a1", decision: "approve", by: "Ada", step: "web.deploy" },
  ]);
  await ring(`${windowInstance(plan.window.id)}.web~2edeploy`);
  await hosted.host.advanceTo("2024-12-08T03:30:00.000Z");
  await hosted.journal.append(plan.window.id, "decisions", 1, [{ type: "decision.made", at: "2024-12-08T03:30:00.000Z", id: "a2", decision: "abort", mode: "close", by: "Ada" }]);
  await ring(`${windowInstance(plan.window.id)}.later~2echeck`);
  await hosted.host.waitFor(windowInstance(plan.window.id));

  const byShape = new Map<string, RecordedGeneration>();
  for (const generation of [...store.generations(), ...(await amendedHistories())]) {
    const shape = [generation.name, ...generation.events.map((event) => `${event.EventType}${typeof event["Name"] === "string" ? event["Name"] : ""}`)].join(" ");
    if (!byShape.has(shape)) byShape.set(shape, generation);
  }
  return [...byShape.values()];
}
