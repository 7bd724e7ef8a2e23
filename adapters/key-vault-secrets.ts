import type { SecretClient, SecretClientOptions } from "@azure/keyvault-secrets";
import { Fault } from "../shared/fault/fault.ts";
import { deadlineAfter } from "../shared/ports/deadline.ts";
import type { Credential } from "../shared/ports/outside.ts";
import { currentScope } from "../shared/ports/scope.ts";
import { Secret, type Secrets } from "../shared/ports/secrets.ts";
import { floorCall } from "./azure-faults.ts";

export interface KeyVaultSecretsSettings {
  /** E.g. `https://NAME.vault.azure.net`. */
  readonly vaultUrl: string;
  readonly credential: Credential;
  /** How requests go out, where that is not the SDK's own way. */
  readonly client?: Pick<SecretClientOptions, "httpClient">;
}

/** Runs whose secrets are kept at once: the one under way, and one before it that is still closing. */
const MOST_RUNS = 2;

/** Longest wait for the vault. */
const DEADLINE_MS = 20_000;

/**
 * Secrets in a key vault. What was read for a run is kept in memory until a later run begins, so that a secret that is
 * changed during the night changes nothing, and a vault that is away for a while stops nothing. Outside of a run nothing is
 * kept. A failure is never kept.
 */
export function keyVaultSecrets({ vaultUrl, credential, client: clientOptions }: KeyVaultSecretsSettings): Secrets {
  const runs = new Map<string, Map<string, Promise<Secret>>>();
  let made: Promise<SecretClient> | undefined;
  const connect = async (): Promise<SecretClient> => {
    const { SecretClient } = await import("@azure/keyvault-secrets");
    // Reading changes nothing, so the SDK may repeat it.
    return new SecretClient(vaultUrl, credential, { ...clientOptions, retryOptions: { maxRetries: 2, retryDelayInMs: 300, maxRetryDelayInMs: 3_000 } });
  };

  async function ask(name: string): Promise<Secret> {
    if (!NAME.test(name)) throw new Fault("invalid", `the secret name ${name.slice(0, 60)} is none; expected letters, digits and -`);
    made ??= connect();
    const client = await made;
    const what = `read the secret ${name} of ${vaultUrl}`;
    const { value } = await floorCall(what, () => withoutAnswer(what, () => client.getSecret(name, { abortSignal: deadlineAfter(DEADLINE_MS) })));
    if (value === undefined) throw new Fault("absent", `the secret ${name} of ${vaultUrl} has no value`);
    return new Secret(name, value);
  }

  return {
    read(name) {
      const run = currentScope()?.run;
      if (run === undefined) return ask(name);
      const kept = runs.get(run) ?? new Map<string, Promise<Secret>>();
      runs.set(run, kept);
      for (const [oldest] of runs) if (runs.size > MOST_RUNS) runs.delete(oldest);
      const known = kept.get(name);
      if (known !== undefined) return known;
      const asked = ask(name);
      kept.set(name, asked);
      asked.catch(() => kept.delete(name));
      return asked;
    },
  };
}

/** The SDK puts an answer that it cannot read into its error, and this answer holds the value. */
async function withoutAnswer<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === "PARSE_ERROR") throw new Fault("unavailable", `could not ${what}: the answer cannot be read`);
    throw thrown;
  }
}

/** What Key Vault allows in names; nothing else may reach an address. */
const NAME = /^[0-9A-Za-z-]{1,127}$/;
