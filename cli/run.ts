import type { Command } from "commander";
import type { RunState } from "../shared/run/state.ts";
import { headlineOf } from "../shared/run/story.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

/** Registers `nightshift run`: start and look at runs of a running Nightshift. */
export function runCommand(program: Command): void {
  const run = program.command("run").description("start and look at runs");

  withServer(run.command("start <window>").description("start a window whose plan is stored, now"))
    .option("--digest <digest>", "the plan to run, if not the latest stored")
    .action(async (window: string, options: ServerOptions & { digest?: string }) => {
      const started = await clientFor(options).post<{ did: string }>("runs", { window, ...(options.digest === undefined ? {} : { digest: options.digest }) });
      print(`${window}: ${started.did}`);
    });

  withServer(run.command("list").description("list all runs, newest window first")).action(async (options: ServerOptions) => {
    for (const id of await clientFor(options).get<string[]>("runs")) print(id);
  });

  withServer(run.command("show <run>").description("show how a run stands"))
    .option("--format <format>", "text or json", "text")
    .action(async (id: string, options: ServerOptions & { format: string }) => {
      const state = await clientFor(options).get<RunState>(`runs/${encodeURIComponent(id)}`);
      if (options.format === "json") print(JSON.stringify(state, null, 2));
      else for (const line of linesOf(state)) print(line);
    });

  withServer(run.command("facts <run>").description("print every fact of a run, one JSON line each")).action(async (id: string, options: ServerOptions) => {
    let from: number | undefined = 0;
    while (from !== undefined) {
      const page: { facts: object[]; next?: number } = await clientFor(options).get(`runs/${encodeURIComponent(id)}/facts?from=${from}`);
      for (const entry of page.facts) print(JSON.stringify(entry));
      from = page.next;
    }
  });
}

function linesOf(state: RunState): readonly string[] {
  const { headline, lines } = headlineOf(state);
  const running = state.steps.filter(({ state: standing }) => standing === "running");
  const open = state.obligations.filter(({ closed }) => closed === undefined);
  return [
    `${state.title}: ${state.outcome ?? "under way"}`,
    headline,
    ...lines,
    ...running.map(({ id, title, why }) => `Running: ${title} (${id})${why === undefined ? "" : `: ${why}`}`),
    ...state.asks.map(({ kind, step, title, of }) => `Asked: ${title} (${kind}, step ${step}) of ${of.join(" or ")}`),
    ...open.map(({ what, openedAt }) => `Open since ${openedAt}: ${what}`),
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
