/** A text with spaces where the words were that have been understood. */
export function without(text: string, spans: readonly { readonly start: number; readonly end: number }[]): string {
  return spans.reduceRight((all, { start, end }) => all.slice(0, start) + " ".repeat(end - start) + all.slice(end), text);
}
