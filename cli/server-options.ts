import type { Command } from "commander";
import { clientOf, type Client, type Credentials } from "./client.ts";

export interface ServerOptions extends Credentials {
  readonly server: string;
}

/** Adds the options by which a command finds a running Nightshift, and says who calls. */
export function withServer(command: Command): Command {
  return withCredentials(command.option("--server <origin>", "address of the running Nightshift", process.env["NIGHTSHIFT_SERVER"] ?? "http://127.0.0.1:7171"));
}

/** Adds the options that say who calls, for a command that need not have a running Nightshift. */
export function withCredentials(command: Command): Command {
  return command
    .option("--as <name>", "who acts, where the host believes it (a local one)", process.env["NIGHTSHIFT_OPERATOR"])
    .option("--key <name:value>", "a machine's key, by which the app knows who calls", process.env["NIGHTSHIFT_KEY"])
    .option("--function-key <key>", "the key that opens a Functions host in Azure", process.env["NIGHTSHIFT_FUNCTION_KEY"]);
}

export function clientFor({ server, ...credentials }: ServerOptions): Client {
  return clientOf(server, credentials);
}
