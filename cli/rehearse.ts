import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { writeCertificate } from "../local/certify.ts";
import { demoScene, SCENARIOS, type Scenario } from "../local/demo-world.ts";
import { writeOutput } from "../local/output.ts";
import { recording } from "../local/recording.ts";
import { sceneIn } from "../local/scene-file.ts";
import { PROJECT } from "../local/settings.ts";
import { MISFORTUNES, PROFILES, type Profile, type ProfileName } from "../local/storm/misfortunes.ts";
import { nightsOf } from "../local/storm/nights.ts";
import { callsOf, transcriptOf } from "../local/storm/transcript.ts";
import { weathered, type Night, type Verdict } from "../local/storm/window.ts";
import { certificateText } from "../shared/run/certificate.ts";
import { forecastHtml } from "../shared/run/forecast-html.ts";
import { forecastText } from "../shared/run/forecast-text.ts";
import { forecastOf } from "../shared/run/forecast.ts";
import { Report } from "../shared/run/report-schema.ts";
import { fileToWrite, folderToWrite, readJson, readText, writeFile } from "./files.ts";
import { wholeNumber } from "./numbers.ts";
import { loadPlan } from "./plan-file.ts";

interface RehearseOptions {
  readonly inventory: string;
  readonly scenario: Scenario;
  readonly world?: string;
  readonly seed: number;
  readonly faults: ProfileName;
  readonly past?: readonly string[];
  readonly record?: string;
  readonly transcript?: string;
  readonly certificate?: string;
  readonly out?: string;
  readonly calls?: boolean;
  readonly format: "text" | "json" | "html";
}

/** Registers `nightshift rehearse`: the whole window in virtual time, against simulated vendors and people, and what that says about the night. */
export function rehearseCommand(program: Command): void {
  program
    .command("rehearse")
    .description(
      "run a window in virtual time against simulated vendors, and say how the night is expected to go; exit code 0 only if what must always be true was, and, without --faults, the window ended well",
    )
    .argument("<plan>", "the plan")
    .option("--inventory <file>", "the team's inventory", `${PROJECT}plans/inventory.yaml`)
    .addOption(new Option("--scenario <name>", "what befalls the simulated vendors").choices(Object.keys(SCENARIOS)).default("usual"))
    .option("--world <file>", "the vendors' worlds as JSON, instead of those made from the inventory")
    .addOption(new Option("--faults <profile>", "the weather, as of `nightshift storm`").choices(Object.keys(PROFILES)).default("fair"))
    .option("--seed <number>", "what the weather is drawn from", wholeNumber(0), 1)
    .option("--past <files...>", "report.json of earlier windows: what they measured goes before what the inventory expects")
    .option("--record <file>", "write every exchange with a vendor there, one JSON line each", fileToWrite)
    .option("--transcript <file>", "write every fact and call there in their order, one JSON line each; equal rehearsals have equal transcripts", fileToWrite)
    .option("--certificate <file>", "write what it came to there, for an approval", fileToWrite)
    .option("--out <folder>", "also write reports, tracking workbook and compiled plan there, in a folder named after the window", folderToWrite)
    .option("--calls", "print every call, not how many there are alone")
    .addOption(new Option("--format <format>", "how the forecast is printed").choices(["text", "json", "html"]).default("text"))
    .action(run);
}

async function run(file: string, options: RehearseOptions): Promise<void> {
  const { record, faults, seed, format } = options;
  const past = (options.past ?? []).map((report) => readJson(resolve(report), Report, "the report.json of a run"));
  const nights = nightsFor(file, options);
  const recorded = record === undefined ? undefined : recording(record, "new");
  const { verdict, plan, entries, happenings } = await weathered({
    nights,
    seed,
    profile: PROFILES[faults],
    ...(recorded === undefined ? {} : { record: recorded.write }),
  });
  const endedAt = happenings.at(-1)?.at ?? 0;
  const forecast = forecastOf({ plan, entries, calls: callsOf(happenings), past });
  const weather = { profile: faults, seed, struck: verdict.struck, breaches: verdict.breaches, transcript: verdict.transcript };
  process.stdout.write(
    format === "json"
      ? `${JSON.stringify({ ...forecast, weather }, undefined, 2)}\n`
      : format === "html"
        ? forecastHtml(forecast)
        : `${[...forecastText(forecast, { calls: options.calls === true }), "", ...weatherLines(verdict, faults)].join("\n")}\n`,
  );
  if (format !== "text" && verdict.breaches.length > 0) process.stderr.write(`${weatherLines(verdict, faults).join("\n")}\n`);
  if (options.transcript !== undefined) writeFile(options.transcript, transcriptOf(happenings));
  if (options.out !== undefined) await writeOutput(resolve(options.out), plan, entries, endedAt);
  if (options.certificate !== undefined) {
    const certificate = await writeCertificate(options.certificate, {
      plan: loadPlan(resolve(file), resolve(options.inventory)).plan,
      inventoryText: readText(resolve(options.inventory)),
      ...(options.world === undefined ? {} : { worldText: sceneIn(options.world).text }),
      profile: faults,
      verdicts: [verdict],
      madeAt: new Date().toISOString(),
    });
    process.stderr.write(`certificate ${options.certificate}: ${certificateText(certificate)}\n`);
  }
  recorded?.close();
  process.exitCode = verdict.breaches.length > 0 || (faults === "fair" && verdict.outcome !== "well") ? 1 : 0;
}

/** In bad weather the same nights as of a storm, so that a seed is the same window here and there. */
function nightsFor(file: string, { inventory: inventoryFile, world, scenario, faults }: RehearseOptions): readonly [Night, ...Night[]] {
  const profile: Profile = PROFILES[faults];
  if (faults !== "fair") {
    const [planText, inventoryText] = [readText(resolve(file)), readText(resolve(inventoryFile))];
    return nightsOf({
      plan: { text: planText, file },
      inventory: { text: inventoryText, file: inventoryFile },
      scenario: profile.scenario ?? scenario,
      ...(world === undefined ? {} : { world: sceneIn(world).text }),
    });
  }
  const { plan, inventory } = loadPlan(resolve(file), resolve(inventoryFile));
  return [{ plan, scene: world === undefined ? () => demoScene({ inventory, plan, scenario }) : sceneIn(world).scene }];
}

function weatherLines({ seed, outcome, facts, calls, effects, struck, breaches, transcript }: Verdict, faults: ProfileName): readonly string[] {
  return [
    `Rehearsed in ${faults} weather (seed ${seed}): ended ${outcome}; ${facts} facts, ${calls} calls, ${effects} effects, ${struck.length} misfortunes; transcript ${transcript.slice(0, 12)}`,
    ...struck.map(({ id, kind, where }) => `  ${id}  ${kind}: ${where} (${MISFORTUNES[kind].says})`),
    ...(breaches.length === 0 ? ["What must always be true was true."] : ["BROKEN:", ...breaches.map(({ rule, promise, what }) => `  ${rule} (promise ${promise}): ${what}`)]),
  ];
}
