import { canonicalJson } from "../../plan/compiled.ts";
import type { Found } from "./checks.ts";
import type { Night, NightStep } from "./night.ts";

/** Verbs of which one a night is enough for a server. */
const ONCE = new Set(["patch.install", "patch.group", "pool.drain", "host.run", "host.decommission"]);

/** Servers that two steps do the same to. Said once a step, with all that stand above it. */
export function twiceServed({ steps }: Night): readonly Found[] {
  const before = new Map<string, NightStep[]>();
  return steps.flatMap((step): readonly Found[] => {
    const work = workOf(step);
    if (work === undefined) return [];
    const earlier = new Map<NightStep, string[]>();
    for (const { name, looks, leaves } of namesOf(step)) {
      for (const key of looks)
        for (const other of before.get(`${work}\n${key}`) ?? []) if (!(earlier.get(other) ?? []).includes(name)) earlier.set(other, [...(earlier.get(other) ?? []), name]);
      for (const key of leaves) before.set(`${work}\n${key}`, [...(before.get(`${work}\n${key}`) ?? []).filter((other) => other !== step).slice(-3), step]);
    }
    // The steps of one sentence are one piece of work.
    const pairs = [...earlier].filter(([other]) => other.line !== step.line || other.id === step.id);
    if (pairs.length === 0) return [];
    const told = pairs.map(([other, names]) => `${span(names)} on line ${other.line}`).join(", ");
    const names = [...new Set(pairs.flatMap(([, each]) => each))];
    const lines = [...new Set(pairs.map(([other]) => other.line))];
    return [
      {
        severity: "warning",
        line: step.line,
        others: lines,
        words: step.words,
        message: `${told}: done there already`,
        proposal: `leave ${span(names)} out of one of them`,
        step: step.id,
        about: pairs[0]?.[0].id ?? "",
        edits: [{ do: "ask", step: step.id, question: `Here or there? ${told}: the same is done to ${names.length === 1 ? "it" : "them"} by both.` }],
      },
    ];
  });
}

interface Named {
  readonly name: string;
  /** Under what others may have left their work on it, and under what this step leaves its own. */
  readonly looks: readonly string[];
  readonly leaves: readonly string[];
}

/** «IC-Web and MCC servers», where no inventory says which they are. */
const KIND_OF_SERVERS = /\b[A-Z][\w-]*[A-Za-z](?=(?:\s*(?:,|and|&|\/)\s*(?:the\s+)?[A-Z][\w-]*)*\s+(?:servers?|hosts?|nodes?|vms?|machines?|boxes)\b)/g;

function namesOf({ servers, words }: NightStep): readonly Named[] {
  if (servers.length > 0) {
    return servers.map((server) => {
      const name = server.toLowerCase();
      const kind = name.replace(/[-_]?\d+$/, "");
      return { name: server, looks: [name, `all of ${kind}`], leaves: [name, `some of ${kind}`] };
    });
  }
  const kinds = [...new Set([...words.matchAll(KIND_OF_SERVERS)].map(([kind]) => kind))].filter(
    (kind) => !/^(?:Patch|Update|Install|Move|Run|Drain|Reboot|Restart|All|The|Pull|Take|Apply|Upgrade)$/.test(kind),
  );
  return kinds.map((kind) => ({ name: `${kind} servers`, looks: [`all of ${kind.toLowerCase()}`, `some of ${kind.toLowerCase()}`], leaves: [`all of ${kind.toLowerCase()}`] }));
}

function workOf({ verb, fields, words }: NightStep): string | undefined {
  if (fields.sameAs !== undefined) return undefined;
  if (verb === "person.do") {
    const kind = /\b(?:patch|updates?|upgrade|reboot|restart)\b/i.exec(words)?.[0].toLowerCase();
    return kind === undefined || /restart|reboot/.test(kind) ? undefined : "patch by hand";
  }
  if (!ONCE.has(verb)) return undefined;
  const { script, group } = (fields.with ?? {}) as Readonly<Record<string, unknown>>;
  if (verb === "host.run" && script === undefined) return undefined;
  // Two groups for one server are as odd as one group twice.
  return verb === "patch.group" && group !== undefined ? verb : `${verb} ${canonicalJson(script ?? null)}`;
}

/** «IC-Web1 to IC-Web5» where numbers follow each other. */
function span(names: readonly string[]): string {
  if (names.length <= 3) return names.join(", ");
  const parsed = names.map((name) => /^(.*?)(\d+)$/.exec(name));
  const runs: string[][] = [];
  parsed.forEach((match, index) => {
    const last = runs.at(-1);
    const previous = parsed[index - 1];
    const follows = match !== null && previous !== null && previous !== undefined && match[1] === previous[1] && Number(match[2]) === Number(previous[2]) + 1;
    if (follows && last !== undefined) last.push(names[index] ?? "");
    else runs.push([names[index] ?? ""]);
  });
  return runs.map((run) => (run.length > 2 ? `${run[0] ?? ""} to ${run.at(-1) ?? ""}` : run.join(", "))).join(", ");
}
