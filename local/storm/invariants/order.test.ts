import { describe, expect, it } from "vitest";
import { OPENS_AT, planWith } from "../../../test/support/plan-with.ts";
import type { Called, Done } from "../tape.ts";
import type { Aftermath } from "./aftermath.ts";
import { ORDER } from "./order.ts";

const plan = planWith({ "tls.raise": {} });
const now = Date.parse(OPENS_AT);

/** What the rule says of one call that a preview made, after which the vendor's list has this effect. */
function breachesOf(method: string, done: Done): readonly string[] {
  const scope = { run: plan.window.id, step: "tls.raise", target: "tls.raise", deed: "preview", attempt: 1 } as Called["scope"];
  const call: Called = { what: "call", at: now, scope, method, url: "", system: "azure-deployment-scripts", status: 200, done: [done] };
  const aftermath = { plan, happenings: [call], entries: [], struck: [] } as unknown as Aftermath;
  return ORDER.find(({ rule }) => rule === "meant before done")?.check(aftermath) ?? ["no such rule"];
}

const ran = (beforeMs: number): Done => ({ system: "azure-scripts", effect: { at: new Date(now - beforeMs).toISOString(), did: "ran", to: "script raise-tls" } });

describe("meant before done", () => {
  it("is broken by a preview that changes something", () => {
    expect(breachesOf("PUT", ran(0))).toEqual([expect.stringContaining("a preview of tls.raise changed something")]);
  });

  it("takes nothing for a preview's doing that ended by itself and came to light when the preview looked", () => {
    expect(breachesOf("PUT", ran(20_000))).toEqual([]);
    expect(breachesOf("GET", ran(300)), "a script that ended a moment ago").toEqual([]);
  });
});
