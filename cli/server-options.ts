import type { Command } from "commander";
import { clientOf, type Client } from "./client.ts";

export interface ServerOptions {
  readonly server: string;
  readonly as?: string;
  readonly key?: string;
}

/** Adds the options by which a command finds a running Nightshift. */
export function withServer(command: Command): Command {
  return command
    .option("--server <origin>", "address of the running Nightshift", process.env["NIGHTSHIFT_SERVER"] ?? "http://127.0.0.1:7171")
    .option("--as <name>", "who acts, where the host believes it (a local one)", process.env["NIGHTSHIFT_OPERATOR"])
    .option("--key <key>", "function key, where the host asks for one", process.env["NIGHTSHIFT_KEY"]);
}

export function clientFor({ server, as: operator, key }: ServerOptions): Client {
  return clientOf(server, operator, key);
}
