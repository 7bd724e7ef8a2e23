import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../local/memory-journal.ts";
import { handClock } from "../../test/support/hand-clock.ts";
import { Secret, type Secrets } from "../ports/secrets.ts";
import { allowanceOf } from "./allowance.ts";
import { doorOf, platformOf, type Door, type DoorParts } from "./door.ts";
import { ACCESS_RUN, refusalsOf } from "./refusals.ts";
import { DEEDS, mayI, ROLES } from "./roles.ts";
import { checkPlanApproval, isNamed } from "./separation.ts";
import { AccessSettings } from "./settings.ts";

const AT = Date.parse("2024-12-08T01:00:00.000Z");
const settings = AccessSettings.parse({ operators: "kim@example.com", requestsPerMinute: "3", keys: "pipeline=operator:key-pipeline" });
const SIGNED_IN = { "x-ms-client-principal": Buffer.from(JSON.stringify({ auth_typ: "aad", claims: [{ typ: "upn", val: "kim@example.com" }] })).toString("base64") };
const AZURE = platformOf({ WEBSITE_SITE_NAME: "func-nightshift", WEBSITE_AUTH_ENABLED: "True" });

function made(parts: Partial<DoorParts> = {}): { door: Door; clock: ReturnType<typeof handClock>; reads: string[] } {
  const clock = handClock(AT);
  const reads: string[] = [];
  const secrets: Secrets = { read: (name) => (reads.push(name), Promise.resolve(new Secret(name, "s3cret"))) };
  return { door: doorOf({ settings, signIn: true, platform: AZURE, secrets, journal: memoryJournal(), clock, ...parts }), clock, reads };
}

describe("the door", () => {
  it.each([
    ["the setting, the app's name and App Service authentication", {}, "kim@example.com"],
    ["no setting", { signIn: false }, 401],
    ["a host that is not Azure", { platform: platformOf({ WEBSITE_AUTH_ENABLED: "true" }) }, 401],
    ["an app without App Service authentication", { platform: platformOf({ WEBSITE_SITE_NAME: "func-nightshift" }) }, 401],
    ["authentication that is off", { platform: platformOf({ WEBSITE_SITE_NAME: "func-nightshift", WEBSITE_AUTH_ENABLED: "False" }) }, 401],
  ])("with %s", async (_what, parts, expected) => {
    const { door } = made(parts);

    const entered = await door.enter(new Headers(SIGNED_IN)).then(
      ({ name }) => name,
      ({ status }: { status: number }) => status,
    );

    expect(entered).toBe(expected);
  });

  it("cannot be made with a local operator in Azure", () => {
    expect(() => made({ localOperator: "Ada" })).toThrow("the local operator «Ada» cannot work in Azure");
  });

  it("lets each caller in so often a minute, and says how long to wait", async () => {
    const { door, clock } = made();
    const key = new Headers({ "x-nightshift-key": "pipeline:s3cret" });

    for (let n = 0; n < 3; n++) await door.enter(new Headers(SIGNED_IN));

    await expect(door.enter(new Headers(SIGNED_IN))).rejects.toMatchObject({ status: 429, retryAfterMs: 20_000 });
    expect((await door.enter(key)).name).toBe("key pipeline");
    await clock.moveTo(AT + 20_000);
    expect((await door.enter(new Headers(SIGNED_IN))).name).toBe("kim@example.com");
  });

  it("gives all strangers together one allowance, which is nobody else's, and asks the vault once a minute", async () => {
    const { door, reads } = made();
    const wrong = new Headers({ "x-nightshift-key": "pipeline:guess" });

    const statuses: unknown[] = [];
    for (let n = 0; n < 5; n++) statuses.push(await door.enter(wrong).catch(({ status }: { status: number }) => status));

    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(reads).toEqual(["key-pipeline"]);
    expect((await door.enter(new Headers(SIGNED_IN))).name).toBe("kim@example.com");
  });
});

describe("roles", () => {
  it("may what the table says, each all that the one before it may", () => {
    const table = Object.fromEntries(Object.keys(DEEDS).map((deed) => [deed, ROLES.filter((role) => mayI(role, deed as keyof typeof DEEDS)).join(" ")]));

    expect(table).toEqual({
      look: "viewer operator approver admin",
      check: "viewer operator approver admin",
      preview: "operator approver admin",
      store: "operator approver admin",
      start: "operator approver admin",
      steer: "operator approver admin",
      abort: "operator approver admin",
      approve: "approver admin",
      override: "admin",
      audit: "admin",
    });
  });
});

describe("two pairs of eyes", () => {
  const ben = { kind: "person", name: "ben@example.com", role: "approver", names: ["ben@example.com", "Ben"] } as const;

  it("see a plan: who stored it does not approve it, not even as an admin, unless the settings allow it", () => {
    expect(() => checkPlanApproval(ben, "Ben@example.com ", settings)).toThrow("someone else must approve it");
    expect(() => checkPlanApproval({ ...ben, role: "admin" }, "ben@example.com", settings)).toThrow("someone else must approve it");
    expect(() => checkPlanApproval(ben, "kim@example.com", settings)).not.toThrow();
    expect(() => checkPlanApproval(ben, "ben@example.com", { ...settings, selfApproval: "true" })).not.toThrow();
  });

  it("are those that the step names: by name, e-mail or Slack id; or an admin's", () => {
    expect(isNamed(ben, [{ name: "Benjamin", email: "BEN@example.com", slackId: "U1" }])).toBe(true);
    expect(isNamed({ ...ben, names: ["U1"] }, [{ name: "Benjamin", slackId: "U1" }])).toBe(true);
    expect(isNamed(ben, [{ name: "Ada", email: "ada@example.com", slackId: "U2" }])).toBe(false);
    expect(isNamed(ben, [])).toBe(false);
    expect(isNamed({ ...ben, role: "admin" }, [])).toBe(true);
  });
});

describe("refusals", () => {
  const refused = { by: "nobody", deed: "showRun", method: "GET", path: "/api/v1/runs/x", status: 401, why: "nobody is signed in" };

  it("are facts, the same within a minute one, and strangers fill only their own stream", async () => {
    const journal = memoryJournal();
    const clock = handClock(AT);
    const refusals = refusalsOf(journal, clock);

    for (let n = 0; n < 300; n++) await refusals.write({ ...refused, path: `/api/v1/runs/${n}` }, false);
    await refusals.write({ ...refused, by: "kim@example.com" }, true);
    await refusals.write({ ...refused, by: "kim@example.com" }, true);
    await clock.moveTo(AT + 60_000);
    await refusals.write({ ...refused, by: "kim@example.com" }, true);

    expect(await journal.read(ACCESS_RUN, "refused/2024-12-08T01/unknown")).toHaveLength(100);
    expect(await journal.read(ACCESS_RUN, "refused/2024-12-08T01/known")).toMatchObject([
      { at: "2024-12-08T01:00:00.000Z", by: "kim@example.com" },
      { at: "2024-12-08T01:01:00.000Z" },
    ]);
    expect(await refusals.of("2024-12-08")).toHaveLength(102);
    expect(await refusals.of("2024-12-07")).toEqual([]);
  });
});

describe("an allowance", () => {
  it("is forgotten for those not heard of for longest, so that it stays small", () => {
    const allowance = allowanceOf({ now: () => 0 }, 1);

    expect([allowance.take("a"), allowance.take("a")]).toEqual([0, 60_000]);
    for (let n = 0; n < 1_000; n++) allowance.take(`caller ${n}`);
    expect(allowance.take("a")).toBe(0);
  });
});
