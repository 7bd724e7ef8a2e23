import { createHash } from "node:crypto";
import type { Simulator, World } from "../../shared/ports/simulator.ts";

export interface KeyVaultWorld extends World {
  /** By host, e.g. `kv-xat.vault.azure.net`. */
  readonly vaults: Record<string, SimulatedVault>;
}

export interface SimulatedVault {
  readonly certificates: Record<string, SimulatedCertificate>;
  /** By name, each oldest first; the last one is the current one. */
  readonly secrets: Record<string, SimulatedSecretVersion[]>;
  /** The team's own syncing: from `at` on (UTC ISO) this vault holds what the other one holds by then. */
  readonly syncs: { readonly certificate: string; readonly from: string; at: string }[];
  /** The vault's firewall lets nobody in. */
  isClosed?: boolean;
}

export interface SimulatedCertificate {
  readonly hosts: readonly string[];
  readonly issuer: string;
  /** Oldest first; the last one is the current one. */
  readonly versions: SimulatedCertificateVersion[];
}

export interface SimulatedCertificateVersion {
  /** 32 hex digits. */
  readonly version: string;
  /** What stands for the DER bytes: any text. */
  readonly der: string;
  enabled: boolean;
  /** UTC ISO, all three. */
  readonly createdAt: string;
  readonly validFrom: string;
  readonly validTo: string;
}

export interface SimulatedSecretVersion {
  /** 32 hex digits. */
  readonly version: string;
  readonly value: string;
  enabled: boolean;
  /** UTC ISO. */
  readonly createdAt: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** It is the secret behind a certificate, and cannot be set. */
  readonly isManaged?: boolean;
}

const CERTIFICATE_VERSIONS = ["7.5", "2025-07-01"];
const SECRET_VERSIONS = ["7.5", "2026-04-01"];

/**
 * Key vaults: certificates with versions and policy, which are read, and secrets. Every vault answers its first request
 * without a token with a challenge, as the service does. Reading leaves no effect. A secret without a version is its newest
 * one, and when that is disabled a refusal; versions are listed in the order of their ids, which means nothing.
 */
export const keyVaultSimulator: Simulator<KeyVaultWorld> = {
  systems: ["key-vault"],

  systemOf: ({ host }) => (host.endsWith(".vault.azure.net") ? "key-vault" : undefined),

  newWorld: () => ({ effects: [], vaults: {} }),

  handler: (world) => async (request, now) => {
    const url = new URL(request.url);
    const vault = world.vaults[url.host];
    if (vault === undefined) throw new TypeError("fetch failed", { cause: new Error(`getaddrinfo ENOTFOUND ${url.host}`) });
    if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) return challenge();
    if (vault.isClosed === true) return refusal(403, "Forbidden", "client address is not authorized and caller is not a trusted service", "ForbiddenByFirewall");
    const [kind, name, version] = url.pathname.slice(1).split("/").map(decodeURIComponent);
    const accepted = kind === "secrets" ? SECRET_VERSIONS : CERTIFICATE_VERSIONS;
    if (!accepted.includes(url.searchParams.get("api-version") ?? "")) return refusal(400, "BadParameter", "the api-version is none that this service offers");
    if (kind === "secrets" && name !== undefined && request.method === "PUT" && version === undefined) return setSecret(world, url, vault, name, await bodyOf(request), now);
    if (kind === "secrets" && name !== undefined && request.method === "PATCH" && version !== undefined)
      return changeSecret(world, url, vault, name, version, await bodyOf(request), now);
    if (request.method !== "GET") return refusal(405, "MethodNotAllowed", "this is not simulated");
    if (kind === "secrets" && name !== undefined && version === "versions") return secretVersions(url, vault, name);
    if (kind === "certificates" && name !== undefined) return certificates(world, url, vault, name, version ?? "", now);
    if (kind === "secrets" && name !== undefined) return secret(url, vault, name, version ?? "");
    return refusal(404, "NotFound", "there is no such address");
  },
};

function certificates(world: KeyVaultWorld, url: URL, vault: SimulatedVault, name: string, version: string, now: number): Response {
  const certificate = heldAt(world, vault, name, now);
  if (certificate === undefined) return refusal(404, "CertificateNotFound", `a certificate with (name/id) ${name} was not found in this key vault`);
  const id = (one: SimulatedCertificateVersion) => `${url.origin}/certificates/${name}/${one.version}`;
  if (version === "versions") {
    const value = certificate.versions.map((one) => ({ id: id(one), x5t: thumbprint(one), attributes: attributes(one) }));
    return Response.json({ value, nextLink: null });
  }
  if (version === "policy") return Response.json(policy(url.origin, name, certificate));
  const found = version === "" ? certificate.versions.at(-1) : certificate.versions.find((one) => one.version === version);
  if (found === undefined) return refusal(404, "CertificateNotFound", `a certificate with (name/id) ${name}/${version} was not found in this key vault`);
  return Response.json({
    id: id(found),
    kid: `${url.origin}/keys/${name}/${found.version}`,
    sid: `${url.origin}/secrets/${name}/${found.version}`,
    x5t: thumbprint(found),
    cer: Buffer.from(found.der).toString("base64"),
    attributes: attributes(found),
    policy: policy(url.origin, name, certificate),
  });
}

/** What the vault holds by now, syncing included. */
function heldAt(world: KeyVaultWorld, vault: SimulatedVault, name: string, now: number): SimulatedCertificate | undefined {
  const sync = vault.syncs.find(({ certificate, at }) => certificate === name && Date.parse(at) <= now);
  const own = vault.certificates[name];
  const source = sync === undefined ? undefined : world.vaults[sync.from]?.certificates[name];
  const current = source?.versions.at(-1);
  if (sync === undefined || source === undefined || current === undefined) return own;
  if (own?.versions.at(-1)?.der === current.der) return own;
  const copy = { ...current, version: createHash("sha256").update(`${current.version} synced`).digest("hex").slice(0, 32), createdAt: sync.at };
  return { hosts: source.hosts, issuer: "Unknown", versions: [...(own?.versions ?? []), copy] };
}

function secret(url: URL, vault: SimulatedVault, name: string, version: string): Response {
  const versions = vault.secrets[name] ?? [];
  const found = version === "" ? versions.at(-1) : versions.find((one) => one.version === version);
  if (found === undefined) return refusal(404, "SecretNotFound", `a secret with (name/id) ${name} was not found in this key vault`);
  if (!found.enabled) return refusal(403, "Forbidden", "operation get is not allowed on a disabled secret", "SecretDisabled");
  return Response.json({ value: found.value, ...toldOf(url, name, found) });
}

function secretVersions(url: URL, { secrets }: SimulatedVault, name: string): Response {
  const listed = [...(secrets[name] ?? [])].sort((a, b) => (a.version < b.version ? -1 : 1));
  return Response.json({ value: listed.map((one) => toldOf(url, name, one)), nextLink: null });
}

function setSecret(
  world: KeyVaultWorld,
  url: URL,
  { secrets }: SimulatedVault,
  name: string,
  { value, tags, ...unknown }: Readonly<Record<string, unknown>>,
  now: number,
): Response {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name) || typeof value !== "string" || Object.keys(unknown).some((key) => !["attributes", "contentType"].includes(key)))
    return refusal(400, "BadParameter", "the secret or its name is not valid");
  const versions = (secrets[name] ??= []);
  if (versions.at(-1)?.isManaged === true) return refusal(409, "Conflict", "the secret is managed by a certificate");
  const made: SimulatedSecretVersion = {
    version: createHash("sha256")
      .update(`${url.host}/${name}/${versions.length + 1}`)
      .digest("hex")
      .slice(0, 32),
    value,
    enabled: true,
    createdAt: new Date(now).toISOString(),
    ...(tags === undefined ? {} : { tags: tags as Record<string, string> }),
  };
  versions.push(made);
  world.effects.push({ at: made.createdAt, did: "set", to: `secret ${name} of ${url.host}`, with: { version: made.version } });
  return Response.json({ value, ...toldOf(url, name, made) });
}

function changeSecret(
  world: KeyVaultWorld,
  url: URL,
  { secrets }: SimulatedVault,
  name: string,
  version: string,
  { attributes }: Readonly<Record<string, unknown>>,
  now: number,
): Response {
  const found = secrets[name]?.find((one) => one.version === version);
  if (found === undefined) return refusal(404, "SecretNotFound", `a secret with (name/id) ${name}/${version} was not found in this key vault`);
  const enabled = (attributes as { enabled?: unknown } | undefined)?.enabled;
  if (typeof enabled === "boolean" && enabled !== found.enabled) {
    found.enabled = enabled;
    world.effects.push({ at: new Date(now).toISOString(), did: enabled ? "enabled" : "disabled", to: `secret ${name} of ${url.host}`, with: { version } });
  }
  return Response.json(toldOf(url, name, found));
}

function toldOf({ origin }: URL, name: string, { version, enabled, createdAt, tags, isManaged }: SimulatedSecretVersion) {
  const created = seconds(createdAt);
  return {
    id: `${origin}/secrets/${name}/${version}`,
    attributes: { enabled, created, updated: created, recoverableDays: 90, recoveryLevel: "Recoverable" },
    ...(tags === undefined ? {} : { tags }),
    ...(isManaged === true ? { managed: true } : {}),
  };
}

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => undefined);
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

const attributes = ({ enabled, createdAt, validFrom, validTo }: SimulatedCertificateVersion) => ({
  enabled,
  nbf: seconds(validFrom),
  exp: seconds(validTo),
  created: seconds(createdAt),
  updated: seconds(createdAt),
  recoverableDays: 90,
  recoveryLevel: "Recoverable",
});

function policy(origin: string, name: string, { hosts, issuer }: SimulatedCertificate) {
  return {
    id: `${origin}/certificates/${name}/policy`,
    key_props: { exportable: true, kty: "RSA", key_size: 2048, reuse_key: false },
    secret_props: { contentType: "application/x-pkcs12" },
    x509_props: { subject: `CN=${hosts[0] ?? name}`, sans: { dns_names: [...hosts] }, validity_months: 12 },
    issuer: { name: issuer },
  };
}

const thumbprint = ({ der }: SimulatedCertificateVersion) => createHash("sha1").update(der).digest("base64url");
const seconds = (iso: string) => Math.floor(Date.parse(iso) / 1_000);

function challenge(): Response {
  const authenticate = 'Bearer authorization="https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555", resource="https://vault.azure.net"';
  return Response.json({ error: { code: "Unauthorized", message: "the request has no token" } }, { status: 401, headers: { "www-authenticate": authenticate } });
}

function refusal(status: number, code: string, message: string, inner?: string): Response {
  return Response.json({ error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } }, { status });
}
