import { Fault } from "../../shared/fault/fault.ts";

/** Names of objects, tags, groups and administrators: at most 63 letters, digits, `_ . -` and blanks. */
export const OBJECT_NAME = /^[0-9a-zA-Z_.][0-9a-zA-Z_. -]{0,62}$/;

/**
 * A name as it stands between quotes in an XPath. XPath has no way to escape a quote, so only names that the firewall itself
 * would take go in, and none of those holds one.
 *
 * @throws Fault `invalid` for any other name.
 */
export function xpathName(kind: string, name: string): string {
  if (!OBJECT_NAME.test(name))
    throw new Fault("invalid", `${kind} ${JSON.stringify(name)} is no name on a firewall; expected at most 63 letters, digits, blanks and _ . -`, { vendor: "pan-os" });
  return name;
}

/** Where a virtual system's objects are. Firewalls that are not Panorama call themselves `localhost.localdomain` here. */
export function vsysPath(vsys: string): string {
  return `/config/devices/entry[@name='localhost.localdomain']/vsys/entry[@name='${xpathName("virtual system", vsys)}']`;
}

export function administratorPath(login: string): string {
  return `/config/mgt-config/users/entry[@name='${xpathName("administrator", login)}']`;
}
