import type { Script } from "../../inventory/schema.ts";
import { asked, given } from "../proposal.ts";
import type { Proposal, SentenceReader, Surroundings } from "../proposal.ts";
import { shareOf, stems } from "../words/likeness.ts";

const UPDATES = /\b(?:kick(?:ing)?[ -]?off|install|apply|run|start|push|deploy|do)\b[^.]{0,40}\b(?:updates?|patch(?:es|ing)?|hotfix(?:es)?)\b|^(?:please )?(?:patch|update)\b/i;

interface Whose {
  readonly targets?: readonly string[];
  readonly doubts: readonly (string | false)[];
}

/** The servers of a clause, or of the clause before it; a clause that names none that is known asks. */
function whose(text: string, { names, servers }: Surroundings): Whose {
  const said = names.servers(text);
  const targets = said.targets.length > 0 || said.unknown.length > 0 ? said.targets : servers;
  return {
    ...(targets.length === 0 ? {} : { targets }),
    doubts: [
      said.unknown.length > 0 && `Which servers are ${said.unknown.join(", ")}? The inventory does not know them.`,
      targets.length === 0 && said.unknown.length === 0 && "Which servers? The page names none that the inventory knows.",
    ],
  };
}

function step(id: string, action: string, { targets, doubts }: Whose, more: Partial<Proposal> = {}): Proposal {
  return { id, action, ...(targets === undefined ? {} : { targets }), ...more, ...asked(...doubts, ...(more.questions ?? [])) };
}

export const readPools: SentenceReader = (text, around) => {
  const place = String.raw`\b(?:pool|rotation|load[ -]?balancers?|lb|service|backend)\b`;
  const out = new RegExp(String.raw`\b(?:pull|take|remove|drain|rotate|pop|get)\b.{0,120}\b(?:out of|from|off)\b.{0,30}${place}|^drain\b`, "i").test(text);
  const back = new RegExp(String.raw`\b(?:put|add|return|bring|place|restore|rotate|move)\b.{0,120}\b(?:in|into|to|back in)\b.{0,30}${place}`, "i").test(text);
  if (!out && !back) return undefined;
  const pool = around.names.in(text, "pool")[0]?.name;
  return [
    step(
      out ? "drain" : "restore",
      out ? "pool.drain" : "pool.restore",
      whose(text, around),
      pool === undefined || !/pool/i.test(text) ? {} : given({ with: new RegExp(String.raw`\b${pool}\s+pool\b`, "i").test(text) ? { pool } : undefined }),
    ),
  ];
};

export const readPatching: SentenceReader = (text, around) => {
  if (/\bmove\b.{0,120}\b(?:to|into)\b.{0,60}\bgroup\b/i.test(text)) {
    const group = around.names.in(text, "wsusGroup")[0]?.name;
    const spoken = /\b(?:in)?to\s+(?:the\s+)?(.{1,60}?)\s*(?:wsus|patch|update|target)?\s*group\b/i.exec(text)?.[1];
    const found = group ?? spoken;
    return [
      step("group", "patch.group", whose(text, around), {
        ...(found === undefined ? {} : { with: { group: found } }),
        ...asked(group === undefined && `Which WSUS group is «${found ?? text}»? The inventory does not know it.`),
      }),
    ];
  }
  if (!UPDATES.test(text)) return undefined;
  const servers = whose(text, around);
  if (servers.targets === undefined && /\b(?:database|schema|firmware|dns|record|page|document|ticket|config|branch)/i.test(text)) return undefined;
  return [step("install", "patch.install", servers, around.servers.length > 0 && around.names.servers(text).targets.length === 0 ? { afterPrevious: "target" } : {})];
};

/** Scripts on servers, and by the Azure CLI: the inventory knows a script by its ticket, or by the words of its name. */
export const readScripts: SentenceReader = (text, around) => {
  const { names, keys } = around;
  if (/\b(?:run|execute)\b.{0,40}\b(?:azure cli|az cli|cli command|az command)\b/i.test(text)) {
    const script = keys.find((key) => names.inventory.find("script", key) !== undefined);
    return [
      {
        id: "run",
        action: "script.run",
        ...(script === undefined ? {} : { with: { script } }),
        ...unlessTakenBack(names.inventory.find("script", script ?? "")),
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
  const speaks = /\brun\b.{0,30}\bscripts?\b/i.test(text);
  if (script === undefined && !speaks) return undefined;
  if (script?.kind === "azure-cli")
    return [
      { id: "run", action: "script.run", with: { script: script.name }, ...unlessTakenBack(script), ...asked("In which resource group does it run, and with which parameters?") },
    ];
  return [
    step("run", "host.run", whose(text, around), {
      ...(script === undefined ? {} : { with: { script: script.name } }),
      ...unlessTakenBack(script),
      ...asked(script === undefined && "Which script? The inventory has none with these words."),
    }),
  ];
};

/** A script that nothing takes back cannot be taken back. */
function unlessTakenBack(script: object | undefined): { irreversible?: true } {
  return (script as Script | undefined)?.undo === undefined ? { irreversible: true } : {};
}

/** The script whose name's words are all in the text; of several, the one with most. */
function scriptIn(text: string, { names }: Surroundings): Script | undefined {
  const fitting = (names.inventory.entries("script") as unknown as readonly Script[])
    .filter(({ name }) => stems(name).size > 1 && shareOf(name, text) === 1)
    .toSorted((a, b) => stems(b.name).size - stems(a.name).size);
  const [best, second] = fitting;
  return best !== undefined && second !== undefined && stems(best.name).size === stems(second.name).size ? undefined : best;
}

export const readRemovals: SentenceReader = (text, around) => {
  const days = /\b(\d{1,4})\s*days?\b/i.exec(text)?.[1];
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
  if (!/\b(?:delete|remove|clean up)\b.{0,80}\bresources?\b/i.test(text)) return undefined;
  const found = around.names.in(text, "resource").map(({ name }) => name);
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
