import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { machineKey } from "../../integrations/azure-compute/simulated-machine.ts";
import { rehearse, type Rehearsal } from "../../local/rehearse.ts";
import type { Worlds } from "../../local/simulators.ts";
import type { Server } from "../../shared/inventory/schema.ts";
import type { Telemetry } from "../../shared/ports/telemetry.ts";
import { openOf } from "../../shared/run/obligations.ts";
import { reportOf } from "../../shared/run/report.ts";
import { reportHtml } from "../../shared/run/report-html.ts";
import { reportJson } from "../../shared/run/report-json.ts";
import { reportMarkdown } from "../../shared/run/report-markdown.ts";
import { headlineOf } from "../../shared/run/headline.ts";
import { workbookOf } from "../../shared/run/workbook.ts";
import { changesOf } from "../support/changes.ts";
import { breachesOf } from "../support/invariants.ts";
import { october } from "../support/october.ts";

/** The window of October 6, in virtual time against simulated vendors: what was done, in which order, and how the world is afterwards. */

const VALIDATOR = join(import.meta.dirname, "..", "..", "..", "shared", "contracts", "validate.mjs");
const LONG_MS = 240_000;

const VALUE = 'canary-mailgun-PÄSSWÖRD-"\\/+1';
const FORMS = [VALUE, Buffer.from(VALUE).toString("base64"), Buffer.from(VALUE).toString("base64url"), encodeURIComponent(VALUE), JSON.stringify(VALUE).slice(1, -1)];

const beginOf = ({ state }: Rehearsal, step: string, target?: string) =>
  state.steps.find(({ id }) => id === step)?.targets.find(({ id }) => target === undefined || id === target)?.begunAt ?? "never";
const effectsOn = ({ effects }: Rehearsal, system: string, did: string) => effects.filter((effect) => effect.system === system && effect.did === did);
const names = (prefix: string, ...numbers: number[]) => numbers.map((number) => `${prefix}${number}`);

/** How a world differs, without what vendors merely note down about the work. */
function changesIn(before: Worlds, after: Worlds, name: keyof Worlds): readonly string[] {
  const { effects: _before, ...was } = before[name];
  const { effects: _after, ...is } = after[name];
  return changesOf(was, is);
}

describe("the window of 2024-10-06, rehearsed", () => {
  const { plan, inventory, scene } = october();
  const [before, after] = [scene(), scene()];
  for (const { worlds } of [before, after]) for (const item of worlds.bitwarden.items) item.password = VALUE;
  const recorded: string[] = [];
  const events: string[] = [];
  const telemetry: Telemetry = { event: (name, fields) => void events.push(JSON.stringify([name, fields])), flush: () => Promise.resolve() };
  let spoken: readonly { readonly system: string; readonly method: string; readonly said: string }[];
  const server = (name: string) => after.worlds["azure-compute"].machines[machineKey(inventory.entries("server").find((entry) => entry.name === name) as Server)];
  let night: Rehearsal;
  beforeAll(async () => {
    night = await rehearse({ plan, scene: after, telemetry, record: (line) => void recorded.push(line) });
    spoken = recorded.map((line) => {
      const { system, request } = JSON.parse(line) as { system: string; request: { method: string; url: string; body: unknown } };
      return { system, method: request.method, said: `${request.url} ${typeof request.body === "string" ? request.body : JSON.stringify(request.body)}` };
    });
  }, LONG_MS);

  it("ends well, with every change done, nothing left open and no invariant broken", () => {
    expect(night.state.outcome).toBe("well");
    expect(headlineOf(night.state)).toEqual({ headline: "28 of 28 changes done, nothing left open.", lines: [] });
    expect(breachesOf({ plan, ...night, networkBefore: before.worlds["azure-network"] })).toEqual([]);
  });

  it("keeps to the page's hours", () => {
    expect(beginOf(night, "reschedule-jobs.run")).toBe("2024-10-06T00:00:00.000Z");
    expect(beginOf(night, "first-web-servers.drain")).toBe("2024-10-06T01:30:00.000Z");
    expect(beginOf(night, "mcc-servers.group")).toBe("2024-10-06T08:30:00.000Z");
    expect(beginOf(night, "starting-maintenance.run")).toBe("2024-10-06T08:45:00.000Z");
  });

  it("does in the plan's order what visitors and other teams would notice", () => {
    // The recording tells the order within one instant too, which the simulators' lists do not.
    const at = (system: string, method: string, about: RegExp) => spoken.findIndex((one) => one.system === system && one.method === method && about.test(one.said));
    const last = (system: string, method: string, about: RegExp) => spoken.findLastIndex((one) => one.system === system && one.method === method && about.test(one.said));
    const order = [
      at("slack", "POST", /postMessage.*Maintenance%20is%20starting/s),
      at("pingdom", "POST", /maintenance/),
      at("cloudflare", "PATCH", /icmaintenance/),
      at("azure-devops", "POST", /x-real-ip-header/),
      at("terraform-cloud", "PATCH", /kong-helm-prd/),
      at("azure-devops", "POST", /split-helm/),
      at("key-vault", "PUT", /secrets\/mailgun-smtp-password/),
      at("azure-devops", "POST", /kong-smtp/),
      last("azure-devops", "POST", /kong-smtp/),
      at("azure-devops", "POST", /pipelines\/610\/runs/),
      at("cloudflare", "PATCH", /"content":"pal\.invoicecloud\.com"/),
      last("cloudflare", "POST", /purge_cache/),
      last("azure-devops", "POST", /pipelines\/412\/runs/),
      at("slack", "POST", /postMessage.*Maintenance%20is%20finished/s),
    ];

    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  it("has each Kong branch on every stack before the next one begins", () => {
    const branches = ["x-real-ip-header", "split-helm", "kong-smtp"].map((branch) =>
      after.worlds["azure-devops"].runs.filter(({ pipeline, ref, variables }) => pipeline === 506 && ref.includes(branch) && Object.keys(variables).length > 0),
    );

    expect(branches.map((runs) => runs.map(({ templateParameters }) => String(templateParameters["stack"])).toSorted())).toEqual(
      branches.map(() => ["kong", "kong-ingress", "kong-observability", "kong-plugins"]),
    );
    expect(branches).toHaveLength(3);
    const ended = (step: string) => night.entries.find(({ fact }) => fact.type === "step.ended" && fact.step === step)?.fact.at ?? "never";
    expect(branches[1]?.every(({ queuedAt }) => queuedAt >= ended("kong.x-real-ip-header"))).toBe(true);
    expect(branches[2]?.every(({ queuedAt }) => queuedAt >= ended("kong.split-helm"))).toBe(true);
  });

  it("takes every web server out of its pool once and puts it back once, and changes ciphers on those five alone, while they are out", () => {
    const all = names("server IC-Web", 1, 2, 3, 4, 5, 6, 7, 8);
    const moved = (did: string) =>
      effectsOn(night, "azure-network", did)
        .map(({ to }) => to)
        .toSorted();
    const ran = effectsOn(night, "azure-compute", "ran").filter(({ with: details }) => details?.["script"] === "web-ciphers-off");

    expect([moved("drained"), moved("restored")]).toEqual([all, all]);
    expect(ran.map(({ to }) => to).toSorted()).toEqual(names("server IC-Web", 1, 2, 3, 4, 5));
    for (const { to, at } of ran) {
      const when = (did: string) => effectsOn(night, "azure-network", did).find((effect) => effect.to === to)?.at ?? "never";
      expect(when("drained") < at && at < when("restored"), to).toBe(true);
    }
  });

  it("asks the other team for its deployment only once the driver is proven on every app server", () => {
    const proven = night.entries.flatMap(({ fact }) => (fact.type === "target.verified" && fact.step === "excel-drivers.install" ? [fact.at] : []));

    expect(proven).toHaveLength(6);
    expect(beginOf(night, "integrations-deployment.deploy") >= proven.toSorted().at(-1)!).toBe(true);
  });

  it("tests through the origin while visitors see the maintenance page", () => {
    const smoke = night.state.steps.find(({ id }) => id === "smoke.www");

    expect(smoke?.as).toBe("done");
    expect(JSON.stringify(smoke?.targets[0])).toContain("pal.invoicecloud.com");
    expect(beginOf(night, "smoke.www") < beginOf(night, "maintenance-page-down.swap")).toBe(true);
  });

  it("says in each channel once that it starts and once that it is finished, with the results", () => {
    const posts = effectsOn(night, "slack", "posted").map(({ to, with: details }) => `${to}: ${String(details?.["text"])}`);

    for (const channel of ["dailyops", "maintenance"]) {
      for (const said of ["Maintenance is starting.", "Maintenance is finished."])
        expect(
          posts.filter((post) => post.includes(`#${channel}: `) && post.includes(said)),
          `${channel} ${said}`,
        ).toHaveLength(1);
    }
  });

  describe("leaves the world exactly as it should be:", () => {
    it("names in the DNS byte for byte as before, the apex through Cloudflare, nothing cached", () => {
      const zones = (worlds: Worlds) => worlds.cloudflare.zones[0]!;
      const others = (worlds: Worlds) => JSON.stringify(zones(worlds).records.filter(({ name }) => name !== "invoicecloud.com"));

      expect(others(after.worlds)).toBe(others(before.worlds));
      expect(zones(after.worlds).records.find(({ name }) => name === "invoicecloud.com")).toMatchObject({ proxied: true, content: "192.0.2.10" });
      expect(zones(after.worlds).cached).toEqual([]);
    });

    it("no monitor muted, every server in its pool, nothing of the network changed", () => {
      expect(after.worlds.pingdom.maintenance.map(({ to }) => to * 1_000 <= Date.parse(night.endedAt))).toEqual([true]);
      expect(changesIn(before.worlds, after.worlds, "azure-network")).toEqual([]);
    });

    it("WSUS groups as the plan says, and updates on the web and MCC servers only", () => {
      const { members: was } = before.worlds["azure-compute"].machines[machineKey(server("IC-WSUS1")!)]!.wsus!;

      expect(server("IC-WSUS1")?.wsus?.members).toEqual({ ...was, ...Object.fromEntries(names("ic-mcc", 1, 2, 3, 4).map((name) => [name, ["September"]])) });
      for (const name of [...names("IC-Web", 1, 2, 3, 4, 5, 6, 7, 8), ...names("IC-MCC", 1, 2, 3, 4)])
        expect(server(name), name).toMatchObject({ pending: [], pendingReboot: false, power: "running" });
      for (const name of [...names("IC-App", 1, 2, 3, 4, 5, 6), "IC-App-Test1"]) expect(server(name)?.pending, name).toHaveLength(2);
    });

    it("driver, task and ciphers as the scripts leave them, on the plan's servers and no others", () => {
      const settings = Object.fromEntries(Object.values(after.worlds["azure-compute"].machines).map(({ vm, settings: those }) => [vm, those]));
      const app = { "64-bit Excel driver": "installed", "scheduled task SFP": "disabled", "cipher of the app": "off" };

      expect(settings).toEqual({
        ...Object.fromEntries(names("IC-App", 1, 2, 3, 4, 5, 6).map((name) => [name, app])),
        ...Object.fromEntries(names("IC-Web", 1, 2, 3, 4, 5).map((name) => [name, { "ciphers of the web server": "strong ones" }])),
        ...Object.fromEntries([...names("IC-Web", 6, 7, 8), ...names("IC-MCC", 1, 2, 3, 4), "IC-App-Test1", "IC-WSUS1"].map((name) => [name, {}])),
      });
    });

    it("only the proven-obsolete servers and the listed classic resources gone", () => {
      const gone = (name: "azure-compute" | "azure-resources", part: string) =>
        changesOf(
          Object.keys((before.worlds[name] as unknown as Record<string, object>)[part]!).length,
          Object.keys((after.worlds[name] as unknown as Record<string, object>)[part]!).length,
        );

      expect(
        effectsOn(night, "azure-compute", "deleted")
          .map(({ to }) => to)
          .toSorted(),
      ).toEqual(["server IC-Old-Batch1", "server IC-Old-Report1"]);
      expect(gone("azure-compute", "machines")).toEqual([": 22 -> 20"]);
      expect(
        changesIn(before.worlds, after.worlds, "azure-resources")
          .filter((line) => line.startsWith("resources."))
          .map((line) => line.replace(/: \{.*\} -> /, " -> ").replace(/^.*\//, "")),
      ).toEqual(["icclassicvnet -> none", "icclassicstore -> none"]);
    });

    it("the workspace renamed, one enabled version of the secret, three CLI changes, and on the firewalls the address and the readers", () => {
      const firewalls = changesIn(before.worlds, after.worlds, "pan-os")
        .filter((line) => !line.includes(".jobs."))
        .map((line) => line.replace(/: .*/, "").replace(/^firewalls\.palo-(npd|prd)\.invoicecloud\.example\.running\./, "$1 "));

      expect(changesIn(before.worlds, after.worlds, "terraform").filter((line) => !line.includes(".description"))).toEqual([
        'organizations.invoicecloud.workspaces.0.name: "kong-app-prd" -> "kong-helm-prd"',
      ]);
      expect(changesIn(before.worlds, after.worlds, "key-vault").map((line) => line.replace(/: .*/, ""))).toEqual([
        "vaults.kv-glb-vault1.vault.azure.net.secrets.mailgun-smtp-password",
      ]);
      expect(after.worlds["key-vault"].vaults["kv-glb-vault1.vault.azure.net"]?.secrets["mailgun-smtp-password"]).toMatchObject([{ value: VALUE, enabled: true }]);
      expect(changesIn(before.worlds, after.worlds, "azure-scripts").filter((line) => line.startsWith("settings."))).toEqual([
        'settings.app ic-prd-intake in rg-prd-shared: FTP: "AllAllowed" -> "Disabled"',
        'settings.public address pip-prd-old-gateway in rg-prd-network: "203.0.113.9" -> none',
        'settings.storage account icprdstatements in rg-prd-shared: lowest TLS: "TLS1_0" -> "TLS1_2"',
      ]);
      expect(firewalls).toEqual([
        ...["mohammad", "rama", "scott"].map((login) => `npd administrators.${login}`),
        "prd addresses.nightshift-203.0.113.24-32",
        ...["mohammad", "rama", "scott"].map((login) => `prd administrators.${login}`),
        "prd groups.production-allow.members.1",
        "prd tags.nightshift 2024-10-06",
      ]);
      expect([changesIn(before.worlds, after.worlds, "bitwarden"), changesIn(before.worlds, after.worlds, "web")]).toEqual([[], []]);
    });

    it("every ticket done, with a comment at its begin and at its end", () => {
      expect(after.worlds.jira.issues.map(({ key, status, comments, links }) => [key, status, comments.length, links.length])).toEqual(
        before.worlds.jira.issues.map(({ key }) => [key, "Done", 2, 1]),
      );
    });
  });

  it("writes the secret's value nowhere: not in the journal, recording, reports, notices or telemetry", () => {
    const report = reportOf(plan, night.entries, Date.parse(night.endedAt));
    const { "key-vault": _vault, bitwarden: _password, ...others } = after.worlds;
    const written = [
      night.entries,
      night.state,
      night.notices,
      night.effects,
      reportMarkdown(report),
      reportHtml(report),
      reportJson(report),
      workbookOf(plan, night.entries, report),
      events,
      others,
    ].map((part) => (typeof part === "string" ? part : JSON.stringify(part)));

    expect([...written, ...recorded].join("\n")).toContain("mailgun-smtp-password");
    for (const form of FORMS) {
      for (const part of [...written, ...recorded]) expect(part.includes(form) ? part.slice(0, 400) : "clean").toBe("clean");
    }
  });

  it("speaks to every vendor as its API description says, in both directions", ({ skip }) => {
    if (!existsSync(VALIDATOR)) return skip(`${VALIDATOR} is not here, so the traffic was not checked`);
    const folder = mkdtempSync(join(tmpdir(), "nightshift-october-"));
    const file = join(folder, "october.ndjson");
    writeFileSync(file, recorded.map((line) => `${line}\n`).join(""));

    const checked = spawnSync(process.execPath, [VALIDATOR, "--quiet", file], { encoding: "utf8", maxBuffer: 64 * 1_024 * 1_024 });

    rmSync(folder, { recursive: true });
    expect(checked.status, `${checked.stdout.slice(0, 8_000)}\n${checked.stderr}`).toBe(0);
    expect(Number(/total +(\d+) exchanges/.exec(checked.stdout)?.[1])).toBe(recorded.length);
  }, 60_000);

  it("keeps every history short", () => {
    expect(night.longestHistory().events).toBeLessThan(1_000);
  });
});

describe("the window of 2024-10-06 with two misfortunes", () => {
  const { plan, scene } = october();
  const before = scene("driver-fails");
  const after = scene("driver-fails");
  for (const { worlds } of [before, after]) {
    const young = Object.values(worlds["azure-compute"].machines).find(({ vm }) => vm === "IC-Old-Batch1")!;
    young.history = scene("too-young").worlds["azure-compute"].machines[machineKey(young)]!.history;
  }
  let night: Rehearsal;
  beforeAll(async () => {
    night = await rehearse({ plan, scene: after });
  }, LONG_MS);
  const step = (id: string) => night.state.steps.find((one) => one.id === id);

  it("keeps the other team's gate shut while the driver is missing on one app server, and says why", () => {
    expect(step("excel-drivers.install")?.targets.find(({ id }) => id === "IC-App4")).toMatchObject({
      as: "failed",
      why: expect.stringContaining("excel-drivers failed on IC-App4"),
    });
    expect(step("integrations-deployment.deploy")).toMatchObject({ as: "skipped", why: expect.stringContaining("excel-drivers failed on IC-App4") });
    expect(night.effects.filter(({ system, with: details }) => system === "slack" && String(details?.["text"]).includes("Deploy the change of the app"))).toEqual([]);
  });

  it("refuses the server that was turned off 29 days ago, removes the other, and does not wait for the cutoff over it", () => {
    expect(step("obsolete-servers.remove")?.targets).toMatchObject([
      { id: "IC-Old-Report1", as: "done" },
      { id: "IC-Old-Batch1", as: "failed", why: expect.stringContaining("29 days ago; expected it to be deallocated for at least 30 days") },
    ]);
    expect(effectsOn(night, "azure-compute", "deleted").map(({ to }) => to)).toEqual(["server IC-Old-Report1"]);
    expect(night.endedAt < plan.window.cutoff).toBe(true);
  });

  it("does the rest of the night, puts everything back, and does not call it well", () => {
    expect(night.state.outcome).toBe("badly");
    expect(openOf(night.entries.map(({ fact }) => fact))).toEqual([]);
    expect(breachesOf({ plan, ...night, networkBefore: before.worlds["azure-network"] })).toEqual([]);
    expect(changesIn(before.worlds, after.worlds, "azure-network")).toEqual([]);
    expect(
      night.state.steps
        .filter(({ as }) => as !== "done" && as !== "already")
        .map(({ id }) => id)
        .filter((id) => !id.includes(".jira-")),
    ).toEqual(["excel-drivers.install", "integrations-deployment.deploy", "obsolete-servers.remove"].toSorted());
  });
});
