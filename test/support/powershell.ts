/** A PowerShell script taken apart as far as is needed to judge it without PowerShell. */
export interface PowerShellScript {
  /** The script with comments and the inside of strings blanked, same length: what is left is code. */
  readonly code: string;
  /** Brackets that do not close, strings that do not end; empty for a sound script. */
  readonly faults: readonly string[];
  /** Each parameter of the script's own `param` block. */
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly mandatory: boolean; readonly pattern: string | undefined }[];
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Here-strings and backtick line continuations are refused: scripts of ours do without, and are the easier to read. */
export function parsePowerShell(text: string): PowerShellScript {
  const faults: string[] = [];
  // By UTF-16 unit, as the indices below.
  const code = text.split("");
  const open: { bracket: string; at: number }[] = [];
  const blank = (from: number, to: number) => {
    for (let index = from; index < to; index++) if (code[index] !== "\n") code[index] = " ";
  };
  const lineOf = (at: number) => `line ${text.slice(0, at).split("\n").length}`;

  for (let at = 0; at < text.length; at++) {
    const two = text.slice(at, at + 2);
    const letter = text[at] ?? "";
    if (two === '@"' || two === "@'") faults.push(`${lineOf(at)}: a here-string`);
    if (letter === "`" && text[at + 1] === "\n") faults.push(`${lineOf(at)}: a line continued by a backtick`);
    if (two === "<#") {
      const end = text.indexOf("#>", at);
      if (end < 0) faults.push(`${lineOf(at)}: a comment that does not end`);
      blank(at, end < 0 ? text.length : end + 2);
      at = end < 0 ? text.length : end + 1;
    } else if (letter === "#") {
      const end = text.indexOf("\n", at);
      blank(at, end < 0 ? text.length : end);
      at = end < 0 ? text.length : end;
    } else if (letter === "'" || letter === '"') {
      const end = endOfString(text, at);
      if (end === undefined) {
        faults.push(`${lineOf(at)}: a string that does not end on its line`);
        return { code: code.join(""), faults, parameters: [] };
      }
      blank(at + 1, end);
      at = end;
    } else if (letter in CLOSING) open.push({ bracket: letter, at });
    else if (Object.values(CLOSING).includes(letter)) {
      const last = open.pop();
      if (last === undefined || CLOSING[last.bracket] !== letter) faults.push(`${lineOf(at)}: ${letter} closes nothing`);
    }
  }
  for (const { bracket, at } of open) faults.push(`${lineOf(at)}: ${bracket} is not closed`);
  return { code: code.join(""), faults, parameters: parametersOf(text, code.join("")) };
}

/** In single quotes `''` is a quote; in double quotes `""` is one, a backtick takes what follows, and `$( )` may hold strings. */
function endOfString(text: string, start: number): number | undefined {
  const quote = text[start];
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at++) {
    if (quote === '"' && text[at] === "`") at += 1;
    else if (quote === '"' && text.startsWith("$(", at)) {
      let depth = 0;
      for (; at < text.length; at++) {
        if (text[at] === "(") depth += 1;
        else if (text[at] === ")" && (depth -= 1) === 0) break;
        else if (text[at] === "'") at = endOfString(text, at) ?? text.length;
      }
    } else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at;
      at += 1;
    }
  }
  return undefined;
}

function parametersOf(text: string, code: string): PowerShellScript["parameters"] {
  const start = /^param\(/m.exec(code);
  if (start === null) return [];
  const from = start.index + start[0].length;
  let depth = 1;
  const parameters: PowerShellScript["parameters"][number][] = [];
  for (let at = from, begin = from; at < code.length && depth > 0; at++) {
    const letter = code[at] ?? "";
    if ("([{".includes(letter)) depth += 1;
    if (")]}".includes(letter)) depth -= 1;
    if (depth > 1 || (depth === 1 && letter !== ",")) continue;
    const found = /\[([\w.]+)\]\s*\$(\w+)/.exec(code.slice(begin, at));
    if (found !== null) {
      const source = text.slice(begin, at);
      parameters.push({
        name: found[2] ?? "",
        type: found[1] ?? "",
        mandatory: /Mandatory/.test(source),
        pattern: /ValidatePattern\('([^\n]+)'\)\]/.exec(source)?.[1]?.replaceAll("''", "'"),
      });
    }
    begin = at + 1;
  }
  return parameters;
}
