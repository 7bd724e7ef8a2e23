import { faultRecordOf } from "../fault/fault.ts";
import { isoOf, type Clock } from "../ports/clock.ts";
import type { People } from "../ports/people.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { BEAT_STREAM, watchStream, type Fact } from "./facts.ts";
import type { Journal } from "./journal.ts";
import type { Plans, StoredPlan } from "./plans.ts";
import type { RunState } from "./state.ts";
import { beatOf, isLate, kickoffsOf, nextWatch, wordsOf, type Kickoff, type Rung, type Seen } from "./watchdog.ts";

/** The app that is watched, as anyone outside can see it. Every call may fail: that is what the watchdog is for. */
export interface WatchedApp {
  /** @throws Fault when it does not answer, or cannot reach its own journal. */
  ready(): Promise<void>;
  /** Starts the window, or sees to it that a started one goes on. The same call again changes nothing. */
  start(run: string, digest: string): Promise<{ readonly did: string }>;
  /** @returns undefined when there is no such run. */
  state(run: string): Promise<RunState | undefined>;
}

/** The target's own record of a kickoff. */
export interface KickoffRecords {
  look(kickoff: Kickoff, now: number): Promise<Seen>;
}

/** What a page says; sent as the JSON body of a webhook, see infra/README.md. */
export interface Page {
  readonly source: "nightshift-watchdog";
  readonly severity: "critical";
  /** The same for the same page, however often it is sent. */
  readonly dedupKey: string;
  readonly at: string;
  readonly run: string;
  readonly step: string;
  readonly target: string;
  readonly plannedAt: string;
  readonly lastSafeAt: string;
  readonly title: string;
  readonly lines: readonly string[];
}

export interface Pager {
  page(page: Page): Promise<void>;
}

/** What the watchdog has: its own journal and its own copy of the plans, so that it does not share the failure of what it watches. */
export interface Kennel {
  readonly clock: Clock;
  readonly journal: Journal;
  /** Its own copy. */
  readonly plans: Plans;
  /** The app's, read only. */
  readonly source: Pick<Plans, "latest">;
  readonly app: WatchedApp;
  readonly records: KickoffRecords;
  readonly people: People;
  readonly pager: Pager;
  readonly telemetry: Telemetry;
  /** Takes a line for each thing that went wrong on the way; the rest of the look goes on. */
  complain(line: string): void;
}

/** Windows are watched from the heartbeat before they open until this long after their cutoff. */
const BEFORE_MS = 3 * 3_600_000;
const AFTER_MS = 3_600_000;

/**
 * One look of the watchdog, made every minute: the heartbeat before a window, then the ladder of each late kickoff. Every
 * deed is done under a key of its own and then written down, so that a look that is made twice, or dies, does nothing twice.
 */
export async function watch(kennel: Kennel): Promise<void> {
  const { clock, telemetry } = kennel;
  const now = clock.now();
  let [windowCount, lateCount] = [0, 0];
  for (const stored of await plansOf(kennel)) {
    const { window } = stored.plan;
    if (now < Date.parse(window.opensAt) - BEFORE_MS || now >= Date.parse(window.cutoff) + AFTER_MS) continue;
    windowCount++;
    await attempt(kennel, `heartbeat of ${window.id}`, () => beat(kennel, stored, now));
    if (stored.approved === undefined) continue;
    // One look at the app serves all kickoffs of the window.
    let state: Promise<RunState | undefined> | undefined;
    const stateOnce = (): Promise<RunState | undefined> => (state ??= kennel.app.state(window.id).catch(() => undefined));
    for (const kickoff of kickoffsOf(stored.plan)) {
      await attempt(kennel, `${kickoff.step} ${kickoff.target} of ${window.id}`, async () => {
        if (await watchKickoff(kennel, stored, kickoff, stateOnce, now)) lateCount++;
      });
    }
  }
  telemetry.event("watchdog.beat", { windowCount, lateCount });
}

/** The app's plans if they can be read, kept for when they cannot. */
async function plansOf(kennel: Kennel): Promise<readonly StoredPlan[]> {
  await attempt(kennel, "the app's plans", async () => {
    const own = new Map((await kennel.plans.latest()).map((stored) => [stored.plan.window.id, stored]));
    for (const stored of await kennel.source.latest()) {
      const { window, digest } = stored.plan;
      const known = own.get(window.id);
      if (known?.plan.digest !== digest) await kennel.plans.put(stored);
      if (stored.approved !== undefined && (known?.plan.digest !== digest || known.approved === undefined)) await kennel.plans.approve(window.id, digest, stored.approved);
    }
  });
  return kennel.plans.latest();
}

async function beat(kennel: Kennel, { plan, approved }: StoredPlan, now: number): Promise<void> {
  const { window } = plan;
  const facts = await kennel.journal.read(window.id, BEAT_STREAM);
  if (beatOf(plan, { ok: true, why: "" }, facts, now) === undefined) return;
  const why =
    approved === undefined
      ? "nobody has approved it"
      : await kennel.app.ready().then(
          () => undefined,
          (thrown: unknown) => `the app does not answer: ${faultRecordOf(thrown).message}`,
        );
  const due = beatOf(plan, { ok: why === undefined, why: why ?? "" }, facts, now);
  if (due === undefined) return;
  await kennel.people.tell(window.id, {
    key: `${window.id}/watch/${due.armed ? "armed" : "not-armed"}`,
    channels: window.channels.map(({ id }) => id),
    mention: due.armed ? [] : window.owners.map(({ slackId }) => slackId),
    text: due.text,
    lines: [],
  });
  await note(kennel, window.id, BEAT_STREAM, { type: "watch.beat", at: isoOf(now), ...due });
}

/** @returns whether it is late and nobody has it in hand. */
async function watchKickoff(kennel: Kennel, stored: StoredPlan, kickoff: Kickoff, stateOnce: () => Promise<RunState | undefined>, now: number): Promise<boolean> {
  const { run, step, target } = kickoff;
  const stream = watchStream(step, target);
  const facts = await kennel.journal.read(run, stream);
  if (!isLate(kickoff, facts, now)) return false;
  const seen = await kennel.records
    .look(kickoff, now)
    .catch((thrown: unknown): Seen => ({ started: "unknown", note: `Its own record could not be looked at: ${faultRecordOf(thrown).message}.` }));
  const state = seen.started === "yes" ? undefined : await stateOnce();
  const order = nextWatch(kickoff, seen, state, facts, now);
  if (order.do === "nothing") return false;
  const at = isoOf(now);
  if (order.do === "settle") {
    if (order.late) {
      const notice = {
        key: `${run}/watch/${step}/${target}/settled`,
        channels: stored.plan.window.channels.map(({ id }) => id),
        mention: [],
        text: `${kickoff.title} is accounted for now.`,
        lines: [order.note],
      };
      await kennel.people.tell(run, notice);
    }
    await note(kennel, run, stream, { type: "watch.settled", at, step, target, note: order.note });
    return false;
  }
  for (const rung of order.rungs) {
    await attempt(kennel, `${rung} of ${step} ${target}`, async () => {
      const did = await climb(kennel, stored, kickoff, rung, order.note, now);
      if (facts.some((fact) => fact.type === "watch.climbed" && fact.rung === rung)) return;
      await note(kennel, run, stream, { type: "watch.climbed", at, step, target, rung, note: did });
      kennel.telemetry.event("kickoff.late", { run, step, target, rung, lateMs: now - kickoff.at }, rung === "start" ? "warning" : "error");
    });
  }
  return true;
}

async function climb({ app, people, pager }: Kennel, { plan }: StoredPlan, kickoff: Kickoff, rung: Rung, seen: string, now: number): Promise<string> {
  const { run, step, target } = kickoff;
  if (rung === "start") return `${seen} The start was tried: ${(await app.start(run, plan.digest)).did}.`;
  const { text, lines } = wordsOf(kickoff, rung, seen, plan.window.zone, now);
  const owners = plan.steps.find(({ id }) => id === step)?.owners ?? [];
  const mention = (owners.length > 0 ? owners : plan.window.owners).map(({ slackId }) => slackId);
  const key = `${run}/watch/${step}/${target}/${rung}`;
  const page = (): Promise<void> =>
    pager.page({
      source: "nightshift-watchdog",
      severity: "critical",
      dedupKey: key,
      at: isoOf(now),
      run,
      step,
      target,
      plannedAt: isoOf(kickoff.at),
      lastSafeAt: isoOf(kickoff.lastSafe),
      title: text,
      lines,
    });
  const tell = (): Promise<void> => people.tell(run, { key, channels: plan.window.channels.map(({ id }) => id), mention, text, lines });
  if (rung === "slack") await tell();
  if (rung === "page") await page();
  // What is lost is said wherever someone may hear it: one way of two is enough for it to have been said.
  if (rung === "lost") {
    const ways = await Promise.allSettled([tell(), page()]);
    if (ways.every(({ status }) => status === "rejected")) throw (ways[0] as PromiseRejectedResult).reason;
  }
  return text;
}

async function note({ journal }: Kennel, run: string, stream: string, fact: Fact): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const known = await journal.read(run, stream);
    const isSame = known.some(
      (other) =>
        other.type === fact.type &&
        (fact.type !== "watch.climbed" || (other.type === "watch.climbed" && other.rung === fact.rung)) &&
        (fact.type !== "watch.beat" || (other.type === "watch.beat" && other.armed === fact.armed)),
    );
    if (isSame || (await journal.append(run, stream, known.length, [fact]))) return;
  }
}

async function attempt({ complain }: Kennel, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const { kind, message } = faultRecordOf(thrown);
    complain(`watchdog: ${what}: ${kind}: ${message}`);
  }
}
