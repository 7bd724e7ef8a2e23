import type { SecretClient } from "@azure/keyvault-secrets";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { Secret } from "../../shared/ports/secrets.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { vaultOrigin, type KeyVaultSettings, type VaultRef } from "./connector.ts";

/** One version of a secret, by what may be told of it. */
export interface SecretVersion {
  /** 32 hex digits. */
  readonly version: string;
  readonly enabled: boolean;
  /** UTC ISO, to the second. */
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The service looks after it, as with the secret behind a certificate; it cannot be set. */
  readonly isManaged: boolean;
}

/** What a vault gives to whoever asks for a secret without a version. */
export type CurrentSecret =
  | { readonly state: "absent" }
  /** The newest version is disabled. The vault does not go back to an older one: who asks is refused. */
  | { readonly state: "disabled" }
  | { readonly state: "readable"; readonly version: string; readonly isManaged: boolean; readonly value: Secret };

/** Secrets in key vaults, beyond those that Nightshift itself works with. Values come and go as `Secret` only. */
export interface VaultSecrets {
  current(vault: VaultRef, secret: string): Promise<CurrentSecret>;
  /** The value of one version. @throws Fault `absent` when it is gone, `denied` when it is disabled. */
  valueOf(vault: VaultRef, secret: string, version: string): Promise<Secret>;
  /** All versions, in no order that means anything; empty when there is no such secret. */
  versions(vault: VaultRef, secret: string): Promise<readonly SecretVersion[]>;
  /** Makes a new version, which is the current one from then on. */
  set(vault: VaultRef, secret: string, value: Secret, tags: Readonly<Record<string, string>>): Promise<SecretVersion>;
  disable(vault: VaultRef, secret: string, version: string): Promise<void>;
}

const VENDOR = "key-vault";
/** More versions than a secret may have and still be backed up by the service. */
const MOST_VERSIONS = 500;

export function connectVaultSecrets(_settings: KeyVaultSettings, { fetch, credential }: Outside): VaultSecrets {
  const clients = new Map<string, SecretClient>();

  async function ask<T>(what: string, vault: VaultRef, call: (client: SecretClient) => Promise<T>): Promise<T> {
    const origin = vaultOrigin(vault);
    let client = clients.get(origin);
    if (client === undefined) {
      const { SecretClient } = await import("@azure/keyvault-secrets");
      client = new SecretClient(origin, credential, azureClientOptions(fetch));
      clients.set(origin, client);
    }
    const ready = client;
    return withoutAnswer(what, () => azureCall(VENDOR, what, () => call(ready)));
  }

  return {
    async current(vault, secret) {
      const name = nameOf(secret);
      const what = `read secret ${name} of vault ${vault.name}`;
      try {
        const { value, properties } = await ask(what, vault, async (client) => disabledOr(() => client.getSecret(name)));
        if (value === undefined || properties.version === undefined) return { state: "disabled" };
        return { state: "readable", version: properties.version, isManaged: properties.managed === true, value: new Secret(name, value) };
      } catch (thrown) {
        if (thrown instanceof Fault && thrown.kind === "absent") return { state: "absent" };
        throw thrown;
      }
    },

    async valueOf(vault, secret, version) {
      const name = nameOf(secret);
      const what = `read version ${versionId(version)} of secret ${name} of vault ${vault.name}`;
      const { value } = await ask(what, vault, (client) => client.getSecret(name, { version }));
      if (value === undefined) throw new Fault("unavailable", `could not ${what}: the answer has no value`, { vendor: VENDOR });
      return new Secret(name, value);
    },

    async versions(vault, secret) {
      const name = nameOf(secret);
      try {
        return await ask(`list the versions of secret ${name} of vault ${vault.name}`, vault, async (client) => {
          const found: SecretVersion[] = [];
          for await (const properties of client.listPropertiesOfSecretVersions(name)) {
            found.push(versionOf(properties));
            if (found.length > MOST_VERSIONS)
              throw new Fault("rejected", `secret ${name} of vault ${vault.name} has more than ${MOST_VERSIONS} versions, so ours cannot be told from them`, { vendor: VENDOR });
          }
          return found;
        });
      } catch (thrown) {
        if (thrown instanceof Fault && thrown.kind === "absent") return [];
        throw thrown;
      }
    },

    async set(vault, secret, value, tags) {
      const name = nameOf(secret);
      return ask(`set secret ${name} of vault ${vault.name}`, vault, async (client) => versionOf((await client.setSecret(name, value.reveal(), { tags: { ...tags } })).properties));
    },

    async disable(vault, secret, version) {
      const name = nameOf(secret);
      await ask(`disable version ${version} of secret ${name} of vault ${vault.name}`, vault, (client) =>
        client.updateSecretProperties(name, versionId(version), { enabled: false }),
      );
    },
  };
}

type Properties = Awaited<ReturnType<SecretClient["getSecret"]>>["properties"];

function versionOf({ version, enabled, createdOn, tags, managed }: Properties): SecretVersion {
  if (version === undefined || createdOn === undefined)
    throw new Fault("unavailable", "the vault described a secret without a version or without a date; expected both", { vendor: VENDOR });
  return { version, enabled: enabled ?? false, createdAt: createdOn.toISOString(), tags: tags ?? {}, isManaged: managed === true };
}

/** A disabled version is refused with a 403 like a caller without rights; the inner code tells them apart. */
async function disabledOr<T extends { value?: string }>(call: () => Promise<T>): Promise<T | { value: undefined; properties: { version: undefined } }> {
  try {
    return await call();
  } catch (thrown) {
    const inner = (thrown as { details?: { error?: { innererror?: { code?: unknown }; innerError?: { code?: unknown } } } }).details?.error;
    if ((inner?.innererror ?? inner?.innerError)?.code === "SecretDisabled") return { value: undefined, properties: { version: undefined } };
    throw thrown;
  }
}

/**
 * The SDK puts an answer that it cannot read into its error's message, and requests into its error; both may hold the value. So
 * here a fault keeps its kind, its wait, and the vendor's words only where the vendor answered with a refusal of its own.
 */
async function withoutAnswer<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.cause === undefined) throw thrown;
    const { statusCode, code } = thrown.cause as { statusCode?: number; code?: string };
    const isRefusal = statusCode !== undefined && statusCode >= 400 && code !== "PARSE_ERROR";
    const facts = [statusCode, code].filter((fact) => fact !== undefined).join(" ");
    const message = isRefusal ? thrown.message : `could not ${what}: the vault gave no answer that can be read${facts === "" ? "" : ` (${facts})`}`;
    throw new Fault(thrown.kind, message, { vendor: VENDOR, retryAfterMs: thrown.retryAfterMs });
  }
}

function nameOf(secret: string): string {
  if (!/^[0-9A-Za-z-]{1,127}$/.test(secret)) throw new Fault("invalid", `${JSON.stringify(secret)} is no name of a secret in a vault; expected letters, digits and -`);
  return secret;
}

function versionId(version: string): string {
  if (!/^[0-9a-f]{32}$/.test(version)) throw new Fault("invalid", `${JSON.stringify(version)} is no version of a secret; expected 32 hex digits`);
  return version;
}
