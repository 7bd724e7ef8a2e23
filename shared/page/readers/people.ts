import { asked } from "../proposal.ts";
import type { Proposal, SentenceReader, Surroundings } from "../proposal.ts";
import { shareOf } from "../words/likeness.ts";

/** «Notify the … channels of maintenance starting». */
export const readNotices: SentenceReader = (text, { names }) => {
  if (!/\b(?:notify|announce|tell|inform|post|message|send|alert|ping|let)\b/i.test(text)) return undefined;
  const channels = names.in(text, "channel").map(({ name }) => name);
  const speaks = /\b(?:channels?|slack)\b|#\w/i.test(text);
  if (channels.length === 0 && !speaks) return undefined;
  // «dailyops and maintenance slack channels»: every word of the enumeration before «channels» has to be known.
  const list = /((?:#?[\w-]+(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*))*#?[\w-]+)\s+(?:slack\s+)?channels?\b/i.exec(text)?.[1] ?? "";
  const hashed = [...text.matchAll(/#([\w-]+)/g)].map(([, name = ""]) => name);
  const said = [...list.split(/\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*/), ...hashed]
    .map((name) => name.replace(/^#/, ""))
    .filter((name) => name !== "" && !/^(?:the|slack|our|all|both|these|in|on|to)$/i.test(name));
  const unknown = [...new Set(said.filter((name) => names.inventory.find("channel", name) === undefined))];
  const finish = /\b(?:finish\w*|end(?:ed|s|ing)?|complet\w*|done|over|results?|closed?|outcome|all clear)\b/i.test(text);
  const start = /\b(?:start\w*|begin\w*|began|commenc\w*|kick\w*|upcoming)\b/i.test(text);
  return [
    {
      id: "notify",
      action: "slack.notify",
      ...(channels.length === 0 ? {} : { targets: [...new Set(channels)] }),
      with: { moment: finish && !start ? "finish" : start && !finish ? "start" : finish ? "finish" : "note", text: text.trim().slice(0, 1_000) },
      ...(finish ? { always: true as const } : {}),
      ...asked((unknown.length > 0 || channels.length === 0) && `Which channel is ${unknown.join(", ") || "meant"}? The inventory does not know it.`),
    },
  ];
};

export const readChecks: SentenceReader = (text, { names }) => {
  if (
    !/\b(?:smoke|sanity|health)[ -]?(?:tests?|checks?)\b|\b(?:check|verify|test|confirm|browse|validate)\b.{0,40}\b(?:site|website|url|page|portal|home ?page|loads?|responds?|is up)\b/i.test(
      text,
    )
  )
    return undefined;
  const sites = names.in(text, "site").map(({ name }) => name);
  const hosts = text.match(/\b[a-z0-9-]+(?:\.[a-z0-9-]+)+\b/gi) ?? [];
  if (sites.length === 0 && hosts.length === 0 && !/\b(?:smoke|sanity|health)/i.test(text)) return undefined;
  return [
    {
      id: "check",
      action: "web.check",
      ...(sites.length === 0 ? {} : { targets: [...new Set(sites)] }),
      ...asked(sites.length === 0 && `Which site? The inventory does not know ${hosts.join(", ") || "any that the page names"}.`),
    },
  ];
};

export const readSecrets: SentenceReader = (text, { names }) => {
  if (!/\b(?:add|copy|store|put|set|create|update|rotate)\b.{0,20}\bsecrets?\b/i.test(text) || !/\bvault\b|\bkv-/i.test(text)) return undefined;
  const secret = /\bsecrets?\s+(?:named\s+|called\s+)?["']?([A-Za-z0-9][\w-]*)/i.exec(text)?.[1];
  const vault = names.in(text, "vault")[0]?.name ?? /\bvault\s+["']?([A-Za-z][\w-]*)/i.exec(text)?.[1];
  const item = names.in(text, "passwordItem")[0]?.name ?? /\b(?:from|in)\s+(?:bit ?warden|1password|keeper|lastpass)\s+(.{1,80})$/i.exec(text)?.[1];
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
  const move = /\bmov(?:e|ing)\b(.+?)\b(?:to|into)\b(.+)/i.exec(text);
  const certificates = names.in(text, "certificate").map(({ name }) => name);
  const syncs = certificates.length > 0 && /\b(?:sync\w*|renew\w*|import\w*)\b|sync'ing/i.test(text);
  const steps: Proposal[] = [];
  if (move !== null && /\b(?:subscription|resource group|network lane|vault|keyvault)\b/i.test(text)) {
    const [, what = "", where = ""] = move;
    const resource = thing(what, names);
    const to = place(where, names);
    steps.push({
      id: "move",
      action: "resource.move",
      with: { ...(resource === undefined ? {} : { resource }), ...(to === undefined ? {} : { to }) },
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
