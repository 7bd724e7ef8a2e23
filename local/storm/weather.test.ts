import { expect, it } from "vitest";
import { PROFILES } from "./misfortunes.ts";
import { weatherOf, type Weather } from "./weather.ts";

const PLACES = Array.from({ length: 4_000 }, (_, nth) => `POST vendor.example/${nth % 500}`);
const blown = (weather: Weather): readonly string[] => {
  for (const where of PLACES) weather.strikes("lost answer", where);
  return weather.struck.map(({ id }) => id);
};

it("is the same for the same seed, and another for another", () => {
  const once = blown(weatherOf({ seed: 7, profile: PROFILES.rough }));

  expect(once.length).toBeGreaterThan(3);
  expect(blown(weatherOf({ seed: 7, profile: PROFILES.rough }))).toEqual(once);
  expect(blown(weatherOf({ seed: 8, profile: PROFILES.rough }))).not.toEqual(once);
});

it("is as rough as its profile says", () => {
  expect(blown(weatherOf({ seed: 7, profile: PROFILES.fair }))).toEqual([]);
  expect(blown(weatherOf({ seed: 7, profile: PROFILES.vendors })).length).toBeGreaterThan(blown(weatherOf({ seed: 7, profile: PROFILES.light })).length);
});

it("strikes with those that are named, and no others: leaving one out does not move the rest", () => {
  const all = blown(weatherOf({ seed: 7, profile: PROFILES.rough }));
  const only = new Set(all.slice(1));

  expect(blown(weatherOf({ seed: 7, profile: PROFILES.rough, only }))).toEqual(all.slice(1));
});

it("takes an opportunity that comes again for another one", () => {
  const weather = weatherOf({ seed: 1, profile: { says: "", factors: { vendors: 1_000 } } });

  weather.strikes("lost answer", "POST vendor.example/");
  weather.strikes("lost answer", "POST vendor.example/");

  expect(weather.struck.map(({ where }) => where)).toEqual(["POST vendor.example/", "POST vendor.example/ #2"]);
  expect(new Set(weather.struck.map(({ id }) => id)).size).toBe(2);
});

it("leaves about one rough night in sixteen alone, and strikes with what is named there all the same", () => {
  const calm = Array.from({ length: 400 }, (_, seed) => seed).filter((seed) => blown(weatherOf({ seed, profile: PROFILES.rough })).length === 0);
  const [one = -1] = calm;
  const only = new Set(blown(weatherOf({ seed: 7, profile: PROFILES.rough })));

  expect(calm.length).toBeGreaterThan(15);
  expect(calm.length).toBeLessThan(40);
  expect(blown(weatherOf({ seed: one, profile: PROFILES.rough, only }))).toEqual([...only]);
});
