import { Command, CommanderError } from "commander";
import { Fault } from "../shared/fault/fault.ts";

/** A noun of the command line, loaded when it is asked for, so that `plan check` never waits for a host. */
export interface Group {
  readonly summary: string;
  load(): Promise<(program: Command) => void>;
}

export type Groups = Readonly<Record<string, Group>>;

/**
 * `nightshift NOUN VERB`. Exit codes: 0 all is well; 1 the run did not end well, or something could not be done; 2 the input
 * has errors (findings are printed), or the command line is off. Data goes to stdout, chatter to stderr.
 */
export async function runProgram(groups: Groups, argv: readonly string[]): Promise<number> {
  const program = new Command("nightshift")
    .description("Runs a team's monthly maintenance window unattended.")
    .version("0.1.0")
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true });
  const group = groups[argv[0] ?? ""];
  if (group === undefined) for (const [name, { summary }] of Object.entries(groups)) program.command(name).description(summary);
  else (await group.load())(program);
  try {
    await program.parseAsync(argv, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    if (thrown instanceof Fault) {
      process.stderr.write(`nightshift: ${thrown.kind}: ${thrown.message}\n`);
      return thrown.kind === "invalid" ? 2 : 1;
    }
    process.stderr.write(`nightshift: a defect of ours: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
    return 1;
  }
}
