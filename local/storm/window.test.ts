import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PROFILES } from "./misfortunes.ts";
import { nightsOf, type NightSources } from "./nights.ts";
import { stormyWindow } from "./window.ts";

const plans = new URL("../../plans/", import.meta.url);
const source = (file: string): NightSources["plan"] => ({ text: readFileSync(new URL(file, plans), "utf8"), file });

it("a process that dies while it rings everybody, for a decision of its last life, is followed by another", async () => {
  const nights = nightsOf({ plan: source("2024-12-08.yaml"), inventory: source("inventory.yaml"), scenario: "usual" });

  const { breaches, outcome } = await stormyWindow({ nights, seed: 920212, profile: PROFILES.rough });

  expect(breaches).toEqual([]);
  expect(outcome).not.toBe("none");
}, 30_000);
