import { ComputeManagementClient } from "@azure/arm-compute";
import { RestError, createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { expect, it } from "vitest";
import { azureCall } from "./azure-errors.ts";

function refusal(statusCode: number | undefined, code?: string, headers: Record<string, string> = {}): RestError {
  const request = createPipelineRequest({ url: "https://management.azure.com/" });
  const response = { request, status: statusCode ?? 0, headers: createHttpHeaders(headers) };
  return new RestError("no luck", { request, response, ...(statusCode === undefined ? {} : { statusCode }), ...(code === undefined ? {} : { code }) });
}

it.each([
  [undefined, "REQUEST_SEND_ERROR", "unavailable"],
  [200, "PARSE_ERROR", "unavailable"],
  [400, "InvalidParameter", "rejected"],
  [401, "InvalidAuthenticationToken", "denied"],
  [403, "AuthorizationFailed", "denied"],
  [404, "ResourceNotFound", "absent"],
  [408, undefined, "unavailable"],
  [409, "OperationNotAllowed", "conflict"],
  [409, "AnotherOperationInProgress", "throttled"],
  [412, "PreconditionFailed", "conflict"],
  [429, "TooManyRequests", "throttled"],
  [500, "InternalServerError", "unavailable"],
  [503, undefined, "unavailable"],
])("an answer %s %s is %s", async (status, code, kind) => {
  const call = azureCall("azure-compute", "look at virtual machine vm1", () => Promise.reject(refusal(status, code)));

  await expect(call).rejects.toMatchObject({
    name: "Fault",
    kind,
    vendor: "azure-compute",
    message: expect.stringContaining("could not look at virtual machine vm1: no luck") as string,
  });
});

it.each([
  [{ "retry-after": "17" }, 17_000],
  [{ "x-ms-retry-after-ms": "250" }, 250],
  [{ "retry-after": "Sun, 08 Dec 2024 10:00:30 GMT", date: "Sun, 08 Dec 2024 10:00:00 GMT" }, 30_000],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("passes on how long it is asked to wait: %j", async (headers, retryAfterMs) => {
  const call = azureCall("azure-compute", "ask", () => Promise.reject(refusal(429, "TooManyRequests", headers as Record<string, string>)));

  await expect(call).rejects.toMatchObject({ kind: "throttled", retryAfterMs });
});

it("leaves an error of ours alone, so that it is seen as a defect", async () => {
  const ours = new TypeError("x is not a function");

  await expect(azureCall("azure-compute", "ask", () => Promise.reject(ours))).rejects.toBe(ours);
});

it.each(["null", "{}", "[]", '{"value":null}', '{"value":[null]}', '{"value":{}}'])("cannot read an answer of another shape, and does not know what was done: %s", async (body) => {
  const client = new ComputeManagementClient(
    { getToken: () => Promise.resolve({ token: "t", expiresOnTimestamp: Date.now() + 3_600_000 }) },
    "00000000-0000-0000-0000-000000000000",
    {
      httpClient: { sendRequest: (request) => Promise.resolve({ request, status: 200, headers: createHttpHeaders({ "content-type": "application/json" }), bodyAsText: body }) },
    },
  );

  const call = azureCall("azure-compute", "list run commands of vm1", async () => {
    for await (const command of client.virtualMachineRunCommands.listByVirtualMachine("group", "vm1")) expect(command).toBeDefined();
  });

  await expect(call).rejects.toMatchObject({
    kind: "unavailable",
    vendor: "azure-compute",
    message: expect.stringMatching(/^could not list run commands of vm1: the answer is not what/) as string,
  });
});

it("says denied when there is no credential to be had", async () => {
  const missing = Object.assign(new Error("no managed identity"), { name: "CredentialUnavailableError" });

  await expect(azureCall("azure-compute", "ask", () => Promise.reject(missing))).rejects.toMatchObject({ kind: "denied" });
});
