import type { Server } from "../../inventory/schema.ts";
import { slug } from "../drafted.ts";
import type { Found } from "./checks.ts";
import { collected } from "./finding.ts";
import type { AddedChange, Edit, NeedWritten } from "./finding.ts";
import type { Night, NightStep } from "./night.ts";
import { closingFor, closingsIn, doesAway, fits, openingsIn } from "./said.ts";
import type { Said } from "./said.ts";
import { listOf } from "../../plan/schema.ts";

/** Verbs whose openings words are not asked about: what they leave is wanted, or their own schema knows it. */
const SPEAK_FOR_THEMSELVES = new Set(["slack.notify", "workspace.rename", "secret.copy", "certificate.sync", "resource.move", "resource.delete", "host.decommission", "web.check"]);

/** What is opened and never closed: by what actions promise, by where servers belong, by what sentences say. */
export function neverClosed(night: Night): readonly Found[] {
  return [...obligations(night), ...notices(night), ...groups(night), ...sentences(night), ...swaps(night)].toSorted((a, b) => a.line - b.line);
}

/** Obligations that actions open by themselves, and those that a plan names. */
function obligations(night: Night): readonly Found[] {
  const closedAt = new Map<string, number>();
  for (const step of night.steps) for (const id of step.closes) closedAt.set(id, step.at);
  return collected(night.steps, (step) => {
    const open = step.opens.filter(({ id }) => (closedAt.get(id) ?? -1) <= step.at);
    if (open.length === 0 || closedInWords(step, night)) return [];
    const closing = closingStep(
      step,
      (step.targets ?? []).filter(({ opens }) => opens.some(({ id }) => open.some((each) => each.id === id))).map(({ id }) => id),
      night,
    );
    const what = open.map((each) => each.what);
    return [
      found(
        step,
        "obligation",
        `${listed(what)}, and no line ${closing?.says ?? "takes that back"}`,
        closing === undefined ? [{ do: "ask", step: step.id, question: `What closes this again? ${listed(what)}.` }] : [{ do: "add", into: closing.into, change: closing.change }],
        closing === undefined ? "say which step closes it" : `add «${closing.change.title}»`,
      ),
    ];
  });
}

/** A closing whose targets are not known yet, said in words that fit. */
function closedInWords(step: NightStep, { steps, sayings }: Night): boolean {
  const openings = openingsIn(step.words, true, false);
  const { from, to } = (step.fields.with ?? {}) as { from?: string; to?: string };
  // «Bring www back: from the page's host to ours».
  if (
    step.verb === "dns.swap" &&
    to !== undefined &&
    from !== undefined &&
    steps.slice(step.at + 1).some(({ words }) => words.includes(to) && words.lastIndexOf(from) > words.indexOf(to))
  )
    return true;
  if (openings.length === 0) return false;
  return closingsOf(sayings).some(({ closing, step: later }) => later.line > step.line && later.targets === undefined && openings.some((opening) => fits(opening, closing)));
}

interface SaidAt {
  readonly closing: Said;
  readonly step: NightStep;
}

const read = new WeakMap<readonly NightStep[], readonly SaidAt[]>();

/** What all sentences close, each read once however many openings look for it. */
function closingsOf(sayings: readonly NightStep[]): readonly SaidAt[] {
  const known = read.get(sayings) ?? sayings.flatMap((step) => closingsIn(step.words).map((closing) => ({ closing, step })));
  read.set(sayings, known);
  return known;
}

interface Closing {
  readonly change: AddedChange;
  readonly into: "main" | "after";
  readonly says: string;
}

/** The step that takes back what this one opens, with the verb that does so. */
function closingStep(step: NightStep, open: readonly string[], night: Night): Closing | undefined {
  const all = step.targets ?? [];
  // As the plan writes them where all are meant, by name where some are.
  const names = open.length === all.length || all.length === 0 ? listOf(step.fields.targets) : open;
  const said = names.join(", ");
  const targets = names.length === 1 ? names[0] : [...names];
  const given = (step.fields.with ?? {}) as Readonly<Record<string, unknown>>;
  const when = step.fields.when === undefined ? {} : { when: all.length === 1 && all[0]?.opens[0] !== undefined ? { opened: all[0].opens[0].id } : step.fields.when };
  const make = (id: string, title: string, says: string, into: Closing["into"], fields: Readonly<Record<string, unknown>>, needs: readonly NeedWritten[]): Closing => ({
    into,
    says,
    change: {
      id: slug(title, "closing"),
      title,
      notes: `The page opens this on line ${step.line} and has no line that closes it.`,
      step: { id, ...fields, ...when, always: true, needs },
    },
  });
  switch (step.verb) {
    case "pool.drain": {
      // Not before whatever is done to these servers has ended.
      const servers = new Set(all.length === 0 ? step.servers : open);
      const users = night.steps.filter(
        ({ id, servers: theirs, verb, phase }) => id !== step.id && verb !== "pool.restore" && phase >= step.phase && theirs.some((name) => servers.has(name)),
      );
      return make(
        "restore",
        `Put ${said} back into the pool`,
        open.length === 1 ? "puts it back" : "puts them back",
        "main",
        { action: "pool.restore", targets, ...(given["pool"] === undefined ? {} : { with: { pool: given["pool"] } }) },
        [step, ...users].map(({ id }): NeedWritten => ({ step: id, as: "end" })),
      );
    }
    case "monitor.mute":
      return make("unmute", `Unmute ${said}`, "unmutes it", "after", { action: "monitor.unmute", targets }, [{ step: step.id, as: "end" }]);
    case "dns.swap":
      return make("swap", `Take the maintenance page down on ${said}`, "takes it down", "after", { action: "dns.swap", targets, with: { from: given["to"], to: given["from"] } }, [
        { step: step.id, as: "end" },
      ]);
    default:
      return undefined;
  }
}

/** A start that was announced and no end. */
function notices({ steps }: Night): readonly Found[] {
  const notices_ = steps.filter(({ verb }) => verb === "slack.notify");
  const moment = ({ fields }: NightStep): unknown => fields.with?.["moment"];
  const channels = ({ fields }: NightStep): readonly string[] => listOf(fields.targets);
  const finished = new Set(notices_.filter((step) => moment(step) === "finish").flatMap(channels));
  const hasFinish = notices_.some((step) => moment(step) === "finish");
  return notices_
    .filter((step) => moment(step) === "start")
    .flatMap((step) => {
      const silent = channels(step).filter((name) => !finished.has(name));
      if (channels(step).length === 0 ? hasFinish : silent.length === 0) return [];
      const change: AddedChange = {
        id: slug(`say finished ${silent.join(" ")}`, "say-finished"),
        title: `Tell ${listed(silent) || "the channels"} that maintenance is finished`,
        notes: `The page announces the start on line ${step.line} and has no line that announces the end.`,
        step: {
          id: "notify",
          action: "slack.notify",
          targets: silent.length === 1 ? silent[0] : silent,
          with: { moment: "finish", text: "Maintenance is finished. These are the results." },
          always: true,
        },
      };
      const edit: Edit = silent.length === 0 ? { do: "ask", step: step.id, question: "Who is told that maintenance is finished?" } : { do: "add", into: "after", change };
      return [found(step, "notice", `the start is announced to ${listed(silent) || "channels"}, and no line announces the end`, [edit], `add «${change.title}»`)];
    });
}

/** A server that leaves the group where the inventory says it belongs between windows. */
function groups({ steps, inventory }: Night): readonly Found[] {
  const moves = steps.filter(({ verb, servers }) => verb === "patch.group" && servers.length > 0);
  return moves.flatMap((step) => {
    const into = String(step.fields.with?.["group"] ?? "");
    const groupOf = (name: string): string => {
      const entry = inventory.find("wsusGroup", name) as { group?: string } | undefined;
      return (entry?.group ?? name).toLowerCase();
    };
    const homes = new Map<string, string[]>();
    for (const name of step.servers) {
      const home = (inventory.find("server", name) as Partial<Server> | undefined)?.wsusGroup;
      if (home === undefined || home.toLowerCase() === groupOf(into)) continue;
      const back = moves.some((later) => later.at > step.at && later.servers.includes(name) && groupOf(String(later.fields.with?.["group"] ?? "")) === home.toLowerCase());
      if (!back) homes.set(home, [...(homes.get(home) ?? []), name]);
    }
    if (homes.size === 0) return [];
    const said = [...homes].map(([home, names]) => `${listed(names)} to ${home}`).join("; ");
    return [
      found(
        step,
        "patch-group",
        `moved to ${into || "another group"}, and no line moves them back; between windows the inventory has ${said}`,
        [{ do: "ask", step: step.id, question: `Are they moved back after the window, ${said}? If so, write the step; if they stay, correct the inventory.` }],
        `say whether they go back: ${said}`,
      ),
    ];
  });
}

/** What sentences open, where no action of ours knows it: jobs paused by hand, a service stopped, a rule opened. */
function sentences(night: Night): readonly Found[] {
  const steps = night.sayings;
  const spoken = steps.filter(({ verb, fields }) => !SPEAK_FOR_THEMSELVES.has(verb) || (verb === "slack.notify" && fields.title !== undefined));
  const byName = Map.groupBy(closingsOf(steps), ({ closing }) => closing.opposite.name);
  const bySentence = Map.groupBy(steps, ({ change, words, line }) => `${change}\n${line}\n${words}`);
  const seen = new Set<string>();
  /** What was opened so far, the latest only. */
  const above: Said[] = [];
  return collected(spoken, (step) => {
    const prepares = step.part === "before" || step.part === "day-of";
    return openingsIn(step.words, prepares, step.keys.length > 0).flatMap((opening): readonly Found[] => {
      const key = `${step.change}\n${step.words}\n${opening.clause}`;
      if (seen.has(key)) return [];
      seen.add(key);
      // «Turn maintenance mode off», «move the jobs back»: a closing in the words of an opening.
      if (closingsIn(opening.clause).some((closing) => above.some((earlier) => fits(earlier, closing)))) return [];
      above.push(opening);
      if (above.length > 100) above.shift();
      // What an action of this sentence opens by itself has been looked at.
      const own = bySentence.get(`${step.change}\n${step.line}\n${step.words}`) ?? [];
      if ([step, ...own].some(({ verb, opens }) => (opens.length > 0 || verb === "dns.swap") && (opening.opposite.verbs?.includes(verb) ?? false))) return [];
      const later = (other: NightStep): boolean => other.at > step.at || (other.at === step.at && other.words === step.words);
      const known = new Set(step.opens.map(({ id }) => id));
      if (known.size > 0 && steps.some(({ closes }) => closes.some((id) => known.has(id)))) return [];
      if ((byName.get(opening.opposite.name) ?? []).some(({ closing, step: other }) => later(other) && closing.clause !== opening.clause && fits(opening, closing))) return [];
      if (steps.some((other) => other.at > step.at && doesAway(opening, other.words))) return [];
      if (known.size > 0) return [];
      return [
        byHand(
          step,
          opening,
          own.some(({ verb }) => verb !== "person.do"),
          night,
        ),
      ];
    });
  });
}

function byHand(step: NightStep, opening: Said, byTool: boolean, night: Night): Found {
  const closing = step.fields.targets === undefined || step.fields.action === undefined ? undefined : closingStep(step, listOf(step.fields.targets), night);
  if (closing !== undefined)
    return found(
      step,
      `words ${opening.opposite.name}`,
      `«${opening.clause}» is said, and no line ${closing.says}`,
      [{ do: "add", into: closing.into, change: closing.change }],
      `add «${closing.change.title}»`,
    );
  const title = closingFor(opening);
  const id = `${opening.opposite.name}-${slug(opening.clause, "it")}`.slice(0, 60);
  const who = step.fields.with?.["who"];
  const change: AddedChange = {
    id: slug(title, "closing"),
    title,
    notes: `The page opens this on line ${step.line} and has no line that closes it.`,
    step: {
      id: "close",
      action: "person.do",
      with: { ...(who === undefined ? {} : { who }), what: title },
      always: true,
      needs: [{ step: step.id, as: "end" }],
      ...(who === undefined || byTool ? { questions: [`Who or what does this? Line ${step.line} of the page opens it: «${opening.clause}»`] } : {}),
      closes: id,
    },
    opens: { step: step.id, id, what: opening.clause },
  };
  return found(step, `words ${opening.opposite.name}`, `«${opening.clause}» is said, and no line below takes it back`, [{ do: "add", into: "after", change }], `add «${title}»`);
}

/** Records that are pointed at what holds the place for a while, and never back. */
function swaps(night: Night): readonly Found[] {
  const all = night.steps.filter(({ verb }) => verb === "dns.swap");
  return all.flatMap((step) => {
    const { from, to } = (step.fields.with ?? {}) as { from?: string; to?: string };
    const isHolding =
      /\b(?:maint\w*|holding|sorry|static|backup|standby|dr|fallback|failover|splash|temporar\w*|outage)\b/i.test(`${step.words} ${(to ?? "").replaceAll(/[.-]/g, " ")}`) ||
      /maint/i.test(to ?? "");
    if (
      !isHolding ||
      step.opens.length > 0 ||
      step.closes.length > 0 ||
      /^(?:remove|take|lift|restore|disable|put|bring|swap|point)\b.{0,40}\b(?:down|back|off|remove)\b|^(?:remove|lift|disable|restore)\b/i.test(step.words)
    )
      return [];
    const targets = listOf(step.fields.targets);
    if (closedInWords(step, night)) return [];
    // What points back where records pointed before an earlier line is the closing itself.
    if (
      all.some(
        ({ at, fields }) =>
          at < step.at && from !== undefined && (fields.with as { to?: string } | undefined)?.to === from && targets.every((name) => listOf(fields.targets).includes(name)),
      )
    )
      return [];
    const isBack = (later: NightStep): boolean => {
      const theirs = (later.fields.with ?? {}) as { from?: string; to?: string };
      if (theirs.to !== undefined && theirs.to !== from && from !== undefined) return false;
      return targets.length === 0 || later.fields.targets === undefined || targets.every((name) => listOf(later.fields.targets).includes(name));
    };
    if (all.some((later) => later.at > step.at && isBack(later))) return [];
    const said = targets.join(", ") || "the records";
    const title = `Point ${said} back${from === undefined ? "" : ` at ${from}`}`;
    const knows = targets.length > 0 && from !== undefined && to !== undefined;
    const change: AddedChange = {
      id: slug(title, "closing"),
      title,
      notes: `The page moves this on line ${step.line} and has no line that moves it back.`,
      step: {
        id: "swap",
        action: "dns.swap",
        targets: targets.length === 1 ? targets[0] : [...targets],
        with: { from: to, to: from },
        always: true,
        needs: [{ step: step.id, as: "end" }],
      },
    };
    const edit: Edit = knows ? { do: "add", into: "after", change } : { do: "ask", step: step.id, question: `Where do ${said} point before, and which step points them back?` };
    return [
      found(step, "swap", `${said} point${targets.length === 1 ? "s" : ""} ${to === undefined ? "elsewhere" : `at ${to}`}, and no line points back`, [edit], `add «${title}»`),
    ];
  });
}

function found(step: NightStep, about: string, message: string, edits: readonly Edit[], proposal: string): Found {
  return { severity: "warning", line: step.line, others: [], words: step.words, message, proposal, step: step.id, about, edits };
}

function listed(names: readonly string[]): string {
  return names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
