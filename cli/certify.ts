import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PROJECT } from "../local/settings.ts";
import { Fault } from "../shared/fault/fault.ts";
import { digestOf, type CompiledPlan } from "../shared/plan/compiled.ts";
import { certificateOf, certificateText, type CertifiedWindow } from "../shared/run/certificate.ts";
import { ReplayStatement } from "../shared/run/replays.ts";

export interface Certified {
  readonly plan: CompiledPlan;
  readonly inventoryText: string;
  readonly worldText?: string;
  readonly profile: string;
  readonly verdicts: readonly CertifiedWindow[];
  /** UTC ISO. */
  readonly madeAt: string;
}

/** Writes what windows came to as a certificate, and says so. @throws Fault `invalid` when no window was run. */
export function writeCertificate(file: string, { plan, inventoryText, worldText, profile, verdicts, madeAt }: Certified): void {
  const [first, ...rest] = verdicts;
  if (first === undefined) throw new Fault("invalid", "no window was run, so there is nothing to certify: give --runs a number from 1");
  const statement = ReplayStatement.parse(JSON.parse(readFileSync(join(PROJECT, "orchestrators", "replays.json"), "utf8")));
  const certificate = certificateOf({
    window: plan.window.id,
    plan: plan.digest,
    inventory: digestOf(inventoryText),
    ...(worldText === undefined ? {} : { world: digestOf(worldText) }),
    version: statement.release,
    code: statement.code,
    profile,
    verdicts: [first, ...rest],
    madeAt,
  });
  writeFileSync(resolve(file), `${JSON.stringify(certificate, undefined, 2)}\n`);
  process.stderr.write(`certificate ${file}: ${certificateText(certificate)}\n`);
}
