import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import { createHost } from "./harness.ts";
import { activity, at, hostOf, kinds, later, orchestration, START_MS } from "./durable/stage.ts";

describe("a host", () => {
  it("says what an instance waits for when it can never go on", async () => {
    await using host = await hostOf(() =>
      orchestration("waits", function* (ctx) {
        yield ctx.df.waitForExternalEvent("Go");
      }),
    );
    await host.start("waits", null, "i");

    await expect(host.waitFor("i")).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("event Go") });
    await expect(host.waitFor("x")).rejects.toMatchObject({ kind: "absent" });
  });

  it("names the reason when it refuses", async () => {
    await using host = await hostOf(() =>
      orchestration("waits", function* (ctx) {
        yield ctx.df.waitForExternalEvent("Go");
      }),
    );
    await host.start("waits", null, "i");

    await expect(host.start("waits", null, "i")).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("already exists") });
    await expect(host.raise("i", "7")).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("is a number") });
    await expect(host.raise("x", "Go")).rejects.toMatchObject({ kind: "absent" });
    await expect(host.advanceTo("2030-01-01T00:00:00Z")).rejects.toMatchObject({ kind: "invalid" });
    await host.terminate("i");
    await host.idle();
    await expect(host.raise("i", "Go")).rejects.toMatchObject({ kind: "conflict" });
  });

  it("rehearses 17 hours with 60 timers to the second", async () => {
    await using host = await hostOf(() =>
      orchestration("beats", function* (ctx) {
        for (let n = 0; n < 60; n++) yield ctx.df.createTimer(later(ctx, 17 * 60));
      }),
    );
    await host.start("beats", null, "i");

    await host.waitFor("i");

    expect(host.clock.now()).toBe(START_MS + 17 * 3600_000);
  });

  it("holds virtual time while an activity is at work in reality", async () => {
    await using host = await hostOf(() => {
      activity("Real", async () => {
        await new Promise((done) => setTimeout(done, 20));
        return 1;
      });
      orchestration("both", function* (ctx) {
        const limit = ctx.df.createTimer(later(ctx, 1));
        const work = ctx.df.callActivity("Real");
        const first = (yield ctx.df.Task.any([work, limit])) as unknown;
        if (first === work) limit.cancel();
        return first === work ? "work" : "limit";
      });
    });
    await host.start("both", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: "work" });
    expect(host.clock.now()).toBe(START_MS);
  });

  it("keeps pace with a speed, at exact virtual instants", async () => {
    await using host = await hostOf(
      () =>
        orchestration("timer", function* (ctx) {
          yield ctx.df.createTimer(later(ctx, 3600));
          return ctx.df.currentUtcDateTime.toISOString();
        }),
      { clock: 1_000_000 },
    );
    await host.start("timer", null, "i");

    const { output, createdTime } = await host.waitFor("i");

    expect(Date.parse(output as string)).toBe(Date.parse(createdTime) + 3_600_000);
  });

  it("gathers completions on the real clock, so that a fan-out is a few turns", async () => {
    await using host = await createHost({
      clock: "real",
      app: () => {
        activity("A", async (n: number) => {
          await new Promise((done) => setImmediate(done));
          return n;
        });
        orchestration("fan", function* (ctx) {
          const results = (yield ctx.df.Task.all(Array.from({ length: 500 }, (_, n) => ctx.df.callActivity("A", n)))) as unknown as number[];
          return results.length;
        });
      },
    });
    await host.start("fan", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: 500 });
    // One per completion would be 500; how many there are depends on the machine.
    expect(kinds(await host.history("i")).split("|").length).toBeLessThan(50);
  });

  it("refuses a call that is never yielded, and lets one wait for its yield", async () => {
    await using host = await hostOf(() => {
      activity("Send", (input: unknown) => input);
      orchestration("forgets", function* (ctx) {
        ctx.df.callActivity("Send", {});
        yield ctx.df.createTimer(later(ctx, 1));
      });
      orchestration("waits", function* (ctx) {
        const send = ctx.df.callActivity("Send", { n: 1 });
        yield ctx.df.createTimer(later(ctx, 1));
        return yield send;
      });
    });
    await host.start("forgets", null, "f");
    await host.start("waits", null, "w");

    expect(await host.waitFor("f")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringMatching(/task-never-yielded.*activity "Send"/) });
    expect(await host.waitFor("w")).toMatchObject({ runtimeStatus: "Completed", output: { n: 1 } });
  });

  it("refuses entities and locks aloud, strict or not", async () => {
    for (const strict of [true, false]) {
      await using host = await hostOf(
        () =>
          orchestration("e", function* (ctx) {
            yield ctx.df.callEntity(new df.EntityId("counter", "k"), "add", 1);
          }),
        { strict },
      );
      await host.start("e", null, "i");

      expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringContaining("no entities") });
    }
  });

  it("sends callHttp and polls while the answer is 202", async () => {
    let polls = 0;
    const server = createServer((request, response) => {
      if (request.url === "/begin") response.writeHead(202, { location: "/poll", "retry-after": "7" }).end();
      else if (++polls < 3) response.writeHead(202, { location: "/poll" }).end();
      else response.writeHead(200).end("done");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/begin`;
    await using host = await hostOf(() => {
      activity("A", (n: number) => n + 1);
      orchestration("http", function* (ctx) {
        const { statusCode, content } = (yield ctx.df.callHttp({ method: "POST", url, body: { a: 1 } })) as unknown as { statusCode: number; content: string };
        return [statusCode, content, yield ctx.df.callActivity("A", 1)];
      });
    });
    await host.start("http", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: [200, "done", 2] });
    expect(host.clock.now()).toBe(at(7 + 30 + 30).getTime());
    await new Promise((done) => server.close(done));
  });

  it("notices what can lose or change something", async () => {
    await using host = await hostOf(() => {
      activity("A", (input: unknown) => input);
      orchestration("o", function* (ctx) {
        yield ctx.df.callActivity("A", true);
        yield ctx.df.callActivity("A", "17");
        const limit = ctx.df.createTimer(later(ctx, 60));
        yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Go"), limit]);
        return "returned";
      });
    });
    await host.start("o", null, "i");
    await host.idle();
    await host.raise("i", "Go", {});
    await host.raise("i", "Go", {});
    await host.waitFor("i");

    expect(host.notices.map(({ rule }) => rule)).toEqual(["input-changes", "input-changes", "cannot-end", "lost-event"]);
  });
});
