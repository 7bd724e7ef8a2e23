import type { Clock } from "./clock.ts";
import type { Secrets } from "./secrets.ts";
import type { Fetch, Handshake } from "./transport.ts";

/** What every connector gets to reach the world with. */
export interface Outside {
  readonly fetch: Fetch;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Tokens for Azure Resource Manager, Key Vault and Azure DevOps; the shape of `TokenCredential`. */
  readonly credential: Credential;
  /** Given where hosts are simulated; without it, who needs a certificate asks the host itself. */
  readonly handshake?: Handshake;
}

export interface Credential {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}
