import { join, resolve } from "node:path";
import { writeFile } from "../cli/files.ts";
import { codeIn } from "../functions/code.ts";
import { Fault } from "../shared/fault/fault.ts";
import { digestOf, type CompiledPlan } from "../shared/plan/compiled.ts";
import { certificateOf, type Certificate, type CertifiedWindow } from "../shared/run/certificate.ts";
import { PROJECT } from "./settings.ts";

export interface Certified {
  readonly plan: CompiledPlan;
  readonly inventoryText: string;
  readonly worldText?: string;
  readonly profile: string;
  /** By seed, which follow each other. */
  readonly verdicts: readonly CertifiedWindow[];
  /** UTC ISO. */
  readonly madeAt: string;
}

/**
 * Writes what windows came to as a certificate.
 *
 * @throws Fault `invalid` when no window was run; `conflict` when the orchestrators here are not those that their statement names,
 * since nobody could tell by the certificate what ran.
 */
export async function writeCertificate(file: string, { plan, inventoryText, worldText, profile, verdicts, madeAt }: Certified): Promise<Certificate> {
  const [first, ...rest] = verdicts;
  if (first === undefined) throw new Fault("invalid", "no window was run, so there is nothing to certify: give --runs a number from 1");
  const { release, digest, unfit } = await codeIn(join(PROJECT, "orchestrators"))();
  if (unfit !== undefined) throw new Fault("conflict", `no certificate is written: ${unfit}`);
  const certificate = certificateOf({
    window: plan.window.id,
    plan: plan.digest,
    inventory: digestOf(inventoryText),
    ...(worldText === undefined ? {} : { world: digestOf(worldText) }),
    version: release,
    code: digest,
    profile,
    verdicts: [first, ...rest],
    madeAt,
  });
  writeFile(resolve(file), `${JSON.stringify(certificate, undefined, 2)}\n`);
  return certificate;
}
