import { assert } from "../shared/fault/assert.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Fact } from "../shared/run/facts.ts";
import { inOrder, type Entry, type Journal } from "../shared/run/journal.ts";
import { endOf, keyOf, nameOf } from "./table-keys.ts";
import { checkFits, tableNamed, type Row, type TablesSettings } from "./tables.ts";
import { piecesOf, textOf } from "./table-text.ts";

/**
 * The journal in Azure Table Storage: one partition per run, one row per fact, at the key `STREAM:POSITION`.
 *
 * T1  Rows are added and never changed, so that of two writers of one position one fails, and its whole transaction with it.
 * T2  A fact that does not fit into a row goes on in rows `STREAM:POSITION+PIECE` of the same transaction.
 * T3  A stream is a range of keys in one partition: a read costs what it returns, however long the journal is.
 * T4  A run is listed before it has its first fact, so that none is ever missing from the list.
 *
 * `at` and `type` stand beside each fact for people who look into the table; nothing reads them.
 */
export function tableJournal(settings: TablesSettings): Journal {
  const facts = tableNamed("Facts", settings);
  const runs = tableNamed("Runs", settings);
  const listed = new Set<string>();

  async function list(run: string): Promise<void> {
    if (listed.has(run)) return;
    await runs.insert(`list the run ${run}`, [{ partitionKey: RUNS, rowKey: keyOf(run) }]);
    listed.add(run);
  }

  async function read(run: string, stream: string): Promise<readonly Fact[]> {
    const from = `${keyOf(stream)}:`;
    return entriesOf(await facts.range(`read ${stream} of ${run}`, keyOf(run), from, endOf(from))).map(({ fact }) => fact);
  }

  return {
    async append(run, stream, expected, added) {
      const [first] = added;
      if (first === undefined) return (await read(run, stream)).length === expected;
      const what = `add ${added.length === 1 ? first.type : `${first.type} and ${added.length - 1} more`} to ${stream} of ${run} at ${expected}`;
      const rows = added.flatMap((fact, offset) => rowsOf(run, stream, expected + offset, fact));
      checkFits(what, rows);
      await list(run);
      return facts.insert(what, rows);
    },

    read,

    async readUnder(run, prefix) {
      const from = keyOf(prefix);
      return entriesOf(await facts.range(`read ${prefix}… of ${run}`, keyOf(run), from, endOf(from)));
    },

    readAll: async (run) => inOrder(entriesOf(await facts.partition(`read the run ${run}`, keyOf(run)))),

    async runs() {
      const rows = await runs.partition("list the runs", RUNS);
      return rows
        .map(({ rowKey }) => nameOf(rowKey))
        .sort()
        .toReversed();
    },
  };
}

/** The partition in which runs are listed. */
const RUNS = "runs";

const POSITION_DIGITS = 6;

function rowsOf(run: string, stream: string, position: number, fact: Fact): Row[] {
  const digits = String(position).padStart(POSITION_DIGITS, "0");
  assert(digits.length === POSITION_DIGITS, `${stream} of ${run} has ${position} facts; expected fewer than a million`);
  const rowKey = `${keyOf(stream)}:${digits}`;
  return piecesOf(JSON.stringify(fact)).map((pieces, row) =>
    row === 0
      ? { partitionKey: keyOf(run), rowKey, type: fact.type, at: fact.at, ...pieces }
      : { partitionKey: keyOf(run), rowKey: `${rowKey}+${String(row).padStart(2, "0")}`, ...pieces },
  );
}

/** The facts of rows in order of their keys, in which every fact's further rows follow its first. */
function entriesOf(rows: readonly Row[]): Entry[] {
  const grouped: Row[][] = [];
  for (const row of rows) {
    if (row.rowKey.includes("+")) grouped.at(-1)?.push(row);
    else grouped.push([row]);
  }
  let previous: Entry | undefined;
  return grouped.map((group) => {
    const [key = "", digits = ""] = (group[0]?.rowKey ?? "").split(":");
    const entry: Entry = { stream: nameOf(key), seq: Number(digits), fact: factOf(textOf(group), group[0]?.rowKey ?? "") };
    const due = previous?.stream === entry.stream ? previous.seq + 1 : 0;
    assert(entry.seq === due, `the journal's row ${group[0]?.rowKey} follows position ${due - 1}; expected position ${due}`);
    previous = entry;
    return entry;
  });
}

/** What was added was a fact; the table may have been touched by others since. */
function factOf(text: string, rowKey: string): Fact {
  try {
    return JSON.parse(text) as Fact;
  } catch (cause) {
    throw new Fault("defect", `the journal's row ${rowKey} holds no fact; expected JSON as it was written`, { cause });
  }
}
