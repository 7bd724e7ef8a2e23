import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { Fault } from "../shared/fault/fault.ts";

/** What the monitor knows of one timer function: instants in milliseconds, `last` undefined for «never ran» (1.8). */
export interface TimerStatus {
  readonly last: number | undefined;
  readonly next: number;
  readonly lastUpdated: number;
}

/** Where timer functions' status survives, or does not survive, the host. Keys are function names. */
export interface TimerStatuses {
  read(name: string): TimerStatus | undefined;
  write(name: string, status: TimerStatus): void;
}

export function memoryTimerStatuses(): TimerStatuses {
  const held = new Map<string, TimerStatus>();
  return { read: (name) => held.get(name), write: (name, status) => void held.set(name, status) };
}

const NEVER = "0001-01-01T00:00:00+00:00";
const Stored = z.record(z.string(), z.object({ Last: z.string(), Next: z.string(), LastUpdated: z.string() }));

/**
 * Statuses in one JSON file, written as a whole beside and then moved into place, so that a killed host leaves
 * the old or the new one. Azure keeps the same fields in a blob per function.
 *
 * @throws Fault `invalid` for a file that is something else.
 */
export function fileTimerStatuses(path: string): TimerStatuses {
  const held = new Map(Object.entries(readStored(path)));
  return {
    read(name) {
      const stored = held.get(name);
      return stored && { last: stored.Last === NEVER ? undefined : Date.parse(stored.Last), next: Date.parse(stored.Next), lastUpdated: Date.parse(stored.LastUpdated) };
    },
    write(name, status) {
      held.set(name, onWire(status));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(held), null, 2));
      renameSync(`${path}.new`, path);
    },
  };
}

function readStored(path: string): z.infer<typeof Stored> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return {};
    throw cause;
  }
  try {
    return Stored.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("invalid", `${path} is no timer status file; remove it to start the timers anew`, { cause });
  }
}

/** As .NET writes it into the payload: `2024-05-01T00:00:00+00:00`, with a fraction only where there is one. */
export function onWire({ last, next, lastUpdated }: TimerStatus): { Last: string; Next: string; LastUpdated: string } {
  return { Last: last === undefined ? NEVER : dotNetTime(last), Next: dotNetTime(next), LastUpdated: dotNetTime(lastUpdated) };
}

function dotNetTime(instantMs: number): string {
  return new Date(instantMs).toISOString().replace(/(?:\.000)?Z$/, "+00:00");
}
