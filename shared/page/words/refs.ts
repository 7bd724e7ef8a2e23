/** What a pipeline is to run: a tag, a branch or a commit, as a page spells it. */
export interface RefWord {
  readonly start: number;
  readonly end: number;
  readonly ref: { readonly tag: string } | { readonly branch: string } | { readonly commit: string };
}

const NAME = String.raw`[A-Za-z0-9][\w.+-]*(?:/[\w.+-]+)*`;
const SAID = new RegExp(String.raw`\b(?<kind>tag|release|version|branch|commit|sha)\b(?:\s+(?:is|named|called|name))?\s*[:=@]?\s*["'\x60]?(?<name>${NAME})`, "gi");
// Begins where a name begins: one that began anywhere within a long word would be looked for again at each of its letters.
const BEFORE_KIND = new RegExp(String.raw`(?<![\w.+/-])(?<name>${NAME})\s+(?<kind>branch|tag)\b`, "gi");
// An address, `198.51.100.40/29`, has no tag in front of its last number.
const TAG_LIKE = /(?<![\w/.-])(?:[A-Za-z][\w-]*\/)?v?\d+\.\d+(?:\.\d+)+(?:[-+][\w.]+)?(?![\w/]|\.\d)/g;
const BRANCH_LIKE = /(?<![\w/.:-])(?:update|feature|feat|bugfix|fix|hotfix|release|chore|refactor|users?|task|topic)\/[\w./+-]*\w/g;

/** Every ref of a text. A bare word is one only where the text says that it is, or where it looks like nothing else. */
export function refsIn(text: string): readonly RefWord[] {
  const found: RefWord[] = [];
  const add = (start: number, name: string, kind: string): void => {
    const trimmed = name.replace(/[.,;:]+$/, "");
    const end = start + trimmed.length;
    if (trimmed === "" || found.some((other) => start < other.end && other.start < end)) return;
    const ref = kind === "branch" ? { branch: trimmed } : kind === "commit" ? { commit: trimmed } : { tag: trimmed };
    found.push({ start, end, ref });
  };
  for (const match of text.matchAll(SAID)) {
    const kind = (match.groups?.["kind"] ?? "").toLowerCase();
    const name = match.groups?.["name"] ?? "";
    // «version of», «branches in»: a word that is followed by plain words names nothing.
    const looks = /[\d/_-]/.test(name) || /[:=@"'\x60]\s*["'\x60]?$/.test(match[0].slice(0, match[0].length - name.length));
    if (looks) add(match.index + match[0].length - name.length, name, kind === "sha" || kind === "commit" ? "commit" : kind === "branch" ? "branch" : "tag");
  }
  for (const match of text.matchAll(BRANCH_LIKE)) add(match.index, match[0], "branch");
  for (const match of text.matchAll(TAG_LIKE)) if (!/^\d+(?:\.\d+){3}$/.test(match[0])) add(match.index, match[0], "tag");
  if (found.length === 0)
    for (const match of text.matchAll(BEFORE_KIND))
      if (/[\d/_-]/.test(match.groups?.["name"] ?? "")) add(match.index, match.groups?.["name"] ?? "", (match.groups?.["kind"] ?? "").toLowerCase());
  return found.toSorted((a, b) => a.start - b.start);
}

/** A line that is one token and could be a branch, where the page has said that branches follow. */
export function isBareRef(text: string): boolean {
  return /^[A-Za-z][\w.+-]*(?:\/[\w.+-]+)*$/.test(text) && /[-/_]/.test(text) && text.length <= 120;
}
