import { Fault } from "../shared/fault/fault.ts";
import type { Page } from "../shared/page/tree.ts";

/**
 * The page, if it says anything: an empty one is a wrong file or a lost one, and as the page of a plan it would mean that all was taken out.
 *
 * @throws Fault `invalid` for a page without a single word.
 */
export function withWords(page: Page, name: string): Page {
  if (page.blocks.some(({ fragments }) => fragments.some(({ text }) => /[\p{L}\p{N}]/u.test(text)))) return page;
  throw new Fault("invalid", `${name} says nothing: expected a page as plain-text export or in Confluence's storage format; is it the right one?`);
}
