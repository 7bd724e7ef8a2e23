import { composeWatchdog } from "../functions/watchdog-compose.ts";
import type { TablesSettings } from "../adapters/tables.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Clock } from "../shared/ports/clock.ts";
import { Secret, type Secrets } from "../shared/ports/secrets.ts";
import { silentTelemetry } from "../shared/ports/telemetry.ts";
import type { Fetch } from "../shared/ports/transport.ts";
import type { Kennel } from "../shared/run/watch.ts";
import { simulatedCredential, simulatedSecret } from "./settings.ts";
import { socketTransport } from "./transport.ts";

export interface LocalWatchdog {
  readonly clock: Clock;
  /** Where the app answers, `http://127.0.0.1:PORT`. */
  readonly app: string;
  /** Where the simulated vendors are served. */
  readonly vendors: string;
  /** Its own tables, and the app's, which it only reads plans from. */
  readonly tables: TablesSettings;
  readonly appTables: TablesSettings;
  /** Where pages go: a webhook; none, and pages are only said. */
  readonly pager?: string;
  /** Values of the keys that the app's door asks for, if it asks. */
  readonly functionKey?: string;
  readonly machineKey?: string;
  /** Takes a line for whatever people are told or paged, and for what went wrong. */
  say(line: string): void;
}

/** Names that the secrets of a watchdog on one machine have; in Azure they are in its vault. */
const NAMES = { functionKey: "app-function-key", machineKey: "app-machine-key", pager: "pager-url" } as const;

/**
 * The watchdog of Azure on this machine: the same composition and brain, with tables, vendors and a clock that are given. It shares
 * with the app it watches what it shares in Azure: the vendors, the app's door, and a look at its plans.
 */
export function localKennel(options: LocalWatchdog): Kennel {
  const { clock, app, vendors, pager, functionKey, machineKey, say } = options;
  const kennel = composeWatchdog(
    {
      NIGHTSHIFT_WATCHDOG_TABLES_URL: "https://watchdog.table.example.com",
      NIGHTSHIFT_WATCHDOG_APP_TABLES_URL: "https://app.table.example.com",
      NIGHTSHIFT_WATCHDOG_VAULT_URL: "https://watchdog.vault.example.com",
      NIGHTSHIFT_WATCHDOG_APP_ORIGIN: app,
      NIGHTSHIFT_WATCHDOG_APP_KEY: functionKey === undefined ? "" : NAMES.functionKey,
      NIGHTSHIFT_WATCHDOG_MACHINE_KEY: machineKey === undefined ? "" : NAMES.machineKey,
      NIGHTSHIFT_WATCHDOG_PAGER_URL: NAMES.pager,
      NIGHTSHIFT_WATCHDOG_SLACK_BOT_TOKEN: "slack-bot-token",
      NIGHTSHIFT_WATCHDOG_AZURE_DEVOPS_PERSONAL_ACCESS_TOKEN: "azure-devops-token",
    },
    {
      clock,
      fetch: nearby(socketTransport(vendors, clock).fetch),
      secrets: secretsOf(options),
      credential: simulatedCredential,
      tables: options.tables,
      appTables: options.appTables,
    },
  );
  return {
    ...kennel,
    people: {
      async tell(run, notice) {
        await kennel.people.tell(run, notice);
        say(`told: ${notice.text}`);
      },
    },
    pager: {
      async page(page) {
        if (pager !== undefined) await kennel.pager.page(page);
        say(`paged: ${page.title}`);
      },
    },
    telemetry: silentTelemetry,
    complain: (line) => say(line),
  };
}

/** What is served on this machine is asked directly; everything else is a vendor. */
function nearby(toVendors: Fetch): Fetch {
  return (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    return hostname === "127.0.0.1" || hostname === "localhost" ? globalThis.fetch(input, init) : toVendors(input, init);
  };
}

function secretsOf({ functionKey, machineKey, pager }: LocalWatchdog): Secrets {
  const known: Readonly<Record<string, string | undefined>> = { [NAMES.functionKey]: functionKey, [NAMES.machineKey]: machineKey, [NAMES.pager]: pager };
  return {
    async read(name) {
      if (!(name in known)) return simulatedSecret(name);
      const value = known[name];
      if (value === undefined) throw new Fault("absent", `the watchdog on this machine was given no ${name}`);
      return new Secret(name, value);
    },
  };
}
