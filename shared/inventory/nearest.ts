/** How many edits (insert, delete, replace, swap of neighbours) turn `a` into `b`; case and punctuation do not count. */
function distance(a: string, b: string): number {
  const [from, to] = [plain(a), plain(b)];
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? 0;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/**
 * Names that `wanted` may have meant, best first, at most three: those within a third of its length in edits, and
 * those that contain it or are contained in it.
 */
export function nearest(wanted: string, known: readonly string[]): readonly string[] {
  const bound = Math.max(2, Math.floor(wanted.length / 3));
  return known
    .map((name) => {
      const edits = distance(wanted, name);
      const [short, long] = [plain(wanted), plain(name)].sort((a, b) => a.length - b.length) as [string, string];
      const contained = short.length >= 3 && long.includes(short);
      return { name, rank: contained ? Math.min(edits, bound) : edits };
    })
    .filter(({ rank }) => rank <= bound)
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}
