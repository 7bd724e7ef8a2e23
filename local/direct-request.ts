import type { Fetch } from "../shared/ports/transport.ts";
import { destinationOf } from "./simulators.ts";

/** Methods that a `Request` writes in capitals, however they were given. */
const IN_CAPITALS = /^(delete|get|head|options|post|put)$/i;

/**
 * The request that `fetch(input, init)` would send. One with a body of text, or with none, is not made a `Request`, which would
 * keep the text as a stream and listen to its signal: a simulator asks for no more than is here, and is told at once if it does.
 */
export function directRequest(input: Parameters<Fetch>[0], init?: RequestInit): Request {
  if (input instanceof Request) return init === undefined ? input : new Request(input, init);
  const method = init?.method ?? "GET";
  const body = init?.body ?? undefined;
  const isPlain = body === undefined || (typeof body === "string" && !/^(get|head)$/i.test(method));
  if (!isPlain) return new Request(input, init);
  init?.signal?.throwIfAborted();
  // Headers that are made for one request, as the SDKs of Azure have them, are not copied.
  const headers = init?.headers instanceof Headers && (body === undefined || init.headers.has("content-type")) ? init.headers : new Headers(init?.headers);
  return new DirectRequest(destinationOf(String(input), method).url.href, IN_CAPITALS.test(method) ? method.toUpperCase() : method, headers, body) as unknown as Request;
}

class DirectRequest implements Pick<Request, "url" | "method" | "headers" | "text" | "json" | "formData" | "arrayBuffer" | "clone" | "bodyUsed"> {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly #body: string | undefined;
  #read = false;

  constructor(url: string, method: string, headers: Headers, body: string | undefined) {
    this.url = url;
    this.method = method;
    this.headers = headers;
    this.#body = body;
    if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "text/plain;charset=UTF-8");
  }

  get bodyUsed(): boolean {
    return this.#read;
  }

  async text(): Promise<string> {
    if (this.#read) throw new TypeError("Body is unusable: Body has already been read");
    this.#read = this.#body !== undefined;
    return this.#body ?? "";
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async formData(): Promise<FormData> {
    return new Request(this.url, { method: this.method, headers: this.headers, body: await this.text() }).formData();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new TextEncoder().encode(await this.text()).buffer;
  }

  clone(): Request {
    return new DirectRequest(this.url, this.method, new Headers(this.headers), this.#body) as unknown as Request;
  }
}
