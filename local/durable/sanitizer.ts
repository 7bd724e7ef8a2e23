/**
 * What the Functions host does to a failure's text before anyone parses it (2.4, trap 2): each of these, in any
 * case, is replaced together with all that follows up to the next `<`, `"` or `'`.
 */
const SECRET_STARTS = [
  "token=",
  "key=",
  "pwd=",
  "password=",
  "accountkey=",
  "sharedaccesskey=",
  "server=",
  "data source=",
  "defaultendpointsprotocol=http",
  "?sig=",
  "&sig=",
  "&amp;sig=",
  "?code=",
  "&code=",
  "&amp;code=",
];
const STARTS = new RegExp(`(?:${SECRET_STARTS.map((start) => start.replace("?", "\\?")).join("|")})[^<"']*`, "gi");
const URL_WITH_LOGIN = /[a-z][a-z0-9+.-]*:\/\/[^\s:/@"'<]+:[^\s:/@"'<]+@[^\s:/"'<]+:\d+[^<"']*/gi;
const HIDDEN = "[Hidden Credential]";

/** The text with everything that looks like a secret replaced, as the Functions host replaces it. */
export function sanitized(text: string): string {
  return text.replace(STARTS, HIDDEN).replace(URL_WITH_LOGIN, HIDDEN);
}
