import { styleText } from "node:util";
import type { RunState } from "../shared/run/state.ts";
import { frameOf } from "./progress-frame.ts";
import { linesBetween } from "./progress-lines.ts";
import { textOf, type Line, type Tone } from "./progress-text.ts";

/** What progress needs of a stream; `process.stdout` is one. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Progress {
  /** Shows how the run stands at `now` (milliseconds since the epoch, on the run's clock). */
  show(state: RunState, now: number): void;
  /** Leaves the last picture where it is and gives the terminal back. */
  close(): void;
}

/**
 * Follows a run on a terminal: a picture that is redrawn in place, or one line for each event where the output is no
 * terminal. Colours are left out where the reader wants none (`NO_COLOR`), or the output takes none.
 */
export function progressOn(screen: Screen, env: Readonly<Record<string, string | undefined>> = process.env): Progress {
  const paint = painter(screen, env);
  return screen.isTTY === true && env["TERM"] !== "dumb" ? pictureOn(screen, paint) : linesOn(screen, paint);
}

type Paint = (line: Line) => string;

function linesOn(screen: Screen, paint: Paint): Progress {
  let before: RunState | undefined;
  return {
    show(state) {
      const lines = linesBetween(before, state);
      before = state;
      if (lines.length > 0) screen.write(`${lines.map(paint).join("\n")}\n`);
    },
    close: () => undefined,
  };
}

const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";
/** Terminals that know it show everything in between at once; others let it be. */
const BEGIN_AT_ONCE = "\u001B[?2026h";
const END_AT_ONCE = "\u001B[?2026l";
const ERASE_TO_LINE_END = "\u001B[K";
const ERASE_BELOW = "\u001B[J";

function pictureOn(screen: Screen, paint: Paint): Progress {
  let height = 0;
  let last = "";
  return {
    show(state, now) {
      // One row stays free, so that the terminal never scrolls while it is drawn on.
      const lines = frameOf(state, now, { columns: screen.columns ?? 80, rows: (screen.rows ?? 24) - 1 });
      const text = lines.map((line) => `${paint(line)}${ERASE_TO_LINE_END}\n`).join("");
      if (text === last) return;
      last = text;
      // Written over what is there, in one write: nothing is blank in between.
      screen.write(`${BEGIN_AT_ONCE}${HIDE_CURSOR}${height > 0 ? `\u001B[${height}A\r` : ""}${text}${ERASE_BELOW}${END_AT_ONCE}`);
      height = lines.length;
    },
    close() {
      if (height > 0) screen.write(SHOW_CURSOR);
      height = 0;
    },
  };
}

const STYLES: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = { title: "bold", quiet: "gray", well: "green", badly: "red", wary: "yellow", busy: "cyan" };

function painter({ isTTY }: Screen, env: Readonly<Record<string, string | undefined>>): Paint {
  const forced = env["FORCE_COLOR"];
  const isColoured = forced === undefined || forced === "" ? isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb" : forced !== "0" && forced !== "false";
  return (line) =>
    isColoured ? line.map(({ text, tone }) => (tone === undefined ? text : styleText(STYLES[tone], text, { validateStream: false }))).join("") : textOf(line).trimEnd();
}
