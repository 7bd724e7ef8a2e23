import { platformOf, type DoorParts } from "../../shared/access/door.ts";
import { ROLES, type Role } from "../../shared/access/roles.ts";
import { AccessSettings } from "../../shared/access/settings.ts";

/** The header that App Service makes of a signed-in person's claims. */
export function principalHeader(claims: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const principal = { auth_typ: "aad", name_typ: "name", role_typ: "roles", claims: Object.entries(claims).map(([typ, val]) => ({ typ, val })) };
  return { "x-ms-client-principal": Buffer.from(JSON.stringify(principal), "utf8").toString("base64") };
}

/** Someone who is signed in with a role: `kim-approver@example.com`. */
export function signedIn(role: Role, name = `kim-${role}@example.com`): Readonly<Record<string, string>> {
  return principalHeader({ upn: name, roles: `Nightshift.${role}` });
}

/** A machine that shows the key of a role. */
export function machine(role: Role): Readonly<Record<string, string>> {
  return { "x-nightshift-key": `robot-${role}:value of key-${role}` };
}

/** The door as it is in Azure, with App Service authentication before it. */
export function azureDoor(settings: Readonly<Record<string, string>> = {}): Partial<DoorParts> {
  return {
    signIn: true,
    platform: platformOf({ WEBSITE_SITE_NAME: "func-nightshift", WEBSITE_AUTH_ENABLED: "True" }),
    settings: AccessSettings.parse({
      ...Object.fromEntries(ROLES.map((role) => [`${role}s`, `Nightshift.${role}`])),
      keys: ROLES.map((role) => `robot-${role}=${role}:key-${role}`).join(","),
      requestsPerMinute: "60000",
      ...settings,
    }),
  };
}
