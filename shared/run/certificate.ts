import { z } from "zod";
import { digestOf } from "../plan/compiled.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What rehearsals of a plan came to, as a file that an approval can show. Its seal proves that it was not altered by accident or by
 * hand; it does not prove who made it: whoever has Nightshift can make one. The windows it stands for can be run again, and give
 * the same `windows.chain`.
 */
export const Certificate = z.strictObject({
  format: z.literal(1),
  window: z.string().min(1).max(100).describe("Id of the window"),
  plan: Hash.describe("Digest of the compiled plan"),
  inventory: Hash.describe("sha-256 of the inventory's text"),
  world: Hash.optional().describe("sha-256 of the vendors' worlds, where they were given and not made from the inventory"),
  version: z.string().max(100).describe("Version of Nightshift that ran it"),
  code: z.string().max(100).describe("Digest of its orchestrators"),
  profile: z.string().max(100).describe("The weather"),
  seeds: z.strictObject({ first: z.int().nonnegative(), last: z.int().nonnegative() }),
  windows: z.strictObject({
    count: z.int().positive(),
    chain: Hash.describe("sha-256 chain over the windows in the order of their seeds: seed, transcript and broken rules of each"),
  }),
  result: z.enum(["kept", "broken"]).describe("Whether what must always be true was true in every window"),
  broken: z.array(z.int()).max(10_000).describe("Seeds of windows in which it was not"),
  madeAt: z.iso.datetime(),
  seal: Hash.describe("sha-256 of all the rest in canonical JSON"),
});
export type Certificate = z.infer<typeof Certificate>;

/** What is certified of one window. */
export interface CertifiedWindow {
  readonly seed: number;
  readonly transcript: string;
  readonly breaches: readonly { readonly rule: string }[];
}

export type CertificateParts = Pick<Certificate, "window" | "plan" | "inventory" | "version" | "code" | "profile" | "madeAt"> & {
  readonly world?: string;
  /** By seed, which follow each other. */
  readonly verdicts: readonly [CertifiedWindow, ...CertifiedWindow[]];
};

export function certificateOf({ verdicts, ...parts }: CertificateParts): Certificate {
  const broken = verdicts.filter(({ breaches }) => breaches.length > 0).map(({ seed }) => seed);
  const chain = verdicts.reduce((head, { seed, transcript, breaches }) => digestOf({ head, seed, transcript, broke: breaches.map(({ rule }) => rule) }), "0".repeat(64));
  const [first] = verdicts;
  const unsealed = {
    format: 1 as const,
    ...parts,
    seeds: { first: first.seed, last: verdicts.at(-1)?.seed ?? first.seed },
    windows: { count: verdicts.length, chain },
    result: broken.length === 0 ? ("kept" as const) : ("broken" as const),
    broken,
  };
  return { ...unsealed, seal: digestOf(unsealed) };
}

/** The weather in which nothing goes wrong: a rehearsal in it is no stormy window. */
const FAIR = "fair";

/** What an approval wants to see. */
export interface Wanted {
  readonly window: string;
  readonly plan: string;
  readonly version: string;
  readonly code: string;
  /** Stormy windows at the least. */
  readonly windows: number;
}

/** Why a certificate does not do for an approval; undefined: it does. Pure. */
export function objectionTo({ seal, ...rest }: Certificate, wanted: Wanted): string | undefined {
  if (digestOf(rest) !== seal) return "its seal does not fit what it says: it was altered";
  const { window, plan, version, code, seeds, windows, result, broken } = rest;
  if (window !== wanted.window || plan !== wanted.plan) return `it is about the plan ${plan.slice(0, 12)} of ${window}, not ${wanted.plan.slice(0, 12)} of ${wanted.window}`;
  if (version !== wanted.version || code !== wanted.code)
    return `it was made with version ${version} (${code.slice(0, 12)}); this is ${wanted.version} (${wanted.code.slice(0, 12)})`;
  if ((result === "kept") !== (broken.length === 0) || seeds.last - seeds.first + 1 !== windows.count) return "it contradicts itself";
  if (result === "broken") return `what must always be true was not, with ${broken.length === 1 ? "seed" : "seeds"} ${broken.slice(0, 5).join(", ")}`;
  const stormy = rest.profile === FAIR ? 0 : windows.count;
  if (stormy < wanted.windows) return `it stands for ${stormy} stormy ${stormy === 1 ? "window" : "windows"}; here ${wanted.windows} are wanted`;
  return undefined;
}

/** The one command that makes a certificate which does. */
export function certifyCommand(windows: number): string {
  return `nightshift storm PLAN --runs ${Math.max(1, windows)} --certificate FILE`;
}

/** `200 windows in light weather, seeds 1 to 200, kept; made 2024-12-06T10:00:00.000Z, seal 0123456789ab`. */
export function certificateText({ windows, profile, seeds, result, madeAt, seal }: Certificate): string {
  return `${windows.count} ${windows.count === 1 ? "window" : "windows"} in ${profile} weather, seeds ${seeds.first} to ${seeds.last}, ${result}; made ${madeAt}, seal ${seal.slice(0, 12)}`;
}
