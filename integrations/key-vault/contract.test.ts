import { describe, expect, it } from "vitest";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import type { Call } from "../../shared/action/action.ts";
import { certificateSync } from "./actions.ts";
import { connectKeyVault } from "./connector.ts";
import { keyVaultSimulator, type KeyVaultWorld, type SimulatedCertificateVersion, type SimulatedVault } from "./simulator.ts";

const GROUP = { subscription: "11111111-2222-4333-8444-555555555555", resourceGroup: "rg-xat" };
const PARAMS = {
  certificate: { name: "beta wildcard", vault: { name: "XAT", ...GROUP, url: "https://kv-xat.vault.azure.net" }, certificate: "beta-example-com", subject: "*.beta.example.com" },
  from: { name: "PRD", ...GROUP, url: "https://kv-prd.vault.azure.net" },
};
const version = (der: string, validTo: string): SimulatedCertificateVersion => ({
  version: Buffer.from(der.padEnd(16, "-")).toString("hex").slice(0, 32),
  der,
  enabled: true,
  createdAt: "2024-11-01T00:00:00.000Z",
  validFrom: "2024-11-01T00:00:00.000Z",
  validTo,
});
const OLD = version("old", "2024-12-20T00:00:00.000Z");
const NEW = version("new", "2025-11-01T00:00:00.000Z");

const vault = (...versions: SimulatedCertificateVersion[]): SimulatedVault => ({
  certificates: versions.length === 0 ? {} : { "beta-example-com": { hosts: ["*.beta.example.com", "beta.example.com"], issuer: "DigiCert", versions: structuredClone(versions) } },
  secrets: {},
  syncs: [],
});
const world = (target = vault(OLD, NEW), source = vault(NEW)): KeyVaultWorld => ({
  ...keyVaultSimulator.newWorld(),
  vaults: { "kv-xat.vault.azure.net": target, "kv-prd.vault.azure.net": source },
});

actionContract({
  action: certificateSync,
  integration: "key-vault",
  world,
  simulator: keyVaultSimulator,
  connect: (outside) => ({ vault: connectKeyVault({}, outside) }),
  params: PARAMS,
  effects: [],
  spoil: ({ vaults }) => void (vaults["kv-xat.vault.azure.net"]!.certificates["beta-example-com"]!.versions.at(-1)!.enabled = false),
  driftBefore: ({ vaults }) => void vaults["kv-prd.vault.azure.net"]!.certificates["beta-example-com"]!.versions.push(version("newer", "2026-01-01T00:00:00.000Z")),
});

describe("key-vault: a certificate has come to its vault", () => {
  it("waits until the team's syncing has brought it, and proves it by thumbprint and dates", async () => {
    const target = vault(OLD);
    target.syncs.push({ certificate: "beta-example-com", from: "kv-prd.vault.azure.net", at: "2024-12-08T01:10:00.000Z" });
    const { begin, poll, verify, outside } = syncing(world(target));

    const receipt = await begin();
    const early = await poll(receipt);
    outside.advance(10 * 60_000);
    const late = await poll(receipt);

    expect(early).toMatchObject({ state: "running", note: expect.stringContaining("vault PRD has C2A6B03F190DFB2B4AA91F8AF8D477A9BC3401DC") });
    expect(late).toMatchObject({ state: "done" });
    expect((await verify(receipt)).join("\n")).toContain("thumbprint C2A6B03F190DFB2B4AA91F8AF8D477A9BC3401DC, good until 2025-11-01T00:00:00.000Z");
    expect(certificateSync.already?.(receipt)).toBeUndefined();
  });

  it("says «already so» when the certificate was there before", async () => {
    const { begin } = syncing(world());

    expect(certificateSync.already?.(await begin())).toContain("before the step began");
  });

  it("takes a certificate that is good for longer than the source's", async () => {
    const { begin, poll } = syncing(world(vault(NEW), vault(OLD)));

    expect(await poll(await begin())).toMatchObject({ state: "done" });
  });

  it.each([
    ["is not there yet", vault()],
    ["is disabled", vault({ ...NEW, enabled: false })],
    ["good until 2024-12-10", vault(version("short", "2024-12-10T00:00:00.000Z"))],
    ["is good from 2025-01-01", vault({ ...NEW, validFrom: "2025-01-01T00:00:00.000Z" })],
  ])("goes on waiting while it %s", async (why, target) => {
    const { begin, poll } = syncing(world(target));

    expect(await poll(await begin())).toMatchObject({ state: "running", note: expect.stringContaining(why) });
  });

  it("does not take a certificate for another host", async () => {
    const other = vault(NEW);
    other.certificates["beta-example-com"] = { ...other.certificates["beta-example-com"]!, hosts: ["*.alpha.example.com"] };
    const { begin, poll } = syncing(world(other));

    expect(await poll(await begin())).toMatchObject({ state: "running", note: expect.stringContaining("expected *.beta.example.com") });
  });

  it("looks at validity alone where the vault renews the certificate itself", async () => {
    const { from: _none, ...params } = PARAMS;
    const { begin, poll, verify } = syncing(world(vault(NEW), vault()), params);

    const receipt = await begin();

    expect(await poll(receipt)).toMatchObject({ state: "done" });
    expect(await verify(receipt)).toContain("it is renewed by issuer DigiCert");
  });

  it("calls a source without the certificate absent, and a closed vault denied", async () => {
    const closed = world();
    closed.vaults["kv-xat.vault.azure.net"]!.isClosed = true;

    await expect(syncing(world(vault(NEW), vault())).begin()).rejects.toMatchObject({ kind: "absent" });
    await expect(syncing(closed).begin()).rejects.toMatchObject({ kind: "denied" });
  });

  it("never asks for a secret, where private keys are", async () => {
    const { begin, poll, verify, outside } = syncing(world());
    const receipt = await begin();
    await poll(receipt);
    await verify(receipt);

    expect(outside.requests.filter((request) => !/^GET https:\/\/kv-(xat|prd)\.vault\.azure\.net\/certificates\//.test(request))).toEqual([]);
  });

  it.each(["https://kv-xat.vault.azure.net.evil.example.com", "http://kv-xat.vault.azure.net", "https://evil.example.com/?x=.vault.azure.net", "https://u@kv.evil.net"])(
    "sends no token to %s",
    async (url) => {
      const { begin, outside } = syncing(world(), { ...PARAMS, certificate: { ...PARAMS.certificate, vault: { ...PARAMS.certificate.vault, url } }, from: undefined });

      await expect(begin()).rejects.toMatchObject({ kind: "invalid" });
      expect(outside.requests).toEqual([]);
    },
  );

  it.each(["../secrets/x", "a/b", "a;b", "a\nb", "é"])("takes no certificate called %j", async (certificate) => {
    const { begin, outside } = syncing(world(), { ...PARAMS, certificate: { ...PARAMS.certificate, certificate }, from: undefined });

    await expect(begin()).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

apiContract("key-vault");

/** The action on one world, its clock advanced by hand. */
function syncing(of: KeyVaultWorld, params: unknown = PARAMS) {
  const outside = localOutside(keyVaultSimulator, of);
  const ports = { vault: connectKeyVault({}, outside) };
  const call = () => ({ now: outside.clock.now() }) as Call;
  type Receipt = Awaited<ReturnType<typeof certificateSync.begin>>;
  return {
    outside,
    begin: () => certificateSync.begin(ports, certificateSync.params.parse(params), call()),
    poll: async (receipt: Receipt) => certificateSync.poll?.(ports, receipt, call()),
    verify: (receipt: Receipt) => certificateSync.verify(ports, receipt, call()),
  };
}
