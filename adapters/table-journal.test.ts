import { expect, it } from "vitest";
import { journalContract } from "../test/contract/journal.ts";
import { emptyTables } from "../test/support/azurite.ts";
import { tableJournal } from "./table-journal.ts";

journalContract("tableJournal", async () => tableJournal(await emptyTables()));

const told = (text: string) => ({ type: "step.told", at: "2024-12-08T01:00:00.000Z", step: "a", topic: "started", text }) as const;

it("refuses a fact above the store's limit, names it, and keeps nothing of the append", async () => {
  const journal = tableJournal(await emptyTables());

  const attempt = journal.append("2024-12-08", "step/a", 0, [told("small"), told("x".repeat(4_200_000))]);

  await expect(attempt).rejects.toMatchObject({ kind: "invalid", message: expect.stringMatching(/step\.told .*step\/a of 2024-12-08/) });
  expect(await journal.readAll("2024-12-08")).toEqual([]);
  expect(await journal.runs()).toEqual([]);
});

it("refuses more facts than one transaction holds", async () => {
  const journal = tableJournal(await emptyTables());

  const attempt = journal.append(
    "2024-12-08",
    "step/a",
    0,
    Array.from({ length: 101 }, () => told("small")),
  );

  await expect(attempt).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("at most 100 rows") });
});

it("is seen by another process at once", async () => {
  const tables = await emptyTables();
  await tableJournal(tables).append("2024-12-08", "step/a", 0, [told("one")]);

  const elsewhere = tableJournal(tables);

  expect(await elsewhere.read("2024-12-08", "step/a")).toEqual([told("one")]);
  expect(await elsewhere.append("2024-12-08", "step/a", 0, [told("two")])).toBe(false);
});

it("says that the store cannot be reached, and loses nothing by it", async () => {
  const { connection, prefix } = await emptyTables();
  const journal = tableJournal({ connection: connection.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:9"), prefix });

  await expect(journal.append("2024-12-08", "step/a", 0, [told("one")])).rejects.toMatchObject({ kind: "unavailable" });
});
