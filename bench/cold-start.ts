import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { shown, spreadOf } from "./measure.ts";
import { interleaved, measured, type Measured } from "./processes.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ROUNDS = 9;

/** Goal 6: from the start of the process to the end of the first turn of an orchestrator, beside a bundled hello world. */
export async function benchColdStart(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-cold-"));
  try {
    const dist = join(folder, "dist");
    const built = spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs"), "--out", dist], { cwd: ROOT, encoding: "utf8" });
    if (built.status !== 0) throw new Error(`the build failed: ${built.stderr}`);
    const hello = join(folder, "hello.mjs");
    writeFileSync(
      join(folder, "hello.ts"),
      `import { app } from "@azure/functions";\napp.timer("hello", { schedule: "0 0 * * * *", handler: (_timer, context) => context.log("hello") });\n`,
    );
    await build({
      entryPoints: [join(folder, "hello.ts")],
      outfile: hello,
      bundle: true,
      format: "esm",
      platform: "node",
      minify: true,
      external: ["@azure/functions-core"],
      nodePaths: [join(ROOT, "node_modules")],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    const child = fileURLToPath(new URL("cold-child.mjs", import.meta.url));
    const { Values } = JSON.parse(readFileSync(join(ROOT, "local.settings.sample.json"), "utf8")) as { Values: Record<string, string> };
    const env = { ...process.env, ...Values };
    const found = await interleaved(ROUNDS, {
      hello: () => measured([child, hello], env),
      ours: () => measured([child, join(dist, "functions/main.js")], env),
    });
    const ms = (of: readonly Measured[]) => spreadOf(of.map(({ wallMs }) => wallMs));
    const mib = (of: readonly Measured[]) => spreadOf(of.map(({ output }) => Number(output)));
    return [
      `6  cold start of the build: ${(ms(found.ours).median / ms(found.hello).median).toFixed(2)}x a hello world (goal 3.0x, at best 2.0x); ${shown(ms(found.ours), 0)} ms against ${shown(ms(found.hello), 0)} ms`,
      `6  its memory: ${shown(mib(found.ours), 0)} MiB (goal 85), hello world ${shown(mib(found.hello), 0)} MiB`,
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
