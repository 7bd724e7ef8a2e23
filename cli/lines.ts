/** One line of what others wrote, for a terminal: what it holds must not steer it. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must not get through
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, " ");
}

/** Prints one line of data. */
export function print(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}
