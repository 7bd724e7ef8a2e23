/**
 * `Response.json`, for simulators: the same answer, but its text stays text. A `Response` keeps it as a stream of bytes, and
 * making and reading that costs more than all the rest of a rehearsed call.
 */
export function jsonResponse(value: unknown, { status = 200, statusText = "", headers }: ResponseInit = {}): Response {
  const shown = new Headers(headers);
  if (!shown.has("content-type")) shown.set("content-type", "application/json");
  return new TextResponse(JSON.stringify(value), { status, statusText, headers: shown }) as unknown as Response;
}

/** A `Response` as far as it is not about its body. */
const Bodyless = Response as unknown as new (body: null, init: ResponseInit) => Pick<Response, "status" | "statusText" | "headers">;

class TextResponse extends Bodyless {
  readonly #text: string;
  #read = false;

  constructor(text: string, init: ResponseInit) {
    super(null, init);
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
    return new Response(this.#take(), this).blob();
  }

  clone(): Response {
    this.#expectUnread();
    return new TextResponse(this.#text, this) as unknown as Response;
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
