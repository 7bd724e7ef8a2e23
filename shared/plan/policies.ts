import type { AnyAction } from "../action/action.ts";
import { DEFAULT_POLICY, POLICY_LIMITS } from "../action/policy.ts";
import type { Policy } from "../action/policy.ts";
import type { Rolling } from "./compiled.ts";
import { durationMs, durationText } from "./duration.ts";
import type { Report } from "./finding.ts";
import type { PipelineParams } from "./deployments.ts";
import type { Draft, Path } from "./outline.ts";
import type { Places } from "./yaml.ts";

/** The longest a step may be late, and a batch may wait for the next: a window is a night. */
const LONGEST_GRACE_MS = 18 * 3_600_000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;
/** How long a step is taken to last when neither it nor its pipeline says so. */
const EXPECTED_MS = 5 * 60_000;

/** Defaults of the house, then of the action, then what the step says. What exceeds a limit is an error that names it. */
export function policyOf({ fields, path }: Draft, action: AnyAction | undefined, places: Places, report: Report): Policy {
  const said: { field: keyof Policy; value: number | undefined; path: Path }[] = [
    { field: "timeoutMs", value: ms(fields.timeout), path: ["timeout"] },
    { field: "startWithinMs", value: ms(fields.startWithin), path: ["startWithin"] },
    { field: "pollEveryMs", value: ms(fields.poll), path: ["poll"] },
    { field: "attempts", value: fields.retry?.attempts, path: ["retry", "attempts"] },
    { field: "retryDelayMs", value: ms(fields.retry?.delay), path: ["retry", "delay"] },
    { field: "maxRetryDelayMs", value: ms(fields.retry?.max), path: ["retry", "max"] },
  ];
  const policy: Record<keyof Policy, number> = { ...DEFAULT_POLICY, ...action?.policy };
  for (const { field, value, path: below } of said) {
    if (value === undefined) continue;
    const place = places.of([...path, ...below]);
    const limit = POLICY_LIMITS[field];
    const text = field === "attempts" ? String : durationText;
    if (value > limit) report.error("over-limit", place, `\`${below.join(".")}\` is ${text(value)}; the limit is ${text(limit)}`, `write ${text(limit)} or less`);
    else if (value < 1) report.error("bad-value", place, `\`${below.join(".")}\` is ${text(value)}; expected more than nothing`);
    else policy[field] = value;
  }
  // A step that asks for a long first delay means the longest one to be no shorter.
  policy.maxRetryDelayMs = Math.max(policy.maxRetryDelayMs, policy.retryDelayMs);
  return policy;
}

/** How late it may begin; nothing: until the cutoff. */
export function graceOf({ fields, path }: Draft, places: Places, report: Report): number | undefined {
  const grace = ms(fields.grace);
  if (grace !== undefined && grace > LONGEST_GRACE_MS) {
    report.error(
      "over-limit",
      places.of([...path, "grace"]),
      `\`grace\` is ${durationText(grace)}; the limit is ${durationText(LONGEST_GRACE_MS)}`,
      "leave it away: then only the cutoff bounds it",
    );
  }
  return grace;
}

/** How targets follow each other; undefined when all go at once and none of it is said. */
export function rollingOf({ fields, path }: Draft, count: number, places: Places, report: Report): Rolling | undefined {
  const { batch, ramp = false, maxFailures, pause } = fields;
  const said = (["batch", "ramp", "maxFailures", "pause"] as const).filter((field) => fields[field] !== undefined);
  if (said.length === 0) return undefined;
  if (count < 2) {
    for (const field of said) report.warning("no-batches", places.ofKey([...path, field]), `\`${field}\` says nothing: the step has one target`);
    return undefined;
  }
  const pauseMs = ms(pause) ?? 0;
  if (pauseMs > LONGEST_PAUSE_MS)
    report.error("over-limit", places.of([...path, "pause"]), `\`pause\` is ${durationText(pauseMs)}; the limit is ${durationText(LONGEST_PAUSE_MS)}`);
  const size = Math.min(count, batch === undefined ? count : typeof batch === "number" ? batch : Math.max(1, Math.floor((count * Number.parseInt(batch, 10)) / 100)));
  return { batches: [...(ramp ? doublingTo(size) : []), size], maxFailures: maxFailures ?? 0, pauseMs };
}

/** 1, 2, 4 … below `size`. */
function doublingTo(size: number): readonly number[] {
  const batches: number[] = [];
  for (let next = 1; next < size; next *= 2) batches.push(next);
  return batches;
}

/** How long one target usually takes: as the step says, or as its pipeline's stages are known to. `isKnown`: it was not assumed. */
export function expectedOf({ fields }: Draft, action: AnyAction | undefined, params: unknown): { readonly ms: number; readonly isKnown: boolean } {
  const said = ms(fields.expected);
  if (said !== undefined) return { ms: said, isKnown: true };
  if (action?.verb === "pipeline.run") {
    const { pipeline, stages, environment, stack } = (params ?? {}) as Partial<PipelineParams>;
    const of = environment ?? stack?.environment;
    const chosen = (pipeline?.stages ?? []).filter(
      (stage) =>
        (of === undefined || stage.environment === undefined || stage.environment === of) &&
        (stages === undefined || stages.includes(stage.name) || (stage.title !== undefined && stages.includes(stage.title))),
    );
    const known = chosen.reduce((sum, { expected }) => sum + (ms(expected) ?? 0), 0);
    if (known > 0) return { ms: known, isKnown: true };
  }
  return { ms: action?.reversal === "nothing" ? EXPECTED_MS / 5 : EXPECTED_MS, isKnown: false };
}

function ms(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text);
}
