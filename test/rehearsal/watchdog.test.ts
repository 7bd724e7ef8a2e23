import { describe, expect, it } from "vitest";
import { pipelineRecords } from "../../adapters/pipeline-records.ts";
import { watchedApp } from "../../adapters/watched-app.ts";
import { webhookPager } from "../../adapters/webhook-pager.ts";
import { loadPlan } from "../../cli/plan-file.ts";
import { register } from "../../functions/register.ts";
import { connectAll } from "../../integrations/all.ts";
import { composeLocal } from "../../local/compose.ts";
import { demoScene } from "../../local/demo-world.ts";
import { memoryStore } from "../../local/durable/store-memory.ts";
import { createHost, type LocalHost } from "../../local/harness.ts";
import { memoryJournal } from "../../local/memory-journal.ts";
import { memoryLocks } from "../../local/memory-locks.ts";
import { memoryPlans } from "../../local/memory-plans.ts";
import { serveApp, type ServedApp } from "../../local/serve-app.ts";
import { localSettings, simulatedCredential, simulatedSecrets } from "../../local/settings.ts";
import { directTransport } from "../../local/transport.ts";
import { vendorsOf } from "../../local/vendors.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import { silentTelemetry } from "../../shared/ports/telemetry.ts";
import { windowInstance } from "../../shared/run/instances.ts";
import { watch, type Kennel, type Page } from "../../shared/run/watch.ts";

const { plan, inventory } = loadPlan(new URL("../../plans/2024-12-08.yaml", import.meta.url).pathname, new URL("../../plans/inventory.yaml", import.meta.url).pathname);
const RUN = plan.window.id;
const MINUTE = 60_000;
/** Saturday, on the window's clock, which is five hours behind. */
const at = (clock: string): number => Date.parse(`2024-12-08T${clock}:00.000Z`);

/** The app and its watchdog, with nothing in common but the vendors. The app has lives; the watchdog has one. */
function stageOf() {
  const vendors = vendorsOf(demoScene({ inventory, plan }));
  const store = memoryStore();
  const [journal, plans, locks] = [memoryJournal(), memoryPlans(), memoryLocks()];
  let now = at("00:30");
  let life: { host: LocalHost; served: ServedApp } | undefined;
  const clock = { now: () => life?.host.clock.now() ?? now };
  const direct = directTransport(vendors, clock);
  const pages: Page[] = [];
  const complaints: string[] = [];
  const tablesDown = (): Promise<never> => Promise.reject(new Fault("unavailable", "the app's storage does not answer"));

  const outside = { fetch: direct.fetch, handshake: direct.handshake, clock, secrets: simulatedSecrets, credential: simulatedCredential };
  const ports = connectAll(localSettings(), outside);
  const kennel: Kennel = {
    clock: { now: () => now },
    journal: memoryJournal(),
    plans: memoryPlans(),
    source: { latest: () => (life === undefined ? tablesDown() : plans.latest()) },
    app: {
      ready: () => appOf().ready(),
      start: (run, digest) => appOf().start(run, digest),
      state: (run) => appOf().state(run),
    },
    records: pipelineRecords(ports["pipelines"] as Parameters<typeof pipelineRecords>[0]),
    people: ports.people,
    pager: webhookPager({
      urlSecret: "pager-url",
      secrets: simulatedSecrets,
      fetch: (_url, init) => {
        pages.push(JSON.parse(init?.body as string) as Page);
        return Promise.resolve(new Response(null, { status: 202 }));
      },
    }),
    telemetry: silentTelemetry,
    complain: (line) => complaints.push(`${isoOf(now)} ${line}`),
  };
  // A port on which nobody listens, as long as the app is down.
  const appOf = () => watchedApp({ origin: life?.served.origin ?? "http://127.0.0.1:1", fetch, secrets: simulatedSecrets });

  return {
    kennel,
    pages,
    complaints,
    plans,
    journal,
    vendors,
    host: () => life?.host,
    async up(): Promise<void> {
      const app = composeLocal({
        clock,
        journal,
        locks,
        plans,
        telemetry: silentTelemetry,
        fetch: direct.fetch,
        handshake: direct.handshake,
        async ring(instances) {
          for (const instance of new Set(instances)) await life?.host.hub.raise(instance, "ring", {});
        },
      });
      const host = await createHost({ app: () => register(app), store, clock: "virtual", startAt: now });
      life = { host, served: await serveApp({ app: host.app, hub: host.hub, clock: host.clock, timersRun: false, settings: {} }) };
    },
    async down(): Promise<void> {
      await life?.served.close();
      life?.host.kill();
      life = undefined;
    },
    /** A look of the watchdog at every minute and, where the app is up and its timers run, a tick of the schedule at every fifth. */
    async untilMinute(end: number, timersRun = false): Promise<void> {
      for (; now < end; now += MINUTE) {
        if (life !== undefined) {
          await life.host.advanceTo(now);
          if (timersRun && now % (5 * MINUTE) === 0) await life.served.timers.find(({ name }) => name === "saturdayPrework")?.runNow();
          await life.host.idle();
        }
        // Twice, as doubled ticks do.
        await watch(kennel);
        await watch(kennel);
        if (life !== undefined) await life.host.idle();
      }
    },
    posts: () =>
      vendors
        .effects()
        .filter(({ system, did }) => system === "slack" && did === "posted")
        .map(({ with: details }) => String(details?.["text"])),
    queued: () => vendors.effects().filter(({ system, did, to }) => system === "azure-devops" && did === "queued" && to.includes("Preparation Pipeline")),
  };
}

describe("the host is down from 19:50 to 20:25 on Saturday", () => {
  it.each([
    { by: "the watchdog, since the app's timers have stopped", timersRun: false, starter: "" },
    { by: "the app's own timer", timersRun: true, starter: "timer saturdayPrework" },
  ])("is noticed from the pipeline's own record, told, paged, and started late within its grace, once, by $by", async ({ timersRun, starter }) => {
    const stage = stageOf();
    await stage.plans.put({ plan, by: "Ada", at: isoOf(at("00:00")) });
    await stage.plans.approve(RUN, plan.digest, { by: "Ben", at: isoOf(at("00:00")) });
    await stage.up();

    await stage.untilMinute(at("00:50"));
    await stage.down();
    await stage.untilMinute(at("01:25"));
    const whileDown = { posts: stage.posts(), pages: [...stage.pages], queued: stage.queued().length };
    await stage.up();
    await stage.untilMinute(at("01:45"), timersRun);

    expect(whileDown.posts.filter((text) => text.includes("armed, next start 8:00 PM EST"))).not.toEqual([]);
    expect(whileDown.posts.filter((text) => text.includes("is 5 minutes late and has not started"))).toHaveLength(1);
    expect(whileDown.pages).toMatchObject([{ at: isoOf(at("01:15")), severity: "critical", run: RUN, plannedAt: isoOf(at("01:00")), lastSafeAt: isoOf(at("01:45")) }]);
    expect(whileDown.queued).toBe(0);
    expect(stage.complaints.filter((line) => line.includes("does not answer"))).not.toEqual([]);

    expect(stage.queued()).toMatchObject([{ at: expect.stringMatching(/^2024-12-08T01:2[56]:/) }]);
    expect((await stage.journal.read(RUN, "run")).filter(({ type }) => type === "run.started")).toMatchObject([{ at: isoOf(at("01:25")), by: expect.stringContaining(starter) }]);
    expect(stage.pages).toHaveLength(1);
    expect(stage.posts().filter((text) => text.includes("is accounted for now"))).toHaveLength(1);
    expect((await stage.kennel.journal.readAll(RUN)).map(({ fact }) => ("rung" in fact ? `${fact.type} ${fact.rung}` : fact.type))).toEqual([
      "watch.beat",
      "watch.climbed slack",
      "watch.climbed page",
      "watch.climbed start",
      "watch.settled",
    ]);
    expect(await stage.host()?.status(windowInstance(RUN))).toMatchObject({ runtimeStatus: "Running" });
    await stage.down();
  });

  it("says what is lost and what can still be done, where it stays down past the last safe minute", async () => {
    const stage = stageOf();
    await stage.plans.put({ plan, by: "Ada", at: isoOf(at("00:00")) });
    await stage.plans.approve(RUN, plan.digest, { by: "Ben", at: isoOf(at("00:00")) });
    await stage.up();

    await stage.untilMinute(at("00:50"));
    await stage.down();
    await stage.untilMinute(at("02:10"));

    const lost = stage.posts().filter((text) => text.includes("its last safe minute is over"));
    expect(lost).toHaveLength(1);
    expect(lost[0]).toContain("Lost: this, and what needs it:");
    expect(lost[0]).toContain("What can still be done:");
    expect(stage.pages.map(({ dedupKey }) => dedupKey.split("/").at(-1))).toEqual(["page", "lost"]);
    expect(stage.queued()).toEqual([]);
  });
});
