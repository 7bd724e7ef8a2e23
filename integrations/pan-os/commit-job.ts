import type { Progress } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import type { Account, Firewall, FirewallPlace } from "./connector.ts";

/** How a commit stands, as a look at work under way. What failed is put away, so that nobody commits it later. */
export async function committed<Receipt>(port: Firewall, firewall: FirewallPlace, account: Account, job: string | undefined): Promise<Progress<Receipt>> {
  if (job === undefined) return { state: "done", note: `there was nothing to commit on ${firewall.name}` };
  const commit = await port.job(firewall, account, job);
  if (commit === undefined) return { state: "done", note: `${firewall.name} does not know job ${job} any more; its running configuration tells` };
  if (commit.state === "queued") return { state: "waiting", note: `commit ${job} waits for its turn on ${firewall.name}` };
  if (commit.state === "running") return { state: "running", note: `commit ${job} on ${firewall.name}: ${commit.note}` };
  if (commit.state === "done") return { state: "done", note: `commit ${job} on ${firewall.name} ended` };
  await port.revert(firewall, account);
  throw new Fault("rejected", `commit ${job} on ${firewall.name} failed: ${commit.note}; what it was to change is put away`, { vendor: "pan-os" });
}

/** On the way back: our own commit has to have ended, or it would go live after we have looked. What failed is put away. */
export async function expectSettled(port: Firewall, firewall: FirewallPlace, account: Account, job: string | undefined): Promise<void> {
  const commit = job === undefined ? undefined : await port.job(firewall, account, job);
  if (commit?.state === "queued" || commit?.state === "running")
    throw new Fault("unavailable", `commit ${commit.job} is still under way on ${firewall.name}; it is taken back once it has ended`, { vendor: "pan-os", retryAfterMs: 20_000 });
  if (commit?.state === "failed") await port.revert(firewall, account);
}

/** On the way back: an earlier commit of the same taking back has to have ended, and well. */
export async function expectEnded(port: Firewall, firewall: FirewallPlace, account: Account, by: string): Promise<void> {
  const earlier = await port.findCommit(firewall, account, by);
  if (earlier?.state === "queued" || earlier?.state === "running") throw underWay(firewall);
  if (earlier?.state !== "failed") return;
  await port.revert(firewall, account);
  throw new Fault("rejected", `commit ${earlier.job} on ${firewall.name}, which was to put things back, failed: ${earlier.note}`, { vendor: "pan-os" });
}

/** Looked at again under the same key, which finds this very commit. */
export function underWay({ name }: FirewallPlace): Fault {
  return new Fault("unavailable", `things are being put back on ${name}; the end of that commit is not known yet`, { vendor: "pan-os", retryAfterMs: 20_000 });
}
