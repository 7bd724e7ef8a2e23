/**
 * Everything that may go wrong in a storm, once: what it is, and how likely it is at each opportunity in the roughest weather.
 * Profiles choose among them. `rate` is a chance per opportunity: per call, per fact, per message, per pipeline run and so on.
 */
export const MISFORTUNES = {
  // --- on the way to a vendor: per call -----------------------------------------------------------------------------------
  "lost request": { of: "vendors", rate: 0.003, says: "the connection broke before the vendor had the request" },
  "lost answer": { of: "vendors", rate: 0.003, says: "the vendor did it, and its answer was lost" },
  "lost answer, then away": { of: "vendors", rate: 0.0006, says: "the vendor did it, its answer was lost, and then it was away for hours" },
  "too many requests": { of: "vendors", rate: 0.002, says: "the vendor asked for patience (429)" },
  "vendor away": { of: "vendors", rate: 0.04, says: "a vendor was away for a while (503)" },
  "work refused": { of: "vendors", rate: 0.02, says: "a vendor did not do one thing that it was asked for, again and again (503)" },
  "server error": { of: "vendors", rate: 0.002, says: "the vendor failed (500) and did nothing" },
  "bad gateway": { of: "vendors", rate: 0.002, says: "the vendor did it, and a gateway answered 502" },
  "malformed answer": { of: "vendors", rate: 0.001, says: "the vendor did it, and what came back was cut off" },
  "slow answer": { of: "vendors", rate: 0.004, says: "an activity took most of a minute" },
  // --- in the Durable backend: per message, per activity, per hour ------------------------------------------------------------------
  "doubled message": { of: "backend", rate: 0.004, says: "a message was delivered twice" },
  "late message": { of: "backend", rate: 0.002, says: "a message was lost at first and delivered minutes later" },
  "late timer": { of: "backend", rate: 0.004, says: "a durable timer fired minutes late" },
  "activity twice": { of: "backend", rate: 0.004, says: "an activity was executed twice" },
  "activity on two hosts": { of: "backend", rate: 0.004, says: "an activity stopped before it wrote anything, and went on once another host had been through with it" },
  "host stood still": { of: "backend", rate: 0.006, says: "a host stood still for minutes in the midst of an activity, which another host did meanwhile" },
  "turned order": { of: "backend", rate: 0.02, says: "the messages of one turn came in another order" },
  "storage refused": { of: "backend", rate: 0.002, says: "the journal's store refused a call (throttled)" },
  "storage unsure": { of: "backend", rate: 0.001, says: "the journal's store kept the facts and did not say so" },
  "orchestration lost": { of: "backend", rate: 0.01, says: "an orchestration of the run was gone from the task hub, as if deleted from storage" },
  "orchestration terminated": { of: "backend", rate: 0.01, says: "somebody terminated an orchestration of the run" },
  // --- the process dies: per call, per fact, per point of the backend -----------------------------------------------------
  "death around a call": { of: "deaths", rate: 0.0006, says: "the process was killed before or after a call to a vendor" },
  "death around a fact": { of: "deaths", rate: 0.001, says: "the process was killed before or after a fact was written" },
  "death in the backend": { of: "deaths", rate: 0.0004, says: "the process was killed between a turn or an activity and its record" },
  "clock skew": { of: "deaths", rate: 0.5, says: "the clock of the host that took over was up to two minutes off" },
  "late start": { of: "deaths", rate: 0.08, says: "the app was down when the window was to start, and started it later" },
  // --- in the vendors' worlds: per pipeline run, per server, per window ---------------------------------------------------
  "stage fails": { of: "worlds", rate: 0.06, says: "a stage of a pipeline run failed" },
  "stage hangs": { of: "worlds", rate: 0.03, says: "a stage of a pipeline run never ended" },
  "stage never starts": { of: "worlds", rate: 0.03, says: "a stage of a pipeline run never started" },
  "run cancelled by a person": { of: "worlds", rate: 0.03, says: "somebody cancelled a pipeline run" },
  "stages skipped": { of: "worlds", rate: 0.04, says: "a pipeline run succeeded with its stages skipped" },
  "stage with issues": { of: "worlds", rate: 0.02, says: "a stage of a pipeline run succeeded with issues" },
  "server stays down": { of: "worlds", rate: 0.03, says: "a server did not come back from its restart" },
  "installer lies": { of: "worlds", rate: 0.03, says: "a server reported success and installed nothing" },
  "installation fails": { of: "worlds", rate: 0.1, says: "installing updates failed on a server" },
  "script fails": { of: "worlds", rate: 0.04, says: "a script failed on a server" },
  "script lies": { of: "worlds", rate: 0.03, says: "a script ended well on a server and changed nothing" },
  "cloud script fails": { of: "worlds", rate: 0.12, says: "Azure had no container for a script" },
  "cloud script lies": { of: "worlds", rate: 0.03, says: "a script in Azure ended well and changed nothing" },
  "server used lately": { of: "worlds", rate: 0.25, says: "a server that is to be removed was in use some days ago" },
  "site away": { of: "worlds", rate: 0.1, says: "a site was not well for a while" },
  "nodes stay behind": { of: "worlds", rate: 0.1, says: "a node pool of a cluster did not get the newer version" },
  "muted by another": { of: "worlds", rate: 0.1, says: "somebody else had muted a monitor for longer than the window" },
  "group changed by another": { of: "worlds", rate: 0.2, says: "somebody else changed a firewall's address group in mid-window" },
  "page edited": { of: "worlds", rate: 0.15, says: "somebody edited the page in mid-window" },
  "agents away": { of: "worlds", rate: 0.04, says: "no agent took pipeline runs for hours" },
  "changed when approved": { of: "worlds", rate: 0.25, says: "somebody changed what a step is about as soon as it was approved" },
  "record changed by another": { of: "worlds", rate: 0.2, says: "somebody else changed a DNS record in mid-window" },
  // --- people: per question, per window -----------------------------------------------------------------------------------
  "late reply": { of: "people", rate: 0.12, says: "somebody answered hours late" },
  "no reply": { of: "people", rate: 0.06, says: "somebody never answered" },
  "reply twice": { of: "people", rate: 0.1, says: "somebody answered twice" },
  "skip instead": { of: "people", rate: 0.04, says: "somebody decided to skip what was asked about" },
  "step skipped": { of: "people", rate: 0.15, says: "somebody decided to leave a step out" },
  "target skipped": { of: "people", rate: 0.15, says: "somebody decided to leave one target of a step out" },
  "resume after abort": { of: "people", rate: 0.5, says: "somebody resumed a window that had been aborted" },
  "abort again": { of: "people", rate: 0.5, says: "somebody aborted a window that had been aborted, otherwise or in the same way" },
  "retry ordered": { of: "people", rate: 0.3, says: "somebody ordered another try of work that was held" },
  "skipped when held": { of: "people", rate: 0.3, says: "somebody decided to skip work that was held" },
  abort: { of: "people", rate: 0.1, says: "somebody aborted the window" },
  pause: { of: "people", rate: 0.2, says: "somebody paused the window for a while" },
  // --- the calendar: per window -------------------------------------------------------------------------------------------
  "clocks change": { of: "calendar", rate: 0.1, says: "the window lay on a night on which the clocks change" },
} as const satisfies Record<string, { of: string; rate: number; says: string }>;

export type MisfortuneKind = keyof typeof MISFORTUNES;
export type Family = (typeof MISFORTUNES)[MisfortuneKind]["of"];

/** How rough it is: a factor for the rates of each family, and whether the December of 2024 happens besides. */
export interface Profile {
  readonly says: string;
  readonly factors: Partial<Record<Family, number>>;
  /** This share of its nights is calm: nothing strikes, and what bad weather would excuse is a violation. */
  readonly calm?: number;
  readonly scenario?: "december";
}

export const PROFILES = {
  fair: { says: "nothing goes wrong", factors: {} },
  light: { says: "a little of everything", factors: { vendors: 0.3, backend: 0.3, deaths: 0.3, worlds: 0.3, people: 0.6, calendar: 1 }, calm: 1 / 8 },
  rough: { says: "everything, often", factors: { vendors: 1, backend: 1, deaths: 1, worlds: 1, people: 1, calendar: 1 }, calm: 1 / 16 },
  vendors: { says: "vendors that cannot be reached, answer late, wrongly or not at all", factors: { vendors: 3 } },
  backend: { says: "messages doubled, late and out of order, activities twice, storage that refuses", factors: { backend: 3 } },
  deaths: { says: "the process is killed again and again, and its clock is off", factors: { deaths: 2 } },
  worlds: { says: "pipelines, servers and records that do not do what they should", factors: { worlds: 2, vendors: 0.2 } },
  people: { says: "people who answer late, never, twice, or abort", factors: { people: 2, vendors: 0.2 } },
  december: { says: "what happened in December 2024, in light weather", factors: { vendors: 0.3, backend: 0.3, deaths: 0.3, people: 0.3 }, scenario: "december" },
} as const satisfies Record<string, Profile>;
export type ProfileName = keyof typeof PROFILES;
