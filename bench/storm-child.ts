import { readFileSync } from "node:fs";
import { PROFILES, type ProfileName } from "../local/storm/misfortunes.ts";
import { nightsOf } from "../local/storm/nights.ts";
import { stormyWindow } from "../local/storm/window.ts";

/**
 * Windows in a weather, one after the other as a worker of a storm runs them: `node storm-child.ts DATE PROFILE WINDOWS`. Prints a
 * line of JSON: for each window, once the code is warm, the processor's and the wall's milliseconds, and how many misfortunes struck.
 */
const [date = "2024-12-08", profile = "rough", windows = "8"] = process.argv.slice(2);
const source = (file: string) => ({ text: readFileSync(new URL(`../plans/${file}`, import.meta.url), "utf8"), file });
const nights = nightsOf({ plan: source(`${date}.yaml`), inventory: source("inventory.yaml"), scenario: "usual" });
const WARM_UP = 3;

const taken: { cpuMs: number; wallMs: number; struck: number; broken: number }[] = [];
for (let seed = 1 - WARM_UP; seed <= Number(windows); seed++) {
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  const { struck, breaches } = await stormyWindow({ nights, seed: 50_000 + seed, profile: PROFILES[profile as ProfileName] });
  const { user, system } = process.cpuUsage(cpu);
  if (seed > 0) taken.push({ cpuMs: (user + system) / 1_000, wallMs: performance.now() - begun, struck: struck.length, broken: breaches.length });
}
process.stdout.write(`${JSON.stringify(taken)}\n`);
