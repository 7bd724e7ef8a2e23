import { clausesOf } from "../sentences.ts";
import { stems } from "../words/likeness.ts";
import { timesIn } from "../words/clock.ts";

/** Two things that people say, one of which takes back the other. */
export interface Opposite {
  readonly name: string;
  readonly opens: RegExp;
  readonly closes: RegExp;
  /** What a closing says for what an opening says; the rest of the sentence stays as it is. */
  readonly saying: string;
  /**
   * `always`: nobody does it for good. `prepared`: only where it is said to be for a while, or where it prepares the
   * night; a ticket may well ask to disable something for ever.
   */
  readonly meant: "always" | "prepared";
  /** In the main part, without a ticket, it is for a while when it is done to one of these. */
  readonly objects?: RegExp;
  /** Verbs of actions that open it by themselves, and whose openings are looked at there. */
  readonly verbs?: readonly string[];
  /** A closing that says it so closes whatever was opened: there is hardly more than one such thing. */
  readonly single?: RegExp;
}

const RUNNING =
  /\b(?:monitor\w*|alert\w*|alarm\w*|notification\w*|jobs?|cron\w*|schedul\w*|tasks?|backups?|replicat\w*|(?:auto-?)?scal\w*|fail-?over|anti-?virus|defender|deploy\w*|triggers?|sync\w*|watchdogs?|health ?checks?|logins?|traffic|queues?|consumers?|workers?|services?|agents?|webhooks?|ingest\w*|batch\w*|feeds?|writes?)\b/i;
const PLACE = String.raw`(?:pools?|rotation|load[ -]?balanc\w*|lb|vip|service|backends?|cluster|upstreams?)`;
const BRINGS = "(?:put|add|return|bring|place|restore|rotate|move|re-?join|re-?add|take|get)";

/** The first whose opening fits is meant. */
const OPPOSITES: readonly Opposite[] = [
  {
    name: "out-of-pool",
    opens: new RegExp(
      String.raw`^(?:pull|take|remove|rotate|pop|get|move|drop|evict)\b.{1,120}\b(?:out of|from|off)\b.{0,30}\b${PLACE}\b|^(?:drain|cordon|deregister)\b|^mark\b.{1,60}\b(?:down|out|offline|drain\w*)\b`,
      "i",
    ),
    closes: new RegExp(
      String.raw`\b${BRINGS}\b.{0,120}\b(?:in|into|to|back)\b.{0,40}\b${PLACE}\b|\b${BRINGS}\b.{1,80}\bback in\b|\b(?:un-?cordon|un-?drain|re-?register|re-?add|re-?join|restore|return)\b|\bmark\b.{1,60}\b(?:up|in|ready|online|active)\b`,
      "i",
    ),
    saying: "put back into service",
    meant: "always",
    verbs: ["pool.drain"],
  },
  {
    name: "maintenance-page",
    opens:
      /^(?:enable|put up|bring up|turn on|activate|show|raise|switch on|publish|display|swap (?:in|to)|put)\b.{0,60}\b(?:maintenance|holding|sorry|splash|outage) (?:page|banner|site|notice)\b/i,
    closes:
      /\b(?:remove|take down|take off|disable|bring down|turn off|lift|deactivate|hide|drop|switch off|take|put|swap|clear)\b.{0,60}\b(?:(?:maintenance|holding|sorry|splash|outage) (?:page|banner|site|notice)|banner)\b/i,
    saying: "take down",
    meant: "always",
    verbs: ["dns.swap"],
    single: /./,
  },
  {
    name: "maintenance-mode",
    opens:
      /^(?:put|place|set|switch(?! off)|bring|move|turn(?! off)|enable|start|enter|activate|schedule)\b(?!.{0,100}\boff\b).{0,100}\b(?:maintenance(?: mode)?|restricted (?:session|mode)|degraded mode|manual mode|local mode|read[- ]?only(?: mode)?|standby(?: mode)?|safe mode|single[- ]user(?: mode)?|down ?time)\b(?! (?:pages?|banner|channel|pipeline|stage))/i,
    closes:
      /\b(?:out of|from|off|end|exit|leave|remove|disable|stop|cancel|finish|deactivate|clear|lift)\b.{0,60}\b(?:maintenance(?: mode)?(?! (?:pages?|banner|site|notice|window|channel))|restricted (?:session|mode)|degraded mode|manual mode|local mode|read[- ]?only|standby|safe mode|single[- ]user|down ?time)\b|\bread[- ]?write\b|\bmulti[- ]user\b|\bback (?:to|into|in) (?:normal|service|live)\b|\b(?:maintenance|read[- ]?only)(?: mode)? off\b/i,
    saying: "take out of it again",
    meant: "always",
    verbs: ["monitor.mute"],
  },
  {
    name: "muted",
    opens: /^(?:mute|silence|snooze|suppress)\b|^(?:put|set|place|turn|switch)\b.{1,80}\b(?:on mute|to silent|on silent|to mute|muted|silenced|on snooze)\b/i,
    closes:
      /\b(?:un-?mute|un-?silence|un-?snooze|un-?suppress|end\b.{0,60}\b(?:silence|mute|snooze)|enable|expire (?:the )?silence|re-?enable|re-?activate|resume|re-?arm|turn (?:\S+ ){0,3}(?:back )?on|(?:remove|delete|lift|clear) (?:\S+ ){0,3}(?:mute|silence|suppression)s?)\b/i,
    saying: "unmute",
    meant: "always",
    verbs: ["monitor.mute"],
    single: /\bun-?(?:mute|silence|snooze|suppress)|\b(?:mute|silence|suppression)s?\b/i,
  },
  {
    name: "paused",
    opens: /^(?:pause|suspend|quiesce|hibernate|put (?:.{1,60} )?on (?:hold|ice)|hold|park)\b/i,
    closes: /\b(?:resume|un-?pause|un-?suspend|un-?quiesce|un-?park|re-?start|start|re-?enable|re-?activate|continue|release|wake|take (?:.{1,60} )?off (?:hold|ice))\b/i,
    saying: "resume",
    meant: "always",
  },
  {
    name: "frozen",
    opens: /^(?:freeze|lock)\b/i,
    closes: /\b(?:un-?freeze|thaw|un-?lock|lift (?:.{0,40} )?freeze|end (?:.{0,40} )?freeze|re-?open|release)\b/i,
    saying: "unfreeze",
    meant: "always",
  },
  {
    name: "stopped",
    opens: /^(?:stop|halt|kill|shut ?down|power (?:off|down)|bring down|take down|take offline|take (?:.{1,60} )?(?:offline|down))\b/i,
    closes: /\b(?:start|re-?start|launch|resume|boot|power (?:\S+ ){0,4}(?:on|up)|turn (?:\S+ ){0,4}on|bring (?:.{1,60} )?(?:up|back|online)|spin up)\b/i,
    saying: "start",
    meant: "always",
  },
  {
    name: "opened-up",
    opens:
      /^(?:open|un-?lock|un-?seal|un-?block|expose)\b.{0,60}\b(?:ports?|firewalls?|rules?|access|tunnels?|vaults?|secrets?|safe|ssh|rdp|vpn|nsg|security groups?|gates?|ingress|egress|bastion)\b/i,
    closes: /\b(?:close|re-?lock|lock|seal|re-?seal|block|remove|revoke|delete|shut)\b/i,
    saying: "close",
    meant: "always",
  },
  {
    name: "granted",
    opens: /^(?:grant|give|elevate|assign|add|activate)\b.{0,80}\b(?:temporar\w*|elevated|break[- ]?glass|emergency|for the (?:night|window|duration))\b/i,
    closes: /\b(?:revoke|remove|withdraw|take (?:.{1,60} )?away|expire|delete|end|de-?activate|drop)\b/i,
    saying: "revoke",
    meant: "always",
  },
  {
    name: "revoked",
    opens: /^(?:revoke|withdraw|take away|restrict)\b.{0,80}\b(?:access|permissions?|rights?|roles?|logins?)\b/i,
    closes: /\b(?:grant|re-?grant|restore|give|return|re-?enable|lift)\b/i,
    saying: "grant",
    meant: "prepared",
  },
  {
    name: "failed-over",
    opens:
      /^fail[ -]?over\b|^(?:switch|cut) ?over\b.{0,60}\b(?:secondary|standby|dr|passive|backup)\b|^(?:flip|switch|cut|move|point|swing|redirect|route|send|shift)\b.{1,80}\b(?:to|at|into)\b.{0,30}\b(?:dr|secondary|standby|passive|disaster recovery|(?:backup|static|sorry|maintenance|holding|alternate|other) (?:site|region|data ?cent(?:er|re)|link|line|page|server))\b/i,
    closes:
      /\bfail(?:ing)?[ -]?back\b|\b(?:flip|switch|cut|fail|move|point|swing|redirect|route|send|shift|bring)(?: ?over)?\b.{0,80}\b(?:back|primary)\b|\b(?:back|return)\b.{0,20} to (?:the )?primary\b/i,
    saying: "fail back",
    meant: "always",
    single: /./,
  },
  {
    name: "isolated",
    opens: /^(?:isolate|detach|disconnect|unplug|evacuate|unmount)\b/i,
    closes: /\b(?:re-?connect|re-?attach|attach|connect|plug|mount|re-?join|put|move)\b/i,
    saying: "reconnect",
    meant: "prepared",
  },
  {
    name: "closed",
    opens: /^close\b/i,
    closes: /\b(?:re-?)?open\b/i,
    saying: "open",
    meant: "prepared",
  },
  {
    name: "blocked",
    opens: /^(?:block|deny|reject)\b/i,
    closes: /\b(?:un-?block|allow|permit|re-?open|remove|lift)\b/i,
    saying: "unblock",
    meant: "prepared",
    objects: RUNNING,
  },
  {
    name: "disabled",
    opens: /^(?:disable|turn off|switch off|de-?activate)\b/i,
    closes: /\b(?:enable|re-?enable|turn (?:.{1,60} )?(?:back )?on|turn on|switch (?:.{1,60} )?on|re-?activate|activate|resume|start)\b/i,
    saying: "enable",
    meant: "prepared",
    objects: RUNNING,
  },
  {
    name: "rescheduled",
    opens: /^(?:reschedule|postpone|delay|defer|unschedule|de-?schedule|move)\b.{0,40}\b(?:jobs?|tasks?|batch\w*|schedules?|crons?)\b/i,
    closes: /\b(?:start|resume|restart|restore|reinstate|re-?enable|release|reschedule|schedule|move|put)\b.{0,60}\b(?:jobs?|tasks?|batch\w*|schedules?|crons?)\b/i,
    saying: "start",
    meant: "always",
  },
  {
    name: "scaled",
    opens: /^scale\b/i,
    closes: /\bscale\b|\b(?:back|return|restore)\b.{0,40}\b(?:size|instances|replicas|nodes|normal)\b/i,
    saying: "scale back",
    meant: "prepared",
  },
  {
    name: "lowered",
    opens: /^(?:lower|reduce|decrease|shorten|raise|increase|extend|bump)\b.{0,40}\b(?:ttls?|timeouts?|thresholds?|limits?|quotas?|log ?levels?|replicas|capacity)\b/i,
    closes:
      /\b(?:lower|reduce|decrease|raise|increase|extend|restore|reset|set|put|return|revert)\b.{0,60}\b(?:ttls?|timeouts?|thresholds?|limits?|quotas?|log ?levels?|replicas|capacity)\b/i,
    saying: "set back",
    meant: "prepared",
  },
  {
    name: "let-in",
    opens: /^(?:allow|white-?list|permit|allow-?list)\b/i,
    closes: /\b(?:remove|revoke|delete|dis-?allow|block|close|deny)\b/i,
    saying: "remove",
    meant: "prepared",
  },
];

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
