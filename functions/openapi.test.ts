import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AccessSettings } from "../shared/access/settings.ts";
import { Secret } from "../shared/ports/secrets.ts";
import { hostedApp } from "../test/support/hosted-app.ts";
import { BEN, planWith } from "../test/support/plan-with.ts";
import { SIGNING_SECRET } from "../test/support/slack-world.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { openApiOf } from "./openapi.ts";

/** `UPDATE_OPENAPI=1 npx vitest run functions/openapi.test.ts` writes it anew. */
const FILE = new URL("../docs/openapi.json", import.meta.url);
const VERSION = "0.1.0";
const RUN = "2024-12-08";

interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, object>>; readonly schemas: Readonly<Record<string, object>> };
}

const document = JSON.parse(JSON.stringify(openApiOf(VERSION))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })));

/** What OpenAPI 3.1.0 asks of a document, as far as ours goes (sections 4.8.1 to 4.8.30). */
const OPENAPI = {
  type: "object",
  required: ["openapi", "info", "paths"],
  properties: {
    openapi: { const: "3.1.0" },
    info: { type: "object", required: ["title", "version"] },
    paths: {
      type: "object",
      propertyNames: { pattern: "^/" },
      additionalProperties: {
        type: "object",
        propertyNames: { enum: ["get", "put", "post", "delete", "options", "head", "patch", "trace"] },
        additionalProperties: {
          type: "object",
          required: ["operationId", "responses"],
          additionalProperties: false,
          properties: {
            operationId: { type: "string" },
            summary: { type: "string" },
            description: { type: "string" },
            security: { type: "array" },
            parameters: {
              type: "array",
              items: {
                type: "object",
                required: ["name", "in", "schema"],
                additionalProperties: false,
                properties: {
                  name: { type: "string" },
                  in: { enum: ["path", "query", "header"] },
                  required: { type: "boolean" },
                  description: { type: "string" },
                  schema: { type: "object" },
                },
                if: { properties: { in: { const: "path" } } },
                then: { properties: { required: { const: true } }, required: ["required"] },
              },
            },
            requestBody: {
              type: "object",
              required: ["content"],
              properties: { content: { $ref: "#/$defs/content" }, required: { type: "boolean" } },
              additionalProperties: false,
            },
            responses: {
              type: "object",
              minProperties: 1,
              propertyNames: { pattern: "^[1-5][0-9]{2}$" },
              additionalProperties: { $ref: "#/$defs/response" },
            },
          },
        },
      },
    },
    components: { type: "object", properties: { responses: { type: "object", additionalProperties: { $ref: "#/$defs/response" } } } },
  },
  $defs: {
    content: {
      type: "object",
      minProperties: 1,
      propertyNames: { pattern: "^[^/]+/[^/]+$" },
      additionalProperties: { type: "object", properties: { schema: { type: "object" } }, additionalProperties: false },
    },
    response: {
      type: "object",
      oneOf: [
        { required: ["$ref"], properties: { $ref: { pattern: "^#/components/responses/" } }, additionalProperties: false },
        { required: ["description"], properties: { description: { type: "string" }, content: { $ref: "#/$defs/content" } }, additionalProperties: false },
      ],
    },
  },
};

describe("the OpenAPI document", () => {
  it("is the one that lies in docs", () => {
    const made = `${JSON.stringify(openApiOf(VERSION), null, 2)}\n`;
    if (process.env["UPDATE_OPENAPI"] === "1") writeFileSync(FILE, made);

    expect(readFileSync(FILE, "utf8")).toBe(made);
  });

  it("is served, with the version that runs", async () => {
    await using hosted = await hostedApp();

    expect((await hosted.call("GET", "openapi.json")).json).toEqual(JSON.parse(JSON.stringify(openApiOf("test"))));
  });

  it("is one, by what OpenAPI 3.1 asks, and every schema in it is a JSON Schema", () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(ajv);
    const check = ajv.compile(OPENAPI);
    check(document);
    expect(check.errors).toBeNull();

    for (const { operation } of operations) {
      const schemas = [
        ...(operation.parameters ?? []).map(({ schema }) => schema),
        ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
        ...Object.values(operation.responses).flatMap(({ content = {} }) => Object.values(content).flatMap(({ schema }) => schema ?? [])),
      ];
      for (const schema of schemas) expect(() => ajv.compile({ ...schema })).not.toThrow();
    }
  });

  it("names each operation once, each path parameter, and only answers that there are", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.toSorted()).toEqual([...Object.keys(ENDPOINTS), "health", "ready"].toSorted());

    for (const { path, operation } of operations) {
      expect((operation.parameters ?? []).filter((parameter) => parameter.in === "path").map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const { $ref } of Object.values(operation.responses)) if ($ref !== undefined) expect(document.components.responses).toHaveProperty($ref.split("/").at(-1) ?? "");
    }
  });
});

/** Values for a schema: what it allows, and what it does not. */
function anyFor(schema: { readonly enum?: readonly unknown[]; readonly properties?: Readonly<Record<string, object>>; readonly type?: string }): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...schema.enum) }, fc.jsonValue());
  if (schema.properties !== undefined) {
    const fields = Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, anyFor(field)]));
    return fc.oneof({ weight: 6, arbitrary: fc.record(fields, { requiredKeys: [] }) }, fc.jsonValue());
  }
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom(RUN, "web.deploy", "web.check", "0".repeat(64), "__proto__", "constructor", "../..", "~access", "\u0000", "plan: 1\n", "x".repeat(1_500)),
  );
  return fc.oneof({ weight: 5, arbitrary: texts }, fc.jsonValue());
}

const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(RUN, "web.deploy", "json", "html", "xlsx") },
  fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
  fc.constantFrom("~access", "..", "%", "__proto__", "a/b", "\u0000", "\ud800"),
);

/** What is no value of a schema at all: keys that mean something to JavaScript, keys that are there twice, text that is cut off. */
const oddBodies = fc.constantFrom(
  '{"__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}',
  '{"decision":"pause","decision":"abort"}',
  '{"text":"plan: 1","file":"../../etc/passwd\\u0000"}',
  '{"decision":"skip","step":"__proto__","target":"constructor"}',
  '{"window":{"toString":"x"}}',
  '\ufeff{"decision":"pause"}',
  '{"decision":',
  "",
  "null",
  "[[[]]]",
  "1e999",
);

/** More of them, ad hoc: `FUZZ_SEEDS=1,2,3 npx vitest run functions/openapi.test.ts`. */
const SEEDS = (process.env["FUZZ_SEEDS"] ?? "20241208,7").split(",").map(Number);

describe("whatever is sent by the document", () => {
  it.each(SEEDS)(
    "meets no defect: no answer is above 499, and each is one that the document names (seed %i)",
    async (seed) => {
      const replies = { settle: () => Promise.resolve(), whisper: () => Promise.resolve(), answer: () => Promise.resolve() };
      const slack = {
        signingSecret: () => Promise.resolve(new Secret("slack-signing-secret", SIGNING_SECRET)),
        access: AccessSettings.parse({ admins: "U1" }),
        trusting: false,
        replies,
      };
      await using hosted = await hostedApp({
        works: { "web.check": { takesMs: 36_000_000 } },
        app: { slack },
        door: { settings: AccessSettings.parse({ requestsPerMinute: "60000" }) },
      });
      await hosted.store(planWith({ "web.deploy": { approval: { by: [BEN] } }, "web.check": { policy: { timeoutMs: 72_000_000 } } }));
      await hosted.call("POST", "runs", { window: RUN });
      await hosted.host.advanceTo("2024-12-08T01:10:00.000Z");

      const requests = fc.constantFrom(...operations).chain(({ path, method, operation }) =>
        fc.record({
          path: fc.constant(path),
          method: fc.constant(method),
          operation: fc.constant(operation),
          segments: fc.array(segment, { minLength: 3, maxLength: 3 }),
          query: fc.record(
            Object.fromEntries((operation.parameters ?? []).filter((parameter) => parameter.in === "query").map(({ name, schema }) => [name, anyFor(schema).map(inQuery)])),
            { requiredKeys: [] },
          ),
          body: bodyFor(operation),
        }),
      );
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(requests, async ({ path, method, operation, segments, query, body }) => {
          let at = 0;
          const filled = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent((segments[at++] ?? RUN).toWellFormed()));
          const search = new URLSearchParams(Object.entries(query).map(([name, value = ""]): [string, string] => [name, value.toWellFormed()])).toString();
          const answer = await fetch(`${hosted.served.origin}/api/v1${filled}?${search}`, {
            method: method.toUpperCase(),
            headers: isForm(operation) ? signedHeaders(body ?? "", hosted.host.clock.now()) : { "content-type": "application/json" },
            ...(body === undefined ? {} : { body }),
          });
          await answer.arrayBuffer();
          seen.add(`${operation.operationId} ${answer.status < 400 ? "well" : "refused"}`);

          expect(answer.status).toBeLessThan(500);
          // A segment such as `..` makes another path of it, whose answers are its own.
          if (!segments.some((text) => /^\.{1,2}$/.test(text))) expect(["400", ...Object.keys(operation.responses)]).toContain(String(answer.status));
        }),
        { seed, numRuns: 600 },
      );

      // It must have come through to the handlers, not only to the door.
      expect([...seen].filter((what) => what.endsWith("well")).length).toBeGreaterThan(10);
      expect(seen).toContain("slackInteractivity well");
      expect(({} as { role?: string }).role).toBeUndefined();
      expect(hosted.logs.filter(({ level }) => level === "error")).toEqual([]);
    },
    120_000,
  );
});

function inQuery(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isForm({ requestBody }: Operation): boolean {
  return requestBody?.content["application/x-www-form-urlencoded"] !== undefined;
}

function bodyFor(operation: Operation): fc.Arbitrary<string | undefined> {
  const [schema] = Object.values(operation.requestBody?.content ?? {}).map((content) => content.schema);
  if (schema === undefined) return fc.constant(undefined);
  if (!isForm(operation)) return fc.oneof({ weight: 6, arbitrary: anyFor(schema).map((value) => JSON.stringify(value)) }, oddBodies);
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.constantFrom("U1", "U2", "status", "abort freeze", `open ${RUN}`, "1"),
    pressedLike.map((value) => JSON.stringify(value)),
  );
  const names = Object.keys((schema as { properties?: object }).properties ?? {});
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .record(Object.fromEntries(names.map((name) => [name, text])), { requiredKeys: [] })
        .map((form) => new URLSearchParams(Object.entries(form).map(([name, value = ""]): [string, string] => [name, value.toWellFormed()])).toString()),
    },
    fc.constantFrom("", "payload=%7B&payload=%7B", "%ff=%00", "user_id=U1&text=status"),
  );
}

/** A press as Slack sends it, with anything in the place of what matters. */
const pressedLike = fc.record({
  type: fc.constantFrom("block_actions", "view_submission", "__proto__"),
  user: fc.record({ id: fc.constantFrom("U1", "U2", "") }),
  channel: fc.record({ id: fc.constantFrom("C1", "") }),
  message: fc.oneof(fc.record({ ts: fc.constantFrom("1.2", "x"), text: fc.string() }), fc.jsonValue()),
  actions: fc.array(
    fc.record({
      value: fc.oneof(
        fc
          .record({
            decision: fc.constantFrom("approve", "skip", "retry", "done", "abort", "acknowledge", "resume"),
            run: fc.constantFrom(RUN, "~access", "../x", "\u0000"),
            about: fc.constantFrom("approval#1", "__proto__", "/web.check/web.check/1"),
            step: fc.constantFrom("web.deploy", "web.check", "__proto__", "\u0000"),
          })
          .map((value) => JSON.stringify(value)),
        fc.string(),
      ),
    }),
    { maxLength: 2 },
  ),
});

function signedHeaders(body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  const signature = createHmac("sha256", SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest("hex");
  return { "content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${signature}` };
}
