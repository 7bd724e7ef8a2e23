import type { ProfileName } from "../../local/storm/misfortunes.ts";

/** A mistake that somebody could make, as a change of the sources, and how soon a storm must find it. */
export interface PlantedBug {
  /** What the mistake is, in words. */
  readonly name: string;
  readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
  readonly profile: ProfileName;
  /** It is found within so many windows, of this seed and those after it (1, if not given). */
  readonly runs: number;
  readonly seed?: number;
  /** By one of these rules at the least. */
  readonly rules: readonly string[];
  /** In this folder; `plan.yaml` if not given. */
  readonly plan?: "late.yaml";
}

const RUN = "shared/run/";

export const BUGS: readonly PlantedBug[] = [
  // --- the order of things --------------------------------------------------------------------------------------------
  {
    name: "the instant of a step is ignored",
    changes: [{ file: `${RUN}next-step.ts`, find: "if (now < at && !closesUp) return", replace: "if (false) return" }],
    profile: "fair",
    runs: 1,
    rules: ["not before its time"],
  },
  {
    name: "a need counts as met before it has ended",
    changes: [
      { file: `${RUN}sights.ts`, find: `if (ended === undefined) return { is: "open", why: step.id };`, replace: `if (ended === undefined) return { is: "met", why: step.id };` },
    ],
    profile: "fair",
    runs: 1,
    rules: ["not before what it needs"],
  },
  {
    name: "a need on one target counts as met before it has rested",
    changes: [{ file: `${RUN}sights.ts`, find: 'if (rested === undefined) return { is: "open"', replace: 'if (rested === undefined) return { is: "met"' }],
    profile: "fair",
    runs: 1,
    rules: ["not before what it needs"],
  },
  {
    name: "the success of a need does not matter",
    changes: [{ file: `${RUN}sights.ts`, find: 'return { is: "failed", why: `${step.title} ended', replace: 'return { is: "met", why: `${step.title} ended' }],
    profile: "worlds",
    runs: 6,
    rules: ["not before what it needs"],
  },
  {
    name: "a barrier is forgotten",
    changes: [
      { file: `${RUN}next-wave.ts`, find: "if (current === undefined || phase.barrier) groups.push([phase]);", replace: "if (current === undefined) groups.push([phase]);" },
    ],
    profile: "fair",
    runs: 1,
    rules: ["not before the phase"],
  },
  {
    name: "the cutoff is ignored",
    changes: [{ file: `${RUN}next-order.ts`, find: "if (instant >= cutoff) return", replace: "if (instant >= cutoff + 86_400_000) return" }],
    profile: "fair",
    runs: 1,
    rules: ["not after the cutoff"],
    plan: "late.yaml",
  },
  {
    name: "a step's grace is ignored",
    changes: [{ file: `${RUN}next-step.ts`, find: "const lateAt = step.at === undefined ||", replace: "const lateAt = true ||" }],
    profile: "fair",
    runs: 1,
    rules: ["not after its grace"],
    plan: "late.yaml",
  },
  {
    name: "an abort does not keep new steps from beginning",
    changes: [{ file: `${RUN}control.ts`, find: `if (control.aborted !== undefined && control.aborted.mode !== "freeze") return`, replace: "if (false) return" }],
    profile: "people",
    runs: 12,
    rules: ["not after an abort"],
  },
  {
    name: "a pause and a freeze hold nothing",
    changes: [
      { file: `${RUN}control.ts`, find: "if (control.paused !== undefined) return", replace: "if (false) return" },
      { file: `${RUN}control.ts`, find: `if (control.aborted?.mode === "freeze") return`, replace: "if (false) return" },
    ],
    profile: "people",
    runs: 12,
    rules: ["not while held"],
  },
  {
    name: "locks are given to everybody",
    changes: [
      { file: "local/memory-locks.ts", find: "if (by !== undefined && !sameHolder(by, holder)) return", replace: "if (false) return" },
      { file: "local/memory-locks.ts", find: "return by === undefined ? [] : [[resource, by] as const];", replace: "return [];" },
    ],
    profile: "fair",
    runs: 1,
    rules: ["one hand at a time"],
  },
  {
    name: "what needs approval begins without it",
    changes: [{ file: `${RUN}next-step.ts`, find: "if (bound === preview.digest) return undefined;", replace: "return undefined;" }],
    profile: "fair",
    runs: 1,
    rules: ["what was approved"],
  },
  {
    name: "doorbells are not rung",
    changes: [{ file: "functions/activities.ts", find: "if (answer.ring.length > 0) await", replace: "if (false) await" }],
    profile: "fair",
    runs: 1,
    rules: ["on time"],
  },

  // --- what opens and closes --------------------------------------------------------------------------------------------
  {
    name: "what is opened is not written down",
    changes: [{ file: `${RUN}carry-out.ts`, find: "...(this.#target.opens.length === 0 ? {} :", replace: "...(this.#target.opens.length >= 0 ? {} :" }],
    profile: "fair",
    runs: 1,
    rules: ["opened is known", "no server left out"],
  },
  {
    name: "a closing that was verified closes nothing",
    changes: [{ file: `${RUN}carry-out.ts`, find: "closes: [...this.#target.closes], ...(already", replace: "closes: [], ...(already" }],
    profile: "fair",
    runs: 1,
    rules: ["what was closed is not open"],
  },
  {
    name: "what is taken back stays open",
    changes: [
      {
        file: `${RUN}carry-out.ts`,
        find: 'inFlight?.deed === "begin" ? [] : this.#target.opens.map(({ id }) => id);',
        replace: 'inFlight?.deed === "begin" ? [] : [];',
      },
    ],
    profile: "worlds",
    runs: 10,
    rules: ["what was closed is not open"],
  },
  {
    name: "nothing is taken back at the end",
    changes: [{ file: `${RUN}next-wave.ts`, find: "if (back.length > 0) return", replace: "if (false) return" }],
    profile: "fair",
    runs: 1,
    rules: ["what can be closed is closed"],
  },
  {
    name: "things are taken back in the order in which they were done",
    changes: [{ file: `${RUN}next-wave.ts`, find: "  return back;\n", replace: "  return back.toReversed();\n" }],
    profile: "fair",
    runs: 1,
    rules: ["back in reverse order"],
  },
  {
    name: "an undo is written down and not made",
    changes: [
      {
        file: `${RUN}carry-out.ts`,
        find: "const answer = await this.#try(deed, tryNumber, attempt, async (call): Promise<Stopped> => {",
        replace: `const answer = deed === "undo" ? ({ ok: true, value: { evidence: ["put back"] } } as const) : await this.#try(deed, tryNumber, attempt, async (call): Promise<Stopped> => {`,
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["no server left out"],
  },
  {
    name: "a run with something open ends well",
    changes: [
      { file: `${RUN}next-wave.ts`, find: `return allWell && open.length === 0 ? "well" : "badly";`, replace: `return allWell ? "well" : "badly";` },
      { file: `${RUN}next-wave.ts`, find: "if (back.length > 0) return", replace: "if (false) return" },
    ],
    profile: "fair",
    runs: 1,
    rules: ["open is said"],
  },
  {
    name: "a pool's floor is forgotten",
    changes: [{ file: "integrations/azure-network/rotation.ts", find: "if (others.length < floor) {", replace: "if (others.length < 0) {" }],
    profile: "fair",
    runs: 1,
    rules: ["pool floor"],
  },
  {
    name: "a server is said to be back in its pool and is not",
    changes: [
      { file: "integrations/azure-network/actions.ts", find: "const hasJoined = await pools.join(pool, server);", replace: "const hasJoined = true;" },
      {
        file: "integrations/azure-network/actions.ts",
        find: 'if (found.state === "out") throw new Fault("rejected", `${server.name} is out of ${said(pool)} again',
        replace: 'if (false) throw new Fault("rejected", `${server.name} is out of ${said(pool)} again',
      },
      { file: "integrations/azure-network/actions.ts", find: "return isServing(found)\n      ? {", replace: "return true\n      ? {" },
      { file: "integrations/azure-network/actions.ts", find: `if (found.state !== "in" || !found.listed || !found.healthy)`, replace: "if (false)" },
    ],
    profile: "fair",
    runs: 1,
    rules: ["no server left out", "green is true"],
  },
  {
    name: "alarms stay muted",
    changes: [
      { file: "integrations/pingdom/actions.ts", find: "for (const { id } of on) await monitors.endNow(id);", replace: "" },
      {
        file: "integrations/pingdom/actions.ts",
        find: 'if (isOn(found, now)) throw new Fault("rejected", `maintenance window ${id} is on until',
        replace: 'if (false) throw new Fault("rejected", `maintenance window ${id} is on until',
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["green is true", "alarms are on again"],
  },
  {
    name: "the maintenance page comes down over what is unsafe",
    changes: [{ file: `${RUN}lift.ts`, find: "if (failed.length > 0) return", replace: "if (failed.length > 999) return" }],
    profile: "worlds",
    runs: 12,
    rules: ["lifted by evidence"],
  },
  {
    name: "what is lifted by evidence is taken back by who put it up",
    changes: [{ file: `${RUN}conductor.ts`, find: "if (!mayTakeBack(index, obligation, decisions)) return false;", replace: "" }],
    profile: "worlds",
    runs: 12,
    rules: ["not lifted behind its back"],
  },

  // --- nothing twice ----------------------------------------------------------------------------------------------------
  {
    name: "a pipeline is queued without looking for its own run",
    changes: [{ file: "integrations/azure-devops/actions.ts", find: "const isNew = own.length === 0;", replace: "const isNew = true;" }],
    profile: "vendors",
    runs: 10,
    rules: ["no run of a pipeline twice"],
  },
  {
    name: "a call whose answer was lost is made again under a new key",
    changes: [
      {
        file: `${RUN}next-order.ts`,
        find: `unlessHeld(sight, { do: "begin", try: walk.try, attempt: attempt + 1 });`,
        replace: `unlessHeld(sight, { do: "begin", try: walk.try + 1, attempt: 1 });`,
      },
    ],
    profile: "vendors",
    runs: 15,
    rules: ["no run of a pipeline twice", "no effect twice"],
  },
  {
    name: "a call that died with its process is made again under a new key",
    changes: [
      {
        file: `${RUN}next-order.ts`,
        find: "const again: Order = { do: walk.inFlight.deed, try: walk.try, attempt: walk.attempt + 1 };",
        replace: "const again: Order = { do: walk.inFlight.deed, try: walk.try + 1, attempt: 1 };",
      },
    ],
    profile: "deaths",
    runs: 4,
    seed: 16,
    rules: ["no run of a pipeline twice", "no effect twice"],
  },
  {
    name: "a message is posted without looking whether it is there",
    changes: [{ file: "integrations/slack/thread.ts", find: "return earlier ?? chat.post(", replace: "return chat.post(" }],
    profile: "vendors",
    runs: 4,
    seed: 13,
    rules: ["no message twice"],
  },
  {
    name: "a ticket is commented on without looking whether it was",
    changes: [{ file: "integrations/jira/actions.ts", find: "const { id } = earlier ?? (await", replace: "const { id } = (await" }],
    profile: "vendors",
    runs: 4,
    seed: 21,
    rules: ["no message twice"],
  },
  {
    name: "a call is made before it is written down",
    changes: [
      {
        file: `${RUN}carry-out.ts`,
        find: "if (!(await this.#append(0, [intended]))) return NOTHING;\n    const decided",
        replace: `await this.#try("begin", tryNumber, attempt, (call) => this.#action.begin(this.#ports(), this.#target.params, call));\n    if (!(await this.#append(0, [intended]))) return NOTHING;\n    const decided`,
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["meant before done"],
  },

  // --- green means evidence ---------------------------------------------------------------------------------------------
  {
    name: "the result of a pipeline run is trusted",
    changes: [
      {
        file: "integrations/azure-devops/actions.ts",
        find: "throw judged(receipt, run, settled);",
        replace: `if (run.result === "succeeded") return done;\n    throw judged(receipt, run, settled);`,
      },
      {
        file: "integrations/azure-devops/actions.ts",
        find: "if (!hasSucceeded(records)) throw judged(receipt, run, records);",
        replace: `if (run.result !== "succeeded") throw judged(receipt, run, records);`,
      },
    ],
    profile: "worlds",
    runs: 10,
    rules: ["green is true"],
  },
  {
    name: "a run that is under way counts as done",
    changes: [
      {
        file: "integrations/azure-devops/actions.ts",
        find: 'if (records.some(({ record }) => record?.state === "inProgress")) return { state: "running"',
        replace: 'if (records.some(({ record }) => record?.state === "inProgress")) return { state: "done"',
      },
      {
        file: "integrations/azure-devops/actions.ts",
        find: "if (!hasSucceeded(records)) throw judged(receipt, run, records);",
        replace: "",
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["green is true"],
  },
  {
    name: "nobody looks again",
    changes: [
      {
        file: `${RUN}carry-out.ts`,
        find: `const answer = await this.#try("verify", walk.try, attempt, (call) => this.#action.verify(this.#ports(), this.#receipt(), call));`,
        replace: `const answer = { ok: true, value: ["fine"] } as const;`,
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["looked at again"],
  },
  {
    name: "a branch is asked for and the default one is run",
    changes: [{ file: "integrations/azure-devops/actions.ts", find: "`refs/heads/${ref?.branch ?? pipeline.branch}`", replace: "`refs/heads/${pipeline.branch}`" }],
    profile: "fair",
    runs: 1,
    rules: ["green is true"],
  },
  {
    name: "what waits for another is left out",
    changes: [
      {
        file: `${RUN}next-step.ts`,
        find: 'const failed = needs.find(({ is }) => is === "failed");',
        replace: 'const failed = needs.find(({ is }) => is !== "met");',
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["nothing is left out without a cause"],
  },
  {
    name: "nobody is told of a step that failed",
    changes: [{ file: `${RUN}next-step.ts`, find: "&& !told.includes(ENDED)", replace: "&& false" }],
    profile: "worlds",
    runs: 5,
    rules: ["trouble is told"],
  },
  {
    name: "nobody is asked about work that failed",
    changes: [{ file: `${RUN}next-order.ts`, find: "if (why !== undefined) {\n    return {\n      topic: held,", replace: "if (why === ``) {\n    return {\n      topic: held," }],
    profile: "worlds",
    runs: 10,
    rules: ["trouble is told"],
  },
  {
    name: "a step is as good as the best of its targets",
    changes: [{ file: `${RUN}next-step.ts`, find: "const worst = WORST_FIRST.find(", replace: "const worst = WORST_FIRST.toReversed().find(" }],
    profile: "worlds",
    runs: 10,
    rules: ["no green over red"],
  },
  {
    name: "every run ends well",
    changes: [{ file: `${RUN}next-wave.ts`, find: `return allWell && open.length === 0 ? "well" : "badly";`, replace: `return "well";` }],
    profile: "worlds",
    runs: 10,
    rules: ["no green over red", "open is said"],
  },
  {
    name: "what was asked of somebody is done without their word",
    changes: [
      {
        file: "integrations/people/actions.ts",
        find: `if (answer !== undefined) return { state: "done", note: said(answer) };`,
        replace: `return { state: "done", note: "surely" };`,
      },
      {
        file: "integrations/people/actions.ts",
        find: `if (answer === undefined) throw new Fault("rejected", \`nobody says`,
        replace: `if (answer === undefined) return ["surely"];\n    if (false) throw new Fault("rejected", \`nobody says`,
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["green is true"],
  },

  // --- noticing, telling, ending ----------------------------------------------------------------------------------------
  {
    name: "a kickoff that does not happen is told to nobody",
    changes: [
      {
        file: `${RUN}next-order.ts`,
        find: `if (walk.stage === "begun" && walk.progress === "waiting" && !walk.told.includes(late)`,
        replace: `if (false && !walk.told.includes(late)`,
      },
    ],
    profile: "december",
    runs: 2,
    rules: ["a late kickoff is noticed"],
  },
  {
    name: "work that is given up goes on",
    changes: [{ file: `${RUN}next-order.ts`, find: 'if (!offers.cancel || walk.cancelled) return { do: "rest", as, why };', replace: 'return { do: "rest", as, why };' }],
    profile: "december",
    runs: 2,
    rules: ["no work goes on"],
  },
  {
    name: "a vendor's token is told to telemetry",
    changes: [
      {
        file: "functions/observed-fetch.ts",
        find: 'const method = init?.method ?? request?.method ?? "GET";',
        replace: 'const method = `${init?.method ?? request?.method ?? "GET"} ${new Headers(init?.headers ?? request?.headers).get("authorization")}`;',
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["no secret is written"],
  },
  {
    name: "a secret's value is kept in a receipt",
    changes: [
      {
        file: "integrations/key-vault/secret-copy.ts",
        find: "return { ...place, version: made.version,",
        replace: "return { ...place, item: value.reveal(), version: made.version,",
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["no secret is written"],
  },
  {
    name: "steps for tickets are left out in silence",
    changes: [{ file: `${RUN}next-wave.ts`, find: "(!ended.has(id) || unheard.has(id)))", replace: `!ended.has(id) && !id.includes("jira"))` }],
    profile: "fair",
    runs: 1,
    rules: ["changes in are changes out"],
  },

  // --- what the plan allows -----------------------------------------------------------------------------------------------
  {
    name: "all targets of a step are let through at once",
    changes: [
      {
        file: `${RUN}next-step.ts`,
        find: "const size = Math.max(1, sizes[Math.min(batch, sizes.length - 1)] ?? step.targets.length);",
        replace: "const size = Math.max(step.targets.length, sizes.length);",
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["no more at once than the plan says"],
  },
  {
    name: "failures do not end a rolling step",
    changes: [{ file: `${RUN}next-step.ts`, find: "failures > rolling.maxFailures)", replace: "failures > 1_000)" }],
    profile: "worlds",
    runs: 3,
    rules: ["not after too many failures"],
  },
  {
    name: "a failure that stops the run stops nothing",
    changes: [{ file: `${RUN}carry-out-step.ts`, find: 'if (step.onFailure === "stop" &&', replace: "if (false &&" }],
    profile: "worlds",
    runs: 6,
    rules: ["not after what stops the run"],
  },
  {
    name: "fresh tries are not counted",
    changes: [{ file: `${RUN}next-order.ts`, find: "if (walk.try - askedTries(sight) >= step.policy.attempts ||", replace: "if (" }],
    profile: "worlds",
    runs: 3,
    rules: ["no more tries than granted"],
  },
  {
    name: "an irreversible step begins when it is too late to see it through",
    changes: [{ file: `${RUN}next-order.ts`, find: "if (step.irreversible && instant + step.expectedMs > cutoff) return", replace: "if (false) return" }],
    profile: "people",
    runs: 6,
    rules: ["not too late to be seen through"],
  },
  {
    name: "an abort does not reach what runs",
    changes: [{ file: `${RUN}next-order.ts`, find: 'if (control.aborted?.mode === "close" && !step.always) return endBegun', replace: "if (false) return endBegun" }],
    profile: "people",
    seed: 20,
    runs: 6,
    plan: "late.yaml",
    rules: ["an abort reaches what runs"],
  },
  {
    name: "who loses the write of an intention calls all the same",
    changes: [
      {
        file: `${RUN}carry-out.ts`,
        find: "if (!(await this.#append(0, [intended]))) return NOTHING;\n    const decided",
        replace: "await this.#append(0, [intended]);\n    const decided",
      },
    ],
    profile: "backend",
    seed: 12,
    runs: 3,
    rules: ["no effect twice", "looked at again"],
  },
  {
    name: "what stood still for minutes is sent all the same",
    changes: [{ file: "functions/timely-fetch.ts", find: "if (lateMs >= 0) {", replace: "if (false) {" }],
    profile: "backend",
    seed: 12,
    runs: 3,
    rules: ["no effect twice", "no message twice", "meant before done"],
  },
  {
    name: "a decision to skip is not followed",
    changes: [{ file: `${RUN}next-step.ts`, find: 'if (skipped !== undefined) return { do: "end", as: "dropped"', replace: 'if (false) return { do: "end", as: "dropped"' }],
    profile: "people",
    runs: 3,
    seed: 13,
    rules: ["what was skipped is not begun"],
  },
  {
    name: "the report says of a change what the best of its steps came to",
    changes: [{ file: `${RUN}state.ts`, find: "const as = WORST_FIRST.find((ending) => counted", replace: "const as = WORST_FIRST.toReversed().find((ending) => counted" }],
    profile: "worlds",
    runs: 3,
    rules: ["the report says it", "no green over red"],
  },

  // --- what is done is what was asked for, and what is told is true --------------------------------------------------------
  {
    name: "all stages of a pipeline run, whichever were asked for",
    changes: [{ file: "integrations/azure-devops/actions.ts", find: ".filter((name) => !chosen.includes(name));", replace: ".filter((name) => name === undefined);" }],
    profile: "fair",
    runs: 1,
    rules: ["no other run than was asked for"],
  },
  {
    name: "another field of the password is copied",
    changes: [
      {
        file: "integrations/key-vault/secret-copy.ts",
        find: "return passwords.read(entry, field);",
        replace: 'return passwords.read(entry, field === "password" ? "username" : field);',
      },
    ],
    profile: "fair",
    runs: 1,
    rules: ["green is true"],
  },
  {
    name: "connections get no time to end",
    changes: [{ file: "integrations/azure-network/actions.ts", find: "drainMs: durationMs(drain) ?? 0 } };", replace: "drainMs: 0 } };" }],
    profile: "fair",
    runs: 1,
    rules: ["connections get their time"],
  },
  {
    name: "hours are read on the clock of Greenwich",
    changes: [
      {
        file: "shared/plan/local-time.ts",
        find: 'const earlier = local.toZonedDateTime(zone, { disambiguation: "earlier" });',
        replace: 'const earlier = local.toZonedDateTime("UTC", { disambiguation: "earlier" });',
      },
      { file: "shared/plan/local-time.ts", find: 'const later = local.toZonedDateTime(zone, { disambiguation: "later" });', replace: "const later = earlier;" },
    ],
    profile: "fair",
    runs: 1,
    rules: ["what runs is what was written"],
  },
  {
    name: "the tests look at the public address, where the maintenance page is up",
    changes: [{ file: "integrations/web/actions.ts", find: 'const address = through === "origin" ? site.origin : site.url;', replace: "const address = site.url;" }],
    profile: "fair",
    runs: 1,
    rules: ["green is true"],
  },
  {
    name: "what somebody else did to a record is overwritten",
    changes: [{ file: "integrations/cloudflare/actions.ts", find: "if (found.content !== from && found.content !== to) {", replace: "if (found.content === undefined) {" }],
    profile: "worlds",
    runs: 6,
    rules: ["what others changed stays"],
  },
  {
    name: "a server is removed without proof that it was off",
    changes: [
      { file: "integrations/azure-compute/decommission.ts", find: "if (started !== undefined) throw refuse", replace: "if (false) throw refuse" },
      { file: "integrations/azure-compute/decommission.ts", find: "if (now - off.atMs < offDays * DAY_MS) throw refuse", replace: "if (false) throw refuse" },
    ],
    profile: "worlds",
    runs: 6,
    rules: ["only what is long off is removed"],
  },
  {
    name: "tickets hear that what failed is done",
    changes: [
      {
        file: `${RUN}story.ts`,
        find: 'outcome: own?.as ?? own?.state ?? "waiting",',
        replace: 'outcome: own?.as === "failed" || own?.as === "skipped" ? "done" : (own?.as ?? own?.state ?? "waiting"),',
      },
    ],
    profile: "worlds",
    runs: 6,
    rules: ["tickets hear the truth"],
  },
  {
    name: "the closing message keeps what is carried over to itself",
    changes: [{ file: `${RUN}headline.ts`, find: 'by(["done", "already"])', replace: 'by(["done", "already", "skipped", "failed"])' }],
    profile: "worlds",
    runs: 6,
    rules: ["the closing message is true"],
  },
  {
    name: "what fails is told to nobody in particular",
    changes: [{ file: `${RUN}carry-out-step.ts`, find: "        mention,\n", replace: "        mention: [],\n" }],
    profile: "worlds",
    runs: 6,
    rules: ["told where people look"],
  },
  {
    name: "an approval holds for whatever the step would do by now",
    changes: [{ file: `${RUN}next-step.ts`, find: "if (bound === preview.digest) return undefined;", replace: "if (bound !== undefined) return undefined;" }],
    profile: "worlds",
    runs: 8,
    rules: ["what was approved"],
  },
];
