/**
 * What is different between two pieces of plain JSON, as `PATH: BEFORE -> AFTER`, sorted; nothing when they are the same. What is
 * only in one of them is `none` in the other. Objects and arrays are gone into, so that a line is about one value.
 */
export function changesOf(before: unknown, after: unknown, path = ""): readonly string[] {
  if (isParent(before) && isParent(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changesOf(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  const [was, is] = [before, after].map((value) => (value === undefined ? "none" : JSON.stringify(value)));
  return was === is ? [] : [`${path}: ${was} -> ${is}`];
}

function isParent(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
