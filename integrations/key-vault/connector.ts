import { createHash } from "node:crypto";
import type { CertificateClient } from "@azure/keyvault-certificates";
import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";

/** Which vault: `https://NAME.vault.azure.net`. */
export interface VaultRef {
  readonly name: string;
  readonly url: string;
}

/** One version of a certificate, by its public facts only. */
export interface CertificateVersion {
  readonly version: string;
  /** SHA-1 of the certificate, 40 hex digits in capitals, as portals and browsers show it. */
  readonly thumbprint: string;
  readonly enabled: boolean;
  /** UTC ISO, all three. */
  readonly createdAt: string;
  readonly validFrom: string;
  readonly validTo: string;
}

/** The current version, with what it is for. */
export interface CurrentCertificate extends CertificateVersion {
  /** Host names it is issued for, wildcards as they are. */
  readonly hosts: readonly string[];
  /** `Unknown` for one that was imported or synced, `Self`, or the issuer that renews it. */
  readonly issuer: string;
}

/**
 * Key vaults. Each call names its vault, so that one may take from one vault and give to another. Nothing here reads a
 * private key: that is a secret of the same name, and needs a permission we do not ask for.
 */
export interface Vault {
  /** The current version; undefined when the vault was asked and has no such certificate. */
  certificate(vault: VaultRef, certificate: string): Promise<CurrentCertificate | undefined>;
  /** All versions of a certificate, newest first. */
  certificateVersions(vault: VaultRef, certificate: string): Promise<readonly CertificateVersion[]>;
}

/** Nightshift's own identity opens vaults; there is nothing to set. */
export const KeyVaultSettings = z.strictObject({});
export type KeyVaultSettings = z.infer<typeof KeyVaultSettings>;

const VENDOR = "key-vault";
/** Hosts to which a token for vaults may go: the public cloud, and those of China and of the US government. */
const VAULT_HOST = /^[a-z][a-z0-9-]{1,22}[a-z0-9]\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)$/;
/** More versions than any certificate has had. */
const MOST_VERSIONS = 500;

export function connectKeyVault(_settings: KeyVaultSettings, { fetch, credential }: Outside): Vault {
  const clients = new Map<string, CertificateClient>();

  async function clientFor(vault: VaultRef): Promise<CertificateClient> {
    const origin = vaultOrigin(vault);
    const known = clients.get(origin);
    if (known !== undefined) return known;
    const { CertificateClient } = await import("@azure/keyvault-certificates");
    const client = new CertificateClient(origin, credential, azureClientOptions(fetch));
    clients.set(origin, client);
    return client;
  }

  return {
    async certificate(vault, certificate) {
      const client = await clientFor(vault);
      try {
        const found = await azureCall(VENDOR, `look at certificate ${certificate} in vault ${vault.name}`, () => client.getCertificate(nameOf(certificate)));
        const { subject, subjectAlternativeNames, issuerName } = found.policy ?? {};
        const commonName = /(?:^|,)\s*CN=([^,]+)/i.exec(subject ?? "")?.[1]?.trim();
        return {
          ...versionOf(found.properties),
          // Worked out from the certificate itself rather than taken from the answer.
          ...(found.cer === undefined ? {} : { thumbprint: createHash("sha1").update(found.cer).digest("hex").toUpperCase() }),
          hosts: [...new Set([...(commonName === undefined ? [] : [commonName]), ...(subjectAlternativeNames?.dnsNames ?? [])])],
          issuer: issuerName ?? "Unknown",
        };
      } catch (thrown) {
        if (thrown instanceof Fault && thrown.kind === "absent") return undefined;
        throw thrown;
      }
    },

    async certificateVersions(vault, certificate) {
      const client = await clientFor(vault);
      return azureCall(VENDOR, `list the versions of certificate ${certificate} in vault ${vault.name}`, async () => {
        const found: CertificateVersion[] = [];
        for await (const properties of client.listPropertiesOfCertificateVersions(nameOf(certificate))) {
          found.push(versionOf(properties));
          if (found.length >= MOST_VERSIONS) break;
        }
        return found.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
      });
    },
  };
}

/** Where a vault is. The SDK sends its token wherever the address says; so only to vaults. @throws Fault `invalid` for any other. */
export function vaultOrigin({ name, url }: VaultRef): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" || !VAULT_HOST.test(parsed.host)) {
    throw new Fault("invalid", `vault ${name} has the address ${JSON.stringify(url)}; expected https://NAME.vault.azure.net`);
  }
  return parsed.origin;
}

function nameOf(certificate: string): string {
  if (!/^[0-9A-Za-z-]{1,127}$/.test(certificate)) {
    throw new Fault("invalid", `${JSON.stringify(certificate)} is no name of a certificate in a vault; expected letters, digits and -`);
  }
  return certificate;
}

type Properties = Awaited<ReturnType<CertificateClient["getCertificate"]>>["properties"];

function versionOf({ version, x509Thumbprint, enabled, createdOn, notBefore, expiresOn }: Properties): CertificateVersion {
  if (version === undefined || expiresOn === undefined) {
    throw new Fault("unavailable", "the vault described a certificate without a version or without an end; expected both", { vendor: VENDOR });
  }
  return {
    version,
    thumbprint: Buffer.from(x509Thumbprint ?? [])
      .toString("hex")
      .toUpperCase(),
    enabled: enabled ?? false,
    createdAt: (createdOn ?? notBefore ?? expiresOn).toISOString(),
    validFrom: (notBefore ?? createdOn ?? expiresOn).toISOString(),
    validTo: expiresOn.toISOString(),
  };
}
