import { format } from "node:util";
import type { AppFunction } from "./app.ts";
import type { LogLevel } from "./worker-protocol.ts";

/** Whether a function takes and gives nothing but its trigger and what it returns, so that nothing has to be converted for it. */
export function isPlain({ metadata, clientInputs }: AppFunction): boolean {
  return clientInputs.length === 0 && Object.values(metadata.bindings).every(({ type, direction, name }) => /trigger$/i.test(type) || (direction === "out" && name === "$return"));
}

/**
 * Calls an activity with what its input's JSON says and a context of its own, past the library's invocation model, which reads
 * and writes that JSON several times over for every call.
 *
 * @param inputJson - JSON of an object; everything else changes on Azure's way, and has to go it (see typed-data.ts).
 * @returns JSON text, or null for nothing.
 */
export async function callDirectly(
  fn: AppFunction,
  inputJson: string,
  instanceId: string,
  invocationId: string,
  log: (level: LogLevel, message: string) => void,
): Promise<string | null> {
  const input: unknown = JSON.parse(inputJson);
  const result: unknown = await fn.callback(input, contextOf(fn, instanceId, invocationId, log));
  return result === undefined || result === null ? null : (JSON.stringify(result) ?? null);
}

function contextOf(fn: AppFunction, instanceId: string, invocationId: string, log: (level: LogLevel, message: string) => void): object {
  const at =
    (level: LogLevel) =>
    (...args: unknown[]): void =>
      log(level, format(...args));
  return {
    invocationId,
    functionName: fn.name,
    triggerMetadata: { instanceId },
    options: { trigger: fn.trigger, extraInputs: [], extraOutputs: [] },
    extraInputs: NONE,
    extraOutputs: NONE,
    log: at("information"),
    trace: at("trace"),
    debug: at("debug"),
    info: at("information"),
    warn: at("warning"),
    error: at("error"),
  };
}

const NONE = { get: () => undefined, set: () => undefined };
