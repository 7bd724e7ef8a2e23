import type { Door } from "../shared/access/door.ts";
import type { AccessSettings } from "../shared/access/settings.ts";
import type { Registry } from "../shared/action/registry.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { Replies } from "../shared/ports/people.ts";
import type { Secret } from "../shared/ports/secrets.ts";
import type { Conductor, Stage } from "../shared/run/conductor.ts";
import type { Code } from "../shared/run/replays.ts";
import type { Workbook } from "../shared/run/workbook.ts";

/** What the triggers call. One composition makes it for Azure, another for the local host; the triggers know neither. */
export interface App {
  readonly stage: Stage;
  readonly conductor: Conductor;
  readonly registry: Registry;
  /** The inventory that plans sent to the API are compiled with, and the file it came from. */
  inventory(): Promise<{ inventory: Inventory; file: string }>;
  /** Who may come in. */
  readonly door: Door;
  /** Slack as a hand: buttons and the slash command. Absent where it has no signing secret. */
  readonly slack?: SlackHand;
  /** A workbook as the bytes of an `.xlsx` file. */
  workbookFile(workbook: Workbook): Promise<Uint8Array>;
  /** Waits, for callers who wait for news; absent where the clock stands still while a request is answered. */
  readonly pause?: (ms: number) => Promise<void>;
  readonly version: string;
  /** The orchestrators that are deployed, and what they can go on with. */
  code(): Promise<Code>;
  /** Rings orchestrations in this process, where the host can; otherwise activities ring through the durable client. */
  readonly ring?: (instances: readonly string[]) => Promise<void>;
}

export interface SlackHand {
  /** What Slack signs its requests with, read anew each time. */
  signingSecret(): Promise<Secret>;
  readonly replies: Replies;
  readonly access: AccessSettings;
  /** On a machine where nobody signs in, the people of the inventory need no role of their own. */
  readonly trusting: boolean;
}

export const WINDOW = "window";
export const STEP = "step";
export const TARGET = "target";
export const FAN = "fan";
export const REPLY = "reply";
