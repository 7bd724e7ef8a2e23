import type { Effect, Simulator, World } from "../shared/ports/simulator.ts";
import type { Handshake } from "../shared/ports/transport.ts";
import { followLinks } from "./links.ts";
import type { FaultRule, Scene } from "./scene.ts";
import { destinationOf, SIMULATORS, type SimulatorName } from "./simulators.ts";
import { noAnswer } from "./vendors-wire.ts";

/** All simulated vendors at once, in one scene. */
export interface Vendors {
  /** The scene as it is now; it changes as requests are answered. */
  readonly scene: Scene;
  /** Answers a request for a vendor's real address. Fails as `fetch` does: by throwing. `now` is the caller's clock. */
  answer(request: Request, now: number): Promise<Response>;
  readonly handshake: Handshake;
  /** What was really done to any vendor, oldest first. */
  effects(): readonly (Effect & { readonly system: SimulatorName })[];
}

/** Requests change `scene` itself; whoever wants to keep it as it was gives a copy. */
export function vendorsOf(scene: Scene): Vendors {
  const answers = Object.fromEntries((Object.entries(SIMULATORS) as [SimulatorName, Simulator<World>][]).map(([name, simulator]) => [name, simulator.handler(scene.worlds[name])]));

  return {
    scene,

    async answer(request, now) {
      const { url, addressee } = destinationOf(request.url, request.method);
      if (addressee === undefined) throw unreachable(url.hostname);
      const rule = scene.faults.find((one) => befalls(one, addressee.system, url, request.method));
      if (rule !== undefined) {
        rule.times -= 1;
        return madeUp(rule);
      }
      followLinks(scene, now);
      const answer = await answers[addressee.name]?.(request, now);
      if (answer === undefined) throw unreachable(url.hostname);
      return answer;
    },

    handshake: SIMULATORS.web.handshake?.(scene.worlds.web) ?? ((host) => Promise.reject(unreachable(host))),

    effects() {
      const all = (Object.keys(scene.worlds) as SimulatorName[]).flatMap((system) => scene.worlds[system].effects.map((effect) => ({ ...effect, system })));
      return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    },
  };
}

function befalls({ system, method, path, times }: FaultRule, of: string, url: Readonly<URL>, requestMethod: string): boolean {
  return times > 0 && system === of && (method ?? requestMethod) === requestMethod && (path === undefined || new RegExp(path).test(url.pathname + url.search));
}

function madeUp({ answer: { status, headers, body } }: FaultRule): Response {
  if (body === undefined) return new Response(null, { status, headers });
  return Response.json(body, { status, headers });
}

/** Nobody is at that address. */
function unreachable(host: string): TypeError {
  return noAnswer("ENOTFOUND", `getaddrinfo ENOTFOUND ${host}`);
}
