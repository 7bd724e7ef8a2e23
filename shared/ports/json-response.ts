/**
 * `Response.json`, for simulators: the same answer, but its text stays text. A `Response` keeps it as a stream of bytes, and
 * making and reading that costs more than all the rest of a rehearsed call.
 */
export function jsonResponse(value: unknown, { status = 200, statusText = "", headers }: ResponseInit = {}): Response {
  const shown = new Headers(headers);
  if (!shown.has("content-type")) shown.set("content-type", "application/json");
  return new TextResponse(JSON.stringify(value), status, statusText, shown) as unknown as Response;
}

/** A `Response` to whoever asks, without what its constructor makes for a body that it does not have. */
class TextResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected = false;
  readonly type = "default";
  readonly url = "";
  readonly #text: string;
  #read = false;

  constructor(text: string, status: number, statusText: string, headers: Headers) {
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.ok = status >= 200 && status <= 299;
    this.#text = text;
  }

  get bodyUsed(): boolean {
    return this.#read;
  }

  get body(): Response["body"] {
    return new Response(this.#take()).body;
  }

  async text(): Promise<string> {
    return this.#take();
  }

  async json(): Promise<unknown> {
    return JSON.parse(this.#take());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Response(this.#take()).arrayBuffer();
  }

  bytes(): ReturnType<Response["bytes"]> {
    return new Response(this.#take()).bytes();
  }

  async blob(): Promise<Blob> {
    return new Response(this.#take(), { headers: this.headers }).blob();
  }

  clone(): Response {
    this.#expectUnread();
    return new TextResponse(this.#text, this.status, this.statusText, new Headers(this.headers)) as unknown as Response;
  }

  #take(): string {
    this.#expectUnread();
    this.#read = true;
    return this.#text;
  }

  #expectUnread(): void {
    if (this.#read) throw new TypeError("Body is unusable: Body has already been read");
  }
}

Object.setPrototypeOf(TextResponse.prototype, Response.prototype);
