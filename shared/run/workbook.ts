import { z } from "zod";
import { familyOf } from "../action/registry.ts";
import { SERVER_FAMILIES } from "../action/results.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { targetStream, type Ending, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";
import { momentIn } from "./report.ts";
import type { ChangeReport, Moment, Report, Standing, StepReport, TargetReport } from "./report-schema.ts";
import { tookText, wordOf } from "./report-words.ts";
import { walkOf } from "./walk.ts";

/** A cell: text, a number, nothing, or how something stands (which is coloured). */
export type Cell = string | number | undefined | { readonly standing: Standing };

export interface Sheet {
  readonly name: string;
  readonly columns: readonly { readonly title: string; /** In characters. */ readonly width: number }[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The tracking workbook: what was kept by hand beside the page, written by the run. */
export interface Workbook {
  /** `Update Tracking 2024-12-08`. */
  readonly title: string;
  readonly sheets: readonly Sheet[];
}

/**
 * One row for each server, one for each step on each target, one for each change, and what was opened and is owed.
 *
 * @param report of the same plan and entries.
 */
export function workbookOf(plan: CompiledPlan, entries: readonly Entry[], report: Report): Workbook {
  return {
    title: `Update Tracking ${plan.window.date}`,
    sheets: [serverSheet(report, receiptsOf(entries)), changeSheet(report), targetSheet(report), openSheet(report)],
  };
}

/** What actions on servers leave in their receipts, as far as a table wants it; whatever else is there is let be. */
const ServerReceipt = z.object({
  group: z.string().optional().catch(undefined),
  before: z
    .union([z.array(z.string()), z.object({ pending: z.array(z.string()), build: z.string().optional() })])
    .optional()
    .catch(undefined),
  installed: z.array(z.string()).optional().catch(undefined),
  restartedMs: z.number().optional().catch(undefined),
});
type ServerReceipt = z.infer<typeof ServerReceipt>;
type Receipts = ReadonlyMap<string, ServerReceipt>;

function receiptsOf(entries: readonly Entry[]): Receipts {
  const facts = new Map<string, Fact[]>();
  for (const { stream, fact } of entries) {
    if (!("target" in fact) || fact.target === undefined || fact.type === "decision.made") continue;
    const list = facts.get(stream);
    if (list === undefined) facts.set(stream, [fact]);
    else list.push(fact);
  }
  return new Map([...facts].map(([stream, own]) => [stream, ServerReceipt.safeParse(walkOf(own).receipt ?? {}).data ?? {}]));
}

interface Work {
  readonly change: ChangeReport;
  readonly step: StepReport;
  readonly target: TargetReport;
}

function serverSheet(report: Report, receipts: Receipts): Sheet {
  const works: Work[] = report.changes.flatMap((change) =>
    change.steps
      .filter(({ verb, servedBy }) => SERVER_FAMILIES.has(familyOf(verb)) && servedBy === undefined)
      .flatMap((step) => step.targets.map((target) => ({ change, step, target }))),
  );
  const servers = Map.groupBy(works, ({ target }) => target.id);
  const moment = momentIn(report.window.zone);
  return {
    name: "Servers",
    columns: [
      { title: "Server", width: 16 },
      { title: "Keys", width: 22 },
      { title: "Change", width: 34 },
      { title: "Planned", width: 12 },
      { title: "WSUS group before", width: 22 },
      { title: "WSUS group after", width: 22 },
      { title: "Patching", width: 12 },
      { title: "Tries", width: 7 },
      { title: "Began", width: 12 },
      { title: "Took", width: 12 },
      { title: "Pending before", width: 26 },
      { title: "Installed", width: 26 },
      { title: "Restarted", width: 12 },
      { title: "Result", width: 12 },
      { title: "Reason", width: 60 },
      { title: "Evidence", width: 70 },
    ],
    rows: [...servers].map(([server, own]) => {
      const group = own.find(({ step }) => step.verb === "patch.group");
      const patch = own.find(({ step }) => step.verb === "patch.install");
      const worst = own.toSorted((a, b) => badness(b.target.state) - badness(a.target.state))[0] as Work;
      const moved = receiptOf(receipts, group);
      const patched = receiptOf(receipts, patch);
      const planned = own.flatMap(({ step }) => step.planned ?? []).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))[0];
      // A change that another one's step serves asked for the server too.
      const ids = new Set(own.map(({ step }) => step.id));
      const changes = report.changes.filter(({ steps }) => steps.some(({ id, servedBy }) => ids.has(servedBy ?? id)));
      return [
        server,
        changes.flatMap(({ keys }) => keys).join(" "),
        changes.map(({ title }) => title).join("; "),
        planned?.local,
        Array.isArray(moved.before) ? moved.before.join(", ") : undefined,
        group?.target.state === "done" || group?.target.state === "already" ? moved.group : undefined,
        patch === undefined ? undefined : { standing: patch.target.state },
        patch?.target.tries,
        patch?.target.begun?.local,
        patch === undefined ? undefined : tookText(patch.target),
        Array.isArray(patched.before) ? undefined : patched.before?.pending.join(", "),
        patched.installed?.join(", "),
        patched.restartedMs === undefined ? undefined : moment(new Date(patched.restartedMs).toISOString()).local,
        { standing: worst.target.state },
        isWell(worst.target.state) ? faultsOf(own) : worst.target.why,
        own.flatMap(({ target }) => target.evidence).join("\n"),
      ];
    }),
  };
}

function receiptOf(receipts: Receipts, work: Work | undefined): ServerReceipt {
  return work === undefined ? {} : (receipts.get(targetStream(work.step.id, work.target.id)) ?? {});
}

function faultsOf(works: readonly Work[]): string | undefined {
  const faults = works.flatMap(({ target }) => target.faults.map(({ try: number, message }) => `try ${number}: ${message}`));
  return faults.length === 0 ? undefined : faults.join("\n");
}

function changeSheet(report: Report): Sheet {
  return {
    name: "Changes",
    columns: [
      { title: "Keys", width: 30 },
      { title: "Change", width: 44 },
      { title: "Phase", width: 16 },
      { title: "Result", width: 12 },
      { title: "Reason", width: 70 },
      { title: "Owner", width: 18 },
      { title: "Steps done", width: 12 },
      { title: "Steps", width: 8 },
      { title: "Carried over as", width: 70 },
      { title: "Notes", width: 60 },
    ],
    rows: report.changes.map(({ id, keys, title, phase, state, why, owners, steps, notes }) => [
      keys.join(" "),
      title,
      report.phases.find((candidate) => candidate.id === phase)?.title ?? phase,
      { standing: state },
      isWell(state) ? undefined : why,
      owners.join(" or "),
      steps.filter((step) => isWell(step.state)).length,
      steps.length,
      report.carryOver.find((carried) => carried.id === id)?.inWords,
      notes.join("\n") || undefined,
    ]),
  };
}

function targetSheet(report: Report): Sheet {
  return {
    name: "Steps",
    columns: [
      { title: "Step", width: 46 },
      { title: "Action", width: 16 },
      { title: "Target", width: 20 },
      { title: "Planned", width: 12 },
      { title: "Began", width: 12 },
      { title: "Ended", width: 12 },
      { title: "Took", width: 12 },
      { title: "Tries", width: 7 },
      { title: "Result", width: 12 },
      { title: "Reason", width: 60 },
      { title: "Approved by", width: 18 },
      { title: "Evidence", width: 70 },
    ],
    rows: report.changes.flatMap(({ steps }) =>
      steps
        .filter(({ servedBy }) => servedBy === undefined)
        .flatMap(({ id, title, verb, planned, approvedBy, targets }) =>
          targets.map((target) => [
            title,
            verb,
            target.id === id ? undefined : target.id,
            planned?.local,
            target.begun?.local,
            target.ended?.local,
            tookText(target),
            target.tries,
            { standing: target.state },
            isWell(target.state) ? undefined : target.why,
            approvedBy.map(({ by }) => by).join(", ") || undefined,
            target.evidence.join("\n") || undefined,
          ]),
        ),
    ),
  };
}

function openSheet({ obligations, summary }: Report): Sheet {
  const blank = undefined;
  return {
    name: "Opened and owed",
    columns: [
      { title: "What", width: 50 },
      { title: "Since", width: 12 },
      { title: "By", width: 36 },
      { title: "Closed", width: 12 },
      { title: "How", width: 60 },
      { title: "Who", width: 24 },
    ],
    rows: [
      ...obligations.map(({ id, what, opened, openedBy, closed, closedBy, evidence }): readonly Cell[] => {
        const open = summary.open.find((item) => item.id === id);
        return [
          what,
          opened.local,
          openedBy,
          timeText(closed) ?? "still open",
          open?.why ?? [closedBy, ...evidence].filter((line) => line !== undefined).join("\n"),
          open?.owners.join(", "),
        ];
      }),
      ...[...summary.needs, ...summary.followUps].map(({ what, why, who }): readonly Cell[] => [what, blank, blank, blank, why, who.join(", ")]),
    ],
  };
}

function timeText(moment: Moment | undefined): string | undefined {
  return moment?.local;
}

function isWell(state: Standing): boolean {
  return state === "done" || state === "already";
}

const WORST_LAST: readonly (Ending | "running" | "waiting")[] = ["already", "done", "dropped", "waiting", "running", "skipped", "failed", "unknown"];

function badness(state: Standing): number {
  return WORST_LAST.indexOf(state);
}

/** The text of a cell, for forms without colour. */
export function cellText(cell: Cell): string | number | undefined {
  return typeof cell === "object" ? wordOf(cell.standing) : cell;
}
