import type { Names } from "./names.ts";
import { without } from "./words/spans.ts";

/** «…, needs approval from Ingrid»: who must agree, and the words without that. */
export function approvalIn(text: string, names: Names): { readonly text: string; readonly approval: readonly string[] | undefined } {
  const said = /[,;(-]?\s*\b(?:needs|requires|with|after|subject to|only with|pending)\s+(?:an?\s+|the\s+)?(?:approval|sign-?off|ok|go)\s+(?:from|of|by)\s+([^,.;]{2,80})/i.exec(
    text,
  );
  const people = said === null ? [] : [...names.in(said[1] ?? "", "person"), ...names.in(said[1] ?? "", "team")].map(({ name }) => name);
  if (said === null || people.length === 0) return { text, approval: undefined };
  return { text: without(text, [{ start: said.index, end: said.index + said[0].length }]), approval: people };
}
