import { accessSync, constants, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { Fault } from "../shared/fault/fault.ts";
import { printable } from "./lines.ts";

/** Files that people name on the command line: what is wrong with one is said by its name, before anything is done with it. */

/**
 * The text of a file. A byte order mark stays where it is.
 *
 * @throws Fault `absent` when it cannot be read, `invalid` when it is no text in UTF-8: what is read as something else loses letters.
 */
export function readText(file: string): string {
  const read = triedText(file);
  if ("text" in read) return read.text;
  const { kind, why, line } = read;
  throw new Fault(kind, `${file === "" ? "«»" : file}${line === undefined ? "" : `:${line}`} cannot be read: ${why}`);
}

/** The same for who has other words for it. */
export function triedText(file: string): { readonly text: string } | { readonly kind: "absent" | "invalid"; readonly why: string; readonly line?: number } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    return { kind: "absent", why: inWords(cause, "there is no such file") };
  }
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return { kind: "invalid", why: "it is written in UTF-16; expected UTF-8: save it as UTF-8" };
  const zero = bytes.indexOf(0);
  if (zero >= 0) return { kind: "invalid", why: "a byte 0 stands here, so this is no text; is it the right file?", line: lineOf(bytes, zero) };
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { kind: "invalid", why: "a letter here is not in UTF-8; expected UTF-8: save the file as UTF-8", line: lineOf(bytes, firstOdd(bytes)) };
  }
  return { text: bytes.toString("utf8") };
}

/** Where the first byte stands that is not UTF-8: what comes before it is read as it was written. */
function firstOdd(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString("utf8"));
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at++;
  return at;
}

function lineOf(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(10); at >= 0 && at < offset; at = bytes.indexOf(10, at + 1)) line++;
  return line;
}

/** A schema, as far as it is used here. */
interface Shape<Value> {
  safeParse(given: unknown): { readonly success: true; readonly data: Value } | { readonly success: false; readonly error: Issues };
}

interface Issues {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/**
 * The JSON of a file.
 *
 * @param what it should be, as a person calls it: `a certificate`.
 * @throws Fault as `readText` does, and `invalid` with place and field for anything else.
 */
export function readJson<Value>(file: string, schema: Shape<Value>, what: string): Value {
  const parsed = schema.safeParse(jsonOf(readText(file).replace(/^\uFEFF/, ""), file, what));
  if (parsed.success) return parsed.data;
  throw new Fault("invalid", `${file} is not ${what}: ${issuesOf(parsed.error)}`, { cause: parsed.error });
}

/** @param place what the text is called: a file, or a file and a line of it. @throws Fault `invalid`. */
export function jsonOf(text: string, place: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = text.trim() === "" ? "it is empty" : cause instanceof Error ? cause.message : String(cause);
    throw new Fault("invalid", `${place} is not ${what}: it is not JSON: ${printable(why)}`, { cause });
  }
}

const MOST_ISSUES = 5;

/** What a schema has to say, each issue behind its field. */
export function issuesOf({ issues }: Issues): string {
  const told = issues.slice(0, MOST_ISSUES).map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  return [...told, ...(issues.length > MOST_ISSUES ? [`and ${issues.length - MOST_ISSUES} more`] : [])].join("; ");
}

/**
 * Writes a file in one go: whoever looks finds what was there before, or all of it. A link is followed, and what is no plain file
 * (a pipe, a terminal) is written to as it is.
 *
 * @throws Fault `unavailable` when the disk does not take it, `invalid` when it cannot be written there at all.
 */
export function writeFile(file: string, content: string | Uint8Array): void {
  const there = statSync(file, { throwIfNoEntry: false });
  try {
    if (there !== undefined && !there.isFile()) return writeFileSync(file, content);
    const target = there === undefined ? file : realpathSync(file);
    const temporary = `${target}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, content);
      renameSync(temporary, target);
    } catch (cause) {
      rmSync(temporary, { force: true });
      throw cause;
    }
  } catch (cause) {
    throw unwritten(file, cause);
  }
}

/** Why something could not be written. */
export function unwritten(file: string, cause: unknown): Fault {
  const isFull = ["ENOSPC", "EDQUOT", "EIO"].includes(codeOf(cause) ?? "");
  return new Fault(isFull ? "unavailable" : "invalid", `${file} cannot be written: ${inWords(cause, "there is no such folder")}`, { cause });
}

/** Of an option: a file that will be written. That it cannot be is seen at once, and not after hours of work. */
export function fileToWrite(text: string): string {
  const there = statSync(text, { throwIfNoEntry: false });
  if (text === "" || there?.isDirectory() === true) throw new InvalidArgumentError("It is a folder; expected a file.");
  if (there === undefined) expectFolder(dirname(resolve(text)), text);
  else expectWritable(text);
  return text;
}

/** Of an option: a folder that will be written to, and made if it is missing. */
export function folderToWrite(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected a folder.");
  let nearest = resolve(text);
  while (statSync(nearest, { throwIfNoEntry: false }) === undefined && dirname(nearest) !== nearest) nearest = dirname(nearest);
  expectFolder(nearest, text);
  return text;
}

/** Of an option: a file that will be written, in a folder that is made if it is missing. */
export function fileInFolderToWrite(text: string): string {
  const folder = dirname(resolve(text));
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? (folderToWrite(folder), text) : fileToWrite(text);
}

function expectFolder(folder: string, text: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there === undefined) throw new InvalidArgumentError(`There is no folder ${folder}.`);
  if (!there.isDirectory()) throw new InvalidArgumentError(folder === resolve(text) ? "It is a file; expected a folder." : `${folder} is a file, not a folder.`);
  expectWritable(folder);
}

function expectWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw new InvalidArgumentError(`${path} cannot be written: ${inWords(cause, "there is no such file")}.`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EISDIR: "it is a folder; expected a file",
  ENOTDIR: "a part of its path is a file, not a folder",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "it is on a disk that nobody writes to",
  ENOSPC: "no space is left on its disk",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
  ERR_FS_FILE_TOO_LARGE: "it is too big",
};

function inWords(cause: unknown, missing: string): string {
  const code = codeOf(cause) ?? "";
  return code === "ENOENT" ? missing : (WORDS[code] ?? (cause instanceof Error ? cause.message : String(cause)));
}

function codeOf(cause: unknown): string | undefined {
  return (cause as NodeJS.ErrnoException | null)?.code;
}
