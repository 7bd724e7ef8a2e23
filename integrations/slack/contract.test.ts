import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside, recording } from "../../test/support/transport.ts";
import { slackNotify } from "./actions.ts";
import { connectSlack } from "./connector.ts";
import { checkSlackSignature, pressOf, slashOf } from "../../shared/access/slack-request.ts";
import { recorder } from "../../local/recorder.ts";
import { slackPeople, slackReplies } from "./people.ts";
import { buttonsFor, commanded, pressed, type ShownButton } from "./simulated-person.ts";
import { slackSimulator, type SlackWorld } from "./simulator.ts";

const RUN = "2024-12-08";
const MAINTENANCE = { name: "maintenance", aliases: [], id: "C01MAINT" };

function world(): SlackWorld {
  const empty = slackSimulator.newWorld();
  empty.channels.push({ id: "C01MAINT", name: "maintenance", members: ["U01BOT", "U02KIM"] });
  empty.channels.push({ id: "C02DAILY", name: "dailyops", members: ["U01BOT"] });
  empty.users.push({ id: "U02KIM", name: "kim", realName: "Kim Doe" });
  return empty;
}

function mount(given = world(), settings: { fallbackChannel?: string } = {}) {
  const outside = localOutside(slackSimulator, given);
  const chat = connectSlack({ botToken: "slack-bot-token", ...settings }, outside);
  return { world: given, outside, chat, people: slackPeople(chat) };
}

function callAt(now: number, overrides: Partial<Call> = {}): Call {
  return {
    run: RUN,
    step: "announce",
    target: "maintenance",
    key: `${RUN}/announce/maintenance/1`,
    attempt: 1,
    now,
    cutoff: Date.parse("2024-12-08T17:00:00Z"),
    answers: [],
    story: {
      windowTitle: "Maintenance window of 2024-12-08",
      reportUrl: "https://nightshift.example.com/runs/2024-12-08",
      change: async () => ({ title: "A change", keys: [], outcome: "done", lines: [] }),
      run: async () => ({ headline: "18 of 20 changes done, 1 failed, 1 carried over", lines: ["failed: IC-App2 needs a second reboot", "open: nothing"] }),
    },
    ...overrides,
  };
}

async function notify(
  mounted: ReturnType<typeof mount>,
  params: { channel?: typeof MAINTENANCE; moment: "start" | "note" | "finish"; text?: string },
  overrides: Partial<Call> = {},
) {
  const parsed = slackNotify.params.parse({ channel: MAINTENANCE, text: "The window begins.", ...params });
  return slackNotify.begin({ chat: mounted.chat }, parsed, callAt(mounted.outside.clock.now(), overrides));
}

for (const [moment, effects] of [
  ["start", ["posted channel #maintenance"]],
  ["note", ["posted channel #maintenance", "posted channel #maintenance"]],
  ["finish", ["posted channel #maintenance", "posted channel #maintenance", "updated channel #maintenance"]],
] as const) {
  describe(`as ${moment}`, () => {
    actionContract({
      action: slackNotify,
      integration: "slack",
      world,
      simulator: slackSimulator,
      connect: (outside) => ({ chat: connectSlack({ botToken: "slack-bot-token" }, outside) }),
      params: { channel: MAINTENANCE, text: "The window begins.", moment },
      effects,
      spoil: (spoiled) => void spoiled.messages.splice(0),
      driftBefore: (drifted) => void (drifted.channels[0]!.archived = true),
    });
  });
}

describe("slack: the window's thread", () => {
  it("holds the start, the notes and the closing message, and its first message ends as a summary", async () => {
    const mounted = mount();

    await notify(mounted, { moment: "start" });
    await notify(mounted, { moment: "note", text: "Hub is done." });
    await notify(mounted, { moment: "finish", text: "The window is over." });

    const [first, ...replies] = mounted.world.messages;
    expect(first!.threadTs).toBeUndefined();
    expect(replies.map(({ threadTs }) => threadTs)).toEqual([first!.ts, first!.ts]);
    expect(replies.map(({ broadcast }) => broadcast)).toEqual([false, true]);
    expect(replies[1]!.text).toBe(
      [
        "*18 of 20 changes done, 1 failed, 1 carried over*",
        "The window is over.",
        "failed: IC-App2 needs a second reboot",
        "open: nothing",
        "<https://nightshift.example.com/runs/2024-12-08|Report>",
      ].join("\n"),
    );
    expect(first!.text).toBe(
      [
        "*Maintenance window of 2024-12-08*",
        "18 of 20 changes done, 1 failed, 1 carried over",
        "failed: IC-App2 needs a second reboot",
        "open: nothing",
        "<https://nightshift.example.com/runs/2024-12-08|Report>",
      ].join("\n"),
    );
  });

  it("says at the start until when steps begin and where to look", async () => {
    const mounted = mount();

    await notify(mounted, { moment: "start", text: "Maintenance begins." });

    expect(mounted.world.messages[0]!.text).toBe(
      [
        "*Maintenance window of 2024-12-08*",
        "Maintenance begins.",
        "No step begins after <!date^1733677200^{date_short_pretty} {time}|2024-12-08 17:00 UTC>. What happens is told in this thread.",
        "<https://nightshift.example.com/runs/2024-12-08|Report>",
      ].join("\n"),
    );
  });

  it("announces start and finish once per channel, whichever step and whichever try says it", async () => {
    const mounted = mount();

    for (const step of ["announce", "announce-again"]) {
      for (const attempt of [1, 2]) {
        for (const moment of ["start", "finish"] as const) await notify(mounted, { moment }, { step, key: `${RUN}/${step}/maintenance/${attempt}` });
      }
    }

    expect(mounted.world.effects.map(({ did, with: what }) => [did, what?.key])).toEqual([
      ["posted", `${RUN}/thread`],
      ["posted", `${RUN}/finish`],
      ["updated", `${RUN}/thread`],
    ]);
  });

  it("announces the start in the channel too when the thread was opened before it", async () => {
    const mounted = mount();
    await mounted.people.tell(RUN, { key: "early", channels: ["C01MAINT"], mention: [], text: "Prework is late.", lines: [] });

    await notify(mounted, { moment: "start" });
    await notify(mounted, { moment: "start" });

    const [, , start, ...rest] = mounted.world.messages;
    expect(start).toMatchObject({ broadcast: true, metadata: { event_payload: { key: `${RUN}/start` } } });
    expect(rest).toEqual([]);
  });

  it("is opened once by many who speak at the same moment", async () => {
    const mounted = mount();

    await Promise.all([1, 2, 3, 4].map((one) => mounted.people.tell(RUN, { key: `key-${one}`, channels: ["C01MAINT"], mention: [], text: `Notice ${one}`, lines: [] })));

    expect(mounted.world.messages.filter(({ threadTs }) => threadTs === undefined)).toHaveLength(1);
    expect(mounted.world.messages).toHaveLength(5);
  });

  it("is found behind many pages of other people's messages", async () => {
    const mounted = mount();
    await notify(mounted, { moment: "start" });
    const ts = (n: number) => `1733620000.${String(n).padStart(6, "0")}`;
    for (let n = 0; n < 950; n++) mounted.world.messages.push({ channel: "C01MAINT", ts: ts(n), user: "U02KIM", text: `message ${n}` });

    await notify(mounted, { moment: "start" });

    expect(mounted.world.effects).toHaveLength(1);
  });

  it("does not take another app's message for its own, whatever metadata it carries", async () => {
    const mounted = mount();
    mounted.world.messages.push({
      channel: "C01MAINT",
      ts: "1733619600.000000",
      user: "U66OTHER",
      botId: "B66OTHER",
      text: "not ours",
      metadata: { event_type: "nightshift", event_payload: { key: `${RUN}/thread`, run: RUN, announces: "start" } },
    });

    await notify(mounted, { moment: "start" });

    expect(mounted.world.effects.map(({ did }) => did)).toEqual(["posted"]);
  });

  it("refuses to guess when there is more to read than may be read", async () => {
    const mounted = mount();
    for (let n = 0; n < 10_001; n++) mounted.world.messages.push({ channel: "C01MAINT", ts: `1733619600.${String(n).padStart(6, "0")}`, user: "U02KIM", text: "" });

    const attempt = notify(mounted, { moment: "start" });

    await expect(attempt).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("it is unknown whether 2024-12-08/thread was posted") });
    expect(mounted.world.effects).toEqual([]);
    // Fifty pages of two hundred messages take their time on a busy machine.
  }, 120_000);
});

describe("slack: preview", () => {
  it("names the channel, membership and text", async () => {
    const { chat } = mount();

    const lines = await slackNotify.preview({ chat }, { channel: MAINTENANCE, text: "Hello", moment: "finish" }, callAt(0));

    expect(lines).toEqual(["post in #maintenance (C01MAINT), of which nightshift is a member, in the window's thread and the channel, with the run's results: \"Hello\""]);
  });

  it("says whom to ask when the bot is not in the channel", async () => {
    const given = world();
    given.channels[0]!.members.splice(0);
    const { chat } = mount(given);

    const preview = slackNotify.preview({ chat }, { channel: MAINTENANCE, text: "Hello", moment: "note" }, callAt(0));

    await expect(preview).rejects.toMatchObject({ kind: "denied", message: "nightshift is not a member of #maintenance; invite it there (/invite)" });
  });

  it.each(["[]", "{}", '{"ok":null}', '{"ok":false}', '{"ok":false,"error":null}', '{"ok":false,"error":{}}'])("takes no JSON of another kind for a refusal: %s", async (body) => {
    const outside = { ...localOutside(slackSimulator, world()), fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "application/json" } })) };

    const preview = slackNotify.preview({ chat: connectSlack({ botToken: "slack-bot-token" }, outside) }, { channel: MAINTENANCE, text: "Hello", moment: "note" }, callAt(0));

    await expect(preview).rejects.toMatchObject({ kind: "unavailable", vendor: "slack", message: expect.stringMatching(/^Slack: \S+.*: the answer is not Slack's$/) as string });
  });

  it("says that a channel does not exist, and how that may be", async () => {
    const { chat } = mount();

    const preview = slackNotify.preview({ chat }, { channel: { ...MAINTENANCE, id: "C0NOWHERE" }, text: "Hello", moment: "note" }, callAt(0));

    await expect(preview).rejects.toMatchObject({
      kind: "absent",
      message: "Slack: conversations.info in C0NOWHERE: channel_not_found: no such channel id, or a private channel that the bot was not invited to",
    });
  });
});

describe("slack: people", () => {
  it("leads whoever is told to where the run is looked at", async () => {
    const { world: slack, chat } = mount();
    const people = slackPeople(chat, (run) => `https://nightshift.example.com/api/v1/board/${run}`);

    await people.tell(RUN, { key: "held", channels: ["C01MAINT"], mention: [], text: "IC-App3 waits for a decision.", lines: ["Answer: nightshift decide retry"] });

    expect(slack.messages.at(-1)?.text).toBe(
      "IC-App3 waits for a decision.\nAnswer: nightshift decide retry\n<https://nightshift.example.com/api/v1/board/2024-12-08|How it stands>",
    );
  });

  it("mentions whom it asks, says what and by when, and posts once per key and channel", async () => {
    const { people, world: slack } = mount();
    const notice = {
      key: "ask/1",
      channels: ["C01MAINT", "C02DAILY", "C01MAINT"],
      mention: ["U02KIM"],
      text: "Kim: check the driver by 2024-12-08T10:30:00.000Z.",
      lines: ["Done: nightshift done"],
    };

    await people.tell(RUN, notice);
    await people.tell(RUN, notice);

    const told = slack.messages.filter(({ threadTs }) => threadTs !== undefined);
    expect(told.map(({ channel, text }) => [channel, text])).toEqual([
      ["C01MAINT", "<@U02KIM>\nKim: check the driver by <!date^1733653800^{date_short_pretty} {time}|2024-12-08 10:30 UTC>.\nDone: nightshift done"],
      ["C02DAILY", "<@U02KIM>\nKim: check the driver by <!date^1733653800^{date_short_pretty} {time}|2024-12-08 10:30 UTC>.\nDone: nightshift done"],
    ]);
  });

  it("speaks in the fallback channel when none is named, and refuses when there is none", async () => {
    const notice = { key: "ask/1", channels: [], mention: [], text: "Anyone?", lines: [] };
    const { people, world: slack } = mount(world(), { fallbackChannel: "C02DAILY" });

    await people.tell(RUN, notice);
    const nowhere = mount().people.tell(RUN, notice);

    expect(slack.messages.map(({ channel }) => channel)).toEqual(["C02DAILY", "C02DAILY"]);
    await expect(nowhere).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("NIGHTSHIFT_SLACK_FALLBACK_CHANNEL") });
  });

  it("refuses to mention what is no user id", async () => {
    const { people } = mount();

    const told = people.tell(RUN, { key: "k", channels: ["C01MAINT"], mention: ["!channel"], text: "x", lines: [] });

    await expect(told).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("slack: simulated people", () => {
  const BUTTON = { decision: "approve", label: "Approve", confirm: "Let it?", style: "primary", run: RUN, about: "approval#1", step: "hub.run", preview: "a".repeat(64) } as const;
  const SIGNING = { secret: "a signing secret", now: Date.parse("2024-12-08T01:00:00.000Z") };

  async function asked() {
    const mounted = mount();
    await mounted.people.tell(RUN, { key: "ask/1", channels: ["C01MAINT"], mention: ["U02KIM"], text: "Hub needs an approval.", lines: [], actions: [BUTTON] });
    return mounted;
  }

  it("press the buttons that they can see, and Slack sends what its own description says", async () => {
    const { world: slack } = await asked();
    const [button] = buttonsFor(slack, "U02KIM");

    const press = pressed(slack, "U02KIM", button!, SIGNING);
    const command = commanded(slack, "U02KIM", { channel: "C01MAINT", text: "status" }, SIGNING);

    expect(() => checkSlackSignature(new Headers(press.headers), new TextEncoder().encode(press.body), SIGNING.secret, SIGNING.now)).not.toThrow();
    expect(pressOf(new URLSearchParams(press.body))).toMatchObject({ user: "U02KIM", pressed: { decision: "approve", step: "hub.run" }, message: { channel: "C01MAINT" } });
    expect(slashOf(new URLSearchParams(command.body))).toMatchObject({
      user: "U02KIM",
      command: { does: "status" },
      answerTo: expect.stringContaining("https://hooks.slack.com/commands/"),
    });
    // Recorded as what Slack sent, to be checked beside the rest.
    const heard = recorder({ clock: { now: () => SIGNING.now }, systemOf: () => "slack-incoming", secretsKnown: () => [], write: (line) => void recording.push(line) });
    const app = heard.around(() => Promise.resolve(new Response(null)));
    for (const { to, headers, body } of [press, command]) await app(`https://app.example/api/v1/slack/${to}`, { method: "POST", headers, body });
  });

  it("see no buttons of channels that they are not in, nor of messages that were settled", async () => {
    const { world: slack, chat } = await asked();
    const [{ message }] = buttonsFor(slack, "U02KIM") as [ShownButton];

    const strangers = buttonsFor(slack, "U09ELSE");
    await slackReplies(chat).settle({ channel: message.channel, ts: message.ts, thread: message.threadTs ?? "" }, message.text, "Approved by Kim.");

    expect(strangers).toEqual([]);
    expect(buttonsFor(slack, "U02KIM")).toEqual([]);
    expect(message.text).toContain("Hub needs an approval.\nApproved by Kim.");
  });

  it("are answered late for half an hour, five times, and nobody else is", async () => {
    const { world: slack, chat, outside } = await asked();
    const to = slashOf(new URLSearchParams(commanded(slack, "U02KIM", { channel: "C01MAINT", text: "status" }, { ...SIGNING, now: outside.clock.now() }).body)).answerTo ?? "";
    const late = (): Promise<void> => slackReplies(chat).answer(to, "<!channel> all is well");

    for (let n = 0; n < 5; n++) await late();

    expect(slack.effects.filter(({ did }) => did === "whispered").map(({ with: about }) => about)).toEqual(
      Array.from({ length: 5 }, () => ({ user: "U02KIM", text: "&lt;!channel&gt; all is well" })),
    );
    await expect(late()).rejects.toMatchObject({ kind: "rejected" });
    await expect(slackReplies(chat).answer("https://example.com/x", "hello")).rejects.toMatchObject({ kind: "invalid" });
    outside.advance(31 * 60_000);
    await expect(late()).rejects.toMatchObject({ kind: "rejected" });
  });

  it.each([
    ["a label", { text: { type: "plain_text", text: "x".repeat(76) } }],
    ["a value", { value: "x".repeat(2_001) }],
    ["no action", { action_id: "" }],
  ])("get no message with more than Slack takes in a button: %s", async (_what, spoilt) => {
    const button = { type: "button", action_id: "approve", text: { type: "plain_text", text: "Approve" }, ...spoilt };
    const body = new URLSearchParams({ channel: "C01MAINT", text: "x", blocks: JSON.stringify([{ type: "actions", block_id: "b", elements: [button] }]) });
    const post = new Request("https://slack.com/api/chat.postMessage", { method: "POST", headers: { authorization: "Bearer x" }, body });

    const answer = await slackSimulator.handler(world())(post, SIGNING.now);

    expect(await answer.json()).toEqual({ ok: false, error: "invalid_blocks" });
  });
});

apiContract("slack");
