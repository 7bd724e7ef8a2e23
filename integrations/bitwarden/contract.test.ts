import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { faultRecordOf } from "../../shared/fault/fault.ts";
import { apiContract } from "../../test/contract/api.ts";
import { INJECTED, type Injected, localOutside, secretsRead } from "../../test/support/transport.ts";
import { BitwardenSettings, connectBitwarden } from "./connector.ts";
import { bitwardenSimulator, type BitwardenWorld, type SimulatedItem } from "./simulator.ts";

/** Promises of a port without an action: the faults, at every request, and the value that is told to nobody. */

const VALUE = 'canary-mailgun-PÄSSWÖRD-"\\/+1';
const NOTES = "canary-recovery-code-in-the-notes";
for (const [name, value] of [
  ["mailgun", VALUE],
  ["mailgun-before", `${VALUE}-before`],
  ["notes", NOTES],
  ["user", "canary-user@example.com"],
] as const)
  secretsRead.set(name, value);

const item = (last: string, rest: Partial<SimulatedItem> = {}): SimulatedItem => ({
  id: `11111111-2222-4333-8444-${last.padStart(12, "0")}`,
  name: "Mailgun login",
  type: 1,
  username: "canary-user@example.com",
  password: VALUE,
  notes: NOTES,
  changedAt: "2024-09-20T08:00:00.000Z",
  ...rest,
});
const world = (...items: SimulatedItem[]): BitwardenWorld => ({
  ...bitwardenSimulator.newWorld(),
  items: items.length > 0 ? items : [item("1"), item("2", { name: "Mailgun login (old)" }), item("3", { name: "Mail", username: "mailgun login" })],
});

function at(of = world()) {
  const outside = localOutside(bitwardenSimulator, of);
  return { outside, passwords: connectBitwarden(BitwardenSettings.parse({}), outside) };
}

async function readAll(passwords: ReturnType<typeof at>["passwords"]) {
  return passwords.read(await passwords.find("Mailgun login"), "password");
}

describe("bitwarden: an item's value", () => {
  it("is read from the one item of exactly that name, and prints as its name only", async () => {
    const { passwords } = at();

    const secret = await readAll(passwords);

    expect(secret.reveal()).toBe(VALUE);
    expect(`${secret.toString()} ${JSON.stringify({ secret })} ${inspect({ secret }, { depth: 9, showHidden: true })}`).not.toContain("canary");
  });

  it("is what the server has by now", async () => {
    const of = { ...world(), stale: [item("1", { password: "yesterday-value" })] };

    expect((await readAll(at(of).passwords)).reveal()).toBe(VALUE);
  });

  it.each([
    ["locked", { ...world(), status: "locked" as const }, "denied", "unlock it"],
    ["not logged in", { ...world(), status: "unauthenticated" as const }, "denied", "log it in"],
    ["two of one name", world(item("1"), item("2")), "conflict", "has 2 items «Mailgun login» (11111111-2222-4333-8444-000000000001, 11111111-2222-4333-8444-000000000002)"],
    ["a part of the name only", world(item("2", { name: "Mailgun login (old)" })), "absent", "no item «Mailgun login»"],
    ["deleted", world(item("1", { deletedAt: "2024-09-21T08:00:00.000Z" })), "absent", "no item"],
    ["hidden", world(item("1", { password: null })), "denied", "can view, except passwords"],
    ["a note", world(item("1", { type: 2 })), "rejected", "no login"],
  ])("stays where it is when the item is %s", async (_what, of, kind, words) => {
    await expect(readAll(at(of).passwords)).rejects.toMatchObject({ kind, message: expect.stringContaining(words) });
  });

  it.each(Object.keys(INJECTED) as Injected[])("is in no fault: %s, at every request", async (what) => {
    for (let index = 0; index < 4; index++) {
      const { passwords, outside } = at();
      outside.inject(what, index);

      const thrown: unknown = await readAll(passwords).catch((fault: unknown) => fault);

      expect(INJECTED[what].kinds).toContain(faultRecordOf(thrown).kind);
      expect(inspect(thrown, { depth: 9 })).not.toContain("canary");
    }
  });

  it("is in no fault when the answer that holds it breaks off", async () => {
    const { outside } = at();
    const broken = connectBitwarden(BitwardenSettings.parse({}), { ...outside, fetch: async () => new Response(`{"success":true,"data":{"login":{"password":"${VALUE}`) });

    const thrown: unknown = await broken.read({ id: item("1").id, name: "Mailgun login", changedAt: "" }, "password").catch((fault: unknown) => fault);

    expect(faultRecordOf(thrown).kind).toBe("unavailable");
    expect(inspect(thrown, { depth: 9 })).not.toContain("canary");
  });
});

describe("bitwarden: where it is asked", () => {
  it.each(["http://bitwarden.example.com:8087", "http://127.0.0.1:8087@evil.example.com", "https://127.0.0.1:8087", "http://127.0.0.1:8087/x", "http://0.0.0.0:8087"])(
    "is on this machine only: not %s",
    (url) => {
      expect(BitwardenSettings.safeParse({ url }).success).toBe(false);
    },
  );

  it.each(["a&collectionId=x", "../status", "x#y", "a\nb", "‘;", "%2e%2e"])("looks for %j by that name and nothing else", async (name) => {
    const { passwords, outside } = at(world(item("1", { name })));

    const found = await passwords.find(name);

    expect(found.name).toBe(name);
    expect(outside.requests.at(-1)).toBe(`GET http://127.0.0.1:8087/list/object/items?search=${encodeURIComponent(name)}`);
  });

  it.each(["../../status", "x", ""])("reads no item with the id %j", async (id) => {
    const { passwords, outside } = at();

    await expect(passwords.read({ id, name: "x", changedAt: "" }, "password")).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

apiContract("bitwarden");
