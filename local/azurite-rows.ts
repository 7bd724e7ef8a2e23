import { DatabaseSync } from "node:sqlite";

/** As much of a Loki database and its collections, which Azurite keeps its tables in, as is used here. */
export interface LokiDatabase {
  collections: LokiCollection[];
  persistenceAdapter: unknown;
  isIncremental: boolean;
  loadJSONObject(database: { name: string; databaseVersion: number; collections: readonly object[] }): void;
}

export interface LokiCollection {
  readonly name: string;
  readonly uniqueNames: readonly string[];
  readonly binaryIndices: Readonly<Record<string, unknown>>;
  /** Ids of rows that were added, changed or removed since it was last emptied. */
  dirtyIds: number[];
  get(id: number): object | null;
  ensureAllIndexes(force: boolean): void;
}

/**
 * Keeps the tables of Azurite in a file, row by row, durably.
 *
 * Azurite itself rewrites its whole database every five seconds, and has answered long before. Here one call of `save`
 * writes only the rows that changed since the last, in one transaction, so that its cost does not grow with the tables.
 */
export interface AzuriteRows {
  /** Writes what changed; when it returns, that survives the end of every process and of the machine. */
  save(): void;
  close(): void;
}

/** Fills `database`, which must be empty, from the file and keeps track of what changes from then on. */
export function azuriteRows(database: LokiDatabase, file: string): AzuriteRows {
  const disk = new DatabaseSync(file);
  disk.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS collections (name TEXT PRIMARY KEY, uniqueNames TEXT NOT NULL, indices TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS documents (collection TEXT NOT NULL, id INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (collection, id)) STRICT, WITHOUT ROWID;
  `);
  // `incremental` makes every collection note the ids of its changed rows; nothing else of Loki's saving is used.
  database.isIncremental = true;
  database.persistenceAdapter = {
    mode: "incremental",
    saveDatabase: (_name: string, _copy: unknown, done: (fault: unknown) => void) => done(null),
  };
  load(database, disk);
  const kept = new Map(database.collections.map((collection) => [collection.name, collection]));

  const putCollection = disk.prepare("INSERT OR REPLACE INTO collections VALUES (?, ?, ?)");
  const dropCollection = disk.prepare("DELETE FROM collections WHERE name = ?");
  const dropDocuments = disk.prepare("DELETE FROM documents WHERE collection = ?");
  const putDocument = disk.prepare("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)");
  const dropDocument = disk.prepare("DELETE FROM documents WHERE collection = ? AND id = ?");

  function write(): void {
    const now = new Map(database.collections.map((collection) => [collection.name, collection]));
    for (const [name, collection] of kept) {
      // Another collection of the same name is a table that was deleted and made again.
      if (now.get(name) === collection) continue;
      dropDocuments.run(name);
      dropCollection.run(name);
      kept.delete(name);
    }
    for (const [name, collection] of now) {
      if (!kept.has(name)) putCollection.run(name, JSON.stringify(collection.uniqueNames), JSON.stringify(Object.keys(collection.binaryIndices)));
      kept.set(name, collection);
      for (const id of new Set(collection.dirtyIds)) {
        const document = collection.get(id);
        if (document === null) dropDocument.run(name, id);
        else putDocument.run(name, id, JSON.stringify(document));
      }
    }
  }

  const isChanged = () =>
    database.collections.length !== kept.size || database.collections.some((collection) => collection.dirtyIds.length > 0 || kept.get(collection.name) !== collection);

  return {
    save() {
      if (!isChanged()) return;
      disk.exec("BEGIN IMMEDIATE");
      write();
      disk.exec("COMMIT");
      for (const collection of database.collections) collection.dirtyIds = [];
    },
    close: () => disk.close(),
  };
}

function load(database: LokiDatabase, disk: DatabaseSync): void {
  const collections = disk.prepare("SELECT name, uniqueNames, indices FROM collections").all() as { name: string; uniqueNames: string; indices: string }[];
  const documents = disk.prepare("SELECT json FROM documents WHERE collection = ? ORDER BY id");
  database.loadJSONObject({
    name: "azurite",
    databaseVersion: 1.5,
    collections: collections.map(({ name, uniqueNames, indices }) => {
      const data = (documents.all(name) as { json: string }[]).map(({ json }) => JSON.parse(json) as { $loki: number });
      return {
        name,
        data,
        maxId: data.at(-1)?.$loki ?? 0,
        uniqueNames: JSON.parse(uniqueNames) as string[],
        binaryIndices: Object.fromEntries((JSON.parse(indices) as string[]).map((index) => [index, { name: index, dirty: true, values: [] }])),
        // Loki's own defaults; it takes what is missing here for their contrary.
        adaptiveBinaryIndices: true,
        disableChangesApi: true,
        disableDeltaChangesApi: true,
        disableMeta: false,
        disableFreeze: true,
        transactional: false,
        asyncListeners: false,
        cloneObjects: false,
        autoupdate: false,
        changes: [],
      };
    }),
  });
  for (const collection of database.collections) collection.ensureAllIndexes(true);
}
