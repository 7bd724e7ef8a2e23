import { createHttpHeaders, createPipelineRequest, isRestError } from "@azure/core-rest-pipeline";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { azureClientOptions, azureHttpClient } from "./azure-http.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

it("sends method, real address, headers and body, and gives back status, headers and text", async () => {
  const seen: Request[] = [];
  const client = azureHttpClient(async (input, init) => {
    seen.push(new Request(input, init));
    return new Response('{"name":"x"}', { status: 201, headers: { "azure-asyncoperation": "https://management.azure.com/operations/1" } });
  });
  const request = createPipelineRequest({
    url: "https://management.azure.com/subscriptions/1?api-version=2026-04-01",
    method: "PUT",
    headers: createHttpHeaders({ Authorization: "Bearer t", "Content-Type": "application/json", "Content-Length": "999" }),
    body: '{"a":"ü"}',
  });

  const response = await client.sendRequest(request);

  expect(seen[0]?.url).toBe("https://management.azure.com/subscriptions/1?api-version=2026-04-01");
  expect(seen[0]?.method).toBe("PUT");
  expect(seen[0]?.headers.get("authorization")).toBe("Bearer t");
  expect(seen[0]?.headers.get("content-length")).toBeNull();
  expect(await seen[0]?.text()).toBe('{"a":"ü"}');
  expect(response).toMatchObject({ status: 201, bodyAsText: '{"name":"x"}', request });
  expect(response.headers.get("Azure-AsyncOperation")).toBe("https://management.azure.com/operations/1");
});

it("sends bytes as they are, also a view into a larger buffer", async () => {
  const sent: Uint8Array[] = [];
  const client = azureHttpClient(async (input, init) => {
    sent.push(new Uint8Array(await new Request(input, init).arrayBuffer()));
    return new Response(null, { status: 204 });
  });

  const response = await client.sendRequest(createPipelineRequest({ url: "https://a.example.com/", method: "PUT", body: new Uint8Array([1, 2, 3, 4]).subarray(1, 3) }));

  expect(sent).toEqual([new Uint8Array([2, 3])]);
  expect(response).toMatchObject({ status: 204, bodyAsText: "" });
});

it("leaves redirects to the SDK", async () => {
  const client = azureHttpClient((_input, init) => {
    expect(init?.redirect).toBe("manual");
    return Promise.resolve(new Response(null, { status: 307, headers: { location: "https://elsewhere.example.com/" } }));
  });

  const response = await client.sendRequest(createPipelineRequest({ url: "https://a.example.com/" }));

  expect(response.status).toBe(307);
  expect(response.headers.get("location")).toBe("https://elsewhere.example.com/");
});

it("calls a request without answer a RestError without status, and keeps the query out of its message", async () => {
  const client = azureHttpClient(() => Promise.reject(new TypeError("fetch failed", { cause: new Error("ECONNRESET") })));

  const failed = await client.sendRequest(createPipelineRequest({ url: "https://a.example.com/p?sig=hush" })).catch((thrown: unknown) => thrown);

  expect(isRestError(failed)).toBe(true);
  expect(failed).toMatchObject({ code: "REQUEST_SEND_ERROR" });
  expect(String(failed)).toContain("ECONNRESET");
  expect(String(failed)).not.toContain("hush");
});

it("ends a request that nobody answers at its limit", async () => {
  const origin = await silentServer();
  const client = azureHttpClient(fetch);

  const failed = await client.sendRequest(createPipelineRequest({ url: origin, timeout: 20, allowInsecureConnection: true })).catch((thrown: unknown) => thrown);

  expect(failed).toMatchObject({ code: "ETIMEDOUT" });
});

it("ends a request that its caller calls off, before and while it is under way", async () => {
  const origin = await silentServer();
  const client = azureHttpClient(fetch);
  const before = AbortSignal.abort();
  const during = new AbortController();

  const refused = client.sendRequest(createPipelineRequest({ url: origin, abortSignal: before }));
  const stopped = client.sendRequest(createPipelineRequest({ url: origin, abortSignal: during.signal }));
  during.abort();

  await expect(refused).rejects.toMatchObject({ name: "AbortError" });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
});

it("makes a client that signs each request and repeats none", async () => {
  const { ComputeManagementClient } = await import("@azure/arm-compute");
  const seen: Request[] = [];
  const options = azureClientOptions((input, init) => {
    seen.push(new Request(input, init));
    return Promise.resolve(Response.json({ error: { code: "InternalServerError", message: "no luck" } }, { status: 503, headers: { "retry-after": "1" } }));
  });
  const credential = { getToken: () => Promise.resolve({ token: "t", expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
  const client = new ComputeManagementClient(credential, "00000000-0000-0000-0000-000000000001", options);

  const read = client.virtualMachines.instanceView("rg", "vm");

  await expect(read).rejects.toMatchObject({ statusCode: 503 });
  expect(seen).toHaveLength(1);
  expect(seen[0]?.headers.get("authorization")).toBe("Bearer t");
});

/** Takes requests and never answers. */
async function silentServer(): Promise<string> {
  const server = createServer(() => undefined);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
