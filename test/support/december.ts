import { readFileSync } from "node:fs";
import { registry } from "../../integrations/actions.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Entry } from "../../shared/run/journal.ts";
import type { RunState } from "../../shared/run/state.ts";
import { fakeVendor, firstly, type FakeWork } from "./fake-vendor.ts";
import { ms } from "./facts-of.ts";
import { play, stageFor, type PlayOptions, type TestStage } from "./play.ts";

export interface Night {
  readonly plan: CompiledPlan;
  readonly stage: TestStage;
  readonly entries: readonly Entry[];
  readonly state: RunState;
}

export interface NightOptions extends Pick<PlayOptions, "until" | "decisions" | "onOrder"> {
  /** As it went in December: the Saturday stage never starts. Default: it does. */
  readonly misfortune?: boolean;
}

/** The real December plan, compiled. */
export function decemberPlan(): CompiledPlan {
  const plans = new URL("../../plans/", import.meta.url);
  const { inventory } = loadInventory(readFileSync(new URL("inventory.yaml", plans), "utf8"), "inventory.yaml");
  const { plan, findings } = compile({ text: readFileSync(new URL("2024-12-08.yaml", plans), "utf8"), file: "2024-12-08.yaml", inventory, registry, allowMissing: true });
  if (plan === undefined) throw new Error(`the December plan does not compile: ${JSON.stringify(findings.slice(0, 3))}`);
  return plan;
}

/** The night of that plan against vendors that are not there: two servers need a second try, Jira is busy once. */
export async function decemberNight({ misfortune = false, ...options }: NightOptions = {}): Promise<Night> {
  const plan = decemberPlan();
  const vendor = fakeVendor(decemberWorks(plan, misfortune));
  const verbs = [...new Set(plan.steps.map(({ verb }) => verb))];
  const stage = await stageFor(plan, {
    actions: verbs.map((verb) =>
      vendor.action(
        verb,
        verb.startsWith("jira.") || verb === "slack.notify" ? { without: ["poll", "cancel", "undo"] } : { without: ["undo"], isDrivenByPolls: verb === "patch.install" },
      ),
    ),
  });
  const approvals = plan.steps.flatMap((step) =>
    step.approval === undefined ? [] : [{ at: "2024-12-08T10:20:00.000Z", by: "Luis Ferreira", decision: "approve" as const, step: step.id }],
  );
  const state = await play(stage, { decisions: approvals, ...options });
  return { plan, stage, state, entries: await stage.journal.readAll(plan.window.id) };
}

function decemberWorks(plan: CompiledPlan, misfortune: boolean): Record<string, FakeWork> {
  const works: Record<string, FakeWork> = {};
  for (const step of plan.steps) {
    for (const [position, { id: target }] of step.targets.entries()) {
      works[`${step.id}/${target}`] = {
        takesMs: Math.round(step.expectedMs * (0.85 + 0.06 * position)),
        evidence: evidenceOf(step.verb, target),
        ...(step.verb === "patch.group" ? { receipt: { group: "Servers September", before: ["Servers August"] } } : {}),
        ...(step.verb === "patch.install"
          ? { receipt: { before: { build: "17763.6532", pending: ["KB5048661", "KB5046859"] }, installed: ["KB5048661", "KB5046859"], bootedAt: "2024-12-08T10:31:00.000Z" } }
          : {}),
      };
    }
  }
  const change = (step: string, work: FakeWork): void => {
    works[step] = { ...works[step], ...work };
  };
  if (misfortune) change("reschedule-jobs.run/reschedule-jobs.run", { startsAfterMs: Number.POSITIVE_INFINITY });
  const badDownload = (nth: number): void => {
    if (nth === 12) throw new Fault("failed", "installing KB5048661 ended with 0x80240022: all updates failed", { vendor: "wsus" });
  };
  change("mcc-patching.install/IC-MCC2", { poll: badDownload });
  if (!misfortune) change("app-patching.install/IC-App3", { poll: badDownload });
  change("newrelic.jira-start/INFRA-648", { beforeBegin: firstly(1, "throttled", "Jira answered 429 to POST comment; Retry-After 5 s") });
  change("start-jobs.run/start-jobs.run", { takesMs: ms("9m") });
  return works;
}

function evidenceOf(verb: string, target: string): string {
  switch (verb) {
    case "pipeline.run":
      return `the stage's own record in the timeline of the pipeline run says succeeded`;
    case "patch.group":
      return `WSUS group Servers September on WSUS1 lists ${target}, and no other group does`;
    case "patch.install":
      return `${target} is offered no further updates; build 17763.6659, was 17763.6532; no restart pending`;
    case "web.check":
      return `GET https://${target}/ answered 200 in 412 ms`;
    case "slack.notify":
      return `the message stands in #${target}`;
    case "jira.comment":
      return `${target} shows the comment`;
    default:
      return `${target} is as the plan wants it`;
  }
}
