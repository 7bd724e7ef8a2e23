import { join } from "node:path";
import { workbookFile } from "../adapters/workbook-file.ts";
import { assemble } from "../functions/assemble.ts";
import type { App } from "../functions/app.ts";
import { codeIn } from "../functions/code.ts";
import { platformOf } from "../shared/access/door.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { Secrets } from "../shared/ports/secrets.ts";
import type { Telemetry } from "../shared/ports/telemetry.ts";
import type { Fetch, Handshake } from "../shared/ports/transport.ts";
import type { Journal } from "../shared/run/journal.ts";
import type { Locks } from "../shared/run/locks.ts";
import type { Plans } from "../shared/run/plans.ts";
import { rememberingSecrets, recorder } from "./recorder.ts";
import { localSettings, PROJECT, simulatedCredential, simulatedSecrets } from "./settings.ts";
import { systemOf } from "./simulators.ts";

/** What differs between a window on one machine and a rehearsal: where facts are kept, how vendors are reached, who rings. */
export interface LocalParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly locks: Locks;
  readonly plans: Plans;
  readonly telemetry: Telemetry;
  readonly fetch: Fetch;
  readonly handshake: Handshake;
  readonly secrets?: Secrets;
  /** Takes one line of JSON for each exchange with a vendor. */
  readonly record?: (line: string) => void;
  readonly ring?: App["ring"];
  /** In the place of one that writes the tracking workbook as an `.xlsx` file. */
  readonly workbookFile?: App["workbookFile"];
}

/** Read once for all windows of this process. */
const code = codeIn(join(PROJECT, "orchestrators"));

/** The production app, with simulated vendors behind its connectors and the host's clock in its hand. */
export function composeLocal({ clock, fetch, handshake, record, secrets = simulatedSecrets, ...parts }: LocalParts): App {
  const remembering = rememberingSecrets(secrets);
  const recorded = record === undefined ? fetch : recorder({ clock, systemOf, secretsKnown: () => remembering.known(), write: record }).around(fetch);
  return assemble({
    ...parts,
    settings: localSettings(),
    outside: { fetch: recorded, handshake, clock, secrets: remembering, credential: simulatedCredential },
    folder: PROJECT,
    version: "local",
    code,
    platform: platformOf(process.env),
    localOperator: "local operator",
    workbookFile: parts.workbookFile ?? workbookFile,
  });
}
