import type { HistoryEvent, HubAnswer, InstanceFilter, InstanceStatus, RuntimeStatus, TaskHub } from "../../local/durable/hub.ts";

/** A hub without an engine: instances are what a test puts there, and calls are only written down. */
export interface ScriptedHub extends TaskHub {
  readonly instances: Map<string, InstanceStatus>;
  readonly histories: Map<string, readonly HistoryEvent[]>;
  /** Every call that changes something, as `verb id …`. */
  readonly calls: string[];
  put(instanceId: string, runtimeStatus: RuntimeStatus, values?: Partial<InstanceStatus>): void;
}

const ENDED: readonly RuntimeStatus[] = ["Completed", "Failed", "Terminated", "Canceled"];

/** A scripted hub that knows the orchestrators `known`. */
export function scriptedHub(name: string, known: readonly string[]): ScriptedHub {
  const instances = new Map<string, InstanceStatus>();
  const histories = new Map<string, readonly HistoryEvent[]>();
  const calls: string[] = [];
  const open = (id: string, then: () => void): Promise<HubAnswer> => {
    const status = instances.get(id);
    if (status === undefined) return Promise.resolve({ did: "absent" });
    if (ENDED.includes(status.runtimeStatus)) return Promise.resolve({ did: "gone" });
    then();
    return Promise.resolve({ did: "accepted" });
  };
  const put = (instanceId: string, runtimeStatus: RuntimeStatus, values: Partial<InstanceStatus> = {}): void => {
    instances.set(instanceId, {
      name: "night",
      instanceId,
      executionId: "e1",
      runtimeStatus,
      input: null,
      customStatus: null,
      output: null,
      createdTime: "2030-01-05T20:00:00.123Z",
      lastUpdatedTime: "2030-01-05T20:10:00.456Z",
      ...values,
    });
  };
  const matching = ({ instanceIdPrefix = "", runtimeStatus, createdTimeFrom = "", createdTimeTo = "~" }: InstanceFilter): InstanceStatus[] =>
    [...instances.values()].filter(
      (status) =>
        status.instanceId.startsWith(instanceIdPrefix) &&
        (runtimeStatus?.includes(status.runtimeStatus) ?? true) &&
        status.createdTime >= createdTimeFrom &&
        status.createdTime <= createdTimeTo,
    );
  return {
    name,
    instances,
    histories,
    calls,
    put,
    async start(orchestrator, input, instanceId = "0123456789abcdef0123456789abcdef", version) {
      if (!known.includes(orchestrator)) return { did: "refused", status: 400, why: `no orchestrator is called "${orchestrator}"` };
      calls.push(`start ${orchestrator} ${instanceId} ${JSON.stringify(input)}${version === undefined ? "" : ` ${version}`}`);
      put(instanceId, "Pending", { name: orchestrator, input });
      return { did: "accepted", instanceId };
    },
    raise: (id, event, data) => open(id, () => calls.push(`raise ${id} ${event} ${JSON.stringify(data)}`)),
    terminate: (id, reason) => open(id, () => calls.push(`terminate ${id} ${reason}`)),
    suspend: (id, reason) => open(id, () => calls.push(`suspend ${id} ${reason}`)),
    resume: (id, reason) => open(id, () => calls.push(`resume ${id} ${reason}`)),
    async rewind(id) {
      const status = instances.get(id)?.runtimeStatus;
      if (status === undefined) return { did: "absent" };
      if (status === "Failed") return { did: "accepted" };
      return ENDED.includes(status) ? { did: "gone" } : { did: "refused", status: 500, why: "still running" };
    },
    async restart(id, withNewInstanceId) {
      if (!instances.has(id)) return { did: "refused", status: 400, why: `no instance has the id "${id}"` };
      return { did: "accepted", instanceId: withNewInstanceId ? `${id}-again` : id };
    },
    purge: async (id) => (instances.delete(id) ? { instancesDeleted: 1 } : undefined),
    async purgeBy(filter) {
      const found = matching(filter).filter(({ runtimeStatus }) => ENDED.includes(runtimeStatus));
      for (const { instanceId } of found) instances.delete(instanceId);
      return { instancesDeleted: found.length };
    },
    status: async (id) => instances.get(id),
    async list(filter) {
      const found = matching(filter);
      const from = Number(filter.continuationToken ?? 0);
      const to = from + (filter.top ?? 100);
      return { instances: found.slice(from, to), ...(to < found.length ? { continuationToken: String(to) } : {}) };
    },
    names: (runtimeStatus) => [...instances.values()].filter((instance) => runtimeStatus.length === 0 || runtimeStatus.includes(instance.runtimeStatus)),
    history: async (id) => histories.get(id),
  };
}
