import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import { AccessSettings } from "../shared/access/settings.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { Secret } from "../shared/ports/secrets.ts";
import type { Decision } from "../shared/run/facts.ts";
import { windowInstance } from "../shared/run/instances.ts";
import { always } from "../test/support/fake-vendor.ts";
import { hostedApp, type Answered, type HostedApp } from "../test/support/hosted-app.ts";
import { planWith, type StepDraft } from "../test/support/plan-with.ts";

const RUN = "2024-12-08";
const SECRET = "a signing secret";
/** As the inventory of tests has them: Ann is U1, Bob U2. */
const ANN = { name: "Ann", slackId: "U1", email: "ann@example.com" };

interface Slack {
  readonly hosted: HostedApp;
  readonly settled: string[];
  readonly whispered: string[];
  send(path: string, form: Record<string, string>, spoil?: { readonly at?: number; readonly secret?: string }): Promise<Answered>;
  press(user: string, value: object): Promise<Answered>;
  slash(user: string, text: string, trigger?: string): Promise<Answered>;
  decisions(): Promise<readonly Decision[]>;
}

async function slackWith(steps: Readonly<Record<string, StepDraft>>, works = {}): Promise<Slack> {
  const settled: string[] = [];
  const whispered: string[] = [];
  const hosted = await hostedApp({
    works,
    app: {
      slack: {
        signingSecret: () => Promise.resolve(new Secret("slack-signing-secret", SECRET)),
        access: AccessSettings.parse({ approvers: "ann@example.com", viewers: "U2" }),
        trusting: false,
        replies: {
          settle: async ({ ts }, text, decided) => void settled.push(`${ts}: ${text} | ${decided}`),
          whisper: async (_channel, user, text) => void whispered.push(`${user}: ${text}`),
        },
      },
    },
  });
  await hosted.store(planWith(steps));
  await hosted.call("POST", "runs", { window: RUN });
  await hosted.host.advanceTo("2024-12-08T01:10:00.000Z");
  const send: Slack["send"] = (path, form, { at = hosted.host.clock.now(), secret = SECRET } = {}) => {
    const body = new URLSearchParams(form).toString();
    const timestamp = String(Math.floor(at / 1_000));
    const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
    return hosted.call("POST", `slack/${path}`, body, {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-signature": signature,
      "x-slack-request-timestamp": timestamp,
    });
  };
  return {
    hosted,
    settled,
    whispered,
    send,
    press: (user, value) =>
      send("interactivity", {
        payload: JSON.stringify({
          type: "block_actions",
          user: { id: user, username: "x" },
          channel: { id: "C1", name: "ops" },
          message: { type: "message", ts: "7.1", text: "A question" },
          actions: [{ action_id: "x", value: JSON.stringify(value) }],
        }),
      }),
    slash: (user, text, trigger = "1.1") => send("command", { command: "/nightshift", user_id: user, trigger_id: trigger, text }),
    decisions: async () => (await hosted.facts(RUN)).filter((fact) => fact.type === "decision.made"),
  };
}

const APPROVED: Readonly<Record<string, StepDraft>> = { "a.b": { approval: { by: [ANN] } } };

/** The button of a message that people were sent. */
function buttonOf({ hosted }: Slack, decision: string): object {
  const action = hosted.told.flatMap(({ actions = [] }) => actions).findLast((offered) => offered.decision === decision);
  if (action === undefined) throw new Error(`nobody was offered ${decision}: ${JSON.stringify(hosted.told)}`);
  const { label: _label, confirm: _confirm, style: _style, ...value } = action;
  return value;
}

describe("a button", () => {
  it("approves what its message showed; the message says by whom, and a second press is the same decision", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;
    const approve = buttonOf(slack, "approve");

    const answers = [await slack.press("U1", approve), await slack.press("U1", approve)];
    const decided = await slack.decisions();
    await hosted.host.waitFor(windowInstance(RUN));

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(decided).toMatchObject([{ decision: "approve", step: "a.b", by: "Ann", preview: (approve as { preview: string }).preview }]);
    expect(new Set(slack.settled)).toEqual(new Set([`7.1: A question | Approved by Ann at ${isoOf(Date.parse("2024-12-08T01:10:00.000Z"))}.`]));
    expect(hosted.vendor.effects).toEqual(["begun 2024-12-08/a.b/a.b/1"]);
  });

  it("does not approve what it did not show", async () => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;

    await slack.press("U1", { ...buttonOf(slack, "approve"), preview: "0".repeat(64) });

    expect(await slack.decisions()).toEqual([]);
    expect(slack.whispered).toEqual([expect.stringContaining("U1: Not done: the world has moved")]);
    expect(slack.settled).toEqual([]);
  });

  it("does nothing for who may not, tells them alone, and is a fact", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;

    const answers = [await slack.press("U2", buttonOf(slack, "approve")), await slack.press("U999", buttonOf(slack, "abort"))];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await slack.decisions()).toEqual([]);
    expect(slack.whispered).toEqual(["U2: Not done: Bob is viewer here; this needs approver", "U999: Not done: the Slack user U999 is nobody of the inventory"]);
    expect((await hosted.journal.readAll(ACCESS_RUN)).map(({ fact }) => fact)).toMatchObject([
      { type: "access.refused", by: "Slack user U2", status: 403, why: "Bob is viewer here; this needs approver" },
      { type: "access.refused", by: "Slack user U999", status: 403 },
    ]);
  });

  it("skips what is held", async () => {
    const slack = await slackWith({ "a.b": { onFailure: "ask" } }, { "a.b": { beforeBegin: always("rejected", "no") } });
    await using hosted = slack.hosted;

    await slack.press("U1", buttonOf(slack, "skip"));
    await hosted.host.waitFor(windowInstance(RUN));

    expect((await slack.decisions()).map(({ decision }) => decision)).toEqual(["skip"]);
    expect((await hosted.call("GET", `runs/${RUN}`)).json.steps[0]).toMatchObject({ as: "dropped" });
  });

  it("aborts the window", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;

    await slack.press("U1", buttonOf(slack, "abort"));
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "aborted" });
    expect(slack.settled).toEqual([expect.stringContaining("Aborted (close) by Ann")]);
  });
});

describe("the slash command", () => {
  it("says how the run stands and what is open, to who may look", async () => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;

    const status = await slack.slash("U2", "status");
    const open = await slack.slash("U2", "open");
    const help = await slack.slash("U2", "reboot everything");

    expect(status.json).toEqual({ response_type: "ephemeral", text: expect.stringContaining("Maintenance of 2024-12-08: under way") });
    expect(status.json.text).toContain("Asked of Ann: a.b (approval)");
    expect(open.json.text).toBe("Nothing is open.");
    expect(help.json.text).toContain("Say one of: status");
  });

  it("aborts in a mode, once for each time that it was said, and only for who may", async () => {
    const slack = await slackWith(APPROVED);
    await using _hosted = slack.hosted;

    const refused = await slack.slash("U2", "abort");
    const answers = [await slack.slash("U1", "abort freeze", "5.5"), await slack.slash("U1", "abort freeze", "5.5"), await slack.slash("U1", "abort finish", "5.6")];

    expect(refused.json.text).toBe("Not done: Bob is viewer here; this needs operator");
    expect(answers[0]?.json.text).toContain("2024-12-08: Aborted (freeze) by Ann");
    expect((await slack.decisions()).map(({ mode }) => mode)).toEqual(["freeze", "finish"]);
  });

  it("answers Slack's look at the certificate", async () => {
    const slack = await slackWith({ "a.b": {} });
    await using _hosted = slack.hosted;

    expect((await slack.send("command", { ssl_check: "1", token: "x" })).status).toBe(200);
  });
});

describe("a request that is not Slack's", () => {
  it("is refused with a fact, whatever it says: wrong secret, stale, from the future, too large, not signed", async () => {
    const slack = await slackWith(APPROVED);
    await using hosted = slack.hosted;
    const now = hosted.host.clock.now();
    const form = { command: "/nightshift", user_id: "U1", trigger_id: "1", text: "abort" };

    const answers = [
      await slack.send("command", form, { secret: "another" }),
      await slack.send("command", form, { at: now - 301_000 }),
      await slack.send("command", form, { at: now + 301_000 }),
      await hosted.call("POST", "slack/command", "user_id=U1&text=abort"),
      await hosted.call("POST", "slack/interactivity", new Uint8Array(300 * 1024)),
      await slack.send("interactivity", { payload: "{" }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 413, 400]);
    expect(await slack.decisions()).toEqual([]);
    expect((await hosted.journal.readAll(ACCESS_RUN)).length).toBeGreaterThan(2);
  });

  it("finds nothing where Slack is no hand", async () => {
    await using hosted = await hostedApp();

    expect((await hosted.call("POST", "slack/command", "x=1")).status).toBe(404);
  });
});
