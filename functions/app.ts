import type { Registry } from "../shared/action/registry.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { Conductor, Stage } from "../shared/run/conductor.ts";

/** What the triggers call. One composition makes it for Azure, another for the local host; the triggers know neither. */
export interface App {
  readonly stage: Stage;
  readonly conductor: Conductor;
  readonly registry: Registry;
  /** The inventory that plans sent to the API are compiled with, and the file it came from. */
  inventory(): Promise<{ inventory: Inventory; file: string }>;
  /** Whether the platform authenticates callers, so that its header can be trusted. */
  readonly signIn: boolean;
  /** Who acts where nobody signs in. */
  readonly localOperator?: string;
  readonly version: string;
  /** Rings orchestrations in this process, where the host can; otherwise activities ring through the durable client. */
  readonly ring?: (instances: readonly string[]) => Promise<void>;
}

export const WINDOW = "window";
export const STEP = "step";
export const TARGET = "target";
export const FAN = "fan";
