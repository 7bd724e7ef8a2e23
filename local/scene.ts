import { z } from "zod";
import { Fault } from "../shared/fault/fault.ts";
import { newWorlds, SIMULATOR_NAMES, type Worlds } from "./simulators.ts";

/** An answer that is given instead of the vendor's, so many times. */
export const FaultRule = z.strictObject({
  system: z.string().describe("System of the requests it befalls, as in recordings, e.g. `jira`"),
  method: z.string().toUpperCase().optional().describe("Their method; any, if not given"),
  path: z.string().optional().describe("Regular expression for their path and query; any, if not given"),
  times: z.int().min(0).describe("How many more requests it befalls; goes down as it happens"),
  answer: z.strictObject({
    status: z.int().min(400).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional().describe("JSON; none, if not given"),
  }),
});
export type FaultRule = z.infer<typeof FaultRule>;

/** What follows in one vendor's world from what was done to another's. */
export const Link = z.strictObject({
  after: z.union([
    z.strictObject({
      pipeline: z.int().describe("Id of a pipeline in Azure DevOps: once a stage of a run of it has succeeded"),
      stage: z.string(),
      ref: z.string().optional().describe("Full ref name of the run; any, if not given"),
      parameters: z.record(z.string(), z.string()).default({}).describe("Template parameters that the run must have"),
    }),
    z.strictObject({ moved: z.string().describe("Name of an Azure resource: once it has been moved") }),
  ]),
  delayMs: z.int().min(0).default(0).describe("From then until it follows"),
  then: z.union([
    z.strictObject({ cluster: z.string().describe("Key of a cluster in the world of azure-resources: gets another version"), version: z.string() }),
    z.strictObject({ vault: z.string().describe("Host of a vault: begins to hold another vault's certificate"), certificate: z.string(), from: z.string() }),
  ]),
  at: z.iso.datetime().optional().describe("When it followed"),
});
export type Link = z.infer<typeof Link>;

/** Everything outside of the house: all vendors' worlds, what goes wrong on the way to them, what follows from what. Plain JSON. */
export interface Scene {
  worlds: Worlds;
  faults: FaultRule[];
  links: Link[];
}

const SceneFile = z.strictObject({
  worlds: z.partialRecord(z.enum(SIMULATOR_NAMES as [string, ...string[]]), z.record(z.string(), z.unknown())).default({}),
  faults: z.array(FaultRule).default([]),
  links: z.array(Link).default([]),
});

/**
 * A scene from JSON. A world that is not given is empty, and so is what a given one leaves out.
 *
 * @param place what it is called, e.g. the file that it stands in.
 * @throws Fault `invalid` for what is no scene.
 */
export function sceneOf(given: unknown, place = "this"): Scene {
  const parsed = SceneFile.safeParse(given);
  if (!parsed.success) throw new Fault("invalid", `${place} is no scene of the vendors:\n${z.prettifyError(parsed.error)}`);
  const { worlds, faults, links } = parsed.data;
  // Each simulator knows what its own world holds; the rest of it is theirs to refuse.
  const whole = Object.fromEntries(Object.entries(newWorlds()).map(([name, empty]) => [name, { ...empty, ...worlds[name] }]));
  return { worlds: whole as unknown as Worlds, faults, links };
}
