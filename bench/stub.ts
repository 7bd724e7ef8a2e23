import { createServer } from "node:http";

/** Answers every POST at once, or after the milliseconds its query asks for: `?ms=100`. Prints its port. */
const server = createServer((request, response) => {
  request.resume();
  const ms = Number(new URL(request.url ?? "/", "http://stub").searchParams.get("ms") ?? 0);
  const answer = (): void => void response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
  request.on("end", () => (ms > 0 ? setTimeout(answer, ms) : answer()));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : ""}\n`);
});
