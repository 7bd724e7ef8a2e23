import { z } from "zod";
import { type Evidence, type Progress, defineAction } from "../../shared/action/action.ts";
import { unreachable } from "../../shared/fault/assert.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Server, named } from "../../shared/inventory/schema.ts";
import type { Look, Patches, ServerUpdates } from "./connector.ts";

const Classification = z.enum(["critical", "security", "rollups", "updates", "definitions", "service-packs"]);

const Params = z.strictObject({
  server: named("server"),
  classifications: z.array(Classification).min(1).default(["critical", "security", "rollups"]).describe("Which updates, by Microsoft's classification"),
  reboot: z.enum(["if-needed", "always", "never"]).default("if-needed").describe("When to restart the server after the installation"),
});
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  server: Server,
  classifications: z.array(Classification),
  reboot: Params.shape.reboot.unwrap(),
  run: z.string(),
  key: z.string(),
  /**
   * `read`: how the server stands before; `restart`, then `back`: until a later boot time is read; `install`. The pair
   * comes before the installation where a restart is pending already, and after it.
   */
  phase: z.enum(["read", "restart", "install", "back"]),
  /** As read before the installation. */
  before: z.object({ build: z.string(), pending: z.array(z.string()) }).optional(),
  /** Known once the installation has ended well. */
  installed: z.array(z.string()).optional(),
  /** UTC ISO, as last read. */
  bootedAt: z.string().optional(),
  /** Since when a restart is waited for, milliseconds since the epoch. */
  restartedMs: z.number().optional(),
  /** Counts the looks of this `back`, since each is a script of its own. */
  look: z.int(),
});
type Receipt = z.infer<typeof Receipt>;

/** A restart, and reading how the server stands then. */
const AFTER_INSTALLING_MS = 4 * 60_000;
/** No server is back from a restart sooner. */
const BACK_AFTER_MS = 2 * 60_000;
/** A server that has not reported a later boot time by then needs a person. */
const BACK_WITHIN_MS = 30 * 60_000;
/** Windows works its boot time out from a counter, so that two readings of one boot differ by a little. */
const BOOT_TIME_SLACK_MS = 60_000;

/**
 * Installs the updates that the server's update source offers it, and restarts it.
 *
 * Each phase is a script on the server with a name derived from the key, so that whatever is done twice is found the
 * second time. The last phase reads the server anew by a script that does not ask the installer: that is what `verify`
 * judges. An installation that ends badly is `failed`, and a fresh try starts over, from what is still missing. An
 * installation under way is not called off: half an update is worse than a late one.
 *
 * @throws Fault `conflict` when the server is not running, or a restart is pending and the plan allows none; `rejected`
 *   when the server does not come back, or what was reported as installed is not there.
 */
export const patchInstall = defineAction<{ patches: Patches }, Params, Receipt>({
  verb: "patch.install",
  summary: "Installs a server's pending updates, restarts it, and checks that they are there.",
  uses: ["patches"],
  params: Params,
  over: "server",
  receipt: Receipt,
  policy: { timeoutMs: 150 * 60_000, startWithinMs: 10 * 60_000, pollEveryMs: 60_000, attempts: 3, retryDelayMs: 60_000 },
  // Updates are there to stay: taking a window back does not take them off, and nobody has to approve each server for it.
  reversal: "nothing",

  touches: ({ server }) => [`server:${server.name}`],

  async preview({ patches }, { server, classifications, reboot }) {
    const then = { "if-needed": "restart it if needed", always: "restart it", never: "do not restart it" }[reboot];
    return [
      `install pending updates (${classifications.join(", ")}) on ${server.name} and ${then}; ${server.name} is ${await patches.power(server)}`,
      "installed updates are not taken back",
    ];
  },

  async begin({ patches }, { server, classifications, reboot }, { run, key }) {
    const receipt: Receipt = { server, classifications, reboot, run, key, phase: "read", look: 1 };
    await patches.startReading(server, idOf(receipt), classifications);
    return receipt;
  },

  // All that begin starts is a script that reads; nothing is installed under a key whose begin was never written down.
  find: () => Promise.resolve(undefined),

  isDrivenByPolls: true,

  async poll({ patches }, receipt, { now }): Promise<Progress<Receipt>> {
    const { server, classifications, phase, reboot, installed } = receipt;

    /** Starts the next phase; its derived name makes that harmless when it was started before. */
    async function go(next: Receipt, note: string, pace: { readonly quietUntil?: number } = {}): Promise<Progress<Receipt>> {
      const id = idOf(next);
      if (next.phase === "install") await patches.startInstalling(server, id, classifications);
      else if (next.phase === "restart") await patches.startRestarting(server, id);
      else await patches.startReading(server, id, classifications);
      return { state: "running", note: `${server.name}: ${note}`, receipt: next, ...pace };
    }
    const restart = (from: Receipt, why: string) => go({ ...from, phase: "restart", look: 1, restartedMs: now }, `restarting, ${why}`);
    const done = (note: string, last = receipt): Progress<Receipt> => ({ state: "done", note: `${server.name}: ${note}`, receipt: last });

    switch (phase) {
      case "read": {
        const look = await patches.reading(server, idOf(receipt));
        if (look.state !== "ended") return { state: look.state, note: `${server.name}: reading which updates are pending` };
        const { pending, pendingReboot, build, bootedAt } = look.result;
        const known: Receipt = { ...receipt, before: { build, pending: [...pending] }, bootedAt };
        if (pendingReboot && reboot === "never")
          throw new Fault("conflict", `a restart of ${server.name} is pending from before, and this step may not restart it`, { vendor: "wsus" });
        if (pendingReboot) return restart(known, "since a restart was pending from before");
        if (pending.length === 0) return done("no updates are pending", known);
        return go({ ...known, phase: "install" }, `installing ${pending.join(", ")}`);
      }
      case "restart": {
        const look = await patches.restarting(server, idOf(receipt));
        if (look.state !== "ended") return { state: "running", note: `${server.name}: ordering the restart` };
        return go({ ...receipt, phase: "back", look: 1 }, "waiting for it to come back", { quietUntil: now + BACK_AFTER_MS });
      }
      case "install": {
        const look = await patches.installing(server, idOf(receipt));
        if (look.state !== "ended") return { state: "running", note: `${server.name}: installing ${receipt.before?.pending.join(", ") ?? ""}`, aheadMs: AFTER_INSTALLING_MS };
        const { installed: names, rebootRequired } = look.result;
        const after: Receipt = { ...receipt, installed: [...names], look: 1 };
        const isWanted = reboot === "always" || (reboot === "if-needed" && rebootRequired);
        return isWanted ? restart(after, `${names.length} updates are installed`) : go({ ...after, phase: "back" }, "reading what is installed now");
      }
      case "back": {
        const look = await lookWhileRestarting(patches, receipt);
        if (look.state === "ended" && isBack(look.result, receipt)) {
          const { pending, bootedAt } = look.result;
          if (installed !== undefined) return done(`${installed.length} updates installed, ${pending.length} pending`);
          if (pending.length === 0) return done("no updates are pending");
          const { restartedMs: _over, ...rest } = receipt;
          return go({ ...rest, phase: "install", bootedAt }, `installing ${pending.join(", ")}`);
        }
        if (receipt.restartedMs !== undefined && now - receipt.restartedMs > BACK_WITHIN_MS) {
          throw new Fault("rejected", `${server.name} has not come back within ${BACK_WITHIN_MS / 60_000} minutes of its restart: look at its console`, { vendor: "wsus" });
        }
        if (look.state === "waiting" || look.state === "running") return { state: "running", note: `${server.name}: waiting for its answer` };
        return go({ ...receipt, look: receipt.look + 1 }, "not restarted yet");
      }
      default:
        return unreachable(phase);
    }
  },

  async verify({ patches }, receipt): Promise<Evidence> {
    const { server, before, installed = [], reboot } = receipt;
    const look = await patches.reading(server, idOf(receipt));
    if (look.state !== "ended") throw new Fault("unavailable", `it is not known yet how ${server.name} stands`, { retryAfterMs: 30_000 });
    const now = look.result;
    const missing = [...new Set([...(before?.pending ?? []), ...installed])].filter((update) => now.pending.includes(update));
    if (missing.length > 0) throw new Fault("rejected", `${server.name} still lacks ${missing.join(", ")}, although the installation ended well`, { vendor: "wsus" });
    if (now.pendingReboot && reboot !== "never") throw new Fault("rejected", `a restart of ${server.name} is still pending`, { vendor: "wsus" });
    const listed = installed.filter((update) => now.installed.includes(update));
    return [
      `${server.name} is offered ${now.pending.length === 0 ? "no further updates" : now.pending.join(", ")}`,
      ...(installed.length === 0 ? [] : [`its own list of updates has ${listed.length === 0 ? "none by name" : listed.join(", ")} of the ${installed.length} installed`]),
      `build ${now.build}${before === undefined || before.build === now.build ? "" : `, was ${before.build}`}; booted ${now.bootedAt}; ${now.pendingReboot ? "a restart is pending, as the plan wants it" : "no restart pending"}`,
    ];
  },

  already: ({ server, phase, before }) => (phase === "read" && before?.pending.length === 0 ? `no updates were pending on ${server.name}` : undefined),
});

/** The script of the phase that the receipt is in. */
function idOf({ run, key, phase, installed, look }: Receipt): { run: string; key: string; part: string } {
  const when = installed === undefined ? "before installing" : "after installing";
  switch (phase) {
    case "read":
    case "install":
      return { run, key, part: phase };
    case "restart":
      return { run, key, part: `restart ${when}` };
    case "back":
      return { run, key, part: `read ${when}, look ${look}` };
    default:
      return unreachable(phase);
  }
}

/** A restart may cut off the very script that looks for it; another look will tell. */
async function lookWhileRestarting(patches: Patches, receipt: Receipt): Promise<Look<ServerUpdates> | { readonly state: "cut off" }> {
  try {
    return await patches.reading(receipt.server, idOf(receipt));
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.kind === "failed" && receipt.restartedMs !== undefined) return { state: "cut off" };
    throw thrown;
  }
}

/** The answer may be from before the restart: only a later boot time proves it. */
function isBack(now: ServerUpdates, { bootedAt, restartedMs }: Receipt): boolean {
  return restartedMs === undefined || Date.parse(now.bootedAt) > Date.parse(bootedAt ?? "") + BOOT_TIME_SLACK_MS;
}
