import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isoOf } from "../shared/ports/clock.ts";
import { PROJECT } from "./settings.ts";

export interface WatchdogProcess {
  /** One look at this instant; resolves when it was made, or when the process is gone: nothing here depends on it. */
  look(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface WatchdogProcessOptions {
  /** Where the app answers. */
  readonly app: string;
  /** Folder of vendors.json. */
  readonly vendors: string;
  readonly appPrefix: string;
  /** Its own tables. */
  readonly tables: { readonly connection: string; readonly prefix: string };
  /** Takes what it says, line by line. */
  say(line: string): void;
}

/** Starts `nightshift watchdog` as a process of its own, which looks at the instants that it is given and ends with this one. */
export function startWatchdog({ app, vendors, appPrefix, tables, say }: WatchdogProcessOptions): WatchdogProcess {
  const args = ["--clock", "stdin", "--app", app, "--vendors", vendors, "--app-prefix", appPrefix, "--tables", tables.connection, "--prefix", tables.prefix];
  const child = spawn(process.execPath, [join(PROJECT, "cli/main.ts"), "watchdog", ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const waiting = new Map<string, () => void>();
  let gone = false;
  const leave = (why: string): void => {
    if (gone) return;
    gone = true;
    if (why !== "") say(why);
    for (const answer of waiting.values()) answer();
    end();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      const answer = line.startsWith("looked at ") ? waiting.get(line.slice("looked at ".length)) : undefined;
      if (answer !== undefined) answer();
      else if (line !== "ready") say(line);
    });
  }
  child.once("error", (cause) => leave(`it could not be started: ${cause.message}`));
  child.once("exit", (code, signal) => leave(code === 0 ? "" : `its process ended with ${signal ?? code}`));
  // It may be gone before it has read what it is told.
  child.stdin.on("error", () => undefined);
  // The terminal's Ctrl-C reaches it too; nothing that it does needs an end of its own.
  child.unref();

  return {
    async look(nowMs) {
      if (gone) return;
      const now = isoOf(nowMs);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(now, resolve);
      child.stdin.write(`${now}\n`);
      await promise;
      waiting.delete(now);
    },
    async close() {
      if (gone) return;
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}
