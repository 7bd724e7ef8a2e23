/**
 * A fold that remembers what each list came to, and how long the list was then. The same list is asked about several times within one
 * act, and a journal in memory gives out the same list until it has grown.
 */
export function foldedOnce<Item, Folded>(fold: (items: readonly Item[]) => Folded): (items: readonly Item[]) => Folded {
  const known = new WeakMap<readonly Item[], { readonly length: number; readonly folded: Folded }>();
  return (items) => {
    const before = known.get(items);
    if (before?.length === items.length) return before.folded;
    const folded = fold(items);
    known.set(items, { length: items.length, folded });
    return folded;
  };
}
