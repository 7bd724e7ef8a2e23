import { agentsAt, stagesAt } from "../integrations/azure-devops/simulated-run.ts";
import { isoOf } from "../shared/ports/clock.ts";
import type { Link, Scene } from "./scene.ts";

/**
 * Lets follow what is due by `now`. Worked out when someone looks, like everything in these worlds: nothing moves by itself.
 */
export function followLinks({ worlds, links }: Scene, now: number): void {
  for (const link of links) {
    if (link.at !== undefined) continue;
    const since = reachedAt(worlds, link, now);
    if (since === undefined || since + link.delayMs > now) continue;
    link.at = isoOf(since + link.delayMs);
    follow(worlds, link, link.at);
  }
}

/** When what the link waits for happened; undefined when it has not by `now`. */
function reachedAt({ "azure-devops": devops, "azure-resources": resources }: Scene["worlds"], { after }: Link, now: number): number | undefined {
  if ("moved" in after) {
    const moved = resources.effects.find(({ did, to }) => did === "moved" && to === `resource ${after.moved}`);
    return moved === undefined ? undefined : Date.parse(moved.at);
  }
  for (const run of devops.runs) {
    if (run.pipeline !== after.pipeline || (after.ref !== undefined && run.ref !== after.ref)) continue;
    if (Object.entries(after.parameters).some(([name, value]) => run.templateParameters[name] !== value)) continue;
    const stage = stagesAt(run, now, agentsAt(devops, run)).find(({ name }) => name === after.stage);
    if (stage?.result === "succeeded" && stage.finishedAt !== undefined) return Date.parse(stage.finishedAt);
  }
  return undefined;
}

function follow({ "azure-resources": resources, "key-vault": vaults }: Scene["worlds"], { then }: Link, at: string): void {
  if ("cluster" in then) {
    const cluster = resources.clusters[then.cluster];
    // Another deployment may have brought that version before.
    if (cluster === undefined || cluster.version === then.version) return;
    cluster.version = then.version;
    for (const pool of cluster.pools) if (pool.pool !== cluster.lagging) pool.version = then.version;
    resources.effects.push({ at, did: "upgraded", to: `cluster ${cluster.cluster}`, with: { version: then.version } });
    return;
  }
  vaults.vaults[then.vault]?.syncs.push({ certificate: then.certificate, from: then.from, at });
}
