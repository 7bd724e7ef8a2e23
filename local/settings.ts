import { readFileSync } from "node:fs";
import { SETTINGS, type Settings } from "../integrations/all.ts";
import { readConfig } from "../shared/config/config.ts";
import { Secret, type Secrets } from "../shared/ports/secrets.ts";

/** Folder of the project. */
export const PROJECT = new URL("..", import.meta.url).pathname;

/** The settings of a window on one machine: those of local.settings.sample.json, which name simulated vendors only. */
export function localSettings(): Settings {
  return (settings ??= readSettings());
}

/** The file is a part of the project: what it says does not change while a process lives, which may rehearse thousands of windows. */
let settings: Settings | undefined;

function readSettings(): Settings {
  const { Values } = JSON.parse(readFileSync(`${PROJECT}local.settings.sample.json`, "utf8")) as { Values: Record<string, string> };
  return readConfig(Values, SETTINGS);
}

/** A vault in which every name has a value; simulated vendors take any. */
export const simulatedSecrets: Secrets = {
  read: (name) => Promise.resolve(simulatedSecret(name)),
};

/** What that vault has under a name, for simulated vendors who tell their callers by their keys. */
export function simulatedSecret(name: string): Secret {
  return new Secret(name, `simulated-value-of-${name}`);
}

/** A credential for simulated vendors, which take any token. The instant it expires at is never reached. */
export const simulatedCredential = {
  getToken: () => Promise.resolve({ token: "simulated-token", expiresOnTimestamp: Date.parse("2100-01-01T00:00:00Z") }),
};
