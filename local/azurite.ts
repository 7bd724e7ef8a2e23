import { fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../shared/fault/fault.ts";

/** Azurite's table service, running in a process of its own. */
export interface Azurite {
  /** For @azure/data-tables; holds the emulator's well-known account and key. */
  readonly connectionString: string;
  readonly port: number;
  /** Of the process, for tests that end it by force. */
  readonly pid: number;
  /** Ends the process; what was acknowledged is kept already. */
  close(): Promise<void>;
}

export interface AzuriteOptions {
  /** Where its tables are kept; made if missing. Without it they live in memory. */
  readonly folder?: string;
  /** Taken if it is free; any other free port otherwise. */
  readonly port?: number;
}

/** Where Azurite usually listens for tables. */
export const USUAL_TABLE_PORT = 10_002;

/** The emulator's account and key, the same on every machine. See "Use the Azurite emulator", Microsoft Learn. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/**
 * Starts Azurite's table service on loopback. What it has acknowledged survives `kill -9` of every process at once; it ends
 * with the process that started it.
 *
 * @throws Fault `unavailable` when it does not start.
 */
export async function startAzurite({ folder, port = USUAL_TABLE_PORT }: AzuriteOptions = {}): Promise<Azurite> {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const started = await launch(port, folder);
  if (typeof started !== "string") return started;
  // Another program, or another Nightshift, has the usual port.
  const elsewhere = started === "EADDRINUSE" || started === "EACCES" ? await launch(0, folder) : started;
  if (typeof elsewhere !== "string") return elsewhere;
  throw new Fault("unavailable", `Azurite did not start: ${elsewhere}; expected it to listen on 127.0.0.1`);
}

/** The running service, or why it did not start. */
function launch(port: number, folder: string | undefined): Promise<Azurite | string> {
  const child = fork(join(import.meta.dirname, "azurite-child.ts"), [String(port), ...(folder === undefined ? [] : [folder])], {
    execArgv: [],
    // Its warnings are about Azurite's own age; what goes wrong comes as a message or an exit.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2_000)));
  const { promise: ended, resolve: gone } = Promise.withResolvers<void>();
  child.once("exit", () => gone());
  const close = async () => {
    child.ref();
    if (child.connected) child.disconnect();
    await ended;
  };

  return new Promise((resolve) => {
    child.once("error", (cause) => resolve(cause.message));
    child.once("exit", (code, signal) => resolve(`its process ended with ${signal ?? code}${said === "" ? "" : `: ${said.trim()}`}`));
    child.once("message", (message: { port: number } | { refused: string }) => {
      // From here on its end is no news.
      child.removeAllListeners("exit").once("exit", () => gone());
      if ("refused" in message) return void close().then(() => resolve(message.refused));
      // Neither the process nor its pipes keep the parent alive.
      child.unref();
      child.channel?.unref();
      (child.stderr as unknown as { unref?(): void } | null)?.unref?.();
      resolve({
        connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};TableEndpoint=http://127.0.0.1:${message.port}/${ACCOUNT};`,
        port: message.port,
        pid: child.pid ?? 0,
        close,
      });
    });
  });
}
