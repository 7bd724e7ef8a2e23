import type { Script } from "../../inventory/schema.ts";
import { asked, given } from "../proposal.ts";
import type { Proposal, SentenceReader, Surroundings } from "../proposal.ts";
import { shareIn, stems } from "../words/likeness.ts";

const UPDATES =
  /\b(?:kick(?:ing|ed)?[ -]?off|install|apply|run|start|push|deploy|do|get|receive|roll out)(?:s|ed|ing)?\b[^.]{0,40}\b(?:updates?|patch(?:es|ing)?|hotfix(?:es)?)\b|^(?:please )?(?:patch|update)\b|\b(?:updates?|patch(?:es|ing)?)\b[^.]{0,40}\b(?:installed|applied|kicked off|started)\b|\b(?:is|are|get|gets) (?:then )?patched\b|^(?:patching|windows updates?|os updates?|updates)\s+(?:of|on|for)\b/i;

interface Whose {
  readonly targets?: readonly string[];
  readonly doubts: readonly (string | false)[];
}

/** The servers of a clause, or of the clause before it; a clause that names none asks, and so do names that are not known. */
function whose(text: string, { names, servers }: Surroundings): Whose {
  const said = names.servers(text);
  const targets = said.targets.length > 0 ? said.targets : servers;
  const unknown = said.unknown;
  // «web servers in maintenance»: some of them, and which is not said.
  const some =
    /\b(?:servers?|hosts?|machines?|vms?|nodes?|boxes)\s+(?:that are |which are |currently |still )?(in maintenance|out of (?:the )?(?:pool|rotation)|not in (?:use|service)|left|remaining)\b/i.exec(
      text,
    )?.[1];
  return {
    ...(targets.length === 0 ? {} : { targets }),
    doubts: [
      unknown.length > 0 && `Which servers are ${unknown.join(", ")}? The inventory does not know them.`,
      targets.length === 0 && "Which servers? The page names none that the inventory knows.",
      some !== undefined && targets.length > 0 && `Which of them are «${some}»? The step names all of ${targets.join(", ")}.`,
    ],
  };
}

function step(id: string, action: string, { targets, doubts }: Whose, more: Partial<Proposal> = {}): Proposal {
  return { id, action, ...(targets === undefined ? {} : { targets }), ...more, ...asked(...doubts, ...(more.questions ?? [])) };
}

const PLACE = String.raw`\b(?:pools?|rotation|load[ -]?balanc(?:ers?|ing)|lb|service|backends?)\b`;
const OUT = new RegExp(
  String.raw`\b(?:pull|take|remove|drain|rotate|pop|get|kick|move|bring|are|is|go|goes|come|comes)\w*\b.{0,120}\b(?:out of|from|off(?: of)?|away from)\b.{0,30}${PLACE}|^(?:please )?drain\b|\bleaves?\b.{0,30}${PLACE}`,
  "i",
);
const BACK = new RegExp(
  String.raw`\b(?:put|add|return|bring|place|restore|rotate|move|go|goes|come|comes|take)\w*\b.{0,120}\b(?:in|into|to|back in|back into|back to)\b.{0,30}${PLACE}|\bback (?:in|into|to|on)\b.{0,20}${PLACE}|\b(?:join|rejoin)s?\b.{0,20}${PLACE}`,
  "i",
);

export const readPools: SentenceReader = (text, around) => {
  const out = OUT.test(text);
  if (!out && !BACK.test(text)) return undefined;
  const { names } = around;
  const spoken = /\b([A-Za-z][\w-]*)\s+pools?\b/i.exec(text)?.[1];
  const named = spoken === undefined || /^(?:the|their|its|a|our|server|web server|of|from|backend|into|in|to|back)$/i.test(spoken) ? undefined : spoken;
  const known = named === undefined ? undefined : names.inventory.find("pool", named)?.name;
  const pool = known ?? named;
  const servers = whose(text, around);
  if (servers.targets === undefined && pool === undefined && !/\b(?:servers?|hosts?|nodes?|vms?|machines?|them|they)\b/i.test(text)) return undefined;
  return [
    step(out ? "drain" : "restore", out ? "pool.drain" : "pool.restore", servers, {
      ...given({ with: pool === undefined ? undefined : { pool } }),
      ...asked(pool !== undefined && known === undefined && `Which pool is ${pool}? The inventory does not know it.`),
    }),
  ];
};

export const readPatching: SentenceReader = (text, around) => {
  if (
    /\b(?:move|put|add|assign|place|go|goes|switch|shift|join|joins)\w*\b.{0,120}\b(?:to|into|in|join)\b.{0,60}\bgroup\b/i.test(text) &&
    !/\b(?:resource|address) group\b/i.test(text)
  ) {
    const group = around.names.in(text, "wsusGroup")[0]?.name;
    const spoken = /\b(?:(?:in)?to|in)\s+(?:the\s+)?(.{1,60}?)\s*(?:wsus|patch|update|target)?\s*group\b/i.exec(text)?.[1];
    const found = group ?? spoken;
    return [
      step("group", "patch.group", whose(text, around), {
        ...(found === undefined ? {} : { with: { group: found } }),
        ...asked(group === undefined && `Which WSUS group is «${found ?? text}»? The inventory does not know it.`),
      }),
    ];
  }
  const servers = whose(text, around);
  // «Update the wiki»: what is updated is no server.
  if (/^(?:please )?update\b/i.test(text) && servers.targets === undefined && !/\b(?:servers?|hosts?|machines?|vms?|nodes?|boxes|windows|linux|os)\b/i.test(text)) return undefined;
  // «QW1-3 patches»: servers of the inventory, and what they get.
  const bare = /\b(?:patch(?:es|ing)|updates?)[.!]?$/i.test(text) && around.names.in(text, "server").length + around.names.servers(text).targets.length > 0;
  if (!UPDATES.test(text) && !(bare && !servers.doubts.some((doubt) => doubt !== false))) return undefined;
  if (servers.targets === undefined && /\b(?:database|schema|firmware|dns|record|page|document|ticket|config|branch)/i.test(text)) return undefined;
  return [step("install", "patch.install", servers, around.servers.length > 0 && around.names.servers(text).targets.length === 0 ? { afterPrevious: "target" } : {})];
};

/** Scripts on servers, and by the Azure CLI: the inventory knows a script by its ticket, or by the words of its name. */
export const readScripts: SentenceReader = (text, around) => {
  const { names, keys } = around;
  if (/\b(?:run|execute)\b.{0,40}\b(?:azure cli|az cli|cli command|az command)\b/i.test(text)) {
    const script = keys.find((key) => names.inventory.find("script", key) !== undefined) ?? names.in(text, "script")[0]?.name;
    return [
      {
        id: "run",
        action: "script.run",
        ...(script === undefined ? {} : { with: { script } }),
        ...(script === undefined ? {} : unlessTakenBack(names.inventory.find("script", script))),
        ...asked(
          script === undefined
            ? "Which command? The page does not quote it; make it a script of the inventory."
            : `Is the inventory's script «${script}» the command? The page does not quote it.`,
          "In which resource group does it run, and with which parameters?",
        ),
      },
    ];
  }
  const script = scriptIn(text, around);
  const spoken = /\b(?:run|runs|running|execute\w*|start|launch)\b.{0,60}\bscripts?\b/i.test(text);
  if (script === undefined && !spoken) return undefined;
  const called = /\b(?:the |a |an )?((?:[\w-]+ ){1,4})script\b/i
    .exec(text)?.[1]
    ?.replace(/^(?:.*\b)?(?:run|running|execute|start|launch|the|a|an)\s+/i, "")
    .trim();
  if (script?.kind === "azure-cli")
    return [
      { id: "run", action: "script.run", with: { script: script.name }, ...unlessTakenBack(script), ...asked("In which resource group does it run, and with which parameters?") },
    ];
  return [
    step("run", "host.run", whose(text, around), {
      ...given({ with: script === undefined && !called ? undefined : { script: script?.name ?? called } }),
      ...unlessTakenBack(script),
      ...asked(script === undefined && `Which script${called ? ` is «${called}»` : ""}? The inventory has none with these words.`),
    }),
  ];
};

/** A script that nothing takes back cannot be taken back. */
function unlessTakenBack(script: object | undefined): { irreversible?: true } {
  return (script as Script | undefined)?.undo === undefined ? { irreversible: true } : {};
}

/** The script whose name's words are all in the text, or are what its servers are for; of several, the one with most. */
function scriptIn(text: string, { names }: Surroundings): Script | undefined {
  const scripts = names.inventory.entries("script") as unknown as readonly Script[];
  if (scripts.length === 0) return undefined;
  const said = stems(`${text} ${names.rolesOf(names.servers(text).targets).join(" ")}`);
  const fitting = scripts.filter(({ name }) => stems(name).size > 1 && shareIn(stems(name), said) === 1).toSorted((a, b) => stems(b.name).size - stems(a.name).size);
  const [best, second] = fitting;
  return best !== undefined && second !== undefined && stems(best.name).size === stems(second.name).size ? undefined : best;
}

export const readRemovals: SentenceReader = (text, around) => {
  const days = /\b(\d{1,4})\+?\s*days?\b/i.exec(`${text} ${around.line}`)?.[1];
  if (
    /\b(?:remove|delete|decommission|retire)\b.{0,80}\b(?:servers?|vms?|machines?|hosts?)\b/i.test(text) &&
    /\b(?:obsolete|old|off|unused|retired|decommission|delete|turned|powered|deallocated)\b/i.test(text)
  ) {
    return [
      step("remove", "host.decommission", whose(text, around), {
        irreversible: true,
        ...(days === undefined ? {} : { with: { offDays: Number(days) } }),
        ...asked(days === undefined && "For how many days must a server have been off?"),
      }),
    ];
  }
  const found = around.names.in(text, "resource").map(({ name }) => name);
  if (!/^(?:please )?(?:delete|remove|clean up|destroy|drop)\b/i.test(text.trim()) && !/\b(?:delete|remove|clean up)\b.{0,80}\bresources?\b/i.test(text)) return undefined;
  if (found.length === 0 && !/\bresources?\b/i.test(text)) return undefined;
  return [
    {
      id: "delete",
      action: "resource.delete",
      ...(found.length === 0 ? {} : { targets: found }),
      irreversible: true,
      ...asked(found.length === 0 && "Which resources? The page names none that the inventory knows."),
    },
  ];
};
