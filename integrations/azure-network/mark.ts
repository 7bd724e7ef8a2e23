import { z } from "zod";
import { createHash } from "node:crypto";
import { Fault } from "../../shared/fault/fault.ts";

/** How a server is in a pool. Keys are short, since all of it has to go into a tag. */
export const Seat = z.union([
  /** By an IP configuration of its network interface, the how-manieth of that configuration's pools. */
  z.strictObject({ by: z.literal("nic"), ip: z.string(), at: z.int().min(0) }),
  /** By an address that a load balancer's pool lists, with the administrative state that it had. */
  z.strictObject({ by: z.literal("lb"), address: z.string(), state: z.string().optional() }),
  /** By an address that an application gateway's pool lists, the how-manieth of the pool. */
  z.strictObject({ by: z.literal("gw"), address: z.string(), at: z.int().min(0) }),
]);
export type Seat = z.infer<typeof Seat>;

/**
 * A tag on a server's network interface: who takes it out of a pool, since when, and how it was in the pool. It is there
 * before the server leaves and until it is back, so that it can be put back by whoever comes, without a journal.
 */
export const Mark = z.strictObject({
  run: z.string(),
  /** Of the step and its target; see `markedBy`. */
  by: z.string(),
  /** UTC ISO. */
  since: z.string(),
  seats: z.array(Seat),
});
export type Mark = z.infer<typeof Mark>;

/** Azure's limit for the value of a tag. */
const LONGEST_TAG = 256;

/** One tag a pool: a network interface may serve in several. */
export function tagOf(poolId: string): string {
  const [pool = ""] = poolId.split("/").slice(-1);
  return `nightshift-out-of-${pool}-${hash(poolId.toLowerCase()).slice(0, 8)}`;
}

/** The same for all tries of one target of a step. */
export function markedBy({ run, step, target }: { readonly run: string; readonly step: string; readonly target: string }): string {
  return hash(JSON.stringify([run, step, target])).slice(0, 16);
}

/** @throws Fault `invalid` when it is too long for a tag. */
export function markText(mark: Mark): string {
  const text = JSON.stringify(mark);
  if (text.length > LONGEST_TAG)
    throw new Fault("invalid", `how the server is in its pool takes ${text.length} characters in a tag; Azure takes ${LONGEST_TAG}: ${text}`, { vendor: "azure-network" });
  return text;
}

/** @throws Fault `conflict` for a tag that none of us wrote so. */
export function markOf(tags: Readonly<Record<string, string>> | undefined, tag: string): Mark | undefined {
  const text = Object.entries(tags ?? {}).find(([name]) => name.toLowerCase() === tag.toLowerCase())?.[1];
  if (text === undefined) return undefined;
  try {
    return Mark.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("conflict", `tag ${tag} cannot be read: ${JSON.stringify(text)}; put the server into its pool by hand and remove the tag`, { vendor: "azure-network", cause });
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
