import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret, type Secrets } from "../ports/secrets.ts";
import { principalOf, type Recognition } from "./principal.ts";
import { Refusal } from "./refusal.ts";
import { AccessSettings } from "./settings.ts";

const TENANT = "7b0d8a2e-4c1f-4a55-9a3e-2f6c1d9e8b70";
const secrets: Secrets = { read: (name) => Promise.resolve(new Secret(name, name === "empty" ? "" : `value of ${name}`)) };
const settings = AccessSettings.parse({
  viewers: "Nightshift.Viewer",
  operators: "Nightshift.Operator, kim@example.com",
  approvers: "Nightshift.Approver,0d5b7c1e-group",
  admins: "Nightshift.Admin",
  keys: "pipeline=operator:key-pipeline, board=viewer:key-board, hollow=admin:empty",
});
const inAzure: Recognition = { settings, secrets, isSignInTrusted: true };

type Claims = readonly (readonly [string, string])[];

function principal(claims: Claims, more: object = {}): string {
  return encoded({ auth_typ: "aad", name_typ: "name", role_typ: "roles", claims: claims.map(([typ, val]) => ({ typ, val })), ...more });
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64");
}

function enter(headers: Readonly<Record<string, string>>, recognition: Recognition = inAzure): ReturnType<typeof principalOf> {
  return principalOf(new Headers(headers), recognition);
}

async function refusalOf(headers: Readonly<Record<string, string>>, recognition?: Recognition): Promise<readonly [number, string]> {
  const thrown: unknown = await enter(headers, recognition).then(
    () => undefined,
    (refused: unknown) => refused,
  );
  if (!(thrown instanceof Refusal)) throw new Error(`expected a refusal, got ${String(thrown)}`);
  return [thrown.status, thrown.message];
}

describe("a person whom App Service signed in", () => {
  it("has the strongest role that app roles, groups, name or object id give", async () => {
    const ada = await enter({
      "x-ms-client-principal": principal([
        ["preferred_username", "ada@example.com"],
        ["name", "Ada"],
        ["roles", "Nightshift.Viewer"],
        ["groups", "0d5b7c1e-group"],
      ]),
    });
    const kim = await enter({ "x-ms-client-principal": principal([["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "Kim@example.com"]]) });

    expect(ada).toEqual({ kind: "person", name: "ada@example.com", role: "approver", names: ["ada@example.com", "Ada", "ada@example.com"] });
    expect(kim).toMatchObject({ name: "Kim@example.com", role: "operator" });
  });

  it("gets no role from an e-mail address, a display name or any other claim, which anybody's directory can say", async () => {
    for (const typ of ["email", "preferred_username", "name", "wids", "jobTitle"]) {
      const claims: Claims = [
        ["oid", "1"],
        [typ, "Nightshift.Admin"],
        [typ, "kim@example.com"],
      ];

      expect(await refusalOf({ "x-ms-client-principal": principal(claims, { role_typ: "roles" }) })).toEqual([403, expect.stringContaining("has no role here")]);
    }
  });

  it("comes from the tenant that the settings name", async () => {
    const strict = { ...inAzure, settings: { ...settings, tenant: TENANT } };
    const own: Claims = [
      ["upn", "kim@example.com"],
      ["tid", TENANT.toUpperCase()],
    ];
    const foreign: Claims = [
      ["upn", "kim@example.com"],
      ["tid", "11111111-4c1f-4a55-9a3e-2f6c1d9e8b70"],
    ];

    expect(await enter({ "x-ms-client-principal": principal(own) }, strict)).toMatchObject({ role: "operator" });
    expect(await refusalOf({ "x-ms-client-principal": principal(foreign) }, strict)).toEqual([403, "kim@example.com comes from another tenant"]);
    expect(await refusalOf({ "x-ms-client-principal": principal([["upn", "kim@example.com"]]) }, strict)).toEqual([403, "kim@example.com comes from another tenant"]);
  });

  it.each([
    ["nothing", ""],
    ["no base64", "{}"],
    ["base64 of no JSON", Buffer.from("admin").toString("base64")],
    ["base64 of no UTF-8", Buffer.from([0xff, 0xfe]).toString("base64")],
    ["JSON of another shape", encoded({ claims: "all" })],
    ["null", encoded(null)],
    ["claims that are no text", encoded({ auth_typ: "aad", claims: [{ typ: "roles", val: 7 }] })],
    ["two headers in one", `${principal([["upn", "kim@example.com"]])},${principal([["upn", "root"]])}`],
    ["another provider's", principal([["upn", "kim@example.com"]], { auth_typ: "google" })],
    ["nobody", principal([["roles", "Nightshift.Admin"]])],
    ["too much", "A".repeat(70_000)],
  ])("is nobody with a header that holds %s", async (_what, header) => {
    expect((await refusalOf({ "x-ms-client-principal": header }))[0]).toBe(401);
  });

  it("is nobody where the platform does not sign people in, whatever the header says", async () => {
    const header = {
      "x-ms-client-principal": principal([
        ["upn", "kim@example.com"],
        ["roles", "Nightshift.Admin"],
      ]),
      "x-ms-client-principal-name": "kim@example.com",
    };

    expect(await refusalOf(header, { ...inAzure, isSignInTrusted: false })).toEqual([401, expect.stringContaining("nobody is signed in")]);
  });

  it("is refused or recognised, and nothing else ever happens, whatever is in the header", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json().map((text) => Buffer.from(text).toString("base64")),
          fc.base64String(),
          fc.string(),
        ),
        async (header) => {
          const thrown: unknown = await principalOf({ get: (name) => (name === "x-ms-client-principal" ? header : null) }, inAzure).catch((refused: unknown) => refused);

          expect(thrown).toBeInstanceOf(Refusal);
        },
      ),
      { seed: 20241208, numRuns: 300 },
    );
  });
});

describe("a machine", () => {
  it("has the role of its key, and is called by the key's name", async () => {
    expect(await enter({ "x-nightshift-key": "pipeline:value of key-pipeline" })).toEqual({ kind: "machine", name: "key pipeline", role: "operator", names: [] });
  });

  it.each(["pipeline:wrong", "pipeline:", "pipeline", ":value of key-pipeline", "board:value of key-pipeline", "nobody:value of key-pipeline", "hollow:", "__proto__:x", ""])(
    "is refused with the key «%s», in the same words always",
    async (shown) => {
      expect(await refusalOf({ "x-nightshift-key": shown })).toEqual([401, "no such key"]);
    },
  );

  it("with a wrong key is not let in as the person who is signed in beside it", async () => {
    expect(await refusalOf({ "x-nightshift-key": "pipeline:wrong", "x-ms-client-principal": principal([["upn", "kim@example.com"]]) })).toEqual([401, "no such key"]);
  });
});

describe("the local operator", () => {
  const local: Recognition = { settings, secrets, isSignInTrusted: false, localOperator: "Ada" };

  it("is believed, with any name and role, where the composition says so", async () => {
    expect(await enter({}, local)).toEqual({ kind: "local", name: "Ada", role: "admin", names: ["Ada"] });
    expect(await enter({ "x-nightshift-operator": "Ben", "x-nightshift-role": "viewer" }, local)).toMatchObject({ name: "Ben", role: "viewer" });
    expect(await refusalOf({ "x-nightshift-role": "emperor" }, local)).toEqual([401, expect.stringContaining("expected viewer, operator, approver, admin")]);
  });

  it("is unknown anywhere else", async () => {
    expect((await refusalOf({ "x-nightshift-operator": "Ben", "x-nightshift-role": "admin" }))[0]).toBe(401);
    expect((await refusalOf({ "x-nightshift-operator": "Ben" }, { ...inAzure, isSignInTrusted: false }))[0]).toBe(401);
  });
});

describe("the settings", () => {
  it.each(["pipeline", "pipeline=operator", "pipeline=emperor:x", "a=viewer:x,a=admin:y", "pipe line=viewer:x"])("refuse the keys «%s»", (keys) => {
    expect(AccessSettings.safeParse({ keys }).success).toBe(false);
  });
});
