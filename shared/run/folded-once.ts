/**
 * A fold that remembers what a list of facts came to. The same facts are asked about again and again: several times within one act, and
 * for every picture of the run as a whole, each time in another list. So what is remembered hangs on the facts: a list with the same
 * ones in the same order comes to the same. Facts never change, and what is remembered goes when the last of them does.
 */
export function foldedOnce<Item extends object, Folded>(fold: (items: readonly Item[]) => Folded): (items: readonly Item[]) => Folded {
  const known = new WeakMap<Item, { readonly items: readonly Item[]; readonly folded: Folded }>();
  let ofNone: { readonly folded: Folded } | undefined;
  return (items) => {
    const last = items.at(-1);
    if (last === undefined) return (ofNone ??= { folded: fold(items) }).folded;
    const before = known.get(last);
    if (before !== undefined && areSame(before.items, items)) return before.folded;
    const folded = fold(items);
    // A list of its own: whoever gave this one may go on adding to it.
    known.set(last, { items: [...items], folded });
    return folded;
  };
}

function areSame<Item>(some: readonly Item[], others: readonly Item[]): boolean {
  return some.length === others.length && some.every((item, at) => item === others[at]);
}
