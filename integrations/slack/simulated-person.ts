import { createHmac } from "node:crypto";
import type { SlackMessage, SlackUser, SlackWorld } from "./simulator.ts";

/**
 * What Slack sends to the app when a person of the world presses a button or gives a command: the form, signed with the app's
 * signing secret, at an instant of the simulated clock. Nothing of it is sent here.
 */
export interface SlackSends {
  /** Which of the app's addresses it is for. */
  readonly to: "interactivity" | "command";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A button as it stands in a message, of `type: "button"`. */
export interface ShownButton {
  readonly message: SlackMessage;
  readonly blockId: string;
  readonly button: {
    readonly type: "button";
    readonly action_id: string;
    readonly text: { readonly type: "plain_text"; readonly text: string };
    readonly value?: string;
    readonly confirm?: { readonly [part in "title" | "text" | "confirm" | "deny"]: { readonly text: string } };
  };
}

interface Signing {
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Every button that the person can see now, the newest message's first. */
export function buttonsFor({ messages, channels }: SlackWorld, userId: string): readonly ShownButton[] {
  const theirs = new Set(channels.filter(({ members }) => members.includes(userId)).map(({ id }) => id));
  return messages
    .filter(({ channel }) => theirs.has(channel))
    .toReversed()
    .flatMap((message) =>
      ((message.blocks ?? []) as ActionsBlock[])
        .filter(({ type }) => type === "actions")
        .flatMap(({ block_id: blockId, elements }) => elements.map((button) => ({ message, blockId, button }))),
    );
}

/** The person presses it, and says yes to what it asks. */
export function pressed(world: SlackWorld, userId: string, { message, blockId, button }: ShownButton, signing: Signing): SlackSends {
  const { now } = signing;
  const user = userOf(world, userId);
  const channel = world.channels.find(({ id }) => id === message.channel);
  const { confirm } = button;
  const payload = {
    type: "block_actions",
    user: { id: user.id, username: user.name, name: user.name, team_id: world.team.id },
    api_app_id: world.bot.appId,
    token: "not-to-be-used",
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: false,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    },
    trigger_id: triggerOf(world, now),
    team: { id: world.team.id, domain: world.team.name },
    enterprise: undefined,
    is_enterprise_install: false,
    channel: { id: message.channel, name: channel?.name ?? "privategroup" },
    message: {
      type: "message",
      user: message.user,
      ts: message.ts,
      text: message.text,
      bot_id: message.botId,
      app_id: world.bot.appId,
      team: world.team.id,
      blocks: message.blocks,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    },
    state: { values: {} },
    response_url: addressFor(world, "actions", { channel: message.channel, user: user.id, at: now }),
    actions: [
      {
        type: "button",
        action_id: button.action_id,
        block_id: blockId,
        text: button.text,
        ...(button.value === undefined ? {} : { value: button.value }),
        ...(confirm === undefined ? {} : { confirm: { title: confirm.title.text, text: confirm.text.text, ok_text: confirm.confirm.text, dismiss_text: confirm.deny.text } }),
        action_ts: instantOf(now),
      },
    ],
  };
  return signed("interactivity", new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), signing);
}

/** The person gives the command in a channel. */
export function commanded(world: SlackWorld, userId: string, { channel: channelId, text }: { readonly channel: string; readonly text: string }, signing: Signing): SlackSends {
  const user = userOf(world, userId);
  const channel = world.channels.find(({ id }) => id === channelId);
  if (channel === undefined || !channel.members.includes(userId)) throw new Error(`${userId} is in no channel ${channelId}`);
  const form = {
    token: "not-to-be-used",
    team_id: world.team.id,
    team_domain: world.team.name,
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: user.id,
    user_name: user.name,
    command: "/nightshift",
    text,
    api_app_id: world.bot.appId,
    is_enterprise_install: "false",
    response_url: addressFor(world, "commands", { channel: channel.id, user: user.id, at: signing.now }),
    trigger_id: triggerOf(world, signing.now),
  };
  return signed("command", new URLSearchParams(form).toString(), signing);
}

interface ActionsBlock {
  readonly type: string;
  readonly block_id: string;
  readonly elements: readonly ShownButton["button"][];
}

function signed(to: SlackSends["to"], body: string, { secret, now }: Signing): SlackSends {
  const timestamp = String(Math.floor(now / 1_000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  return { to, body, headers: { "content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${signature}` } };
}

/** An address that takes late answers; who may be answered, and since when, stands in it, so that the world need not remember. */
function addressFor({ team }: SlackWorld, kind: "actions" | "commands", about: { channel: string; user: string; at: number }): string {
  return `https://hooks.slack.com/${kind}/${team.id}/${about.at}/${Buffer.from(JSON.stringify(about)).toString("base64url")}`;
}

function triggerOf({ team }: SlackWorld, now: number): string {
  return `${now}.${team.id}.simulated`;
}

function instantOf(now: number): string {
  return `${Math.floor(now / 1_000)}.${String((now % 1_000) * 1_000).padStart(6, "0")}`;
}

function userOf({ users }: SlackWorld, id: string): SlackUser {
  const user = users.find((one) => one.id === id);
  if (user === undefined) throw new Error(`nobody in this world is ${id}`);
  return user;
}
