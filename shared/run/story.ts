import type { Story } from "../action/action.ts";
import type { Caller } from "./calling.ts";
import { isTicket } from "./carry-over.ts";
import { ENDINGS } from "./facts.ts";
import { headlineOf } from "./headline.ts";
import type { PlanIndex } from "./plan-index.ts";
import { reportOf } from "./report.ts";
import { resultsOf } from "./results.ts";
import { changeOf, stateOf, type RunState } from "./state.ts";
import { workbookOf } from "./workbook.ts";

/** Tells a run in words, for messages, comments and pages; the facts are read when the words are asked for. @param telling the step that asks. */
export function storyOf(caller: Pick<Caller, "clock" | "reportUrl" | "storyNow" | "workbookFile">, index: PlanIndex, telling: string): Story {
  const { change } = index.step(telling);
  const { id: run, title: windowTitle } = index.plan.window;
  const state = async (): Promise<RunState> => {
    const now = await caller.storyNow(index);
    return stateOf(now.index, now.entries, caller.clock.now());
  };
  return {
    windowTitle,
    reportUrl: caller.reportUrl(run),
    async change() {
      const now = await caller.storyNow(index);
      const { change: own, steps = [] } = changeOf(now.index, now.entries, caller.clock.now(), change) ?? {};
      return {
        title: own?.title ?? change,
        keys: own?.keys ?? [],
        outcome: own?.as ?? own?.state ?? "waiting",
        lines: [
          ...steps
            .filter(({ verb }) => !isTicket(verb))
            .map((step) => `${step.title}: ${step.as ?? step.state}${step.why === undefined || step.as === "done" ? "" : ` (${step.why})`}`),
          ...(own?.as !== undefined && ENDINGS[own.as].carriedOver ? ["It is carried over to the next window."] : []),
        ],
      };
    },
    async run() {
      return headlineOf(await state(), change);
    },
    async results() {
      return resultsOf(await state(), telling);
    },
    async workbook() {
      if (caller.workbookFile === undefined) return undefined;
      const { index: current, entries } = await caller.storyNow(index);
      const workbook = workbookOf(current.plan, entries, reportOf(current.plan, entries, caller.clock.now()));
      return { name: `${workbook.title}.xlsx`, mediaType: XLSX, bytes: new Uint8Array(await caller.workbookFile(workbook)) };
    },
  };
}

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
