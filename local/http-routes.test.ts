import { describe, expect, it } from "vitest";
import { byPrecedence, routeOf } from "./http-routes.ts";

describe("a route template", () => {
  it.each([
    ["runs", "/runs", {}],
    ["runs", "/RUNS/", {}],
    ["runs/{id}", "/runs/a%20b", { id: "a b" }],
    ["runs/{id}", "/runs", undefined],
    ["runs/{id?}", "/runs", {}],
    ["runs/{id?}", "/runs/7", { id: "7" }],
    ["runs/{id:int}", "/runs/7", { id: "7" }],
    ["runs/{id:int}", "/runs/x", undefined],
    ["runs/{id:int?}", "/runs", {}],
    ["runs/{id=latest}", "/runs", { id: "latest" }],
    ["files/{*rest}", "/files/a/b%2Fc", { rest: "a/b/c" }],
    ["files/{*rest}", "/files", {}],
    ["files/{name}.{ext}", "/files/plan.yaml", { name: "plan", ext: "yaml" }],
    ["{id:guid}/x", "/0f8fad5b-d9cb-469f-a165-70867728950e/x", { id: "0f8fad5b-d9cb-469f-a165-70867728950e" }],
    ["{key:regex(^[[a-z]]{{2}}$)}", "/ab", undefined],
    ["{key:regex(^[a-z]{{2}}$)}", "/ab", { key: "ab" }],
    ["{n:range(1,5)}/{word:length(2,3)}", "/3/abc", { n: "3", word: "abc" }],
    ["{n:range(1,5)}/{word:length(2,3)}", "/6/abc", undefined],
    ["", "/", {}],
  ])("%s on %s", (template, path, expected) => {
    expect(routeOf(template).match(path)).toEqual(expected);
  });

  it.each(["{*rest}/x", "{a", "a}", "{a}{b}", "{a}/{A}", "{a:even}", "{}"])("%s is refused", (template) => {
    expect(() => routeOf(template)).toThrow(/^the route "/);
  });

  it("is tried literals first, then constrained parameters, plain ones, catch-alls", () => {
    const routes = ["{*rest}", "runs/{id}", "{any}", "runs/{id:int}", "runs/latest", "runs"].map(routeOf).sort(byPrecedence);

    expect(routes.map(({ template }) => template)).toEqual(["runs", "runs/latest", "runs/{id:int}", "runs/{id}", "{any}", "{*rest}"]);
  });
});
