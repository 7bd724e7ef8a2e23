import { inspect } from "node:util";
import { expect, it } from "vitest";
import { azureClientOptions } from "../integrations/azure-http.ts";
import { keyVaultSimulator, type KeyVaultWorld } from "../integrations/key-vault/simulator.ts";
import { inScope } from "../shared/ports/scope.ts";
import { localOutside } from "../test/support/transport.ts";
import { keyVaultSecrets } from "./key-vault-secrets.ts";

const VAULT = "kv-night.vault.azure.net";
const version = (value: string, digit: string) => ({ version: digit.repeat(32), value, enabled: true, createdAt: "2024-11-01T00:00:00.000Z" });

function reading(secrets: KeyVaultWorld["vaults"][string]["secrets"] = { "slack-bot-token": [version("canary-1", "a")] }) {
  const world: KeyVaultWorld = { ...keyVaultSimulator.newWorld(), vaults: { [VAULT]: { certificates: {}, secrets, syncs: [] } } };
  const outside = localOutside(keyVaultSimulator, world);
  const { httpClient } = azureClientOptions(outside.fetch);
  return { outside, world, secrets: keyVaultSecrets({ vaultUrl: `https://${VAULT}`, credential: outside.credential, client: { httpClient } }) };
}

const during = <T>(run: string, work: () => T) => inScope({ run, step: "s", target: "t", deed: "begin", attempt: 1 }, work);

it("reads a secret that does not show its value by itself", async () => {
  const { secrets } = reading();

  const secret = await secrets.read("slack-bot-token");

  expect(secret.reveal()).toBe("canary-1");
  expect(`${String(secret)} ${JSON.stringify({ secret })} ${inspect(secret)}`).not.toContain("canary-1");
});

it("asks once for a run, however many ask at once, and again for the next run", async () => {
  const { secrets, world, outside } = reading();

  await during("2024-10-06", () => Promise.all([1, 2, 3].map(() => secrets.read("slack-bot-token"))));
  const asked = outside.requests.length;
  world.vaults[VAULT]?.secrets["slack-bot-token"]?.push(version("canary-2", "b"));
  const same = await during("2024-10-06", () => secrets.read("slack-bot-token"));
  const next = await during("2024-12-08", () => secrets.read("slack-bot-token"));

  // The first request is answered with a challenge.
  expect(asked).toBe(2);
  expect([same.reveal(), next.reveal()]).toEqual(["canary-1", "canary-2"]);
});

it("keeps nothing outside of a run, and no failure", async () => {
  const { secrets, world } = reading({});

  await expect(during("2024-12-08", () => secrets.read("slack-bot-token"))).rejects.toMatchObject({ kind: "absent", message: expect.stringContaining("slack-bot-token") });
  Object.assign(world.vaults[VAULT]?.secrets ?? {}, { "slack-bot-token": [version("canary-1", "a")] });
  const later = await during("2024-12-08", () => secrets.read("slack-bot-token"));
  const outsideOfRuns = await secrets.read("slack-bot-token");
  world.vaults[VAULT]?.secrets["slack-bot-token"]?.push(version("canary-2", "b"));

  expect([later.reveal(), outsideOfRuns.reveal(), (await secrets.read("slack-bot-token")).reveal()]).toEqual(["canary-1", "canary-1", "canary-2"]);
});

it("says whether it is not let in, or could not ask", async () => {
  const closed = reading();
  Object.assign(closed.world.vaults[VAULT] ?? {}, { isClosed: true });
  const away = keyVaultSecrets({ vaultUrl: "https://kv-gone.vault.azure.net", credential: closed.outside.credential, client: azureClientOptions(closed.outside.fetch) });

  await expect(closed.secrets.read("slack-bot-token")).rejects.toMatchObject({ kind: "denied" });
  await expect(away.read("slack-bot-token")).rejects.toMatchObject({ kind: "unavailable" });
});

it("refuses a name that is none, before anything is sent", async () => {
  const { secrets, outside } = reading();

  await expect(secrets.read("../certificates/x?")).rejects.toMatchObject({ kind: "invalid" });
  expect(outside.requests).toEqual([]);
});

it("puts nothing of an answer into a fault, not even of one that breaks off in the middle", async () => {
  const { outside } = reading();
  const { httpClient } = azureClientOptions(async (input, init) =>
    new Request(input, init).headers.has("authorization")
      ? new Response('{"value":"canary-1","id":', { headers: { "content-type": "application/json" } })
      : outside.fetch(input, init),
  );
  const secrets = keyVaultSecrets({ vaultUrl: `https://${VAULT}`, credential: outside.credential, client: { httpClient } });

  const thrown: unknown = await secrets.read("slack-bot-token").catch((fault: unknown) => fault);

  expect(thrown).toMatchObject({ name: "Fault", kind: "unavailable" });
  expect(inspect(thrown, { depth: 12 })).not.toContain("canary-1");
});
