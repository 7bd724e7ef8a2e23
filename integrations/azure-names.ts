import { Fault } from "../shared/fault/fault.ts";

/** Where an Azure resource lives. */
export interface ArmPlace {
  /** GUID. */
  readonly subscription: string;
  readonly resourceGroup: string;
}

/**
 * A name as one segment of an Azure Resource Manager path.
 *
 * SDKs encode segments but let `..` pass, which a URL resolves away: a name could point at another resource. Azure
 * allows letters, digits, `-`, `_`, `.`, `(` and `)` in resource groups, and fewer elsewhere; no name is only dots.
 *
 * @throws Fault `invalid` for any other name.
 */
export function armName(kind: string, name: string): string {
  if (!/^[\p{L}\p{N}_(][\p{L}\p{N}._()-]{0,89}$/u.test(name) || name.endsWith(".")) {
    throw new Fault("invalid", `${kind} ${JSON.stringify(name)} is no name of an Azure resource; expected letters, digits, - _ . ( )`);
  }
  return name;
}

/** @throws Fault `invalid` unless `id` is a GUID. */
export function armSubscription(id: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new Fault("invalid", `subscription ${JSON.stringify(id)} is no GUID`);
  return id;
}

/** `/subscriptions/…/resourceGroups/…`, checked. */
export function armGroupId({ subscription, resourceGroup }: ArmPlace): string {
  return `/subscriptions/${armSubscription(subscription)}/resourceGroups/${armName("resource group", resourceGroup)}`;
}
