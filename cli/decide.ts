import { Argument, Option, type Command } from "commander";
import { ABORT_MODES, DECISIONS } from "../shared/run/facts.ts";
import { Fault } from "../shared/fault/fault.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

interface DecideOptions extends ServerOptions {
  readonly run?: string;
  readonly step?: string;
  readonly target?: string;
  readonly mode?: string;
  readonly note?: string;
  readonly id?: string;
}

/** Registers `nightshift decide`: a person's word, to a running Nightshift. */
export function decideCommand(program: Command): void {
  withServer(program.command("decide").description("approve, skip, retry, say done, pause, resume, abort or acknowledge"))
    .addArgument(new Argument("<decision>", "what is decided").choices([...DECISIONS]))
    .option("--run <run>", "the run; needed only where more than one is under way")
    .option("--step <step>", "the step it is about")
    .option("--target <target>", "one target of the step; all of them, if not given")
    .addOption(new Option("--mode <mode>", "how to abort").choices([...ABORT_MODES]))
    .option("--note <text>", "why, for the record")
    .option("--id <id>", "your own id: the same decision sent twice is one")
    .action(async (decision: string, options: DecideOptions) => {
      const { step, target, mode, note, id } = options;
      const about = [step === undefined ? [] : ["--step"], target === undefined ? [] : ["--target"]].flat();
      if (decision === "abort" && about.length > 0) throw new Fault("invalid", `${about.join(" and ")}: an abort is about the whole run; \`decide skip\` leaves out a step`);
      if (decision !== "abort" && mode !== undefined) throw new Fault("invalid", `--mode says how to abort, and ${decision} is none: leave it out`);
      const client = clientFor(options);
      const run = options.run ?? onlyRun(await client.get<string[]>("runs?state=under-way"));
      const body = Object.fromEntries(Object.entries({ decision, step, target, mode, note, id }).filter(([, value]) => value !== undefined));
      const path = decision === "abort" ? "abort" : "decisions";
      const answer = await client.post<object>(
        `runs/${encodeURIComponent(run)}/${path}`,
        path === "abort" ? Object.fromEntries(Object.entries({ mode, note, id }).filter(([, value]) => value !== undefined)) : body,
      );
      process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    });
}

function onlyRun(runs: readonly string[]): string {
  const [run] = runs;
  if (run === undefined || runs.length > 1) throw new Fault("invalid", `say which run with --run: ${runs.length === 0 ? "none is under way" : runs.join(", ")}`);
  return run;
}
