/**
 * Long text in table rows. A property holds 64 KiB and a row 1 MiB, both as UTF-16; so text is cut into pieces, one property
 * each, and what does not fit into a row goes into further ones.
 * @see "Understanding the Table service data model", Microsoft Learn.
 */
export type Pieces = Readonly<Record<string, string>>;

/** UTF-16 units in a property: Azure's limit less one, so that a pair need not be cut. */
const PIECE = 32_767;
/** Of 64 KiB each; what is left of the row's 1 MiB is for its other properties. */
const PIECES_PER_ROW = 15;

/** The text as properties `text00`, `text01` …, row by row; at least one row. Pairs of surrogates are not cut. */
export function piecesOf(text: string): readonly Pieces[] {
  const rows: Record<string, string>[] = [{}];
  for (let from = 0, piece = 0; from < text.length || piece === 0; piece++) {
    let to = Math.min(from + PIECE, text.length);
    if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to--;
    const place = piece % PIECES_PER_ROW;
    if (place === 0 && piece > 0) rows.push({});
    rows.at(-1)![`text${String(place).padStart(2, "0")}`] = text.slice(from, to);
    from = to;
  }
  return rows;
}

/** The text of rows made by `piecesOf`, given in their order. */
export function textOf(rows: readonly Readonly<Record<string, unknown>>[]): string {
  return rows
    .flatMap((row) => Array.from({ length: PIECES_PER_ROW }, (_none, place) => row[`text${String(place).padStart(2, "0")}`]))
    .filter((piece) => typeof piece === "string")
    .join("");
}
