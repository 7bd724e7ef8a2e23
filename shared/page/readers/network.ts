import type { DnsRecord, Workspace } from "../../inventory/schema.ts";
import { asked, given } from "../proposal.ts";
import type { SentenceReader, Surroundings } from "../proposal.ts";
import { environmentsIn } from "../words/environments.ts";
import { stems } from "../words/likeness.ts";

const HOST = String.raw`(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+`;

/** Hosts of a text that are no record of the inventory. */
function hostsIn(text: string): readonly string[] {
  return (text.match(new RegExp(String.raw`(?<![\w.@/-])${HOST}(?![\w-])`, "gi")) ?? []).filter((host) => /\.[a-z]{2,}$/i.test(host));
}

/** Records by their names, and by the hosts that they answer for. */
function recordsIn(text: string, names: Surroundings["names"]): readonly string[] {
  const hosts = new Set(hostsIn(text).map((host) => host.toLowerCase()));
  const answering = (names.inventory.entries("record") as unknown as readonly DnsRecord[]).filter(({ host }) => hosts.has(host.toLowerCase()));
  return [...new Set([...names.in(text, "record").map(({ name }) => name), ...answering.map(({ name }) => name)])];
}

/** «at B instead of A» as «from A to B». */
function turned(pair: RegExpExecArray | null): readonly string[] | null {
  return pair === null ? null : [pair[0], pair[2] ?? "", pair[1] ?? ""];
}

/** Records that move from one host to another: «replacing A with B», «from A to B», «point … at B». */
export const readRecords: SentenceReader = (text, { names, swap, line }) => {
  const pair =
    new RegExp(String.raw`\breplac\w+\s+(${HOST})\s+(?:with|by)\s+(${HOST})`, "i").exec(text) ??
    new RegExp(String.raw`\bfrom\s+(${HOST})\s+(?:back |over )?(?:to|onto|at)\s+(${HOST})`, "i").exec(/\bmaintenance page\b/i.test(text) ? `${text} ${line}` : text) ??
    turned(new RegExp(String.raw`\b(?:at|to|onto)\s+(${HOST})\s+(?:instead of|rather than)\s+(${HOST})`, "i").exec(text));
  const records = recordsIn(text, names);
  if (pair !== null) {
    const [, from = "", to = ""] = pair;
    const targets = recordsIn(text.replaceAll(from, " ").replaceAll(to, " "), names).filter((name) => name !== from && name !== to);
    const back = swap !== undefined && swap.from === to && swap.to === from;
    return [
      {
        id: "swap",
        action: "dns.swap",
        ...(targets.length === 0 ? {} : { targets }),
        with: { from, to },
        ...(back ? { always: true as const } : {}),
        ...asked(targets.length === 0 && "Which records? The page names none that the inventory knows."),
      },
    ];
  }
  if (/\b(?:point|repoint|redirect|cname)\w*\b/i.test(text)) {
    const to = new RegExp(String.raw`\b(?:at|to|onto)\s+(${HOST})`, "i").exec(text)?.[1];
    const unknown = hostsIn(text).filter((host) => host !== to && !records.some((name) => recordsIn(host, names).includes(name)));
    const targets = [...records.filter((name) => name !== to), ...unknown];
    if (to !== undefined && targets.length > 0)
      return [
        {
          id: "swap",
          action: "dns.swap",
          targets,
          with: { to },
          ...asked(unknown.length > 0 && `Which record is ${unknown.join(", ")}? The inventory does not know it.`, "Where do these records point before? The page does not say."),
        },
      ];
  }
  if (
    /\b(?:remove|disable|bring down|turn off|switch off|lift|drop)\b.{0,30}\bmaintenance page\b|\b(?:take|bring|pull)\b.{0,10}\bmaintenance page\b.{0,10}\b(?:down|off)\b|\btake down\b.{0,30}\bmaintenance page\b|\bmaintenance page\b.{0,20}\b(?:comes down|down again|removed|off(?: again)?)\b/i.test(
      text,
    )
  ) {
    if (swap !== undefined) return [{ id: "swap", action: "dns.swap", targets: swap.targets, with: { from: swap.to, to: swap.from }, always: true }];
    return [{ id: "swap", action: "dns.swap", ...asked("Which records, from where to where? No line above puts a maintenance page up.") }];
  }
  if (/\b(?:enable|put up|bring up|turn on|switch on|activate|show)\b.{0,30}\bmaintenance page\b|\bput\b.{0,10}\bmaintenance page\b.{0,10}\bup\b/i.test(text))
    return [{ id: "swap", action: "dns.swap", ...given({ targets: records.length === 0 ? undefined : records }), ...asked("From which host to which? The page does not say.") }];
  if (!/\bcloudflare\b/i.test(text)) return undefined;
  const hosts = records.length > 0 ? [] : hostsIn(text);
  const off = /\b(?:bypass|grey|gray|off|around|disable proxy|no longer|stop|remove|un-?proxy|not)\b/i.test(text);
  if (!off && !/\b(?:route|proxy|through|thru|behind|orange)\b/i.test(text)) return undefined;
  return [
    {
      id: "proxy",
      action: "dns.proxy",
      ...(records.length + hosts.length === 0 ? {} : { targets: [...records, ...hosts] }),
      with: { proxied: !off },
      ...asked(records.length === 0 && `Which record${hosts.length === 0 ? "" : ` is ${hosts.join(", ")}`}? The page names none that the inventory knows.`),
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
  const unknown = zones.length > 0 ? [] : hostsIn(text).filter((host) => names.inventory.find("zone", host) === undefined);
  const targets = zones.length > 0 ? zones : unknown.length > 0 ? unknown : swapped;
  return [
    {
      id: "purge",
      action: "cache.purge",
      ...(targets.length === 0 ? {} : { targets, always: true as const }),
      afterPrevious: "step",
      ...asked(targets.length === 0 && "Which zone's cache? The page does not say.", unknown.length > 0 && `Which zone is ${unknown.join(", ")}? The inventory does not know it.`),
    },
  ];
};

export const readMonitors: SentenceReader = (text, { names, muted }) => {
  const named = [...new Set(names.in(text, "monitor").map(({ name }) => name))];
  const speaks = named.length > 0 || /\b(?:pingdom|monitors?|monitoring|alerts?|alarms?|alerting)\b/i.test(text);
  if (!speaks) return undefined;
  const on =
    /\b(?:un-?mute|un-?silence|un-?pause|resume|re-?enable|turn (?:back )?on)d?\b|\bout of maintenance\b|\bback (?:on|online|to normal)\b|\bend\b.{0,20}\bmaintenance mode\b|\b(?:remove|take)\b.{0,40}\bmaintenance mode\b/i.test(
      text,
    ) ||
    (named.length > 0 && /\bon(?: again)?[.!\s]*$/i.test(text));
  const off =
    /\b(?:mute|silence|pause|snooze|suppress|disable|turn off)d?\b|\b(?:in|into|to|on)\s+(?:the )?maintenance\b|\bmaintenance mode\b/i.test(text) ||
    (named.length > 0 && /\boff[.!\s]*$/i.test(text));
  if (!on && !off) return undefined;
  const spoken = /\b(?:mute|silence|pause|snooze|suppress|resume|put|take)d?\s+(?:the |all )?(.{2,60}?)\s+(?:monitors?|monitoring|alerts?|alarms?|alerting|checks?)\b/i.exec(
    text,
  )?.[1];
  const known = named.length > 0 ? named : on ? muted : [];
  const targets = known.length > 0 || spoken === undefined ? known : [spoken];
  const id = on ? "unmute" : "mute";
  return [
    {
      id,
      action: `monitor.${id}`,
      ...(targets.length === 0 ? {} : { targets }),
      ...(on && targets.length > 0 ? { always: true as const } : {}),
      ...asked(known.length === 0 && `Which monitors${spoken === undefined ? "" : ` are «${spoken}»`}? The page names none that the inventory knows.`),
    },
  ];
};

/** `198.51.100.0/24`, `2001:db8:40::/48`. */
const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?\b|(?<![\w:.])(?=[\da-f:]*::|(?:[\da-f]{1,4}:){7})[\da-f]{1,4}:[\da-f:]+(?:\/\d{1,3})?/gi;

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
  const spoken = targets.length > 0 ? undefined : /\b(?:on|in|to|of|at)\s+(?:the\s+)?((?:[A-Z][\w-]*\s+){1,3})firewalls?\b/.exec(text)?.[1]?.trim();
  const where = targets.length > 0 ? { targets } : spoken === undefined ? {} : { targets: [spoken] };
  const which = targets.length === 0 && `Which firewall is ${spoken ?? "meant"}? The inventory does not know it.`;
  if (/\b(?:readers?|read[- ]?only|viewers?|read access)\b/i.test(text)) {
    const people = names.in(text, "person").map(({ name }) => name);
    const listed = (/\b(?:add|make|give|grant|let)\s+(.+?)\s+(?:as\b|read|viewer|a read)/i.exec(text)?.[1] ?? "")
      .split(/\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*/)
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const unknown = listed.filter((name) => names.in(name, "person").length === 0);
    const all = [...new Set([...people, ...unknown])];
    return [
      {
        id: "add",
        action: "firewall.reader",
        ...where,
        ...(all.length === 0 ? {} : { with: { people: all } }),
        ...asked(
          which || (environments.length > targets.length && "Which firewalls?"),
          (unknown.length > 0 || people.length === 0) && `Who is ${unknown.join(", ") || "meant"}? The inventory does not know them.`,
        ),
      },
    ];
  }
  if (!/\b(?:white-?list|allow-?list|allow|permit)\b/i.test(text)) return undefined;
  const group = /\b(?:address )?group\s+(?:called |named )?["']?(?!of\b|for\b|on\b|in\b)([A-Za-z][\w-]*)/i.exec(text)?.[1];
  const addresses = text.match(ADDRESS) ?? [];
  return [
    {
      id: "allow",
      action: "firewall.allow",
      ...where,
      ...given({ with: addresses.length === 0 && group === undefined ? undefined : given({ addresses: addresses.length === 0 ? undefined : addresses, group }) }),
      ...asked(which, addresses.length === 0 && "Which addresses? The page names none.", group === undefined && "Which address group lets them in? The page does not say."),
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
