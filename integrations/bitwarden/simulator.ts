import type { Simulator, World } from "../../shared/ports/simulator.ts";

export interface BitwardenWorld extends World {
  status: "locked" | "unlocked" | "unauthenticated";
  /** What the server has. */
  items: SimulatedItem[];
  /** What `bw serve` has, where that is not the same: as it was at the last sync. */
  stale?: SimulatedItem[];
}

export interface SimulatedItem {
  /** GUID. */
  readonly id: string;
  readonly name: string;
  /** 1 is a login, 2 a note. */
  readonly type: 1 | 2;
  readonly username: string | null;
  /** null: the account may view the item, except passwords. */
  password: string | null;
  readonly notes: string | null;
  /** UTC ISO. */
  readonly changedAt: string;
  readonly deletedAt?: string;
}

const PORT = "8087";

/** `bw serve` with its refusals, all of them 400. What the server has comes with a sync. Reading leaves no effect. */
export const bitwardenSimulator: Simulator<BitwardenWorld> = {
  systems: ["bitwarden"],

  systemOf: ({ hostname, port }) => (["127.0.0.1", "localhost", "[::1]"].includes(hostname) && port === PORT ? "bitwarden" : undefined),

  newWorld: () => ({ effects: [], status: "unlocked", items: [] }),

  handler: (world) => async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.headers.has("origin")) return new Response(null, { status: 403 });
    const call = `${request.method} ${pathname}`;
    if (call === "GET /status") {
      const known = world.status === "unauthenticated" ? null : "nightshift@example.com";
      return done({ object: "template", template: { serverUrl: null, lastSync: null, userEmail: known, userId: null, status: world.status } });
    }
    if (world.status !== "unlocked") return refusal(world.status === "locked" ? "Vault is locked." : "You are not logged in.");
    if (call === "POST /sync") {
      delete world.stale;
      return done({ object: "message", title: "Syncing complete.", noColor: false, message: null });
    }
    const items = world.stale ?? world.items;
    if (call === "GET /list/object/items") {
      const wanted = (searchParams.get("search") ?? "").toLowerCase();
      const found = items.filter(({ name, username, deletedAt }) => deletedAt === undefined && `${name}\n${username ?? ""}`.toLowerCase().includes(wanted));
      return done({ object: "list", data: found.map(itemOf) });
    }
    const id = /^GET \/object\/item\/([^/]+)$/.exec(call)?.[1];
    if (id === undefined) return new Response("Not Found", { status: 404 });
    const found = items.find((item) => item.id === decodeURIComponent(id));
    return found === undefined ? refusal("Not found.") : done(itemOf(found));
  },
};

const itemOf = ({ id, name, type, username, password, notes, changedAt, deletedAt }: SimulatedItem) => ({
  object: "item",
  id,
  organizationId: null,
  folderId: null,
  type,
  reprompt: 0,
  name,
  notes,
  favorite: false,
  fields: [{ name: "recovery", value: notes, type: 1, linkedId: null }],
  ...(type === 1 ? { login: { uris: [], username, password, totp: null, passwordRevisionDate: null } } : { secureNote: { type: 0 } }),
  collectionIds: [],
  passwordHistory: password === null ? null : [{ lastUsedDate: changedAt, password: `${password}-before` }],
  creationDate: changedAt,
  revisionDate: changedAt,
  deletedDate: deletedAt ?? null,
});

const done = (data: object) => Response.json({ success: true, data });
const refusal = (message: string) => Response.json({ success: false, message }, { status: 400 });
