import { asked } from "../proposal.ts";
import type { Proposal, SentenceReader, Surroundings } from "../proposal.ts";
import { shareOf } from "../words/likeness.ts";

/** «#floor: we begin», «heads up to #floor», «all done -> #floor»: what is said to a channel needs no verb. */
const ADDRESSED = /^[\s:,-]*#\w[\w-]*\s*(?::|-|<-)\s|(?:\b(?:to|in|into|via)|->|=>|→)\s*(?:#\w[\w-]*\s*(?:,|and|&|\/)?\s*)+[.!]?\s*$/i;

/** «Notify the … channels of maintenance starting». */
export const readNotices: SentenceReader = (text, { names }) => {
  if (
    !/\b(?:notif(?:y|ies|ied|ication)|announc\w*|tells?|told|inform(?:s|ed)?|post(?:s|ed)?|messages?|sends?|sent|alerts?|pings?|lets?|all clear|writes?|calls? out|shouts?)\b/i.test(
      text,
    ) &&
    !ADDRESSED.test(text)
  )
    return undefined;
  const speaks = /\b(?:channels?|slack)\b|#\w/i.test(text);
  const named = names.in(text, "channel");
  // A channel may be called by an everyday word, «maintenance»: then a # or the word «channel» has to say that it is one.
  const channels = named
    .filter(({ start, end }) => text[start - 1] === "#" || !/^(?:maintenance|release|operation|general|alert|status)/i.test(text.slice(start, end)) || speaks)
    .map(({ name }) => name);
  if (channels.length === 0 && !speaks) return undefined;
  // «dailyops and maintenance slack channels»: every word of the enumeration before «channels» has to be known.
  const list = /((?:#?[\w-]+(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*))*#?[\w-]+)\s+(?:slack\s+)?channels?\b/i.exec(text)?.[1] ?? "";
  const hashed = [...text.matchAll(/#([\w-]+)/g)].map(([, name = ""]) => name);
  const said = [...list.split(/\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*/), ...hashed]
    .map((name) => name.replace(/^#/, ""))
    .filter((name) => name !== "" && !/^(?:the|slack|our|all|both|these|in|on|to)$/i.test(name));
  const unknown = [...new Set(said.filter((name) => names.inventory.find("channel", name) === undefined))];
  const targets = [
    ...new Set([...channels.filter((name) => said.length === 0 || said.some((word) => names.inventory.find("channel", word)?.name === name) || !speaks), ...unknown]),
  ];
  const finish = /\b(?:finish\w*|end(?:ed|s|ing)?|complet\w*|done|(?<!-)over|results?|closed?|outcome|all clear)\b/i.test(text);
  const start = /\b(?:start\w*|begin\w*|began|commenc\w*|kick\w*)\b/i.test(text);
  return [
    {
      id: "notify",
      action: "slack.notify",
      ...(targets.length === 0 ? {} : { targets }),
      with: { moment: finish && !start ? "finish" : start && !finish ? "start" : finish ? "finish" : "note", text: text.trim().slice(0, 1_000) },
      ...(finish ? { always: true as const } : {}),
      ...asked((unknown.length > 0 || targets.length === 0) && `Which channel is ${unknown.join(", ") || "meant"}? The inventory does not know it.`),
    },
  ];
};

export const readChecks: SentenceReader = (text, { names }) => {
  if (
    !/\b(?:smoke|sanity|health)[ -]?(?:tests?|checks?)\b|^(?:please )?smoke\s|\b(?:check|verify|test|confirm|browse|validate|make sure|open)\b.{0,80}\b(?:site|website|url|page|portal|home ?page|loads?|responds?|answers?|is up|comes up|works?)\b|^(?:does|is|are|do)\b.{0,80}\b(?:open|load|respond|answer|up|reachable|work)\b/i.test(
      text,
    )
  )
    return undefined;
  const sites = [...new Set(names.in(text, "site").map(({ name }) => name))];
  const hosts = text.match(/(?<![\w.@])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b/gi) ?? [];
  if (sites.length === 0 && hosts.length === 0 && !/\b(?:smoke|sanity|health)/i.test(text)) return undefined;
  const targets = sites.length > 0 ? sites : [...new Set(hosts)];
  return [
    {
      id: "check",
      action: "web.check",
      ...(targets.length === 0 ? {} : { targets }),
      ...asked(sites.length === 0 && `Which site? The inventory does not know ${hosts.join(", ") || "any that the page names"}.`),
    },
  ];
};

/** «Confirm that the Kong cluster runs Kubernetes 1.31.2». */
export const readClusters: SentenceReader = (text, { names }) => {
  if (!/\b(?:check|verify|confirm|validate|make sure|ensure)\b/i.test(text) || !/\b(?:clusters?|kubernetes|k8s|aks)\b/i.test(text)) return undefined;
  const clusters = [...new Set(names.in(text, "cluster").map(({ name }) => name))];
  const spoken = /\b([A-Z][\w-]*)\s+cluster\b/.exec(text)?.[1];
  const version = /\bv?(\d+\.\d+(?:\.\d+)?)\b/.exec(text)?.[1];
  const targets = clusters.length > 0 ? clusters : spoken === undefined ? [] : [spoken];
  return [
    {
      id: "check",
      action: "cluster.check",
      ...(targets.length === 0 ? {} : { targets }),
      ...(version === undefined ? {} : { with: { version } }),
      ...asked(
        clusters.length === 0 && `Which cluster is ${spoken ?? "meant"}? The inventory does not know it.`,
        version === undefined && "Which Kubernetes version must it run? The page does not say.",
      ),
    },
  ];
};

export const readSecrets: SentenceReader = (text, { names, line }) => {
  const known = names.in(text, "vault")[0]?.name;
  if (
    !/\b(?:add|copy|store|put|set|create|update|rotate|save|place|write|upload|goes|refresh)\b.{0,40}\bsecrets?\b|\bsecrets?\b.{0,80}\b(?:goes|added|copied|stored|put|created|updated|into|in)\b/i.test(
      text,
    )
  )
    return undefined;
  if (known === undefined && !/vault\b|\bkv-/i.test(text)) return undefined;
  const secret =
    /\bsecrets?\s+(?:named\s+|called\s+|value\s+)?["']?(?!(?:in|into|to|from|goes|of)\b)([A-Za-z0-9][\w-]*)/i.exec(text)?.[1] ??
    /["']?([A-Za-z0-9]+(?:-[A-Za-z0-9]+)+)["']?\s+secret\b/i.exec(text)?.[1];
  const vault = known ?? /vault\s+(?:called |named )?["']?(?!(?:from|using|with)\b)([A-Za-z][\w-]*)/i.exec(text)?.[1] ?? /\b(kv-[\w-]+)/i.exec(text)?.[1];
  const item =
    (names.in(text, "passwordItem")[0] ?? names.in(line, "passwordItem")[0])?.name ??
    /\b(?:from|in|of|out of)\s+(?:the\s+)?(?:bit ?warden|1password|keeper|lastpass|password manager)(?:\s+(?:item|entry))?\s+["']?(.{1,80}?)["']?$/i.exec(text)?.[1] ??
    /\bfrom\s+(?:the\s+)?["']?(.{1,60}?)["']?\s+(?:item\s+)?in\s+(?:bit ?warden|1password|keeper|lastpass|the password manager)\b/i.exec(text)?.[1];
  return [
    {
      id: "secret",
      action: "secret.copy",
      with: { ...(item === undefined ? {} : { from: item.trim() }), ...(vault === undefined ? {} : { vault }), ...(secret === undefined ? {} : { secret }) },
      ...asked(
        (item === undefined || names.inventory.find("passwordItem", item) === undefined) &&
          `Which item of the password manager holds it? The inventory does not know ${item ?? "any that is named"}.`,
        (vault === undefined || names.inventory.find("vault", vault) === undefined) && `Which vault is ${vault ?? "meant"}? The inventory does not know it.`,
        secret === undefined && "What is the secret called in the vault?",
      ),
    },
  ];
};

/** A resource that moves to another place, and the certificate that syncs thanks to it. */
export const readMoves: SentenceReader = (text, { names }) => {
  const move = /\b(?:mov(?:e|ing)|tak(?:e|ing)|relocat(?:e|ing)|transfer(?:ring)?|bring(?:ing)?|shift(?:ing)?)\b(.+?)\b(?:to|into)\b(.+)/i.exec(text);
  const certificates = names.in(text, "certificate").map(({ name }) => name);
  const syncs = certificates.length > 0 && /\b(?:sync\w*|renew\w*|import\w*)\b|sync'ing/i.test(text);
  const steps: Proposal[] = [];
  const [, what = "", where = ""] = move ?? [];
  const [resource, to] = [thing(what, names), place(where, names)];
  const moves = /\b(?:subscription|resource group|network lane|vault|keyvault)\b/i.test(text) || (resource !== undefined && to !== undefined);
  if (move !== null && moves && !(/^tak|^bring/i.test(move[0]) && resource === undefined)) {
    steps.push({
      id: "move",
      action: "resource.move",
      with: { resource: resource ?? what.trim(), to: to ?? where.trim() },
      ...asked(
        resource === undefined && `Which resource is «${what.trim()}»? The inventory does not know it.`,
        to === undefined && `Which resource group is «${where.trim()}»? The inventory does not know it.`,
      ),
    });
  }
  if (syncs)
    certificates.forEach((certificate, index) =>
      steps.push({ id: index === 0 ? "sync" : `sync-${index + 1}`, action: "certificate.sync", with: { certificate }, afterPrevious: "step" }),
    );
  return steps.length === 0 ? undefined : steps;
};

/** A resource by its own name, or by the name under which another kind of entry is known. */
function thing(text: string, names: Surroundings["names"]): string | undefined {
  const own = names.in(text, "resource")[0]?.name;
  const vault = names.in(text, "vault")[0]?.name;
  return own ?? (vault === undefined ? undefined : names.inventory.find("resource", vault)?.name);
}

function place(text: string, names: Surroundings["names"]): string | undefined {
  const own = names.in(text, "resourceGroup")[0]?.name;
  if (own !== undefined) return own;
  const fitting = names.inventory.entries("resourceGroup").filter(({ name }) => name.split(/\s+/).length > 1 && shareOf(name, text) === 1);
  return fitting.length === 1 ? fitting[0]?.name : undefined;
}
