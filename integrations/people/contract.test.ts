import { describe, expect, it } from "vitest";
import type { Answer, Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { connectSlack } from "../slack/connector.ts";
import { slackPeople } from "../slack/people.ts";
import { slackSimulator, type SlackWorld } from "../slack/simulator.ts";
import { personDo } from "./actions.ts";

const RUN = "2024-12-08";
const MINUTE = 60_000;
const TEAM = { name: "Integrations", aliases: [], channel: "C03INTEG", members: ["Kim"] };
const KIM = { name: "Kim", aliases: [], title: "Kim Doe", slackId: "U02KIM", email: "kim@example.com" };
const WHAT = "Deploy the build that needs the 64-bit driver.";
const DONE: Answer = { decision: "done", by: "kim@example.com", at: "2024-12-08T01:20:00.000Z", note: "build 4711" };

function world(): SlackWorld {
  const empty = slackSimulator.newWorld();
  empty.channels.push({ id: "C03INTEG", name: "integrations", members: ["U01BOT"] });
  empty.channels.push({ id: "C02DAILY", name: "dailyops", members: ["U01BOT"] });
  return empty;
}

const connect = (outside: Parameters<typeof connectSlack>[1]) => ({ people: slackPeople(connectSlack({ botToken: "slack-bot-token", fallbackChannel: "C02DAILY" }, outside)) });

actionContract({
  action: personDo,
  integration: "people",
  world,
  simulator: slackSimulator,
  connect,
  params: { who: TEAM, what: WHAT, evidence: "build number" },
  effects: ["posted channel #integrations", "posted channel #integrations"],
  call: ({ now }) => ({ answers: now >= Date.parse(DONE.at) ? [DONE] : [] }),
});

function night(params: Partial<Record<string, unknown>> = {}) {
  const slack = world();
  const outside = localOutside(slackSimulator, slack);
  const ports = connect(outside);
  const parsed = personDo.params.parse({ who: TEAM, what: WHAT, ...params });
  const startedAt = outside.clock.now();
  const call = (answers: readonly Answer[] = [], overrides: Partial<Call> = {}): Call => ({
    run: RUN,
    step: "drivers.integrations",
    target: "drivers.integrations",
    key: `${RUN}/drivers.integrations/drivers.integrations/1`,
    attempt: 1,
    now: outside.clock.now(),
    cutoff: startedAt + 8 * 60 * MINUTE,
    answers,
    story: { windowTitle: "", reportUrl: "", change: () => Promise.reject(new Error("not asked")), run: () => Promise.reject(new Error("not asked")) },
    ...overrides,
  });
  const posted = () => slack.messages.filter(({ threadTs }) => threadTs !== undefined).map(({ text }) => text);
  return {
    slack,
    outside,
    posted,
    call,
    begin: (given: Call = call()) => personDo.begin(ports, parsed, given),
    poll: (receipt: Parameters<NonNullable<typeof personDo.poll>>[1], given: Call) => personDo.poll!(ports, receipt, given),
    ports,
    parsed,
  };
}

describe("person.do", () => {
  it("asks with what, until when, and the command that answers", async () => {
    const { begin, posted } = night({ expires: "2h" });

    await begin();

    expect(posted()).toEqual([
      [
        "Needed from Integrations: Deploy the build that needs the 64-bit driver.",
        "Until <!date^1733626800^{date_short_pretty} {time}|2024-12-08 03:00 UTC>; after that the step fails.",
        'When it is done: nightshift decide done --step drivers.integrations --note "what you did"',
        'If it cannot be done: nightshift decide skip --step drivers.integrations --note "why"',
      ].join("\n"),
    ]);
  });

  it("mentions a person, asks for evidence, and speaks in the fallback channel", async () => {
    const { begin, posted, slack, call } = night({ who: KIM, evidence: "build number" });

    await begin(call([], { target: "IC-App1" }));

    expect(slack.messages.map(({ channel }) => channel)).toEqual(["C02DAILY", "C02DAILY"]);
    expect(posted()).toEqual([
      [
        "<@U02KIM>",
        "Needed from Kim Doe: Deploy the build that needs the 64-bit driver.",
        "Until <!date^1733648400^{date_short_pretty} {time}|2024-12-08 09:00 UTC>; after that the step fails.",
        "Say with it: build number",
        'When it is done: nightshift decide done --step drivers.integrations --target IC-App1 --note "what was asked for"',
        'If it cannot be done: nightshift decide skip --step drivers.integrations --target IC-App1 --note "why"',
      ].join("\n"),
    ]);
  });

  it("reminds once per interval, also after a crash, and makes up for missed intervals by one", async () => {
    const { begin, poll, call, outside, posted } = night();
    const asked = await begin();

    outside.advance(31 * MINUTE);
    const first = await poll(asked, call());
    outside.advance(2 * MINUTE);
    await poll(asked, call());
    outside.advance(88 * MINUTE);
    const second = await poll(first.receipt!, call());
    await poll(second.receipt!, call());

    expect([first.receipt?.reminders, second.receipt?.reminders]).toEqual([1, 4]);
    expect(posted()).toHaveLength(3);
    expect(posted()[1]).toBe(
      [
        "Still needed from Integrations: Deploy the build that needs the 64-bit driver.",
        "Asked at <!date^1733619600^{date_short_pretty} {time}|2024-12-08 01:00 UTC>. Until <!date^1733648400^{date_short_pretty} {time}|2024-12-08 09:00 UTC>; after that the step fails.",
        'When it is done: nightshift decide done --step drivers.integrations --note "what you did"',
        'If it cannot be done: nightshift decide skip --step drivers.integrations --note "why"',
      ].join("\n"),
    );
  });

  it("is done when someone says so, with who, when and their words as evidence", async () => {
    const { begin, poll, call, ports } = night({ evidence: "build number" });
    const asked = await begin();

    const waiting = await poll(asked, call());
    const progress = await poll(asked, call([{ decision: "approve", by: "lee", at: DONE.at }, DONE]));
    const evidence = await personDo.verify(ports, asked, call([DONE]));
    const wordless = await personDo.verify(ports, asked, call([{ decision: "done", by: "kim@example.com", at: DONE.at }]));

    expect(waiting).toEqual({ state: "running", note: "waits for Integrations since 2024-12-08T01:00:00.000Z, until 2024-12-08T09:00:00.000Z" });
    expect(progress).toEqual({ state: "done", note: "kim@example.com said done at 2024-12-08T01:20:00.000Z: «build 4711»" });
    expect(evidence).toEqual(["kim@example.com said done at 2024-12-08T01:20:00.000Z: «build 4711»"]);
    expect(wordless).toEqual(["kim@example.com said done at 2024-12-08T01:20:00.000Z", "no evidence was given; asked for: build number"]);
  });

  it("does not ask for what was done before", async () => {
    const { begin, poll, call, posted } = night();

    const asked = await begin(call([DONE]));

    expect(posted()).toEqual([]);
    expect(await poll(asked, call([DONE]))).toMatchObject({ state: "done" });
  });

  it("does not take an answer from before another try was asked for", async () => {
    const { begin, poll, call, ports } = night();
    const answers: Answer[] = [DONE, { decision: "retry", by: "lee", at: "2024-12-08T01:30:00.000Z" }];
    const asked = await begin(call(answers));

    expect(await poll(asked, call(answers))).toMatchObject({ state: "running" });
    await expect(personDo.verify(ports, asked, call(answers))).rejects.toMatchObject({ kind: "rejected" });
  });

  it("is overdue when nobody answers in time, and says who, what and since when", async () => {
    const { begin, poll, call, outside } = night({ expires: "45m" });
    const asked = await begin();
    outside.advance(31 * MINUTE);
    const { receipt } = await poll(asked, call());
    outside.advance(14 * MINUTE);

    const late = poll(receipt!, call());

    await expect(late).rejects.toMatchObject({
      kind: "overdue",
      message:
        'Integrations did not answer by 2024-12-08T01:45:00.000Z: "Deploy the build that needs the 64-bit driver." is not known to be done; asked at 2024-12-08T01:00:00.000Z, reminded once',
    });
  });

  it("never waits beyond the cutoff, and an hour when asked after it", async () => {
    const { begin, call } = night({ expires: "17h" });
    const open = night();

    const before = await begin();
    const after = await open.begin(open.call([], { cutoff: call().now - 1 }));

    expect([before.until, after.until]).toEqual(["2024-12-08T09:00:00.000Z", "2024-12-08T02:00:00.000Z"]);
  });

  it("tells people when it is no longer waited for", async () => {
    const { begin, call, ports, posted } = night();
    const asked = await begin();

    await personDo.cancel?.(ports, asked, call());

    expect(posted()[1]).toBe("No longer waited for from Integrations: Deploy the build that needs the 64-bit driver.");
  });

  it("previews whom it asks where, how often and how long", async () => {
    const { ports, parsed, call } = night({ expires: "1h30m" });
    const toKim = night({ who: KIM, channel: { name: "maintenance", aliases: [], id: "C01MAINT" } });

    expect(await personDo.preview(ports, parsed, call())).toEqual([
      'ask Integrations in Slack channel C03INTEG: "Deploy the build that needs the 64-bit driver."',
      "remind every 30m; wait 1h30m, at most until the cutoff",
    ]);
    expect((await personDo.preview(toKim.ports, toKim.parsed, call()))[0]).toBe('ask Kim Doe in Slack channel maintenance: "Deploy the build that needs the 64-bit driver."');
  });

  it.each(["0m", "30s", "soon", ""])("refuses to remind every %j", (remindEvery) => {
    expect(personDo.params.safeParse({ who: TEAM, what: WHAT, remindEvery }).success).toBe(false);
  });
});

apiContract("people");
