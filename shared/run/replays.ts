import { z } from "zod";
import { digestOf, type CompiledPlan } from "../plan/compiled.ts";
import type { Notice } from "../ports/people.ts";
import type { CodeName, Fact } from "./facts.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What was found out about the orchestrators when they were built: recorded histories of each release were replayed on them. It is
 * written beside their code by test/replay/state.ts and travels with it.
 */
export const ReplayStatement = z.strictObject({
  /** Version of the package that they belong to. */
  release: z.string(),
  /** Names these orchestrators: the digest of their sources. */
  code: Hash,
  /** Version of durable-functions, whose replay it was. */
  sdk: z.string(),
  /** The files that were replayed, as they lie beside the statement, with the digest of each. */
  files: z.record(z.string(), Hash),
  /** One for each release whose histories were kept. `code`: the orchestrators that it had; unknown of releases before this statement. */
  replays: z.array(z.strictObject({ release: z.string(), code: Hash.optional(), histories: z.int(), misfits: z.array(z.string()) })),
});
export type ReplayStatement = z.infer<typeof ReplayStatement>;

/** The release before which a run does not say what code it was started by. */
const UNNAMED_RELEASE = "0.1.0";

/** The orchestrators that are deployed here, and what they can go on with. */
export interface Code extends CodeName {
  /** Why no window may start on them: they are not the ones that were replayed, or the replay failed. */
  readonly unfit?: string;
  /** Whether instances that these orchestrators began can be gone on with here; undefined: begun by a release that did not say. */
  goesOnWith(begunBy: CodeName | undefined): boolean;
}

/**
 * What a statement is worth for the files that are really there. Pure.
 *
 * @param found digests of the files that the statement names, as they lie there now; a file that is gone is absent.
 */
export function codeOf({ release, code, files, replays }: ReplayStatement, found: Readonly<Record<string, string>>): Code {
  const changed = Object.keys(files).filter((file) => found[file] !== files[file]);
  const failed = replays.filter(({ misfits }) => misfits.length > 0);
  const unfit =
    changed.length > 0
      ? `the orchestrators here are not those that recorded histories were replayed on: ${changed.join(", ")} changed since; replay them (node test/replay/state.ts), or deploy a whole build`
      : replays.length === 0
        ? "no recorded history of any release was replayed on the orchestrators here"
        : failed.length > 0
          ? `the orchestrators here cannot go on with what release ${failed.map((replay) => replay.release).join(", ")} began: ${failed[0]?.misfits[0] ?? ""}`
          : undefined;
  const well = replays.filter(({ misfits }) => misfits.length === 0);
  return {
    release,
    digest: code,
    ...(unfit === undefined ? {} : { unfit }),
    goesOnWith(begunBy) {
      if (changed.length > 0) return false;
      if (begunBy === undefined) return well.some((replay) => replay.release === UNNAMED_RELEASE);
      return begunBy.digest === code || well.some((replay) => replay.code === begunBy.digest);
    },
  };
}

/** Orchestrators of which nothing is known, since nothing that can be read was written about them. */
export function unknownCode(why: string): Code {
  return { release: "unknown", digest: "", unfit: why, goesOnWith: () => false };
}

/** All orchestrators that instances of a run were begun or gone on with by; none, before it started. */
export function codesOf(runFacts: readonly Fact[], guardFacts: readonly Fact[]): readonly (CodeName | undefined)[] {
  const started = runFacts.find((fact) => fact.type === "run.started");
  return started === undefined ? [] : [started.code, ...guardFacts.flatMap((fact) => (fact.type === "guard.adopted" ? [fact.code] : []))];
}

/** `release 0.2.0 (1a2b3c4d5e6f)`. */
export function codeText(code: CodeName | undefined): string {
  return code === undefined ? `release ${UNNAMED_RELEASE}` : `release ${code.release}${code.digest === "" ? "" : ` (${code.digest.slice(0, 12)})`}`;
}

/** What owners hear when a version was deployed under a run that it cannot go on with. */
export function strandedNotice({ window }: CompiledPlan, code: CodeName, why: string): Notice {
  return {
    key: `${window.id}/stranded/${code.digest.slice(0, 12)}`,
    channels: window.channels.map(({ id }) => id),
    mention: window.owners.map(({ slackId }) => slackId),
    text: `${window.title} is under way, and the version that was deployed meanwhile (${codeText(code)}) cannot be trusted to go on with it.`,
    lines: [`${why}.`, "Deploy the version before it again: nothing is lost, the run goes on where it was. Until it has ended no other window starts."],
  };
}

/** What owners hear when a window would not start, or was refused its start, on the version that is deployed. The same reason is told once. */
export function refusalNotice({ window }: CompiledPlan, why: string): Notice {
  return {
    key: `${window.id}/unfit/${digestOf(why).slice(0, 12)}`,
    channels: window.channels.map(({ id }) => id),
    mention: window.owners.map(({ slackId }) => slackId),
    text: `${window.title} will not start on the version that is deployed.`,
    lines: [
      `${why}.`,
      "What can be done: deploy a version whose replay passed, or the one before; the schedule then starts the window within its grace, or POST /api/v1/runs does.",
    ],
  };
}
