import { relative } from "node:path";
import { styleText } from "node:util";
import type { AppFunction, LoadedApp, LogLine } from "../local/app.ts";
import type { ServedApp } from "../local/serve-app.ts";

/** What a host says when it is up: what it loaded, what it cannot run, and last the line with its origin. */
export function startLines(app: LoadedApp, served: ServedApp, about: string): string[] {
  const near = relative(process.cwd(), app.directory) || ".";
  const lines = [`nightshift host: ${near.startsWith("..") ? app.directory : near} (${about})`];
  for (const { fn, methods, path } of served.routes) lines.push(row("http", fn.name, `${methods.join(",")} ${served.origin}${path}`));
  for (const timer of served.timers) {
    lines.push(row("timer", timer.name, `${timer.expression}, next at ${new Date(timer.next()).toISOString()}${timer.monitored ? "" : ", not monitored"}`));
    for (const note of timer.notes) lines.push(row("", "", `note: ${note}`));
  }
  for (const kind of ["orchestration", "activity"] as const) {
    for (const { name } of app.functions.filter((fn) => fn.kind === kind)) lines.push(row(kind, name, ""));
  }
  for (const { fn, why } of served.refused) lines.push(row("NOT RUN", fn.name, why));
  for (const fn of app.functions)
    for (const [name, type] of foreignBindings(fn)) lines.push(row("NOTE", fn.name, `its binding "${name}" is a ${type}, which this host neither fills nor empties`));
  lines.push(`listening on ${served.origin}`);
  return lines;
}

function row(kind: string, name: string, rest: string): string {
  return `  ${kind.padEnd(14)}${name}${rest === "" ? "" : `  ${rest}`}`;
}

/** Inputs and outputs of a function that is run, which are neither its trigger, its HTTP answer nor a durable client. */
function foreignBindings({ kind, metadata, trigger, clientInputs }: AppFunction): [string, string][] {
  if (kind === "unsupported" || kind === "entity") return [];
  return Object.entries(metadata.bindings)
    .filter(([name, { type }]) => name !== trigger.name && !clientInputs.includes(name) && !(name === "$return" && type.toLowerCase() === "http"))
    .map(([name, { type }]) => [name, type]);
}

const STYLES = { trace: "dim", debug: "dim", information: "dim", warning: "yellow", error: "red", critical: "red", none: "dim" } as const;

/** One log line: instant of the host's clock, level, function, message; further lines of the message are indented. */
export function logText({ level, functionName, message }: LogLine, nowMs: number): string {
  const text = message.replaceAll("\n", "\n    ");
  const head = `${new Date(nowMs).toISOString()} ${level.padEnd(11)}`;
  return `${styleText(STYLES[level], head, { stream: process.stdout })} ${functionName === undefined ? "" : `[${functionName}] `}${text}`;
}
