import { slug } from "../drafted.ts";
import type { Found } from "./checks.ts";
import type { Edit } from "./finding.ts";
import type { Night, NightStep } from "./night.ts";

const APPROVED = /\bapprov\w*|\bsign(?:ed)?[- ]?off|\bCAB\b|\bchange (?:advisory )?board|\bfour[- ]eyes|\bgo\/no[- ]?go|\bauthori[sz]ed by|\bauthori[sz]ation/i;
/** Work by hand that leaves nothing to go back to. A cache fills again, and a page or a server in a pool is put back. */
const DESTROYS =
  /^\W*(?:please |then |[A-Za-z]+ (?:team )?(?:to|must|will|should|needs to|has to) )?(?:delete|drop|destroy|wipe|truncate|decommission|erase|reformat|format|re-?image|tear down|permanently (?:remove|delete)|.{0,80}\b(?:delete|remove)\b.{0,30}\bpermanently\b|shred|retire|(?:run|execute)\b.{0,40}\bdestroy|purge(?!.{0,40}\bcaches?\b)(?!.{0,40}\bcdn\b))\b/i;

/** What cannot be taken back and nobody is said to approve. In a plan, `approval` says it. */
export function unapproved({ sayings: steps, isPage, inventory }: Night): readonly Found[] {
  const seen = new Set<string>();
  return steps.flatMap((step): readonly Found[] => {
    const byHand = (step.verb === "person.do" || step.verb === "") && DESTROYS.test(step.words);
    // A script that nobody knows yet is asked about by the import; whether it can be taken back is said with it.
    const isUnknown = /^(?:host|script)\.run$/.test(step.verb) && inventory.find("script", String(step.fields.with?.["script"] ?? "")) === undefined && !DESTROYS.test(step.words);
    if ((!step.irreversible && !byHand) || isUnknown) return [];
    const isApproved = isPage ? approvedInWords(step, steps) : step.fields.approval !== undefined;
    if (isApproved || seen.has(`${step.line}\n${step.words}`)) return [];
    seen.add(`${step.line}\n${step.words}`);
    const edits: readonly Edit[] = [
      { do: "set", step: step.id, field: "irreversible", value: true },
      { do: "set", step: step.id, field: "approval", value: true },
    ];
    return [
      {
        severity: "warning",
        line: step.line,
        others: [],
        words: step.words,
        message: `it cannot be taken back${whyNot(step)}, and the page says nobody who approves it`,
        proposal: "write `approval: true`, or the names of those who may",
        step: step.id,
        about: "",
        edits,
      },
    ];
  });
}

function whyNot({ verb, fields }: NightStep): string {
  if (fields.with?.["mode"] === "destroy") return " (it destroys)";
  if (verb === "script.run" || verb === "host.run") return " (the inventory knows no script that does)";
  return "";
}

function approvedInWords(step: NightStep, steps: readonly NightStep[]): boolean {
  if ([step.words, step.fields.title ?? "", ...step.notes].some((text) => APPROVED.test(text) && !/\b(?:no|without|not)\s+(?:\w+ )?approv/i.test(text))) return true;
  // «Get the approval of …» above it, in the same change.
  return steps.some((other) => other.change === step.change && other.at < step.at && APPROVED.test(other.words));
}

const TESTS =
  /\b(?:smoke|sanity|health|regression|acceptance|functional|end[- ]to[- ]end|e2e|synthetic|post[- ]?(?:deploy\w*|maintenance|patch\w*|change))[ -]?(?:tests?|checks?|testing|suite|validation|verification)\b|\b(?:smoke|sanity)\b/i;
const LOOKS =
  /\b(?:verify|validate|test|check|confirm|browse|log ?in)\b.{0,60}\b(?:site|website|portal|url|page|login|app|application|api|traffic|home ?page|responds?|loads?|is up|work\w*|healthy|green|service|services|platform|checkout|orders?|payments?)\b/i;

/** Nobody looks whether the platform works before everyone goes to bed. */
export function noSmokeTest({ steps, phases, inventory, pieces }: Night): readonly Found[] {
  const works = steps.filter(({ verb, fields }) => verb !== "" && verb !== "slack.notify" && verb !== "web.check" && fields.sameAs === undefined);
  const firstWork = works.find(({ part }) => part !== "before" && part !== "day-of") ?? works[0];
  if (firstWork === undefined) return [];
  const looks = steps.some(
    ({ verb, words, part, fields, at }) =>
      verb === "web.check" ||
      (part === "test" && verb !== "") ||
      ((TESTS.test(words) || TESTS.test(fields.title ?? "")) && at > firstWork.at) ||
      (LOOKS.test(words) && at > firstWork.at && (part === "test" || part === "after")),
  );
  if (looks) return [];
  const heading = phases.find(({ part }) => part === "test") ?? phases.findLast(({ part }) => part === "after");
  const last = steps.at(-1);
  const line = heading?.line ?? last?.line ?? 1;
  const sites = inventory.entries("site");
  const [site] = sites;
  const title = `Run the smoke tests on ${site?.name ?? "the site"}`;
  const edit: Edit =
    site !== undefined && sites.length === 1
      ? {
          do: "add",
          into: "test",
          change: { id: slug(title, "smoke-tests"), title, notes: "The page has no line for this.", step: { id: "check", action: "web.check", targets: site.name } },
        }
      : {
          do: "ask",
          step: "window",
          question: `Which site is looked at after the work? The page has no smoke test${sites.length > 1 ? `; the inventory knows ${sites.map(({ name }) => name).join(", ")}` : ""}.`,
        };
  return [
    {
      severity: "warning",
      line,
      others: [],
      words: pieces.find((piece) => piece.line === line)?.text ?? heading?.title ?? "",
      message: "no line looks at the platform after the work",
      proposal: edit.do === "add" ? `add «${title}»` : "say which site is looked at, and add a `web.check`",
      step: "window",
      about: "",
      edits: [edit],
    },
  ];
}
