import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { codeIn } from "../../functions/code.ts";
import type { Code } from "../../shared/run/replays.ts";
import { START_LEAD_MS } from "../../shared/run/due.ts";
import { windowInstance } from "../../shared/run/instances.ts";
import { FIT, hostedApp, type HostedApp } from "../support/hosted-app.ts";
import { OPENS_AT, planWith } from "../support/plan-with.ts";
import { SOURCES } from "./state.ts";

/** Versions on which no window may start: the orchestrators are changed, and the app is asked to start one. */

const folder = mkdtempSync(join(tmpdir(), "nightshift-unfit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUN = "2024-12-08";
const DUE_AT = new Date(Date.parse(OPENS_AT) - START_LEAD_MS).toISOString();
const plan = planWith({ "web.drain": { at: OPENS_AT } });

/** A copy of the orchestrators; `change` edits the text of target.ts. */
function copyOf(name: string, change: (text: string) => string = (text) => text): string {
  const copy = join(folder, name);
  cpSync(SOURCES, copy, { recursive: true });
  const file = join(copy, "target.ts");
  writeFileSync(file, change(readFileSync(file, "utf8")));
  return copy;
}

/** What the build does, by the same program. */
async function replayOn(sources: string): Promise<{ status: number; said: string }> {
  const args = [join(import.meta.dirname, "state.ts"), "--sources", sources];
  return promisify(execFile)(process.execPath, args).then(
    ({ stdout }) => ({ status: 0, said: stdout }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ status: code, said: stderr }),
  );
}

async function withCode(code: () => Promise<Code>): Promise<HostedApp> {
  const hosted = await hostedApp({ startAt: DUE_AT, app: { code } });
  await hosted.store(plan);
  return hosted;
}

/** Asks at every door for a start, and expects that it is refused at each, said to people once, and leaves nothing behind. */
async function expectRefused(hosted: HostedApp, why: RegExp): Promise<void> {
  const answer = await hosted.call("POST", "runs", { window: RUN });
  await hosted.tick("saturdayPrework");
  await hosted.tick("sundayPrework");
  await hosted.tick("reconciler");
  await hosted.host.idle();

  expect(answer).toMatchObject({ status: 409, json: { title: "conflict", detail: expect.stringMatching(why) } });
  expect(hosted.told.filter(({ text }) => text.includes("will not start on the version that is deployed"))).toMatchObject([
    { mention: ["U0ADA0001", "U0BEN0001"], lines: [expect.stringMatching(why), expect.stringContaining("deploy a version whose replay passed")] },
  ]);
  expect(await hosted.facts(RUN)).toEqual([]);
  expect(await hosted.host.status(windowInstance(RUN))).toBeUndefined();
  expect(hosted.vendor.effects).toEqual([]);
}

describe("no window starts", () => {
  it("on orchestrators on which the recorded histories do not replay", async () => {
    // It asks twice for its first advice: the change that no review finds dangerous.
    const sources = copyOf("asks-twice", (text) => text.replace("  let advice:", '  yield* call(ctx, "advise", ref);\n  let advice:'));
    const { status, said } = await replayOn(sources);
    await using hosted = await withCode(codeIn(sources));

    expect(status).toBe(1);
    expect(said).toContain("release 0.1.0: target ");
    await expectRefused(hosted, /cannot go on with what release 0\.1\.0 began: target .*Non-Deterministic/);
  }, 60_000);

  it("on orchestrators that were changed after the replay, however little", async () => {
    const sources = copyOf("changed-later");
    expect(await replayOn(sources)).toMatchObject({ status: 0 });
    appendFileSync(join(sources, "step.ts"), "// harmless\n");
    await using hosted = await withCode(codeIn(sources));

    await expectRefused(hosted, /not those that recorded histories were replayed on: step\.ts changed since/);
  }, 60_000);

  it("on orchestrators that nothing was written down about, and the app says that it is not ready", async () => {
    const sources = copyOf("says-nothing");
    rmSync(join(sources, "replays.json"));
    await using hosted = await withCode(codeIn(sources));

    await expectRefused(hosted, /replays\.json beside them cannot be read/);
    expect(await hosted.call("GET", "ready")).toMatchObject({ status: 503, json: { because: "conflict" } });
  });

  it("while a run is under way that these orchestrators cannot go on with; once it has ended, one does", async () => {
    const other = planWith({ "a.b": {} }, { window: { id: "2024-11-30" } });
    const stranger = { release: "0.3.0", digest: "3".repeat(64) };
    await using hosted = await withCode(() => Promise.resolve({ ...FIT, goesOnWith: (of) => of?.digest === FIT.digest }));
    await hosted.plans.put({ plan: other, by: "Ada", at: DUE_AT });
    await hosted.journal.append("2024-11-30", "run", 0, [{ type: "run.started", at: DUE_AT, digest: other.digest, by: "Ada", code: stranger }]);

    const refused = await hosted.call("POST", "runs", { window: RUN });
    await hosted.journal.append("2024-11-30", "run", 1, [{ type: "run.ended", at: DUE_AT, outcome: "well", headline: "" }]);
    const started = await hosted.call("POST", "runs", { window: RUN });

    expect(refused).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining("2024-11-30 has not ended, and release 0.2.0 (ffffffffffff) cannot go on with what release 0.3.0 (333333333333) began") },
    });
    expect(started).toMatchObject({ status: 202, json: { did: "started" } });
    expect((await hosted.facts(RUN))[0]).toMatchObject({ type: "run.started", code: { release: "0.2.0", digest: FIT.digest } });
  });
});

describe("a version that is deployed under a run", () => {
  const deployed = async (goesOn: boolean): Promise<HostedApp> => {
    let code: Code = FIT;
    const hosted = await withCode(() => Promise.resolve(code));
    await hosted.call("POST", "runs", { window: RUN });
    code = { release: "0.3.0", digest: "3".repeat(64), goesOnWith: (of) => goesOn || of?.digest !== FIT.digest };
    await hosted.tick("reconciler");
    await hosted.tick("reconciler");
    return hosted;
  };
  const adopted = async (hosted: HostedApp) => (await hosted.facts(RUN)).filter(({ type }) => type === "guard.adopted");

  it("is written down once, and nobody is bothered when it can go on", async () => {
    await using hosted = await deployed(true);

    expect(await adopted(hosted)).toMatchObject([{ code: { release: "0.3.0" }, fits: true }]);
    expect(hosted.told.filter(({ key }) => key.includes("stranded"))).toEqual([]);
  });

  it("is told to the window's owners when it cannot go on", async () => {
    await using hosted = await deployed(false);

    expect(await adopted(hosted)).toMatchObject([{ fits: false, why: "histories of release 0.2.0 (ffffffffffff) were not replayed on it" }]);
    expect(hosted.told.filter(({ key }) => key.includes("stranded"))).toMatchObject([
      { mention: ["U0ADA0001", "U0BEN0001"], text: expect.stringContaining("cannot be trusted to go on with it") },
    ]);
  });
});
