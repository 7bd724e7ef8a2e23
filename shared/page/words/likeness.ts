const EVERYDAY = new Set(
  "the a an of to in on for with and or is are be been has have had it its all any this that these those by at as from into out up down off their his her our your we will need needs should must please run do done using use used above below prod prd after before once installed completed finished stage stages they them he she we us you i there here".split(
    " ",
  ),
);

/** Words that pages use for one another: «turn off the task» is «disable the task». */
const SAME: readonly (readonly [RegExp, string])[] = [
  [/\b(?:turn(?:ed|ing)?|switch(?:ed|ing)?|shut) off\b|\bdeactivat\w+|\bswitched-off\b/g, "disable"],
  [/\b(?:turn(?:ed|ing)?|switch(?:ed|ing)?) on\b|\bactivat\w+|\bput(?:ting|s)? up\b|\bbring(?:ing)? up\b|\bgoes up\b|\bgoing up\b/g, "enable"],
  [/\b(?:delet|eras|wip|uninstall)\w*/g, "remove"],
];

/** The words of a text that carry its meaning, each cut to its stem: `Drivers`, `driver` and `Driver's` are one word. */
export function stems(text: string): ReadonlySet<string> {
  const words =
    SAME.reduce((all, [said, word]) => all.replaceAll(said, word), text.toLowerCase())
      .replaceAll(/(\d)-(?=[a-z])/g, "$1")
      .match(/[a-z0-9][a-z0-9_.]*[a-z0-9]|[a-z0-9]/g) ?? [];
  return new Set(words.filter((word) => !EVERYDAY.has(word)).map(stem));
}

export function stem(word: string): string {
  if (/\d|\./.test(word) || word.length < 5) return word.length === 4 ? word.replace(/s$/, "") : word;
  // «swapped» is «swap», and so «install» loses its second l too.
  return word.replace(/(?:ations?|ments?|ings?|ers?|ed|es|s|ion|al)$/, "").replace(/([bdfglmnprt])\1$/, "$1");
}

/** How many of `part`'s meaningful words `whole` has, from 0 to 1. */
export function shareOf(part: string, whole: string): number {
  return shareIn(stems(part), stems(whole));
}

export function shareIn(wanted: ReadonlySet<string>, given: ReadonlySet<string>): number {
  return wanted.size === 0 ? 0 : [...wanted].filter((word) => given.has(word)).length / wanted.size;
}
