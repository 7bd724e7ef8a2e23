import type { CompiledPlan, CompiledStep, CompiledTarget } from "../../../shared/plan/compiled.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { ENDINGS, targetStream, type Ending } from "../../../shared/run/facts.ts";
import type { Called, Happening } from "../tape.ts";
import { factsOf, isHold, placesOf, skewOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";

/** How the run stood at a moment, followed fact by fact. */
interface Standing {
  /** How each step that has ended did. */
  readonly ended: Map<string, Ending>;
  /** Targets that have rested or whose step has ended: `step/target`. */
  readonly rested: Map<string, Ending>;
  /** The latest intention of each target that has no answer yet: `step/target` → deed. */
  readonly intended: Map<string, string>;
  readonly approved: Map<string, string>;
  readonly previewed: Map<string, string>;
  /** When an abort that closes was accepted, a stop written, and what holds. Milliseconds since the epoch. */
  abortedAt?: number;
  stopped?: true;
  held?: string;
}

/** Follows the run through all that happened, and hands each call, and each begin that is written down, to `look` with the standing before it. */
function following({ happenings }: Aftermath, look: (happening: Happening, standing: Standing) => void): void {
  const standing: Standing = { ended: new Map(), rested: new Map(), intended: new Map(), approved: new Map(), previewed: new Map() };
  for (const happening of happenings) {
    look(happening, standing);
    if (happening.what === "fact") follow(standing, happening);
  }
}

function follow(standing: Standing, { entry: { fact }, at }: Extract<Happening, { what: "fact" }>): void {
  switch (fact.type) {
    case "run.started":
      for (const [step, preview] of Object.entries(fact.approved ?? {})) standing.approved.set(step, preview);
      break;
    case "run.stopped":
      standing.stopped = true;
      break;
    case "decision.made":
      if (fact.decision === "approve" && fact.step !== undefined) standing.approved.set(fact.step, fact.preview ?? "");
      if (isHold(fact)) standing.held = `${fact.decision} by ${fact.by}`;
      if (fact.decision === "resume") delete standing.held;
      if (fact.decision === "abort" && fact.mode !== "freeze") standing.abortedAt ??= at;
      break;
    case "step.previewed":
      standing.previewed.set(fact.step, fact.digest);
      break;
    case "step.ended":
      standing.ended.set(fact.step, fact.as);
      break;
    case "target.intended":
      standing.intended.set(`${fact.step}/${fact.target}`, fact.deed);
      break;
    case "target.rested":
      standing.rested.set(`${fact.step}/${fact.target}`, fact.as);
      break;
    case "target.begun":
    case "target.faulted":
    case "target.cancelled":
    case "target.undone":
      if (fact.type !== "target.faulted" || fact.deed !== "tell") standing.intended.delete(`${fact.step}/${fact.target}`);
      break;
    default:
      break;
  }
}

/** What a call changed, in words; undefined for one that changed nothing. */
function changedBy({ method, done, at }: Called): string | undefined {
  // What a vendor's world comes to by itself is noticed at the next look, whoever looks; and no vendor changes anything for a GET.
  if (method === "GET") return undefined;
  const now = done.filter(({ effect }) => Date.parse(effect.at) >= at - 1_000);
  return now.length === 0 ? undefined : now.map(({ effect }) => `${effect.did} ${effect.to}`).join(", ");
}

interface Begun {
  readonly step: CompiledStep;
  readonly target: string;
  readonly at: number;
  readonly standing: Standing;
}

/** Goes through every effect that a begin had, with the step it was for. */
function effects(aftermath: Aftermath, look: (begun: Begun) => string | undefined): readonly string[] {
  return moments(aftermath, look, (one) => (one.what === "call" && one.scope?.deed === "begin" ? changedBy(one) : undefined));
}

/** As `effects`, and through every first begin that was written down: for what must have been true before anything was even meant. */
function begins(aftermath: Aftermath, look: (begun: Begun) => string | undefined): readonly string[] {
  return moments(aftermath, look, (one) => {
    if (one.what === "call") return one.scope?.deed === "begin" ? changedBy(one) : undefined;
    const { fact } = one.entry;
    return fact.type === "target.intended" && fact.deed === "begin" && fact.attempt === 1 && fact.try === 1 ? "it was begun" : undefined;
  });
}

function moments(aftermath: Aftermath, look: (begun: Begun) => string | undefined, changed: (happening: Happening) => string | undefined): readonly string[] {
  const breaches: string[] = [];
  following(aftermath, (one, standing) => {
    const what = changed(one);
    const about = one.what === "call" ? one.scope : one.entry.fact.type === "target.intended" ? one.entry.fact : undefined;
    const step = stepNamed(aftermath.plan, about?.step ?? "");
    if (what === undefined || about === undefined || step === undefined) return;
    const why = look({ step, target: about.target, at: one.at, standing });
    if (why !== undefined) breaches.push(`${step.id} ${about.target} ${why} (${isoOf(one.at)}: ${what})`);
  });
  return breaches;
}

/** Which barrier a step stands behind, counted from 0. Counted here and not asked of the run's own rules. */
export function groupsOf({ phases }: CompiledPlan): (step: CompiledStep) => number {
  const numbers = new Map<string, number>();
  let number = 0;
  for (const [nth, { id, barrier }] of phases.entries()) numbers.set(id, nth > 0 && barrier ? ++number : number);
  return ({ phase }) => numbers.get(phase) ?? 0;
}

/** From the last look at what would be done to its beginning. */
const LOOKED_MS = 2 * 60_000;

const isWell = (as: Ending | undefined): boolean => as !== undefined && ENDINGS[as].well;

/** What the plan says that it touches; and the server that these verbs work on, whether or not they say so. */
function touchedBy(verb: string, { touches, params }: CompiledTarget): readonly string[] {
  const { server } = params as { readonly server?: { readonly name: string } };
  return server === undefined || !ON_A_SERVER.has(verb) ? touches : [...new Set([...touches, `server:${server.name}`])];
}
const ON_A_SERVER: ReadonlySet<string> = new Set(["patch.install", "host.run", "pool.drain", "pool.restore", "host.decommission"]);

/** Promise 5, and what comes before any effect. */
export const ORDER: readonly Invariant[] = [
  {
    rule: "meant before done",
    promise: 1,
    says: "nothing is done to a vendor on a target's behalf that its stream did not announce before, and no look changes anything",
    check(aftermath) {
      const breaches: string[] = [];
      following(aftermath, (call, { intended }) => {
        if (call.what !== "call") return;
        const what = changedBy(call);
        if (what === undefined || call.scope === undefined) return;
        const { step, target, deed } = call.scope;
        if (deed === "tell") return;
        if (deed === "preview") breaches.push(`a preview of ${step} changed something: ${what}`);
        else if (["begin", "undo", "cancel"].includes(deed) && intended.get(`${step}/${target}`) !== deed)
          breaches.push(`${deed} of ${targetStream(step, target)} was not written down before it was done (${isoOf(call.at)}: ${what})`);
      });
      return breaches;
    },
  },
  {
    rule: "not before its time",
    promise: 5,
    says: "no step has an effect before its instant; closing up after an abort may come early",
    check: (aftermath) =>
      begins(aftermath, ({ step, at, standing }) =>
        step.at !== undefined && at < Date.parse(step.at) - skewOf(aftermath) && !(step.always && standing.abortedAt !== undefined) ? `began before ${step.at}` : undefined,
      ),
  },
  {
    rule: "not before what it needs",
    promise: 5,
    says: "no step has an effect before what it needs has ended, nor when that ended badly",
    check: (aftermath) =>
      begins(aftermath, ({ step, target, standing: { ended, rested } }) => {
        for (const need of step.needs) {
          const perTarget = need.per === "target" && stepNamed(aftermath.plan, need.step)?.targets.some(({ id }) => id === target) === true;
          const as = perTarget ? (rested.get(`${need.step}/${target}`) ?? ended.get(need.step)) : ended.get(need.step);
          if (as === undefined) return `began before ${need.step} had ended`;
          if (need.as === "success" && !step.always && !isWell(as)) return `began though ${need.step} ended ${as}`;
        }
        return undefined;
      }),
  },
  {
    rule: "not before the phase",
    promise: 5,
    says: "nothing behind a barrier has an effect before all steps in front of it have ended",
    check(aftermath) {
      const { plan } = aftermath;
      const groupOf = groupsOf(plan);
      return begins(aftermath, ({ step, standing: { ended } }) => {
        const own = groupOf(step);
        const open = plan.steps.find((other) => groupOf(other) < own && !ended.has(other.id));
        return open === undefined ? undefined : `began behind the barrier before ${open.id} had ended`;
      });
    },
  },
  {
    rule: "not after its grace",
    promise: 5,
    says: "no step with an instant begins later than its grace allows",
    check: (aftermath) =>
      aftermath.plan.steps.flatMap(({ id, at, graceMs, always }) => {
        const first = factsOf(aftermath, "batch.started").find(({ step }) => step === id);
        if (at === undefined || graceMs === undefined || always || first === undefined) return [];
        return Date.parse(first.at) > Date.parse(at) + graceMs ? [`${id} was to begin at ${at} and did at ${first.at}, later than its grace`] : [];
      }),
  },
  {
    rule: "not after the cutoff",
    promise: 5,
    says: "no step has an effect after the cutoff, closing and telling excepted",
    check: (aftermath) =>
      effects(aftermath, ({ step, at }) =>
        !step.always && at >= Date.parse(aftermath.plan.window.cutoff) + skewOf(aftermath) ? `began after the cutoff of ${aftermath.plan.window.cutoff}` : undefined,
      ),
  },
  {
    rule: "not after an abort",
    promise: 5,
    says: "no step has an effect after an abort was accepted or the run was stopped, closing and telling excepted",
    check: (aftermath) =>
      effects(aftermath, ({ step, at, standing: { abortedAt, stopped } }) => {
        if (step.always) return undefined;
        if (abortedAt !== undefined && at > abortedAt) return `began after the abort of ${isoOf(abortedAt)}`;
        return stopped === true ? "began though the run was stopped" : undefined;
      }),
  },
  {
    rule: "not while held",
    promise: 5,
    says: "no step has an effect while the run is paused or frozen, closing and telling excepted",
    check: (aftermath) => effects(aftermath, ({ step, standing: { held } }) => (!step.always && held !== undefined ? `began in spite of the ${held}` : undefined)),
  },
  {
    rule: "what was approved",
    promise: 6,
    says: "a step that needs approval has no effect without one for its latest preview",
    check: (aftermath) =>
      begins(aftermath, ({ step, standing: { approved, previewed } }) => {
        if (step.approval === undefined) return undefined;
        const preview = approved.get(step.id);
        if (preview === undefined) return "began without approval";
        return preview === previewed.get(step.id) ? undefined : "began on the approval of an older preview";
      }),
  },
  {
    rule: "approved as the world stands",
    promise: 6,
    says: "what needs approval is looked at once more, right before it begins",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      return aftermath.plan.steps.flatMap(({ id, approval }) => {
        const first = approval === undefined ? undefined : factsOf(aftermath, "batch.started").find(({ step }) => step === id);
        const look = first === undefined ? undefined : factsOf(aftermath, "step.previewed").findLast((fact) => fact.step === id && placeOf(fact) < placeOf(first));
        if (first === undefined || look === undefined) return [];
        return Date.parse(first.at) - Date.parse(look.at) > LOOKED_MS + skewOf(aftermath) ? [`${id} began at ${first.at}, and was last looked at at ${look.at}`] : [];
      });
    },
  },
  {
    rule: "one hand at a time",
    promise: 11,
    says: "no two targets that touch the same resource are under way at once",
    check(aftermath) {
      const breaches: string[] = [];
      const holders = new Map<string, string>();
      const touches = new Map<string, readonly string[]>(
        aftermath.plan.steps.flatMap(({ id, verb, targets }) => targets.map((target) => [`${id}/${target.id}`, touchedBy(verb, target)])),
      );
      for (const { entry, at } of aftermath.happenings.filter((one) => one.what === "fact")) {
        const { fact } = entry;
        if (fact.type !== "target.intended" && fact.type !== "target.rested") continue;
        const who = `${fact.step}/${fact.target}`;
        for (const resource of touches.get(who) ?? []) {
          const holder = holders.get(resource);
          if (fact.type === "target.rested") {
            if (holder === who) holders.delete(resource);
          } else if (fact.deed === "begin") {
            if (holder !== undefined && holder !== who) breaches.push(`${who} began on ${resource} while ${holder} was under way there (${isoOf(at)})`);
            holders.set(resource, who);
          }
        }
      }
      return breaches;
    },
  },
];
