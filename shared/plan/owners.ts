import type { Entry } from "../inventory/inventory.ts";
import { resolveName } from "../inventory/resolve.ts";
import type { InventoryKind, Person, Team } from "../inventory/schema.ts";
import type { CompiledPerson } from "./compiled.ts";
import type { Expanding } from "./expand.ts";
import type { Path } from "./outline.ts";
import { listOf } from "./schema.ts";
import type { Step } from "./schema.ts";

/** Who owns something, first to last: people, and the members of teams. Undefined when nothing is said. */
export function ownersOf(owner: Step["owner"] | readonly string[], path: Path, expanding: Expanding): readonly CompiledPerson[] | undefined {
  if (owner === undefined) return undefined;
  const said: { name: string; path: Path }[] = [];
  if (typeof owner === "string") said.push({ name: owner, path });
  else if (isList(owner)) owner.forEach((name, index) => said.push({ name, path: [...path, index] }));
  else {
    said.push({ name: owner.first, path: [...path, "first"] });
    if (owner.second !== undefined) said.push({ name: owner.second, path: [...path, "second"] });
  }
  const people = new Map<string, CompiledPerson>();
  for (const { name, path: at } of said) for (const person of peopleCalled(name, at, expanding)) people.set(person.name, person);
  return [...people.values()];
}

/** Who may approve: the people named, or the owners. */
export function approversOf(approval: Step["approval"], owners: readonly CompiledPerson[], path: Path, expanding: Expanding): readonly CompiledPerson[] | undefined {
  if (approval === undefined) return undefined;
  return approval === true ? owners : ownersOf(approval, path, expanding);
}

/** The entries of names in a list of the plan; unknown ones are said. */
export function entriesNamed(kinds: readonly InventoryKind[], names: readonly string[] | undefined, path: Path, { inventory, places, report }: Expanding): readonly Entry[] {
  const found = new Map<string, Entry>();
  listOf(names).forEach((name, index) => {
    const place = places.of([...path, index]);
    const resolved = resolveName(inventory, kinds, name);
    if (!resolved.ok) report.error("unknown-name", place, resolved.message, resolved.hint);
    else if (found.has(resolved.value.name)) report.warning("duplicate-target", place, `${resolved.value.name} is named twice`);
    else found.set(resolved.value.name, resolved.value);
  });
  return [...found.values()];
}

function peopleCalled(name: string, path: Path, { inventory, places, report }: Expanding): readonly CompiledPerson[] {
  const resolved = resolveName(inventory, ["person", "team"], name);
  if (!resolved.ok) {
    report.error("unknown-name", places.of(path), resolved.message, resolved.hint);
    return [];
  }
  const entry = resolved.value as unknown as Person | Team;
  if (!("members" in entry)) return [compiledPerson(entry)];
  if (entry.members.length === 0)
    report.error("nobody", places.of(path), `the team ${entry.name} has no members in the inventory, so nobody would be told`, "add its members there, or name a person");
  return entry.members.flatMap((member) => {
    const person = inventory.find("person", member);
    return person === undefined ? [] : [compiledPerson(person as unknown as Person)];
  });
}

function compiledPerson({ name, slackId, email, title }: Person): CompiledPerson {
  return { name, slackId, email, ...(title === undefined ? {} : { title }) };
}

function isList(owner: Exclude<Step["owner"], undefined> | readonly string[]): owner is readonly string[] {
  return Array.isArray(owner);
}
