import type { Names } from "./names.ts";
import { environmentsIn } from "./words/environments.ts";
import { refsIn } from "./words/refs.ts";

/** «XAT and PRD Deployment», «PRD Destroy for kong stack»: where what the next line names goes. */
export interface DeploymentHead {
  readonly environments: readonly string[];
  readonly mode: "deploy" | "destroy";
}

export function isDeploymentHead(text: string, names: Names): DeploymentHead | undefined {
  const environments = environmentsIn(text, names.environments);
  if (environments.length === 0 || text.split(/\s+/).length > 10 || refsIn(text).length > 0) return undefined;
  if (!/\b(?:deployments?|deploy|destroy|roll-?out|release)\b/i.test(text) || names.in(text, "pipeline").length > 0 || /\bpipeline\b/i.test(text)) return undefined;
  const before = text.slice(0, /\b(?:deployments?|deploy|destroy|roll-?out|release)\b/i.exec(text)?.index ?? 0);
  // Nothing but environments stands before the word; a sentence with other words is an instruction.
  const others = before
    .split(/[\s,&/]+/)
    .filter((word) => word !== "" && !/^(?:and|to|in|the|deploy)$/i.test(word) && environmentsIn(word.toUpperCase(), names.environments).length === 0);
  if (others.length > 0) return undefined;
  return { environments, mode: /\bdestroy\b/i.test(text) ? "destroy" : "deploy" };
}

/** «Hub_Infrastructure: Tag platform-0/2.98.0», «billing-api @ v2.4.1 to UAT»: a pipeline and its ref, and no verb. */
export function deploymentOf(
  text: string,
  names: Names,
): { readonly pipeline: string | undefined; readonly ref: object | undefined; readonly environments: readonly string[] } | undefined {
  const [ref] = refsIn(text);
  const [named] = names.in(text, "pipeline");
  const spoken = /^([A-Za-z][\w.-]{0,100})\s*(?::|@|-|\s)\s*(?:at\s+)?(?:tag|branch|version|release|v?\d|[\w-]{1,60}\/)/i.exec(text)?.[1];
  const environments = environmentsIn(text, names.environments);
  if (named !== undefined && named.start === 0 && (ref !== undefined || text.length <= named.end + 1)) return { pipeline: named.name, ref: ref?.ref, environments };
  if (ref === undefined || spoken === undefined || text.split(/\s+/).length > 8) return undefined;
  if (/^(?:run|deploy|upgrade|update|install|roll|release|apply|merge|tag|branch|patch|move|bump|promote|check|verify)$/i.test(spoken)) return undefined;
  return { pipeline: spoken, ref: ref.ref, environments };
}

/** «Pipeline to deploy», «Run this Pipeline Instance in PRD»: once a link; it speaks of what stands above. */
export function isPipelineLink(text: string): boolean {
  return /^(?:link to )?(?:the )?pipeline(?: link)?(?: to (?:deploy|run|use|execute))?:?$|^(?:run|use|start) (?:this|the) pipeline(?: instance| run)?(?: (?:in|for|on|to) [\w ]{1,20})?$/i.test(
    text.trim(),
  );
}
