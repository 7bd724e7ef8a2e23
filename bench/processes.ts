import { spawn } from "node:child_process";
import { once } from "node:events";

/** What one process took, from its start to its end. */
export interface Measured {
  readonly wallMs: number;
  readonly output: string;
}

/** Runs `node ARGS` to its end. @throws Error with what it said when it fails. */
export async function measured(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Measured> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}: ${errors.slice(0, 2_000)}`);
  return { wallMs: performance.now() - begun, output: output.trim() };
}

/** Each of these `rounds` times, turn about, so that what disturbs one disturbs all. One warm-up round is thrown away. */
export async function interleaved<Name extends string>(rounds: number, works: Readonly<Record<Name, () => Promise<Measured>>>): Promise<Record<Name, Measured[]>> {
  const names = Object.keys(works) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as Measured[]])) as Record<Name, Measured[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const one = await works[name]();
      if (round >= 0) found[name].push(one);
    }
  }
  return found;
}
