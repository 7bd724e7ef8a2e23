import { GROUPS } from "./groups.ts";
import { runProgram } from "./program.ts";

process.exitCode = await runProgram(GROUPS, process.argv.slice(2));
