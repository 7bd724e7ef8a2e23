import { expect, it } from "vitest";
import type { Effect } from "../../shared/ports/simulator.ts";
import { newWorlds } from "../simulators.ts";
import { tapeOf } from "./tape.ts";

const restarted = (server: string, at: string): Effect => ({ at, did: "restarted", to: `server ${server}` });

it("hears each effect once, also one that a vendor's list gets between earlier ones", async () => {
  const scene = { worlds: newWorlds(), faults: [], links: [] };
  const { effects } = scene.worlds["azure-compute"];
  const tape = tapeOf(scene);
  const call = (change: () => void) =>
    tape.listening(
      async () => {
        change();
        return new Response();
      },
      () => 0,
    )("https://management.azure.com/");

  await call(() => effects.push(restarted("b", "2024-12-08T02:00:00.000Z")));
  await call(() => effects.splice(0, 0, restarted("a", "2024-12-08T01:00:00.000Z")));
  await call(() => undefined);

  expect(tape.happenings.map((one) => (one.what === "call" ? one.done.map(({ effect }) => effect.to) : []))).toEqual([["server b"], ["server a"], []]);
});
