import type { Clock } from "../shared/ports/clock.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { currentScope } from "../shared/ports/scope.ts";
import type { Secrets } from "../shared/ports/secrets.ts";
import type { Fetch } from "../shared/ports/transport.ts";

/** One HTTP exchange with a vendor, as a line of a recording; what the check against the vendors' API descriptions reads. */
export interface Exchange {
  /** When the request was sent: UTC ISO, on the run's clock. */
  readonly at: string;
  readonly run: string | null;
  readonly step: string | null;
  readonly target: string | null;
  /** As the files of the vendors' API descriptions are named. */
  readonly system: string;
  readonly request: { readonly method: string; readonly url: string; readonly headers: Record<string, string>; readonly body: unknown };
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body: unknown };
}

export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

export interface RecorderOptions {
  readonly clock: Clock;
  /** Which system a request belongs to; undefined: not a vendor's API, so it is not recorded. */
  systemOf(url: URL, method: string): string | undefined;
  /** Values that must never be written, asked anew for every line. */
  secretsKnown(): Iterable<KnownSecret>;
  /** Takes one line of JSON, without the line break. */
  write(line: string): void;
}

export interface Recorder {
  /** The same fetch, with every exchange that got an answer written down. A call that got none leaves no line. */
  around(fetch: Fetch): Fetch;
}

/**
 * Writes down what is said to vendors and what they answer, one JSON line an exchange, with secrets as `«secret:NAME»`.
 *
 * Secrets are found in three ways, so that one that is new to us is hidden as well: by header (Authorization and its
 * kin), by place (a password field, the value of a Key Vault secret), and by value (whatever `secretsKnown` names,
 * plain, base64, URL-encoded or JSON-escaped).
 */
export function recorder({ clock, systemOf, secretsKnown, write }: RecorderOptions): Recorder {
  // An ARM polling URL belongs to the system whose answer handed it out, whatever its path looks like.
  const handedOut = new Map<string, string>();

  return {
    around: (fetch) => async (input, init) => {
      const request = new Request(input, init);
      const url = new URL(request.url);
      const system = handedOut.get(url.href) ?? systemOf(url, request.method);
      if (system === undefined || system === NO_VENDOR) return fetch(request);
      const at = isoOf(clock.now());
      const sent = await request.clone().text();

      const response = await fetch(request);

      for (const header of ["location", "azure-asyncoperation", "operation-location"]) {
        const link = response.headers.get(header);
        if (link !== null && URL.canParse(link, url.href)) handedOut.set(new URL(link, url.href).href, system);
      }
      const scope = currentScope();
      const hidden = redaction(system, url, [...secretsKnown()]);
      const exchange: Exchange = {
        at,
        run: scope?.run ?? null,
        step: scope?.step ?? null,
        target: scope?.target ?? null,
        system,
        request: { method: request.method, url: hidden.url(), headers: hidden.headers(request.headers), body: hidden.body(sent, request.headers) },
        response: {
          status: response.status,
          headers: hidden.headers(response.headers),
          body: hidden.body(await response.clone().text(), response.headers),
        },
      };
      write(JSON.stringify(exchange));
      return response;
    },
  };
}

/** Secrets that remember what was read through them, for `secretsKnown`. */
export function rememberingSecrets(secrets: Secrets): Secrets & { known(): Iterable<KnownSecret> } {
  const known = new Map<string, KnownSecret>();
  return {
    async read(name) {
      const secret = await secrets.read(name);
      const value = secret.reveal();
      known.set(`${name}\n${value}`, { name, value });
      return secret;
    },
    known: () => known.values(),
  };
}

/** The text with every known secret replaced, in each of the forms in which a value travels. Longest first, as one may hold another. */
export function redacted(text: string, secrets: Iterable<KnownSecret>): string {
  const forms = [...secrets]
    .filter(({ value }) => value.length >= SHORTEST_SECRET)
    .flatMap(({ name, value }) =>
      [value, Buffer.from(value).toString("base64"), Buffer.from(value).toString("base64url"), encodeURIComponent(value), JSON.stringify(value).slice(1, -1)].map((form) => ({
        form,
        mark: markOf(name),
      })),
    )
    .sort((a, b) => b.form.length - a.form.length);
  return forms.reduce((left, { form, mark }) => left.replaceAll(form, mark), text);
}

/** Sites that are looked at as visitors do: no vendor's API, so there is nothing to check their traffic against. */
const NO_VENDOR = "web";

/** A shorter value would be found in innocent text everywhere; no vendor issues such secrets. */
const SHORTEST_SECRET = 6;

const SECRET_HEADERS = new Set(["authorization", "proxy-authorization", "x-pan-key", "x-api-key", "cookie", "set-cookie"]);

/** Names of fields, form fields and query parameters whose value is a secret wherever they stand. */
const SECRET_FIELDS =
  /^(password|passwd|pass|token|access_?token|refresh_?token|id_?token|session_?key|client_?secret|secret|secureValue|storageAccountKey|api_?key|totp|signature|sig|phash)$/i;

/** What may be told of an item in Bitwarden. Any other text of it may be somebody's secret: notes, user names, fields of people's own. */
const TOLD_OF_ITEMS = /^(object|id|name|organizationId|folderId|collectionIds|creationDate|revisionDate|deletedDate|lastUsedDate|passwordRevisionDate|message|title|status)$/;

const markOf = (name: string) => `«secret:${name}»`;

function redaction(system: string, url: URL, secrets: readonly KnownSecret[]) {
  // `key` is the API key on firewalls, and the name of a ticket or a space elsewhere.
  const isItem = system === "bitwarden" && /^\/(list\/)?object\//.test(url.pathname);
  const isSecretField = (name: string) => SECRET_FIELDS.test(name) || (system === "panos" && name === "key") || (isItem && !TOLD_OF_ITEMS.test(name));
  // The value of a Key Vault secret has no telling field name; its place tells.
  const vaultSecret = system === "key-vault" ? /^\/(?:deleted)?secrets\/([^/]+)/.exec(url.pathname)?.[1] : undefined;

  const walk = (value: unknown, field = ""): unknown => {
    if (typeof value === "string") {
      if (value.startsWith("«secret:")) return value;
      if (value !== "" && isSecretField(field)) return markOf(field);
      if (vaultSecret !== undefined && field === "value") return markOf(vaultSecret);
      return redacted(value, secrets);
    }
    if (Array.isArray(value)) return value.map((part) => walk(part, field));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, walk(part, name)]));
  };

  const form = (pairs: string) =>
    pairs
      .split("&")
      .map((pair) => {
        const equals = pair.indexOf("=");
        const name = [...new URLSearchParams(pair).keys()][0] ?? "";
        return equals >= 0 && isSecretField(name) ? `${pair.slice(0, equals)}=${markOf(name)}` : redacted(pair, secrets);
      })
      .join("&");

  return {
    url(): string {
      const question = url.href.indexOf("?");
      if (question < 0) return redacted(url.href, secrets);
      return `${redacted(url.href.slice(0, question), secrets)}?${form(url.href.slice(question + 1))}`;
    },
    headers(headers: Headers): Record<string, string> {
      return Object.fromEntries(
        [...headers].map(([name, value]) => {
          const scheme = /^(Bearer|Basic) /i.exec(value)?.[0] ?? "";
          return [name, SECRET_HEADERS.has(name) ? `${scheme}${markOf(name)}` : redacted(value, secrets)];
        }),
      );
    },
    body(text: string, headers: Headers): unknown {
      if (text === "") return null;
      const type = headers.get("content-type") ?? "";
      if (type.includes("application/x-www-form-urlencoded")) return form(text);
      if (/[/+]json/.test(type)) {
        try {
          return walk(JSON.parse(text));
        } catch {
          // Not the JSON it claims to be: kept as the text that it is, for whoever looks into it.
        }
      }
      return redacted(
        text.replace(/(<(key|password|phash)>)[^<]*(<\/\2>)/gi, (_all, open: string, tag: string, close: string) => `${open}${markOf(tag)}${close}`),
        secrets,
      );
    },
  };
}
