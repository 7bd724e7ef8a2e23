import { nearest } from "../inventory/nearest.ts";

/**
 * Every verb of the plan language. One that no action implements yet may stand in a plan: the compiler says that it is
 * not built, instead of calling it a mistake.
 */
export const VOCABULARY = [
  "cache.purge",
  "certificate.sync",
  "cluster.check",
  "dns.proxy",
  "dns.swap",
  "firewall.allow",
  "firewall.reader",
  "host.decommission",
  "host.run",
  "jira.comment",
  "jira.link",
  "jira.transition",
  "monitor.mute",
  "page.publish",
  "patch.group",
  "patch.install",
  "person.do",
  "pipeline.run",
  "pool.drain",
  "pool.restore",
  "resource.delete",
  "resource.move",
  "script.run",
  "secret.copy",
  "slack.notify",
  "web.check",
  "workspace.rename",
] as const;

export function isKnownVerb(verb: string): boolean {
  return (VOCABULARY as readonly string[]).includes(verb);
}

/** Verbs that may have been meant, best first, of the vocabulary and of what else is built. */
export function nearVerbs(verb: string, built: readonly string[]): readonly string[] {
  return nearest(verb, [...new Set([...VOCABULARY, ...built])].sort());
}
