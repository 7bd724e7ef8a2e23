const LONGEST_ID = 256;

/** Why an instance id cannot be used (4.3), or undefined. */
export function instanceIdRule(instanceId: string): string | undefined {
  if (instanceId === "") return "the instance id is empty; leave it out to have one made";
  if (instanceId.length > LONGEST_ID) return `the instance id has ${instanceId.length} characters; at most ${LONGEST_ID} are allowed`;
  if (instanceId.startsWith("@")) return `the instance id ${JSON.stringify(instanceId)} begins with @, which is kept for entities`;
  // eslint-disable-next-line no-control-regex
  const wrong = /[/\\#?\u0000-\u001f\u007f-\u009f]/.exec(instanceId)?.[0];
  return wrong === undefined ? undefined : `the instance id ${JSON.stringify(instanceId)} contains ${JSON.stringify(wrong)}; /, \\, #, ? and control characters are not allowed`;
}

/** Why an event of that name would not do what its sender means (section 9), or undefined. */
export function eventNameRule(eventName: string, waits: readonly string[]): string | undefined {
  if (/^\s*[+-]?\d+(\.\d+)?\s*$/.test(eventName))
    return `the event name ${JSON.stringify(eventName)} is a number: the SDK would take the event for the end of the task with that id. Begin names with a letter`;
  const meant = waits.find((name) => name !== eventName && name.toLowerCase() === eventName.toLowerCase());
  if (meant === undefined || waits.includes(eventName)) return undefined;
  return `the instance waits for ${JSON.stringify(meant)} and the event is called ${JSON.stringify(eventName)}: the host would deliver it and the SDK, which minds the case, would lose it. Spell it the same way`;
}
