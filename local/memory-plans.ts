import { Fault } from "../shared/fault/fault.ts";
import type { PlanSource, Plans, StoredPlan } from "../shared/run/plans.ts";

/** Stored plans in memory: for rehearsals, and the reference for the contract test of plan stores. */
export function memoryPlans(): Plans {
  const byDigest = new Map<string, StoredPlan>();
  const sources = new Map<string, PlanSource>();
  const latest = new Map<string, string>();
  const find = (digest: string): StoredPlan => {
    const stored = byDigest.get(digest);
    if (stored === undefined) throw new Fault("absent", `no stored plan has the digest ${digest}`);
    return stored;
  };
  const keep = async ({ source, ...stored }: StoredPlan): Promise<void> => {
    if (!byDigest.has(stored.plan.digest)) byDigest.set(stored.plan.digest, stored);
    if (source !== undefined && !sources.has(stored.plan.digest)) sources.set(stored.plan.digest, source);
  };
  return {
    keep,
    async put(stored) {
      await keep(stored);
      latest.set(stored.plan.window.id, stored.plan.digest);
    },
    get: async (digest) => find(digest).plan,
    source: async (digest) => sources.get(digest),
    latest: async () => [...latest].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, digest]) => find(digest)),
    async approve(window, digest, approval) {
      const stored = find(digest);
      if (stored.plan.window.id !== window) throw new Fault("absent", `the plan ${digest} is of window ${stored.plan.window.id}, not ${window}`);
      if (stored.approved === undefined) byDigest.set(digest, { ...stored, approved: approval });
    },
  };
}
