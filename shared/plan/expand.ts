import type { AnyAction } from "../action/action.ts";
import { ALL } from "../inventory/inventory.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { resolveNames } from "../inventory/resolve.ts";
import { complain } from "./complaints.ts";
import type { CompiledTarget } from "./compiled.ts";
import type { Report } from "./finding.ts";
import { fieldOf, kindsOf, withEntries } from "./names.ts";
import type { Draft, Path } from "./outline.ts";
import { listOf } from "./schema.ts";
import { targetKindOf } from "./vocabulary.ts";
import type { Places } from "./yaml.ts";

export interface Expanding {
  readonly inventory: Inventory;
  readonly places: Places;
  readonly report: Report;
}

/**
 * What a step does to each of its targets: parameters with their names resolved and parsed by the action, what they
 * touch, open and close. Undefined when something is wrong, which has then been said.
 */
export function targetsOf(draft: Draft, action: AnyAction, expanding: Expanding): readonly CompiledTarget[] | undefined {
  const { inventory, places, report } = expanding;
  const fan = fanOf(draft, action, expanding);
  if (fan === undefined) return undefined;
  const withPath: Path = [...draft.path, "with"];
  const written = Object.fromEntries(Object.entries(draft.fields.with ?? {}).filter(([key]) => key !== fan.over));

  const unknown = new Set<string>();
  const resolved = withEntries(action.params, written, inventory, (path, message, hint) => {
    unknown.add(JSON.stringify(path));
    report.error("unknown-name", places.of([...withPath, ...path]), message, hint);
  }) as Record<string, unknown>;

  const targets: CompiledTarget[] = [];
  for (const { id, value } of fan.targets) {
    const params = fan.over === undefined ? resolved : { ...resolved, [fan.over]: value };
    const parsed = action.params.safeParse(params);
    if (!parsed.success) {
      const others = parsed.error.issues.filter(
        ({ path }) =>
          !unknown.has(JSON.stringify(path)) && !(fan.over !== undefined && path[0] === fan.over && kindsOf(fieldOf(action.params, fan.over) ?? action.params).length > 0),
      );
      complain(report, others, { schema: action.params, value: params, places, base: withPath });
      // One target says it for all: they differ in their name only.
      return undefined;
    }
    if (unknown.size > 0) return undefined;
    targets.push(targetOf(id, draft, action, parsed.data, expanding));
  }
  return oneByOne(draft, targets, expanding) ? targets : undefined;
}

/** Of an action that is not built: its targets by name, and what the plan itself says that they open and close. */
export function unbuiltTargets(draft: Draft, { inventory, places, report }: Expanding): readonly CompiledTarget[] {
  const kind = targetKindOf(draft.fields.action ?? "");
  const names = listOf(draft.fields.targets).flatMap((name, index) => {
    if (kind === undefined) return [name];
    const resolved = resolveNames(inventory, [kind], name);
    if (resolved.ok) return resolved.value.map((entry) => entry.name);
    report.error("unknown-name", places.of(Array.isArray(draft.fields.targets) ? [...draft.path, "targets", index] : [...draft.path, "targets"]), resolved.message, resolved.hint);
    return [];
  });
  return (names.length === 0 ? [draft.id] : [...new Set(names)]).map((id) => ({
    id,
    params: draft.fields.with ?? {},
    touches: [],
    opens: Object.entries(draft.fields.opens ?? {}).map(([obligation, what]) => ({ id: obligation.replaceAll("{target}", id), what: what.replaceAll("{target}", id) })),
    closes: listOf(draft.fields.closes).map((obligation) => obligation.replaceAll("{target}", id)),
  }));
}

interface Fan {
  readonly over: string | undefined;
  readonly targets: readonly { readonly id: string; readonly value?: unknown }[];
}

/** The targets by name: from `targets`, or from the parameter that the action fans out over. */
function fanOf(draft: Draft, action: AnyAction, { inventory, places, report }: Expanding): Fan | undefined {
  const { over } = action;
  const { targets } = draft.fields;
  const inWith = over === undefined ? undefined : draft.fields.with?.[over];
  if (targets !== undefined && over === undefined) {
    report.error("no-fan-out", places.ofKey([...draft.path, "targets"]), `${action.verb} has no targets; it acts once`, "take `targets` away, or write one step each");
    return undefined;
  }
  if (targets !== undefined && inWith !== undefined) {
    report.error("targets-twice", places.ofKey([...draft.path, "targets"]), `\`targets\` and \`with.${String(over)}\` say the same thing`, "keep one of them");
    return undefined;
  }
  const said = targets ?? inWith;
  const single: Fan = { over: undefined, targets: [{ id: draft.id }] };
  if (over === undefined || said === undefined) return single;
  // Whatever is neither text nor a list of text is for the action's schema to refuse.
  if (typeof said !== "string" && !(Array.isArray(said) && said.length > 0 && said.every((each) => typeof each === "string"))) return single;

  const base: Path = targets === undefined ? [...draft.path, "with", over] : [...draft.path, "targets"];
  const kinds = kindsOf(fieldOf(action.params, over) ?? action.params);
  const found = new Map<string, { id: string; value: unknown }>();
  let whole = true;
  listOf<string>(said).forEach((name, index) => {
    const place = places.of(Array.isArray(said) ? [...base, index] : base);
    const resolved = kinds.length === 0 ? ({ ok: true, value: [{ name }] } as const) : resolveNames(inventory, kinds, name);
    if (!resolved.ok) {
      report.error("unknown-name", place, resolved.message, resolved.hint);
      whole = false;
      return;
    }
    if (resolved.value.length === 0) {
      report.error("no-targets", place, `\`${name}\` stands for nothing: the inventory has no ${kinds.join(" or ")}`);
      whole = false;
    }
    for (const entry of resolved.value) {
      if (found.has(entry.name))
        report.warning("duplicate-target", place, `${entry.name} is a target twice${name === ALL || name === entry.name ? "" : `, here by \`${name}\``}`, "it is done once");
      else found.set(entry.name, { id: entry.name, value: kinds.length === 0 ? name : entry });
    }
  });
  return whole ? { over, targets: [...found.values()] } : undefined;
}

function targetOf(id: string, draft: Draft, action: AnyAction, params: unknown, { report, places }: Expanding): CompiledTarget {
  const named = (text: string): string => text.replaceAll("{target}", id);
  const opens = [...(action.opens?.(params) ?? []), ...Object.entries(draft.fields.opens ?? {}).map(([obligation, what]) => ({ id: named(obligation), what: named(what) }))];
  const closes = [...new Set([...(action.closes?.(params) ?? []), ...listOf(draft.fields.closes).map(named)])];
  const twice = opens.find(({ id: one }, index) => opens.findIndex((other) => other.id === one) !== index);
  if (twice !== undefined) report.warning("opens-twice", places.ofKey([...draft.path, "opens"]), `${action.verb} opens \`${twice.id}\` by itself`, "take it out of `opens`");
  return { id, params, touches: [...new Set(action.touches(params))].sort(), opens: opens.filter((each) => each !== twice), closes };
}

/** With several targets, an obligation without `{target}` would be opened again by each, and closed by the first. */
function oneByOne(draft: Draft, targets: readonly CompiledTarget[], { report, places }: Expanding): boolean {
  if (targets.length < 2) return true;
  const shared = [
    ...Object.keys(draft.fields.opens ?? {}).map((id) => ({ id, path: [...draft.path, "opens", id] })),
    ...listOf(draft.fields.closes).map((id) => ({ id, path: [...draft.path, "closes"] })),
  ].filter(({ id }) => !id.includes("{target}"));
  for (const { id, path } of shared) {
    report.error(
      "obligation-per-target",
      places.ofKey(path),
      `\`${id}\` is the same for all ${targets.length} targets`,
      `write \`${id}:{target}\`, or let a step without targets do it`,
    );
  }
  return shared.length === 0;
}
