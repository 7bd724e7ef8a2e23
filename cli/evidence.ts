import { resolve } from "node:path";
import type { Command } from "commander";
import { Fault } from "../shared/fault/fault.ts";
import { verifyChain } from "../shared/run/evidence-chain.ts";
import { readText } from "./files.ts";

/** Breaches that are told one by one: what was altered from end to end is no clearer for a million lines. */
const MOST_SHOWN = 1_000;

/** Registers `nightshift evidence`: looks at evidence files, without a server. */
export function evidenceCommand(program: Command): void {
  program
    .command("evidence")
    .description("look at evidence files")
    .command("verify <file>")
    .description("find any record that was altered, added, moved or taken out; exit code 0 only if there is none")
    .option("--head <hash>", "the file's last hash, as it was printed when the file was made and kept elsewhere")
    .action((file: string, { head }: { head?: string }) => {
      if (head !== undefined && !/^[0-9a-f]{64}$/.test(head)) throw new Fault("invalid", "--head: expected 64 hexadecimal digits");
      const { breaches, counts, isEvidence, head: last } = verifyChain(readText(resolve(file)), head);
      if (!isEvidence) throw new Fault("invalid", `${file} is no evidence file: no line of it is a record that \`nightshift run evidence\` writes`);
      for (const { line, why } of breaches.slice(0, MOST_SHOWN)) process.stdout.write(`${file}:${line}: ${why}\n`);
      if (breaches.length > MOST_SHOWN) process.stdout.write(`and ${breaches.length - MOST_SHOWN} more\n`);
      if (breaches.length > 0) process.exitCode = 1;
      else
        process.stdout.write(
          `${file} is whole: ${Object.entries(counts)
            .map(([kind, count]) => `${count} ${kind}`)
            .join(", ")}\nlast hash ${last ?? ""}\n`,
        );
    });
}
