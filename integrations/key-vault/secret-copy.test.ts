import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { faultRecordOf } from "../../shared/fault/fault.ts";
import type { Simulator } from "../../shared/ports/simulator.ts";
import { Secret } from "../../shared/ports/secrets.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { INJECTED, type Injected, localOutside, recording, secretsRead } from "../../test/support/transport.ts";
import { connectBitwarden } from "../bitwarden/connector.ts";
import { bitwardenSimulator, type BitwardenWorld, type SimulatedItem } from "../bitwarden/simulator.ts";
import { secretCopy } from "./secret-copy.ts";
import { connectVaultSecrets } from "./secrets.ts";
import { keyVaultSimulator, type KeyVaultWorld, type SimulatedSecretVersion } from "./simulator.ts";

const VALUE = 'canary-mailgun-PÄSSWÖRD-"\\/+1';
const EARLIER = "canary-earlier-password-of-mailgun";
// Every test's faults and the whole recording are searched for these, plain and in the forms in which values travel.
for (const [name, value] of [
  ["mailgun", VALUE],
  ["mailgun-earlier", EARLIER],
] as const)
  secretsRead.set(name, value);

const HOST = "kv-glb-vault1.vault.azure.net";
const PARAMS = {
  from: { name: "Mailgun login", aliases: [], item: "Mailgun login", field: "password" },
  vault: { name: "kv-glb-vault1", aliases: [], subscription: "11111111-2222-4333-8444-555555555555", resourceGroup: "rg-glb", url: `https://${HOST}` },
  secret: "mailgun-smtp-password",
};

/** Two vendors that share their list of effects. */
type Both = KeyVaultWorld & { readonly bitwarden: BitwardenWorld };
const both: Simulator<Both> = {
  systems: [...keyVaultSimulator.systems, ...bitwardenSimulator.systems],
  systemOf: (url, method) => keyVaultSimulator.systemOf(url, method) ?? bitwardenSimulator.systemOf(url, method),
  newWorld: () => world(),
  handler: (of) => {
    const [vaults, passwords] = [keyVaultSimulator.handler(of), bitwardenSimulator.handler(of.bitwarden)];
    return (request, now) => (bitwardenSimulator.systemOf(new URL(request.url), request.method) === undefined ? vaults : passwords)(request, now);
  },
};

const ITEM: SimulatedItem = {
  id: "11111111-2222-4333-8444-000000000001",
  name: "Mailgun login",
  type: 1,
  username: "mailgun@example.com",
  password: VALUE,
  notes: null,
  changedAt: "2024-09-20T08:00:00.000Z",
};
const version = (value: string, rest: Partial<SimulatedSecretVersion> = {}): SimulatedSecretVersion => ({
  version: "e".repeat(32),
  value,
  enabled: true,
  createdAt: "2024-01-05T08:00:00.000Z",
  ...rest,
});
function world(...versions: SimulatedSecretVersion[]): Both {
  return {
    effects: [],
    vaults: { [HOST]: { certificates: {}, syncs: [], secrets: versions.length === 0 ? {} : { "mailgun-smtp-password": structuredClone(versions) } } },
    bitwarden: { ...bitwardenSimulator.newWorld(), items: [structuredClone(ITEM), { ...ITEM, id: ITEM.id.replace(/1$/, "2"), name: "Mailgun login (old)", password: EARLIER }] },
  };
}
const held = ({ vaults }: Both) => (vaults[HOST]!.secrets["mailgun-smtp-password"] ??= []);
/** What those who read the secret get; a vault keeps every version for ever. */
const readable = (of: Both) => {
  const newest = held(of).at(-1);
  return newest?.enabled === true ? newest.value : null;
};
const connect = (outside: Parameters<typeof connectVaultSecrets>[1]) => ({
  passwords: connectBitwarden({ url: "http://127.0.0.1:8087" }, outside),
  vaultSecrets: connectVaultSecrets({}, outside),
});
const common = { action: secretCopy, integration: "key-vault", simulator: both, connect, params: PARAMS, essence: readable } as const;
const SET = `set secret mailgun-smtp-password of ${HOST}`;
const someoneSets = (of: Both) => void held(of).push(version("canary-of-somebody-else", { version: "f".repeat(32) }));

describe("a secret that is new", () => {
  actionContract({ ...common, world: () => world(), effects: [SET], spoil: (of) => void (held(of)[0]!.enabled = false), drift: someoneSets });
});

describe("a secret that has another value", () => {
  actionContract({ ...common, world: () => world(version(EARLIER)), effects: [SET], spoil: someoneSets, drift: someoneSets });
});

function at(of: Both, params: unknown = PARAMS) {
  const outside = localOutside(both, of);
  const ports = connect(outside);
  const call = () => ({ run: "2024-10-06", step: "kong.secret", target: "kong.secret", now: outside.clock.now() }) as Call;
  type Receipt = Awaited<ReturnType<typeof secretCopy.begin>>;
  return {
    outside,
    ports,
    preview: () => secretCopy.preview(ports, secretCopy.params.parse(params), call()),
    begin: () => secretCopy.begin(ports, secretCopy.params.parse(params), call()),
    verify: (receipt: Receipt) => secretCopy.verify(ports, receipt, call()),
    undo: async (receipt: Receipt) => secretCopy.undo?.(ports, receipt, call()),
  };
}

describe("key-vault: a secret is copied", () => {
  it("and told to nobody: not in preview, receipt, evidence, tags or «already so»", async () => {
    const of = world(version(EARLIER));
    const { preview, begin, verify, undo } = at(of);

    const told = [await preview()];
    const receipt = await begin();
    told.push(await verify(receipt), await preview(), [JSON.stringify(receipt), JSON.stringify(held(of).map(({ tags }) => tags))]);
    told.push([JSON.stringify(of.effects)], (await undo(receipt)) ?? [], [secretCopy.already?.({ ...receipt, set: false }) ?? ""]);

    expect(held(of).map(({ value }) => value)).toEqual([EARLIER, VALUE, EARLIER]);
    expect(told.flat().join("\n")).not.toMatch(/canary/);
    expect(told.flat().join("\n")).not.toMatch(/[0-9a-f]{64}/);
  });

  it("once: a value that is there already is left, and said to be there", async () => {
    const of = world(version(VALUE));
    const { begin, verify, undo } = at(of);

    const receipt = await begin();
    const evidence = await verify(receipt);
    await undo(receipt);

    expect(secretCopy.already?.(receipt)).toContain("before the step began");
    expect(evidence.join("\n")).toContain("compared in memory");
    expect(of.effects).toEqual([]);
  });

  it("as Bitwarden has it by now, and not as it was at the last sync", async () => {
    const of = world();
    of.bitwarden.stale = [{ ...ITEM, password: EARLIER }];

    await at(of).begin();

    expect(readable(of)).toBe(VALUE);
  });

  it("and put back: the earlier value is current again, and at no moment was it refused", async () => {
    const of = world(version(EARLIER));
    const { begin, undo } = at(of);

    const evidence = await undo(await begin());

    expect(of.effects.map(({ did, with: facts }) => [did, facts?.["version"]])).toEqual([
      ["set", held(of)[1]!.version],
      ["set", held(of)[2]!.version],
      ["disabled", held(of)[1]!.version],
    ]);
    expect(evidence?.join("\n")).toContain(`has the value of version ${"e".repeat(32)} again`);
  });

  it("and put back where there was none: it can be read by nobody", async () => {
    const of = world();
    const { begin, undo } = at(of);

    const evidence = await undo(await begin());

    expect(held(of).map(({ enabled }) => enabled)).toEqual([false]);
    expect(evidence?.join("\n")).toContain("no version could be read before");
  });

  it("again after it was taken back, under the same step", async () => {
    const of = world(version(EARLIER));
    const { begin, undo, verify } = at(of);
    await undo(await begin());

    const second = await begin();

    expect(await verify(second)).toHaveLength(2);
    expect(readable(of)).toBe(VALUE);
  });

  it("is not verified when Bitwarden's value has changed since", async () => {
    const of = world();
    const { begin, verify } = at(of);
    const receipt = await begin();
    of.bitwarden.items[0]!.password = "canary-newest";

    await expect(verify(receipt)).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("one of them was changed since") });
  });

  it.each([
    ["Bitwarden is locked", (of: Both) => void (of.bitwarden.status = "locked"), "denied"],
    ["there are two items of that name", (of: Both) => void of.bitwarden.items.push({ ...ITEM, id: ITEM.id.replace(/1$/, "9") }), "conflict"],
    ["there is no such item", (of: Both) => void of.bitwarden.items.splice(0), "absent"],
    ["the secret belongs to a certificate", (of: Both) => void held(of).push(version("canary-key", { isManaged: true })), "conflict"],
    ["the vault's firewall is closed", (of: Both) => void (of.vaults[HOST]!.isClosed = true), "denied"],
  ])("by nobody while %s", async (_what, change, kind) => {
    const of = world();
    change(of);

    await expect(at(of).begin()).rejects.toMatchObject({ kind });
    await expect(at(of).preview()).rejects.toMatchObject({ kind });
    expect(of.effects).toEqual([]);
  });
});

describe("key-vault: no fault holds a value", () => {
  it.each(Object.keys(INJECTED) as Injected[])("%s, at every request of begin, verify and undo", async (what) => {
    for (let index = 0; index < 30; index++) {
      const { outside, begin, verify, undo } = at(world(version(EARLIER)));
      outside.inject(what, index);

      const thrown = await (async () => {
        const receipt = await begin();
        await verify(receipt);
        await undo(receipt);
      })().catch((fault: unknown) => fault);

      expect(inspect(thrown, { depth: 12, showHidden: true })).not.toContain("canary");
      if (outside.hit === undefined) break;
    }
  });

  it.each(["set", "current", "valueOf"] as const)("nor when the answer to «%s», which holds it, breaks off", async (method) => {
    const { outside } = at(world());
    const token = await outside.credential.getToken("x");
    const broken = connectVaultSecrets(
      {},
      {
        ...outside,
        credential: { getToken: () => Promise.resolve(token) },
        fetch: async (input, init) =>
          new Request(input, init).headers.has("authorization")
            ? new Response(`{"value":"${VALUE}","id":`, { headers: { "content-type": "application/json" } })
            : outside.fetch(input, init),
      },
    );
    const calls = {
      set: () => broken.set(PARAMS.vault, PARAMS.secret, new Secret("mailgun", VALUE), {}),
      current: () => broken.current(PARAMS.vault, PARAMS.secret),
      valueOf: () => broken.valueOf(PARAMS.vault, PARAMS.secret, "e".repeat(32)),
    };

    const thrown: unknown = await calls[method]().catch((fault: unknown) => fault);

    expect(faultRecordOf(thrown).kind).toBe("unavailable");
    expect(inspect(thrown, { depth: 12, showHidden: true })).not.toContain("canary");
  });

  it.each(["../../keys/x", "a/b", "a b", "é", "x".repeat(128), ""])("takes no secret called %j", async (secret) => {
    const { ports, outside } = at(world());

    expect(secretCopy.params.safeParse({ ...PARAMS, secret }).success).toBe(false);
    await expect(ports.vaultSecrets.current(PARAMS.vault, secret)).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });

  it("sends no value to what is no vault", async () => {
    const { ports, outside } = at(world());

    await expect(ports.vaultSecrets.set({ name: "x", url: "https://kv-glb-vault1.vault.azure.net.evil.example.com" }, "x", new Secret("mailgun", VALUE), {})).rejects.toMatchObject(
      { kind: "invalid" },
    );
    expect(outside.requests).toEqual([]);
  });

  it("and the recording holds none, in any of the forms in which it travels", () => {
    const all = recording.join("\n");

    for (const form of [
      VALUE,
      Buffer.from(VALUE).toString("base64"),
      encodeURIComponent(VALUE),
      JSON.stringify(VALUE).slice(1, -1),
      JSON.stringify(JSON.stringify(VALUE)).slice(3, -3),
      EARLIER,
    ])
      expect(all).not.toContain(form);
    expect(all).toContain("«secret:mailgun-smtp-password»");
  });
});

apiContract("key-vault");
