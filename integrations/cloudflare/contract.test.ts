import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { dnsProxy, dnsSwap } from "./actions.ts";
import { cachePurge } from "./cache-purge.ts";
import { connectCloudflare } from "./connector.ts";
import { cloudflareSimulator, type CloudflareWorld, type SimulatedRecord, type SimulatedZone } from "./simulator.ts";

const PAGE = "icmaintenance.example.net";
const HOME = "pal.example.com";
const WWW = { name: "www", aliases: [], zone: "example.com", host: "www.example.com", maintenancePage: PAGE };
const APEX = { name: "apex", aliases: [], zone: "example.com", host: "example.com" };
const UP = { record: WWW, from: HOME, to: PAGE };
const DOWN = { record: WWW, from: PAGE, to: HOME };

const record = (id: string, rest: Partial<SimulatedRecord> & Pick<SimulatedRecord, "type" | "name" | "content">): SimulatedRecord => ({
  id: id.padEnd(32, "0"),
  proxied: true,
  proxiable: true,
  ttl: 1,
  comment: null,
  tags: [],
  createdAt: "2021-05-01T09:00:00.000Z",
  ...rest,
});

function world(): CloudflareWorld {
  const example: SimulatedZone = {
    id: "aaaa".padEnd(32, "0"),
    name: "example.com",
    plan: "pro",
    status: "active",
    cached: ["https://www.example.com/", "https://www.example.com/logo.png"],
    records: [
      record("1", { type: "CNAME", name: "www.example.com", content: HOME, comment: "web team, ask before touching", tags: ["team:web"] }),
      record("2", { type: "CNAME", name: "my.example.com", content: HOME }),
      record("3", { type: "A", name: "example.com", content: "192.0.2.10", proxied: false, ttl: 300, comment: "apex" }),
      record("4", { type: "AAAA", name: "example.com", content: "2001:db8::10", proxied: false, ttl: 600 }),
      record("5", { type: "TXT", name: "example.com", content: '"v=spf1 -all"', proxied: false, proxiable: false, ttl: 3_600 }),
      record("6", { type: "MX", name: "example.com", content: "mail.example.com", proxied: false, proxiable: false, ttl: 3_600, priority: 10 }),
    ],
  };
  return { ...cloudflareSimulator.newWorld(), zones: [example, { ...example, id: "bbbb".padEnd(32, "0"), name: "other.example.com", records: [], cached: [] }] };
}

const found = ({ zones }: CloudflareWorld, id: string) => zones[0]!.records.find((each) => each.id.startsWith(id))!;
const connect = (outside: Parameters<typeof connectCloudflare>[1]) => connectCloudflare({ apiToken: "cloudflare-token" }, outside);
const common = { integration: "cloudflare", world, simulator: cloudflareSimulator, connect } as const;

describe("up", () => {
  actionContract({
    ...common,
    action: dnsSwap,
    params: UP,
    effects: ["changed record www.example.com"],
    spoil: (spoiled) => void (found(spoiled, "1").content = HOME),
    drift: (drifted) => void (found(drifted, "1").content = "elsewhere.example.org"),
  });
});

describe("a name with two records", () => {
  actionContract({
    ...common,
    action: dnsProxy,
    params: { record: APEX, proxied: true },
    effects: ["changed record example.com", "changed record example.com"],
    spoil: (spoiled) => void (found(spoiled, "4").proxied = false),
    drift: (drifted) => void (found(drifted, "3").content = "192.0.2.99"),
  });
});

actionContract({
  ...common,
  action: cachePurge,
  params: { zone: { name: "example.com", aliases: [], zone: "example.com" } },
  effects: ["purged zone example.com"],
  spoil: ({ zones }) => void (zones[0]!.status = "moved"),
});

/** One action on one world; each step of a run has its own name. */
function at(of = world(), run = "2024-10-06") {
  const outside = localOutside(cloudflareSimulator, of);
  const { dns } = connect(outside);
  const call = (step: string, target = "www") => ({ run, step, target, key: `${run}/${step}/${target}/1`, attempt: 1, now: outside.clock.now() }) as Call;
  return {
    outside,
    dns,
    begin: (step: string, params: unknown) => dnsSwap.begin({ dns }, dnsSwap.params.parse(params), call(step)),
    undo: async (step: string, receipt: Awaited<ReturnType<typeof dnsSwap.begin>>) => dnsSwap.undo?.({ dns }, receipt, call(step)),
    preview: (params: unknown) => dnsSwap.preview({ dns }, dnsSwap.params.parse(params), call("preview")),
  };
}

describe("cloudflare: the maintenance page", () => {
  it("is an obligation that a swap to it opens and a swap from it closes", () => {
    const [up, down] = [UP, DOWN].map((params) => dnsSwap.params.parse(params));

    expect(dnsSwap.opens?.(up!)).toEqual([{ id: "maintenance-page:www.example.com", what: "maintenance page up at www.example.com" }]);
    expect(dnsSwap.closes?.(up!)).toEqual([]);
    expect(dnsSwap.opens?.(down!)).toEqual([]);
    expect(dnsSwap.closes?.(down!)).toEqual(["maintenance-page:www.example.com"]);
  });

  it("leaves the record as it was, mark and all, once it has gone up and come down", async () => {
    const of = world();
    const before = JSON.stringify(of.zones);
    const { begin } = at(of);

    await begin("page.up", UP);
    const marked = found(of, "1").comment;
    await begin("page.down", DOWN);

    expect(marked).toMatch(/^web team, ask before touching \[nightshift 2024-10-06 [0-9a-f]{8} was pal\.example\.com\]$/);
    expect(JSON.stringify(of.zones)).toBe(before);
    expect(of.effects).toHaveLength(2);
  });

  it("goes up again, mark and all, when the swap back is taken back, and then down", async () => {
    const of = world();
    const before = JSON.stringify(of.zones);
    const { begin, undo } = at(of);
    const up = await begin("page.up", UP);
    const between = JSON.stringify(of.zones);
    const down = await begin("page.down", DOWN);

    await undo("page.down", down);
    const again = JSON.stringify(of.zones);
    await undo("page.up", up);

    expect(again).toBe(between);
    expect(JSON.stringify(of.zones)).toBe(before);
  });

  it("says «already so», and puts nothing back, where somebody else had put it up", async () => {
    const of = world();
    found(of, "1").content = PAGE;
    const { begin, undo } = at(of);

    const receipt = await begin("page.up", UP);
    await undo("page.up", receipt);

    expect(dnsSwap.already?.(receipt)).toContain("before the step began");
    expect(of.effects).toEqual([]);
  });

  it.each(["[]", "null", '{"success":false,"errors":"<html>"}', '{"success":false,"errors":[null]}', "<html>"])(
    "does not stumble over reasons of another kind: %s",
    async (body) => {
      const outside = {
        ...localOutside(cloudflareSimulator, world()),
        fetch: () => Promise.resolve(new Response(body, { status: 400, headers: { "content-type": "application/json" } })),
      };

      const preview = dnsSwap.preview(connect(outside), UP, {} as Call);

      await expect(preview).rejects.toMatchObject({ name: "Fault", kind: expect.stringMatching(/^(rejected|unavailable)$/) as string, vendor: "cloudflare" });
    },
  );

  it("refuses to overwrite a change that it did not expect", async () => {
    const of = world();
    found(of, "1").content = "elsewhere.example.org";
    const { begin } = at(of);

    await expect(begin("page.up", UP)).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("points at elsewhere.example.org; expected pal.example.com") });
    expect(of.effects).toEqual([]);
  });

  it("keeps what others changed beside the target: TTL, tags, words in the comment", async () => {
    const of = world();
    const { begin, undo } = at(of);
    const receipt = await begin("page.up", UP);
    found(of, "1").tags.push("owner:kim");
    found(of, "1").comment += " and a word";

    await undo("page.up", receipt);

    expect(found(of, "1")).toMatchObject({ content: HOME, tags: ["team:web", "owner:kim"], comment: "web team, ask before touching and a word" });
  });

  it("says in its preview when the comment leaves no room for the mark", async () => {
    const of = world();
    of.zones[0] = { ...of.zones[0]!, plan: "free", records: [{ ...found(of, "1"), comment: "x".repeat(90), tags: [] }] };

    await expect(at(of).preview(UP)).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("shorten it") });
  });

  it.each([
    ["an address record", (of: CloudflareWorld) => void of.zones[0]!.records.splice(0, 1, record("1", { type: "A", name: "www.example.com", content: "192.0.2.1" })), "conflict"],
    ["no record", (of: CloudflareWorld) => void of.zones[0]!.records.splice(0, 1), "absent"],
    ["no zone", (of: CloudflareWorld) => void of.zones.splice(0, 1), "absent"],
    ["a zone that is not active", (of: CloudflareWorld) => void (of.zones[0]!.status = "pending"), "conflict"],
    ["two zones of one name", (of: CloudflareWorld) => void of.zones.push({ ...of.zones[0]!, id: "c".repeat(32) }), "conflict"],
  ])("calls %s what it is", async (_what, change, kind) => {
    const of = world();
    change(of);

    await expect(at(of).begin("page.up", UP)).rejects.toMatchObject({ kind });
    expect(of.effects).toEqual([]);
  });
});

describe("cloudflare: routing a name", () => {
  it("refuses what Cloudflare cannot proxy, before anything is changed", async () => {
    const of = world();
    of.zones[0]!.records[3] = { ...found(of, "4"), proxiable: false };
    const { dns } = at(of);

    const attempt = dnsProxy.begin({ dns }, dnsProxy.params.parse({ record: APEX, proxied: true }), { run: "r", step: "s", target: "t" } as Call);

    await expect(attempt).rejects.toMatchObject({ kind: "conflict" });
    expect(of.effects).toEqual([]);
  });

  it("puts each record's own TTL back, also after its receipt was lost", async () => {
    const of = world();
    const before = JSON.stringify(of.zones);
    const { dns } = at(of);
    const call = { run: "2024-10-06", step: "apex.proxy", target: "apex" } as Call;
    const params = dnsProxy.params.parse({ record: APEX, proxied: true });
    await dnsProxy.begin({ dns }, params, call);
    const through = of.zones[0]!.records.filter(({ name }) => name === "example.com").map(({ proxied, ttl }) => ({ proxied, ttl }));

    const second = await dnsProxy.begin({ dns }, params, call);
    await dnsProxy.undo?.({ dns }, second, call);

    expect(through.slice(0, 2)).toEqual([
      { proxied: true, ttl: 1 },
      { proxied: true, ttl: 1 },
    ]);
    expect(JSON.stringify(of.zones)).toBe(before);
  });
});

describe("cloudflare: hostile names", () => {
  it.each(["www.example.com/../../zones", "www.example.com?x=1", "www.example.com\nx", "a'b.example.com", "www.example.com;", "%2e%2e.example.com", "wwẅ.example.com"])(
    "sends no request for %j",
    async (host) => {
      const { dns, outside } = at();

      await expect(dns.leading("a".repeat(32), host)).rejects.toMatchObject({ kind: "invalid" });
      await expect(dns.zone(host)).rejects.toMatchObject({ kind: "invalid" });
      await expect(dns.record("a".repeat(32), host)).rejects.toMatchObject({ kind: "invalid" });
      expect(outside.requests).toEqual([]);
    },
  );

  it.each(['x"y', "a b", "https://evil.example.com", "-", "icmaintenance.example.net/path"])("takes no target called %j", (to) => {
    expect(dnsSwap.params.safeParse({ ...UP, to }).success).toBe(false);
  });

  it("carries a hostile comment through unharmed", async () => {
    const of = world();
    found(of, "1").comment = '\'; DROP "x" \\ [nightshift 1 00000000 was evil.example.org] ☃';
    const before = JSON.stringify(of.zones);
    const { begin, undo } = at(of);

    await undo("page.up", await begin("page.up", UP));

    expect(JSON.stringify(of.zones)).toBe(before);
  });
});

apiContract("cloudflare");
