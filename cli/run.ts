import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { Fault } from "../shared/fault/fault.ts";
import { digestOf, type CompiledPlan } from "../shared/plan/compiled.ts";
import { evidenceOf, RecordedExchange } from "../shared/run/evidence.ts";
import { chained } from "../shared/run/evidence-chain.ts";
import { inOrder, type Entry } from "../shared/run/journal.ts";
import type { PlanApproval } from "../shared/run/plans.ts";
import { amendCommands } from "./amend.ts";
import { carryOverCommand } from "./carry-over.ts";
import type { Client } from "./client.ts";
import type { RunState } from "../shared/run/state.ts";
import { headlineOf } from "../shared/run/headline.ts";
import { fileToWrite, issuesOf, jsonOf, readText, writeFile } from "./files.ts";
import { print } from "./lines.ts";
import { historyCommands } from "./run-history.ts";
import { runViews } from "./run-views.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

const RUN_FIELDS = ["run", "title", "asOf", "steps", "asks", "obligations"] as const;

/** Registers `nightshift run`: start and look at runs of a running Nightshift. */
export function runCommand(program: Command): void {
  const run = program.command("run").description("start and look at runs");

  withServer(run.command("start <window>").description("start a window whose plan is stored, now"))
    .option("--digest <digest>", "the plan to run, if not the latest stored")
    .option("--unapproved <because>", "start it although nobody has approved the plan, and why: an admin's word, kept for the record")
    .action(async (window: string, { digest, unapproved, ...options }: ServerOptions & { digest?: string; unapproved?: string }) => {
      const how = { ...(digest === undefined ? {} : { digest }), ...(unapproved === undefined ? {} : { unapproved }) };
      const started = await clientFor(options).post<{ did: string }>("runs", { window, ...how }, ["did"]);
      print(`${window}: ${started.did}`);
    });

  withServer(run.command("list").description("list all runs, newest window first")).action(async (options: ServerOptions) => {
    for (const id of await clientFor(options).get<string[]>("runs")) print(id);
  });

  withServer(run.command("show <run>").description("show how a run stands"))
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "json"]).default("text"))
    .action(async (id: string, options: ServerOptions & { format: string }) => {
      const state = await clientFor(options).get<RunState>(`runs/${encodeURIComponent(id)}`, RUN_FIELDS);
      if (options.format === "json") process.stdout.write(`${JSON.stringify(state, null, 2)}\n`);
      else for (const line of linesOf(state)) print(line);
    });

  runViews(run);
  amendCommands(run);
  carryOverCommand(run);
  historyCommands(run);

  withServer(run.command("evidence <run>").description("write all that proves what a run did, as a chain of records; prints its last hash"))
    .requiredOption("--out <file>", "where to write it", fileToWrite)
    .option("--recording <file>", "what was said to vendors, as `--record` wrote it")
    .action(async (id: string, options: ServerOptions & { out: string; recording?: string }) => {
      const client = clientFor(options);
      const path = `runs/${encodeURIComponent(id)}`;
      const { plan, storedBy, approved } = await client.get<{ plan: CompiledPlan; storedBy?: string; approved?: PlanApproval }>(`${path}/plan`, ["plan"]);
      const { digest, ...rest } = plan;
      if (digestOf(rest) !== digest) throw new Fault("conflict", `the plan that the server gave for ${id} does not have the digest ${digest}`);
      const { text, head } = chained(
        evidenceOf({
          plan,
          entries: await factsOf(client, id),
          ...(storedBy === undefined ? {} : { storedBy }),
          ...(approved === undefined ? {} : { approval: approved }),
          ...(options.recording === undefined ? {} : { exchanges: exchangesOf(resolve(options.recording)) }),
          now: Date.parse((await client.get<RunState>(path, RUN_FIELDS)).asOf),
        }),
      );
      writeFile(resolve(options.out), text);
      print(`${options.out}: last hash ${head}`);
      print("Keep this hash elsewhere: `nightshift evidence verify --head HASH` then proves the file as a whole.");
    });

  withServer(run.command("facts <run>").description("print every fact of a run, one JSON line each")).action(async (id: string, options: ServerOptions) => {
    for (const entry of await factsOf(clientFor(options), id)) process.stdout.write(`${JSON.stringify(entry)}\n`);
  });
}

/** Every fact of a run, each exactly once, though it goes on while we read. */
async function factsOf(client: Client, run: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  let [cursor, more] = ["start", true];
  while (more) {
    const page: { facts: Entry[]; cursor: string; more: boolean } = await client.get(`runs/${encodeURIComponent(run)}/facts?cursor=${cursor}`, ["facts", "cursor", "more"]);
    entries.push(...page.facts);
    ({ cursor, more } = page);
  }
  return inOrder(entries);
}

/** @throws Fault `invalid` that names the line which is none of a recording. */
function exchangesOf(file: string): readonly RecordedExchange[] {
  return readText(file)
    .split("\n")
    .flatMap((line, position) => {
      if (line === "") return [];
      const place = `${file}:${position + 1}`;
      const parsed = RecordedExchange.safeParse(jsonOf(line, place, "a line of a recording"));
      if (!parsed.success) throw new Fault("invalid", `${place} is not a line of a recording: ${issuesOf(parsed.error)}`);
      return [parsed.data];
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
