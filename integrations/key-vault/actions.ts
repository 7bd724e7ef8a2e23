import { z } from "zod";
import { defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { CertificateVersion, CurrentCertificate, Vault, VaultRef } from "./connector.ts";

const Params = z.strictObject({
  certificate: named("certificate").describe("The certificate, in the vault to which it must have come"),
  from: named("vault").optional().describe("The vault it comes from, under the same name; default: its own vault renews it"),
  validDays: z.int().min(0).max(3_650).default(7).describe("Fewest days that it must still be good for"),
});

const VaultAddress = z.object({ name: z.string(), url: z.string() });
const Receipt = z.object({
  name: z.string(),
  certificate: z.string(),
  subject: z.string(),
  vault: VaultAddress,
  from: VaultAddress.optional(),
  validDays: z.int(),
  /** Thumbprint that the vault showed when the step began; missing when it had no such certificate. */
  before: z.string().optional(),
  /** Whether it was as it should be by then. */
  already: z.boolean(),
});
type Receipt = z.infer<typeof Receipt>;

const DAY_MS = 24 * 3_600_000;

/**
 * Waits until a certificate has come to a vault: the same as in the vault it comes from or one that is good for longer,
 * enabled, issued for its host, and not near its end.
 *
 * It writes nothing. Certificates are copied by the team's own syncing, which begins to work once the vault is where it
 * can be reached; copying one ourselves would need the private key, and that is a permission nobody should give us.
 * Only public facts are read: thumbprints, versions, dates.
 *
 * @throws Fault `absent` when the source has no such certificate, `rejected` when `verify` finds it not in step.
 */
export const certificateSync = defineAction<{ vault: Vault }, z.infer<typeof Params>, Receipt>({
  verb: "certificate.sync",
  summary: "Waits until a certificate has come to a vault, and proves by thumbprint and dates that it has.",
  uses: ["vault"],
  params: Params,
  over: "certificate",
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, pollEveryMs: 60_000, attempts: 4 },
  reversal: "nothing",

  touches: ({ certificate }) => [`certificate:${certificate.vault.name}/${certificate.certificate}`],

  async preview({ vault: vaults }, params) {
    const { certificate, vault, from, validDays } = wanted(params);
    const target = await vaults.certificate(vault, certificate);
    const source = from === undefined ? undefined : await vaults.certificate(from, certificate);
    return [
      `wait until certificate ${certificate} in vault ${vault.name} is ${from === undefined ? "enabled and good" : `the one of vault ${from.name}, or one good for longer, and is good`} for ${validDays} days or more`,
      `in vault ${vault.name} now: ${inWords(target)}`,
      ...(from === undefined ? [] : [`in vault ${from.name} now: ${inWords(source)}`]),
    ];
  },

  async begin({ vault }, params, { now }) {
    const what = wanted(params);
    const { target, lacking } = await compared(vault, what, now);
    return { ...what, ...(target === undefined ? {} : { before: target.thumbprint }), already: lacking === undefined };
  },

  async poll({ vault }, receipt, { now }) {
    const { lacking } = await compared(vault, receipt, now);
    return lacking === undefined ? { state: "done", note: `certificate ${receipt.certificate} has come to vault ${receipt.vault.name}` } : { state: "running", note: lacking };
  },

  async verify({ vault }, receipt, { now }) {
    const { target, source, lacking } = await compared(vault, receipt, now);
    if (lacking !== undefined || target === undefined) throw new Fault("rejected", lacking ?? "", { vendor: "key-vault" });
    // The list of versions is another page of the vault's books than the current version is.
    const newest = (await vault.certificateVersions(receipt.vault, receipt.certificate)).find(({ enabled }) => enabled);
    if (newest?.thumbprint !== target.thumbprint) {
      throw new Fault(
        "rejected",
        `vault ${receipt.vault.name} shows ${target.thumbprint} as current and lists ${newest?.thumbprint ?? "none"} as the newest enabled version of ${receipt.certificate}`,
        { vendor: "key-vault" },
      );
    }
    return [
      `certificate ${receipt.certificate} in vault ${receipt.vault.name}: ${inWords(target)}`,
      `it is the newest enabled version that the vault lists, and is for ${target.hosts.join(", ")}`,
      ...(receipt.from === undefined ? [`it is renewed by issuer ${target.issuer}`] : [`in vault ${receipt.from.name}: ${inWords(source)}`]),
    ];
  },

  already: ({ already, certificate, vault, before }) => (already ? `certificate ${certificate} in vault ${vault.name} was ${before ?? "there"} before the step began` : undefined),
});

function wanted({ certificate, from, validDays }: z.infer<typeof Params>): Omit<Receipt, "before" | "already"> {
  const { name, subject, vault } = certificate;
  return {
    name,
    certificate: certificate.certificate,
    subject,
    vault: { name: vault.name, url: vault.url },
    ...(from === undefined ? {} : { from: { name: from.name, url: from.url } }),
    validDays,
  };
}

interface Comparison {
  readonly target: CurrentCertificate | undefined;
  readonly source: CurrentCertificate | undefined;
  /** What is not as it should be yet, in words. */
  readonly lacking: string | undefined;
}

async function compared(vaults: Vault, what: Omit<Receipt, "before" | "already">, now: number): Promise<Comparison> {
  const { certificate, vault, from } = what;
  const source = from === undefined ? undefined : await vaults.certificate(from, certificate);
  if (from !== undefined && source === undefined) {
    throw new Fault("absent", `vault ${from.name} has no certificate ${certificate}; expected the one that ${vault.name} is to get`, { vendor: "key-vault" });
  }
  const target = await vaults.certificate(vault, certificate);
  return { target, source, lacking: lackingOf(what, target, source, now) };
}

function lackingOf(
  { certificate, subject, vault, from, validDays }: Omit<Receipt, "before" | "already">,
  target: CurrentCertificate | undefined,
  source: CurrentCertificate | undefined,
  now: number,
): string | undefined {
  const place = (one: VaultRef) => `certificate ${certificate} in vault ${one.name}`;
  if (target === undefined) return `${place(vault)} is not there yet`;
  if (!target.enabled) return `${place(vault)} is disabled`;
  if (Date.parse(target.validFrom) > now) return `${place(vault)} is good from ${target.validFrom} only`;
  if (Date.parse(target.validTo) - now < validDays * DAY_MS) return `${place(vault)} is good until ${target.validTo}; expected ${validDays} days or more`;
  if (!target.hosts.some((host) => covers(host, subject))) return `${place(vault)} is for ${target.hosts.join(", ") || "no host"}; expected ${subject}`;
  if (from !== undefined && source !== undefined && target.thumbprint !== source.thumbprint && target.validTo <= source.validTo) {
    return `${place(vault)} is ${target.thumbprint}, good until ${target.validTo}; vault ${from.name} has ${source.thumbprint}, good until ${source.validTo}`;
  }
  return undefined;
}

/** `*.example.com` covers itself and every name with one label more. */
function covers(host: string, subject: string): boolean {
  const [a, b] = [host.toLowerCase(), subject.toLowerCase()];
  return a === b || (a.startsWith("*.") && b.indexOf(".") > 0 && b.slice(b.indexOf(".")) === a.slice(1));
}

const inWords = (one: CertificateVersion | undefined) =>
  one === undefined ? "not there" : `version ${one.version}, thumbprint ${one.thumbprint}, ${one.enabled ? "" : "disabled, "}good until ${one.validTo}`;
