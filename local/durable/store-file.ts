import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { HistoryEvent, InstanceFilter } from "./hub.ts";
import { PAGE_SIZE, parseToken, played, tokenOf } from "./store-memory.ts";
import type { Change, InstanceRow, Message, Store, Timer, Work } from "./store.ts";
import { Fault } from "../../shared/fault/fault.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS hub (one INTEGER PRIMARY KEY CHECK (one = 1), serial INTEGER NOT NULL, now INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS instances (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, created INTEGER NOT NULL, row TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS instances_by_creation ON instances (created, id);
  CREATE TABLE IF NOT EXISTS inputs (instance TEXT PRIMARY KEY, input TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS history (instance TEXT NOT NULL, seq INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (instance, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, instance TEXT NOT NULL, row TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS work (seq INTEGER PRIMARY KEY, instance TEXT NOT NULL, row TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS timers (
    instance TEXT NOT NULL, execution TEXT NOT NULL, id INTEGER NOT NULL, fire_at INTEGER NOT NULL,
    PRIMARY KEY (instance, execution, id)) WITHOUT ROWID;
`;

const SELECT_ROW = "SELECT instances.row AS row, inputs.input AS input FROM instances LEFT JOIN inputs ON inputs.instance = instances.id";

/**
 * A store in one SQLite file, durable when `apply` returns.
 *
 * The lock that SQLite takes on the file is the lease: the system takes it from a process that dies, so the next
 * host need not wait, and while it is held no other host can read or write (X8).
 *
 * S1: one transaction per `apply`, so a turn is visible as a whole or not at all (X5). S2: write-ahead log with
 * `synchronous = FULL`: what was acknowledged survives a power cut. S3: an input
 * is written once per generation, apart from its row, which changes with every turn.
 */
export function fileStore(path: string): Store {
  let db: DatabaseSync | undefined;
  let statements: Statements | undefined;
  const opened = (): { db: DatabaseSync; sql: Statements } => {
    if (db === undefined || statements === undefined) throw new Fault("conflict", `the store ${path} is not open; its host was closed`);
    return { db, sql: statements };
  };
  const eventsOf = (instanceId: string): HistoryEvent[] =>
    opened()
      .sql.history.all(instanceId)
      .flatMap(({ events }) => JSON.parse(String(events)) as HistoryEvent[]);

  return {
    open() {
      db = connect(path);
      statements = prepare(db);
      const sql = statements;
      const mark = sql.mark.get();
      return {
        mark: mark === undefined ? undefined : { serial: Number(mark["serial"]), nowMs: Number(mark["now"]) },
        instances: sql.unfinished.all().map((found) => {
          const row = rowOf(found);
          return { row, history: eventsOf(row.instanceId) };
        }),
        messages: sql.messages.all().map(({ row }) => JSON.parse(String(row)) as Message),
        work: sql.work.all().map(({ row }) => JSON.parse(String(row)) as Work),
        timers: sql.timers.all().map((found): Timer => ({
          instanceId: String(found["instance"]),
          executionId: String(found["execution"]),
          timerId: Number(found["id"]),
          fireAtMs: Number(found["fire_at"]),
        })),
      };
    },
    apply(changes, mark) {
      const { db: open, sql } = opened();
      open.exec("BEGIN");
      try {
        // What is added and done within one write need not be written at all.
        const done = new Set(changes.flatMap(({ messagesDone = [], workDone = [] }) => [...messagesDone, ...workDone]));
        for (const change of changes) write(sql, change, done);
        sql.setMark.run(mark.serial, Math.floor(mark.nowMs));
        open.exec("COMMIT");
      } catch (cause) {
        open.exec("ROLLBACK");
        throw cause;
      }
    },
    instance(instanceId) {
      const found = opened().sql.instance.get(instanceId);
      return found === undefined ? undefined : rowOf(found);
    },
    history: (instanceId) => eventsOf(instanceId).map(played),
    list: (filter) => list(opened().db, filter),
    close() {
      db?.close();
      db = undefined;
      statements = undefined;
    },
  };
}

function rowOf(found: Record<string, unknown>): InstanceRow {
  return { ...(JSON.parse(String(found["row"])) as InstanceRow), input: found["input"] as string | null };
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    db.exec(SCHEMA);
    // Takes the lock now, and not at the first change.
    db.exec("BEGIN EXCLUSIVE; COMMIT;");
    return db;
  } catch (cause) {
    db.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    if (/locked|busy/i.test(why)) throw new Fault("conflict", `${path} belongs to another host that is running; stop that one, or use another file`, { cause });
    throw new Fault("invalid", `${path} cannot be used as a store: ${why}`, { cause });
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseSync): {
  readonly [
    name in
      | "mark"
      | "setMark"
      | "unfinished"
      | "instance"
      | "putInstance"
      | "dropInstance"
      | "putInput"
      | "dropInput"
      | "history"
      | "addHistory"
      | "dropHistory"
      | "messages"
      | "addMessage"
      | "dropMessage"
      | "dropMessagesOf"
      | "work"
      | "addWork"
      | "dropWork"
      | "dropWorkOf"
      | "timers"
      | "addTimer"
      | "dropTimer"
      | "dropTimersOf"
  ]: StatementSync;
} {
  return {
    mark: db.prepare("SELECT serial, now FROM hub"),
    setMark: db.prepare("INSERT INTO hub (one, serial, now) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET serial = excluded.serial, now = excluded.now"),
    unfinished: db.prepare(`${SELECT_ROW} WHERE status NOT IN ('Completed', 'Failed', 'Terminated', 'Canceled') ORDER BY created, id`),
    instance: db.prepare(`${SELECT_ROW} WHERE id = ?`),
    putInstance: db.prepare(
      "INSERT INTO instances (id, status, created, row) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status, created = excluded.created, row = excluded.row",
    ),
    dropInstance: db.prepare("DELETE FROM instances WHERE id = ?"),
    putInput: db.prepare("INSERT INTO inputs (instance, input) VALUES (?, ?) ON CONFLICT (instance) DO UPDATE SET input = excluded.input"),
    dropInput: db.prepare("DELETE FROM inputs WHERE instance = ?"),
    history: db.prepare("SELECT events FROM history WHERE instance = ? ORDER BY seq"),
    addHistory: db.prepare("INSERT INTO history (instance, seq, events) VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM history WHERE instance = ?1), ?2)"),
    dropHistory: db.prepare("DELETE FROM history WHERE instance = ?"),
    messages: db.prepare("SELECT row FROM messages ORDER BY seq"),
    addMessage: db.prepare("INSERT INTO messages (seq, instance, row) VALUES (?, ?, ?)"),
    dropMessage: db.prepare("DELETE FROM messages WHERE seq = ?"),
    dropMessagesOf: db.prepare("DELETE FROM messages WHERE instance = ?"),
    work: db.prepare("SELECT row FROM work ORDER BY seq"),
    addWork: db.prepare("INSERT INTO work (seq, instance, row) VALUES (?, ?, ?)"),
    dropWork: db.prepare("DELETE FROM work WHERE seq = ?"),
    dropWorkOf: db.prepare("DELETE FROM work WHERE instance = ?"),
    timers: db.prepare("SELECT instance, execution, id, fire_at FROM timers"),
    addTimer: db.prepare("INSERT INTO timers (instance, execution, id, fire_at) VALUES (?, ?, ?, ?)"),
    dropTimer: db.prepare("DELETE FROM timers WHERE instance = ? AND execution = ? AND id = ?"),
    dropTimersOf: db.prepare("DELETE FROM timers WHERE instance = ?"),
  };
}

/** @param done - numbers of messages and work that are removed within the same transaction. */
function write(sql: Statements, change: Change, done: ReadonlySet<number>): void {
  for (const instanceId of change.purged ?? []) {
    for (const drop of [sql.dropInstance, sql.dropInput, sql.dropHistory, sql.dropMessagesOf, sql.dropWorkOf, sql.dropTimersOf]) drop.run(instanceId);
  }
  const begun = new Set(change.history?.flatMap(({ instanceId, replaces }) => (replaces ? [instanceId] : [])));
  for (const row of change.instances ?? []) {
    sql.putInstance.run(row.instanceId, row.status, row.createdMs, JSON.stringify({ ...row, input: null }));
    if (begun.has(row.instanceId)) sql.putInput.run(row.instanceId, row.input);
  }
  for (const { instanceId, replaces, events } of change.history ?? []) {
    if (replaces) sql.dropHistory.run(instanceId);
    if (events.length > 0) sql.addHistory.run(instanceId, JSON.stringify(events));
  }
  for (const seq of change.messagesDone ?? []) sql.dropMessage.run(seq);
  for (const row of change.messages ?? []) if (!done.has(row.seq)) sql.addMessage.run(row.seq, row.instanceId, JSON.stringify(row));
  for (const seq of change.workDone ?? []) sql.dropWork.run(seq);
  for (const row of change.work ?? []) if (!done.has(row.seq)) sql.addWork.run(row.seq, row.instanceId, JSON.stringify(row));
  for (const instanceId of change.timersDropped ?? []) sql.dropTimersOf.run(instanceId);
  for (const { instanceId, executionId, timerId } of change.timersDone ?? []) sql.dropTimer.run(instanceId, executionId, timerId);
  for (const { instanceId, executionId, timerId, fireAtMs } of change.timers ?? []) sql.addTimer.run(instanceId, executionId, timerId, Math.ceil(fireAtMs));
}

function list(
  db: DatabaseSync,
  { instanceIdPrefix, createdTimeFrom, createdTimeTo, runtimeStatus, top = PAGE_SIZE, continuationToken }: InstanceFilter,
): ReturnType<Store["list"]> {
  const conditions: string[] = ["1 = 1"];
  const values: (string | number)[] = [];
  const where = (condition: string, ...bound: (string | number)[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (instanceIdPrefix !== undefined) where("substr(id, 1, length(?)) = ?", instanceIdPrefix, instanceIdPrefix);
  if (createdTimeFrom !== undefined) where("created >= ?", Date.parse(createdTimeFrom));
  if (createdTimeTo !== undefined) where("created <= ?", Date.parse(createdTimeTo));
  if (runtimeStatus !== undefined && runtimeStatus.length > 0) where(`status IN (${runtimeStatus.map(() => "?").join(", ")})`, ...runtimeStatus);
  if (continuationToken !== undefined && continuationToken !== "") {
    const after = parseToken(continuationToken);
    where("(created, id) > (?, ?)", after.createdMs, after.instanceId);
  }
  const found = db.prepare(`${SELECT_ROW} WHERE ${conditions.join(" AND ")} ORDER BY created, id LIMIT ?`).all(...values, top + 1);
  const rows = found.slice(0, top).map(rowOf);
  const last = rows.at(-1);
  return found.length > top && last !== undefined ? { rows, continuationToken: tokenOf(last) } : { rows };
}
