import { z } from "zod";
import { DEEDS } from "../shared/access/roles.ts";
import { SIGNATURE_HEADER } from "../shared/access/slack-request.ts";
import { Problem } from "./api-schemas.ts";
import { ENDPOINTS, PROBLEMS, type EndpointSpec } from "./endpoints.ts";

/** The OpenAPI 3.1 document of the API, made from the table that the handlers are registered by. */
export function openApiOf(version: string): object {
  const paths: Record<string, Record<string, object>> = {
    "/health": { get: open("health", "Is it alive?", { 200: "It is" }) },
    "/ready": { get: open("ready", "Can it reach its journal?", { 200: "It can", 503: "It cannot" }) },
  };
  for (const [name, spec] of Object.entries(ENDPOINTS) as [string, EndpointSpec][]) {
    const path = (paths[`/${spec.route}`] ??= {});
    path[spec.method.toLowerCase()] = operationOf(name, spec);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Nightshift", version, description: "Plans, runs and decisions of maintenance windows. Roles, weakest first: viewer, operator, approver, admin." },
    servers: [{ url: "/api/v1" }],
    security: [{ signIn: [] }, { machineKey: [] }, { platformKey: [], machineKey: [] }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(Problem, "output") },
      responses: Object.fromEntries(
        Object.entries(PROBLEMS).map(([status, description]) => [
          `Problem${status}`,
          { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
        ]),
      ),
      securitySchemes: {
        platformKey: {
          type: "apiKey",
          in: "header",
          name: "x-functions-key",
          description: "Opens the Functions host where nobody signs in, so that only machines come in; says nothing about who calls",
        },
        machineKey: { type: "apiKey", in: "header", name: "x-nightshift-key", description: "NAME:VALUE of a machine's key" },
        slackSignature: {
          type: "apiKey",
          in: "header",
          name: SIGNATURE_HEADER,
          description: "Slack's signature v0 of the body and of x-slack-request-timestamp, at most five minutes old",
        },
        signIn: { type: "http", scheme: "bearer", description: "Entra ID by App Service authentication" },
      },
    },
  };
}

function open(operationId: string, summary: string, answers: Readonly<Record<number, string>>): object {
  const schema = { type: "object", properties: { status: { type: "string" } }, required: ["status"] };
  return {
    operationId,
    summary,
    security: [],
    responses: Object.fromEntries(Object.entries(answers).map(([status, description]) => [status, { description, content: { "application/json": { schema } } }])),
  };
}

function operationOf(name: string, { route, deed, summary, body, signedForm, query, answers }: EndpointSpec): object {
  const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, param]) => ({ name: param, in: "path", required: true, schema: { type: "string", minLength: 1 } }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([param, schema]) => ({
    name: param,
    in: "query",
    required: false,
    ...description(schema),
    schema: jsonSchema(schema as z.ZodType, "input"),
  }));
  const problems = Object.keys(PROBLEMS).filter((status) => !(status in answers) && ((body ?? signedForm) !== undefined || !["413", "415"].includes(status)));
  return {
    operationId: name,
    summary,
    description: `Needs the role ${DEEDS[deed]}.`,
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(signedForm === undefined ? {} : { security: [{ slackSignature: [] }] }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: jsonSchema(body, "input") } } } }),
    ...(signedForm === undefined ? {} : { requestBody: { required: true, content: { "application/x-www-form-urlencoded": { schema: jsonSchema(signedForm, "input") } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, { what, schema, types = [] }]) => [status, { description: what, ...content(schema, types) }])),
      ...Object.fromEntries(problems.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }])),
    },
  };
}

function content(schema: z.ZodType | undefined, types: readonly string[]): object {
  if (schema === undefined && types.length === 0) return {};
  const json = schema === undefined ? {} : { "application/json": { schema: jsonSchema(schema, "output") } };
  return { content: { ...json, ...Object.fromEntries(types.map((type) => [type, type.startsWith("text/") ? { schema: { type: "string" } } : {}])) } };
}

function description(schema: unknown): { description?: string } {
  const { description: text } = schema as z.ZodType;
  return text === undefined ? {} : { description: text };
}

/** OpenAPI 3.1 takes JSON Schema as it is; the dialect is named once, by the version. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...bare } = z.toJSONSchema(schema, { io });
  return bare;
}
