import { z } from "zod";
import type { Outside } from "../../shared/ports/outside.ts";
import type { ArmPlace } from "../azure-names.ts";
import type { Mark } from "./mark.ts";
import { networkOf } from "./network.ts";
import { rotationOf } from "./rotation.ts";

/** A backend pool of a load balancer or an application gateway; the fields of an inventory's pool that say which. */
export interface PoolPlace extends ArmPlace {
  readonly kind: "load-balancer" | "application-gateway";
  /** Load balancer or application gateway. */
  readonly resource: string;
  readonly backendPool: string;
}

/** A virtual machine; the fields of an inventory's server that say which. */
export interface ServerPlace extends ArmPlace {
  readonly vm: string;
}

/** How a server stands in a pool, and who else serves there. */
export interface Rotation {
  /** `leaving`: still in, and marked by someone who is about to take it out. */
  readonly state: "in" | "leaving" | "out";
  /** Left by whoever takes it out, with how it was in the pool. */
  readonly mark?: Mark;
  /** How it is in the pool, in words: `network interface nic-web1, ipconfig1`. Empty when it is out. */
  readonly seats: readonly string[];
  /** Whether the pool's own record lists it: another record than the network interface's. */
  readonly listed: boolean;
  /** Whether it is sent traffic, by the health probes; always false when it is out. */
  readonly healthy: boolean;
  /** `Succeeded`, `Updating`, `Failed`: of the worst of what was or could be changed. */
  readonly provisioning: string;
  /** Other servers in service: in the pool, not marked, healthy. Sorted by name. */
  readonly others: readonly string[];
}

/** Backend pools: who is in rotation. */
export interface Pools {
  /**
   * Looks at network interfaces, the pool and its health probes. Writes nothing, although health is asked for by POST.
   * @throws Fault `absent` when there is no such pool, or the virtual machine has no network interface.
   */
  look(pool: PoolPlace, server: ServerPlace): Promise<Rotation>;
  /**
   * Takes a server out of rotation, unless fewer than `floor` others would be in service. Safe against others who do the
   * same at the same time; see rotation.ts. Out already: nothing done, and the mark that it left with, if any.
   * @throws Fault `throttled` when the pool is at its floor: nothing is done, and waiting helps.
   */
  leave(pool: PoolPlace, server: ServerPlace, floor: number, mark: Omit<Mark, "seats">): Promise<Mark | undefined>;
  /**
   * Puts a server back as its mark says it was, and takes the mark away; without a mark by its primary configuration.
   * In already: only a mark that was left is taken away.
   * @returns whether anything was done.
   */
  join(pool: PoolPlace, server: ServerPlace): Promise<boolean>;
}

export const AzureNetworkSettings = z.strictObject({});
export type AzureNetworkSettings = z.infer<typeof AzureNetworkSettings>;

export function connectAzureNetwork(_settings: AzureNetworkSettings, outside: Outside): Pools {
  return rotationOf(networkOf(outside));
}
