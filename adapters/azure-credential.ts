import type { TokenCredential } from "@azure/identity";
import type { Credential } from "../shared/ports/outside.ts";

/**
 * Who Nightshift is in Azure: its user-assigned managed identity, or, at a desk, whoever is signed in to the Azure CLI.
 * One source each, so that it is never in doubt who did something.
 *
 * The SDK is loaded by the first call. It keeps tokens until shortly before they expire.
 *
 * @param clientId of the managed identity; without it the Azure CLI is asked.
 */
export function azureCredential(clientId?: string): Credential {
  let made: Promise<TokenCredential> | undefined;
  const make = async (): Promise<TokenCredential> => {
    const { AzureCliCredential, ManagedIdentityCredential } = await import("@azure/identity");
    return clientId === undefined ? new AzureCliCredential() : new ManagedIdentityCredential({ clientId });
  };
  return {
    async getToken(scopes, options) {
      made ??= make();
      return (await made).getToken(scopes, options);
    },
  };
}
