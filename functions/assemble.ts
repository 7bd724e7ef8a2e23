import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { connectAll, type Settings } from "../integrations/all.ts";
import { registry } from "../integrations/actions.ts";
import { doorOf, type Platform } from "../shared/access/door.ts";
import { Fault } from "../shared/fault/fault.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { hasErrors, printedFinding } from "../shared/plan/finding.ts";
import type { Outside } from "../shared/ports/outside.ts";
import type { Replies } from "../shared/ports/people.ts";
import type { Telemetry } from "../shared/ports/telemetry.ts";
import { conductorOf, type Stage } from "../shared/run/conductor.ts";
import type { Journal } from "../shared/run/journal.ts";
import type { Locks } from "../shared/run/locks.ts";
import type { Plans } from "../shared/run/plans.ts";
import type { App, SlackHand } from "./app.ts";
import { observedFetch } from "./observed-fetch.ts";
import { timelyFetch } from "./timely-fetch.ts";

/** What a composition chooses: where facts are kept, how the world is reached, what telemetry goes to. */
export interface Parts {
  readonly settings: Settings;
  readonly outside: Outside;
  readonly journal: Journal;
  readonly locks: Locks;
  readonly plans: Plans;
  readonly telemetry: Telemetry;
  /** Folder that relative paths in settings start from. */
  readonly folder: string;
  readonly version: string;
  /** What was found out about the orchestrators' code. */
  readonly code: App["code"];
  /** What the platform says of itself; see shared/access/door.ts. */
  readonly platform: Platform;
  readonly localOperator?: string;
  readonly workbookFile: App["workbookFile"];
  readonly pause?: App["pause"];
  readonly ring?: App["ring"];
}

/** Puts the app together from its parts; the same for Azure, the local host and rehearsals. */
export function assemble(parts: Parts): App {
  const { settings, outside, journal, locks, plans, telemetry, folder } = parts;
  const { core } = settings;
  const reports = new URL("./", core.reportBaseUrl.endsWith("/") ? core.reportBaseUrl : `${core.reportBaseUrl}/`).href;
  const reportUrl = (run: string): string => `${reports}${encodeURIComponent(run)}`;
  const fetch = timelyFetch(observedFetch(outside.fetch, outside.clock, telemetry), outside.clock);
  const ports = connectAll(settings, { ...outside, fetch }, reportUrl);
  const stage: Stage = {
    clock: outside.clock,
    journal,
    locks,
    plans,
    registry,
    ports,
    people: ports.people,
    telemetry,
    reportUrl,
    workbookFile: parts.workbookFile,
  };
  return {
    stage,
    registry,
    conductor: conductorOf(stage),
    door: doorOf({
      settings: settings.access,
      signIn: core.signIn === "true",
      platform: parts.platform,
      secrets: outside.secrets,
      journal,
      clock: outside.clock,
      ...(parts.localOperator === undefined ? {} : { localOperator: parts.localOperator }),
    }),
    ...(settings.slack.signingSecret === undefined ? {} : { slack: slackHand(parts, settings.slack.signingSecret, ports.replies) }),
    workbookFile: parts.workbookFile,
    version: parts.version,
    code: parts.code,
    ...(parts.pause === undefined ? {} : { pause: parts.pause }),
    ...(parts.ring === undefined ? {} : { ring: parts.ring }),
    async inventory() {
      const file = core.inventoryFile;
      const { inventory, findings } = loadInventory(await textOf(isAbsolute(file) ? file : join(folder, file)), file);
      if (hasErrors(findings)) throw new Fault("invalid", `the inventory cannot be used:\n${findings.map(printedFinding).join("\n")}`);
      return { inventory, file };
    },
  };
}

function slackHand({ outside, settings, localOperator }: Parts, secret: string, replies: Replies): SlackHand {
  return { signingSecret: () => outside.secrets.read(secret), replies, access: settings.access, trusting: localOperator !== undefined };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Fault("absent", `the inventory ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
