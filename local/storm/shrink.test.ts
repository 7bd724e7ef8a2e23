import { array, assert, asyncProperty, integer, uniqueArray } from "fast-check";
import { expect, it } from "vitest";
import { shrunk } from "./shrink.ts";

it("finds the few that break it, whichever they are", async () => {
  await assert(
    asyncProperty(
      uniqueArray(integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 }),
      array(integer({ min: 0, max: 39 }), { minLength: 1, maxLength: 3 }),
      async (all, picks) => {
        const ids = all.map(String);
        const guilty = new Set(picks.map((pick) => ids[pick % ids.length] as string));

        const found = await shrunk(ids, (only) => Promise.resolve([...guilty].every((id) => only.includes(id))));

        expect(new Set(found)).toEqual(guilty);
      },
    ),
    { numRuns: 200, seed: 20241208 },
  );
});

it("finds that nothing is needed", async () => {
  expect(await shrunk(["a", "b"], () => Promise.resolve(true))).toEqual([]);
});

it("gives back what it was given when that does not break it by itself", async () => {
  expect(await shrunk(["a", "b", "c"], () => Promise.resolve(false))).toEqual(["a", "b", "c"]);
});

it("stops after so many windows", async () => {
  let windows = 0;

  await shrunk(
    Array.from({ length: 500 }, (_, nth) => String(nth)),
    (only) => {
      windows += 1;
      return Promise.resolve(only.length > 250 && windows % 3 === 0);
    },
  );

  expect(windows).toBeLessThanOrEqual(80);
});
