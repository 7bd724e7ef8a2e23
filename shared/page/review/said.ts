import { clausesOf } from "../sentences.ts";
import { stems } from "../words/likeness.ts";
import { timesIn } from "../words/clock.ts";
import { OPPOSITES } from "./opposites.ts";
import type { Opposite } from "./opposites.ts";

/** A closing in words of its own: whatever was done to a thing is taken back. */
const WHATEVER: Opposite = {
  name: "whatever",
  opens: /(?!)/,
  closes:
    /\b(?:re-?(?:enable|start|add|join|activate|open|instate|connect|attach|establish)|resume|restore|reinstate|start|enable|return|revert|undo|roll back|lift|un-?(?:mute|pause|silence|suspend|lock|freeze|block|cordon|drain|park|seal|do)|turn .{1,60}\bon|bring .{1,60}\b(?:up|back)|put .{1,60}\bback|back|again)\b/i,
  saying: "take back",
  meant: "always",
};

/** Something that a sentence opens or closes. */
export interface Said {
  readonly opposite: Opposite;
  readonly clause: string;
  /** What it is done to: the words that tell it apart, and those that many sentences have. */
  readonly own: ReadonlySet<string>;
  readonly common: ReadonlySet<string>;
}

const TAKES_BACK = OPPOSITES.filter(({ name }) => name === "maintenance-page" || name === "maintenance-mode" || name === "out-of-pool");
const FOR_A_WHILE =
  /\b(?:temporar\w*|for now|for the (?:night|window|duration|maintenance)|during (?:the )?(?:maintenance|window|night|work|patching|upgrade)|until (?:the )?(?:end|we|it|all|work|maintenance|done|sunday|morning|\d)|while (?:we|the|it))/i;
const NEGATED = /\b(?:do not|don't|never|must not|should not|no need to|without|not to|already)\b/i;
const COMMON = stems(
  "service server job task process agent application app system site alert monitor monitoring node host machine maintenance mode window page traffic pool rotation load balancer back normal again everything whole each scheduled schedule windows linux prod production pipeline stage work team please cluster",
);
const LEAD =
  /^(?:\W+|\d{1,3}[.)]\s|(?:please|then|next|first|finally|now|also|and|afterwards|all|everyone|temporarily|manually|briefly|again)\b,?\s*|(?:(?:[\w-]+ ){1,4})?(?:needs?|has|have|will|must|should) (?:to |need to )?(?=[a-z]))/i;
const RUNS = /^(?:run|execute|kick ?off|trigger|use|start|apply|launch)\b.{0,80}?\b(?=[a-z])/i;

/** What a sentence opens, clause by clause. Only what is told to be done counts, not what is talked about. */
export function openingsIn(text: string, prepares: boolean, hasTicket: boolean): readonly Said[] {
  return imperatives(text).flatMap((clause) => {
    if (NEGATED.test(clause)) return [];
    const opposite = OPPOSITES.find(({ opens }) => opens.test(clause)) ?? byTool(clause);
    // «Take the maintenance page down» takes something down, and opens nothing.
    if (opposite === undefined || TAKES_BACK.some(({ closes, name }) => name !== opposite.name && closes.test(clause))) return [];
    const isForAWhile =
      opposite.meant === "always" || FOR_A_WHILE.test(text) || (prepares && !hasTicket) || (!hasTicket && opposite.objects !== undefined && opposite.objects.test(clause));
    return isForAWhile ? [said(opposite, clause)] : [];
  });
}

/** Whether a sentence puts something back that held the platform's place. */
export function takesBack(text: string): boolean {
  return TAKES_BACK.some(({ closes }) => closes.test(text));
}

/** What a sentence closes; `openings` says what may be meant. */
export function closingsIn(text: string): readonly Said[] {
  return imperatives(text).flatMap((clause) =>
    NEGATED.test(clause) ? [] : [...OPPOSITES, WHATEVER].filter(({ closes }) => closes.test(clause)).map((opposite) => said(opposite, clause)),
  );
}

/** Whether this closing may be of that opening. */
export function fits(opening: Said, closing: Said): boolean {
  // Words that bring back whatever it was do so where both speak of the same thing.
  if (closing.opposite === WHATEVER) return meets(opening.own, closing.own);
  if (opening.opposite.name !== closing.opposite.name) return false;
  if (opening.opposite.single?.test(closing.clause) === true || /\b(?:everything|all of (?:it|them)|the rest)\b/i.test(closing.clause)) return true;
  if (opening.own.size > 0 && closing.own.size > 0) return meets(opening.own, closing.own);
  if (opening.common.size + opening.own.size === 0 || closing.common.size + closing.own.size === 0) return true;
  return meets(opening.common, closing.common) || (opening.own.size === 0) !== (closing.own.size === 0);
}

/** Whether a sentence does away with what was opened: what is deleted need not be started again. */
export function doesAway(opening: Said, text: string): boolean {
  return /\b(?:delete|decommission|uninstall|retire|destroy)\b/i.test(text) && meets(opening.own, stems(text));
}

/** How a sentence is turned round; the first that fits. */
const TURNED: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:put|place|set|switch|move|bring|turn)\s+(.+?)\s+(?:in|into|to)\s+(?:the\s+)?((?:maintenance|restricted|degraded|manual|local|read[- ]?only|standby|safe|single[- ]user|downtime)\b.*)$/i,
    "Take $1 out of $2 again",
  ],
  [/^(?:pull|take|remove|rotate|pop|get|move|drop|evict)\s+(.+?)\s+(?:out of|from|off)\s+(.+)$/i, "Put $1 back into $2"],
  [/^(?:drain|cordon|deregister)\s+(.+)$/i, "Put $1 back into service"],
  [/^fail[ -]?over\s+(.+?)(?:\s+(?:to|onto)\s+.+)?$/i, "Fail back $1"],
  [/^take\s+(.+?)\s+(?:offline|down)$/i, "Bring $1 back up"],
  [/^(?:shut ?down|power (?:off|down)|bring down|halt)\s+(.+)$/i, "Start $1"],
  [/^(?:turn|switch)\s+off\s+(.+)$/i, "Turn $1 back on"],
  [/^put\s+(.+?)\s+on (hold|ice)$/i, "Take $1 off $2"],
  [/^(?:hold|park|postpone|reschedule)\s+(.+)$/i, "Release $1"],
  [/^(?:lower|reduce|raise|increase|scale(?: (?:down|up|in|out))?)\s+(.+?)(?:\s+to\s+.+)?$/i, "Set $1 back"],
];

/** The sentence that closes an opening, for a person. */
export function closingFor({ opposite, clause }: Said): string {
  const plain = clause.replace(/[.!\s]+$/, "");
  const turned = TURNED.find(([pattern]) => pattern.test(plain));
  if (turned !== undefined) return plain.replace(turned[0], turned[1]);
  const [, rest = ""] = /^\S+\s+(.+)$/.exec(plain) ?? [];
  const isOneVerb = /^(?:stop|pause|mute|silence|disable|suspend|freeze|lock|block|open|unlock|snooze|suppress|quiesce|revoke|grant|isolate|detach|disconnect|close)\b/i.test(
    plain,
  );
  return isOneVerb && rest !== "" ? `${opposite.saying.slice(0, 1).toUpperCase()}${opposite.saying.slice(1)} ${rest}` : `Take back what «${plain}» has done: ${opposite.saying}`;
}

/** What begins a clause of its own, in the imperative or told of somebody. */
const SPOKEN =
  "pause|suspend|stop|mute|silence|snooze|disable|enable|re-?enable|resume|freeze|lock|unlock|open|close|hold|release|drain|restore|shut|power|block|unblock|fail|put|take|pull|grant|revoke|scale|lower|raise|start|restart|park|quiesce|turn|switch|unmute|unsilence|reschedule|postpone|allow|remove|lift|cordon|uncordon|set|bring";
const NEXT = new RegExp(String.raw`\s*(?:,|;|\band\b|\bthen\b)+\s+(?:then\s+)?(?=(?:${SPOKEN})\b)`, "i");
const TOLD_OF = new RegExp(String.raw`^(?:[\w'-]+ ){1,4}?(?=(?:${SPOKEN})e?s\b)`, "i");

function imperatives(text: string): readonly string[] {
  const timeless = timesIn(text).reduceRight((all, { start, end }) => `${all.slice(0, start)} ${all.slice(end)}`, text);
  return clausesOf(timeless.replaceAll(/\(\s*\)|\b(?:because|due to|since|so that|in order to)\b.*$/g, "").replaceAll(/\s+/g, " "))
    .flatMap((clause) => clause.split(NEXT))
    .flatMap((clause) => clause.split(/,\s+(?=[a-z]+\s)|\s+-\s+(?=[A-Za-z]{3})/))
    .map((clause) => {
      let plain = clause.trim();
      for (let turns = 0; turns < 4 && LEAD.test(plain); turns++) plain = plain.replace(LEAD, "").trim();
      // «The database team stops the service»: somebody does it, as if told to.
      return TOLD_OF.test(plain) ? plain.replace(TOLD_OF, "").replace(/^([\w-]+?)(?:(?<=[sx]h?|ch)es|s)\b/, "$1") : plain;
    })
    .filter((clause) => clause !== "");
}

/** «run the Reschedule Jobs stage», «run the pause-exports script»: what a tool is named for. */
function byTool(clause: string): Opposite | undefined {
  const tool = RUNS.exec(clause);
  if (tool === null || !/\b(?:stage|script|job|playbook|runbook|pipeline|workflow|task|command)\b/i.test(clause)) return undefined;
  const words = clause.replaceAll(/[-_]/g, " ").split(/\s+/);
  for (let at = 1; at < Math.min(words.length, 8); at++) {
    const rest = words.slice(at).join(" ");
    const found = OPPOSITES.find(({ opens, name }) => opens.test(rest) && name !== "stopped" && name !== "let-in" && name !== "scaled");
    if (found !== undefined) return found;
  }
  return undefined;
}

function said(opposite: Opposite, clause: string): Said {
  const verbs = stems(
    "put place take pull remove add return bring restore stop start restart pause resume suspend mute unmute silence unsilence disable enable open close lock unlock cordon uncordon mark isolate disconnect reconnect evacuate freeze unfreeze park unpark log again end turn switch set reschedule drain shut power fail over back on off up kick run stage name reenable re-enable call grant revoke scale hold release temporarily lower raise allow block",
  );
  const all = [...stems(clause.replaceAll(/\([^)]*\)/g, " "))].filter((word) => !verbs.has(word));
  return { opposite, clause, own: new Set(all.filter((word) => !COMMON.has(word))), common: new Set(all.filter((word) => COMMON.has(word))) };
}

function meets(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((word) => other.has(word));
}
