import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { CompiledPlan, CompiledStep } from "../../shared/plan/compiled.ts";
import { localText } from "../../shared/plan/local-time.ts";
import { timelineOf } from "../../shared/plan/timeline.ts";
import { sketchedRegistry } from "../support/plan-registry.ts";

/** The two plans hold what the team's two pages hold; the pages themselves are checked line by line where they are at hand. */
const PLANS = new URL("../../plans/", import.meta.url);
const PAGES = new URL("../../../shared/seeds/", import.meta.url);

const { inventory } = loadInventory(readFileSync(new URL("inventory.yaml", PLANS), "utf8"), "plans/inventory.yaml");

function planOf(date: string): CompiledPlan {
  const file = `plans/${date}.yaml`;
  const { plan, findings } = compile({ text: readFileSync(new URL(`${date}.yaml`, PLANS), "utf8"), file, inventory, registry: sketchedRegistry() });
  if (plan === undefined) throw new Error(JSON.stringify(findings));
  return plan;
}

const december = planOf("2024-12-08");
const october = planOf("2024-10-06");

function step(plan: CompiledPlan, id: string): CompiledStep {
  const found = plan.steps.find((each) => each.id === id);
  if (found === undefined) throw new Error(`the plan of ${plan.window.id} has no step ${id}`);
  return found;
}

function params(plan: CompiledPlan, id: string): Readonly<Record<string, unknown>> {
  return step(plan, id).targets[0]?.params as Readonly<Record<string, unknown>>;
}

/** Whether one step cannot begin before another has ended. */
function follows(plan: CompiledPlan, later: string, earlier: string): boolean {
  const behind = new Set([later]);
  for (const id of behind) for (const need of step(plan, id).needs) behind.add(need.step);
  const places = plan.phases.map(({ id }) => id);
  const [a, b] = [places.indexOf(step(plan, earlier).phase), places.indexOf(step(plan, later).phase)];
  return behind.has(earlier) || (a < b && plan.phases[b]?.barrier === true);
}

function targetsOf(plan: CompiledPlan, id: string): readonly string[] {
  return step(plan, id).targets.map((target) => target.id);
}

const DEPLOYMENTS = [
  ["biller-cluster.hub", "Hub_Infrastructure", "platform-0/2.98.0", "PRD"],
  ["biller-cluster.tooling", "Tooling_Infrastructure", "platform-0/1.8.2", "PRD"],
  ["biller-cluster.avd", "AVD_Infrastructure", "platform-0/1.20.1", "PRD"],
  ["biller-cluster.biller-xat", "Biller_Infrastructure", "platform-0/0.2.0", "XAT"],
  ["biller-cluster.biller-prd", "Biller_Infrastructure", "platform-0/0.2.0", "PRD"],
  ["classic-web.xat", "ClassicWeb", "platform-0/0.0.1", "XAT"],
  ["classic-web.prd", "ClassicWeb", "platform-0/0.0.1", "PRD"],
  ["kong-cluster.destroy", "Kong_Infrastructure", "platform-0/2.32.1", "PRD"],
  ["kong-cluster.deploy", "Kong_Infrastructure", "platform-0/2.35.0", "PRD"],
  ["newrelic.deploy", "NewRelic_Infrastructure", "platform-0/1.1.0", "PRD"],
] as const;

const APP_SERVERS = ["IC-App1", "IC-App2", "IC-App3", "IC-App4", "IC-App5", "IC-App6"];
const MCC_SERVERS = ["IC-MCC1", "IC-MCC2", "IC-MCC3", "IC-MCC4"];
const WEB_1_TO_5 = ["IC-Web1", "IC-Web2", "IC-Web3", "IC-Web4", "IC-Web5"];

describe("December", () => {
  it.each(DEPLOYMENTS)("%s deploys %s at %s to %s", (id, pipeline, tag, environment) => {
    expect(params(december, id)).toMatchObject({ pipeline: { name: pipeline }, ref: { tag }, environment });
  });

  it("has every pipeline deployment once", () => {
    const deploying = december.steps.filter(({ id, verb }) => verb === "pipeline.run" && params(december, id)["ref"] !== undefined).map(({ id }) => id);
    expect(deploying.toSorted()).toEqual(DEPLOYMENTS.map(([id]) => id).toSorted());
    expect(december.changes.find(({ id }) => id === "classic-web")?.steps).toEqual(
      expect.arrayContaining([
        { id: "classic-web.hub", servedBy: "biller-cluster.hub", title: "Hub_Infrastructure in PRD, as above" },
        { id: "classic-web.avd", servedBy: "biller-cluster.avd", title: "AVD_Infrastructure, stages network and persistence, as above" },
      ]),
    );
    expect(params(december, "biller-cluster.avd")["stages"]).toEqual(["network", "persistence"]);
  });

  it.each([
    ["reschedule-jobs.run", "2024-12-08T01:00:00.000Z", "Pre-Maintenance"],
    ["starting-maintenance.run", "2024-12-08T09:45:00.000Z", "Starting Maintenance"],
    ["start-jobs.run", undefined, "Post-Maintenance"],
  ])("%s begins at %s with stage %s alone", (id, at, stage) => {
    expect(step(december, id).at).toBe(at);
    expect(params(december, id)).toMatchObject({ pipeline: { name: "Preparation Pipeline" }, stages: [stage] });
  });

  it.each([
    ["test-and-mcc-patching.app-test", "reschedule-jobs.run"],
    ["app-patching.install", "reschedule-jobs.run"],
    ["mcc-patching.install", "mcc-patching.group"],
    ["announce-start.notify", "starting-maintenance.run"],
    ["biller-cluster.hub", "announce-start.notify"],
    ["biller-cluster.sync-certificate", "biller-cluster.move-vault"],
    ["biller-cluster.biller-xat", "biller-cluster.sync-certificate"],
    ["biller-cluster.biller-prd", "biller-cluster.biller-xat"],
    ["classic-web.xat", "biller-cluster.hub"],
    ["classic-web.xat", "biller-cluster.avd"],
    ["classic-web.prd", "classic-web.xat"],
    ["kong-cluster.deploy", "kong-cluster.destroy"],
    ["kong-cluster.version", "kong-cluster.deploy"],
    ["smoke.www", "app-patching.install"],
    ["regression.suite", "smoke.www"],
    ["start-jobs.run", "regression.suite"],
    ["announce-end.notify", "start-jobs.run"],
  ])("%s comes after %s", (later, earlier) => {
    expect(follows(december, later, earlier)).toBe(true);
  });

  it("lets only the app servers wait for Saturday's stage, and no server of MCC", () => {
    const waiting = december.steps
      .filter(({ id, verb }) => verb === "patch.install" && follows(december, id, "reschedule-jobs.run"))
      .flatMap(({ targets }) => targets.map(({ id }) => id));

    expect(waiting.sort()).toEqual([...APP_SERVERS, "IC-App-Test1"].sort());
    expect(step(december, "mcc-patching.install").needs).toEqual([{ step: "mcc-patching.group", per: "target", as: "success" }]);
  });

  it("patches the MCC servers at 04:50 out of the September group, which PLAT-1406 shares", () => {
    expect(step(december, "mcc-patching.group").at).toBe("2024-12-08T09:50:00.000Z");
    expect(params(december, "mcc-patching.group")["group"]).toMatchObject({ name: "September" });
    expect(targetsOf(december, "mcc-patching.install")).toEqual(MCC_SERVERS);
    expect(december.changes.find(({ keys }) => keys.includes("PLAT-1406"))?.steps).toEqual(
      expect.arrayContaining([{ id: "test-and-mcc-patching.mcc", servedBy: "mcc-patching.install", title: "The MCC servers, as in the prework" }]),
    );
  });

  it("moves the XAT vault to the Prod subscription before the certificate syncs", () => {
    const { resource, to } = params(december, "biller-cluster.move-vault") as { resource: { subscription: string }; to: { subscription: string; name: string } };

    expect(to.name).toBe("Prod network lane");
    expect(resource.subscription).not.toBe(to.subscription);
    expect(params(december, "biller-cluster.sync-certificate")).toMatchObject({ certificate: { subject: "*.invoicecloud-beta.com" } });
  });

  it("destroys the kong stack with an approval, then deploys every stack of PRD", () => {
    expect(step(december, "kong-cluster.destroy")).toMatchObject({ irreversible: true, leaves: "unsafe", approval: { by: [{ name: "Luis" }, { name: "Dana" }] } });
    expect(targetsOf(december, "kong-cluster.destroy")).toEqual(["kong"]);
    expect(targetsOf(december, "kong-cluster.deploy")).toEqual(inventory.entries("stack").map(({ name }) => name));
  });

  it("asks a person about each bare ticket", () => {
    for (const key of ["INFRA-692", "INFRA-691", "INFRA-730", "INFRA-680"]) {
      const change = december.changes.find(({ keys }) => keys.includes(key));
      const work = change?.steps.filter(({ id }) => step(december, id).derived === undefined) ?? [];
      expect(work.map(({ id }) => step(december, id).verb)).toEqual(["person.do"]);
      expect(change?.owners.length).toBeGreaterThan(0);
    }
  });

  it("announces start and finish once in both channels, and puts the jobs back in any case", () => {
    const notices = december.steps.filter(({ verb }) => verb === "slack.notify");

    expect(notices.map(({ id, targets }) => [id, ...targets.map((target) => target.id)])).toEqual([
      ["announce-start.notify", "dailyops", "maintenance"],
      ["announce-end.notify", "dailyops", "maintenance"],
    ]);
    expect(step(december, "reschedule-jobs.run")).toMatchObject({ graceMs: 45 * 60_000, targets: [{ opens: [{ id: "jobs-parked" }] }] });
    expect(step(december, "start-jobs.run")).toMatchObject({ always: true, when: { opened: "jobs-parked" }, targets: [{ closes: ["jobs-parked"] }] });
  });

  it("is a night until about eleven", () => {
    const spans = timelineOf(december);

    expect(localText(Date.parse(december.window.opensAt), december.window.zone)).toBe("Sat 20:00");
    expect(localText(spans.get("announce-end.notify")?.endMs ?? 0, december.window.zone)).toMatch(/^Sun 1[01]:/);
  });
});

describe("October", () => {
  it.each([
    ["reschedule-jobs.run", "Sat 20:00"],
    ["first-web-servers.drain", "Sat 21:30"],
    ["mcc-servers.group", "Sun 04:30"],
    ["starting-maintenance.run", "Sun 04:45"],
  ])("%s begins %s", (id, local) => {
    expect(localText(Date.parse(step(october, id).at ?? ""), october.window.zone)).toBe(local);
  });

  it.each([
    ["maintenance-page.swap", "maintenance-page.mute"],
    ["kong.workspace", "kong.x-real-ip-header"],
    ["kong.split-helm", "kong.workspace"],
    ["kong.secret", "kong.split-helm"],
    ["kong.smtp", "kong.secret"],
    ["integrations-deployment.deploy", "excel-drivers.install"],
    ["web-ciphers.run", "first-web-servers.drain"],
    ["patch-web-and-mcc.restore-first", "web-ciphers.run"],
    ["maintenance-page-down.swap", "regression.suite"],
    ["maintenance-page-down.purge", "maintenance-page-down.swap"],
    ["start-jobs.run", "maintenance-page-down.purge"],
    ["announce-end.notify", "start-jobs.run"],
  ])("%s comes after %s", (later, earlier) => {
    expect(follows(october, later, earlier)).toBe(true);
  });

  it.each([
    ["first-web-servers.drain", WEB_1_TO_5],
    ["first-web-servers.install", WEB_1_TO_5],
    ["web-ciphers.run", WEB_1_TO_5],
    ["patch-web-and-mcc.restore-first", WEB_1_TO_5],
    ["mcc-servers.install", MCC_SERVERS],
    ["excel-drivers.install", APP_SERVERS],
    ["app-cipher.run", APP_SERVERS],
    ["palo-readers.add", ["Palo NonProd", "Palo Prod"]],
    ["maintenance-page.swap", ["www", "my"]],
  ])("%s acts on %j", (id, expected) => {
    expect(targetsOf(october, id)).toEqual(expected);
  });

  it("puts back whatever it opens", () => {
    const closed = new Set(october.steps.flatMap(({ targets, always }) => (always ? targets.flatMap(({ closes }) => closes) : [])));
    const opened = october.steps.flatMap(({ targets }) => targets.flatMap(({ opens }) => opens.map(({ id }) => id)));

    expect(opened).toEqual(
      expect.arrayContaining([
        "jobs-parked",
        "out-of-pool:IC-Web1",
        "out-of-pool:IC-Web8",
        "monitor-muted:Pingdom",
        "maintenance-page:www.invoicecloud.com",
        "maintenance-page:my.invoicecloud.com",
      ]),
    );
    for (const id of opened) expect(closed).toContain(id);
  });

  it("lets nobody skip the approval of what cannot be taken back", () => {
    for (const id of ["plat-952.run", "classic-resources.delete", "obsolete-servers.remove"])
      expect(step(october, id)).toMatchObject({ irreversible: true, approval: { by: expect.anything() } });
  });
});

/** Of what a page names, where in the plan it stands: tokens to the change or step that holds it. */
const TOKENS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "2024-12-08": {
    "Pre-Maintenance": ["reschedule-jobs.run"],
    "Starting Maintenance": ["starting-maintenance.run"],
    "Preparation Pipeline": ["reschedule-jobs.run", "starting-maintenance.run", "start-jobs.run"],
    September: ["mcc-patching.group"],
    dailyops: ["announce-start.notify", "announce-end.notify"],
    "*.invoicecloud-beta.com": ["biller-cluster.sync-certificate"],
    network: ["biller-cluster.avd"],
    persistence: ["biller-cluster.avd"],
    Keith: ["biller-cluster.avd"],
    "IC-App-Test1": ["test-and-mcc-patching.app-test"],
    "Update Tracking 2024-12-8.xlsx": ["app-patching"],
    Skybot: ["test-and-mcc-patching", "app-patching"],
    "www.invoicecloud.com": ["smoke.www", "regression.suite"],
    ...Object.fromEntries(
      DEPLOYMENTS.flatMap(([id, pipeline, tag]) => [
        [tag, [id]],
        [pipeline, [id]],
      ]),
    ),
  },
  "2024-10-06": {
    "Pre-Maintenance": ["reschedule-jobs.run"],
    "Starting Maintenance": ["starting-maintenance.run"],
    "Preparation Pipeline": ["reschedule-jobs.run", "starting-maintenance.run", "start-jobs.run"],
    "IC-Web1 - 5": ["first-web-servers.drain"],
    September: ["mcc-servers.group"],
    dailyops: ["announce-start.notify", "announce-end.notify"],
    pingdom: ["maintenance-page.mute"],
    "pal.invoicecloud.com": ["maintenance-page.swap", "maintenance-page-down.swap"],
    "icmaintenance.azurewebsites.net": ["maintenance-page.swap", "maintenance-page-down.swap"],
    "update/plat-848/x-real-ip-header": ["kong.x-real-ip-header"],
    "update/plat-848/split-helm-from-kong-config": ["kong.split-helm"],
    "kong-smtp": ["kong.smtp"],
    helm: ["kong.workspace"],
    "mailgun-smtp-password": ["kong.secret"],
    "kv-glb-vault1": ["kong.secret"],
    "Mailgun login": ["kong.secret"],
    Palo: ["palo-whitelist", "palo-readers.add"],
    "invoicecloud.com": ["apex-through-cloudflare.proxy"],
    "IC-Web": ["patch-web-and-mcc"],
    Excel: ["excel-drivers.install"],
    SFP: ["sfp-task.disable"],
    Scott: ["palo-readers.add"],
    Rama: ["palo-readers.add"],
    Mohammad: ["palo-readers.add"],
    "30 days": ["obsolete-servers"],
    "www.invoicecloud.com": ["smoke.www", "regression.suite"],
  },
};

const KEYS_TOGETHER: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "2024-12-08": [
    ["INFRA-655", "PLAT-1156", "INFRA-601", "PLAT-1373"],
    ["PLAT-871"],
    ["PLAT-1283", "PLAT-1301"],
    ["INFRA-648"],
    ["PLAT-1406"],
    ["PLAT-1405"],
    ["INFRA-692"],
    ["INFRA-691"],
    ["INFRA-730"],
    ["INFRA-680"],
  ],
  "2024-10-06": [
    ["PLAT-848", "PLAT-523"],
    ["PLAT-1027"],
    ["PLAT-1028"],
    ["PLAT-952"],
    ["PLAT-1065"],
    ["INFRA-527"],
    ["INFRA-505"],
    ["PLAT-1082", "INFRA-488"],
    ["PLAT-1096"],
    ["PLAT-1097"],
    ["INFRA-453"],
    ["PLAT-1086", "PLAT-1092"],
  ],
};

describe.each([december, october])("the plan of $window.id", (plan) => {
  const { id: date } = plan.window;

  it("has the page's keys, in the page's order and groups", () => {
    expect(plan.changes.map(({ keys }) => keys).filter((keys) => keys.length > 0)).toEqual(KEYS_TOGETHER[date]);
  });

  it.each(Object.entries(TOKENS[date] ?? {}))("holds %s where it belongs", (token, places) => {
    for (const place of places) {
      const holder = plan.changes.find(({ id }) => id === place) ?? step(plan, place);
      expect(JSON.stringify(holder).toLowerCase()).toContain(token.toLowerCase());
    }
  });
});

describe.skipIf(!existsSync(PAGES))("the pages themselves (skipped where they are not at hand)", () => {
  it.each([december, october])("$window.id names nothing that its plan has not", (plan) => {
    const { id: date } = plan.window;
    const page = readFileSync(new URL(`${date}.txt`, PAGES), "utf8");
    const known = Object.keys(TOKENS[date] ?? {});

    const keys = new Set(page.match(/\b(?:PLAT|INFRA)-\d+/g));
    const tags = page.match(/platform-0\/[\d.]+/g) ?? [];
    const branches = page.match(/^(?:update\/\S+|kong-\w+)$/gm) ?? [];
    const hosts = (page.match(/(?:\*\.)?[a-z-]+(?:\.[a-z-]+)*\.(?:com|net)\b/g) ?? []).filter((host) => !host.endsWith("atlassian.net"));
    const machines = page.match(/\bIC-(?:App-Test1|Web1 - 5|Web)\b/g) ?? [];
    const secrets = page.match(/\b(?:kv-\w+-\w+|mailgun-[\w-]+)/g) ?? [];
    const pipelines = page.match(/\b[A-Za-z]+_Infrastructure|ClassicWeb\b/g) ?? [];

    expect([...keys].sort()).toEqual((KEYS_TOGETHER[date] ?? []).flat().sort());
    for (const token of [...tags, ...branches, ...hosts, ...machines, ...secrets, ...pipelines]) expect(known).toContain(token);
    for (const token of known) expect(page.toLowerCase()).toContain(token.toLowerCase());
  });
});
