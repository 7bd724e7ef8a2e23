import { z } from "zod";
import { readAppJson } from "./app.ts";
import { timeSpanMs } from "./cron.ts";
import { Fault } from "../shared/fault/fault.ts";

/** What this host reads of host.json; everything else there is Azure's. */
const HostJsonFile = z.looseObject({
  functionTimeout: z.string().optional(),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string().optional() }).optional(),
      durableTask: z
        .looseObject({
          hubName: z
            .string()
            .regex(/^[A-Za-z][A-Za-z0-9]{2,44}$/, "must be 3 to 45 letters and digits and begin with a letter")
            .optional(),
          overridableExistingInstanceStates: z.enum(["NonRunningStates", "AnyState"]).optional(),
        })
        .optional(),
    })
    .optional(),
});

export interface HostJson {
  /** Without slashes; `""` for none. */
  readonly routePrefix: string;
  readonly hubName: string;
  readonly overridableExistingInstanceStates: "NonRunningStates" | "AnyState";
  /** Milliseconds; undefined when host.json sets none, or lifts it with -1. */
  readonly functionTimeoutMs: number | undefined;
}

/**
 * Reads an app's host.json, or Azure's defaults where it has none.
 *
 * @param settings - app settings, for `%NAME%` as the hub's name.
 * @throws Fault `invalid` that names the key, when a value is one that Azure would refuse.
 */
export function readHostJson(directory: string, settings: Readonly<Record<string, string | undefined>> = {}): HostJson {
  const raw = readAppJson(directory, "host.json") ?? {};
  const resolved = JSON.parse(
    JSON.stringify(raw).replaceAll(/%([A-Za-z0-9_]+)%/g, (whole, name: string) => (settings[name] === undefined ? whole : JSON.stringify(settings[name]).slice(1, -1))),
  ) as unknown;
  const parsed = HostJsonFile.safeParse(resolved);
  if (!parsed.success) throw new Fault("invalid", `host.json of ${directory}: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ")}`);
  const { functionTimeout, extensions } = parsed.data;
  const functionTimeoutMs = functionTimeout === undefined || functionTimeout === "-1" ? undefined : timeSpanMs(functionTimeout);
  if (functionTimeout !== undefined && functionTimeout !== "-1" && functionTimeoutMs === undefined)
    throw new Fault("invalid", `host.json of ${directory}: functionTimeout is "${functionTimeout}"; expected a TimeSpan such as 00:10:00, or -1`);
  return {
    routePrefix: (extensions?.http?.routePrefix ?? "api").replace(/^\/|\/$/g, ""),
    hubName: extensions?.durableTask?.hubName ?? "TestHubName",
    overridableExistingInstanceStates: extensions?.durableTask?.overridableExistingInstanceStates ?? "NonRunningStates",
    functionTimeoutMs,
  };
}
