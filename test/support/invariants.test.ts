import { describe, expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { demoScene } from "../../local/demo-world.ts";
import { breachesOf, type Aftermath } from "./invariants.ts";

/** The invariants can be broken: a night that leaves a pool below its floor, or a server out of it, is told of. */
const file = (name: string) => new URL(`../../plans/${name}.yaml`, import.meta.url).pathname;
const { plan, inventory } = loadPlan(file("2024-10-06"), file("inventory"));
const before = demoScene({ inventory, plan }).worlds["azure-network"];

const move = (did: "drained" | "restored", server: number, inService: number, minute = server): Aftermath["effects"][number] => ({
  system: "azure-network",
  at: `2024-10-06T01:${String(30 + minute)}:00.000Z`,
  did,
  to: `server IC-Web${server}`,
  with: { pool: "ic-web", inService },
});
const aboutPools = (effects: Aftermath["effects"], entries: Aftermath["entries"] = []) =>
  breachesOf({ plan, entries, effects, networkBefore: before }).filter((breach) => breach.includes("pool web"));

describe("what must always be true of pools", () => {
  it("is true of servers that leave down to the floor and come back", () => {
    expect(aboutPools([move("drained", 1, 7), move("restored", 1, 7, 5)])).toEqual([]);
  });

  it("is not true of a pool below its floor, even if the simulator miscounts", () => {
    const left = [1, 2, 3, 4, 5, 6].map((server) => move("drained", server, 3));

    expect(aboutPools(left)).toContain("pool web was at 2 when IC-Web6 left at 2024-10-06T01:36:00.000Z; its floor is 3");
    expect(aboutPools([move("drained", 1, 2)])).toContain("pool web was at 2 when IC-Web1 left at 2024-10-06T01:31:00.000Z; its floor is 3");
  });

  it("counts no server that came back a moment ago, since its health probes have not let traffic to it", () => {
    const backAndForth = [...[1, 2, 3, 4, 5].map((server) => move("drained", server, 3)), move("restored", 1, 3, 20), move("drained", 6, 3, 20)];

    expect(aboutPools(backAndForth)).toContain("pool web was at 2 when IC-Web6 left at 2024-10-06T01:50:00.000Z; its floor is 3");
  });

  it("is not true of a server left out of its pool that nobody owes", () => {
    const fact = {
      type: "target.intended",
      at: "2024-10-06T01:30:00.000Z",
      step: "first-web-servers.drain",
      target: "IC-Web1",
      deed: "begin",
      try: 1,
      attempt: 1,
      opens: [{ id: "pool:IC-Web1", what: "IC-Web1 is out of pool web" }],
    } as const;

    expect(aboutPools([move("drained", 1, 7)])).toContain("IC-Web1 was left out of pool web, and nobody owes it");
    expect(aboutPools([move("drained", 1, 7)], [{ stream: "target/first-web-servers.drain/IC-Web1", seq: 0, fact: { ...fact, opens: [...fact.opens] } }])).toEqual([]);
  });
});
