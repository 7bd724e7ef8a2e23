import { describe, expect, it } from "vitest";
import { leavingBefore } from "../shared/ports/leaving.ts";
import { timelyFetch } from "./timely-fetch.ts";

const LEAVES_BY = 1_000;

/** @returns what was sent at an instant, or why it was not. */
async function sentAt(
  now: number,
  init: RequestInit | undefined,
  leavesBy: number | undefined,
  input: string | URL | Request = "https://api.example.com/records?key=1",
): Promise<string> {
  const sent: string[] = [];
  const fetch = timelyFetch(
    (asked, given) => {
      sent.push(given?.method ?? (asked instanceof Request ? asked.method : "GET"));
      return Promise.resolve(new Response("{}"));
    },
    { now: () => now },
  );
  const call = (): Promise<unknown> => fetch(input, init);
  try {
    await (leavesBy === undefined ? call() : leavingBefore(leavesBy, call));
    return sent.join();
  } catch (thrown) {
    expect(sent).toEqual([]);
    expect(thrown).toMatchObject({ name: "Fault", kind: "unavailable" });
    return thrown instanceof Error ? thrown.message : "";
  }
}

describe("what may change something", () => {
  it("leaves as long as it may", async () => {
    expect(await sentAt(999, { method: "POST" }, LEAVES_BY)).toBe("POST");
  });

  it.each(["POST", "PUT", "PATCH", "DELETE", "patch"])("does not leave late (%s)", async (method) => {
    expect(await sentAt(5_000, { method }, LEAVES_BY)).toBe(
      `${method} to api.example.com was not sent, since it is 4 s too late: this process stood still, and another one may be at it`,
    );
  });

  it("does not leave late as a Request either", async () => {
    expect(await sentAt(1_000, undefined, LEAVES_BY, new Request("https://api.example.com/", { method: "POST" }))).toContain("was not sent");
  });

  it("leaves whenever it does where nobody else could be at it", async () => {
    expect(await sentAt(5_000, { method: "POST" }, undefined)).toBe("POST");
  });
});

describe("a look", () => {
  it.each([undefined, { method: "GET" }, { method: "HEAD" }])("leaves at any time", async (init) => {
    expect(await sentAt(5_000, init, LEAVES_BY)).toBe(init?.method ?? "GET");
  });
});
