import { Command } from "commander";
import { vi } from "vitest";

/** What a command came to, as a shell would see it. */
export interface Said {
  readonly out: string;
  readonly err: string;
  /** The exit code that it set; 0 if it set none. */
  readonly code: number;
}

/**
 * Runs `nightshift ARGS` in this process with the commands that `register` adds. What it throws is thrown here too, as it reaches
 * `main`; and whatever else was mocked is restored afterwards.
 */
export async function said(register: (program: Command) => void, args: readonly string[]): Promise<Said> {
  const printed = { out: "", err: "" };
  for (const [stream, name] of [
    [process.stdout, "out"],
    [process.stderr, "err"],
  ] as const)
    vi.spyOn(stream, "write").mockImplementation(((text: string, done?: () => void) => {
      printed[name] += text;
      done?.();
      return true;
    }) as typeof stream.write);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const program = new Command("nightshift").exitOverride();
    register(program);
    await program.parseAsync(args, { from: "user" });
    return { ...printed, code: process.exitCode };
  } finally {
    process.exitCode = before ?? 0;
    vi.restoreAllMocks();
  }
}
