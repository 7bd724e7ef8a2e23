import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";
import { azuriteRows, type LokiDatabase } from "./azurite-rows.ts";
import { narrowedQueries, type TableQueries } from "./azurite-queries.ts";

/**
 * The process in which Azurite's table service runs: `node azurite-child.ts PORT [FOLDER]`; without a folder nothing is kept.
 * It tells its parent `{ port }` when it listens, or `{ refused: code }`, and ends when its parent is gone.
 *
 * Azurite answers before it saves. Here the answer to a write is held until the rows are on disk; writes that arrive
 * together are saved together, so that holding costs less than a millisecond each.
 */
enableCompileCache();
const require = createRequire(import.meta.url);

interface TableServer {
  readonly httpServer: Server;
  readonly metadataStore: TableQueries & { db: LokiDatabase; loadDB(): Promise<void> };
  start(): Promise<void>;
}

const fromAzurite = <T>(path: string) => (require(`azurite/dist/src/${path}`) as { default: T }).default;
const { AzuriteTelemetryClient: telemetry } = require("azurite/dist/src/common/Telemetry") as {
  AzuriteTelemetryClient: { init(location: string, enabled: boolean, environment: object): void };
};
const Configuration = fromAzurite<new (...settings: unknown[]) => object>("table/TableConfiguration");
const Service = fromAzurite<new (configuration: object) => TableServer>("table/TableServer");

const [port = "0", folder] = process.argv.slice(2);
telemetry.init("", false, {});

const server = new Service(
  new Configuration(
    ...Object.values({
      host: "127.0.0.1",
      port: Number(port),
      keepAliveSeconds: 60,
      database: "",
      debugLog: false,
      accessLog: false,
      accessLogTo: undefined,
      debugLogFile: undefined,
      loose: false,
      skipApiVersionCheck: true,
      cert: "",
      key: "",
      password: "",
      oauth: undefined,
      disableProductStyleUrl: false,
      inMemory: true,
    }),
  ),
);
narrowedQueries(server.metadataStore);
if (folder !== undefined) {
  const rows = azuriteRows(server.metadataStore.db, join(folder, "tables.sqlite"));
  // The rows are already there; Azurite would look for a file of its own.
  server.metadataStore.loadDB = () => Promise.resolve();
  holdWrites(server.httpServer, () => rows.save());
}

process.on("disconnect", () => process.exit(0));
// The terminal sends its signal to the whole group; the parent decides when this process ends.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);

try {
  await server.start();
  process.send?.({ port: (server.httpServer.address() as { port: number }).port });
} catch (thrown) {
  process.send?.({ refused: (thrown as NodeJS.ErrnoException).code ?? String(thrown) });
}

/** Holds everything that is said in answer to a write until `save` has returned. A failed save ends the process unanswered. */
function holdWrites(httpServer: Server, save: () => void): void {
  let held: (() => void)[] = [];
  const release = () => {
    const group = held;
    held = [];
    save();
    for (const answer of group) answer();
  };

  httpServer.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === "GET" || request.method === "HEAD") return;
    const { write, end } = response;
    const said: (() => void)[] = [];
    response.write = (...args: unknown[]) => {
      said.push(() => Reflect.apply(write, response, args));
      return true;
    };
    response.end = (...args: unknown[]) => {
      if (held.length === 0) setImmediate(release);
      held.push(() => {
        for (const again of said) again();
        Reflect.apply(end, response, args);
      });
      return response;
    };
  });
}
