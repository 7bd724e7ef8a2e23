/** Fewest windows that are worth it: what is still too much after so many is shown as it is. */
const MOST_WINDOWS = 80;

/**
 * The fewest misfortunes that still break something, by delta debugging: leaves out half of them, then quarters, and so on,
 * for as long as it stays broken without them.
 *
 * @param breaks whether the window is broken when only these strike.
 * @returns a subset of `ids` that breaks it, or `ids` as given when it does not hold by itself.
 */
export async function shrunk(ids: readonly string[], breaks: (only: readonly string[]) => Promise<boolean>): Promise<readonly string[]> {
  let windows = 0;
  const stillBreaks = async (only: readonly string[]): Promise<boolean> => windows++ < MOST_WINDOWS && (await breaks(only));
  if (await stillBreaks([])) return [];
  let kept = ids;
  let parts = 2;
  while (kept.length > 1) {
    const size = Math.ceil(kept.length / parts);
    const groups = Array.from({ length: Math.ceil(kept.length / size) }, (_, nth) => kept.slice(nth * size, (nth + 1) * size));
    const smaller = await firstOf([...(parts > 2 ? [] : groups), ...groups.map((group) => kept.filter((id) => !group.includes(id)))], stillBreaks);
    if (smaller !== undefined) {
      kept = smaller;
      parts = Math.max(2, parts - 1);
    } else {
      if (size === 1 || windows >= MOST_WINDOWS) break;
      parts = Math.min(kept.length, parts * 2);
    }
  }
  return kept;
}

async function firstOf(candidates: readonly (readonly string[])[], holds: (candidate: readonly string[]) => Promise<boolean>): Promise<readonly string[] | undefined> {
  for (const candidate of candidates) if (candidate.length > 0 && (await holds(candidate))) return candidate;
  return undefined;
}
