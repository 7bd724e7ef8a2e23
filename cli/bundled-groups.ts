import type { Groups } from "./program.ts";

/** The groups that are bundled: each works in this process alone and starts nothing that would load other code of ours. */
export const BUNDLED_GROUPS = {
  plan: { summary: "check, show and describe plans", load: async () => (await import("./plan.ts")).planCommand },
  rehearse: { summary: "run a window against simulators in virtual time", load: async () => (await import("./rehearse.ts")).rehearseCommand },
  storm: { summary: "run many windows in bad weather, and check what must always be true", load: async () => (await import("./storm.ts")).stormCommand },
} satisfies Groups;
