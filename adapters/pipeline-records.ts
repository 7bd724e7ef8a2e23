import type { KickoffRecords } from "../shared/run/watch.ts";
import type { PipelineName } from "../shared/run/watchdog.ts";

/** As much of the Pipelines port as is looked at; see integrations/azure-devops. */
export interface PipelineLooks {
  findTries(pipeline: PipelineName, keys: string, now: number): Promise<readonly { readonly id: number }[]>;
  stages(pipeline: PipelineName, id: number): Promise<readonly { readonly name: string; readonly state: string; readonly result?: string; readonly startedAt?: string }[]>;
  link(pipeline: PipelineName, id: number): string;
}

/**
 * A kickoff's own record in Azure DevOps: the pipeline runs that were queued for it, whichever try it was, and the records of
 * their stages. A run of which no stage has begun has not started, whatever its own status says.
 */
export function pipelineRecords(pipelines: PipelineLooks): KickoffRecords {
  return {
    async look({ pipeline, keys }, now) {
      if (pipeline === undefined) return { started: "unknown", note: "It has no record but the run's." };
      const runs = await pipelines.findTries(pipeline, keys, now);
      for (const { id } of runs) {
        const begun = (await pipelines.stages(pipeline, id)).find(({ state, result, startedAt }) => result !== "skipped" && (state !== "pending" || startedAt !== undefined));
        if (begun !== undefined)
          return { started: "yes", note: `Stage ${begun.name} of ${pipelines.link(pipeline, id)} began at ${begun.startedAt ?? "an hour it does not tell"}.` };
      }
      const last = runs.at(-1);
      return {
        started: "no",
        note:
          last === undefined
            ? `${pipeline.name} lists no run of ours.`
            : `${pipelines.link(pipeline, last.id)} is queued${runs.length === 1 ? "" : `, the ${runs.length}. of its kind`}, and no stage of it has begun.`,
      };
    },
  };
}
