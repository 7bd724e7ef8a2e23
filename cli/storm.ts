import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { writeCertificate } from "../local/certify.ts";
import { MISFORTUNES, PROFILES, type Profile, type ProfileName } from "../local/storm/misfortunes.ts";
import { PROJECT } from "../local/settings.ts";
import { sceneIn } from "../local/scene-file.ts";
import { storm, type Broken, type StormResult } from "../local/storm/storm.ts";
import type { Struck } from "../local/storm/weather.ts";
import type { Verdict } from "../local/storm/window.ts";
import { Fault } from "../shared/fault/fault.ts";
import { certificateText } from "../shared/run/certificate.ts";
import { fileToWrite, readText } from "./files.ts";
import { wholeNumber } from "./numbers.ts";
import { loadPlan } from "./plan-file.ts";

interface StormCommandOptions {
  readonly inventory: string;
  readonly world?: string;
  readonly runs: number;
  readonly seed: number;
  readonly profile: ProfileName;
  readonly workers: number;
  readonly only?: readonly string[];
  readonly shrink: number;
  readonly certificate?: string;
  readonly format: "text" | "json";
}

/** Registers `nightshift storm`: many windows in bad weather, each held against what must always be true. */
export function stormCommand(program: Command): void {
  program
    .command("storm")
    .description("run many windows with faults drawn from a seed, and check after each what must always be true; exit code 0 only if it always was")
    .argument("<plan>", "the plan")
    .option("--inventory <file>", "the team's inventory", `${PROJECT}plans/inventory.yaml`)
    .option("--world <file>", "the vendors' worlds as JSON, instead of those made from the inventory")
    .option("--runs <number>", "how many windows", wholeNumber(1), 20)
    .option("--seed <number>", "seed of the first window; the others follow it", wholeNumber(0), 1)
    .addOption(
      new Option(
        "--profile <name>",
        `the weather:\n${Object.entries(PROFILES)
          .map(([name, { says }]) => `${name}: ${says}`)
          .join("\n")}\n`,
      )
        .choices(Object.keys(PROFILES))
        .default("light"),
    )
    .option("--workers <number>", "threads that run windows", wholeNumber(1, MOST_WORKERS), availableParallelism())
    .option("--only <ids>", "misfortunes that strike, and no others, as a broken window names them; `none` for none", idsOf)
    .option("--shrink <number>", "of so many broken windows the fewest misfortunes that break them are looked for", wholeNumber(0), 3)
    .option("--certificate <file>", "write what the windows came to there, for an approval", fileToWrite)
    .addOption(new Option("--format <format>", "how it is printed").choices(["text", "json"]).default("text"))
    .action(run);
}

function idsOf(text: string): readonly string[] {
  const ids = text === "none" ? [] : text.split(",");
  const [odd] = ids.filter((id) => !/^[0-9a-z]{7}$/.test(id));
  if (odd !== undefined) throw new InvalidArgumentError(`«${odd}» is no id of a misfortune: expected seven letters or digits, as a broken window names them, or \`none\`.`);
  return ids;
}

/** Each takes some 300 MB. */
const MOST_WORKERS = 256;

async function run(file: string, options: StormCommandOptions): Promise<void> {
  const { inventory, world, seed, runs, workers, only, shrink, format } = options;
  if (options.certificate !== undefined && only !== undefined) throw new Fault("invalid", "a storm of chosen misfortunes is not certified: leave out --only or --certificate");
  const profile: Profile = PROFILES[options.profile];
  const [planFile, inventoryFile] = [resolve(file), resolve(inventory)];
  const sources = {
    plan: { text: readText(planFile), file },
    inventory: { text: readText(inventoryFile), file: inventory },
    scenario: profile.scenario ?? ("usual" as const),
    ...(world === undefined ? {} : { world: sceneIn(world).text }),
  };
  const begunAt = performance.now();
  let over = 0;
  const onVerdict = (verdict: Verdict): void => {
    over += 1;
    if (format === "text" && (process.stderr.isTTY || verdict.breaches.length > 0)) process.stderr.write(`${progressLine(verdict, over, runs)}\n`);
  };
  const result = await storm({ sources, profile: options.profile, seed, runs, workers, shrink, onVerdict, ...(only === undefined ? {} : { only }) });
  const idle = (only ?? []).filter((id) => !result.verdicts.some(({ struck }) => struck.some((one) => one.id === id)));
  if (idle.length > 0) process.stderr.write(`never struck in these windows: ${idle.join(", ")}; are plan, profile and seed those that named them?\n`);
  const seconds = (performance.now() - begunAt) / 1_000;
  const replay = (broken: Broken): string => replayCommand(file, options, broken);
  // First of all: an hour of windows is not lost to a disk that does not take what follows.
  process.stdout.write(format === "json" ? `${JSON.stringify(asJson(result, replay), undefined, 2)}\n` : `${textOf(result, seconds, workers, replay)}\n`);
  if (options.certificate !== undefined) {
    const certificate = await writeCertificate(options.certificate, {
      plan: loadPlan(planFile, inventoryFile).plan,
      inventoryText: sources.inventory.text,
      ...(sources.world === undefined ? {} : { worldText: sources.world }),
      profile: options.profile,
      verdicts: result.verdicts,
      madeAt: new Date().toISOString(),
    });
    process.stderr.write(`certificate ${options.certificate}: ${certificateText(certificate)}\n`);
  }
  process.exitCode = result.broken.length === 0 ? 0 : 1;
}

function progressLine({ seed, outcome, struck, breaches }: Verdict, over: number, runs: number): string {
  return `${over}/${runs}  seed ${seed}: ended ${outcome}, ${struck.length} misfortunes${breaches.length === 0 ? "" : `, ${breaches.length} BREACHES`}`;
}

/** One command that shows the same again. */
function replayCommand(plan: string, { profile, inventory, world }: StormCommandOptions, { verdict, fewest = verdict }: Broken): string {
  const ids = fewest.struck.map(({ id }) => id).join(",");
  return [
    `nightshift storm ${plan} --runs 1 --seed ${verdict.seed} --profile ${profile} --shrink 0`,
    ...(inventory === `${PROJECT}plans/inventory.yaml` ? [] : [`--inventory ${inventory}`]),
    ...(world === undefined ? [] : [`--world ${world}`]),
    ...(fewest === verdict ? [] : [`--only ${ids === "" ? "none" : ids}`]),
  ].join(" ");
}

function textOf({ verdicts, broken }: StormResult, seconds: number, workers: number, replay: (broken: Broken) => string): string {
  const outcomes = [...Map.groupBy(verdicts, ({ outcome }) => outcome)].map(([outcome, all]) => `${all.length} ${outcome}`).toSorted();
  const struck = verdicts.flatMap((verdict) => verdict.struck);
  const kinds = [...Map.groupBy(struck, ({ kind }) => kind)].toSorted(([, a], [, b]) => b.length - a.length);
  const total = (of: (verdict: Verdict) => number): number => verdicts.reduce((sum, verdict) => sum + of(verdict), 0);
  return [
    ...shown(broken).flatMap((one) => [...brokenLines(one, replay), ""]),
    `${verdicts.length} ${verdicts.length === 1 ? "window" : "windows"} in ${seconds.toFixed(1)} s with ${workers} ${workers === 1 ? "worker" : "workers"}: ${(verdicts.length / seconds).toFixed(2)} windows per second`,
    `ended ${outcomes.join(", ")}; ${total(({ facts }) => facts)} facts, ${total(({ calls }) => calls)} calls, ${total(({ effects }) => effects)} effects`,
    `${struck.length} misfortunes: ${kinds.map(([kind, all]) => `${all.length} ${kind}`).join(", ")}`,
    broken.length === 0
      ? "what must always be true was true in every one of them"
      : `${broken.length} of them broke what must always be true: ${broken.map(({ verdict }) => `seed ${verdict.seed}`).join(", ")}`,
  ].join("\n");
}

const MOST_SHOWN = 5;

/** Those that were shrunk; the first ones where none was, e.g. because one window is being looked at again. */
function shown(broken: readonly Broken[]): readonly Broken[] {
  const smallest = broken.filter(({ fewest }) => fewest !== undefined);
  return smallest.length > 0 ? smallest : broken.slice(0, MOST_SHOWN);
}

function brokenLines(broken: Broken, replay: (broken: Broken) => string): readonly string[] {
  const { verdict, fewest = verdict } = broken;
  return [
    `BROKEN with seed ${verdict.seed} (${verdict.date})`,
    ...fewest.breaches.map(({ rule, promise, what }) => `  ${rule} (promise ${promise}): ${what}`),
    `  it takes ${fewest.struck.length === 0 ? "no misfortune" : `${fewest.struck.length} of ${verdict.struck.length} misfortunes`}:`,
    ...fewest.struck.slice(0, 12).map(struckLine),
    `  again: ${replay(broken)}`,
  ];
}

function struckLine({ id, kind, where }: Struck): string {
  return `    ${id}  ${kind}: ${where} (${MISFORTUNES[kind].says})`;
}

/** Without what hangs on the machine, so that equal storms print equal JSON. */
function asJson({ verdicts, broken }: StormResult, replay: (broken: Broken) => string): object {
  return {
    windows: verdicts.map(({ seed, date, outcome, facts, calls, effects, transcript, struck, breaches }) => ({
      seed,
      date,
      outcome,
      facts,
      calls,
      effects,
      misfortunes: struck.length,
      transcript,
      breaches,
    })),
    broken: broken.map((one) => ({ seed: one.verdict.seed, breaches: (one.fewest ?? one.verdict).breaches, misfortunes: (one.fewest ?? one.verdict).struck, replay: replay(one) })),
  };
}
