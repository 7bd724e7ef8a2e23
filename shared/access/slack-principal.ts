import { z } from "zod";
import type { Principal } from "./principal.ts";
import { Refusal } from "./refusal.ts";
import { ROLES, type Role } from "./roles.ts";
import type { AccessSettings } from "./settings.ts";

const Person = z.object({ name: z.string(), slackId: z.string(), email: z.string() });

/**
 * Who a Slack user is here: a person of the inventory, by Slack id. Their role is what the settings give to their e-mail address
 * or Slack id; Entra's groups and app roles say nothing through Slack.
 *
 * @param people the inventory's entries of persons.
 * @param trusting on a machine where nobody signs in, everybody of the inventory may approve where a plan names them.
 * @throws Refusal 403 for who is not in the inventory, or has no role.
 */
export function slackPrincipal(user: string, people: readonly object[], { viewers, operators, approvers, admins }: AccessSettings, trusting: boolean): Principal {
  const person = people.map((entry) => Person.safeParse(entry).data).find((known) => known?.slackId === user);
  if (person === undefined) throw new Refusal(403, `the Slack user ${user} is nobody of the inventory`);
  const lists: Readonly<Record<Role, readonly string[]>> = { viewer: viewers, operator: operators, approver: approvers, admin: admins };
  const own = [person.email, person.slackId].map((name) => name.toLowerCase());
  const role = ROLES.findLast((candidate) => lists[candidate].some((name) => own.includes(name))) ?? (trusting ? "approver" : undefined);
  if (role === undefined) throw new Refusal(403, `${person.name} has no role here`);
  return { kind: "person", name: person.name, role, names: [person.name, person.email, person.slackId] };
}
