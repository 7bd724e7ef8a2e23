/** More differing lines than this are not worth keeping the way of writing of what stands between them. */
const MOST_DIFFERENCES = 800;

/**
 * Applies what changed from `plain` to `edited` to `original`, which is the same file as `plain` in somebody's own way of writing:
 * lines that were not edited stay as they were written.
 */
export function patched(original: string, plain: string, edited: string): string {
  if (original === plain) return edited;
  const [mine, from, to] = [original.split("\n"), plain.split("\n"), edited.split("\n")];
  const writing = common(from, mine);
  const editing = common(from, to);
  if (writing === undefined || editing === undefined) return edited;

  // `from` in pieces that are written in one way or another: between two lines that both files have in common.
  const pieces: { start: number; end: number; lines: readonly string[] }[] = [];
  let [at, mineAt] = [0, 0];
  for (const [line, mineLine] of [...writing, [from.length, mine.length] as const]) {
    if (line > at || mineLine > mineAt) pieces.push({ start: at, end: line, lines: mine.slice(mineAt, mineLine) });
    if (line < from.length) pieces.push({ start: line, end: line + 1, lines: mine.slice(mineLine, mineLine + 1) });
    [at, mineAt] = [line + 1, mineLine + 1];
  }
  const placeIn = new Map(editing);
  const result: string[] = [];
  let done = 0;
  for (const { start, end, lines } of pieces) {
    const places = from.slice(start, end).map((_line, index) => placeIn.get(start + index));
    const [first] = places;
    const isWhole = start === end || (first !== undefined && places.every((place, index) => place === first + index));
    // What was put in above this piece.
    const until = isWhole ? (first ?? done) : (nextPlace(placeIn, end, from.length) ?? to.length);
    result.push(...to.slice(done, until));
    done = until;
    if (!isWhole) continue;
    result.push(...lines);
    done += end - start;
  }
  return [...result, ...to.slice(done)].join("\n");
}

function nextPlace(placeIn: ReadonlyMap<number, number>, from: number, end: number): number | undefined {
  for (let line = from; line < end; line++) {
    const place = placeIn.get(line);
    if (place !== undefined) return place;
  }
  return undefined;
}

/**
 * Lines that two texts have in common, in their order, as pairs of their numbers; undefined when they differ too much.
 *
 * @see E. W. Myers, An O(ND) Difference Algorithm and Its Variations, 1986.
 */
function common(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] | undefined {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const middle = shortest(a.slice(start, endA), b.slice(start, endB));
  if (middle === undefined) return undefined;
  return [
    ...Array.from({ length: start }, (_, at) => [at, at] as const),
    ...middle.map(([x, y]) => [x + start, y + start] as const),
    ...Array.from({ length: a.length - endA }, (_, at) => [endA + at, endB + at] as const),
  ];
}

function shortest(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] | undefined {
  const reach = new Map<number, number>([[1, 0]]);
  const traces: Map<number, number>[] = [];
  for (let cost = 0; cost <= Math.min(a.length + b.length, MOST_DIFFERENCES); cost++) {
    traces.push(new Map(reach));
    for (let diagonal = -cost; diagonal <= cost; diagonal += 2) {
      const down = diagonal === -cost || (diagonal !== cost && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1));
      let x = down ? (reach.get(diagonal + 1) ?? 0) : (reach.get(diagonal - 1) ?? 0) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return backwards(traces, a.length, b.length);
    }
  }
  return undefined;
}

function backwards(traces: readonly ReadonlyMap<number, number>[], lengthA: number, lengthB: number): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = [lengthA, lengthB];
  for (let cost = traces.length - 1; cost >= 0; cost--) {
    const reach = traces[cost] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = diagonal === -cost || (diagonal !== cost && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1));
    const before = down ? diagonal + 1 : diagonal - 1;
    const [fromX, fromY] = [reach.get(before) ?? 0, (reach.get(before) ?? 0) - before];
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    [x, y] = [fromX, fromY];
  }
  return pairs.toReversed();
}
