import type { HttpRequest } from "./actions.ts";
import type { Board, Started } from "./board.ts";

/** The extension's own activity behind `callHttp` (3.10). The host runs it itself. */
export const HTTP_ACTIVITY = "BuiltIn::HttpActivity";

/** Pause before an unfinished request is polled again, unless the server names one. */
export const HTTP_POLL_MS = 30_000;

interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string | null;
}

/** A request, and, with polling on, a pause and another one for as long as the answer is 202 with a `Location`. */
export function startHttp(board: Board, started: Started): void {
  const request = started.action.httpRequest as HttpRequest;
  const send = (sent: HttpRequest): void => {
    board.decide({ kind: "activity", name: HTTP_ACTIVITY, input: JSON.stringify(sent) }, started).whenSettled(
      (result) => {
        const { statusCode, headers } = JSON.parse(String(result)) as HttpResult;
        const location = header(headers, "location");
        if (request.asynchronousPatternEnabled !== true || statusCode !== 202 || location === undefined) return started.future.succeed(result);
        const seconds = Number(header(headers, "retry-after"));
        const fireAtMs = board.nowMs + (seconds > 0 ? seconds * 1000 : HTTP_POLL_MS);
        const { content: _content, ...poll } = sent;
        board.decide({ kind: "timer", fireAtMs }, started).always(() => send({ ...poll, uri: new URL(location, sent.uri).href, method: "GET" }));
      },
      (failure) => started.future.fail(failure),
    );
  };
  send(request);
}

function header(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Sends one request for an orchestrator. @throws TypeError when the server cannot be reached. */
export async function sendHttp(inputJson: string): Promise<string> {
  const { method, uri, content, headers } = JSON.parse(inputJson) as HttpRequest;
  const response = await fetch(uri, { method, ...(headers === undefined ? {} : { headers }), ...(content === undefined ? {} : { body: content }) });
  const result: HttpResult = { statusCode: response.status, headers: Object.fromEntries(response.headers), content: await response.text() };
  return JSON.stringify(result);
}
