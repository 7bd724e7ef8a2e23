import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Fault } from "../shared/fault/fault.ts";
import { sceneOf, type Scene } from "./scene.ts";
import type { SceneStore } from "./scene-store.ts";
import type { SimulatorName } from "./simulators.ts";
import { vendorsOf } from "./vendors.ts";
import { CONTROL, HOST_HEADER, NO_ANSWER_HEADER, NOW_HEADER, OF_CONNECTION, PROTO_HEADER } from "./vendors-wire.ts";

/** All simulated vendors behind one server on loopback. */
export interface VendorsServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves the vendors of the scene in `store`. Whatever a request changed is on disk before it is answered, so that a caller
 * who got an answer finds its effect after any crash.
 *
 * Below `/_nightshift/`: GET `health`; GET `worlds` (the whole scene, or one world by `?name=`) and PUT, which replaces it; GET `effects`; POST `reset`,
 * back to `first` or to what was PUT last; GET `handshake?host=&port=`.
 *
 * @param first the scene to begin with when nothing is kept.
 */
export async function serveVendors(store: SceneStore, first: Scene, port = 0): Promise<VendorsServer> {
  let beginning = structuredClone(first);
  let vendors = vendorsOf(store.load() ?? structuredClone(first));
  store.save(vendors.scene);

  const replaceScene = (scene: Scene): void => {
    beginning = structuredClone(scene);
    vendors = vendorsOf(scene);
    store.save(scene);
  };

  async function control(request: IncomingMessage, url: URL): Promise<Response> {
    switch (`${request.method} ${url.pathname.slice(CONTROL.length)}`) {
      case "GET health":
        return Response.json({ ok: true, pid: process.pid });
      case "GET worlds":
        return Response.json(url.searchParams.has("name") ? (vendors.scene.worlds[url.searchParams.get("name") as SimulatorName] ?? null) : vendors.scene);
      case "PUT worlds":
        replaceScene(sceneOf(parsed(await bodyOf(request))));
        return new Response(null, { status: 204 });
      case "GET effects":
        return Response.json(vendors.effects());
      case "POST reset":
        replaceScene(beginning);
        return new Response(null, { status: 204 });
      case "GET handshake":
        return Response.json(await vendors.handshake(url.searchParams.get("host") ?? "", Number(url.searchParams.get("port") ?? 443)));
      default:
        return Response.json({ fault: { kind: "absent", message: `there is no ${request.method} ${url.pathname}; see local/vendors-server.ts` } }, { status: 404 });
    }
  }

  async function vendor(request: IncomingMessage, url: URL): Promise<Response> {
    const [proto, host, now] = [PROTO_HEADER, HOST_HEADER, NOW_HEADER].map((name) => request.headers[name]);
    if (typeof proto !== "string" || typeof host !== "string" || !/^\d+$/.test(String(now))) {
      throw new Fault("invalid", `a request for a vendor has the headers ${PROTO_HEADER}, ${HOST_HEADER} and ${NOW_HEADER} (milliseconds)`);
    }
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (OF_CONNECTION.has(name) || [PROTO_HEADER, HOST_HEADER, NOW_HEADER].includes(name) || value === undefined) continue;
      headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    const body = await bodyOf(request);
    const answering = vendors;
    const answer = await answering.answer(
      new Request(`${proto}://${host}${url.pathname}${url.search}`, { method: request.method ?? "GET", headers, body: body.length === 0 ? null : body }),
      Number(now),
    );
    if (answering === vendors) store.save(answering.scene);
    return answer;
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    (url.pathname.startsWith(CONTROL) ? control(request, url) : vendor(request, url)).catch(failed).then(
      (answer) => send(answer, response),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const MOST_BYTES = 64 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Fault("invalid", `a request has more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new Fault("invalid", "the body is no JSON; expected a scene: worlds, faults, links", { cause });
  }
}

/** A simulator that throws gives no answer, as a vendor that cannot be reached. */
function failed(thrown: unknown): Response {
  if (thrown instanceof Fault) return Response.json({ fault: thrown }, { status: 400 });
  const { message, cause } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = (cause as { code?: unknown } | undefined)?.code;
  return new Response(cause instanceof Error ? cause.message : message, { status: 502, headers: { [NO_ANSWER_HEADER]: typeof code === "string" ? code : "EFAILED" } });
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  for (const [name, value] of answer.headers) {
    if (!OF_CONNECTION.has(name)) response.appendHeader(name, value);
  }
  // The machine's own date has no place in an answer of simulated time.
  response.sendDate = false;
  response.writeHead(answer.status);
  response.end(body);
}
