import { Command } from "commander";
import { hostCommand } from "../../cli/host.ts";

/** `nightshift host` alone, for tests that start it as a process of its own. */
const program = new Command("nightshift");
hostCommand(program);
await program.parseAsync();
