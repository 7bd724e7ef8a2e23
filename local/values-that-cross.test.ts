import * as df from "durable-functions";
import { expect, it } from "vitest";
import { createHost } from "./harness.ts";

/** Runs an orchestrator that calls one activity, and returns what the activity saw and what the orchestrator got. */
async function cross(input: unknown, result: unknown): Promise<{ seen: unknown; got: unknown }> {
  let seen: unknown;
  await using host = await createHost({
    app: () => {
      df.app.orchestration("parent", function* (context) {
        const got: unknown = yield context.df.callActivity("A", input);
        return { got, is: typeof got };
      });
      df.app.activity("A", {
        handler: (value: unknown) => {
          seen = value;
          return result;
        },
      });
    },
  });
  const { output } = await host.waitFor(await host.start("parent", {}));
  return { seen, got: (output as { got: unknown }).got };
}

it.each<[string, unknown, unknown]>([
  ["an object", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
  ["a string", "hello", "hello"],
  ["a numeral string, which stays one", "5", "5"],
  ["5", 5, 5],
  ["true, which becomes text", true, "True"],
  ["null", null, undefined],
  ["nothing", undefined, undefined],
  ["a date, which becomes text", new Date(0), "1970-01-01T00:00:00.000Z"],
])("L9: an orchestrator gives an activity %s", async (_name, given, seen) => {
  expect((await cross(given, null)).seen).toEqual(seen);
});

it.each<[string, unknown, unknown]>([
  ["nothing", undefined, null],
  ["null", null, null],
  ["a string", "x", "x"],
  ["an empty string", "", ""],
  ["a string that is JSON", '{"a":1}', '{"a":1}'],
  ["an integer", 5, 5],
  ["a fraction", 1.5, 1.5],
  ["true", true, true],
  ["an object", { a: [1] }, { a: [1] }],
  ["bytes, as base64", Buffer.from("hi"), "aGk="],
])("L10: an activity gives its orchestrator %s", async (_name, given, got) => {
  expect((await cross({}, given)).got).toEqual(got);
});
