import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { register } from "../functions/register.ts";
import { collectApp } from "../local/app.ts";
import { writeCertificate } from "../local/certify.ts";
import { composeLocal } from "../local/compose.ts";
import { createHost } from "../local/harness.ts";
import { memoryJournal } from "../local/memory-journal.ts";
import { memoryLocks } from "../local/memory-locks.ts";
import { memoryPlans } from "../local/memory-plans.ts";
import { serveApp } from "../local/serve-app.ts";
import { directTransport } from "../local/transport.ts";
import { vendorsOf } from "../local/vendors.ts";
import { silentTelemetry } from "../shared/ports/telemetry.ts";
import { said } from "../test/support/command-line.ts";
import { october } from "../test/support/october.ts";
import { planCommand } from "./plan.ts";
import { previewText, type PreviewShown } from "./plan-preview-lines.ts";

const OCTOBER = new URL("../plans/2024-10-06.yaml", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "approve-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const START = "2024-10-05T23:50:00.000Z";

/** Runs `nightshift plan …` in this process, as a shell would see it. */
const nightshift = (...args: readonly string[]) => said(planCommand, ["plan", ...args]);

/** The production app with October's simulated vendors, served. */
async function serving(scene = october().scene()) {
  const clock = { now: () => Date.parse(START) };
  const app = composeLocal({
    clock,
    journal: memoryJournal(),
    locks: memoryLocks(),
    plans: memoryPlans(),
    telemetry: silentTelemetry,
    ...directTransport(vendorsOf(scene), clock),
  });
  const loaded = await collectApp(() => register(app));
  const host = await createHost({ app: loaded, startAt: START });
  const served = await serveApp({ app: loaded, hub: host.hub, clock: host.clock, timersRun: false, timersFollow: true, settings: {} });
  return {
    worlds: scene.worlds,
    origin: served.origin,
    async [Symbol.asyncDispose]() {
      await served.close();
      await host.close();
    },
  };
}

afterEach(() => vi.restoreAllMocks());

describe("nightshift plan preview", () => {
  it("says what October's steps would do, what closes what, which servers and which commits, and says that it is simulated", async () => {
    const { out, err, code } = await nightshift("preview", OCTOBER);

    expect(code).toBe(0);
    expect(err).toContain("simulated vendors");
    expect(out).toContain("  + IC-Web1\n      take IC-Web1 out of pool web");
    expect(out).toMatch(/# kong\.workspace \(workspace\.rename\) .*\n {2}~ /);
    expect(out).toMatch(
      /# obsolete-servers\.remove .*: cannot be taken back, needs the approval of Priya or Dana\n {2}- IC-Old-Report1\n {6}delete virtual machine IC-Old-Report1/,
    );
    expect(out).toContain("IC-Web1 is out of pool web: opened by first-web-servers.drain, closed by patch-web-and-mcc.restore-first");
    expect(out).toContain("  IC-Web6: patch-web-and-mcc.drain-others, patch-web-and-mcc.install-others, patch-web-and-mcc.restore-others\n");
    expect(out).toMatch(/Kong_Infrastructure refs\/heads\/kong-smtp: [0-9a-f]{40}\n/);
    expect(out).toMatch(/\nSteps: \d+ to open, \d+ to change, 3 irreversible\.\nPlan {4}[0-9a-f]{64}\nPreview [0-9a-f]{64}\n$/);
    expect(out).not.toContain("\u001b");
  });

  it("prints the same as JSON, and the same digests every time", async () => {
    const once = JSON.parse((await nightshift("preview", OCTOBER, "--format", "json")).out) as PreviewShown;
    const again = JSON.parse((await nightshift("preview", OCTOBER, "--format", "json")).out) as PreviewShown;

    expect(again).toEqual(once);
    expect(once).toMatchObject({ window: "2024-10-06", digest: october().plan.digest, preview: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(once.steps.find(({ step }) => step === "obsolete-servers.remove")).toMatchObject({ sign: "-", irreversible: true, approvedBy: ["Priya", "Dana"] });
    expect(once.opens.filter(({ closedBy }) => closedBy === null)).toEqual([]);
  });

  it("asks a running Nightshift, which gets the plan if it does not have it, and exits with 1 when something would be refused", async () => {
    await using server = await serving();
    for (const machine of Object.values(server.worlds["azure-compute"].machines)) if (machine.vm === "IC-Old-Batch1") machine.power = "running";

    const first = await nightshift("preview", OCTOBER, "--server", server.origin);
    const second = await nightshift("preview", OCTOBER, "--server", server.origin);

    expect(first.err).toContain("it is stored there for 2024-10-06, and not approved");
    expect([second.err, second.out, second.code]).toEqual(["", first.out, 1]);
    expect(second.out).toMatch(/- IC-Old-Batch1\n {6}would be refused: .* is running/);
    expect(second.out).toContain("; 1 target would be refused.");
    expect(second.out).toMatch(/To approve: nightshift plan approve 2024-10-06 --digest [0-9a-f]{64} --preview [0-9a-f]{64}\n$/);
  });

  it("colours only when asked, and lets no name move the cursor or begin a line", () => {
    const shown: PreviewShown = {
      window: "2024-10-06",
      title: "A\u001b[2Jwindow\n",
      digest: "d".repeat(64),
      opens: [],
      servers: [],
      commits: [],
      steps: [
        { step: "a.b", title: "t\nt", verb: "v.v", sign: "-", irreversible: true, targets: [{ target: "x", lines: [], fault: { kind: "unavailable", message: "no\r\nanswer" } }] },
      ],
    };

    const plain = previewText(shown, { coloured: false, real: true });

    expect(plain.filter((line) => /[\p{Cc}\p{Cf}]/u.test(line))).toEqual([]);
    expect(plain.join("\n")).toContain("could not be looked at: no answer");
    expect(plain.at(-1)).toBe("Preview none: what could not be looked at cannot be approved");
    expect(previewText(shown, { coloured: true, real: true }).join("\n")).toContain("\u001b[");
  });
});

describe("nightshift plan approve", () => {
  it("approves what the preview showed, and no more once the world has moved", async () => {
    await using server = await serving();
    const { digest, preview = "" } = JSON.parse((await nightshift("preview", OCTOBER, "--server", server.origin, "--format", "json")).out) as PreviewShown;

    const approved = await nightshift("approve", "2024-10-06", "--digest", digest, "--preview", preview, "--server", server.origin, "--as", "Priya");
    for (const item of server.worlds.terraform.organizations["invoicecloud"]?.workspaces ?? []) item.name = "kong-helm-prd";
    const tooLate = nightshift("approve", "2024-10-06", "--digest", digest, "--preview", preview, "--server", server.origin, "--as", "Priya");

    expect(approved.out).toMatch(/^2024-10-06: plan [0-9a-f]{12} is approved by Priya, and so is what the preview showed of .*obsolete-servers\.remove/);
    await expect(tooLate).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("the world has moved") });
  });

  it("shows what rehearsals came to, and is refused with a certificate that was touched", async () => {
    await using server = await serving();
    const { digest } = JSON.parse((await nightshift("preview", OCTOBER, "--server", server.origin, "--format", "json")).out) as PreviewShown;
    const [good, touched] = [join(folder, "good.json"), join(folder, "touched.json")];
    const certificate = await writeCertificate(good, {
      plan: october().plan,
      inventoryText: "inventory: 1",
      profile: "light",
      verdicts: [{ seed: 1, transcript: "1".repeat(64), breaches: [] }],
      madeAt: START,
    });
    writeFileSync(touched, JSON.stringify({ ...certificate, seeds: { first: 0, last: 1 } }));
    const approve = (file: string) => nightshift("approve", "2024-10-06", "--digest", digest, "--certificate", file, "--server", server.origin, "--as", "Priya");

    const refused = approve(touched);
    await expect(refused).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("it was altered") });
    const approved = await approve(good);

    expect(approved.out).toContain("is approved by Priya, as rehearsed in 1 window in light weather, seeds 1 to 1, kept");
  });

  it("refuses a digest that is no plan's", async () => {
    await using server = await serving();

    await expect(nightshift("approve", "2024-10-06", "--digest", "0".repeat(64), "--server", server.origin)).rejects.toMatchObject({ kind: "absent" });
  });
});
