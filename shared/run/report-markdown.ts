import { isTicket } from "./carry-over.ts";
import type { ChangeReport, Moment, Report, StepReport, TargetReport } from "./report-schema.ts";
import { plainSummary, type PlainLine } from "./report-summary.ts";
import { outcomeText, STANDINGS, tookText } from "./report-words.ts";

/** The report as Markdown: headings, lists and tables that any viewer shows; whatever a plan or vendor said is escaped. */
export function reportMarkdown(report: Report): string {
  const { summary, window, madeAt } = report;
  const plain = plainSummary(report);
  const lines = [
    `# ${text(window.title)}`,
    "",
    "## What happened",
    "",
    `**${outcomeText(report)}.** ${text(plain.happened[0] ?? "")}`,
    "",
    ...plain.happened.slice(1).map((sentence) => `- ${text(sentence)}`),
    "",
    ...section("What was changed", plain.changed.map(plainLine), "Nothing was changed."),
    ...section(
      "What is open",
      plain.open.map(plainLine),
      summary.outcome === "running" ? "Nothing stands open at this moment." : "Nothing: everything that was opened or taken out for the night is back as it was.",
    ),
    ...section(
      `What needs you ${plain.when}`,
      plain.needs.map(
        ({ who, what, why, how }) => `- [ ] **${text(what)}** (${text(who.join(", ") || "nobody is named")}): ${text(why)}${how === undefined ? "" : ` ${code(how)}`}`,
      ),
      "Nothing.",
    ),
    "---",
    "",
    table(
      ["First step due", "Run started", "Run ended", "Cutoff"],
      [
        [
          time(summary.planned),
          summary.started === undefined ? "not started" : `${time(summary.started)} by ${text(summary.startedBy ?? "someone")}`,
          summary.ended === undefined ? "not yet" : time(summary.ended),
          time(summary.cutoff),
        ],
      ],
    ),
    `Times are those of ${text(window.zone)}, with UTC in brackets. ${text(summary.headline)} ${countsOf(report)}${summary.rehearsed === undefined ? "" : ` Rehearsed before it was approved: ${text(summary.rehearsed)}.`}`,
    "",
    "## Did it start on time?",
    "",
    table(
      ["Step", "Planned", "Ordered", "Seen running", "Verdict"],
      summary.kickoffs.map(({ title, planned, begun, started, verdict }) => [text(title), time(planned), time(begun), time(started), `**${text(verdict)}**`]),
    ),
    "## Changes",
    "",
    ...report.phases.flatMap(({ id, title }) =>
      phaseLines(
        title,
        report.changes.filter(({ phase }) => phase === id),
      ),
    ),
    "## What was opened and closed",
    "",
    report.obligations.length === 0
      ? "Nothing was opened.\n"
      : table(
          ["What", "Opened", "By", "Closed", "How"],
          report.obligations.map(({ what, opened, openedBy, closed, closedBy = "", evidence }) => [
            text(what),
            time(opened),
            text(openedBy),
            closed === undefined ? "**still open**" : time(closed),
            [text(closedBy), ...evidence.map(text)].filter((part) => part !== "").join("<br>"),
          ]),
        ),
    ...section(
      "Decisions",
      report.decisions.map(
        ({ at, by, decision, about, note }) => `- ${time(at)}: ${text(by)} decided **${text(decision)}** about ${text(about)}${note === undefined ? "" : `: ${text(note)}`}`,
      ),
      "Nobody had to decide anything.",
    ),
    ...section(
      "What people were told",
      report.notices.map(({ at, text: said, reached, about }) => `- ${time(at)}: ${reached ? text(said) : `**not reached** about ${text(about)}: ${text(said)}`}`),
      "Nobody had to be told anything.",
    ),
    ...section(
      "Timeline",
      report.timeline.map(({ at, text: what, tone }) => `- ${time(at)}: ${tone === "badly" ? `**${text(what)}**` : text(what)}`),
      "Nothing has happened yet.",
    ),
    `Made by Nightshift at ${time(madeAt)} from the run's facts. Compiled plan ${code(window.digest)}.`,
  ];
  return `${lines.join("\n").replaceAll(/\n{3,}/g, "\n\n")}\n`;
}

function plainLine({ keys, title, state, beside, why }: PlainLine): string {
  return `- ${state === undefined ? "" : `**${STANDINGS[state].word}** `}${titled(keys, title)}${beside === undefined ? "" : ` (${text(beside)})`}${why === undefined || why === "" ? "" : `: ${text(why)}`}`;
}

function countsOf({ summary: { counts } }: Report): string {
  return `Changes: ${counts.in} in; ${counts.done} done, ${counts.already} already so, ${counts.dropped} dropped, ${counts.carriedOver} carried over${counts.underWay === 0 ? "" : `, ${counts.underWay} under way`}.`;
}

function section(title: string, lines: readonly string[], none: string): readonly string[] {
  return [`## ${title}`, "", ...(lines.length === 0 ? [none] : lines), ""];
}

function phaseLines(title: string, changes: readonly ChangeReport[]): readonly string[] {
  return changes.length === 0 ? [] : [`### ${text(title)}`, "", ...changes.flatMap(changeLines)];
}

function changeLines({ keys, title, state, owners, notes, steps }: ChangeReport): readonly string[] {
  return [
    `#### ${STANDINGS[state].sign} ${titled(keys, title)}: ${STANDINGS[state].word}`,
    "",
    ...(owners.length === 0 ? [] : [`Owner: ${text(owners.join(" or "))}.`, ""]),
    ...notes.map((note) => `> ${text(note)}\n`),
    table(["Step", "Begun", "Took", "Result", "Evidence and faults"], steps.flatMap(stepRows)),
  ];
}

function stepRows(step: StepReport): readonly (readonly string[])[] {
  const { title, verb, servedBy, begun, planned, state, why, approvedBy, targets, id } = step;
  const alone = targets.length === 1 && targets[0]?.id === id ? targets[0] : undefined;
  const result = [
    `**${STANDINGS[state].word}**${state === "done" || state === "already" || why === "" ? "" : `: ${text(why)}`}`,
    ...(servedBy === undefined ? [] : [`done above, by ${text(servedBy)}`]),
    ...approvedBy.map(({ by, at }) => `approved by ${text(by)} at ${time(at)}`),
  ].join("<br>");
  const isQuiet = isTicket(verb) && targets.every(({ state: as }) => as === state);
  const when = begun === undefined && planned !== undefined ? `planned ${time(planned)}` : time(begun);
  return [
    [
      `${text(title)} ${code(verb)}${isQuiet ? ` on ${text(targets.map((target) => target.id).join(", "))}` : ""}`,
      when,
      tookText(step),
      result,
      alone === undefined || servedBy !== undefined ? "" : proof(alone),
    ],
    ...(alone !== undefined || isQuiet || servedBy !== undefined ? [] : targets.map(targetRow)),
  ];
}

function targetRow(target: TargetReport): readonly string[] {
  const { id, begun, state, why, tries } = target;
  return [
    `↳ ${text(id)}`,
    time(begun),
    tookText(target),
    `**${STANDINGS[state].word}**${tries > 1 ? ` at try ${tries}` : ""}${state === "done" || state === "already" || why === "" ? "" : `: ${text(why)}`}`,
    proof(target),
  ];
}

function proof({ evidence, faults }: TargetReport): string {
  return [...evidence.map(text), ...faults.map(({ at, deed, try: number, message }) => `${time(at)}, try ${number}, ${deed}: ${text(message)}`)].join("<br>");
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [`| ${heads.join(" | ")} |`, `| ${heads.map(() => "---").join(" | ")} |`, ...rows.map((row) => `| ${row.join(" | ")} |`), ""].join("\n");
}

function titled(keys: readonly string[], title: string): string {
  return keys.length === 0 || keys.join(" ") === title ? text(title) : `${keys.map(text).join(" ")} ${text(title)}`;
}

function time(moment: Moment | undefined): string {
  return moment === undefined ? "" : `${moment.local} (${moment.utc} UTC)`;
}

/** Plain text as Markdown: one line, and nothing in it means anything. */
function text(plain: string): string {
  return plain
    .replaceAll(/\s+/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll(/[\\`*_{}[\]|#~]/g, String.raw`\$&`)
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** A command or digest between backticks; none of ours holds one. */
function code(plain: string): string {
  return `\`${plain
    .replaceAll(/\s+/g, " ")
    .replaceAll("`", "'")
    .replaceAll("|", String.raw`\|`)}\``;
}
