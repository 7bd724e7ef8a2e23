import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkSlackSignature, formOf, pressOf, slashOf } from "./slack-request.ts";

const SECRET = "nightshift-test-signing-secret";
const AT = 1_733_630_700;
const SLASH =
  "token=x&team_id=T012&team_domain=acme&channel_id=C012AB3CD&channel_name=maintenance&user_id=U012&user_name=kim&command=%2Fnightshift&text=status+w1&api_app_id=A012&is_enterprise_install=false&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT012%2F1%2Fabc&trigger_id=1.2.abc";

/** Known requests, made apart from this code. */
const VECTORS = [
  { body: SLASH, signature: "v0=72a4518dcfbdb46585c84d152de0cd12d651d51b61d2c467edce543c0be9a096" },
  { body: "payload=%7B%7D", signature: "v0=4f7c32ddfc28b16d5d630f10b1b6ffeee9c0ab6ff224fe565095139026126e57" },
];

/** The example that Slack's documentation gives, «Verifying requests from Slack». */
const DOCUMENTED = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: "1531420618",
  body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
};

function check(body: string | Uint8Array, signature: string | undefined, { timestamp = String(AT), now = AT * 1_000, secret = SECRET } = {}): void {
  const headers = new Headers({ "x-slack-request-timestamp": timestamp, ...(signature === undefined ? {} : { "x-slack-signature": signature }) });
  checkSlackSignature(headers, typeof body === "string" ? new TextEncoder().encode(body) : body, secret, now);
}

describe("a request's signature", () => {
  it.each(VECTORS)("is accepted as known requests have it ($signature)", ({ body, signature }) => {
    expect(() => check(body, signature)).not.toThrow();
  });

  it("is accepted as Slack's documentation has it, and then only", () => {
    const { secret, timestamp, body, signature } = DOCUMENTED;
    const given = { secret, timestamp, now: Number(timestamp) * 1_000 };

    expect(() => check(body, signature, given)).not.toThrow();
    expect(() => check(body.replace("text=", "text=x"), signature, given)).toThrow("not signed by Slack");
    expect(() => check(body, signature, { ...given, timestamp: "1531420619" })).toThrow("not signed by Slack");
  });

  it("is refused when its headers are there twice, as a host joins them", () => {
    const [{ body, signature }] = VECTORS as [(typeof VECTORS)[number]];

    expect(() => check(body, `${signature}, ${signature}`)).toThrow("not signed by Slack");
    expect(() => check(body, signature, { timestamp: `${AT}, ${AT}` })).toThrow("not signed by Slack");
  });

  it("is refused when a byte of the body, the signature or the secret is another, or when it is missing", () => {
    for (const { body, signature } of VECTORS) {
      const wrong = [
        () => check(`${body} `, signature),
        () =>
          check(
            body,
            signature.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
          ),
        () => check(body, signature.slice(0, -1)),
        () => check(body, signature.toUpperCase()),
        () => check(body, signature.replace("v0=", "v1=")),
        () => check(body, undefined),
        () => check(body, signature, { secret: `${SECRET}!` }),
      ];
      for (const attempt of wrong) expect(attempt).toThrow(expect.objectContaining({ status: 401, kind: "denied" }));
    }
  });

  it.each([
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
    [3_600, false],
  ])("%i seconds off is fresh: %s", (seconds, isFresh) => {
    const attempt = () => check(SLASH, VECTORS[0]?.signature, { now: (AT + seconds) * 1_000 });

    if (isFresh) expect(attempt).not.toThrow();
    else expect(attempt).toThrow("not signed by Slack, or not now");
  });

  it.each(["", "173363070", "17336307000", "1733630700.0", " 1733630700", "-733630700", "1733630７00"])(
    "with the timestamp «%s» is refused, however well it is signed",
    (timestamp) => {
      const signature = `v0=${createHmac("sha256", SECRET).update(`v0:${timestamp}:payload=%7B%7D`).digest("hex")}`;

      expect(() =>
        checkSlackSignature({ get: (name) => (name.includes("timestamp") ? timestamp : signature) }, new TextEncoder().encode("payload=%7B%7D"), SECRET, AT * 1_000),
      ).toThrow("not signed by Slack");
    },
  );

  it("is of bytes, not of text: what is no UTF-8 is signed as it is", () => {
    const bytes = new Uint8Array([0x70, 0x3d, 0xff, 0xfe]);
    const signature = `v0=${createHmac("sha256", SECRET).update(`v0:${AT}:`).update(bytes).digest("hex")}`;

    expect(() => check(bytes, signature)).not.toThrow();
  });

  it("is refused where the secret is empty", () => {
    const signature = `v0=${createHmac("sha256", "").update(`v0:${AT}:${SLASH}`).digest("hex")}`;

    expect(() => check(SLASH, signature, { secret: "" })).toThrow("not signed by Slack");
  });
});

describe("what Slack sends", () => {
  const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields);

  it("is a button of ours, or refused, or nothing to us", () => {
    const value = { decision: "approve", run: "w1", about: "approval#1", step: "a.b", preview: "f".repeat(64) };
    const payload = {
      type: "block_actions",
      user: { id: "U1" },
      channel: { id: "C1", name: "ops" },
      message: { type: "message", ts: "1.2", thread_ts: "1.1", text: "hi" },
      actions: [{ action_id: "approve", value: JSON.stringify(value) }],
    };

    expect(pressOf(form({ payload: JSON.stringify(payload) }))).toEqual({ user: "U1", pressed: value, message: { channel: "C1", ts: "1.2", thread: "1.1", text: "hi" } });
    expect(pressOf(form({ payload: JSON.stringify({ type: "view_submission" }) }))).toBeUndefined();
    for (const bad of [
      "",
      "{}x",
      "null",
      JSON.stringify({ ...payload, actions: [] }),
      JSON.stringify({ ...payload, actions: [{ value: "{}" }] }),
      JSON.stringify({ ...payload, actions: [{ value: JSON.stringify({ ...value, decision: "resume" }) }] }),
    ]) {
      expect(() => pressOf(form({ payload: bad })), bad).toThrow(expect.objectContaining({ status: 400 }));
    }
  });

  it.each([
    ["status", { does: "status" }],
    ["status w1", { does: "status", run: "w1" }],
    [" open ", { does: "open" }],
    ["abort", { does: "abort", mode: "close" }],
    ["abort freeze", { does: "abort", mode: "freeze" }],
    ["abort finish w1", { does: "abort", mode: "finish", run: "w1" }],
    ["abort w1", { does: "abort", mode: "close", run: "w1" }],
    ["abort w1 finish", { does: "abort", mode: "finish", run: "w1" }],
    ["Abort FREEZE", { does: "abort", mode: "freeze" }],
    ["abort freeze finish", { does: "help", mistake: "an abort has one mode, not freeze and finish: nothing was done" }],
    ["abort w1 w2", { does: "help", mistake: "«w2» is one word too many: nothing was done" }],
    ["status w1 w2", { does: "help", mistake: "«w2» is one word too many: nothing was done" }],
    ["open freeze", { does: "help", mistake: "open has no mode «freeze»" }],
    ["open w1", { does: "open", run: "w1" }],
    ["", { does: "help" }],
    ["help", { does: "help" }],
    ["reboot", { does: "help", mistake: "there is no «reboot»" }],
  ])("«%s» is a command that is understood as a whole, or not at all", (text, command) => {
    expect(slashOf(form({ user_id: "U1", trigger_id: "9", text })).command).toEqual(command);
  });

  it.each([
    ["https://hooks.slack.com/commands/T1/2/x", true],
    ["https://hooks.slack.com.example.org/commands", false],
    ["http://hooks.slack.com/commands", false],
    ["http://169.254.169.254/metadata", false],
    ["", false],
  ])("is answered late at Slack only: %s", (url, isThere) => {
    expect(slashOf(form({ user_id: "U1", text: "open", response_url: url })).answerTo).toBe(isThere ? url : undefined);
  });

  it("is refused when a field is there twice", () => {
    expect(() => formOf(new TextEncoder().encode("user_id=U1&text=open&user_id=U2"))).toThrow(expect.objectContaining({ status: 400 }));
  });
});
