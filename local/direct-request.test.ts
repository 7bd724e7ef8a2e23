import { describe, expect, it } from "vitest";
import { directRequest } from "./direct-request.ts";

const ADDRESS = "https://dev.azure.com/a b/_apis?x=1";
const CASES: readonly (readonly [string, RequestInit | undefined])[] = [
  ["a bare address", undefined],
  ["a method in small letters", { method: "post", body: "{}" }],
  ["a method that is kept as it is", { method: "patch", body: "{}" }],
  ["headers in any spelling", { headers: { Accept: "application/json", AUTHORIZATION: "Bearer x" } }],
  ["a body that says what it is", { method: "PUT", headers: { "content-type": "application/json" }, body: '{"a":"ü"}' }],
  ["a form", { method: "POST", body: new URLSearchParams({ a: "1" }) }],
];

describe("a request that is not sent", () => {
  it.each(CASES)("looks like the one that would be: %s", async (_, init) => {
    const direct = directRequest(ADDRESS, init);
    const sent = new Request(ADDRESS, init);

    expect([direct.url, direct.method, [...direct.headers]]).toEqual([sent.url, sent.method, [...sent.headers]]);
    expect(await direct.clone().text()).toBe(await sent.clone().text());
    expect(new Uint8Array(await direct.arrayBuffer())).toEqual(new Uint8Array(await sent.arrayBuffer()));
  });

  it("is refused where its caller has called it off, and where it could not be sent", () => {
    expect(() => directRequest(ADDRESS, { signal: AbortSignal.abort() })).toThrow("aborted");
    expect(() => directRequest(ADDRESS, { method: "GET", body: "{}" })).toThrow(TypeError);
  });

  it("has its body read once", async () => {
    const direct = directRequest(ADDRESS, { method: "POST", body: '{"a":1}' });

    expect(await direct.json()).toEqual({ a: 1 });
    await expect(direct.text()).rejects.toThrow("already been read");
  });
});
