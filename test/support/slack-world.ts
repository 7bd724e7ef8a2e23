import { connectSlack } from "../../integrations/slack/connector.ts";
import { slackPeople, slackReplies } from "../../integrations/slack/people.ts";
import { buttonsFor, commanded, pressed, type ShownButton, type SlackSends } from "../../integrations/slack/simulated-person.ts";
import { slackSimulator, type SlackWorld } from "../../integrations/slack/simulator.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { People, Replies } from "../../shared/ports/people.ts";
import { Secret, type Secrets } from "../../shared/ports/secrets.ts";
import type { Fetch } from "../../shared/ports/transport.ts";

export const SIGNING_SECRET = "a signing secret";

/** Simulated Slack with people in it, and our own slice before it. */
export interface SlackScene {
  readonly world: SlackWorld;
  readonly people: People;
  readonly replies: Replies;
  /** Takes the place of what Slack answers, from now on; undefined: Slack itself again. */
  interrupt(answer: (() => Response) | undefined): void;
  /** A button that the person sees. @throws Error when they see none. */
  button(user: string, wanted: Readonly<Record<string, unknown>>): ShownButton;
  press(user: string, wanted: Readonly<Record<string, unknown>>, secret?: string): SlackSends;
  command(user: string, text: string): SlackSends;
  /** What one person alone was shown, oldest first. */
  whispers(user: string): readonly string[];
  /** Messages as they stand now. */
  texts(): readonly string[];
}

/** @param users Slack ids by name; all are in the one channel. */
export function slackScene(clock: Clock, users: Readonly<Record<string, string>>, channel = "C0MAINT01"): SlackScene {
  const world = slackSimulator.newWorld();
  world.users.push(...Object.entries(users).map(([name, id]) => ({ id, name: name.toLowerCase(), realName: name })));
  world.channels.push({ id: channel, name: "maintenance", members: [world.bot.userId, ...Object.values(users)] });
  const handler = slackSimulator.handler(world);
  let interrupted: (() => Response) | undefined;
  const fetch: Fetch = (input, init) => (interrupted === undefined ? handler(new Request(input, init), clock.now()) : Promise.resolve(interrupted()));
  const secrets: Secrets = { read: (name) => Promise.resolve(new Secret(name, "xoxb-simulated")) };
  const chat = connectSlack({ botToken: "slack-bot-token" }, { clock, fetch, secrets, credential: { getToken: () => Promise.resolve(null) } });
  const button: SlackScene["button"] = (user, wanted) => {
    const seen = buttonsFor(world, user);
    const found = seen.find(({ button: { value } }) => Object.entries(wanted).every(([name, is]) => (JSON.parse(value ?? "{}") as Record<string, unknown>)[name] === is));
    if (found === undefined) throw new Error(`${user} sees no such button: ${JSON.stringify(seen.map(({ button: shown }) => shown.value))}`);
    return found;
  };
  return {
    world,
    people: slackPeople(chat),
    replies: slackReplies(chat),
    interrupt: (answer) => void (interrupted = answer),
    button,
    press: (user, wanted, secret = SIGNING_SECRET) => pressed(world, user, button(user, wanted), { secret, now: clock.now() }),
    command: (user, text) => commanded(world, user, { channel, text }, { secret: SIGNING_SECRET, now: clock.now() }),
    whispers: (user) => world.effects.filter(({ did, with: about }) => did === "whispered" && about?.["user"] === user).map(({ with: about }) => String(about?.["text"])),
    texts: () => world.messages.map(({ text }) => text),
  };
}
