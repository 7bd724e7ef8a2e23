/** JSON that this machine wrote for itself; undefined where something else stands by now. */
export function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
