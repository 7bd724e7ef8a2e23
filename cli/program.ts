import { Command, CommanderError } from "commander";
import { Fault, FAULT_KINDS } from "../shared/fault/fault.ts";

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
  outliveReaders();
  const program = new Command("nightshift")
    .description("Runs a team's monthly maintenance window unattended.")
    .version("0.1.0")
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true });
  const [first = "", ...rest] = argv;
  // `help plan` is `plan --help`: only the noun itself knows its verbs.
  const asked = first === "help" && rest[0] !== undefined && Object.hasOwn(groups, rest[0]) ? [...rest, "--help"] : argv;
  const noun = asked[0] ?? "";
  const group = Object.hasOwn(groups, noun) ? groups[noun] : undefined;
  if (group === undefined) for (const [name, { summary }] of Object.entries(groups)) program.command(name).description(summary);
  else (await group.load())(program);
  try {
    await program.parseAsync(asked, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (thrown) {
    return exitCodeOf(thrown);
  }
}

/** Says what was thrown. @returns the exit code for it: 2 where whoever called can mend it, by another word or another file. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  if (thrown instanceof Fault) {
    process.stderr.write(`nightshift: ${thrown.kind}: ${thrown.message}\n`);
    return FAULT_KINDS[thrown.kind].owner === "plan" ? 2 : 1;
  }
  process.stderr.write(`nightshift: a defect of ours: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
  return 1;
}

/** A reader that has gone away, as `head` does, is no mistake, and what is under way goes on; output that a disk does not take is one. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listeners("error").includes(outputFailed)) continue;
    stream.on("error", outputFailed);
  }
}

function outputFailed(cause: NodeJS.ErrnoException): void {
  if (cause.code === "EPIPE") return;
  process.exitCode = 1;
  process.stderr.write(`nightshift: unavailable: the output cannot be written: ${cause.message}\n`);
}
