import { XMLBuilder, XMLParser } from "fast-xml-parser";
import type { Handler, Simulator } from "../../shared/ports/simulator.ts";
import {
  candidateOf,
  type Configuration,
  type Edit,
  isAway,
  type Job,
  jobUnderWay,
  keyHash,
  type PanOsWorld,
  queueCommit,
  settle,
  type SimulatedFirewall,
} from "./simulated-firewall.ts";

/**
 * Palo Alto firewalls: address objects and tags by the REST API; address groups, administrators, commits and jobs by the XML API.
 * Candidate and running configuration are apart, and commits take their time.
 */
export const panOsSimulator: Simulator<PanOsWorld> = {
  systems: ["panos"],
  // Firewalls have whatever host their owner gives them; these paths are nobody else's.
  systemOf: ({ pathname }) => (pathname === "/api/" || /^\/restapi\/v\d+\.\d+\//.test(pathname) ? "panos" : undefined),
  newWorld: () => ({ effects: [], firewalls: {} }),
  handler,
};

function handler(world: PanOsWorld): Handler {
  return async (request, now) => {
    const url = new URL(request.url);
    const firewall = world.firewalls[url.host];
    if (firewall === undefined) throw new TypeError("fetch failed", { cause: Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.host}`), { code: "ENOTFOUND" }) });
    settle(world, url.host, firewall, now);
    if (isAway(firewall, now)) return new Response(null, { status: 503 });
    const admin = firewall.keys[keyHash(request.headers.get("x-pan-key") ?? "")];
    if (url.pathname === "/api/") {
      if (admin === undefined) return xml(`<response status="error" code="403"><result><msg>API Error: Invalid Credential</msg></result></response>`, 403);
      if (request.method !== "POST") return failure("17", "Use POST.");
      return answerXml(firewall, admin, new URLSearchParams(await request.text()), now);
    }
    if (admin === undefined) return error(401, 16, "Unauthorized", "Invalid credentials");
    return (await answerRest(firewall, admin, request, url)) ?? error(400, 3, "Bad Request", `There is no ${request.method} ${url.pathname}.`);
  };
}

async function answerRest(firewall: SimulatedFirewall, admin: string, request: Request, url: URL): Promise<Response | undefined> {
  const [, , , objects, resource] = url.pathname.split("/");
  const { method } = request;
  const name = url.searchParams.get("name");
  if (objects !== "Objects" || (resource !== "Addresses" && resource !== "Tags" && resource !== "AddressGroups")) return undefined;
  if (url.searchParams.get("location") !== "vsys" || url.searchParams.get("vsys") === null) return error(400, 3, "Bad Request", "location and vsys are required.");
  const candidate = candidateOf(firewall);
  const present = resource === "Tags" ? candidate.tags : resource === "Addresses" ? candidate.addresses : candidate.groups;
  if (method === "GET") {
    const names = name === null ? Object.keys(present) : Object.keys(present).filter((each) => each === name);
    if (name !== null && names.length === 0) return error(404, 5, "Object Not Present", `Object Not Present: ${name}`);
    return Response.json({
      "@status": "success",
      "@code": "19",
      result: { "@total-count": String(names.length), "@count": String(names.length), entry: names.map((each) => entryJson(candidate, resource, each)) },
    });
  }
  if (name === null || resource === "AddressGroups") return undefined;
  const what = resource === "Tags" ? ("tag" as const) : ("address" as const);
  const stopped = lockedFor(firewall, admin);
  if (stopped !== undefined) return error(409, 10, "Configuration locked", stopped);
  if (method === "POST") {
    const { entry } = (await request.json()) as { entry?: Record<string, unknown>[] };
    const [sent] = entry ?? [];
    if (sent?.["@name"] !== name || sent["@location"] !== "vsys") return error(400, 3, "Invalid Body", "name and location must be the same in the query and in the body.");
    if (present[name] !== undefined) return error(409, 6, "Object Not Unique", `Object Not Unique: ${name} already exists`);
    const text = (field: string) => (typeof sent[field] === "string" ? { [field]: sent[field] } : {});
    const tags = (sent["tag"] as { member?: string[] } | undefined)?.member;
    const missing = tags?.find((tag) => candidate.tags[tag] === undefined);
    if (missing !== undefined) return error(400, 3, "Invalid Object", `${name} -> tag '${missing}' is not a valid reference`);
    const edit: Edit =
      what === "tag"
        ? { what, name, to: text("comments") }
        : { what, name, to: { value: String(sent["ip-netmask"]), ...text("description"), ...(tags === undefined ? {} : { tags }) } };
    change(firewall, admin, edit);
    return Response.json({ "@status": "success", "@code": "20", msg: "command succeeded" });
  }
  if (method !== "DELETE") return undefined;
  if (present[name] === undefined) return error(404, 5, "Object Not Present", `Object Not Present: ${name}`);
  const users =
    what === "tag"
      ? Object.entries(candidate.addresses).filter(([, { tags }]) => tags?.includes(name))
      : Object.entries(candidate.groups).filter(([, group]) => "members" in group && group.members.includes(name));
  if (users.length > 0) return error(400, 3, "Bad Request", `${name} cannot be deleted because of references from: ${users.map(([user]) => user).join(", ")}`);
  change(firewall, admin, { what, name });
  return Response.json({ "@status": "success", "@code": "20", msg: "command succeeded" });
}

function entryJson(candidate: Configuration, resource: "Addresses" | "Tags" | "AddressGroups", name: string): object {
  const head = { "@name": name, "@location": "vsys", "@vsys": "vsys1" };
  if (resource === "Tags") return { ...head, ...candidate.tags[name] };
  if (resource === "AddressGroups") {
    const group = candidate.groups[name];
    return { ...head, ...(group !== undefined && "filter" in group ? { dynamic: { filter: group.filter } } : { static: { member: group?.members ?? [] } }) };
  }
  const { value = "", kind = "ip-netmask", description, tags } = candidate.addresses[name] ?? {};
  return { ...head, [kind]: value, ...(description === undefined ? {} : { description }), ...(tags === undefined ? {} : { tag: { member: tags } }) };
}

const NOTATION = { ignoreAttributes: false, attributeNamePrefix: "@" } as const;
const parser = new XMLParser({ ...NOTATION, parseTagValue: false, isArray: (name) => name === "entry" || name === "member" });
const builder = new XMLBuilder({ ...NOTATION, suppressEmptyNode: true });

function answerXml(firewall: SimulatedFirewall, admin: string, fields: URLSearchParams, now: number): Response {
  const type = fields.get("type");
  if (type === "config") return answerConfig(firewall, admin, fields);
  let command: Record<string, Tree>;
  try {
    command = parser.parse(fields.get("cmd") ?? "", true) as Record<string, Tree>;
  } catch {
    return failure("17", "Malformed command.");
  }
  if (type === "commit" && fields.get("action") === "partial") {
    const { description, partial } = (command["commit"] ?? {}) as { description?: string; partial?: { admin?: { member?: string[] } } };
    const [of] = partial?.admin?.member ?? [];
    if (of === undefined) return failure("17", "An administrator is required.");
    const busy = jobUnderWay(firewall);
    if (busy !== undefined) return failure("13", "Another commit/validate is in progress. Please try again later");
    const job = queueCommit(firewall, admin, of, description, now);
    if (job === undefined) return xml(`<response status="success" code="19"><msg>There are no changes to commit.</msg></response>`);
    return success("19", { job: String(job.id), msg: { line: `Commit job enqueued with jobid ${job.id}` } });
  }
  if (type !== "op") return failure("17", "Unknown request.");
  const { show, revert } = command as { show?: { jobs?: { all?: unknown; id?: string } }; revert?: { config?: { partial?: { admin?: { member?: string[] } } } } };
  const of = revert?.config?.partial?.admin?.member?.[0];
  if (of !== undefined) {
    if (jobUnderWay(firewall)?.user === of) return failure("13", "A commit is in progress.");
    firewall.pending = firewall.pending.filter((pending) => pending.admin !== of);
    return success("19", "Changes have been reverted");
  }
  if (show?.jobs?.all !== undefined) return success("19", { job: firewall.jobs.toReversed().map((job) => jobXml(job, now)) });
  if (show?.jobs?.id !== undefined) {
    const job = firewall.jobs.find(({ id }) => String(id) === show.jobs?.id);
    return job === undefined ? failure("", `job ${show.jobs.id} not found`) : success("19", { job: jobXml(job, now) });
  }
  return failure("17", "Unknown command.");
}

type Tree = string | { [name: string]: Tree | Tree[] };

function jobXml(job: Job, now: number): object {
  const state = job.result !== undefined ? "FIN" : now < Date.parse(job.startsAt) ? "PEND" : "ACT";
  const part = (now - Date.parse(job.startsAt)) / (Date.parse(job.endsAt) - Date.parse(job.startsAt));
  return {
    tenq: job.queuedAt,
    id: String(job.id),
    user: job.user,
    type: "Commit",
    status: state,
    queued: state === "PEND" ? "YES" : "NO",
    result: job.result ?? "PEND",
    ...(job.result === undefined ? {} : { tfin: job.endsAt }),
    ...(job.description === undefined ? {} : { description: job.description }),
    progress: String(state === "FIN" ? 100 : state === "PEND" ? 0 : Math.floor(part * 100)),
    details: { line: job.details },
  };
}

const VSYS = /^\/config\/devices\/entry\[@name='localhost\.localdomain'\]\/vsys\/entry\[@name='vsys\d+'\]/.source.slice(1);
const LIST = new RegExp(`^(?:${VSYS}|/config/shared)/(address|address-group|tag)(?:/entry\\[@name='([^']+)'\\])?$`);
const MEMBERS = new RegExp(`^${VSYS}/address-group/entry\\[@name='([^']+)'\\]/static(?:/member\\[text\\(\\)='([^']+)'\\])?$`);
const ADMINISTRATORS = /^\/config\/mgt-config\/users(?:\/entry\[@name='([^']+)'\](\/permissions)?)?$/;

function answerConfig(firewall: SimulatedFirewall, admin: string, fields: URLSearchParams): Response {
  const action = fields.get("action") ?? "";
  const path = fields.get("xpath") ?? "";
  if (action === "show" || action === "get") {
    const found = read(action === "show" ? firewall.running : candidateOf(firewall), path);
    if (found === undefined) return failure("17", `xpath ${path} is invalid`);
    if (found === "nothing")
      return action === "show" ? xml(`<response status="error"><msg><line>No such node</line></msg></response>`) : xml(`<response status="success" code="7"><result/></response>`);
    return success("19", found);
  }
  const stopped = lockedFor(firewall, admin);
  if (stopped !== undefined) return failure("12", stopped);
  const candidate = candidateOf(firewall);
  const parsed = (parser.parse(fields.get("element") ?? "") ?? {}) as Record<string, Tree | Tree[]>;
  const edit = editOf(candidate, action, path, parsed);
  if (edit === undefined) return failure("12", `${action} at ${path} is invalid`);
  if (edit === "absent") return failure("7", "Object doesn't exist");
  for (const each of edit) change(firewall, admin, each);
  return xml(`<response status="success" code="20"><msg>command succeeded</msg></response>`);
}

function editOf(candidate: Configuration, action: string, path: string, element: Record<string, Tree | Tree[]>): Edit[] | "absent" | undefined {
  const [, group = "", member] = MEMBERS.exec(path) ?? [];
  if (group !== "") {
    const found = candidate.groups[group];
    if (found === undefined || "filter" in found) return "absent";
    if (action === "delete" && member !== undefined) return found.members.includes(member) ? [{ what: "member", name: group, member, to: "out" }] : "absent";
    const sent = [element["member"]].flat().filter((each) => typeof each === "string");
    // As the vendor's: what is there already stays as it is.
    return action === "set" && sent.length > 0
      ? sent.filter((each) => !found.members.includes(each)).map((each) => ({ what: "member", name: group, member: each, to: "in" }))
      : undefined;
  }
  const [, login = "", permissions] = ADMINISTRATORS.exec(path) ?? [];
  if (login === "") return undefined;
  const sent = typeof element["permissions"] === "object" ? (attributesFirst(element["permissions"]) as Record<string, unknown>) : {};
  const profile = element["authentication-profile"];
  if (permissions !== undefined) return action !== "edit" ? undefined : candidate.administrators[login] === undefined ? "absent" : [{ what: "permissions", name: login, to: sent }];
  if (action === "delete") return candidate.administrators[login] === undefined ? "absent" : [{ what: "administrator", name: login }];
  return action === "set"
    ? [{ what: "administrator", name: login, to: { ...candidate.administrators[login], permissions: sent, ...(typeof profile === "string" ? { profile } : {}) } }]
    : undefined;
}

/** The parser puts attributes last; in XML they come first. */
function attributesFirst(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(attributesFirst);
  if (tree === null || typeof tree !== "object") return tree;
  const entries = Object.entries(tree).map(([key, child]) => [key, attributesFirst(child)] as const);
  return Object.fromEntries([...entries.filter(([key]) => key.startsWith("@")), ...entries.filter(([key]) => !key.startsWith("@"))]);
}

function read(from: Configuration, path: string): object | "nothing" | undefined {
  const [whole, list, name] = LIST.exec(path) ?? [];
  if (whole !== undefined && list !== undefined) {
    const isShared = whole.startsWith("/config/shared/");
    const entries =
      list === "address"
        ? Object.entries(isShared ? from.sharedAddresses : from.addresses).map(addressXml)
        : isShared
          ? []
          : list === "tag"
            ? Object.keys(from.tags).map((tag) => ({ "@name": tag }))
            : Object.entries(from.groups).map(groupXml);
    const wanted = name === undefined ? entries : entries.filter((entry) => entry["@name"] === name);
    if (wanted.length === 0) return "nothing";
    return name === undefined ? { [list]: { entry: wanted } } : { entry: wanted };
  }
  if (!ADMINISTRATORS.test(path)) return undefined;
  const entries = Object.entries(from.administrators).map(([login, { permissions, profile }]) => ({
    "@name": login,
    ...(permissions === undefined ? {} : { permissions }),
    ...(profile === undefined ? {} : { "authentication-profile": profile }),
  }));
  return { users: { entry: entries } };
}

function addressXml([name, address]: [string, { value: string; kind?: string; description?: string; tags?: string[] }]): Record<string, unknown> {
  const { value, kind = "ip-netmask", description, tags } = address;
  return { "@name": name, [kind]: value, ...(description === undefined ? {} : { description }), ...(tags === undefined ? {} : { tag: { member: tags } }) };
}

function groupXml([name, group]: [string, Configuration["groups"][string]]): Record<string, unknown> {
  return { "@name": name, ...("filter" in group ? { dynamic: { filter: group.filter } } : { static: { member: group.members } }) };
}

function change(firewall: SimulatedFirewall, admin: string, edit: Edit): void {
  firewall.pending.push({ id: Math.max(0, ...firewall.pending.map(({ id }) => id)) + 1, admin, edit });
}

function lockedFor({ lockedBy }: SimulatedFirewall, admin: string): string | undefined {
  return lockedBy === undefined || lockedBy === admin ? undefined : `Configuration is locked by ${lockedBy}`;
}

function success(code: string, result: unknown): Response {
  return xml(builder.build({ response: { "@status": "success", "@code": code, result } }));
}

function failure(code: string, line: string): Response {
  return xml(builder.build({ response: { "@status": "error", ...(code === "" ? {} : { "@code": code }), msg: { line } } }));
}

function xml(body: string, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "application/xml; charset=UTF-8" } });
}

function error(status: number, code: number, message: string, description: string): Response {
  return Response.json({ code, message, details: [{ "@type": "CauseInfo", causes: [{ code, module: "panui_mgmt", description }] }] }, { status });
}
