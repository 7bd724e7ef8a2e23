import * as fc from "fast-check";
import { stringify } from "yaml";

/**
 * Random plans over the demo's inventory, as text that the real compiler takes: every verb, phases with and without barriers, needs
 * per step and per target, batches, conditions, approvals, people's work, openings and their closings, lifting by evidence.
 *
 * What is drawn is a list of pieces without names: names, and what a piece waits for, come from the pieces before it. So any
 * shorter list is a plan too, and a plan that breaks something shrinks to a small one.
 */
export interface Piece {
  readonly what: PieceName;
  /** Chooses among what the verb can be aimed at. */
  readonly pick: number;
  readonly waitsFor: readonly { readonly back: number; readonly per: "step" | "target"; readonly as: "success" | "end"; readonly whole: "step" | "change" | "phase" }[];
  /** Minutes after Saturday 20:00. */
  readonly at?: number | undefined;
  readonly graceMinutes?: number | undefined;
  readonly batch?: number | undefined;
  readonly ramp: boolean;
  readonly pauseMinutes?: number | undefined;
  readonly approval: boolean;
  readonly always: boolean;
  readonly onFailure?: "stop" | "continue" | "ask" | undefined;
  readonly leaves?: "untouched" | "degraded" | "unsafe" | undefined;
  readonly when?: "value that is true" | "value that is false" | "opened" | "succeeded" | undefined;
  readonly opens: boolean;
  readonly closes: boolean;
  readonly lift: boolean;
  readonly skip: boolean;
  readonly sameAs: boolean;
  /** Where it stands: in the change of the piece before it, or at the head of another. */
  readonly place: "change" | "new change" | "change in order" | "new phase" | "barrier";
  readonly keys: number;
}

export interface PlanDrawn {
  readonly date: (typeof DATES)[number];
  readonly tickets: boolean;
  /** Whether steps have times of their own; without them the night is as long as its chains are. */
  readonly timed: boolean;
  readonly pieces: readonly Piece[];
}

/** A usual night, and the two on which the clocks change. */
const DATES = ["2024-12-08", "2024-11-03", "2025-03-09"] as const;

type Fields = Record<string, unknown>;
interface Made {
  readonly fields: Fields;
  /** Names of its targets, where it fans out. */
  readonly targets?: readonly string[];
}
/** Steps of one piece, each after the one before it; undefined when what it takes is used up. */
type Maker = (pick: number, around: { once(what: string): boolean; count(): number; keys: readonly string[] }) => readonly Made[] | undefined;

const one = (action: string, fields: Fields = {}): readonly Made[] => [{ fields: { action, ...fields } }];
const over = (action: string, targets: readonly string[], fields: Fields = {}): Made => ({ targets, fields: { action, targets: [...targets], ...fields } });
/** A part of `all` that is never empty. */
const some = (all: readonly string[], pick: number): readonly string[] => {
  const kept = all.filter((_each, nth) => ((pick >> nth) & 1) === 1);
  return kept.length > 0 ? kept : all;
};
const oneOf = <Value>(all: readonly Value[], pick: number): Value => all[pick % all.length] as Value;

const APP = ["IC-App1", "IC-App2", "IC-App3", "IC-App4", "IC-App5", "IC-App6"];
const MCC = ["IC-MCC1", "IC-MCC2", "IC-MCC3", "IC-MCC4"];
const WEB = ["IC-Web1", "IC-Web2", "IC-Web3", "IC-Web4", "IC-Web5", "IC-Web6", "IC-Web7", "IC-Web8"];
const STACKS = ["kong", "kong-ingress", "kong-plugins", "kong-observability"];
const FORBIDDEN = { irreversible: true, approval: true };

const DEPLOYMENTS: readonly Fields[] = [
  { pipeline: "Hub_Infrastructure", environment: "PRD" },
  { pipeline: "Hub_Infrastructure", environment: "XAT" },
  { pipeline: "Tooling_Infrastructure", environment: "PRD" },
  { pipeline: "AVD_Infrastructure", environment: "PRD", stages: ["network", "persistence"] },
  { pipeline: "Biller_Infrastructure", environment: "XAT" },
  { pipeline: "ClassicWeb", environment: "PRD" },
  { pipeline: "NewRelic_Infrastructure", environment: "PRD" },
  { pipeline: "Preparation Pipeline", stages: ["Post-Maintenance"] },
  { pipeline: "Regression Suite", environment: "PRD" },
];

const MAKERS = {
  "web.check": () => [over("web.check", ["www.invoicecloud.com"], { with: { through: "origin" } })],
  "slack.notify": (pick, { count }) => [over("slack.notify", some(["dailyops", "maintenance"], pick), { with: { text: `Note ${count()}.`, moment: "note" } })],
  "slack start and finish": (pick, { once }) => {
    const moment = ["start", "finish"].find((each) => once(each));
    return moment === undefined ? undefined : [over("slack.notify", some(["dailyops", "maintenance"], pick), { with: { text: `It is the ${moment}.`, moment } })];
  },
  "pipeline.run": (pick, { count }) => one("pipeline.run", { with: { ...oneOf(DEPLOYMENTS, pick), parameters: { part: `p${count()}` } } }),
  "pipeline.run on stacks": (pick, { count }) => [
    over("pipeline.run", some(STACKS, pick), { with: { pipeline: "Kong_Infrastructure", environment: "PRD", ref: { tag: `platform-0/3.${count()}.0` } } }),
  ],
  "person.do": (pick, { count }) =>
    one("person.do", { with: { who: oneOf(["Dana", "Luis", "Infrastructure", "Integrations"], pick), what: `Do number ${count()}.`, expires: oneOf(["1h", "3h"], pick) } }),
  "patch.group": (pick) => [over("patch.group", some(MCC, pick), { with: { group: "September" } })],
  "patch.install": (pick) => [over("patch.install", some([...APP, ...MCC, "IC-App-Test1"], pick))],
  "out of the pool and back": (pick, { once }) => {
    const free = some(WEB, pick).filter((name) => once(name));
    if (free.length === 0) return undefined;
    const pool = { with: { pool: "web" } };
    return [
      over("pool.drain", free, pool),
      ...(pick % 2 === 0 ? [over("patch.install", free)] : [over("host.run", free, { with: { script: "remove web ciphers" } })]),
      over("pool.restore", free, { ...pool, always: true }),
    ];
  },
  "host.run": (pick, { once }) => {
    const script = oneOf(["install Excel drivers", "disable SFP task", "disable app cipher"], pick);
    return once(script) ? [over("host.run", some(APP, pick >> 2), { with: { script } })] : undefined;
  },
  "host.decommission": (pick, { once }) =>
    once("host.decommission") ? [over("host.decommission", some(["IC-Old-Report1", "IC-Old-Batch1"], pick), { with: { offDays: 30 }, ...FORBIDDEN })] : undefined,
  "resource.delete": (pick, { once }) => (once("resource.delete") ? [over("resource.delete", some(["classic storage", "classic network"], pick), FORBIDDEN)] : undefined),
  "resource.move and certificate.sync": (_pick, { once }) =>
    once("resource.move")
      ? [{ fields: { action: "resource.move", with: { resource: "XAT Key Vault", to: "Prod network lane" } } }, over("certificate.sync", ["*.invoicecloud-beta.com"])]
      : undefined,
  "script.run": (pick, { once }) => {
    const [script, parameters, more] = oneOf<readonly [string, Fields, Fields]>(
      [
        ["PLAT-1027", { group: "rg-prd-shared", account: "icprdstatements", from: "TLS1_0", to: "TLS1_2" }, {}],
        ["PLAT-1028", { group: "rg-prd-shared", app: "ic-prd-intake", from: "AllAllowed", to: "Disabled" }, {}],
        ["PLAT-952", { group: "rg-prd-network", name: "pip-prd-old-gateway", address: "203.0.113.9" }, FORBIDDEN],
      ],
      pick,
    );
    return once(script) ? one("script.run", { with: { script, in: "Prod operations", parameters }, ...more }) : undefined;
  },
  "secret.copy": (_pick, { once }) => (once("secret.copy") ? one("secret.copy", { with: { from: "Mailgun login", vault: "kv-glb-vault1", secret: "mailgun" } }) : undefined),
  "workspace.rename": (_pick, { once }) => (once("workspace.rename") ? [over("workspace.rename", ["Kong PRD"], { with: { to: "kong-helm-prd" } })] : undefined),
  "cluster.check": () => [over("cluster.check", ["Kong"], { with: { version: "1.30.6" } })],
  "cache.purge": () => [over("cache.purge", ["invoicecloud.com"])],
  "dns.proxy": (_pick, { once }) => (once("dns.proxy") ? [over("dns.proxy", ["invoicecloud.com"], { with: { proxied: true } })] : undefined),
  "the page up and down": (pick, { once }) => {
    if (!once("the page")) return undefined;
    const records = some(["www", "my"], pick);
    const [origin, page] = ["pal.invoicecloud.com", "icmaintenance.azurewebsites.net"];
    return [over("dns.swap", records, { with: { from: origin, to: page } }), over("dns.swap", records, { with: { from: page, to: origin }, always: true, lift: {} })];
  },
  "monitor muted and not": (_pick, { once }) => (once("monitor") ? [over("monitor.mute", ["Pingdom"]), over("monitor.unmute", ["Pingdom"], { always: true })] : undefined),
  "firewall.allow": (pick, { count }) => [
    over("firewall.allow", some(["Palo NonProd", "Palo Prod"], pick), { with: { addresses: [`203.0.113.${count() % 250}/32`], group: "production-allow" } }),
  ],
  "firewall.reader": (pick, { once }) => {
    const people = some(["Scott", "Rama", "Mohammad"], pick).filter((name) => once(name));
    return people.length === 0 ? undefined : [over("firewall.reader", some(["Palo NonProd", "Palo Prod"], pick >> 3), { with: { people: [...people] } })];
  },
  "jira.comment": (_pick, { keys, count }) => (keys.length === 0 ? undefined : [over("jira.comment", keys, { with: { text: `Said ${count()}.` } })]),
  "jira.link": (_pick, { keys, count }) => (keys.length === 0 ? undefined : [over("jira.link", keys, { with: { title: `Link ${count()}` } })]),
  "jira.transition": (_pick, { keys, once }) =>
    keys.length === 0 || !once(`transition ${keys[0]}`) ? undefined : [over("jira.transition", keys, { with: { to: "In Progress" } })],
  "page.publish": (_pick, { once }) => (once("page.publish") ? one("page.publish", { with: { page: "/spaces/icinfradoc/pages/3713826817/night" }, always: true }) : undefined),
} as const satisfies Record<string, Maker>;
type PieceName = keyof typeof MAKERS;

const option = <Value>(arbitrary: fc.Arbitrary<Value>, freq: number): fc.Arbitrary<Value | undefined> => fc.option(arbitrary, { nil: undefined, freq });
const rarely = (one_in: number): fc.Arbitrary<boolean> => fc.integer({ min: 0, max: one_in - 1 }).map((drawn) => drawn === one_in - 1);

const piece: fc.Arbitrary<Piece> = fc.record({
  what: fc.constantFrom(...(Object.keys(MAKERS) as PieceName[])),
  pick: fc.integer({ min: 0, max: 2_047 }),
  waitsFor: fc.array(
    fc.record({
      back: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) }),
      per: fc.constantFrom("step" as const, "target" as const),
      as: fc.constantFrom("success" as const, "end" as const),
      whole: fc.constantFrom("step" as const, "step" as const, "step" as const, "change" as const, "phase" as const),
    }),
    { maxLength: 3 },
  ),
  at: option(fc.integer({ min: 0, max: 14 * 60 }), 6),
  graceMinutes: option(fc.integer({ min: 5, max: 600 }), 2),
  batch: option(fc.integer({ min: 1, max: 4 }), 3),
  ramp: fc.boolean(),
  pauseMinutes: option(fc.integer({ min: 1, max: 10 }), 3),
  approval: rarely(12),
  always: rarely(12),
  onFailure: option(fc.constantFrom("continue" as const, "ask" as const), 4),
  leaves: option(fc.constantFrom("untouched" as const, "degraded" as const, "unsafe" as const), 4),
  when: option(
    fc.constantFrom("value that is true" as const, "value that is false" as const, "opened" as const, "opened" as const, "succeeded" as const, "succeeded" as const),
    10,
  ),
  opens: rarely(3),
  closes: rarely(4),
  lift: rarely(20),
  skip: rarely(120),
  sameAs: rarely(30),
  place: fc.oneof(
    { weight: 12, arbitrary: fc.constant("change" as const) },
    { weight: 6, arbitrary: fc.constant("new change" as const) },
    { weight: 3, arbitrary: fc.constant("change in order" as const) },
    { weight: 1, arbitrary: fc.constant("new phase" as const) },
    { weight: 1, arbitrary: fc.constant("barrier" as const) },
  ),
  keys: fc.integer({ min: 0, max: 2 }),
});

/** Of up to about so many steps: a piece is one to three of them, and each ticket makes up to four more. */
export function planDrawn(sizes: readonly (readonly [number, number])[]): fc.Arbitrary<PlanDrawn> {
  return fc.record({
    date: fc.constantFrom(...DATES),
    tickets: rarely(3),
    timed: fc.boolean(),
    pieces: fc.oneof(...sizes.map(([minLength, maxLength]) => fc.array(piece, { minLength, maxLength, size: "max" }))),
  });
}

/** The plan as a file. */
export function planText({ date, tickets, timed, pieces }: PlanDrawn): string {
  const used = new Set<string>();
  const phases: { id: string; title: string; barrier?: boolean; changes: { id: string; title: string; keys?: string[]; inOrder?: boolean; steps: Fields[] }[] }[] = [];
  const made: { ref: string; change: string; phase: string; targets?: readonly string[]; opened?: string; verb: string }[] = [];
  let values = {};
  let serial = 0;

  for (const drawn of pieces) {
    let phase = phases.at(-1);
    if (phase === undefined || drawn.place === "new phase" || drawn.place === "barrier") {
      const nth = phases.length + 1;
      if (nth > 45) continue;
      phases.push((phase = { id: `p${nth}`, title: `Phase ${nth}`, ...(drawn.place === "barrier" ? { barrier: true } : {}), changes: [] }));
    }
    let change = phase.changes.at(-1);
    if (change === undefined || drawn.place !== "change") {
      const nth = made.length + 1;
      const keys = Array.from({ length: drawn.keys }, (_, at) => `INFRA-${nth * 10 + at}`);
      phase.changes.push(
        (change = { id: `c${nth}`, title: `Change ${nth}`, ...(keys.length === 0 ? {} : { keys }), ...(drawn.place === "change in order" ? { inOrder: true } : {}), steps: [] }),
      );
    }
    const around = {
      once: (what: string): boolean => !used.has(what) && used.add(what) !== undefined,
      count: () => ++serial,
      keys: change.keys ?? [],
    };
    const steps = MAKERS[drawn.what](drawn.pick, around) ?? MAKERS["web.check"]();
    const before = [...made];
    for (const [position, { fields, targets }] of steps.entries()) {
      const id = `s${made.length + 1}`;
      const ref = `${change.id}.${id}`;
      const verb = String(fields["action"]);
      const first = position === 0;
      const needs: (string | Fields)[] = first ? needsOf(drawn, before, { change: change.id, phase: phase.id, targets }) : [];
      const previous = made.at(-1);
      if (!first && previous !== undefined)
        needs.push({
          step: previous.ref,
          ...(targets !== undefined && previous.targets !== undefined ? { per: "target" } : {}),
          as: fields["always"] === true ? "end" : "success",
        });
      const condition = first && drawn.when !== undefined && !drawn.closes ? conditionOf(drawn, before) : undefined;
      if (condition !== undefined && "value" in condition) values = { ...values, yes: true, no: false };
      const opened = first && drawn.opens && targets === undefined ? `o${made.length + 1}` : undefined;
      const closed =
        drawn.closes && first && opened === undefined && targets === undefined ? before.find(({ opened: id }) => id !== undefined && !used.has(`closed ${id}`)) : undefined;
      if (closed !== undefined) {
        used.add(`closed ${closed.opened}`);
        needs.push({ step: closed.ref, as: "end" });
      }
      const tests = before.filter((each) => each.verb === "web.check").slice(-2);
      const lifts = fields["lift"] !== undefined || (first && drawn.lift && closed === undefined && fields["always"] === undefined);
      const step: Fields = {
        id,
        ...fields,
        title: `${verb} number ${made.length + 1}`,
        ...(first && ((drawn.at !== undefined && timed) || made.length === 0)
          ? { at: localTime(drawn.at ?? 0, date), ...(drawn.graceMinutes === undefined ? {} : { grace: `${drawn.graceMinutes}m` }) }
          : {}),
        ...(needs.length === 0 ? {} : { needs }),
        ...(targets !== undefined && targets.length > 1 && drawn.batch !== undefined
          ? {
              batch: drawn.batch,
              ...(drawn.ramp ? { ramp: true } : {}),
              maxFailures: drawn.pick % 2,
              ...(drawn.pauseMinutes === undefined ? {} : { pause: `${drawn.pauseMinutes}m` }),
            }
          : {}),
        ...(first && drawn.approval && closed === undefined ? { approval: true } : {}),
        ...((first && drawn.always) || closed !== undefined ? { always: true } : {}),
        ...(drawn.onFailure === undefined ? {} : { onFailure: drawn.onFailure }),
        ...(drawn.leaves === undefined ? {} : { leaves: drawn.leaves }),
        ...(condition === undefined ? {} : { when: condition }),
        ...(first && drawn.skip && closed === undefined ? { skip: "not tonight" } : {}),
        ...(opened === undefined ? {} : { opens: { [opened]: `opened by ${ref}` } }),
        ...(closed === undefined ? {} : { closes: closed.opened }),
        ...(lifts ? { lift: tests.length === 0 ? {} : { tests: tests.map((test) => test.ref) } } : {}),
      };
      change.steps.push(step);
      made.push({ ref, change: change.id, phase: phase.id, verb, ...(targets === undefined ? {} : { targets }), ...(opened === undefined ? {} : { opened }) });
    }
    const twin = drawn.sameAs ? before.at(-1 - (drawn.pick % 5)) : undefined;
    if (twin !== undefined && twin.change !== change.id) change.steps.push({ id: `t${made.length}`, title: "done above", sameAs: twin.ref });
  }

  return stringify(
    {
      plan: 1,
      window: {
        title: "A random window",
        date,
        zone: "America/New_York",
        cutoff: "Sun 12:00",
        channels: ["maintenance"],
        owners: ["Dana", "Luis"],
        page: { title: "night", url: "/spaces/icinfradoc/pages/3713826817/night" },
      },
      ...(Object.keys(values).length === 0 ? {} : { values }),
      ...(tickets ? { tickets: { start: "It begins.", link: "Report", transition: "Done", end: "It is over." } } : {}),
      phases,
    },
    { lineWidth: 160, aliasDuplicateObjects: false },
  );
}

type Before = readonly { readonly ref: string; readonly change: string; readonly phase: string; readonly targets?: readonly string[]; readonly opened?: string }[];

function needsOf({ waitsFor }: Piece, before: Before, own: { change: string; phase: string; targets: readonly string[] | undefined }): (string | Fields)[] {
  return waitsFor.flatMap(({ back, per, as, whole }) => {
    const other = before.at(-1 - (back % Math.max(1, before.length)));
    if (other === undefined) return [];
    if (whole === "change" && other.change !== own.change) return [{ step: other.change, as }];
    if (whole === "phase" && other.phase !== own.phase) return [{ step: other.phase, as }];
    const same = per === "target" && own.targets !== undefined && own.targets.every((name) => other.targets?.includes(name) === true);
    return [{ step: other.ref, ...(same ? { per } : {}), as }];
  });
}

function conditionOf({ when, pick }: Piece, before: Before): Fields | undefined {
  const opener = before.findLast(({ opened }) => opened !== undefined);
  const other = before.at(-1 - (pick % 7));
  switch (when) {
    case "value that is true":
      return { value: "yes" };
    case "value that is false":
      return { value: "no" };
    case "opened":
      return opener?.opened === undefined ? undefined : { opened: opener.opened };
    default:
      return other === undefined ? undefined : { succeeded: other.ref };
  }
}

/** A time that exists: on the nights on which the clocks change, one says which of two, or moves out of the gap. */
function localTime(minutesAfterSaturday20: number, date: string): string {
  const minutes = 20 * 60 + minutesAfterSaturday20;
  const [day, hour] = [minutes < 24 * 60 ? "Sat" : "Sun", Math.floor(minutes / 60) % 24];
  const inGap = date === "2025-03-09" && day === "Sun" && hour === 2;
  const twice = date === "2024-11-03" && day === "Sun" && hour === 1;
  return `${day} ${String(inGap ? 3 : hour).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}${twice ? (minutes % 2 === 0 ? " first" : " second") : ""}`;
}
