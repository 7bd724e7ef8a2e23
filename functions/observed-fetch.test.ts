import { expect, it } from "vitest";
import { inScope } from "../shared/ports/scope.ts";
import type { Telemetry } from "../shared/ports/telemetry.ts";
import { observedFetch } from "./observed-fetch.ts";

const SCOPE = { run: "2024-12-08", step: "newrelic.deploy", target: "newrelic.deploy", deed: "begin", attempt: 1 };

function scene(answer: () => Promise<Response>): { told: unknown[]; call: () => Promise<Response> } {
  const told: unknown[] = [];
  const telemetry: Telemetry = { event: (name, fields, level) => void told.push([name, fields, level]), flush: () => Promise.resolve() };
  let now = 1_000;
  const fetch = observedFetch(
    async () => {
      now += 250;
      return answer();
    },
    { now: () => now },
    telemetry,
  );
  return { told, call: () => fetch("https://dev.azure.com/org/secret-path?token=abc", { method: "POST" }) };
}

it("tells whose call it was, how it was answered and how long it took, and no path", async () => {
  const { told, call } = scene(() => Promise.resolve(new Response("", { status: 429 })));

  await inScope(SCOPE, call);

  expect(told).toEqual([
    ["vendor.called", { run: "2024-12-08", step: "newrelic.deploy", target: "newrelic.deploy", system: "dev.azure.com", method: "POST", status: 429, durationMs: 250 }, "warning"],
  ]);
});

it("tells of a call that got no answer, and lets its error through", async () => {
  const { told, call } = scene(() => Promise.reject(new TypeError("fetch failed")));

  await expect(inScope(SCOPE, call)).rejects.toThrow("fetch failed");

  expect(told).toMatchObject([["vendor.called", { status: 0 }, "warning"]]);
});

it("says nothing of calls that no step makes", async () => {
  const { told, call } = scene(() => Promise.resolve(new Response("")));

  await call();

  expect(told).toEqual([]);
});
