import { z } from "zod";
import { Fault } from "../fault/fault.ts";

/** One of the team's script files, as it was when a step began. */
export const FileUsed = z.object({ file: z.string(), hash: z.string() });
export type FileUsed = z.infer<typeof FileUsed>;

/** Where script files are read: a part of the `Scripts` port. `hash` is sha-256, 64 hex digits. */
interface ScriptFiles {
  read(file: string): Promise<{ readonly content: string; readonly hash: string }>;
}

export async function fileUsed(scripts: ScriptFiles, file: string): Promise<FileUsed> {
  return { file, hash: (await scripts.read(file)).hash };
}

/** What runs is what was there when the step began. @throws Fault `conflict` when the file is another by now. */
export async function unchanged(scripts: ScriptFiles, { file, hash }: FileUsed): Promise<string> {
  const now = await scripts.read(file);
  if (now.hash !== hash) throw new Fault("conflict", `${file} has changed since the step began: sha256 ${now.hash.slice(0, 12)}, expected ${hash.slice(0, 12)}`);
  return now.content;
}

/** The file for previews and evidence, told from an older or newer one. */
export function fileText({ file, hash }: FileUsed): string {
  return `${file} (sha256 ${hash.slice(0, 12)})`;
}

/** The last three lines that say something, without control characters, for a report. */
export function lastLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) =>
      line
        .replaceAll(/\p{Cc}/gu, " ")
        .trim()
        .slice(0, 200),
    )
    .filter((line) => line !== "")
    .slice(-3);
}
