import { Fault } from "../../shared/fault/fault.ts";

const VENDOR = "confluence";
/** Confluence's ids are 64-bit integers. */
const ID = /^\d{1,19}$/;

/**
 * The id of the page that a reference names: the id itself, or an address as people copy it from the browser, from «Share» or
 * from an old mail. Nothing is asked of the network.
 *
 * @param reference an id; or of this site `/wiki/spaces/KEY/pages/ID/Title`, `/wiki/spaces/KEY/pages/edit-v2/ID`,
 *   `/wiki/pages/viewpage.action?pageId=ID` and its like, or the short link `/wiki/x/…`; the site may be left out.
 * @param site e.g. `https://example.atlassian.net`.
 * @throws Fault `invalid` for an address of another site, or one without a page's id in it; it says which address to copy.
 */
export function pageIdOf(reference: string, site: string): string {
  if (ID.test(reference)) return reference;
  const { host } = new URL(site);
  const url = addressIn(reference, site);
  if (url === undefined) throw invalid(`${JSON.stringify(reference.slice(0, 300))} is neither a page's id nor its address; expected digits, or an address of https://${host}`);
  if (url.host !== host)
    throw invalid(
      `${reference} is not on ${host}, the site that NIGHTSHIFT_CONFLUENCE_SITE names. Set it to https://${url.host} with an account of that site, or copy the page's address on ${host}.`,
    );
  const path = url.pathname.replace(/^\/wiki(?=\/)/, "");
  const id =
    /^\/spaces\/[^/]+\/(?:pages(?:\/edit(?:-v2)?)?|history)\/(\d+)(?:\/|$)/.exec(path)?.[1] ??
    (/^\/pages\/[\w-]+\.action$/.test(path) ? url.searchParams.get("pageId") : null) ??
    idOfTinyLink(/^\/x\/([\w-]+)\/?$/.exec(path)?.[1]);
  if (id !== undefined && ID.test(id)) return id;
  throw invalid(`${reference} ${whyNot(path)}. Open the page and copy the address that has /pages/ and a number in it, or give the number alone.`);
}

function addressIn(reference: string, site: string): URL | undefined {
  if (!/^(?:https:\/\/[^/\s]+)?\/[^\s]*$/.test(reference)) return undefined;
  try {
    return new URL(reference, site);
  } catch {
    return undefined;
  }
}

function whyNot(path: string): string {
  const kind = /^\/spaces\/[^/]+\/(blog|whiteboard|database|folder|overview|attachments)(?:\/|$)/.exec(path)?.[1];
  if (kind === "blog") return "is a blog post, and not a page";
  if (kind !== undefined) return `is a space's ${kind}, and not a page`;
  if (path.startsWith("/display/")) return "names the page by its title, and titles change";
  if (/^\/pages\/resumedraft\.action$/.test(path)) return "is a draft that nobody has published";
  return "has no page's id in it";
}

/**
 * The id in a short link. It is the id's eight bytes, lowest first, in base64 with `-` for `/` and `_` for `+`, without the
 * zeros at its end.
 */
function idOfTinyLink(key: string | undefined): string | undefined {
  if (key === undefined || key.length > 11) return undefined;
  const bytes = Buffer.from(key.replaceAll("-", "/").replaceAll("_", "+").padEnd(11, "A"), "base64");
  if (bytes.length !== 8) return undefined;
  const id = bytes.readBigUInt64LE();
  return id > 0n && id < 2n ** 63n ? String(id) : undefined;
}

function invalid(message: string): Fault {
  return new Fault("invalid", message, { vendor: VENDOR });
}
