import type { CompiledPlan } from "../plan/compiled.ts";
import { isOverdue, type CarriedChange } from "./carry-over.ts";
import { html, type Html } from "./html.ts";

/**
 * What a window has left over as lines for the next page, under the headings that they stood under: a change's keys and title, so
 * that an import finds it again, and beneath it why it was not done. It is Confluence's storage format, and plain HTML.
 */
export function carryOverPage({ phases, window }: CompiledPlan, carried: readonly CarriedChange[]): string {
  return phases
    .flatMap(({ id, title }) => {
      const own = carried.filter(({ phase }) => phase === id);
      return own.length === 0 ? [] : [`${html`<h2>${title}</h2><ul>${own.map((change) => lineOf(change, window.id))}</ul>`.text}\n`];
    })
    .join("");
}

function lineOf(change: CarriedChange, window: string): Html {
  const { keys, title, inWords, windows } = change;
  const names = keys.join(" ") === title ? title : [...keys, title].join(" ");
  const often = isOverdue(change) ? ` for the ${ordinal(windows.length)} time (${windows.join(", ")})` : "";
  return html`<li><p>${names}</p><ul><li><p>(Left over from ${window}${often}: ${inWords})</p></li></ul></li>`;
}

function ordinal(count: number): string {
  return count === 2 ? "second" : count === 3 ? "third" : `${count}th`;
}
