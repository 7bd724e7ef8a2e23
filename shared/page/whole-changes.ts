import { slug } from "./drafted.ts";
import type { DraftedChange } from "./drafted.ts";
import { SpecialLines } from "./special-lines.ts";
import { asidesIn, mannerOf } from "./words/asides.ts";
import { timesIn } from "./words/clock.ts";
import { refsIn } from "./words/refs.ts";
import { without } from "./words/spans.ts";

/** What can be said of a change only when all of the page has been read: its id, what it stands on, and whether it has work at all. */
export abstract class WholeChanges extends SpecialLines {
  /** A change without work is somebody's work; ids are given last, from the words that a change ended up with. */
  protected fill(change: DraftedChange): void {
    const [key] = change.keys;
    const plain = without(change.title, asidesIn(change.title));
    const words = without(plain, [...timesIn(plain), ...refsIn(plain)]).replaceAll(/\b(?:tag|branch)\b\s*(?=$|\s)/gi, " ");
    const spoken = slug(change.titled ? words : change.keys.join(" ") || words, "change", { words: 5, characters: 32 });
    change.id = this.changeId(spoken, key === undefined ? undefined : slug(`${key} ${words}`, "change", { words: 5, characters: 32 }));
    if (change.steps.length === 0) {
      const forbids = change.notes.find((note) => mannerOf(note) === "prohibition");
      const words = forbids ?? (change.keys.length > 0 ? `Do what ${change.keys.join(" and ")} asks for.` : change.title);
      const step = this.person(change, words, change.line, change.owner);
      this.ask(
        change.line,
        change.keys.join(" and ") || change.title,
        change.keys.length > 0 ? "What does this ticket ask for? The page has its key and no work for it." : "What is to be done? The page has a title and no more.",
        step,
      );
    }
    for (const step of change.steps) this.owners.set(step, change);
    // A check looks at what the lines above it in its change have done.
    change.steps.forEach((step, at) => {
      const above = change.steps[at - 1];
      if (above !== undefined && step.action?.endsWith(".check") === true && step.needs.length === 0 && above.sentence !== step.sentence) this.needs(step, above);
    });
    // What a change says is done above is what its own deployments stand on.
    const done = change.steps.flatMap((step) => (step.sameAs === undefined ? [] : { step, environment: this.steps[Number(step.sameAs.slice(1))]?.step.with["environment"] }));
    for (const step of change.steps) {
      if (done.length === 0 || step.action !== "pipeline.run" || step.sameAs !== undefined) continue;
      const own = done.filter(({ environment }) => environment === step.with["environment"]);
      const others = done.filter(({ step: other, environment }) => environment !== step.with["environment"] && !own.some((each) => each.step.title === other.title));
      for (const { step: needed } of [...own, ...others]) this.needs(step, needed);
    }
  }

  protected finish(change: DraftedChange): void {
    const place = (index: string): string => {
      const entry = this.steps[Number(index.slice(1))];
      if (entry === undefined) return index.slice(1);
      return entry.change === change ? entry.step.id : `${entry.change.id}.${entry.step.id}`;
    };
    for (const step of change.steps) {
      step.needs = step.needs.map((need) => (typeof need === "string" && need.startsWith("\u0000") ? place(need) : need));
      if (step.sameAs?.startsWith("\u0000")) {
        const entry = this.steps[Number(step.sameAs.slice(1))];
        step.sameAs = entry === undefined ? step.sameAs.slice(1) : `${entry.change.id}.${entry.step.id}`;
      }
    }
  }
}
