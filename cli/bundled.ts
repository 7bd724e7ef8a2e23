import { BUNDLED_GROUPS } from "./bundled-groups.ts";
import { runProgram } from "./program.ts";

// What is bundled runs as this file. The launcher has looked that the group is one of these.
process.exitCode = await runProgram(BUNDLED_GROUPS, process.argv.slice(2));
