import { Fault, type FaultKind } from "../shared/fault/fault.ts";
import { retryAfterMs } from "../shared/ports/retry-after.ts";

/**
 * Runs one call of an Azure SDK and turns what it throws into a `Fault`. For Resource Manager and Key Vault alike.
 *
 * No answer, an answer that cannot be read, 408 and 5xx are `unavailable`: the effect is unknown. A definite refusal is
 * `denied` (401, 403), `absent` (404), `conflict` (409, 412), `throttled` (429, and the 409s that pass by themselves) or
 * `rejected`. What is no error of a vendor's is thrown on as it is, except where the SDK stumbles over the answer's shape.
 *
 * @param vendor the integration's folder, e.g. `azure-compute`.
 * @param what what was being done, for people: `look at virtual machine vm-mcc1`.
 */
export async function azureCall<T>(vendor: string, what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof Fault || !(thrown instanceof Error)) throw thrown;
    if (isUnreadable(thrown)) throw new Fault("unavailable", `could not ${what}: the answer is not what was expected: ${thrown.message}`, { vendor, cause: thrown });
    const kind = kindOf(thrown);
    if (kind === undefined) throw thrown;
    throw new Fault(kind, `could not ${what}: ${describe(thrown)}`, {
      vendor,
      cause: thrown,
      ...(kind === "throttled" || kind === "unavailable" ? { retryAfterMs: waitMs(thrown) } : {}),
    });
  }
}

/**
 * Whether the SDK stumbled while it read an answer: its deserializers take every field to be of its type, and end with a
 * `TypeError` of their own where one is not. They are known by their names, which bundles keep.
 */
function isUnreadable({ name, stack = "" }: Error): boolean {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return name === "TypeError" && frames.slice(0, 5).some((frame) => /deserialize/i.test(frame));
}

/** The fields of the SDK's `RestError` that are read here; the class is not loaded for it. */
interface AzureError extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly response?: { readonly headers: { get(name: string): string | undefined } };
}

/**
 * Conflicts with an operation that ends by itself, so that waiting cures them and nothing was done.
 * See "Resolve errors for ... RetryableError / AnotherOperationInProgress" in Azure Resource Manager's troubleshooting pages.
 */
const PASSING_CONFLICTS: readonly string[] = ["AnotherOperationInProgress", "OperationPreempted", "RetryableError", "RetryableErrorDueToAnotherOperation"];

function kindOf(error: AzureError): FaultKind | undefined {
  // Names, not classes: @azure/identity and the SDKs are loaded by those who use them only.
  if (["CredentialUnavailableError", "AuthenticationRequiredError", "AggregateAuthenticationError"].includes(error.name)) return "denied";
  if (error.name === "AbortError" || error.name === "TimeoutError") return "unavailable";
  if (error.name === "AuthenticationError") return (error.statusCode ?? 400) >= 500 ? "unavailable" : "denied";
  if (error.name !== "RestError") return undefined;
  const { statusCode, code } = error;
  if (statusCode === undefined || statusCode < 400 || statusCode === 408 || statusCode >= 500) return "unavailable";
  switch (statusCode) {
    case 401:
    case 403:
      return "denied";
    case 404:
      return "absent";
    case 409:
      return PASSING_CONFLICTS.includes(code ?? "") ? "throttled" : "conflict";
    case 412:
      return "conflict";
    case 429:
      return "throttled";
    default:
      return "rejected";
  }
}

function describe({ statusCode, code, message }: AzureError): string {
  const facts = [statusCode, code].filter((fact) => fact !== undefined && !message.includes(String(fact)));
  return facts.length === 0 ? message : `${message} (${facts.join(" ")})`;
}

/** Azure says it in milliseconds, too. */
function waitMs({ response }: AzureError): number | undefined {
  const exact = response?.headers.get("retry-after-ms") ?? response?.headers.get("x-ms-retry-after-ms");
  if (exact !== undefined && /^\d+$/.test(exact)) return Number(exact);
  return retryAfterMs(response?.headers);
}
