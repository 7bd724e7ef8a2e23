import type { Command } from "commander";
import { importCommand } from "./page-import.ts";
import { reviewCommand } from "./page-review.ts";

/** Registers `nightshift page`: import, review. The plan goes to stdout or a file, everything else to stderr. */
export function pageCommand(program: Command): void {
  const page = program.command("page").description("make the page that a team writes into a plan");
  importCommand(page);
  reviewCommand(page);
}
