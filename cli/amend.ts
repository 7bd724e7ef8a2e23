import type { Command } from "commander";
import { readText } from "./files.ts";
import { print } from "./lines.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

interface Change {
  readonly what: "skip" | "move" | "add";
  readonly step: string;
  readonly title: string;
  readonly was?: string;
  readonly now?: string;
  readonly because: string;
}
interface Answer {
  readonly amendment: string;
  readonly run: string;
  readonly from: string;
  readonly to: string;
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
}
const ANSWER_FIELDS = ["amendment", "run", "from", "to", "changes", "warnings"] as const;
interface Listed {
  readonly proposed: readonly (Answer & { readonly at: string; readonly by: string; readonly approvedBy?: string; readonly amendedAt?: string })[];
  readonly refused: readonly { readonly at: string; readonly by: string; readonly why: readonly string[] }[];
}

/** Registers `nightshift run amend`, `approve-amendment` and `amendments`: change what is to come of a running window. */
export function amendCommands(run: Command): void {
  withServer(run.command("amend <run> <file>").description("propose to skip, move or add steps of a running window; somebody else approves it"))
    .option("--dry-run", "say what it would change, and propose nothing")
    .action(async (id: string, file: string, options: ServerOptions & { dryRun?: boolean }) => {
      const answer = await clientFor(options).post<Answer>(`runs/${encodeURIComponent(id)}/amendments`, { text: readText(file), dryRun: options.dryRun ?? false }, ANSWER_FIELDS);
      for (const line of linesOf(answer)) print(line);
      if (options.dryRun === true) print("A dry run: nothing is proposed.");
      else print(`Proposed. Somebody else approves it: nightshift run approve-amendment ${answer.run} ${answer.amendment} --digest ${answer.to}`);
    });

  withServer(run.command("approve-amendment <run> <amendment>").description("approve what somebody else proposed: from then on the run follows it"))
    .requiredOption("--digest <digest>", "the plan that it leads to, all 64 digits as `run amend` prints them")
    .action(async (id: string, amendment: string, options: ServerOptions & { digest: string }) => {
      const path = `runs/${encodeURIComponent(id)}/amendments/${encodeURIComponent(amendment)}/approve`;
      const answer = await clientFor(options).post<Answer & { approvedBy: string; tooLateFor: readonly string[] }>(path, { digest: options.digest }, [
        ...ANSWER_FIELDS,
        "approvedBy",
        "tooLateFor",
      ]);
      for (const line of linesOf(answer)) print(line);
      for (const step of answer.tooLateFor) print(`Too late for ${step}: it began in that very instant, and goes on as it was.`);
      print(`${answer.run} is amended, approved by ${answer.approvedBy}.`);
    });

  withServer(run.command("amendments <run>").description("show what was proposed to be amended, what was taken, and what was refused")).action(
    async (id: string, options: ServerOptions) => {
      const { proposed, refused } = await clientFor(options).get<Listed>(`runs/${encodeURIComponent(id)}/amendments`, ["proposed", "refused"]);
      for (const { at, by, approvedBy, amendedAt, ...answer } of proposed) {
        print(`${answer.amendment}, proposed by ${by} at ${at}${approvedBy === undefined ? ", not approved" : `, approved by ${approvedBy} at ${amendedAt ?? ""}`}`);
        for (const line of linesOf(answer)) print(`  ${line}`);
      }
      for (const { at, by, why } of refused) print(`Refused to ${by} at ${at}: ${why.join(" ")}`);
      if (proposed.length + refused.length === 0) print("Nobody has proposed to amend it.");
    },
  );
}

/** Before and after, as a diff; times are the window's own. */
function linesOf({ from, to, changes, warnings }: Answer): readonly string[] {
  return [
    `--- plan ${from.slice(0, 12)}`,
    `+++ plan ${to.slice(0, 12)}`,
    ...changes.flatMap(({ what, step, title, was, now, because }) => [
      ...(was === undefined ? [] : [`- ${step}  ${title}: ${was}`]),
      ...(now === undefined ? [] : [`+ ${step}  ${title}: ${now}`]),
      `  ${what === "skip" ? "left out" : what === "move" ? "moved" : "added"}, because ${because}`,
    ]),
    ...warnings.map((warning) => `! ${warning}`),
  ];
}
