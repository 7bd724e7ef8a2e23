import { agentsAt, stagesAt } from "../../../integrations/azure-devops/simulated-run.ts";
import type { CompiledStep, CompiledTarget } from "../../../shared/plan/compiled.ts";
import type { Channel, Cluster, DnsRecord, Pipeline, Resource, Server } from "../../../shared/inventory/schema.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { ENDINGS } from "../../../shared/run/facts.ts";
import { callsFor, callsOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";
import { doneFor } from "./effects.ts";

/** A target that is said to be done, with the moment at which that was written. */
interface Green {
  readonly aftermath: Aftermath;
  readonly step: CompiledStep;
  readonly target: CompiledTarget;
  /** Milliseconds since the epoch, on the world's clock. */
  readonly at: number;
}

/** What must be true in the vendors' worlds of a target that is `done`; each line says what is not. */
type Oracle = (green: Green) => readonly string[];

const isDone =
  (did: string, where: (effect: Readonly<Record<string, unknown>>) => boolean = () => true): Oracle =>
  ({ aftermath, step, target }) =>
    doneFor(aftermath, step.id, target.id).some(({ effect }) => effect.did === did && where(effect.with ?? {})) ? [] : [`no vendor has «${did}» on its list for it`];

/** As `isDone`, for what a vendor takes its time for: whoever looks next finds it on the list. */
const isDoneTo =
  (did: string, nameOf: (params: Readonly<Record<string, unknown>>) => string): Oracle =>
  ({ aftermath, target }) => {
    const name = nameOf(target.params as Readonly<Record<string, unknown>>).toLowerCase();
    return Object.values(aftermath.after.worlds).some(({ effects }) => effects.some((effect) => effect.did === did && effect.to.toLowerCase().endsWith(` ${name}`)))
      ? []
      : [`no vendor has «${did} ${name}» on its list`];
  };

/** Verbs whose work leaves a trace in a vendor's world that outlasts the window. */
const ORACLES: Readonly<Record<string, Oracle>> = {
  "pipeline.run": ({ aftermath, step, target, at }) => {
    const devops = aftermath.after.worlds["azure-devops"];
    const {
      stages,
      ref,
      parameters = {},
      stack,
    } = target.params as {
      pipeline: Pipeline;
      stages?: readonly string[];
      ref?: { tag?: string; branch?: string };
      parameters?: Readonly<Record<string, string>>;
      stack?: { parameter: string; value: string };
    };
    const ids = doneFor(aftermath, step.id, target.id).flatMap(({ effect }) => (effect.did === "queued" ? [Number(effect.with?.["run"])] : []));
    const run = devops.runs.find(({ id }) => id === ids.at(-1));
    if (run === undefined) return ["it never queued a run"];
    const lines: string[] = [];
    const records = stagesAt(run, at, agentsAt(devops, run));
    const pipeline = devops.pipelines.find(({ id }) => id === run.pipeline);
    const wanted = stages?.map((name) => pipeline?.stages.find((stage) => stage.name === name || stage.displayName === name)?.name ?? name);
    const chosen = new Set(run.stages.flatMap(({ name }) => (ids.length > 0 && effectStages(aftermath, run.id).includes(name) ? [name] : [])));
    for (const name of wanted ?? []) if (!chosen.has(name)) lines.push(`stage ${name} was left out of run ${run.id}`);
    for (const { name, state, result } of records) {
      if (chosen.has(name) && !(state === "completed" && (result === "succeeded" || result === "succeededWithIssues")))
        lines.push(`stage ${name} of run ${run.id} was ${result ?? state}`);
    }
    if (ref?.tag !== undefined && run.ref !== `refs/tags/${ref.tag}`) lines.push(`run ${run.id} was of ${run.ref}, not of tag ${ref.tag}`);
    if (ref?.branch !== undefined && run.ref !== `refs/heads/${ref.branch}`) lines.push(`run ${run.id} was of ${run.ref}, not of branch ${ref.branch}`);
    for (const [name, value] of Object.entries({ ...parameters, ...(stack === undefined ? {} : { [stack.parameter]: stack.value }) }))
      if (run.templateParameters[name] !== value) lines.push(`run ${run.id} had ${name} = ${run.templateParameters[name] ?? "nothing"}, not ${value}`);
    return lines;
  },
  "patch.install": ({ aftermath, target }) => {
    const { server } = target.params as { server: Server };
    const machine = Object.values(aftermath.after.worlds["azure-compute"].machines).find(({ vm }) => vm === server.vm);
    if (machine === undefined) return [`there is no machine ${server.vm}`];
    const was = Object.values(aftermath.before.worlds["azure-compute"].machines).find(({ vm }) => vm === server.vm);
    const missing = was?.pending.filter(({ id }) => !machine.installed.includes(id)).map(({ id }) => id) ?? [];
    const lines = missing.length > 0 ? [`${missing.join(", ")} are not installed on ${server.vm}`] : [];
    if ((was?.pending.some(({ needsReboot }) => needsReboot) ?? false) && machine.bootedAt === was?.bootedAt) lines.push(`${server.vm} was never restarted`);
    return lines;
  },
  "slack.notify": ({ aftermath, target }) => {
    const { channel, moment } = target.params as { channel: Channel; moment: string };
    // Start and finish are the run's: whichever step came first has posted it.
    const speakers = aftermath.plan.steps.filter(({ verb, targets }) => verb === "slack.notify" && targets.some(({ params }) => (params as { moment: string }).moment === moment));
    const own = speakers.flatMap(({ id, targets }) => targets.flatMap((each) => doneFor(aftermath, id, each.id)));
    const name = aftermath.after.worlds.slack.channels.find(({ id }) => id === channel.id)?.name;
    return own.some(({ effect }) => effect.did === "posted" && effect.to === `channel #${name}`) ? [] : [`nothing of the kind was posted in #${name}`];
  },
  "cluster.check": ({ aftermath, target }) => {
    const { cluster, version } = target.params as { cluster: Cluster; version: string };
    const seen = Object.values(aftermath.after.worlds["azure-resources"].clusters).find((one) => one.cluster === cluster.cluster);
    return seen?.version === version ? [] : [`${cluster.cluster} runs ${seen?.version ?? "nothing"}, not ${version}`];
  },
  "dns.swap": ({ aftermath, step, target }) => {
    const { to } = target.params as { record: DnsRecord; to: string };
    const last = doneFor(aftermath, step.id, target.id).findLast(({ effect }) => effect.did === "changed");
    const after = last?.effect.with?.["after"] as { content?: string } | undefined;
    return after?.content === to ? [] : [`it points at ${after?.content ?? "what it did before"}, not at ${to}`];
  },
  "pool.drain": isDone("drained"),
  // A server whose drain never had its effect is in its pool without coming back.
  "pool.restore": ({ aftermath, target, at }) => {
    const { server } = target.params as { server: Server };
    const moves = callsOf(aftermath).flatMap((call) =>
      call.at > at ? [] : call.done.filter(({ effect }) => effect.to === `server ${server.vm}` && ["drained", "restored"].includes(effect.did)),
    );
    return moves.at(-1)?.effect.did === "drained" ? [`${server.name} left its pool and has not come back`] : [];
  },
  "resource.move": isDoneTo("moved", (params) => (params["resource"] as Resource).resource),
  "resource.delete": isDoneTo("deleted", (params) => (params["resource"] as Resource).resource),
  "host.decommission": isDoneTo("deleted", (params) => (params["server"] as Server).vm),
  "secret.copy": isDone("set"),
  "workspace.rename": isDone("renamed"),
  "monitor.mute": isDone("muted"),
  "monitor.unmute": isDone("unmuted"),
  "firewall.allow": isDone("committed"),
  "firewall.reader": isDone("committed"),
  "jira.comment": isDone("commented"),
  // A link that an earlier step of the run has made is changed.
  "jira.link": (green) => (isDone("relinked")(green).length === 0 ? [] : isDone("linked")(green)),
  "jira.transition": isDone("moved"),
  "person.do": ({ aftermath, step, target, at }) =>
    aftermath.happenings.some((one) => {
      if (one.what !== "fact" || one.at > at) return false;
      const { fact } = one.entry;
      return fact.type === "decision.made" && fact.decision === "done" && fact.step === step.id && (fact.target ?? target.id) === target.id;
    })
      ? []
      : ["nobody had said by then that it was done"],
};

function effectStages(aftermath: Aftermath, run: number): readonly string[] {
  return callsOf(aftermath).flatMap(({ done }) =>
    done.flatMap(({ effect }) => (effect.did === "queued" && effect.with?.["run"] === run ? (effect.with["stages"] as readonly string[]) : [])),
  );
}

function greens(aftermath: Aftermath): readonly Green[] {
  return aftermath.happenings.flatMap((one) => {
    if (one.what !== "fact" || one.entry.fact.type !== "target.rested" || one.entry.fact.as !== "done") return [];
    const { step: id, target: targetId } = one.entry.fact;
    const step = stepNamed(aftermath.plan, id);
    const target = step?.targets.find((each) => each.id === targetId);
    return step === undefined || target === undefined ? [] : [{ aftermath, step, target, at: one.at }];
  });
}

/** Promise 8: green means evidence. */
export const EVIDENCE: readonly Invariant[] = [
  {
    rule: "green is true",
    promise: 8,
    says: "what is said to be done is done, in the vendors' own worlds",
    check: (aftermath) =>
      greens(aftermath).flatMap((green) =>
        (ORACLES[green.step.verb]?.(green) ?? []).map((line) => `${green.step.id} ${green.target.id} is said to be done at ${isoOf(green.at)}: ${line}`),
      ),
  },
  {
    rule: "looked at again",
    promise: 8,
    says: "nothing is done before a look at it was answered, after the last change to it, and left evidence",
    check(aftermath) {
      return greens(aftermath).flatMap(({ step, target, at }) => {
        // Who said so is looked at by another rule.
        if (step.verb === "person.do") return [];
        const verified = aftermath.entries.findLast(({ fact }) => fact.type === "target.verified" && fact.step === step.id && fact.target === target.id)?.fact;
        if (verified?.type !== "target.verified" || verified.evidence.length === 0) return [`${step.id} ${target.id} is done without evidence`];
        const own = callsFor(aftermath, step.id, target.id).filter(({ at: when }) => when <= at);
        const lastChange = own.findLastIndex(({ scope, method }) => scope?.deed === "begin" && method !== "GET");
        const look = own.findLastIndex(({ scope, status }) => scope?.deed === "verify" && status >= 200 && status < 400);
        return look > lastChange ? [] : [`${step.id} ${target.id} is done, and nobody looked after its last change`];
      });
    },
  },
  {
    rule: "no green over red",
    promise: 8,
    says: "a step is not better than the worst of its targets, and the run not better than its steps",
    check({ state }) {
      if (state === undefined) return [];
      const lines = state.steps.flatMap(({ id, as, targets }) =>
        as !== undefined && ENDINGS[as].well && as !== undefined
          ? targets.flatMap((target) =>
              target.as !== undefined && !ENDINGS[target.as].well && target.as !== "dropped" ? [`step ${id} is ${as}, though ${target.id} is ${target.as}`] : [],
            )
          : [],
      );
      const bad = state.steps.filter(({ as }) => as === "failed" || as === "unknown" || as === "skipped");
      if (state.outcome === "well" && bad.length > 0) lines.push(`the run ended well, though ${bad.map(({ id, as }) => `${id} is ${String(as)}`).join(", ")}`);
      return lines;
    },
  },
];
