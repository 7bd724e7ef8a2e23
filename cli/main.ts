#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { Command, CommanderError } from "commander";
import { Fault } from "../shared/fault/fault.ts";

/**
 * `nightshift NOUN VERB`. Exit codes: 0 all is well; 1 the run did not end well, or something could not be done; 2 the input
 * has errors (findings are printed), or the command line is off. Data goes to stdout, chatter to stderr.
 *
 * Each group is loaded only when it is asked for, so that `plan check` never waits for a host.
 */
const GROUPS: Readonly<Record<string, { readonly summary: string; load(): Promise<(program: Command) => void> }>> = {
  plan: { summary: "check, show and describe plans", load: async () => (await import("./plan.ts")).planCommand },
  page: { summary: "make a page into a draft of its plan", load: async () => (await import("./page.ts")).pageCommand },
  run: { summary: "start, look at and report on runs", load: async () => (await import("./run.ts")).runCommand },
  evidence: { summary: "verify evidence files", load: async () => (await import("./evidence.ts")).evidenceCommand },
  open: { summary: "show what is open right now, of all windows", load: async () => (await import("./open.ts")).openCommand },
  decide: { summary: "approve, skip, retry, pause, resume, abort", load: async () => (await import("./decide.ts")).decideCommand },
  rehearse: { summary: "run a window against simulators in virtual time", load: async () => (await import("./rehearse.ts")).rehearseCommand },
  storm: { summary: "run many windows in bad weather, and check what must always be true", load: async () => (await import("./storm.ts")).stormCommand },
  host: { summary: "run any Functions app on this machine", load: async () => (await import("./host.ts")).hostCommand },
  watchdog: { summary: "watch an app on this machine: did each kickoff really happen?", load: async () => (await import("./watchdog.ts")).watchdogCommand },
  "serve-vendors": { summary: "serve Azurite and the simulated vendors", load: async () => (await import("./serve-vendors.ts")).serveVendorsCommand },
};

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("nightshift")
    .description("Runs a team's monthly maintenance window unattended.")
    .version("0.1.0")
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true });
  const group = GROUPS[argv[0] ?? ""];
  if (group === undefined) for (const [name, { summary }] of Object.entries(GROUPS)) program.command(name).description(summary);
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

// A rehearsal loads some two hundred files; what V8 made of them the last time is kept in the machine's temporary folder.
enableCompileCache();
process.exitCode = await main(process.argv.slice(2));
