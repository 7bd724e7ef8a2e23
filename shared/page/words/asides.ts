import { IMPERATIVE } from "./verbs.ts";

/** What a sentence, or what stands in parentheses, is there for. */
export type Manner = "done-above" | "condition" | "dependency" | "prohibition" | "past" | "reference" | "remark" | "instruction";

const PAST =
  /\b(?:was|were|has been|have been|had been|could(?: not|n't) be|did(?: not|n't)|failed to|never (?:ran|started|got)|wasn't|weren't|went (?:fine|well|wrong)|completed at|is done|ran into|had to be|got (?:done|skipped))\b/i;
const EARLIER = /^(?:the )?last (?:time|month|window|year|weekend|night)\b|^(?:previously|back then|historically)\b/i;
const PROHIBITION =
  /^(?:note:?\s*)?(?:please\s+)?(?:do not|don't|never|no one|nobody|nothing (?:may|must|should|is to)|avoid|must not|under no circumstances|hands off)\b|\b(?:must not|may not|should not|do not|don't|must never|must (?:stay|remain))\b/i;
const CONDITION =
  /^(?:only (?:if|when|for|in case)|(?:but )?(?:except|not) (?:if|when|in case)|as long as|if|unless|in case|when|provided|assuming|optional(?:ly)?\b|as needed|if needed|where)\b/i;
const DEPENDENCY =
  /^(?:after|once|before|following|requires?|needs|depends on|dependent on|prerequisite|blocked by|wait(?:s|ing)? for|as soon as|not before|must be (?:done|run) (?:after|before))\b/i;
const DONE_ABOVE =
  /\b(?:done|deployed|run|completed|covered|handled|included|applied|installed|shipped|released|rolled out|see|as|same as)\s+(?:already\s+)?(?:above|earlier|before)\b|\balready (?:done|deployed|covered)\b|\b(?:done|deployed|covered|handled|included|run)\s+(?:already\s+)?(?:under|with|in|by|as part of)\s+[A-Z][A-Z0-9]+-\d+/i;
const REFERENCE =
  /^(?:please\s+)?(?:refer to|see|cf\.?|details?(?: (?:in|at|here))?|documented|documentation|instructions?|link to|more (?:info|details)|runbook)\b|^(?:here|link|[\w ]{0,40}(?:procedure|runbook|guide|instructions|documentation|wiki|checklist|how-?to|playbook|sop))$|\.(?:xlsx?|docx?|pdf|csv|pptx?|zip|txt)$/i;
const REMARK = /^(?:note|nb|n\.b\.|fyi|info|caution|warning|heads[- ]up(?!\s+(?:to|in)\b)|reminder|context|background|important)\b/i;

/** How to take a sentence; the first that fits, in the order of how plainly the words say it. */
export function mannerOf(text: string): Manner {
  const plain = text.trim().replace(/^[-(\s]+/, "");
  if (DONE_ABOVE.test(plain) && plain.length < 60) return "done-above";
  if (PROHIBITION.test(plain)) return "prohibition";
  if (saysDropped(plain)) return "past";
  // «needs 40 GB of free space»: no line of the page brings that about.
  if (/^(?:needs?|requires?)\s+(?:at least |about |some |up to )?\d/i.test(plain)) return "remark";
  if (CONDITION.test(plain)) return "condition";
  if (DEPENDENCY.test(plain)) return "dependency";
  // «Change the rates by the rate guide» asks for work, and names where it is written how.
  if (REFERENCE.test(plain) && !(IMPERATIVE.test(plain) && !/^(?:please )?(?:see|refer|link)\b/i.test(plain) && /^\w+ (?:the|an?|all|our|its|their)\b/i.test(plain)))
    return "reference";
  if (EARLIER.test(plain)) return "past";
  if (PAST.test(plain) && !IMPERATIVE.test(plain) && !/\b(?:after|once|that have been|which have been|until|when|if|that has been|that were)\b/i.test(plain)) return "past";
  if (REMARK.test(plain)) return "remark";
  return "instruction";
}

/** «cancelled by the business», «moved to December», «on hold», «done in November»: no work of this night, it seems. */
export function saysDropped(text: string): boolean {
  const plain = text.trim().replace(/^[-–>→=(\s]+/, "");
  return (
    /^(?:was |is |has been |been |now )?(?:cancell?ed|postponed|deferred|de-?scoped|dropped|withdrawn|rejected|on hold|not needed|no longer needed|obsolete|(?:moved|pushed|carried over|shifted|rescheduled) to (?:the )?(?:next|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|q[1-4]|another|later))/i.test(
      plain,
    ) ||
    /^(?:next|in the next|for next) (?:month|window|time|release|quarter)\b[^a-z]*$/i.test(plain) ||
    /^(?:was |is |has been |already )(?:done|completed|finished|deployed|resolved|closed)\b(?! (?:above|under|with|by|as))/i.test(plain)
  );
}

export interface Aside {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What stands in parentheses, outermost only; one that is never closed goes to the end. One pass. */
export function asidesIn(text: string): readonly Aside[] {
  const found: Aside[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(" && (depth > 0 || !/\w/.test(text[at - 1] ?? " "))) {
      if (depth++ === 0) start = at;
    } else if (text[at] === ")" && depth > 0 && --depth === 0) found.push({ start, end: at + 1, text: text.slice(start + 1, at).trim() });
  }
  if (depth > 0) found.push({ start, end: text.length, text: text.slice(start + 1).trim() });
  return found.filter((aside) => aside.text !== "");
}

/** «…, only if X», «… after X», «… before X», «… unless X» at the end of a sentence, or at its beginning before a comma. */
export interface Clause {
  readonly start: number;
  readonly end: number;
  readonly kind: "condition" | "after" | "before";
  readonly about: string;
}

export function clausesIn(text: string): readonly Clause[] {
  // What stands behind a semicolon is another statement.
  const stop = text.indexOf("; ");
  if (stop > 0) return [...clausesIn(text.slice(0, stop)), ...clausesIn(text.slice(stop + 2)).map((each) => ({ ...each, start: each.start + stop + 2, end: each.end + stop + 2 }))];
  // «If X, do Y», «If X: do Y», «If X then do Y».
  const leading =
    /^(?<word>only if|only after|only once|as soon as|as long as|if|unless|when|once|after|before|in case|provided(?: that)?)\s+(?<about>(?:[^,:]|:(?!\s)){3,200}?)(?:[,:]|,?\s+then)\s+/i.exec(
      text,
    );
  if (leading !== null) return [clause(leading.index, leading[0].length, leading.groups?.["word"] ?? "", leading.groups?.["about"] ?? "")];
  // «keys provided by the vendor» are no condition.
  const trailing =
    /[,\s](?<word>(?:but\s+)?(?:only if|only when|only once|only after|(?:except|not) (?:if|when|in case)|as long as|(?<!\beven\s)if|unless|(?<!\b(?:is|are|was|were|be|been|has|have|had|as)\s)provided(?: that\b|(?! (?:by|in|with|to|for|at)\b))|in case|once|after|not before|before|as soon as|depends on|requires|when))\s+(?<about>\S.{2,300})$/i.exec(
      text,
    );
  if (trailing === null) return [];
  return [clause(trailing.index + 1, text.length, trailing.groups?.["word"] ?? "", trailing.groups?.["about"] ?? "")];
}

function clause(start: number, end: number, said: string, about: string): Clause {
  const word = said.replace(/^but\s+/i, "");
  const kind = /^(?:once|only once|after|only after|not before|as soon as|depends on|requires)$/i.test(word) ? "after" : /^before$/i.test(word) ? "before" : "condition";
  // A value that is true lets the step run: «except if X» and «but not when X» are «unless X».
  return { start, end, kind, about: `${/^(?:unless|except|not (?!before))\b/i.test(word) ? "unless " : ""}${about.replace(/[.\s]+$/, "")}` };
}
