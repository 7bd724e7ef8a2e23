import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { LocalHost } from "../harness.ts";
import { activity, at, hostOf, later, orchestration } from "./stage.ts";

const folder = mkdtempSync(join(tmpdir(), "hub-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const app = (): void => {
  activity("A", (n: number) => n + 1);
  orchestration("echo", function* (ctx) {
    const n = yield ctx.df.callActivity("A", 1);
    return { n, input: ctx.df.getInput() };
  });
  orchestration("waits", function* (ctx) {
    return yield ctx.df.waitForExternalEvent("Go");
  });
  orchestration("slow", function* (ctx) {
    yield ctx.df.createTimer(later(ctx, 60));
  });
  // oxlint-disable-next-line require-yield
  orchestration("fails", function* () {
    throw new Error("boom");
  });
};

/** Brings an instance `i` into a state. */
const STATES: Readonly<Record<string, (host: LocalHost) => Promise<unknown>>> = {
  Running: async (host) => {
    await host.start("waits", null, "i");
    await host.idle();
  },
  Suspended: async (host) => {
    await host.start("waits", null, "i");
    await host.suspend("i");
    await host.idle();
  },
  Completed: async (host) => {
    await host.start("echo", null, "i");
    await host.waitFor("i");
  },
  Failed: async (host) => {
    await host.start("fails", null, "i");
    await host.waitFor("i");
  },
  Terminated: async (host) => {
    await host.start("waits", null, "i");
    await host.terminate("i");
    await host.idle();
  },
};

describe("C2: a start with an id that exists", () => {
  const finished = ["Completed", "Failed", "Terminated"];

  it.each(Object.keys(STATES))("%s, the default setting", async (state) => {
    await using host = await hostOf(app);
    await STATES[state]?.(host);
    const before = await host.status("i");
    expect(before?.runtimeStatus).toBe(state);

    const answer = await host.hub.start("echo", { again: true }, "i");

    if (finished.includes(state)) {
      expect(answer).toEqual({ did: "accepted", instanceId: "i" });
      expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: { n: 2, input: { again: true } } });
      expect((await host.status("i"))?.executionId).not.toBe(before?.executionId);
    } else {
      expect(answer).toMatchObject({ did: "refused", status: 409, why: expect.stringContaining("already exists") });
      expect(await host.status("i")).toEqual(before);
    }
  });

  it.each(Object.keys(STATES))("%s, AnyState: overwritten", async (state) => {
    await using host = await hostOf(app, { overridableExistingInstanceStates: "AnyState" });
    await STATES[state]?.(host);

    await host.start("echo", { again: true }, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: { n: 2, input: { again: true } } });
  });

  it("twice in the same breath: one is accepted", async () => {
    await using host = await hostOf(app);

    const answers = await Promise.all([host.hub.start("echo", 1, "i"), host.hub.start("echo", 2, "i")]);

    expect(answers.map(({ did }) => did)).toEqual(["accepted", "refused"]);
  });

  it("a faithful host answers 500", async () => {
    await using host = await hostOf(app, { strict: false });
    await STATES["Running"]?.(host);

    expect(await host.hub.start("echo", null, "i")).toMatchObject({ did: "refused", status: 500 });
  });
});

it.each([["a/b"], ["a\\b"], ["a#b"], ["a?b"], ["a\u0001b"], ["@a"], ["x".repeat(257)], [""]])("C3: the instance id %j is refused", async (instanceId) => {
  await using host = await hostOf(app);

  expect(await host.hub.start("echo", null, instanceId)).toMatchObject({ did: "refused", status: 400 });
});

it("C3: an unknown orchestrator is refused with the names there are", async () => {
  await using host = await hostOf(app);

  expect(await host.hub.start("ecko", null)).toMatchObject({ did: "refused", status: 400, why: expect.stringContaining("echo, fails, slow, waits") });
});

describe.each(["memory", "file"] as const)("a hub kept in %s", (kind) => {
  const host = (): Promise<LocalHost> => hostOf(app, { store: kind === "memory" ? "memory" : { file: join(folder, `${++files}.db`) } });

  it("C5: lists all instances, once each, page by page, in order of creation", async () => {
    await using h = await host();
    for (let n = 0; n < 7; n++) {
      await h.advanceTo(at(n));
      await h.start("echo", { n }, `i${6 - n}`);
    }
    await h.idle();

    const ids: string[] = [];
    let continuationToken: string | undefined;
    do {
      const page = await h.hub.list({ top: 3, ...(continuationToken === undefined ? {} : { continuationToken }) });
      expect(page.instances.length).toBeLessThanOrEqual(3);
      ids.push(...page.instances.map(({ instanceId }) => instanceId));
      continuationToken = page.continuationToken;
    } while (continuationToken !== undefined);

    expect(ids).toEqual(["i6", "i5", "i4", "i3", "i2", "i1", "i0"]);
  });

  it("C5: filters by prefix, status and time of creation", async () => {
    await using h = await host();
    await h.start("waits", null, "a1");
    await h.start("echo", null, "a2");
    await h.advanceTo(at(100));
    await h.start("echo", null, "b1");
    await h.idle();
    const ids = async (filter: Parameters<typeof h.hub.list>[0]): Promise<string[]> => (await h.hub.list(filter)).instances.map(({ instanceId }) => instanceId);

    expect(await ids({ instanceIdPrefix: "a" })).toEqual(["a1", "a2"]);
    expect(await ids({ runtimeStatus: ["Running", "Pending"] })).toEqual(["a1"]);
    expect(await ids({ createdTimeFrom: at(50).toISOString() })).toEqual(["b1"]);
    expect(await ids({ createdTimeTo: at(50).toISOString(), runtimeStatus: ["Completed"] })).toEqual(["a2"]);
  });

  it("purges one instance whatever its state, and by filter only those that have ended", async () => {
    await using h = await host();
    await h.start("waits", null, "w");
    await h.start("slow", null, "s");
    await h.start("echo", null, "e");
    await h.idle();

    expect(await h.hub.purgeBy({ createdTimeFrom: at(0).toISOString() })).toEqual({ instancesDeleted: 1 });
    expect(await h.purge("w")).toBe(1);
    expect(await h.purge("w")).toBe(0);
    expect((await h.hub.list({})).instances.map(({ instanceId }) => instanceId)).toEqual(["s"]);
    expect(await h.history("e")).toBeUndefined();
    expect(await h.hub.raise("w", "Go", {})).toEqual({ did: "absent" });
  });

  it("restarts an instance with its input, under its own id or a new one", async () => {
    await using h = await host();
    await h.start("echo", { a: 1 }, "i");
    await h.waitFor("i");

    const fresh = await h.restart("i");
    const same = await h.restart("i", false);

    expect(same).toBe("i");
    expect(fresh).not.toBe("i");
    for (const id of [fresh, same]) expect(await h.waitFor(id)).toMatchObject({ output: { n: 2, input: { a: 1 } } });
    expect(await h.hub.restart("x", true)).toMatchObject({ did: "refused", status: 400 });
  });
});

it("gives made-up ids that differ within a hub and are the same in a repetition", async () => {
  const ids = async (): Promise<string[]> => {
    await using host = await hostOf(app);
    return [await host.start("echo"), await host.start("echo"), await host.start("waits")];
  };

  const first = await ids();

  expect(new Set(first).size).toBe(3);
  expect(first.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  expect(await ids()).toEqual(first);
});
