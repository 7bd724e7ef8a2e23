/** A Jira key. Lower-case look-alikes, as in a branch name, are none. */
export const JIRA_KEY = /[A-Z][A-Z0-9]{1,9}-\d{1,7}/;

export interface TicketWord {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** It stands at the end of an address: it belongs to what is said above. */
  readonly inAddress: boolean;
  /** «after PAY-3 is deployed»: it names other work, and is not what this line is for. */
  readonly isReference: boolean;
}

const REFERENCE =
  /\b(?:after|before|once|until|till|when|as soon as|depends on|dependent on|requires?|blocked by|waits? (?:for|on)|like|as in|same as|because of|see|refer to|following|(?:done|covered|handled|included|deployed|run) (?:under|with|in|by|as part of))\s+(?:the\s+|both\s+)?(?:[\w-]+\s+){0,2}(?:[A-Z][A-Z0-9]+-\d+\s*(?:,|and|&|or)\s*)?$/i;

/** Words that look like a key and are none: encodings, ciphers, standards. */
const NO_PROJECTS = /^(?:UTF|ISO|SHA|TLS|SSL|AES|RFC|RSA|MD|UTC|GMT|KB|CVE|COVID|TCP|UDP|HTTP|IPV|PCI|SOC|T|D|P|H)-/;

/**
 * Every ticket of a text, typed or at the end of an address. Machines may be called like tickets (`DC-01`, `IC-5`):
 * `isName` says which words the inventory knows, and a number with a leading zero is never a ticket's.
 */
export function ticketsIn(text: string, isName: (word: string) => boolean = () => false): readonly TicketWord[] {
  return [...text.matchAll(/https?:\/\/\S+|(?<![\w/.-])[A-Z][A-Z0-9]{1,9}-[1-9]\d{0,6}(?![\w.-]*[A-Za-z0-9_/])/g)].flatMap((match): TicketWord[] => {
    const [word] = match;
    if (!word.startsWith("http")) {
      return NO_PROJECTS.test(word) || isName(word)
        ? []
        : [
            {
              key: word,
              start: match.index,
              end: match.index + word.length,
              inAddress: false,
              isReference: REFERENCE.test(text.slice(Math.max(0, match.index - 80), match.index)),
            },
          ];
    }
    const key = /[/=]([A-Z][A-Z0-9]{1,9}-[1-9]\d{0,6})(?:[/?#&].*)?$/.exec(word)?.[1];
    return key === undefined ? [] : [{ key, start: match.index, end: match.index + word.length, inAddress: true, isReference: false }];
  });
}
