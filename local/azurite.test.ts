import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TableClient } from "@azure/data-tables";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAzurite, type Azurite } from "./azurite.ts";

let folder: string;
const started: Azurite[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nightshift-azurite-"));
});
afterEach(async () => {
  for (const azurite of started.splice(0)) await azurite.close();
  rmSync(folder, { recursive: true });
});

async function start(options: Parameters<typeof startAzurite>[0] = { folder, port: 0 }): Promise<Azurite> {
  const azurite = await startAzurite(options);
  started.push(azurite);
  return azurite;
}

const table = ({ connectionString }: Azurite, name = "facts") =>
  TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });

async function rowsOf(client: TableClient, filter?: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const row of client.listEntities<{ text?: string }>({ queryOptions: filter === undefined ? {} : { filter } }))
    rows.push(`${row.partitionKey} ${row.rowKey} ${row.text ?? ""}`);
  return rows;
}

/** A connection that is reset has ended as well. */
function closed(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Ends the process with no chance to save, and waits until it is gone. */
async function killAtOnce({ pid, port }: Azurite): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const gone = closed(socket);
  process.kill(pid, "SIGKILL");
  await gone;
}

describe("what Azurite has acknowledged", () => {
  it("survives the end of its process right after the answer, a new table included", { timeout: 60_000 }, async () => {
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      const azurite = await start();
      const client = table(azurite);
      await client.createTable();
      await client.createEntity({ partitionKey: "run", rowKey: `single-${round}`, text: "kept" });
      await Promise.all(
        Array.from({ length: 20 }, (_none, index) => client.createEntity({ partitionKey: "run", rowKey: `many-${round}-${String(index).padStart(2, "0")}`, text: "kept" })),
      );
      await client.submitTransaction([
        ["create", { partitionKey: "run", rowKey: `together-${round}-a`, text: "kept" }],
        ["create", { partitionKey: "run", rowKey: `together-${round}-b`, text: "kept" }],
      ]);

      await killAtOnce(azurite);

      expected.push(`run single-${round} kept`, `run together-${round}-a kept`, `run together-${round}-b kept`);
      for (let index = 0; index < 20; index++) expected.push(`run many-${round}-${String(index).padStart(2, "0")} kept`);
    }

    const again = await start();

    expect(await rowsOf(table(again))).toEqual(expected.sort());
  });

  it("holds for changes, deletions, refusals and whole tables too", { timeout: 60_000 }, async () => {
    const before = await start();
    const client = table(before);
    await client.createTable();
    await table(before, "other").createTable();
    await table(before, "other").createEntity({ partitionKey: "p", rowKey: "r", text: "goes with its table" });
    for (const rowKey of ["changed", "deleted", "left"]) await client.createEntity({ partitionKey: "run", rowKey, text: "first" });
    await client.updateEntity({ partitionKey: "run", rowKey: "changed", text: "second" }, "Merge");
    await client.deleteEntity("run", "deleted");
    await expect(
      client.submitTransaction([
        ["create", { partitionKey: "run", rowKey: "half" }],
        ["create", { partitionKey: "run", rowKey: "left" }],
      ]),
    ).rejects.toMatchObject({ statusCode: 409 });
    await table(before, "other").deleteTable();
    await table(before, "other").createTable();

    await killAtOnce(before);
    const after = await start();

    expect(await rowsOf(table(after))).toEqual(["run changed second", "run left first"]);
    expect(await rowsOf(table(after, "other"))).toEqual([]);
    await expect(table(after).createEntity({ partitionKey: "run", rowKey: "left" })).rejects.toMatchObject({ statusCode: 409 });
  });

  it("is changed only by those who know its last ETag, after a restart too", { timeout: 60_000 }, async () => {
    const before = await start();
    await table(before).createTable();
    await table(before).createEntity({ partitionKey: "run", rowKey: "row", text: "first" });
    const { etag } = await table(before).getEntity("run", "row");
    await table(before).updateEntity({ partitionKey: "run", rowKey: "row", text: "second" }, "Replace", { etag });

    await killAtOnce(before);
    const after = await start();

    await expect(table(after).deleteEntity("run", "row", { etag })).rejects.toMatchObject({ statusCode: 412 });
    expect(await rowsOf(table(after))).toEqual(["run row second"]);
  });
});

it("answers a partition or a range of rows as it would by looking at every row", async () => {
  const azurite = await start({ port: 0 });
  const client = table(azurite);
  await client.createTable();
  for (const partitionKey of ["a", "a'b", "b"]) {
    for (const rowKey of ["step:1", "step:2", "stepping:1", "step=27:1", "zz'", "12", "9"]) await client.createEntity({ partitionKey, rowKey });
  }

  for (const [partition, from, to] of [
    ["a", "step:", "step:~"],
    ["a''b", "step", "step~"],
    ["b", "", "~"],
    ["b", "zz''", "zz''~"],
    ["b", "1", "9~"],
    ["c", "step:", "step:~"],
  ]) {
    // The same question in another order of words, which is not recognised as a range.
    const scanned = await rowsOf(client, `RowKey ge '${from}' and RowKey lt '${to}' and PartitionKey eq '${partition}'`);
    const narrowed = await rowsOf(client, `PartitionKey eq '${partition}' and RowKey ge '${from}' and RowKey lt '${to}'`);

    expect(narrowed).toEqual(scanned);
  }
  for (const partition of ["a", "a''b", "b", "c", ""]) {
    expect(await rowsOf(client, `PartitionKey eq '${partition}'`)).toEqual(await rowsOf(client, `PartitionKey eq '${partition}' and true`));
  }
});

it("takes any free port when the wanted one is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;

  const azurite = await start({ port });

  expect(azurite.port).not.toBe(port);
  await table(azurite).createTable();
  other.close();
});

it("ends with the process that started it, however that ends", { timeout: 60_000 }, async () => {
  const parent = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `const { startAzurite } = await import(${JSON.stringify(join(import.meta.dirname, "azurite.ts"))}); console.log((await startAzurite({ port: 0 })).port); setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(parent.stdout.setEncoding("utf8"), "data")) as [string];
  const socket = connect(Number(line), "127.0.0.1");
  await once(socket, "connect");
  const gone = closed(socket);

  parent.kill("SIGKILL");

  await gone;
});
