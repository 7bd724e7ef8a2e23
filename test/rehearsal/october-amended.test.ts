import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { WINDOW } from "../../functions/app.ts";
import { registry } from "../../integrations/actions.ts";
import type { LocalHost } from "../../local/harness.ts";
import { memoryJournal } from "../../local/memory-journal.ts";
import { memoryLocks } from "../../local/memory-locks.ts";
import { memoryPlans } from "../../local/memory-plans.ts";
import { rehearse, type KillMoment, type Rehearsal } from "../../local/rehearse.ts";
import { silentTelemetry } from "../../shared/ports/telemetry.ts";
import { approveAmendment, proposeAmendment } from "../../shared/run/amend.ts";
import type { Stage } from "../../shared/run/conductor.ts";
import type { Fact } from "../../shared/run/facts.ts";
import { amendmentInstance } from "../../shared/run/instances.ts";
import { reportOf } from "../../shared/run/report.ts";
import { settleAmendment } from "../../shared/run/settle-amendment.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { breachesOf } from "../support/invariants.ts";
import { october } from "../support/october.ts";

/** October's window, amended twice while it runs: once on Saturday evening, once in the middle of the primary work. */

const LONG_MS = 240_000;
const FILE = "2024-10-06.yaml";
const AMENDMENTS = [
  {
    at: "2024-10-06T02:00:00.000Z",
    text: `amend:
  - { move: mcc-servers.group, at: Sun 04:00, because: half an hour more for the updates }
  - { skip: plat-1028.run, because: nobody knows the command }
  - add: { id: look, action: web.check, targets: www, owner: Priya }
    after: first-web-servers.install
    because: a look before everybody goes to bed
`,
  },
  {
    at: "2024-10-06T09:10:00.000Z",
    text: `{"amend":[{"add":{"id":"look-again","action":"web.check","targets":"www","at":"Sun 05:20","with":{"through":"origin"}},"after":"announce-start.notify","because":"the page is up"}]}`,
  },
] as const;

interface Night extends Rehearsal {
  /** The plan that the run followed in the end. */
  readonly plan: CompiledPlan;
  readonly facts: readonly Fact[];
}

async function amendedNight(killAt?: (moment: KillMoment) => boolean): Promise<Night> {
  const { plan, inventory, scene } = october();
  const run = plan.window.id;
  const [journal, plans] = [memoryJournal(), memoryPlans()];
  await plans.keep({ plan, by: "Dana", at: plan.window.opensAt, source: { text: readFileSync(`plans/${FILE}`, "utf8"), file: FILE } });
  const failures: unknown[] = [];

  /** As the API does it: whoever died before it was through does it again. */
  async function amend(host: LocalHost, text: string): Promise<void> {
    const stage: Stage = {
      clock: host.clock,
      journal,
      plans,
      registry,
      locks: memoryLocks(),
      ports: {},
      people: { tell: () => Promise.resolve() },
      telemetry: silentTelemetry,
      reportUrl: () => "",
    };
    const facts = (await journal.readAll(run)).map(({ fact }) => fact);
    const known = facts.find((fact) => fact.type === "amendment.proposed" && fact.text === text);
    const proposal = known?.type === "amendment.proposed" ? known : (await proposeAmendment(stage, inventory, { run, text, by: "Dana" }, false)).proposal;
    const { amended } = await approveAmendment(stage, run, proposal.amendment, proposal.to, "Luis");
    const hub = {
      async begin(of: string, digest: string, amendment: string): Promise<void> {
        const instance = amendmentInstance(of, amendment);
        if ((await host.status(instance)) === undefined) await host.start(WINDOW, { run: of, digest, amendment }, instance);
      },
      async ring(instances: readonly string[]): Promise<void> {
        for (const instance of new Set(instances)) await host.hub.raise(instance, "ring", {});
      },
    };
    await settleAmendment(stage, hub, run, amended);
  }

  const night = await rehearse({
    plan,
    scene: scene(),
    journal,
    plans,
    ...(killAt === undefined ? {} : { killAt }),
    during(host) {
      for (const { at, text } of AMENDMENTS) {
        host.clock.at(Math.max(Date.parse(at), host.clock.now() + 1), () => {
          const release = host.clock.hold();
          void amend(host, text)
            .catch((thrown: unknown) => failures.push(thrown))
            .finally(release);
        });
      }
    },
  });
  expect(failures).toEqual([]);
  const [{ plan: last } = { plan }] = await plans.latest();
  return { ...night, plan: last, facts: night.entries.map(({ fact }) => fact) };
}

function begun(facts: readonly Fact[], step: string): string | undefined {
  return facts.find((fact) => fact.type === "batch.started" && fact.step === step)?.at;
}

function ended(facts: readonly Fact[], step: string): string | undefined {
  const fact = facts.find((one) => one.type === "step.ended" && one.step === step);
  return fact?.type === "step.ended" ? fact.as : undefined;
}

describe("October's window, amended while it runs", () => {
  it(
    "does what the amended plan says, with the real verbs, and everything else as ever",
    async () => {
      const night = await amendedNight();

      expect(breachesOf(night)).toEqual([]);
      expect(begun(night.facts, "mcc-servers.group")).toBe("2024-10-06T08:00:00.000Z");
      expect([ended(night.facts, "first-web-servers.look"), ended(night.facts, "announce-start.look-again"), ended(night.facts, "plat-1028.run")]).toEqual([
        "done",
        "done",
        "dropped",
      ]);
      expect(begun(night.facts, "announce-start.look-again")).toBe("2024-10-06T09:20:00.000Z");
      const report = reportOf(night.plan, night.entries, Date.parse(night.endedAt));
      expect(report.summary).toMatchObject({ outcome: "well", counts: { in: 28, dropped: 1, carriedOver: 0, underWay: 0 } });
      expect(report.decisions.filter(({ decision }) => decision === "amend")).toHaveLength(4);
      expect(report.summary.dropped).toEqual([expect.objectContaining({ id: "plat-1028", why: "nobody knows the command" })]);
    },
    LONG_MS,
  );

  it(
    "and comes to the same, killed again and again",
    async () => {
      const night = await amendedNight(({ n }) => n % 300 === 75);

      expect(breachesOf(night)).toEqual([]);
      expect([ended(night.facts, "first-web-servers.look"), ended(night.facts, "announce-start.look-again"), ended(night.facts, "plat-1028.run")]).toEqual([
        "done",
        "done",
        "dropped",
      ]);
      expect(night.facts.filter(({ type }) => type === "run.amended")).toHaveLength(2);
    },
    LONG_MS,
  );
});
