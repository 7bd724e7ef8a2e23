import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { personDo } from "../integrations/people/actions.ts";
import type { SlackSends } from "../integrations/slack/simulated-person.ts";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import { AccessSettings } from "../shared/access/settings.ts";
import { Secret } from "../shared/ports/secrets.ts";
import type { Decision } from "../shared/run/facts.ts";
import { windowInstance } from "../shared/run/instances.ts";
import { always, firstly } from "../test/support/fake-vendor.ts";
import { hostedApp, type Answered, type HostedApp, type HostedOptions } from "../test/support/hosted-app.ts";
import { planWith, type StepDraft } from "../test/support/plan-with.ts";
import { SIGNING_SECRET, slackScene, type SlackScene } from "../test/support/slack-world.ts";

const RUN = "2024-12-08";
/** As the inventory of tests has them: Ann approves, Bob looks, and Carl is nobody's. */
const [ANN_ID, BOB_ID, CARL_ID] = ["U1", "U2", "U9"];
const ANN = { name: "Ann", slackId: ANN_ID, email: "ann@example.com" };
const BOB = { name: "Bob", slackId: BOB_ID, email: "bob@example.com" };

interface Slack {
  readonly hosted: HostedApp;
  readonly scene: SlackScene;
  /** Slack sends it, and everything that follows at this instant happens. */
  send(sends: SlackSends): Promise<Answered>;
  press(user: string, wanted: Readonly<Record<string, unknown>>): Promise<Answered>;
  command(user: string, text: string): Promise<string>;
  decisions(): Promise<readonly Decision[]>;
}

/** The app with simulated Slack before it, ten minutes into the run, and with everybody told what they were to be told. */
async function slackWith(steps: Readonly<Record<string, StepDraft>>, { roles = {}, pause, signingSecret, ...options }: SlackOptions = {}): Promise<Slack> {
  let scene: SlackScene | undefined;
  const there = (): SlackScene => {
    if (scene === undefined) throw new Error("Slack is not there yet");
    return scene;
  };
  const hosted = await hostedApp({
    ...options,
    people: (clock) => (scene = slackScene(clock, { Ann: ANN_ID, Bob: BOB_ID, Carl: CARL_ID })).people,
    app: {
      ...(pause === undefined ? {} : { pause }),
      slack: {
        signingSecret: signingSecret ?? (() => Promise.resolve(new Secret("slack-signing-secret", SIGNING_SECRET))),
        access: AccessSettings.parse({ approvers: "ann@example.com", viewers: "U2", ...roles }),
        trusting: false,
        replies: {
          settle: (place, text, decided) => there().replies.settle(place, text, decided),
          whisper: (place, user, text) => there().replies.whisper(place, user, text),
          answer: (to, text) => there().replies.answer(to, text),
        },
      },
    },
  });
  await hosted.store(planWith(steps));
  await hosted.call("POST", "runs", { window: RUN });
  await hosted.host.advanceTo("2024-12-08T01:10:00.000Z");
  const send: Slack["send"] = async ({ to, headers, body }) => {
    const answer = await hosted.call("POST", `slack/${to}`, body, headers);
    await hosted.host.idle();
    return answer;
  };
  return {
    hosted,
    scene: there(),
    send,
    press: (user, wanted) => send(there().press(user, wanted)),
    command: async (user, text) => (await send(there().command(user, text))).json.text,
    decisions: async () => (await hosted.facts(RUN)).filter((fact) => fact.type === "decision.made"),
  };
}

interface SlackOptions extends Pick<HostedOptions, "works" | "actions" | "door"> {
  readonly roles?: Readonly<Record<string, string>>;
  readonly pause?: (ms: number) => Promise<void>;
  readonly signingSecret?: () => Promise<Secret>;
}

const APPROVED: Readonly<Record<string, StepDraft>> = { "a.b": { approval: { by: [ANN, BOB] } } };
const APPROVE = { decision: "approve", step: "a.b" };
const TWO_APPROVERS = { roles: { approvers: "ann@example.com,U2", viewers: "" } };

describe("a button", () => {
  it("approves what its message showed, and the message says by whom in the place of its buttons", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;
    const { message } = slack.scene.button(ANN_ID, APPROVE);

    const answer = await slack.press(ANN_ID, APPROVE);
    await hosted.host.waitFor(windowInstance(RUN));

    expect(answer).toMatchObject({ status: 200, json: undefined });
    expect(await slack.decisions()).toMatchObject([{ decision: "approve", step: "a.b", by: "Ann", preview: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(message.text).toContain("Approved by Ann at <!date^1733620200^{date_short_pretty} {time}|2024-12-08 01:10 UTC>.");
    expect(message.text).toContain("a.b needs the approval of Ann or Bob");
    expect(JSON.stringify(message.blocks)).not.toContain('"button"');
    expect(hosted.vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
  });

  it("that somebody else presses too says that it is decided, to them alone", async () => {
    const slack = await slackWith(APPROVED, TWO_APPROVERS);
    await using hosted = slack.hosted;
    const [anns, bobs] = [slack.scene.press(ANN_ID, APPROVE), slack.scene.press(BOB_ID, { decision: "skip", step: "a.b" })];

    await slack.send(anns);
    await slack.send(bobs);
    await hosted.host.waitFor(windowInstance(RUN));

    expect(await slack.decisions()).toMatchObject([{ decision: "approve", by: "Ann" }]);
    expect(slack.scene.whispers(BOB_ID)).toEqual([expect.stringContaining("Already decided: Approved by Ann at")]);
    expect(slack.scene.whispers(ANN_ID)).toEqual([]);
    expect(
      slack.scene
        .texts()
        .join("\n")
        .match(/Approved by Ann/g),
    ).toHaveLength(1);
    expect(hosted.vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
  });

  it("that two people press at the same instant is one decision", async () => {
    const slack = await slackWith(APPROVED, TWO_APPROVERS);
    await using _hosted = slack.hosted;
    const both = [slack.scene.press(ANN_ID, APPROVE), slack.scene.press(BOB_ID, APPROVE)];

    await Promise.all(both.map((press) => slack.send(press)));

    const decided = await slack.decisions();
    expect(decided).toHaveLength(1);
    const late = decided[0]?.by === "Ann" ? BOB_ID : ANN_ID;
    expect(slack.scene.whispers(late)).toEqual([expect.stringContaining(`Already decided: Approved by ${decided[0]?.by}`)]);
  });

  it("whose question was answered at another door says so", async () => {
    const slack = await slackWith(APPROVED, TWO_APPROVERS);
    await using hosted = slack.hosted;
    const press = slack.scene.press(BOB_ID, APPROVE);

    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "skip", step: "a.b" });
    await slack.send(press);

    expect((await slack.decisions()).map(({ decision, by }) => `${decision} ${by}`)).toEqual(["skip Ada"]);
    expect(slack.scene.whispers(BOB_ID)).toEqual([expect.stringContaining("Already decided: Skipped by Ada")]);
    expect(slack.scene.texts().at(-1)).toContain("Skipped by Ada");
  });

  it("that Slack sends twice is one decision, and both are answered", async () => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;
    const press = slack.scene.press(ANN_ID, APPROVE);

    const statuses = [(await slack.send(press)).status, (await slack.send(press)).status];

    expect(statuses).toEqual([200, 200]);
    expect(await slack.decisions()).toHaveLength(1);
    expect(slack.scene.whispers(ANN_ID)).toEqual([]);
  });

  it("does not approve what it did not show", async () => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;
    const payload = JSON.parse(new URLSearchParams(slack.scene.press(ANN_ID, APPROVE).body).get("payload") ?? "");
    payload.actions[0].value = JSON.stringify({ ...JSON.parse(payload.actions[0].value), preview: "0".repeat(64) });

    await slack.send(resigned(slack, "interactivity", { payload: JSON.stringify(payload) }));

    expect(await slack.decisions()).toEqual([]);
    expect(slack.scene.whispers(ANN_ID)).toEqual([expect.stringContaining("Not done: the world has moved")]);
    expect(JSON.stringify(slack.scene.button(ANN_ID, APPROVE))).toContain("Approve");
  });

  it("does nothing for who may not, tells them alone, and is a fact", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;

    const answers = [await slack.press(BOB_ID, APPROVE), await slack.press(CARL_ID, { decision: "abort" })];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await slack.decisions()).toEqual([]);
    expect([slack.scene.whispers(BOB_ID), slack.scene.whispers(CARL_ID)]).toEqual([
      ["Not done: Bob is viewer here; this needs approver"],
      ["Not done: the Slack user U9 is nobody of the inventory"],
    ]);
    expect((await hosted.journal.readAll(ACCESS_RUN)).map(({ fact }) => fact)).toMatchObject([
      { type: "access.refused", by: "Slack user U2", deed: "slackInteractivity", path: "/api/v1/slack/interactivity", status: 403, why: "Bob is viewer here; this needs approver" },
      { type: "access.refused", by: "Slack user U9", status: 403 },
    ]);
  });

  it("tries again what failed and was held, and asks anew when it fails again", async () => {
    const slack = await slackWith({ "a.b": { onFailure: "ask" } }, { works: { "a.b": { beforeBegin: always("rejected", "no") } } });
    await using _hosted = slack.hosted;

    for (const n of [1, 2, 3]) {
      await slack.press(ANN_ID, { decision: "retry", step: "a.b" });
      expect(await slack.decisions()).toHaveLength(n);
    }

    const asked = slack.scene.texts().filter((text) => text.includes("failed and waits for a decision"));
    expect(asked).toHaveLength(4);
    expect(asked.filter((text) => text.includes("To be tried again by Ann"))).toHaveLength(3);
  });

  it("tries again, once, and the step goes on when it is cured", async () => {
    const slack = await slackWith({ "a.b": { onFailure: "ask" } }, { works: { "a.b": { beforeBegin: firstly(1, "rejected", "no") } } });
    await using hosted = slack.hosted;

    await slack.press(ANN_ID, { decision: "retry", step: "a.b" });
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "well" });
    expect(hosted.vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/2"]);
  });

  it("skips what is held", async () => {
    const slack = await slackWith({ "a.b": { onFailure: "ask" } }, { works: { "a.b": { beforeBegin: always("rejected", "no") } } });
    await using hosted = slack.hosted;

    await slack.press(ANN_ID, { decision: "skip" });
    await hosted.host.waitFor(windowInstance(RUN));

    expect((await slack.decisions()).map(({ decision }) => decision)).toEqual(["skip"]);
    expect((await hosted.call("GET", `runs/${RUN}`)).json.steps[0]).toMatchObject({ as: "dropped" });
  });

  it("says that a piece of work is done", async () => {
    const work = {
      verb: "person.do",
      policy: { timeoutMs: 64_800_000 },
      targets: [
        { id: "a.b", params: { who: { ...BOB, aliases: [] }, what: "Deploy the driver", remindEvery: "30m", channel: { name: "maintenance", aliases: [], id: "C0MAINT01" } } },
      ],
    };
    const slack = await slackWith({ "a.b": work }, { actions: [personDo], ...TWO_APPROVERS });
    await using hosted = slack.hosted;

    await slack.press(BOB_ID, { decision: "done", step: "a.b" });
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "well" });
    expect(await slack.decisions()).toMatchObject([{ decision: "done", by: "Bob", target: "a.b" }]);
    expect(slack.scene.texts().at(-1)).toContain("Done by Bob at");
  });

  it("lifts in spite of the evidence", async () => {
    const steps: Readonly<Record<string, StepDraft>> = {
      "web.test": { onFailure: "continue" },
      "page.down": { always: true, needs: [{ step: "web.test", per: "step", as: "end" }], lift: { tests: ["web.test"] } },
    };
    const slack = await slackWith(steps, { works: { "web.test": { beforeBegin: always("rejected", "the site is down") } } });
    await using hosted = slack.hosted;

    await slack.press(ANN_ID, { decision: "lift", step: "page.down" });
    await hosted.host.waitFor(windowInstance(RUN));

    expect(await slack.decisions()).toMatchObject([{ decision: "lift", step: "page.down", by: "Ann" }]);
    expect(slack.scene.texts().join("\n")).toContain("To be lifted by Ann");
    expect(hosted.vendor.effects).toEqual(["begun 2024-12-08/page.down/page.down/1"]);
  });

  it("whose question is over does nothing, and says so", async () => {
    const slack = await slackWith(
      { "a.b": { onFailure: "ask", policy: { timeoutMs: 60_000 } }, "c.d": { at: "2024-12-08T05:00:00.000Z" } },
      { works: { "a.b": { takesMs: 3_600_000 } } },
    );
    await using hosted = slack.hosted;
    const press = slack.scene.press(ANN_ID, { decision: "retry", step: "a.b" });
    await slack.command(ANN_ID, "abort finish");
    await hosted.host.advanceTo("2024-12-08T03:00:00.000Z");

    const late = await slack.send({ ...signedBody(slack, press.body), to: "interactivity" });

    expect(late.status).toBe(200);
    expect((await slack.decisions()).map(({ decision }) => decision)).toEqual(["abort"]);
    expect(slack.scene.whispers(ANN_ID)).toEqual([expect.stringMatching(/^Not done: (a\.b has ended as|the run 2024-12-08 ended)/)]);
  });

  it("aborts the window, once for all messages that offer it", async () => {
    const slack = await slackWith({ ...APPROVED, "c.d": { approval: { by: [ANN] } } }, TWO_APPROVERS);
    await using hosted = slack.hosted;
    const presses = [slack.scene.press(ANN_ID, { decision: "abort" }), slack.scene.press(BOB_ID, { decision: "abort" })];

    for (const press of presses) await slack.send(press);
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "aborted" });
    expect(await slack.decisions()).toMatchObject([{ decision: "abort", mode: "close", by: "Ann" }]);
    expect(slack.scene.texts().filter((text) => text.includes("Aborted (close) by Ann"))).not.toEqual([]);
  });

  it("is answered at once while Slack itself is away, and its message is put right when Slack is back", async () => {
    const slack = await slackWith({ ...APPROVED, "c.d": { approval: { by: [ANN] } } });
    await using hosted = slack.hosted;
    const press = slack.scene.press(ANN_ID, APPROVE);
    slack.scene.interrupt(() => new Response("busy", { status: 503 }));

    const { status } = await slack.send(press);
    slack.scene.interrupt(undefined);
    await hosted.host.advanceTo("2024-12-08T01:12:00.000Z");

    expect(status).toBe(200);
    expect(await slack.decisions()).toHaveLength(1);
    expect(slack.scene.texts().filter((text) => text.includes("Approved by Ann"))).toHaveLength(1);
  });
});

describe("the slash command", () => {
  it("says how the run stands and what is open, to who may look", async () => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;

    const [status, open] = [await slack.send(slack.scene.command(BOB_ID, "status")), await slack.command(BOB_ID, "open")];

    expect(status.json).toEqual({ response_type: "ephemeral", text: expect.stringContaining("Maintenance of 2024-12-08: under way") });
    expect(status.json.text).toContain("Asked of Ann or Bob: a.b (approval)");
    expect(open).toBe("Nothing is open.");
  });

  it.each([
    ["", /^Say one of:/],
    ["help", /^Say one of:/],
    ["reboot everything", /^I did not understand that: there is no «reboot»\.\nSay one of:/],
    ["abort freeze finish", /one mode, not freeze and finish: nothing was done/],
    ["abort now please", /«please» is one word too many: nothing was done/],
    ["status 2024-01-01", /^Not done: there is no run 2024-01-01; there is 2024-12-08$/],
    ["abort 2024-01-01", /^Not done: there is no run 2024-01-01; there is 2024-12-08$/],
    ["open <!channel>", /there is no run &lt;!channel&gt;/],
  ])("helps with «%s», and nothing happens", async (text, answer) => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;

    expect(await slack.command(ANN_ID, text)).toMatch(answer);
    expect(await slack.decisions()).toEqual([]);
  });

  it("aborts in each of the three modes, once for each time that it was said, and only for who may", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;
    const refused = await slack.command(BOB_ID, "abort");
    const freeze = slack.scene.command(ANN_ID, "abort freeze");

    const answers = [(await slack.send(freeze)).json.text, (await slack.send(freeze)).json.text];
    await hosted.host.advanceTo("2024-12-08T01:11:00.000Z");
    answers.push(await slack.command(ANN_ID, `abort finish ${RUN}`));
    await hosted.host.advanceTo("2024-12-08T01:11:01.000Z");
    const after = await slack.command(ANN_ID, "abort");

    expect(refused).toBe("Not done: Bob is viewer here; this needs operator");
    expect(answers[0]).toContain("2024-12-08: Aborted (freeze) by Ann");
    expect((await slack.decisions()).map(({ mode }) => mode)).toEqual(["freeze", "finish"]);
    expect(after).toMatch(/^Not done: /);
  });

  it("aborts a window that has not started", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;
    await hosted.store(planWith(APPROVED, { window: { id: "2025-01-12", opensAt: "2025-01-12T01:00:00.000Z", cutoff: "2025-01-12T17:00:00.000Z" } }));
    await slack.command(ANN_ID, "abort");
    await hosted.host.waitFor(windowInstance(RUN));
    await hosted.host.advanceTo("2024-12-09T01:00:00.000Z");

    const answer = await slack.command(ANN_ID, "abort");

    expect(answer).toContain("2025-01-12: Aborted (close) by Ann");
  });

  it("is answered later, to who gave it alone, when it takes longer than Slack waits", async () => {
    const slack = await slackWith(APPROVED, { pause: () => Promise.resolve() });
    await using hosted = slack.hosted;

    const now = await slack.command(BOB_ID, "status");
    await expect.poll(() => slack.scene.whispers(BOB_ID)).toEqual([expect.stringContaining("Maintenance of 2024-12-08: under way")]);

    expect(now).toBe("This takes a moment; the answer follows here.");
    expect(hosted.logs.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("answers Slack's look at the certificate", async () => {
    const slack = await slackWith({ "a.b": {} });
    await using _hosted = slack.hosted;

    expect((await slack.send(resigned(slack, "command", { ssl_check: "1", token: "x" }))).status).toBe(200);
  });
});

describe("a request that is not Slack's", () => {
  const FORM = "application/x-www-form-urlencoded";

  it.each<[string, (slack: Slack) => { body?: string | Uint8Array; headers?: Record<string, string> }, number]>([
    ["signed with another secret", (slack) => slack.scene.press(ANN_ID, APPROVE, "another"), 401],
    ["altered by a byte", (slack) => ({ ...slack.scene.press(ANN_ID, APPROVE), body: slack.scene.press(ANN_ID, APPROVE).body.replace("U1", "U2") }), 401],
    ["not signed", (slack) => ({ body: slack.scene.press(ANN_ID, APPROVE).body, headers: { "content-type": FORM } }), 401],
    ["without its instant", (slack) => withHeader(slack, "x-slack-request-timestamp", undefined), 401],
    ["of another instant", (slack) => withHeader(slack, "x-slack-request-timestamp", "1733620201"), 401],
    ["signed twice", (slack) => withHeader(slack, "x-slack-signature", `v0=${"0".repeat(64)}, v0=${"1".repeat(64)}`), 401],
    ["too large", () => ({ body: new Uint8Array(300 * 1024) }), 413],
    ["JSON", (slack) => withHeader(slack, "content-type", "application/json"), 415],
    ["signed, and of nothing", (slack) => resigned(slack, "interactivity", { payload: "{" }), 400],
    ["signed, and twice the same field", (slack) => signedBody(slack, "payload=%7B%7D&payload=%7B%7D"), 400],
    ["signed, and with a prototype", (slack) => resigned(slack, "interactivity", { payload: '{"__proto__":{"type":"block_actions"},"type":"block_actions"}' }), 400],
    ["signed, and deep", (slack) => resigned(slack, "interactivity", { payload: "[".repeat(50_000) }), 400],
  ])("is refused with a fact when it is %s", async (_what, make, status) => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;
    const { body, headers } = make(slack);

    const answer = await hosted.call("POST", "slack/interactivity", body, headers);

    expect(answer).toMatchObject({ status, json: { status } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await slack.decisions()).toEqual([]);
    expect((await hosted.journal.readAll(ACCESS_RUN)).map(({ fact }) => fact)).toMatchObject([{ type: "access.refused", deed: "slackInteractivity", status }]);
  });

  it.each([
    [300_000, 200],
    [301_000, 401],
    [-300_000, 200],
    [-301_000, 401],
  ])("is one that comes %i ms after its instant: %i", async (ms, status) => {
    const slack = await slackWith({ "a.b": {} });
    await using hosted = slack.hosted;
    const sent = signedBody(slack, "ssl_check=1", hosted.host.clock.now() - ms);

    expect((await hosted.call("POST", "slack/command", sent.body, sent.headers)).status).toBe(status);
  });

  it("has one allowance for all strangers, which costs Slack nothing, and asks the vault once", async () => {
    let read = 0;
    const slack = await slackWith(APPROVED, {
      door: { settings: AccessSettings.parse({ requestsPerMinute: "3" }) },
      signingSecret: () => Promise.resolve(new Secret("slack-signing-secret", (read++, SIGNING_SECRET))),
    });
    await using hosted = slack.hosted;
    const statuses: number[] = [];

    for (let n = 0; n < 5; n++) statuses.push((await hosted.call("POST", "slack/command", "user_id=U1&text=abort", { "content-type": FORM })).status);
    const answer = await slack.command(BOB_ID, "open");

    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(answer).toBe("Nothing is open.");
    expect(read).toBe(1);
  });

  it("is, beyond what one person may ask in a minute, not done", async () => {
    const slack = await slackWith(APPROVED, { door: { settings: AccessSettings.parse({ requestsPerMinute: "2" }) } });
    await using _hosted = slack.hosted;
    const answers: string[] = [];

    for (let n = 0; n < 3; n++) answers.push(await slack.command(BOB_ID, "open"));

    expect(answers).toEqual(["Nothing is open.", "Nothing is open.", "Not done: more than 2 requests a minute"]);
  });

  it("finds nothing where Slack is no hand", async () => {
    await using hosted = await hostedApp();

    expect((await hosted.call("POST", "slack/command", "x=1")).status).toBe(404);
  });
});

function withHeader(slack: Slack, name: string, value: string | undefined): { body: string; headers: Record<string, string> } {
  const { body, headers } = slack.scene.press(ANN_ID, APPROVE);
  const { [name]: _left, ...others } = headers;
  return { body, headers: value === undefined ? others : { ...others, [name]: value } };
}

function resigned(slack: Slack, to: SlackSends["to"], form: Readonly<Record<string, string>>): SlackSends {
  return { ...signedBody(slack, new URLSearchParams(form).toString()), to };
}

function signedBody({ hosted }: Slack, body: string, at = hosted.host.clock.now()): SlackSends {
  const timestamp = String(Math.floor(at / 1_000));
  const signature = `v0=${createHmac("sha256", SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  return { to: "command", body, headers: { "content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": timestamp, "x-slack-signature": signature } };
}
