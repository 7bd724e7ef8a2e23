import type { TableClient } from "@azure/data-tables";
import { Fault } from "../shared/fault/fault.ts";
import { deadlineAfter } from "../shared/ports/deadline.ts";
import type { Credential } from "../shared/ports/outside.ts";
import { codeOf, floorCall, type AzureError } from "./azure-faults.ts";

/** Where the tables are: an account by its address and an identity, or an emulator by its connection string. */
export interface TablesSettings {
  /** E.g. `https://ACCOUNT.table.core.windows.net`. */
  readonly url?: string;
  readonly credential?: Credential;
  /** Instead of the two; for emulators only. */
  readonly connection?: string;
  /** The names of all tables begin with it: letters and digits, `nightshift` unless given. */
  readonly prefix?: string;
}

export interface Row {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly [property: string]: string | number | boolean;
}

/** One table, made when something is first written to it. All errors are Faults; `what` names the deed in them. */
export interface Table {
  /** Rows of `partition` whose key is at least `from` and below `to`, in order of their keys. */
  range(what: string, partition: string, from: string, to: string): Promise<readonly Row[]>;
  /** All rows of a partition, in order of their keys. */
  partition(what: string, partition: string): Promise<readonly Row[]>;
  get(what: string, partition: string, row: string): Promise<(Row & { readonly etag: string }) | undefined>;
  /** Adds the rows, all of one partition, all or none. False when one of them is there already. */
  insert(what: string, rows: readonly Row[]): Promise<boolean>;
  put(what: string, row: Row): Promise<void>;
  /** Sets the properties given. False when the row was changed since, or is gone. */
  merge(what: string, row: Row, etag: string): Promise<boolean>;
  /** False when the row was changed since, or is gone. */
  remove(what: string, partition: string, row: string, etag: string): Promise<boolean>;
}

/** Rows in one transaction, and bytes of its request. See "Performing entity group transactions", Microsoft Learn. */
const MOST_ROWS = 100;
const MOST_BYTES = 4 * 1024 * 1024;
/** What each row of a transaction adds to its request beside its own JSON: boundary, verb, address, headers. */
const BYTES_AROUND_ROW = 1_024;

/** Longest wait for one answer. */
const DEADLINE_MS = 20_000;
/** A read may be repeated by the SDK: it changes nothing. A write may not: its caller looks first. */
const READ_RETRIES = { maxRetries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 };

/**
 * The table `name` of the account; nothing is loaded or sent before it is used.
 *
 * @throws Fault `invalid` when `settings` name neither an account nor a connection.
 */
export function tableNamed(name: string, settings: TablesSettings): Table {
  const { url, credential, connection, prefix = "nightshift" } = settings;
  const fullName = prefix + name;
  if (connection === undefined && (url === undefined || credential === undefined)) {
    throw new Fault("invalid", `the table ${fullName} needs the address of its account and a credential, or a connection string`);
  }

  const client = (retryOptions: object) =>
    later(async (): Promise<TableClient> => {
      const { TableClient } = await import("@azure/data-tables");
      if (connection !== undefined) return TableClient.fromConnectionString(connection, fullName, { retryOptions, allowInsecureConnection: /http:/.test(connection) });
      return new TableClient(url ?? "", fullName, credential as Credential, { retryOptions });
    });
  const reading = client(READ_RETRIES);
  const writing = client({ maxRetries: 0 });
  const deadline = () => ({ abortSignal: deadlineAfter(DEADLINE_MS) });

  /** The table is made by the first write that misses it, and that write is then sent again: it had no effect. */
  async function write<T>(what: string, send: (client: TableClient) => Promise<T>): Promise<T> {
    return floorCall(what, async () => {
      const ready = await writing();
      try {
        return await send(ready);
      } catch (thrown) {
        if (!isMissingTable(thrown)) throw thrown;
        await ready.createTable(deadline());
        return send(ready);
      }
    });
  }

  async function query(what: string, filter: string): Promise<readonly Row[]> {
    return floorCall(what, async () => {
      const rows: Row[] = [];
      try {
        for await (const row of (await reading()).listEntities<Row>({ queryOptions: { filter }, ...deadline() })) rows.push(row);
      } catch (thrown) {
        if (!isMissingTable(thrown)) throw thrown;
      }
      return rows;
    });
  }

  return {
    range: (what, partition, from, to) => query(what, `PartitionKey eq '${quoted(partition)}' and RowKey ge '${quoted(from)}' and RowKey lt '${quoted(to)}'`),
    partition: (what, partition) => query(what, `PartitionKey eq '${quoted(partition)}'`),

    get: (what, partition, row) =>
      floorCall(what, async () => {
        try {
          return await (await reading()).getEntity<Row>(partition, row, deadline());
        } catch (thrown) {
          if (isMissingTable(thrown) || isStatus(thrown, 404)) return undefined;
          throw thrown;
        }
      }),

    async insert(what, rows) {
      const [only] = rows;
      if (only === undefined) return true;
      checkFits(what, rows);
      try {
        await write<unknown>(what, (client) =>
          rows.length === 1
            ? client.createEntity(only, deadline())
            : client.submitTransaction(
                rows.map((row) => ["create", row]),
                deadline(),
              ),
        );
        return true;
      } catch (thrown) {
        if (thrown instanceof Fault && codeOf(thrown.cause as AzureError) === "EntityAlreadyExists") return false;
        throw thrown;
      }
    },

    async put(what, row) {
      await write(what, (client) => client.upsertEntity(row, "Replace", deadline()));
    },

    merge: (what, row, etag) => changed(() => write(what, (client) => client.updateEntity(row, "Merge", { etag, ...deadline() }))),
    remove: (what, partition, row, etag) => changed(() => write(what, (client) => client.deleteEntity(partition, row, { etag, ...deadline() }))),
  };
}

/** @throws Fault `invalid` for more than one transaction can hold. */
export function checkFits(what: string, rows: readonly Row[]): void {
  const bytes = rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(row)) + BYTES_AROUND_ROW, 0);
  if (rows.length <= MOST_ROWS && bytes <= MOST_BYTES) return;
  throw new Fault("invalid", `could not ${what}: that is ${rows.length} rows of ${bytes} bytes; at most ${MOST_ROWS} rows and ${MOST_BYTES} bytes can be kept at once`);
}

async function changed(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (thrown) {
    if (thrown instanceof Fault && (isStatus(thrown.cause, 412) || isStatus(thrown.cause, 404))) return false;
    throw thrown;
  }
}

function isMissingTable(thrown: unknown): boolean {
  return thrown instanceof Error && codeOf(thrown) === "TableNotFound";
}

function isStatus(thrown: unknown, status: number): boolean {
  return thrown instanceof Error && (thrown as AzureError).statusCode === status;
}

function quoted(value: string): string {
  return value.replaceAll("'", "''");
}

/** Made once, when first asked for; a failed attempt is not kept. */
function later<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}
