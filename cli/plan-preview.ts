import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { Fault } from "../shared/fault/fault.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { certificateText, type Certificate } from "../shared/run/certificate.ts";
import type { PlanPreview } from "../shared/run/preview.ts";
import type { Client } from "./client.ts";
import { readCertificate } from "./certificate-file.ts";
import { loadPlan } from "./plan-file.ts";
import { previewShown, previewText } from "./plan-preview-lines.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

interface PreviewOptions extends Partial<ServerOptions> {
  readonly inventory?: string;
  readonly format: "text" | "json";
}

/** Carries out `nightshift plan preview`. Exit code 0: everything could be looked at, and nothing would be refused; else 1. */
export async function previewFile(file: string, { inventory: given, format, server, ...rest }: PreviewOptions, write: (text: string) => Promise<void>): Promise<void> {
  const { plan, inventory, text } = loadPlan(file, given ?? join(dirname(resolve(file)), "inventory.yaml"));
  const preview = server === undefined ? await simulatedPreview(plan, inventory) : await servedPreview(clientFor({ ...rest, server }), plan, text, file);
  const shown = previewShown(plan, preview);
  await write(
    format === "json"
      ? `${JSON.stringify(shown, null, 2)}\n`
      : `${previewText(shown, { coloured: process.stdout.isTTY && process.env["NO_COLOR"] === undefined, real: server !== undefined }).join("\n")}\n`,
  );
  const isDoubtful = preview.digest === undefined || preview.steps.some(({ targets }) => targets.some(({ refused }) => refused === true));
  if (isDoubtful) process.exitCode = 1;
}

/** Asks the actions in this process, against the simulated vendors as they stand before the window. */
async function simulatedPreview(plan: CompiledPlan, inventory: Inventory): Promise<PlanPreview> {
  process.stderr.write("no --server: this is a preview against simulated vendors, and says nothing about the real ones\n");
  const { previewSimulated } = await import("../local/preview.ts");
  return previewSimulated(plan, inventory);
}

/** Asks a running Nightshift, which must know the plan: one that it does not know yet is stored there, not approved. */
async function servedPreview(client: Client, plan: CompiledPlan, text: string, file: string): Promise<PlanPreview> {
  const path = `plans/${encodeURIComponent(plan.window.id)}/preview`;
  try {
    return await client.post<PlanPreview>(path, { digest: plan.digest }, ["steps"]);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.kind !== "absent") throw thrown;
  }
  const stored = await client.post<{ window: string; digest: string }>("plans", { text, file }, ["digest"]);
  if (stored.digest !== plan.digest)
    throw new Fault(
      "conflict",
      `the server makes another plan of ${file}: ${stored.digest.slice(0, 12)}, here ${plan.digest.slice(0, 12)}. Its inventory or its version is another one; preview with the inventory that it has.`,
    );
  process.stderr.write(`the server did not have this plan: it is stored there for ${stored.window}, and not approved\n`);
  return client.post<PlanPreview>(path, { digest: plan.digest }, ["steps"]);
}

interface ApproveOptions extends ServerOptions {
  readonly digest: string;
  readonly preview?: string;
  readonly certificate?: string;
}

/** Registers `nightshift plan approve`: a person's word for one plan, and for what one preview showed. */
export function approveCommand(plan: Command): void {
  withServer(plan.command("approve").description("approve a stored plan, and with --preview the steps that ask for it, as long as the world stays as previewed"))
    .argument("<window>", "window, e.g. 2024-10-06")
    .requiredOption("--digest <digest>", "the plan that is approved, all 64 digits as `plan preview` prints them")
    .option("--preview <digest>", "the preview that was looked at")
    .option("--certificate <file>", "what rehearsals of it came to, as `nightshift storm --certificate` or `rehearse --certificate` wrote it")
    .action(async (window: string, { digest, preview, certificate, ...server }: ApproveOptions) => {
      const answer = await clientFor(server).post<{ approvedBy: string; certificate?: Certificate; previews?: Readonly<Record<string, string>> }>(
        `plans/${encodeURIComponent(window)}/approve`,
        {
          digest,
          ...(preview === undefined ? {} : { preview }),
          ...(certificate === undefined ? {} : { certificate: readCertificate(certificate) }),
        },
      );
      const shown = answer.certificate === undefined ? "" : `, as rehearsed in ${certificateText(answer.certificate)}`;
      const steps = Object.keys(answer.previews ?? {});
      process.stdout.write(
        `${window}: plan ${digest.slice(0, 12)} is approved by ${answer.approvedBy}${shown}${steps.length === 0 ? "" : `, and so is what the preview showed of ${steps.join(", ")}`}\n`,
      );
    });
}
