import { sameHolder, type Holder, type Locks } from "../shared/run/locks.ts";

/** Locks in memory: for rehearsals, and the reference for the contract test of locks. */
export function memoryLocks(): Locks {
  const held = new Map<string, Holder>();
  return {
    take(resource, holder) {
      const by = held.get(resource);
      if (by !== undefined && !sameHolder(by, holder)) return Promise.resolve({ taken: false, by });
      held.set(resource, holder);
      return Promise.resolve({ taken: true });
    },
    release(resource, holder) {
      const by = held.get(resource);
      if (by !== undefined && sameHolder(by, holder)) held.delete(resource);
      return Promise.resolve();
    },
    holders(resources) {
      return Promise.resolve(
        new Map(
          resources.flatMap((resource) => {
            const by = held.get(resource);
            return by === undefined ? [] : [[resource, by] as const];
          }),
        ),
      );
    },
  };
}
