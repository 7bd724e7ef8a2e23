import { Fault } from "../shared/fault/fault.ts";
import { deadlineAfter } from "../shared/ports/deadline.ts";
import type { Secrets } from "../shared/ports/secrets.ts";
import type { Fetch } from "../shared/ports/transport.ts";
import type { RunState } from "../shared/run/state.ts";
import type { WatchedApp } from "../shared/run/watch.ts";

/** What the watchdog is called in the app's list of machines' keys. */
const MACHINE = "watchdog";
const DEADLINE_MS = 20_000;

export interface WatchedAppSettings {
  /** E.g. `https://APP.azurewebsites.net`. */
  readonly origin: string;
  /** Name of the secret that holds a key of the Functions host, which opens it and says nothing about who calls. */
  readonly keySecret?: string | undefined;
  /** Name of the secret that holds the machine's own key: it says who calls, and so what may be done. */
  readonly machineSecret?: string | undefined;
  readonly fetch: Fetch;
  readonly secrets: Secrets;
}

/** The app over its public door, as any machine that may start windows sees it. */
export function watchedApp({ origin, keySecret, machineSecret, fetch, secrets }: WatchedAppSettings): WatchedApp {
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const key = keySecret === undefined ? undefined : await secrets.read(keySecret);
    const machine = machineSecret === undefined ? undefined : await secrets.read(machineSecret);
    const headers = {
      "content-type": "application/json",
      ...(key === undefined ? {} : { "x-functions-key": key.reveal() }),
      ...(machine === undefined ? {} : { "x-nightshift-key": `${MACHINE}:${machine.reveal()}` }),
    };
    try {
      return await fetch(new URL(`/api/v1/${path}`, origin), { ...init, headers, redirect: "error", signal: deadlineAfter(DEADLINE_MS) });
    } catch (cause) {
      throw new Fault("unavailable", `the app at ${new URL(origin).host} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
        vendor: "nightshift",
        cause,
      });
    }
  }

  function expectOk(what: string, { ok, status }: Response): void {
    if (!ok) throw new Fault(status === 401 || status === 403 ? "denied" : "unavailable", `could not ${what}: the app answered ${status}`, { vendor: "nightshift" });
  }

  return {
    async ready() {
      expectOk("ask whether it is ready", await ask("ready"));
    },
    async start(run, digest) {
      const answer = await ask("runs", { method: "POST", body: JSON.stringify({ window: run, digest }) });
      expectOk(`start ${run}`, answer);
      return (await answer.json()) as { did: string };
    },
    async state(run) {
      const answer = await ask(`runs/${encodeURIComponent(run)}`);
      if (answer.status === 404) return undefined;
      expectOk(`look at ${run}`, answer);
      return (await answer.json()) as RunState;
    },
  };
}
