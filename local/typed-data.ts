import type { TypedData } from "./worker-protocol.ts";

/**
 * The typed value that an activity is sent for the JSON text of its action's `input` (1.9).
 *
 * .NET stands between orchestrator and activity and turns scalars into its own text: `true` becomes `True`,
 * which the function receives as that string. Strings were encoded once by the SDK and go as they are.
 */
export function activityInput(inputJson: string | undefined): TypedData {
  if (inputJson === undefined) return {};
  const input: unknown = JSON.parse(inputJson);
  if (input === null) return {};
  if (typeof input === "string") return { string: input };
  if (typeof input === "boolean") return { string: input ? "True" : "False" };
  return { string: JSON.stringify(input) };
}

/**
 * Text that is no JSON, in the form in which the library takes it as it is. As `string` it would try to parse it first, which is
 * slow where it fails.
 */
export function plainText(text: string): TypedData {
  return /^\s*(?:[[{"]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$|(?:true|false|null)\s*$)/.test(text) ? { string: text } : { json: JSON.stringify(text) };
}

/** The JSON text of what a function returned, as it is stored as `TaskCompleted.Result`; null for nothing (1.9). */
export function resultJson(value: TypedData | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (value.json !== undefined) return value.json === "null" ? null : value.json;
  if (value.string !== undefined) return JSON.stringify(value.string);
  if (value.int !== undefined) return JSON.stringify(value.int);
  if (value.double !== undefined) return JSON.stringify(value.double);
  // .NET writes a byte array as base64 text.
  if (value.bytes !== undefined) return JSON.stringify(Buffer.from(value.bytes).toString("base64"));
  return null;
}
