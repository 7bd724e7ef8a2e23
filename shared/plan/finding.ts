import { canonicalJson } from "./compiled.ts";

/** `error`: no plan comes out. `warning`: legal, but a person should look. `info`: what the compiler did on its own. */
export type Severity = "error" | "warning" | "info";

/** Where in a file, both from 1; columns count UTF-16 units, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What the compiler or the reviewer has to say, with its place and, where there is one, the way out. */
export interface Finding extends Place {
  readonly severity: Severity;
  /** Stable, kebab-case: what tests and editors go by. */
  readonly code: string;
  readonly file: string;
  readonly message: string;
  readonly hint?: string;
}

/** Collects the findings of one file. */
export interface Report {
  error(code: string, place: Place, message: string, hint?: string): void;
  warning(code: string, place: Place, message: string, hint?: string): void;
  info(code: string, place: Place, message: string, hint?: string): void;
  findings(): readonly Finding[];
}

export function reportOn(file: string): Report {
  const found: Finding[] = [];
  const add = (severity: Severity) => (code: string, place: Place, message: string, hint?: string) => {
    found.push({ severity, code, file, line: place.line, column: place.column, message, ...(hint === undefined ? {} : { hint }) });
  };
  return { error: add("error"), warning: add("warning"), info: add("info"), findings: () => found };
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === "error");
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** In the order of the files' text; what is said twice is kept once. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  const distinct = new Map(findings.map((finding) => [canonicalJson(finding), finding]));
  return [...distinct.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || RANK[a.severity] - RANK[b.severity] || compare(a.code, b.code) || compare(a.message, b.message),
  );
}

/** `file:line:col: severity code: message`, with the hint on a line of its own. */
export function printedFinding({ file, line, column, severity, code, message, hint }: Finding): string {
  const first = `${file}:${line}:${column}: ${severity} ${code}: ${oneLine(message)}`;
  return hint === undefined ? first : `${first}\n    hint: ${oneLine(hint)}`;
}

/** Longest message; a hostile file must not fill the screen. */
const LONGEST_LINE = 600;

/** Whatever a file holds, a finding stays on one line and sends no control characters to a terminal. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must not get through
  const plain = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return plain.length <= LONGEST_LINE ? plain : `${plain.slice(0, LONGEST_LINE)} …`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
