import type { Asked } from "./actions.ts";

/** What a person reads who is asked at night: what, until when, and the one command that answers. */
interface Text {
  readonly text: string;
  readonly lines: readonly string[];
}

interface Place {
  readonly step: string;
  readonly target: string;
}

export function askText(asked: Asked, place: Place): Text {
  return { text: `Needed from ${asked.who.name}: ${asked.what}`, lines: [`Until ${asked.until}; after that the step fails.`, ...answers(asked, place)] };
}

export function reminderText(asked: Asked, place: Place): Text {
  return {
    text: `Still needed from ${asked.who.name}: ${asked.what}`,
    lines: [`Asked at ${asked.askedAt}. Until ${asked.until}; after that the step fails.`, ...answers(asked, place)],
  };
}

export function withdrawalText({ who, what }: Asked): Text {
  return { text: `No longer waited for from ${who.name}: ${what}`, lines: [] };
}

function answers({ evidence }: Asked, { step, target }: Place): readonly string[] {
  const which = target === step ? `--step ${step}` : `--step ${step} --target ${target}`;
  return [
    ...(evidence === undefined ? [] : [`Say with it: ${evidence}`]),
    `When it is done: nightshift decide done ${which} --note "${evidence === undefined ? "what you did" : "what was asked for"}"`,
    `If it cannot be done: nightshift decide skip ${which} --note "why"`,
  ];
}
