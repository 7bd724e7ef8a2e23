import { availableParallelism, loadavg } from "node:os";
import { Command, Option } from "commander";
import { benchColdStart } from "./cold-start.ts";
import { benchHost } from "./host.ts";
import { benchStorm } from "./storm.ts";
import { benchCompile, benchRehearsals, benchSteps, benchTargets } from "./windows.ts";

/** What is measured, by name. Nothing here fails because of a time: a shared machine's say little, ratios of one run more. */
const BENCHES = {
  compile: benchCompile,
  rehearsals: benchRehearsals,
  storm: benchStorm,
  steps: benchSteps,
  targets: benchTargets,
  "cold-start": benchColdStart,
  host: benchHost,
} as const;
type Name = keyof typeof BENCHES;

const names = Object.keys(BENCHES) as Name[];
const { only = names } = new Command("npm run bench --")
  .description("Measures against the goals: medians, with the smallest and the largest in brackets.")
  .addOption(new Option("--only <name...>", "some of them").choices(names))
  .parse()
  .opts<{ only?: readonly Name[] }>();

process.stdout.write(
  `Node ${process.versions.node}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)} at the start; goals are for a calm machine\n\ngoal  measured\n`,
);
for (const name of names.filter((each) => only.includes(each))) {
  for (const line of await BENCHES[name]()) process.stdout.write(`${line.slice(0, 3).padEnd(6)}${line.slice(3)}\n`);
}
