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

/** Parts the work that a sentence asks for from when, under which condition, after what and with whose consent it is done. */
export function toldIn(text: string, names: Names): Told {
  const { text: agreed, approval } = approvalIn(text, names);
  const { text: kept, skips } = skipsIn(agreed);
  const { text: said, said: except } = exceptionsIn(kept, names);
  // Times first: «the evening before at 9» is no dependency.
  const clauses = clausesIn(without(said, timesIn(said)));
  const core = without(said, clauses);
  const times = timesIn(core);
  return { plain: without(core, times), times, clauses, approval, skips, except };
}
