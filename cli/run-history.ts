import { resolve } from "node:path";
import type { Command } from "commander";
import { Fault } from "../shared/fault/fault.ts";
import type { ToldEvent, ToldInstance, ToldRun } from "../local/told-history.ts";
import type { Client } from "./client.ts";
import { fileToWrite, readJson, writeFile } from "./files.ts";
import { print } from "./lines.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

/** Registers `nightshift run history` and `nightshift run replay`: what the task hub knows of a run, for finding out afterwards. */
export function historyCommands(run: Command): void {
  withServer(run.command("history <run>").description("download the histories of a run's orchestrations, for `nightshift run replay`"))
    .option("--out <file>", "where to write them, if not to the terminal", fileToWrite)
    .action(async (id: string, { out, ...options }: ServerOptions & { out?: string }) => {
      const told = await historiesOf(clientFor(options), id);
      const text = `${JSON.stringify(told, undefined, 1)}\n`;
      if (out === undefined) process.stdout.write(text);
      else {
        writeFile(resolve(out), text);
        print(`${out}: ${told.instances.length} orchestrations, ${told.instances.reduce((sum, { events }) => sum + events.length, 0)} events`);
      }
    });

  run
    .command("replay <file>")
    .description("replay downloaded histories on the orchestrators that are installed here, and print what happened when; exit code 0 only if every one replays")
    .option("--instance <id>", "only this orchestration, and those whose ids begin with it")
    .option("--no-timeline", "only say what replays")
    .action(async (file: string, { instance = "", timeline }: { instance?: string; timeline: boolean }) => {
      const { instances } = await toldRun(resolve(file));
      const chosen = instances.filter((each) => each.instance.startsWith(instance));
      if (chosen.length === 0) throw new Fault("absent", `${file} has no orchestration ${instance}; it has ${instances.map((each) => each.instance).join(", ") || "none"}`);
      if (timeline) for (const line of timelineOf(chosen)) print(line);
      const { misfitsToday } = await import("../local/told-history.ts");
      const misfits = await misfitsToday(chosen);
      for (const line of misfits) print(line);
      print(`${chosen.length - misfits.length} of ${chosen.length} orchestrations replay on the orchestrators that are installed here`);
      process.exitCode = misfits.length === 0 ? 0 : 1;
    });
}

/** All histories of a run: of each orchestration that of its latest generation, as the task hub has it. */
async function historiesOf(client: Client, run: string): Promise<ToldRun> {
  const path = `runs/${encodeURIComponent(run)}/history`;
  const pages = async <Item>(query: string, pick: (page: HistoryPage) => readonly Item[] | undefined): Promise<Item[]> => {
    const items: Item[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: HistoryPage = await client.get(`${path}?${query}from=${from}`, []);
      items.push(...(pick(page) ?? []));
      from = page.next;
    }
    return items;
  };
  const instances: ToldInstance[] = [];
  for (const one of await pages("", (page) => page.instances)) {
    instances.push({ ...one, events: await pages(`instance=${encodeURIComponent(one.instance)}&`, (page) => page.events) });
  }
  return { run, instances };
}

interface HistoryPage {
  readonly instances?: readonly Omit<ToldInstance, "events">[];
  readonly events?: readonly ToldEvent[];
  readonly next?: number;
}

/** @throws Fault `invalid` when the file is none that `nightshift run history` wrote. */
async function toldRun(file: string): Promise<ToldRun> {
  const { ToldRun: schema } = await import("../local/told-history.ts");
  return readJson(file, schema, "what `nightshift run history` writes");
}

/** What happened, one line each, oldest first; of equal instants in the order of the orchestrations. */
function timelineOf(instances: readonly ToldInstance[]): readonly string[] {
  return instances
    .flatMap(({ instance, events }) => events.map((event) => ({ at: event.Timestamp, text: `${new Date(event.Timestamp).toISOString()}  ${instance}  ${happened(event)}` })))
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ text }) => text);
}

const WORDS: Readonly<Record<string, string>> = {
  ExecutionStarted: "began",
  ExecutionCompleted: "ended",
  ExecutionFailed: "failed",
  ExecutionTerminated: "was terminated",
  ContinueAsNew: "began a new generation",
  TaskCompleted: "was answered by",
  TaskFailed: "was failed by",
  SubOrchestrationInstanceCompleted: "was told of the end of",
  SubOrchestrationInstanceFailed: "was told of the failure of",
  TimerFired: "was woken",
  EventRaised: "was rung by",
};
const LONGEST = 160;

function happened(event: ToldEvent): string {
  const { EventType: type, FunctionName: name, ScheduledTime: since, Timestamp: at } = event;
  const tookS = since === undefined ? 0 : (Date.parse(at) - Date.parse(since)) / 1_000;
  const result = event["Result"] ?? event["Reason"];
  return [
    WORDS[type] ?? type,
    ...(name === undefined || type === "ExecutionStarted" ? [] : [name]),
    ...(type === "EventRaised" ? [String(event["Name"])] : []),
    ...(tookS > 0 ? [`after ${tookS.toFixed(1)} s`] : []),
    ...(result === undefined || result === null ? [] : [`: ${shortened(typeof result === "string" ? result : JSON.stringify(result))}`]),
  ]
    .join(" ")
    .replace(" : ", ": ");
}

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
