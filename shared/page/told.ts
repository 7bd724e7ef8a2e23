import { approvalIn, skipsIn } from "./approvals.ts";
import { exceptionsIn } from "./exceptions.ts";
import type { Names } from "./names.ts";
import { clausesIn } from "./words/asides.ts";
import type { Clause } from "./words/asides.ts";
import { timesIn } from "./words/clock.ts";
import type { TimeWord } from "./words/clock.ts";
import { without } from "./words/spans.ts";

/** What a sentence says of its work besides the work itself. */
export interface Told {
  /** The words of the work alone. */
  readonly plain: string;
  readonly times: readonly TimeWord[];
  readonly clauses: readonly Clause[];
  readonly approval: readonly string[] | undefined;
  readonly skips: readonly string[];
  /** The words that name what is left out. */
  readonly except: readonly string[];
}

/** «even if QW1 fails»: the work is done all the same, and not to what is named there. */
function regardlessIn(text: string): readonly { readonly start: number; readonly end: number }[] {
  return [...text.matchAll(/(?:^|[,\s])(?:even (?:if|when|though)|regardless of|whether or not)\s[^,;.]{2,200}(?:,\s*|$)/gi)].map(({ index, 0: said }) => ({
    start: index,
    end: index + said.length,
  }));
}

/** Parts the work that a sentence asks for from when, under which condition, after what and with whose consent it is done. */
export function toldIn(text: string, names: Names): Told {
  const { text: agreed, approval } = approvalIn(without(text, regardlessIn(text)), names);
  const { text: kept, skips } = skipsIn(agreed);
  const { text: said, said: except } = exceptionsIn(kept, names);
  // Times first: «the evening before at 9» is no dependency.
  const clauses = clausesIn(without(said, timesIn(said)));
  const core = without(said, clauses);
  const times = timesIn(core);
  return { plain: without(core, times), times, clauses, approval, skips, except };
}
