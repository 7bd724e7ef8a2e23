import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import { withoutOurs } from "./beside.ts";
import { wordsOf } from "./markup.ts";
import type { RestClient } from "./rest-client.ts";
import type { ConfluenceSettings } from "./connector.ts";

/** A page as it is read to become a plan. */
export interface PageSource {
  readonly id: string;
  readonly title: string;
  /** Grows by one with every save. */
  readonly version: number;
  readonly url: string;
  /** Storage format, without what Nightshift wrote there: its section, and its results beside the lines. */
  readonly body: string;
  /** What the people whom the page mentions are called, by account id, as far as Confluence shows their names. */
  readonly names: ReadonlyMap<string, string>;
}

const VENDOR = "confluence";
const Body = z.object({ value: z.string().optional() }).optional();
const APage = z.object({
  id: z.string().regex(/^\d+$/),
  status: z.string(),
  title: z.string(),
  version: z.object({ number: z.int().positive() }),
  body: z.object({ storage: Body, view: Body }).optional(),
  _links: z.object({ webui: z.string().optional(), base: z.string().optional() }).optional(),
});

/**
 * Reads a page for its plan. Mentions are account ids in storage format; the one call that shows their names is the page as it is
 * rendered, which is read as well where the page has mentions.
 *
 * @param version an earlier one.
 * @throws Fault that says what to do: `denied` (token, account), `absent` (not there, or not visible), `conflict` (archived or in
 *   the bin), `invalid` (no body), `unavailable` (not Confluence's answer).
 */
export async function readSource(call: RestClient, settings: ConfluenceSettings, id: string, version?: number): Promise<PageSource> {
  const ask = (format: "storage" | "view", at: number | undefined): Promise<z.infer<typeof APage>> =>
    call({ path: `/wiki/api/v2/pages/${id}`, query: { "body-format": format, ...(at === undefined ? {} : { version: String(at) }) }, answer: APage });
  const page = await withAdvice(settings, id, () => ask("storage", version));
  if (version === undefined && page.status !== "current")
    throw new Fault("conflict", `page «${page.title}» (${id}) is ${page.status}; restore it in Confluence, or import an export of it`, { vendor: VENDOR });
  const stored = page.body?.storage?.value;
  if (stored === undefined || stored.trim() === "")
    throw new Fault(
      "invalid",
      `page «${page.title}» (${id}) has no body in storage format; is it an empty page, or a live doc that was never published? Publish it, or import an export of it`,
      {
        vendor: VENDOR,
      },
    );
  const body = withoutOurs(stored);
  const rendered = /<ri:user\b/.test(body) ? (await withAdvice(settings, id, () => ask("view", page.version.number))).body?.view?.value : undefined;
  return { id, title: page.title, version: page.version.number, url: addressOf(page, settings.site), body, names: namesIn(rendered ?? "") };
}

function addressOf({ id, _links: links }: z.infer<typeof APage>, site: string): string {
  const shown = links?.webui;
  return shown !== undefined && /^\/[^\s]*$/.test(shown) ? `${new URL(site).origin}/wiki${shown}` : `${new URL(site).origin}/wiki/pages/viewpage.action?pageId=${id}`;
}

/** Names as links to people show them: `data-account-id`, and the name, with or without @, as its words. */
function namesIn(rendered: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [, attributes = "", inside = ""] of rendered.matchAll(/<a\s([^>]{0,2000})>([^<]{1,200})<\/a>/g)) {
    const account = /\bdata-account-id="([^"]{1,200})"/.exec(attributes)?.[1];
    const name = wordsOf(inside).replace(/^@/, "").trim();
    if (account !== undefined && name !== "") names.set(wordsOf(account), name);
  }
  return names;
}

/** Confluence says what it refuses; whoever imports a page wants to know what to do about it. */
async function withAdvice<T>({ site, email, apiToken }: ConfluenceSettings, id: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    const { host } = new URL(site);
    const advice: Readonly<Record<string, string>> = {
      denied: /not allowed/.test(thrown.message)
        ? `Let the account ${email} view the page: in its space's permissions, and in the page's own restrictions.`
        : `Is ${email} an account of ${host}, and the secret ${apiToken} in the vault an API token of that account that has not run out?`,
      absent: `Is ${id} the page's number on ${host}, and may ${email} view it? Confluence answers the same to both.`,
      unavailable: `Is https://${host} a Confluence Cloud site (NIGHTSHIFT_CONFLUENCE_SITE), and does nothing stand in between, such as a sign-in page?`,
    };
    const words = advice[thrown.kind];
    if (words === undefined) throw thrown;
    throw new Fault(thrown.kind, `${thrown.message}. ${words}`, { vendor: VENDOR, retryAfterMs: thrown.retryAfterMs, cause: thrown });
  }
}
