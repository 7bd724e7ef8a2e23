import { z } from "zod";
import { type Evidence, type Progress, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Server, named } from "../../shared/inventory/schema.ts";
import type { MachineEvent, Retirement } from "./retirement.ts";

const Params = z.strictObject({
  server: named("server"),
  offDays: z.int().min(30).max(89).default(30).describe("For how many days it must have been deallocated"),
});
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  server: Server,
  /** Why it was right to delete it, in words; none where it was gone already. */
  proof: z.string().optional(),
});
type Receipt = z.infer<typeof Receipt>;

const DAY_MS = 24 * 3_600_000;
/** Azure keeps the activity log for 90 days; a day less, so that no event falls out while we read. */
const LOG_DAYS = 89;

/**
 * Deletes a virtual machine that has been deallocated for long enough, by the activity log; refuses any other.
 *
 * Proof is a successful deallocation that long ago and nothing that starts the machine since. A machine that was made
 * before the log begins and has neither in it has been off for as long as the log goes back.
 *
 * @throws Fault `rejected` when it is not deallocated, or not for that long, or that cannot be proven.
 */
export const hostDecommission = defineAction<{ retirement: Retirement }, Params, Receipt>({
  verb: "host.decommission",
  summary: "Deletes a server that is proven to have been off for at least 30 days.",
  uses: ["retirement"],
  params: Params,
  over: "server",
  receipt: Receipt,
  policy: { timeoutMs: 45 * 60_000, pollEveryMs: 30_000 },
  reversal: "irreversible",

  touches: ({ server }) => [`server:${server.name}`],

  async preview({ retirement }, params, { now }) {
    const { server } = params;
    const proof = await prove(retirement, params, now);
    if (proof === undefined) return [`virtual machine ${server.vm} is not in ${server.resourceGroup}: nothing to delete`];
    return [
      `delete virtual machine ${server.vm} in ${server.resourceGroup} of subscription ${server.subscription}`,
      proof,
      "disks and network interfaces go or stay as their delete options say",
    ];
  },

  async begin({ retirement }, params, { now, attempt }) {
    const { server } = params;
    const proof = await prove(retirement, params, now);
    // Gone after a first call whose answer was lost: that call deleted it, and had the proof.
    if (proof === undefined) return attempt > 1 ? { server, proof: `proven to have been off for ${params.offDays} days when it was deleted` } : { server };
    await retirement.startDeletion(server);
    return { server, proof };
  },

  async poll({ retirement }, { server }): Promise<Progress<Receipt>> {
    const found = await retirement.find(server);
    return found === undefined ? { state: "done", note: `${server.vm} is gone` } : { state: "running", note: `Azure is deleting ${server.vm}` };
  },

  async verify({ retirement }, { server, proof }): Promise<Evidence> {
    if (await retirement.isListed(server)) throw new Fault("rejected", `${server.vm} is still among the virtual machines of ${server.resourceGroup}`, { vendor: "azure-compute" });
    return [`resource group ${server.resourceGroup} lists no virtual machine ${server.vm}`, ...(proof === undefined ? [] : [proof])];
  },

  already: ({ server, proof }) => (proof === undefined ? `${server.vm} was gone before` : undefined),
});

/** The proof in words; `undefined` when there is no such machine. */
async function prove(retirement: Retirement, { server, offDays }: Params, now: number): Promise<string | undefined> {
  const refuse = (why: string) =>
    new Fault("rejected", `${server.name} (${server.vm}) ${why}; expected it to be deallocated for at least ${offDays} days`, { vendor: "azure-compute" });
  const found = await retirement.find(server);
  if (found === undefined) return undefined;
  if (found.power !== "deallocated") throw refuse(`is ${found.power}`);
  const logBegins = now - LOG_DAYS * DAY_MS;
  const events = await retirement.events(server, logBegins, now);
  const off = events.findLast(({ operation, status }) => operation.endsWith("/virtualmachines/deallocate/action") && status === "Succeeded");
  const started = events.findLast((event) => isUse(event) && !(event.atMs < (off?.atMs ?? 0)));
  if (started !== undefined) throw refuse(`was started on ${dayOf(started.atMs)} by ${started.caller}`);
  if (off !== undefined) {
    if (now - off.atMs < offDays * DAY_MS) throw refuse(`was deallocated on ${dayOf(off.atMs)}, ${Math.floor((now - off.atMs) / DAY_MS)} days ago`);
    return `deallocated on ${dayOf(off.atMs)} by ${off.caller} and not started since, by the activity log`;
  }
  if (found.createdMs === undefined || found.createdMs > logBegins) throw refuse("has no deallocation in the activity log");
  return `deallocated, and neither started nor stopped for as long as the activity log goes back (${LOG_DAYS} days)`;
}

/** Anything that shows a machine to be wanted running, also when it is not known to have ended well. */
function isUse({ operation, status }: MachineEvent): boolean {
  return /\/virtualmachines\/(start|restart|redeploy|reimage|poweroff)\/action$/.test(operation) && status !== "Failed";
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
