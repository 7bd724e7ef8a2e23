import { describe, expect, it } from "vitest";
import { actionContract } from "../../test/contract/action.ts";
import { localOutside } from "../../test/support/transport.ts";
import type { Call } from "../../shared/action/action.ts";
import { webCheck } from "./actions.ts";
import { connectWeb } from "./connector.ts";
import { webSimulator, type WebWorld } from "./simulator.ts";

const SITE = {
  name: "www",
  url: "https://www.example.com",
  origin: "http://origin.example.com",
  contains: "Pay your bill",
};

const world = (): WebWorld => ({
  ...webSimulator.newWorld(),
  sites: {
    "https://www.example.com": { status: 200, page: "<h1>Pay your bill</h1>", certificate: { subject: "*.example.com", validTo: "2025-02-01T00:00:00.000Z" } },
    "http://origin.example.com": { status: 200, page: "<h1>Pay your bill</h1>" },
  },
});

actionContract({
  action: webCheck,
  integration: "web",
  world,
  simulator: webSimulator,
  connect: (outside) => ({ web: connectWeb({}, outside) }),
  params: { site: SITE },
  effects: [],
  spoil: ({ sites }) => void (sites["https://www.example.com"] = { status: 200, page: "Down for maintenance" }),
});

describe("web: what is special here", () => {
  it("tells status, content, latency and certificate as evidence", async () => {
    const { check } = looking(world());

    expect(await check()).toEqual([
      "GET https://www.example.com answered 200 in 0 ms",
      'the page holds "Pay your bill"',
      "its certificate for *.example.com is good until 2025-02-01T00:00:00.000Z, 54 days from now",
    ]);
  });

  it("looks past the maintenance page through the origin", async () => {
    const down = world();
    down.sites["https://www.example.com"] = { status: 200, page: "Down for maintenance" };

    const { check } = looking(down, { site: SITE, through: "origin" });

    expect(await check()).toContain("GET http://origin.example.com answered 200 in 0 ms");
  });

  it("follows redirects and names them", async () => {
    const moved = world();
    moved.sites["https://www.example.com"] = { status: 301, page: "", redirectTo: "http://origin.example.com/" };

    expect((await looking(moved).check())[0]).toBe("GET https://www.example.com answered 200 in 0 ms, sent on by https://www.example.com to http://origin.example.com/");
  });

  it("gives up on an endless redirect, and on one that leaves the web", async () => {
    const round = world();
    round.sites["https://www.example.com"] = { status: 302, page: "", redirectTo: "https://www.example.com/again" };
    const away = world();
    away.sites["https://www.example.com"] = { status: 302, page: "", redirectTo: "file:///etc/passwd" };

    await expect(looking(round).check()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("more than 5 times") });
    await expect(looking(away).check()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("no web address") });
  });

  it("calls a slow answer a failure", async () => {
    const { check } = looking(world(), { site: SITE }, 3_001);

    await expect(check()).rejects.toMatchObject({ kind: "failed", message: "www: https://www.example.com took 3001 ms; expected at most 3000 ms" });
  });

  it("calls a certificate near its end a failure", async () => {
    const old = world();
    const site = old.sites["https://www.example.com"];
    if (site?.certificate) site.certificate.validTo = "2024-12-14T00:00:00.000Z";

    await expect(looking(old).check()).rejects.toMatchObject({ kind: "failed", message: expect.stringContaining("good until 2024-12-14") });
  });

  it("calls a host that does not exist unavailable, with the reason", async () => {
    const gone = world();
    delete gone.sites["https://www.example.com"];

    await expect(looking(gone).check()).rejects.toMatchObject({ kind: "unavailable", message: "https://www.example.com does not answer: getaddrinfo ENOTFOUND www.example.com" });
  });

  it("refuses a check through an origin that the inventory does not have", async () => {
    const { origin: _none, ...site } = SITE;

    await expect(looking(world(), { site, through: "origin" }).check()).rejects.toMatchObject({ kind: "invalid" });
  });
});

/** The whole check, on a site that takes `latencyMs` to answer. */
function looking(sites: WebWorld, params: unknown = { site: SITE }, latencyMs = 0) {
  const outside = localOutside(webSimulator, sites);
  const web = connectWeb({}, { ...outside, fetch: (input, init) => (outside.advance(latencyMs), outside.fetch(input, init)) });
  const call = { now: outside.clock.now() } as Call;
  return { check: async () => webCheck.verify({ web }, await webCheck.begin({ web }, webCheck.params.parse(params), call), call) };
}
