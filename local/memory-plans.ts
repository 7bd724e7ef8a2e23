import { Fault } from "../shared/fault/fault.ts";
import type { Plans, StoredPlan } from "../shared/run/plans.ts";

/** Stored plans in memory: for rehearsals, and the reference for the contract test of plan stores. */
export function memoryPlans(): Plans {
  const byDigest = new Map<string, StoredPlan>();
  const latest = new Map<string, string>();
  const find = (digest: string): StoredPlan => {
    const stored = byDigest.get(digest);
    if (stored === undefined) throw new Fault("absent", `no stored plan has the digest ${digest}`);
    return stored;
  };
  return {
    async put(stored) {
      if (!byDigest.has(stored.plan.digest)) byDigest.set(stored.plan.digest, stored);
      latest.set(stored.plan.window.id, stored.plan.digest);
    },
    get: async (digest) => find(digest).plan,
    latest: async () => [...latest].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, digest]) => find(digest)),
    async approve(window, digest, approval) {
      const stored = find(digest);
      if (stored.plan.window.id !== window) throw new Fault("absent", `the plan ${digest} is of window ${stored.plan.window.id}, not ${window}`);
      if (stored.approved === undefined) byDigest.set(digest, { ...stored, approved: approval });
    },
  };
}
