import { nicKey, type NetworkWorld } from "../../../integrations/azure-network/simulated-pools.ts";
import type { DnsRecord, Pipeline, Server } from "../../../shared/inventory/schema.ts";
import { canonicalJson } from "../../../shared/plan/compiled.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { callsOf, owedIn, placeIn, type Aftermath, type Invariant } from "./aftermath.ts";

/** As much of what `pipeline.run` is asked for as decides what runs. */
interface Wanted {
  readonly pipeline: Pipeline;
  readonly ref?: { readonly tag?: string; readonly branch?: string };
  readonly environment?: string;
  readonly stages?: readonly string[];
  readonly stack?: { readonly environment: string; readonly parameter: string; readonly value: string };
  readonly parameters?: Readonly<Record<string, string>>;
  readonly mode?: "deploy" | "destroy";
}

/** Promises 3 and 6: what is done to a vendor is what the plan asks for, what is put back is as it was, and what is others' stays as it is. */
export const ASKED: readonly Invariant[] = [
  {
    rule: "no other run than was asked for",
    promise: 6,
    says: "a pipeline is queued at the ref, with the parameters and for the stages that the plan says, and for no others, however it ends",
    check: (aftermath) =>
      callsOf(aftermath).flatMap(({ scope, done, at }) =>
        done.flatMap(({ effect }) => {
          const place = effect.did === "queued" ? placeIn(aftermath.plan, scope) : undefined;
          if (place?.step.verb !== "pipeline.run") return [];
          const { step, target } = place;
          const { stages: asked, ref: from, environment, stack, parameters = {}, mode, pipeline } = target.params as Wanted;
          const { stages, ref, templateParameters } = effect.with as { stages: readonly string[]; ref: string; templateParameters: Readonly<Record<string, string>> };
          const of = environment ?? stack?.environment;
          const wanted = pipeline.stages
            .filter((stage) => of === undefined || stage.environment === undefined || stage.environment === of)
            .filter(({ name, title }) => asked === undefined || asked.includes(name) || (title !== undefined && asked.includes(title)))
            .map(({ name }) => name);
          const given = { ...parameters, ...(stack === undefined ? {} : { [stack.parameter]: stack.value }), ...(mode === "destroy" ? { mode } : {}) };
          const source = from?.tag === undefined ? `refs/heads/${from?.branch ?? pipeline.branch}` : `refs/tags/${from.tag}`;
          const what = `${step.id} ${target.id} queued ${pipeline.name} at ${isoOf(at)}`;
          return [
            ...(stages.toSorted().join() === wanted.toSorted().join() ? [] : [`${what} for ${stages.join(", ")}, and the plan says ${wanted.join(", ")}`]),
            ...(ref === source ? [] : [`${what} at ${ref}, and the plan says ${source}`]),
            ...(canonicalJson(templateParameters) === canonicalJson(given) ? [] : [`${what} with ${canonicalJson(templateParameters)}, and the plan says ${canonicalJson(given)}`]),
          ];
        }),
      ),
  },
  {
    rule: "what others changed stays",
    promise: 6,
    says: "a record is pointed elsewhere only from where the plan or this run left it",
    check: (aftermath) =>
      callsOf(aftermath).flatMap(({ scope, done, at }) =>
        done.flatMap(({ system, effect }) => {
          const place = system === "cloudflare" && effect.did === "changed" ? placeIn(aftermath.plan, scope) : undefined;
          if (place === undefined) return [];
          const { step, target } = place;
          const { before, after } = effect.with as Readonly<Record<"before" | "after", { readonly content: string }>>;
          const what = `${step.id} ${target.id} pointed ${effect.to} from ${before.content} at ${after.content} (${isoOf(at)})`;
          if (step.verb !== "dns.swap") return before.content === after.content ? [] : [what];
          const { from, to } = target.params as { record: DnsRecord; from: string; to: string };
          const [was, is] = scope?.deed === "undo" ? [to, from] : [from, to];
          return before.content === was && after.content === is ? [] : [`${what}; the plan says from ${was} at ${is}`];
        }),
      ),
  },
  {
    rule: "only what is long off is removed",
    promise: 6,
    says: "a server is deleted only if it is off, and has been for as long as the plan says",
    check: ({ plan, before, happenings }) =>
      happenings.flatMap((one) =>
        (one.what === "call" ? one.done : []).flatMap(({ system, effect }) => {
          if (system !== "azure-compute" || effect.did !== "deleted") return [];
          const machine = Object.values(before.worlds["azure-compute"].machines).find(({ vm }) => effect.to === `server ${vm}`);
          const asked = plan.steps
            .filter(({ verb }) => verb === "host.decommission")
            .flatMap(({ targets }) => targets.map(({ params }) => params as { server: Server; offDays?: number }))
            .find(({ server }) => server.vm === machine?.vm);
          if (machine === undefined || asked === undefined) return [`${effect.to} was deleted, and nobody had asked for that`];
          const used = machine.history.findLast(({ operation, status }) => operation !== "deallocate" && status === "Succeeded")?.at ?? "";
          const off = machine.history.find(({ operation, at }) => operation === "deallocate" && at > used)?.at ?? effect.at;
          const days = (Date.parse(effect.at) - Date.parse(off)) / 86_400_000;
          return machine.power === "deallocated" && days >= (asked.offDays ?? 30) ? [] : [`${effect.to} was deleted, ${machine.power} for ${days.toFixed(0)} days`];
        }),
      ),
  },
  {
    rule: "what is back is as it was",
    promise: 1,
    says: "a record that points where it did, and a server that is in its pools again, are in all else as they were; and what others muted stays muted",
    check: (aftermath) => [...recordsUnlike(aftermath), ...seatsUnlike(aftermath), ...mutingsUnlike(aftermath)],
  },
];

function recordsUnlike({ before, after }: Aftermath): readonly string[] {
  const now = new Map(after.worlds.cloudflare.zones.flatMap(({ records }) => records.map((record) => [record.id, record] as const)));
  return before.worlds.cloudflare.zones.flatMap(({ records }) =>
    records.flatMap((was) => {
      const is = now.get(was.id);
      if (is?.content !== was.content || is.proxied !== was.proxied || canonicalJson(is) === canonicalJson(was)) return [];
      return [
        `record ${was.name} points where it did, and is ${canonicalJson({ ttl: is.ttl, comment: is.comment })}; it was ${canonicalJson({ ttl: was.ttl, comment: was.comment })}`,
      ];
    }),
  );
}

function seatsUnlike(aftermath: Aftermath): readonly string[] {
  const [was, is] = [aftermath.before, aftermath.after].map(({ worlds }) => worlds["azure-network"]) as [NetworkWorld, NetworkWorld];
  const owed = owedIn(aftermath).flatMap(({ what, closed }) => (closed === undefined ? [what] : []));
  // What is written into a load balancer's or a gateway's own list is told by the address.
  const entriesOf = ({ balancers, gateways }: NetworkWorld, address: string): string =>
    JSON.stringify(
      [...Object.values(balancers), ...Object.values(gateways)].flatMap(({ pools }) =>
        Object.entries(pools).flatMap(([pool, { addresses }]) => (addresses as readonly { address?: string }[]).flatMap((one) => (one.address === address ? [[pool, one]] : []))),
      ),
    );
  return Object.values(was.nics).flatMap((nic) => {
    const now = is.nics[nicKey(nic)];
    const server = nic.machine?.split("/").at(-1) ?? nic.nic;
    if (now === undefined || owed.some((what) => what.toLowerCase().startsWith(`${server.toLowerCase()} is out of pool`))) return [];
    const isSame =
      canonicalJson(now.configurations) === canonicalJson(nic.configurations) &&
      canonicalJson(now.tags) === canonicalJson(nic.tags) &&
      nic.configurations.every(({ address }) => entriesOf(was, address) === entriesOf(is, address));
    return isSame ? [] : [`${server} is not in its pools as it was, and nobody owes it: ${canonicalJson({ tags: now.tags, configurations: now.configurations })}`];
  });
}

function mutingsUnlike({ before, after }: Aftermath): readonly string[] {
  return before.worlds.pingdom.maintenance.flatMap((was) => {
    const is = after.worlds.pingdom.maintenance.find(({ id }) => id === was.id);
    return canonicalJson(is) === canonicalJson(was) ? [] : [`maintenance ${was.id} of Pingdom, which is somebody else's, was changed`];
  });
}
