import type { Names } from "./names.ts";
import { without } from "./words/spans.ts";

/** «; skip PRD if UAT shows errors»: no work, and a condition that only people can turn round. */
export function skipsIn(text: string): { readonly text: string; readonly skips: readonly string[] } {
  const skips = [...text.matchAll(/(?:[;,.]\s*|\s-\s+)((?:please |then |and )?(?:skip|omit|leave out)\b[^;.]{0,200})/gi)];
  return {
    text: without(
      text,
      skips.map(({ index, 0: said }) => ({ start: index, end: index + said.length })),
    ),
    skips: skips.map(([, said = ""]) => said.trim()),
  };
}

/** Who approves, where parentheses or a clause say it: «Ana approves», «approved by Ana», «Ana's approval». */
export function approversIn(text: string, names: Names): readonly string[] | undefined {
  if (!/\bapprov(?:es|al|ed by|er)\b|\bsigns? off\b|\bsign-?off\b/i.test(text) || /\bhas approved\b/i.test(text)) return undefined;
  const people = [...names.in(text, "person"), ...names.in(text, "team")].map(({ name }) => name);
  return people.length === 0 ? undefined : people;
}

/** «…, needs approval from Ingrid»: who must agree, and the words without that. */
export function approvalIn(text: string, names: Names): { readonly text: string; readonly approval: readonly string[] | undefined } {
  const said = /[,;(-]?\s*\b(?:needs|requires|with|after|subject to|only with|pending)\s+(?:an?\s+|the\s+)?(?:approval|sign-?off|ok|go)\s+(?:from|of|by)\s+([^,.;]{2,80})/i.exec(
    text,
  );
  const people = said === null ? [] : [...names.in(said[1] ?? "", "person"), ...names.in(said[1] ?? "", "team")].map(({ name }) => name);
  if (said === null || people.length === 0) return { text, approval: undefined };
  return { text: without(text, [{ start: said.index, end: said.index + said[0].length }]), approval: people };
}
