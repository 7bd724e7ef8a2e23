import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { windowInstance } from "../shared/run/instances.ts";
import { said } from "../test/support/command-line.ts";
import { AMENDABLE } from "../test/support/amendable.ts";
import { hostedApp, type HostedApp } from "../test/support/hosted-app.ts";
import { evidenceCommand } from "./evidence.ts";
import { runCommand } from "./run.ts";

const RUN = "2024-12-08";

const nightshift = (...args: readonly string[]) => said(args[0] === "run" ? runCommand : evidenceCommand, args);

describe("nightshift run amend", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nightshift-amend-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function running(): Promise<HostedApp> {
    const hosted = await hostedApp();
    const { json } = await hosted.call("POST", "plans", { text: AMENDABLE }, { "x-nightshift-operator": "Ada" });
    await hosted.call("POST", `plans/${RUN}/approve`, { digest: json.digest }, { "x-nightshift-operator": "Ben" });
    await hosted.call("POST", "runs", { window: RUN });
    await hosted.host.advanceTo("2024-12-08T01:05:00.000Z");
    return hosted;
  }

  it("shows before and after in local time, proposes, is approved by somebody else, and the evidence proves it offline", async () => {
    await using hosted = await running();
    const [amendment, evidence] = [join(folder, "amendment.yaml"), join(folder, "night.jsonl")];
    writeFileSync(amendment, "amend:\n  - { move: web.second, at: Sat 21:30, because: the vendor asks }\n  - { skip: web.third, because: no people }\n");
    const server = ["--server", hosted.served.origin];

    const dry = await nightshift("run", "amend", RUN, amendment, "--dry-run", "--as", "Ada", ...server);
    const proposed = await nightshift("run", "amend", RUN, amendment, "--as", "Ada", ...server);
    const [, id = "", digest = ""] = /approve-amendment \S+ (\S+) --digest (\S+)/.exec(proposed.out) ?? [];
    const approved = await nightshift("run", "approve-amendment", RUN, id, "--digest", digest, "--as", "Ben", ...server);
    await hosted.host.waitFor(windowInstance(RUN));
    const listed = await nightshift("run", "amendments", RUN, ...server);
    const made = await nightshift("run", "evidence", RUN, "--out", evidence, ...server);
    const verified = await nightshift("evidence", "verify", evidence, "--head", /last hash (\w+)/.exec(made.out)?.[1] ?? "");

    expect(dry.out).toContain(
      "- web.second  The web servers: second: Sat 21:00, after web.first\n+ web.second  The web servers: second: Sat 21:30, after web.first\n  moved, because the vendor asks\n",
    );
    expect(dry.out).toContain("- web.third  The web servers: third: Sat 22:00, after web.first\n  left out, because no people\n");
    expect(dry.out).toContain("A dry run: nothing is proposed.");
    expect(approved.out).toContain(`${RUN} is amended, approved by Ben.`);
    expect(listed.out).toContain(`${id}, proposed by Ada at 2024-12-08T01:05:00.000Z, approved by Ben at 2024-12-08T01:05:00.000Z`);
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/is whole: 1 window, 1 amendment,/) });
    const records = readFileSync(evidence, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).record as { kind: string; [field: string]: unknown });
    const [window, record] = [records[0], records.find(({ kind }) => kind === "amendment")];
    expect(record).toMatchObject({
      amendment: id,
      to: digest,
      proposedBy: "Ada",
      approvedBy: "Ben",
      text: expect.stringContaining("the vendor asks"),
      changed: expect.arrayContaining(["web.second", "web.third"]),
    });
    expect(window).toMatchObject({ plan: { digest } });
    expect(records.find(({ step }) => step === "web.second")).toMatchObject({ amendedBy: [id] });
  });

  it("prints what is wrong, by step, and proposes nothing", async () => {
    await using hosted = await running();
    const amendment = join(folder, "amendment.json");
    writeFileSync(amendment, `{"amend":[{"move":"web.second","at":"Sat 19:30","because":"too late"}]}`);

    const attempt = nightshift("run", "amend", RUN, amendment, "--as", "Ada", "--server", hosted.served.origin);

    await expect(attempt).rejects.toMatchObject({ kind: "rejected", message: expect.stringMatching(/^web\.second: Sat 19:30 is over; it is Sat 20:05\. Write a time to come/) });
  });
});
