import type { Ending } from "../../../shared/run/facts.ts";
import { endingOf, moments } from "./telling.ts";
import type { Invariant } from "./aftermath.ts";

/** What we put beside a line, and our section, in storage format; all else on a page is people's. */
const BESIDE =
  / <ac:structured-macro ac:name="status"(?:(?!<\/ac:structured-macro>).)*?Nightshift: ([^<]*)<\/ac:parameter>(?:(?!<\/ac:structured-macro>).)*?<\/ac:structured-macro>/gs;
const WHY = / \[nightshift: (?:(?!<\/p>).)*\](?=<\/p>)/gs;
const SECTION = /<ac:structured-macro ac:name="expand".*<\/ac:structured-macro>/s;

/** Promises 8 and 12, on the page that the window was made from. */
export const PAGE: readonly Invariant[] = [
  {
    rule: "the page says it",
    promise: 8,
    says: "beside the line of a change stands how it ended, and people's own text is as they left it",
    check(aftermath) {
      const { plan, after } = aftermath;
      return moments(
        aftermath,
        ({ system, effect }) => system === "confluence" && effect.did === "edited",
        ({ effect, ended }) => {
          const page = after.worlds.confluence.pages.find(({ title }) => effect.to.endsWith(title));
          const at = page?.versions.findIndex(({ number }) => number === effect.with?.["version"]) ?? -1;
          const ours = page?.versions[at];
          const theirs = page?.versions.slice(0, Math.max(at, 0)).findLast(({ message }) => !message.startsWith("Nightshift"));
          if (ours === undefined || theirs === undefined || !ours.message.endsWith(`results of ${plan.window.id}`)) return [];
          const lines =
            textOfPeople(ours.body) === textOfPeople(theirs.body) ? [] : [`version ${ours.number} of the page has another text of people's than version ${theirs.number}`];
          for (const change of plan.changes) {
            const as = endingOf(plan, change, ended);
            const [, shown] = new RegExp(`<p>${escapedFor([...change.keys, change.title].join(" "))}${BESIDE.source}`, "s").exec(ours.body) ?? [];
            if (as === undefined || shown === undefined || shown.startsWith(SHOWN[as])) continue;
            lines.push(`beside ${change.id} stands «${shown}», and it ended ${as}`);
          }
          return lines;
        },
      );
    },
  },
];

const SHOWN: Readonly<Record<Ending, string>> = { done: "done", already: "done", dropped: "dropped", skipped: "skipped", failed: "failed", unknown: "" };

function textOfPeople(body: string): string {
  return body.replace(SECTION, "").replaceAll(BESIDE, "").replaceAll(WHY, "");
}

function escapedFor(words: string): string {
  return words
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
