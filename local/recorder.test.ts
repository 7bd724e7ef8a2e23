import { expect, it } from "vitest";
import { inScope } from "../shared/ports/scope.ts";
import { Secret } from "../shared/ports/secrets.ts";
import type { Fetch } from "../shared/ports/transport.ts";
import { type Exchange, recorder, redacted, rememberingSecrets } from "./recorder.ts";

const VALUE = 'p"ss/word+1';

it("writes an exchange on behalf of the step that caused it", async () => {
  const { lines, fetch } = recording(async () => Response.json({ ok: true }, { status: 201 }));

  await inScope({ run: "2024-12-08", step: "tell", target: "dailyops", deed: "begin", attempt: 1 }, () =>
    fetch("https://slack.com/api/chat.postMessage?x=1", { method: "POST", body: JSON.stringify({ text: "hello" }), headers: { "content-type": "application/json" } }),
  );

  expect(lines()).toMatchObject([
    {
      at: "2024-12-08T01:00:00.000Z",
      run: "2024-12-08",
      step: "tell",
      target: "dailyops",
      system: "slack",
      request: { method: "POST", url: "https://slack.com/api/chat.postMessage?x=1", body: { text: "hello" } },
      response: { status: 201, body: { ok: true } },
    },
  ]);
});

it("leaves the answer readable to the one who asked", async () => {
  const { fetch } = recording(async () => Response.json({ ok: true }));

  expect(await (await fetch("https://slack.com/api/x")).json()).toEqual({ ok: true });
});

it("writes no line for a call without an answer, and none for a site that is only looked at", async () => {
  const { lines, fetch } = recording(async (input) => {
    if (new URL((input as Request).url).host === "slack.com") throw new TypeError("fetch failed");
    return new Response("<html>");
  });

  await expect(fetch("https://slack.com/api/x")).rejects.toThrow("fetch failed");
  await fetch("https://www.example.com/");

  expect(lines()).toEqual([]);
});

it("hides everything of an item in Bitwarden but what names it", async () => {
  const item = {
    object: "item",
    id: "1",
    name: "Mailgun login",
    notes: "s1",
    fields: [{ name: "pin", value: "s2" }],
    login: { username: "s3", password: "s4", uris: [{ uri: "s5" }] },
    collectionIds: ["c1"],
    revisionDate: "2024-09-20",
  };
  const { lines, fetch } = recording(async () => Response.json({ success: true, data: { object: "list", data: [item] } }));

  await fetch("http://127.0.0.1:8087/list/object/items?search=Mailgun");

  const body = JSON.stringify(lines()[0]?.response.body);
  expect(body).not.toMatch(/"s\d"/);
  expect(body).toContain('"id":"1","name":"Mailgun login"');
  expect(body).toContain('"collectionIds":["c1"],"revisionDate":"2024-09-20"');
});

it("hides secrets by header, by field, by place and by value", async () => {
  const { lines, fetch } = recording(async () => Response.json({ access_token: "new-one", echo: `got ${VALUE}`, list: [Buffer.from(VALUE).toString("base64")] }));
  const json = { authorization: "Bearer abcdef", "content-type": "application/json" };

  await fetch(`https://slack.com/api/x?token=abc&q=${encodeURIComponent(VALUE)}`, { method: "POST", headers: json, body: JSON.stringify({ password: "x", note: `is ${VALUE}` }) });
  await fetch("https://v.vault.azure.net/secrets/mail/?api%2Dversion=1", { method: "PUT", headers: json, body: JSON.stringify({ value: "unknown", tags: { value: "unknown" } }) });
  await fetch("https://fw.example.com/api/", { method: "POST", headers: { "x-pan-key": "abcdef" }, body: new URLSearchParams({ type: "keygen", user: "u", password: "p w" }) });

  const [first, vault, firewall] = lines();
  expect(first?.request).toMatchObject({
    url: "https://slack.com/api/x?token=«secret:token»&q=«secret:mail»",
    headers: { authorization: "Bearer «secret:authorization»" },
    body: { password: "«secret:password»", note: "is «secret:mail»" },
  });
  expect(first?.response.body).toEqual({ access_token: "«secret:access_token»", echo: "got «secret:mail»", list: ["«secret:mail»"] });
  expect(vault?.request.body).toMatchObject({ value: "«secret:mail»" });
  expect(firewall?.request).toMatchObject({ headers: { "x-pan-key": "«secret:x-pan-key»" }, body: "type=keygen&user=u&password=«secret:password»" });
});

it("gives a polling URL to the system whose answer handed it out", async () => {
  const poll = "https://management.azure.com/subscriptions/1/operationresults/2?api-version=3";
  const { lines, fetch } = recording(async () => new Response(null, { status: 202, headers: { location: poll } }));

  await fetch("https://management.azure.com/subscriptions/1/providers/Microsoft.Compute/x", { method: "POST" });
  await fetch(poll);

  expect(lines().map(({ system }) => system)).toEqual(["azure-compute", "azure-compute"]);
});

it("replaces a secret in every form in which it travels", () => {
  const forms = [VALUE, Buffer.from(VALUE).toString("base64"), encodeURIComponent(VALUE), JSON.stringify(VALUE).slice(1, -1)];

  expect(forms.map((form) => redacted(`<${form}>`, [{ name: "mail", value: VALUE }]))).toEqual(forms.map(() => "<«secret:mail»>"));
});

function recording(answer: Fetch) {
  const written: string[] = [];
  const known = rememberingSecrets({ read: async (name) => new Secret(name, VALUE) });
  const ready = known.read("mail");
  const { around } = recorder({
    clock: { now: () => Date.parse("2024-12-08T01:00:00Z") },
    systemOf: ({ host, pathname }) =>
      host === "slack.com"
        ? "slack"
        : host === "127.0.0.1:8087"
          ? "bitwarden"
          : host.endsWith("vault.azure.net")
            ? "key-vault"
            : host.startsWith("fw.")
              ? "panos"
              : pathname.includes("Microsoft.Compute")
                ? "azure-compute"
                : host.startsWith("management")
                  ? "azure-resources"
                  : "web",
    secretsKnown: () => known.known(),
    write: (line) => void written.push(line),
  });
  const inner = around(answer);
  const fetch: Fetch = async (input, init) => (await ready, inner(input, init));
  return { fetch, lines: () => written.map((line) => JSON.parse(line) as Exchange) };
}
