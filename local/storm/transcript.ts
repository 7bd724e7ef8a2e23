import type { CallMade } from "../../shared/run/forecast.ts";
import type { Happening } from "./tape.ts";

/**
 * All facts and calls of a window in their order, as NDJSON: the text that `Verdict.transcript` stands for. Equal windows have equal texts,
 * since the same code makes the same objects.
 */
export function transcriptOf(happenings: readonly Happening[]): string {
  return happenings.map((happening) => `${JSON.stringify(happening)}\n`).join("");
}

/** The calls among them, without what their addresses ask for. */
export function callsOf(happenings: readonly Happening[]): readonly CallMade[] {
  return happenings.flatMap((happening) => {
    if (happening.what !== "call") return [];
    const { at, method, url, system, status, scope } = happening;
    const { host, pathname } = new URL(url);
    return [{ at: new Date(at).toISOString(), method, system: system ?? host, path: pathname, status, ...(scope?.step === undefined ? {} : { step: scope.step }) }];
  });
}
