import type { DnsRecord, Workspace } from "../../inventory/schema.ts";
import { asked, given } from "../proposal.ts";
import type { SentenceReader } from "../proposal.ts";
import { environmentsIn } from "../words/environments.ts";
import { stems } from "../words/likeness.ts";

const HOST = String.raw`(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+`;

/** Records that move from one host to another: «replacing A with B», «from A to B», «point … at B». */
export const readRecords: SentenceReader = (text, { names, swap }) => {
  const pair =
    new RegExp(String.raw`\breplac\w+\s+(${HOST})\s+(?:with|by)\s+(${HOST})`, "i").exec(text) ??
    (/\b(?:point|repoint|switch|swap|change|move|cut ?over|fail ?over|flip|update|redirect)\w*\b/i.test(text)
      ? new RegExp(String.raw`\bfrom\s+(${HOST})\s+(?:over )?to\s+(${HOST})`, "i").exec(text)
      : null);
  const records = names.in(text, "record").map(({ name }) => name);
  if (pair !== null) {
    const [, from = "", to = ""] = pair;
    const targets = records.filter((name) => name !== from && name !== to);
    return [
      {
        id: "swap",
        action: "dns.swap",
        ...(targets.length === 0 ? {} : { targets }),
        with: { from, to },
        ...asked(targets.length === 0 && "Which records? The page names none that the inventory knows."),
      },
    ];
  }
  if (/\b(?:point|repoint)\w*\b/i.test(text) && records.length > 0) {
    const to = new RegExp(String.raw`\b(?:at|to)\s+(${HOST})`, "i").exec(text)?.[1];
    if (to !== undefined)
      return [
        { id: "swap", action: "dns.swap", targets: records.filter((name) => name !== to), with: { to }, ...asked("Where do these records point before? The page does not say.") },
      ];
  }
  if (/\b(?:remove|take down|disable|bring down|turn off|lift)\b.{0,30}\bmaintenance page\b/i.test(text)) {
    if (swap !== undefined) return [{ id: "swap", action: "dns.swap", targets: swap.targets, with: { from: swap.to, to: swap.from }, always: true }];
    return [{ id: "swap", action: "dns.swap", ...asked("Which records, from where to where? No line above puts a maintenance page up.") }];
  }
  if (/\b(?:enable|put up|bring up|turn on|activate)\b.{0,30}\bmaintenance page\b/i.test(text))
    return [{ id: "swap", action: "dns.swap", ...given({ targets: records.length === 0 ? undefined : records }), ...asked("From which host to which? The page does not say.") }];
  if (!/\bcloudflare\b/i.test(text)) return undefined;
  const off = /\b(?:bypass|grey|gray|off|around|disable proxy|no longer)\b/i.test(text);
  if (!off && !/\b(?:route|proxy|through|thru|behind|orange)\b/i.test(text)) return undefined;
  return [
    {
      id: "proxy",
      action: "dns.proxy",
      ...(records.length === 0 ? {} : { targets: records }),
      with: { proxied: !off },
      ...asked(records.length === 0 && "Which record? The page names none that the inventory knows."),
    },
  ];
};

export const readCaches: SentenceReader = (text, { names, swap }) => {
  if (!/\b(?:purge|clear|flush|invalidate)\b.{0,40}\bcaches?\b/i.test(text)) return undefined;
  const zones = names.in(text, "zone").map(({ name }) => name);
  // The cache that a swap above left stale is that of the swapped records' zone.
  const swapped = [...new Set((swap?.targets ?? []).flatMap((name) => (names.inventory.find("record", name) as unknown as DnsRecord | undefined)?.zone ?? []))].flatMap(
    (zone) => names.inventory.find("zone", zone)?.name ?? [],
  );
  const targets = zones.length > 0 ? zones : swapped;
  return [
    {
      id: "purge",
      action: "cache.purge",
      ...(targets.length === 0 ? {} : { targets, always: true as const }),
      afterPrevious: "step",
      ...asked(targets.length === 0 && "Which zone's cache? The page does not say."),
    },
  ];
};

export const readMonitors: SentenceReader = (text, { names, muted }) => {
  const named = names.in(text, "monitor").map(({ name }) => name);
  const speaks = named.length > 0 || /\b(?:pingdom|monitors?|monitoring|alerts?|alarms?|alerting)\b/i.test(text);
  if (!speaks) return undefined;
  const on =
    /\b(?:un-?mute|un-?silence|un-?pause|resume|re-?enable|turn (?:back )?on)\b|\bout of maintenance\b|\bend\b.{0,20}\bmaintenance mode\b|\b(?:remove|take)\b.{0,40}\bmaintenance mode\b/i.test(
      text,
    );
  const off = /\b(?:mute|silence|pause|snooze|suppress|disable|turn off)\b|\b(?:in|into|to|on)\s+maintenance\b/i.test(text);
  if (!on && !off) return undefined;
  const targets = named.length > 0 ? named : on ? muted : [];
  const id = on ? "unmute" : "mute";
  return [
    {
      id,
      action: `monitor.${id}`,
      ...(targets.length === 0 ? {} : { targets }),
      ...(on && targets.length > 0 ? { always: true as const } : {}),
      ...asked(targets.length === 0 && "Which monitors? The page names none that the inventory knows."),
    },
  ];
};

export const readFirewalls: SentenceReader = (text, { names }) => {
  const environments = environmentsIn(text, names.environments);
  const words = stems(text);
  const named = names.in(text, "firewall").map(({ name }) => name);
  const fitting = (names.inventory.entries("firewall") as readonly { name: string; environment?: string }[]).filter(
    ({ name, environment }) =>
      [...stems(name.replaceAll(/prod|nonprod/gi, ""))].some((word) => words.has(word)) &&
      (environments.length === 0 || (environment !== undefined && environments.includes(environment))),
  );
  const targets = named.some((name) => names.inventory.find("firewall", name) === undefined) || named.length === 0 ? fitting.map(({ name }) => name) : named;
  if (targets.length === 0 && !/\bfirewalls?\b/i.test(text)) return undefined;
  const where = targets.length === 0 ? {} : { targets };
  if (/\b(?:readers?|read[- ]?only|viewers?)\b/i.test(text)) {
    const people = names.in(text, "person").map(({ name }) => name);
    const unknown = (/\badd\s+(.+?)\s+as\b/i.exec(text)?.[1] ?? "")
      .split(/\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*/)
      .filter((name) => name !== "" && !people.some((person) => person.toLowerCase() === name.toLowerCase()) && !names.in(name, "person").length);
    return [
      {
        id: "add",
        action: "firewall.reader",
        ...where,
        ...(people.length === 0 ? {} : { with: { people } }),
        ...asked(
          (targets.length === 0 || environments.length > targets.length) && "Which firewalls?",
          (unknown.length > 0 || people.length === 0) && `Who is ${unknown.join(", ") || "meant"}? The inventory does not know them.`,
        ),
      },
    ];
  }
  if (!/\b(?:white-?list|allow-?list|allow|permit)\b/i.test(text)) return undefined;
  const addresses = text.match(/\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?\b/g) ?? [];
  return [
    {
      id: "allow",
      action: "firewall.allow",
      ...where,
      ...(addresses.length === 0 ? {} : { with: { addresses } }),
      ...asked(
        targets.length === 0 && "Which firewalls?",
        addresses.length === 0 && "Which addresses? The page names none.",
        "Which address group lets them in? The page does not say.",
      ),
    },
  ];
};

/** «Change the workspace to use helm instead of app in its name». */
export const readWorkspaces: SentenceReader = (text, { names, above }) => {
  if (!/\bworkspaces?\b/i.test(text)) return undefined;
  const [, now, before] = /\b(?:use|using|have|say)\s+["']?([\w-]+)["']?\s+instead of\s+["']?([\w-]+)/i.exec(text) ?? [];
  const [, from, to] = /\brename\b.*?\bfrom\s+["']?([\w-]+)["']?\s+to\s+["']?([\w-]+)/i.exec(text) ?? [];
  const wanted = from ?? before;
  if (wanted === undefined) return undefined;
  const environments = environmentsIn(text, names.environments);
  const about = stems(`${text} ${above}`);
  const known = (names.inventory.entries("workspace") as unknown as readonly Workspace[]).filter(
    ({ workspace, name }) => workspace.split(/[-_]/).includes(wanted) || workspace === wanted || name === wanted,
  );
  const inEnvironment = known.filter(
    ({ name, workspace }) =>
      environments.every((environment) => `${name} ${workspace}`.toLowerCase().includes(environment.toLowerCase())) && [...stems(name)].some((word) => about.has(word)),
  );
  const [only] = inEnvironment;
  const found = inEnvironment.length === 1 ? only : undefined;
  const renamed = to ?? found?.workspace.replace(wanted, now ?? wanted);
  return [
    {
      id: "rename",
      action: "workspace.rename",
      ...(found === undefined ? {} : { targets: [found.name] }),
      ...(renamed === undefined ? {} : { with: { to: renamed } }),
      ...asked(found === undefined && `Which workspace has «${wanted}» in its name? The inventory does not say.`),
    },
  ];
};
