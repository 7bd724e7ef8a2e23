import { buttonsFor, pressed, type SlackSends } from "../integrations/slack/simulated-person.ts";
import type { SlackWorld } from "../integrations/slack/simulator.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { DecisionRequest } from "../shared/run/decide.ts";

export interface SlackHandParts {
  readonly plan: CompiledPlan;
  readonly clock: Clock;
  /** What the app and simulated Slack both know. */
  readonly signingSecret: string;
  /** Slack as it is at this moment. */
  world(): Promise<SlackWorld>;
  /** Sends it to the app as Slack does. @returns the status of the answer. */
  send(sends: SlackSends): Promise<number>;
}

/** How simulated people decide in Slack: they look for the message that asks, and press its button. */
export interface SimulatedSlackHand {
  /**
   * @param by the person's name, as the plan has it.
   * @returns whether there was such a button to press; who is not in Slack, or sees none, has to use another door.
   */
  decide(by: string, request: DecisionRequest): Promise<boolean>;
}

export function simulatedSlackHand({ plan, clock, signingSecret, world, send }: SlackHandParts): SimulatedSlackHand {
  const slackIds = new Map(
    [...plan.window.owners, ...plan.steps.flatMap(({ owners, approval }) => [...owners, ...(approval?.by ?? [])])].map(({ name, slackId }) => [name, slackId] as const),
  );

  return {
    async decide(by, { decision, step, target }) {
      const slackId = slackIds.get(by);
      if (slackId === undefined) return false;
      const slack = await world();
      const wanted = buttonsFor(slack, slackId).find(({ button }) => {
        const value = valueOf(button.value);
        return value["decision"] === decision && value["run"] === plan.window.id && value["step"] === step && (target === undefined || value["target"] === target);
      });
      if (wanted === undefined) return false;
      const status = await send(pressed(slack, slackId, wanted, { secret: signingSecret, now: clock.now() }));
      return status === 200;
    },
  };
}

/** Who prefers their telephone to a terminal: about half of the people, by their names. */
export function prefersSlack(by: string): boolean {
  return [...by].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 2 === 0;
}

function valueOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text ?? "{}") as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
