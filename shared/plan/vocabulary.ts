import { nearest } from "../inventory/nearest.ts";
import type { InventoryKind } from "../inventory/schema.ts";

/**
 * Every verb of the plan language, with the kind of inventory entry that it fans out over. One that no action implements
 * yet may stand in a plan: the compiler says that it is not built, instead of calling it a mistake.
 */
const VOCABULARY: Readonly<Record<string, InventoryKind | "nothing by name">> = {
  "cache.purge": "zone",
  "certificate.sync": "certificate",
  "cluster.check": "cluster",
  "dns.proxy": "record",
  "dns.swap": "record",
  "firewall.allow": "firewall",
  "firewall.reader": "firewall",
  "host.decommission": "server",
  "host.run": "server",
  "jira.comment": "nothing by name",
  "jira.link": "nothing by name",
  "jira.transition": "nothing by name",
  "monitor.mute": "monitor",
  "monitor.unmute": "monitor",
  "page.publish": "nothing by name",
  "patch.group": "server",
  "patch.install": "server",
  "person.do": "nothing by name",
  "pipeline.run": "stack",
  "pool.drain": "server",
  "pool.restore": "server",
  "resource.delete": "resource",
  "resource.move": "nothing by name",
  "script.run": "nothing by name",
  "secret.copy": "nothing by name",
  "slack.notify": "channel",
  "web.check": "site",
  "workspace.rename": "workspace",
};

export function isKnownVerb(verb: string): boolean {
  return Object.hasOwn(VOCABULARY, verb);
}

/** The kind of target of a verb that is not built; undefined when its targets are not named in the inventory. */
export function targetKindOf(verb: string): InventoryKind | undefined {
  const kind = Object.hasOwn(VOCABULARY, verb) ? VOCABULARY[verb] : undefined;
  return kind === "nothing by name" ? undefined : kind;
}

/** All verbs, sorted: those of the vocabulary and what else is built. */
export function vocabularyWith(built: readonly string[]): readonly string[] {
  return [...new Set([...Object.keys(VOCABULARY), ...built])].sort();
}

/** Verbs that may have been meant, best first, of the vocabulary and of what else is built. */
export function nearVerbs(verb: string, built: readonly string[]): readonly string[] {
  return nearest(verb, vocabularyWith(built));
}
