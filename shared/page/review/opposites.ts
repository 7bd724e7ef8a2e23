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
export const OPPOSITES: readonly Opposite[] = [
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
