import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPlan } from "../cli/plan-file.ts";
import type { SimulatorName } from "../local/simulators.ts";
import type { Effect } from "../shared/ports/simulator.ts";
import { repeatedEffects } from "./support/invariants.ts";

/**
 * `npm start` in real processes: the host is killed with -9 at moments drawn from a seed, the vendors and tables live on in a
 * process of their own, and the window must come to its end with no effect done twice. Run by CI; takes minutes, so it is not
 * among the tests.
 *
 *   node test/kill-window.ts [seed] [kills] [plan]
 */
const [seedText = "1", killsText = "4", planFile = "plans/2024-12-08.yaml"] = process.argv.slice(2);
const [seed, kills] = [Number(seedText), Number(killsText)];
const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "nightshift-kill-"));

function start(args: readonly string[]): { pid: number; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { pid: child.pid ?? 0, ended };
}

const pause = (ms: number): Promise<"slept"> => new Promise((resolve) => setTimeout(() => resolve("slept"), ms));

async function served(): Promise<string> {
  for (let looks = 0; looks < 300; looks++) {
    try {
      return (JSON.parse(readFileSync(join(folder, "vendors", "vendors.json"), "utf8")) as { simulatorsOrigin: string }).simulatorsOrigin;
    } catch {
      await pause(100);
    }
  }
  throw new Error("the vendors did not start within 30 s");
}

const vendors = start(["cli/main.ts", "serve-vendors", "--data", join(folder, "vendors")]);
try {
  const origin = await served();
  let state = seed;
  let done = 0;
  let code: number | null = null;
  for (let lives = 0; lives <= kills; lives++) {
    const host = start(["local/main.ts", "--plan", planFile, "--port", "0", "--data", folder, "--out", join(folder, "out"), "--speed", "20000"]);
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const first = lives === kills ? await host.ended : await Promise.race([host.ended, pause(4_000 + (state % 9_000))]);
    if (first !== "slept") {
      code = first;
      break;
    }
    process.kill(host.pid, "SIGKILL");
    await host.ended;
    done += 1;
  }
  const effects = (await (await fetch(`${origin}/_nightshift/effects`)).json()) as (Effect & { system: SimulatorName })[];
  const repeated = repeatedEffects(effects);
  const { plan } = loadPlan(join(root, planFile), join(root, "plans/inventory.yaml"));
  console.log(`${plan.window.title}: killed ${done} times (seed ${seed}), ended with code ${code}, ${effects.length} effects, ${repeated.length} done twice`);
  for (const line of repeated) console.log(`  ${line}`);
  process.exitCode = code === 0 && repeated.length === 0 && done > 0 ? 0 : 1;
} finally {
  process.kill(vendors.pid, "SIGTERM");
  await vendors.ended;
  rmSync(folder, { recursive: true, force: true });
}
