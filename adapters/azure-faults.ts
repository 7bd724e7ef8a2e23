import { Fault, type FaultKind } from "../shared/fault/fault.ts";

/**
 * Runs one call to Azure's own floor (tables, secrets) and turns what it throws into a `Fault`: `denied`, `absent`,
 * `conflict`, `throttled`, `invalid` for what the service refused for good, and `unavailable`, its effect unknown, for no
 * answer, one that cannot be read, or a 5xx.
 *
 * @param what what was being done, for people: `add to the journal of 2024-12-08`.
 */
export async function floorCall<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof Fault || !(thrown instanceof Error)) throw thrown;
    const kind = kindOf(thrown);
    if (kind === undefined) throw thrown;
    const retryAfterMs = kind === "throttled" || kind === "unavailable" ? retryAfterOf(thrown) : undefined;
    throw new Fault(kind, `could not ${what}: ${describe(thrown)}`, {
      cause: thrown,
      retryAfterMs,
    });
  }
}

/** The fields of the SDKs' `RestError` that are read here; the class is not loaded for it. */
export interface AzureError extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly details?: { readonly odataError?: { readonly code?: string } };
  readonly response?: { readonly headers: { get(name: string): string | undefined } };
}

/** The service's own word for what went wrong, e.g. `EntityAlreadyExists`. */
export function codeOf(error: AzureError): string | undefined {
  return error.details?.odataError?.code ?? error.code;
}

function kindOf(error: AzureError): FaultKind | undefined {
  if (error.name === "AbortError" || error.name === "TimeoutError") return "unavailable";
  // From @azure/identity, told by name so that it is loaded by those who sign in only.
  if (["CredentialUnavailableError", "AuthenticationRequiredError", "AggregateAuthenticationError", "ChainedTokenCredentialError"].includes(error.name)) return "denied";
  if (error.name === "AuthenticationError") return (error.statusCode ?? 400) >= 500 ? "unavailable" : "denied";
  if (error.name !== "RestError") return undefined;
  const { statusCode } = error;
  if (statusCode === undefined || statusCode < 400 || statusCode === 408) return "unavailable";
  if (statusCode === 429 || codeOf(error) === "ServerBusy") return "throttled";
  if (statusCode >= 500) return "unavailable";
  if (statusCode === 401 || statusCode === 403) return "denied";
  if (statusCode === 404) return "absent";
  // A table that is being deleted can be made again after a while.
  if (codeOf(error) === "TableBeingDeleted") return "throttled";
  if (statusCode === 409 || statusCode === 412) return "conflict";
  return "invalid";
}

function retryAfterOf({ response }: AzureError): number | undefined {
  const seconds = response?.headers.get("retry-after");
  return seconds !== undefined && /^\d+$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
}

function describe(error: AzureError): string {
  const facts = [error.statusCode, codeOf(error)].filter((fact) => fact !== undefined);
  return `${firstLine(error.message)} (${facts.length === 0 ? error.name : facts.join(" ")})`;
}

/** Storage appends request id and time on lines of their own. */
function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}
