import type { ReviewFinding } from "./finding.ts";
import type { Night } from "./night.ts";
import { conditions } from "./conditions.ts";
import { dependencies } from "./dependencies.ts";
import { deploymentsTwice, destroyedElsewhere, movingBranches } from "./deployments.ts";
import { otherMonths } from "./months.ts";
import { neverClosed } from "./openings.ts";
import { noSmokeTest, unapproved } from "./safety.ts";
import { twiceServed } from "./servers.ts";
import { clockChanges, longerThanCutoff, orderAgainstTime } from "./times.ts";

/** One kind of flaw. `find` reads a drafted page and a plan alike. */
export interface Check {
  readonly code: string;
  readonly title: string;
  /** Why it matters, for who is up at night. */
  readonly why: string;
  /** What the mend does to a plan. */
  readonly mend: string;
  /** `work`: it looks at the work, so that a plan shows whether it is mended. `words`: only the page's words show it. */
  readonly of: "work" | "words";
  find(night: Night): readonly Found[];
}

/** A finding before its check's code is added. */
export type Found = Omit<ReviewFinding, "code">;

/** Every kind of finding, in the order in which reports list kinds. */
export const CHECKS: readonly Check[] = [
  {
    code: "never-closed",
    title: "An opening without its closing",
    why: "What nobody puts back stays as it is when everyone has gone to bed: a pool short of servers, a monitor that does not call, jobs that do not run on Monday.",
    mend: "adds the closing step, which runs whatever became of the rest; asks where the page does not say how to close",
    of: "work",
    find: neverClosed,
  },
  {
    code: "other-month",
    title: "A month that is not the window's",
    why: "The line was copied from an earlier page: what it names may be last month's group, list or branch.",
    mend: "asks which is meant",
    of: "words",
    find: otherMonths,
  },
  {
    code: "order-against-time",
    title: "Order against time",
    why: "Who reads from top to bottom begins the later line first. Nightshift goes by the clock.",
    mend: "notes at the step that the clock decides",
    of: "words",
    find: orderAgainstTime,
  },
  {
    code: "deployment-twice",
    title: "The same deployment twice",
    why: "A deployment that runs twice doubles the time it takes and the ways it can fail; one that is «done above» at another tag is not done.",
    mend: "makes the second into `sameAs` the first; asks where details differ",
    of: "work",
    find: deploymentsTwice,
  },
  {
    code: "mutable-branch",
    title: "A branch goes to production",
    why: "A branch can move between the approval and the run: what runs is then not what was approved.",
    mend: "asks for a tag, or for the commit beside the branch",
    of: "work",
    find: movingBranches,
  },
  {
    code: "destroy-ref-differs",
    title: "Destroyed at one tag, deployed at another",
    why: "What is destroyed at a tag that does not run leaves things behind, and there may be no way back to it.",
    mend: "asks whether the destroyed tag is the one that runs now",
    of: "work",
    find: destroyedElsewhere,
  },
  {
    code: "condition-unevaluated",
    title: "A condition that nobody evaluates",
    why: "At night nobody is there to know whether it holds: the step runs or does not run by accident.",
    mend: "asks for the value, with what the page says about it",
    of: "work",
    find: conditions,
  },
  {
    code: "dependency-in-prose",
    title: "A dependency that stands in prose only",
    why: "What waits by a sentence waits by memory: it begins too early, or its failure is noticed in the morning.",
    mend: "adds the need; asks where no line fits",
    of: "work",
    find: dependencies,
  },
  {
    code: "longer-than-cutoff",
    title: "The window is longer than its cutoff",
    why: "After the cutoff nothing begins: what stands last is carried over, or users meet a platform in pieces.",
    mend: "asks what is left out, or whether the cutoff moves",
    of: "work",
    find: longerThanCutoff,
  },
  {
    code: "clock-change",
    title: "A time that the clocks skip or show twice",
    why: "On the night when clocks change a time may not exist, or come twice: a kickoff is an hour off, or never.",
    mend: "asks which instant is meant, and names the possible ones",
    of: "work",
    find: clockChanges,
  },
  {
    code: "server-twice",
    title: "A server in two groups",
    why: "It is worked on twice, rebooted twice, or by two steps at once; counts of the groups do not add up.",
    mend: "asks which of the two does it",
    of: "work",
    find: twiceServed,
  },
  {
    code: "no-smoke-test",
    title: "No smoke test",
    why: "Without a look at the site afterwards the night ends on hope, and the maintenance page comes down on it too.",
    mend: "adds a check of the inventory's site; asks where it knows none or several",
    of: "work",
    find: noSmokeTest,
  },
  {
    code: "irreversible-unapproved",
    title: "No way back, and nobody approves",
    why: "What cannot be taken back must have been seen by somebody who answers for it, with the list of what goes.",
    mend: "writes `irreversible` and `approval`: its owners are asked before it begins",
    of: "work",
    find: unapproved,
  },
];
