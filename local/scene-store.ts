import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sceneOf, type Scene } from "./scene.ts";

/** A scene kept in a file, so that it outlives its process however that ends. */
export interface SceneStore {
  /** What was kept last; undefined when nothing was. */
  load(): Scene | undefined;
  /** Writes the parts that changed since the last time, and returns when they are on disk. */
  save(scene: Scene): void;
  close(): void;
}

/** Each part of a scene, and each vendor's world, is a row of its own: a request changes one of them, or two. */
export function sceneStore(file: string): SceneStore {
  mkdirSync(dirname(file), { recursive: true });
  const disk = new DatabaseSync(file);
  disk.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT");
  const put = disk.prepare("INSERT OR REPLACE INTO parts VALUES (?, ?)");
  const kept = new Map((disk.prepare("SELECT name, json FROM parts").all() as { name: string; json: string }[]).map(({ name, json }) => [name, json]));

  return {
    load() {
      if (kept.size === 0) return undefined;
      const parts = [...kept].map(([name, json]) => [name, JSON.parse(json) as unknown] as const);
      const isWorld = ([name]: readonly [string, unknown]) => name.startsWith(WORLD);
      return sceneOf({
        ...Object.fromEntries(parts.filter((part) => !isWorld(part))),
        worlds: Object.fromEntries(parts.filter(isWorld).map(([name, world]) => [name.slice(WORLD.length), world])),
      });
    },

    save({ worlds, faults, links }) {
      const parts = { faults, links, ...Object.fromEntries(Object.entries(worlds).map(([name, world]) => [`${WORLD}${name}`, world])) };
      const changed = Object.entries(parts)
        .map(([name, part]) => [name, JSON.stringify(part)] as const)
        .filter(([name, json]) => kept.get(name) !== json);
      if (changed.length === 0) return;
      disk.exec("BEGIN IMMEDIATE");
      for (const [name, json] of changed) put.run(name, json);
      disk.exec("COMMIT");
      for (const [name, json] of changed) kept.set(name, json);
    },

    close: () => disk.close(),
  };
}

const WORLD = "world:";
