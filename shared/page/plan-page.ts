import { readYaml } from "../plan/yaml.ts";

/** Which page, and which version of it, a plan says that it was made from; undefined when it says neither. */
export function planPage(planText: string): { readonly id: string | undefined; readonly version: number | undefined } | undefined {
  const { value } = readYaml(planText, "the plan");
  const { window } = (value ?? {}) as { window?: { page?: { id?: unknown; version?: unknown } } };
  const page = window?.page;
  if (page === undefined || page === null) return undefined;
  return { id: typeof page.id === "string" ? page.id : undefined, version: typeof page.version === "number" ? page.version : undefined };
}
