import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Secrets } from "../ports/secrets.ts";
import { Refusal } from "./refusal.ts";
import { ROLES, type Role } from "./roles.ts";
import type { AccessSettings } from "./settings.ts";

/** Who has come in. */
export interface Principal {
  readonly kind: "person" | "machine" | "local";
  /** What facts call them: `kim@example.com`, `key pipeline`. */
  readonly name: string;
  readonly role: Role;
  /** Everything that a plan may call them by: name, e-mail, Slack id. */
  readonly names: readonly string[];
}

/** How callers are recognised here. */
export interface Recognition {
  readonly settings: AccessSettings;
  /** Whether App Service authentication stands before us, so that its header is its own word and not a caller's. */
  readonly isSignInTrusted: boolean;
  /** The name of whoever calls on a machine where nobody signs in; never set in Azure. */
  readonly localOperator?: string;
  readonly secrets: Secrets;
}

export const PRINCIPAL_HEADER = "x-ms-client-principal";
export const KEY_HEADER = "x-nightshift-key";
export const LOCAL_NAME_HEADER = "x-nightshift-operator";
export const LOCAL_ROLE_HEADER = "x-nightshift-role";

/** App Service allows itself 16 KiB for all headers; more than this was made by somebody else. */
const LONGEST_HEADER = 64 * 1024;

/** Of who calls on a machine where nobody signs in. */
const LONGEST_NAME = 200;

const ClientPrincipal = z.object({
  auth_typ: z.string(),
  role_typ: z.string().nullish(),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })).max(2_000),
});

const CLAIM = {
  upn: ["upn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"],
  preferred: ["preferred_username"],
  email: ["email", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
  name: ["name"],
  object: ["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"],
  tenant: ["tid", "http://schemas.microsoft.com/identity/claims/tenantid"],
  groups: ["groups"],
  roles: ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"],
} as const satisfies Record<string, readonly string[]>;

/**
 * Recognises a caller by the headers of the request: a machine's key first, then the person whom App Service signed in,
 * then, where the composition names one, the local operator.
 *
 * @throws Refusal 401 for someone who cannot be recognised, 403 for someone who has no role here.
 * @see App Service, «Work with user identities in authentication», for the principal header.
 */
export async function principalOf(headers: { get(name: string): string | null }, recognition: Recognition): Promise<Principal> {
  const key = headers.get(KEY_HEADER);
  if (key !== null) return machineOf(key, recognition);
  if (recognition.isSignInTrusted) return personOf(headers.get(PRINCIPAL_HEADER), recognition.settings);
  if (recognition.localOperator !== undefined) return localOf(headers, recognition.localOperator);
  throw new Refusal(401, "nobody is signed in: this host takes keys of machines only");
}

async function machineOf(shown: string, { settings, secrets }: Recognition): Promise<Principal> {
  const colon = shown.indexOf(":");
  const key = settings.keys.find(({ name }) => name === shown.slice(0, colon));
  // One sentence for a wrong name and a wrong value: which of the two it was is nobody's business.
  if (shown.length > LONGEST_HEADER || colon < 1 || key === undefined) throw new Refusal(401, "no such key");
  const { name, role, secret } = key;
  if (!isSame(shown.slice(colon + 1), (await secrets.read(secret)).reveal())) throw new Refusal(401, "no such key");
  return { kind: "machine", name: `key ${name}`, role, names: [] };
}

/** In constant time, whatever the lengths. An empty secret opens nothing. */
function isSame(shown: string, value: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(value)) && value !== "";
}

function personOf(header: string | null, settings: AccessSettings): Principal {
  if (header === null || header === "") throw new Refusal(401, "nobody is signed in");
  const parsed = ClientPrincipal.safeParse(decoded(header));
  if (!parsed.success) throw new Refusal(401, `the header ${PRINCIPAL_HEADER} is none that App Service makes`);
  const { auth_typ, role_typ, claims } = parsed.data;
  if (auth_typ !== "aad") throw new Refusal(401, "signed in, but not by Entra ID");
  const all = (types: readonly string[]): string[] => claims.filter(({ typ, val }) => types.includes(typ) && val !== "").map(({ val }) => val);
  const first = (types: readonly string[]): string[] => all(types).slice(0, 1);
  const [upn, preferred, email, object] = [first(CLAIM.upn), first(CLAIM.preferred), first(CLAIM.email), first(CLAIM.object)];
  const [name] = [...upn, ...preferred, ...email, ...object];
  if (name === undefined) throw new Refusal(401, "signed in, but the claims name nobody");
  if (settings.tenant !== undefined && first(CLAIM.tenant)[0]?.toLowerCase() !== settings.tenant.toLowerCase()) throw new Refusal(403, `${name} comes from another tenant`);
  // An e-mail address is what a guest's own directory says it is: good to be called by, not to be let in by.
  const role = roleOf([...all([...CLAIM.roles, ...(role_typ == null ? [] : [role_typ])]), ...all(CLAIM.groups), ...upn, ...object], settings);
  if (role === undefined) throw new Refusal(403, `${name} has no role here`);
  return { kind: "person", name, role, names: [name, ...first(CLAIM.name), ...upn, ...preferred, ...email] };
}

/** The strongest role that any of these claims gives. */
function roleOf(claims: readonly string[], { viewers, operators, approvers, admins }: AccessSettings): Role | undefined {
  const lists: Readonly<Record<Role, readonly string[]>> = { viewer: viewers, operator: operators, approver: approvers, admin: admins };
  const held = new Set(claims.map((claim) => claim.toLowerCase()));
  return ROLES.findLast((role) => lists[role].some((name) => held.has(name)));
}

/** JSON in UTF-8 in base64, or undefined. Node reads anything as base64, so its looks are checked first. */
function decoded(header: string): unknown {
  if (header.length > LONGEST_HEADER || !/^[A-Za-z0-9+/]+={0,2}$/.test(header)) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(header, "base64")));
  } catch {
    return undefined;
  }
}

function localOf(headers: { get(name: string): string | null }, localOperator: string): Principal {
  // An option that is set to nothing names nobody else.
  const name = headers.get(LOCAL_NAME_HEADER)?.trim() || localOperator;
  if (name.length > LONGEST_NAME || /\p{Cc}/u.test(name)) throw new Refusal(401, `the header ${LOCAL_NAME_HEADER} is no name; expected ${LONGEST_NAME} letters at most`);
  const given = headers.get(LOCAL_ROLE_HEADER);
  const role = given === null ? "admin" : ROLES.find((candidate) => candidate === given);
  if (role === undefined) throw new Refusal(401, `the header ${LOCAL_ROLE_HEADER} is no role; expected ${ROLES.join(", ")}`);
  return { kind: "local", name, role, names: [name] };
}
