import { expect, it } from "vitest";
import { jsonResponse } from "./json-response.ts";

const VALUE = { name: "ü", list: [1, null] };

it("reads like Response.json, in each of the ways in which an SDK may read it", async () => {
  const init = { status: 201, statusText: "Created", headers: { "x-page": "2" } };

  const answer = jsonResponse(VALUE, init);
  const other = Response.json(VALUE, init);

  expect(answer).toBeInstanceOf(Response);
  expect([answer.status, answer.statusText, answer.ok, [...answer.headers]]).toEqual([other.status, other.statusText, other.ok, [...other.headers]]);
  expect(await answer.clone().text()).toBe(await other.clone().text());
  expect(await answer.clone().json()).toEqual(VALUE);
  expect(await answer.clone().bytes()).toEqual(await other.clone().bytes());
  expect(await answer.clone().arrayBuffer()).toEqual(await other.clone().arrayBuffer());
  expect(await (await answer.clone().blob()).text()).toBe(await other.clone().text());
  expect(await new Response(answer.clone().body).json()).toEqual(VALUE);
});

it("can be read once, as any answer", async () => {
  const answer = jsonResponse(VALUE);

  await answer.text();

  expect(answer.bodyUsed).toBe(true);
  await expect(answer.json()).rejects.toThrow("already been read");
  expect(() => answer.clone()).toThrow("already been read");
});
