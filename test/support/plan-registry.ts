import { z } from "zod";
import { defineAction } from "../../shared/action/action.ts";
import type { AnyAction, Opening } from "../../shared/action/action.ts";
import { registryOf } from "../../shared/action/registry.ts";
import type { Registry } from "../../shared/action/registry.ts";
import { named } from "../../shared/inventory/schema.ts";

/**
 * Every verb of the vocabulary with the parameters that the real one has or will have, and nothing behind it: for tests
 * of the plan language, which must not wait for a vendor's slice. What an action does is tested in its slice.
 */
interface Sketch {
  readonly verb: string;
  readonly params: z.ZodType;
  readonly over?: string;
  readonly reversal?: AnyAction["reversal"];
  readonly reversalFor?: NonNullable<AnyAction["reversalFor"]>;
  readonly touches?: (params: Named) => readonly string[];
  readonly opens?: (params: Named) => readonly Opening[];
  readonly closes?: (params: Named) => readonly string[];
}

// oxlint-disable-next-line typescript/no-explicit-any -- each sketch reads the entries that its own schema made
type Named = any;

const Text = z.string().min(1);
const Moment = z.enum(["start", "note", "finish"]).default("note");
const GitRef = z.strictObject({ tag: Text.optional(), branch: Text.optional(), commit: Text.optional() });
const serverOf = ({ server }: Named): readonly string[] => [`server:${server.name}`];

const SKETCHES: readonly Sketch[] = [
  {
    verb: "pipeline.run",
    over: "stack",
    params: z.strictObject({
      pipeline: named("pipeline"),
      ref: GitRef.optional(),
      environment: Text.optional(),
      stages: z.array(Text).min(1).optional(),
      stack: named("stack").optional(),
      parameters: z.record(z.string(), z.string()).optional(),
      mode: z.enum(["deploy", "destroy"]).default("deploy"),
    }),
    reversal: "nothing",
    reversalFor: ({ mode }: Named) => (mode === "destroy" ? "irreversible" : "nothing"),
    touches: ({ pipeline, environment, stack }) => [[`pipeline:${pipeline.name}`, environment ?? stack?.environment, stack?.name].filter((part) => part !== undefined).join("/")],
  },
  { verb: "slack.notify", over: "channel", params: z.strictObject({ channel: named("channel"), text: Text, moment: Moment }), reversal: "nothing" },
  { verb: "jira.comment", over: "issue", params: z.strictObject({ issue: Text, text: Text, moment: Moment }), reversal: "nothing" },
  { verb: "jira.link", over: "issue", params: z.strictObject({ issue: Text, title: Text }), reversal: "undo" },
  { verb: "jira.transition", over: "issue", params: z.strictObject({ issue: Text, to: Text }), reversal: "undo" },
  { verb: "patch.group", over: "server", params: z.strictObject({ server: named("server"), group: named("wsusGroup") }), touches: serverOf },
  {
    verb: "patch.install",
    over: "server",
    params: z.strictObject({ server: named("server"), classifications: z.array(Text).optional(), reboot: z.enum(["if-needed", "always", "never"]).default("if-needed") }),
    reversal: "nothing",
    touches: serverOf,
  },
  {
    verb: "host.run",
    over: "server",
    params: z.strictObject({ server: named("server"), script: named("script"), parameters: z.record(z.string(), z.string()).default({}) }),
    reversal: "irreversible",
    reversalFor: ({ script }: Named) => (script.undo === undefined ? "irreversible" : "undo"),
    touches: serverOf,
  },
  { verb: "resource.move", params: z.strictObject({ resource: named("resource"), to: named("resourceGroup") }), touches: ({ resource }) => [`resource:${resource.name}`] },
  {
    verb: "certificate.sync",
    over: "certificate",
    params: z.strictObject({ certificate: named("certificate"), from: named("vault").optional() }),
    touches: ({ certificate }) => [`certificate:${certificate.name}`],
  },
  { verb: "cluster.check", over: "cluster", params: z.strictObject({ cluster: named("cluster"), version: Text }), reversal: "nothing" },
  { verb: "web.check", over: "site", params: z.strictObject({ site: named("site"), through: z.enum(["public", "origin"]).default("public") }), reversal: "nothing" },
  {
    verb: "person.do",
    params: z.strictObject({ who: z.union([named("team"), named("person")]), what: Text, evidence: Text.optional(), expires: Text.optional() }),
    reversal: "nothing",
  },
  {
    verb: "pool.drain",
    over: "server",
    params: z.strictObject({ server: named("server"), pool: named("pool").optional() }),
    touches: serverOf,
    opens: ({ server, pool }) => [{ id: `out-of-pool:${server.name}`, what: `${server.name} is out of pool ${(pool ?? server.pool)?.name ?? ""}` }],
  },
  {
    verb: "pool.restore",
    over: "server",
    params: z.strictObject({ server: named("server"), pool: named("pool").optional() }),
    touches: serverOf,
    closes: ({ server }) => [`out-of-pool:${server.name}`],
  },
  {
    verb: "monitor.mute",
    over: "monitor",
    params: z.strictObject({ monitor: named("monitor"), until: Text.optional() }),
    opens: ({ monitor }) => [{ id: `monitor-muted:${monitor.name}`, what: `${monitor.name} is muted` }],
  },
  {
    verb: "monitor.unmute",
    over: "monitor",
    params: z.strictObject({ monitor: named("monitor") }),
    reversal: "nothing",
    closes: ({ monitor }) => [`monitor-muted:${monitor.name}`],
  },
  {
    verb: "dns.swap",
    over: "record",
    params: z.strictObject({ record: named("record"), from: Text, to: Text }),
    touches: ({ record }) => [`dns:${record.host}`],
    opens: ({ record, to }) => (to === record.maintenancePage ? [{ id: `maintenance-page:${record.host}`, what: `maintenance page up at ${record.host}` }] : []),
    closes: ({ record, from }) => (from === record.maintenancePage ? [`maintenance-page:${record.host}`] : []),
  },
  { verb: "dns.proxy", over: "record", params: z.strictObject({ record: named("record"), proxied: z.boolean() }), touches: ({ record }) => [`dns:${record.host}`] },
  { verb: "cache.purge", over: "zone", params: z.strictObject({ zone: named("zone") }), reversal: "nothing" },
  { verb: "workspace.rename", over: "workspace", params: z.strictObject({ workspace: named("workspace"), to: Text }) },
  { verb: "secret.copy", params: z.strictObject({ from: named("passwordItem"), vault: named("vault"), secret: Text }) },
  {
    verb: "script.run",
    params: z.strictObject({ script: named("script"), in: named("resourceGroup"), parameters: z.record(z.string(), z.string()).default({}) }),
    reversal: "irreversible",
    reversalFor: ({ script }: Named) => (script.undo === undefined ? "irreversible" : "undo"),
  },
  {
    verb: "firewall.allow",
    over: "firewall",
    params: z.strictObject({ firewall: named("firewall"), addresses: z.array(z.union([Text, z.strictObject({ name: Text.optional(), cidr: Text })])).min(1), group: Text }),
    touches: ({ firewall }) => [`firewall:${firewall.name}`],
  },
  {
    verb: "firewall.reader",
    over: "firewall",
    params: z.strictObject({ firewall: named("firewall"), people: z.array(named("person")).min(1) }),
    touches: ({ firewall }) => [`firewall:${firewall.name}`],
  },
  { verb: "resource.delete", over: "resource", params: z.strictObject({ resource: named("resource") }), reversal: "irreversible" },
  { verb: "host.decommission", over: "server", params: z.strictObject({ server: named("server"), offDays: z.int().default(30) }), reversal: "irreversible", touches: serverOf },
  { verb: "page.publish", params: z.strictObject({ page: Text, title: Text.optional() }) },
];

function actionOf({ verb, params, over, reversal = "undo", reversalFor, touches, opens, closes }: Sketch): AnyAction {
  return defineAction<object, unknown, unknown>({
    verb,
    summary: `${verb}, as the plan language sees it`,
    uses: [],
    params,
    ...(over === undefined ? {} : { over: over as never }),
    receipt: z.unknown(),
    policy: {},
    reversal,
    ...(reversalFor === undefined ? {} : { reversalFor }),
    touches: (given) => touches?.(given) ?? [],
    ...(opens === undefined ? {} : { opens }),
    ...(closes === undefined ? {} : { closes }),
    preview: () => Promise.resolve([]),
    begin: () => Promise.resolve({}),
    verify: () => Promise.resolve([]),
  });
}

/** All sketched verbs, or all but those named. */
export function sketchedRegistry(without: readonly string[] = []): Registry {
  return registryOf(SKETCHES.filter(({ verb }) => !without.includes(verb)).map(actionOf));
}
