import type { Principal } from "./principal.ts";
import { Refusal } from "./refusal.ts";
import type { AccessSettings } from "./settings.ts";

interface Named {
  readonly name: string;
  readonly email?: string;
  readonly slackId?: string;
}

/** Whether a plan that names these people for an approval means this one, by name, e-mail or Slack id. An admin is always meant. */
export function isNamed({ role, names }: Principal, people: readonly Named[]): boolean {
  if (role === "admin") return true;
  const own = new Set(names.map(plain));
  return people.some(({ name, email, slackId }) => [name, email, slackId].some((known) => known !== undefined && own.has(plain(known))));
}

/** @throws Refusal 403 for anybody whom the step does not name. */
export function checkStepApproval(principal: Principal, step: string, by: readonly Named[]): void {
  if (!isNamed(principal, by)) throw new Refusal(403, `${principal.name} may not approve ${step}: the plan names ${by.map(({ name }) => name).join(", ")}`);
}

/** @throws Refusal 403 for who stored the plan, unless the settings allow it. Admins are no exception: two pairs of eyes are the point. */
export function checkPlanApproval(principal: Principal, storedBy: string, settings: AccessSettings): void {
  checkAnother(principal, storedBy, settings, "stored this plan");
}

/** @throws Refusal 403 for who proposed the amendment; the same setting allows it. */
export function checkAmendmentApproval(principal: Principal, proposedBy: string, settings: AccessSettings): void {
  checkAnother(principal, proposedBy, settings, "proposed this amendment");
}

function checkAnother({ name: caller, names }: Principal, author: string, { selfApproval }: AccessSettings, did: string): void {
  if (selfApproval === "true") return;
  if ([caller, ...names].some((name) => plain(name) === plain(author))) throw new Refusal(403, `${caller} ${did}: someone else must approve it`);
}

function plain(name: string): string {
  return name.trim().toLowerCase();
}
