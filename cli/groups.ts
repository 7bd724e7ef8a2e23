import { BUNDLED_GROUPS } from "./bundled-groups.ts";
import type { Groups } from "./program.ts";

/** All that the command line can do. */
export const GROUPS: Groups = {
  ...BUNDLED_GROUPS,
  page: { summary: "make a page into a draft of its plan", load: async () => (await import("./page.ts")).pageCommand },
  run: { summary: "start, look at and report on runs", load: async () => (await import("./run.ts")).runCommand },
  evidence: { summary: "verify evidence files", load: async () => (await import("./evidence.ts")).evidenceCommand },
  open: { summary: "show what is open right now, of all windows", load: async () => (await import("./open.ts")).openCommand },
  decide: { summary: "approve, skip, retry, pause, resume, abort", load: async () => (await import("./decide.ts")).decideCommand },
  host: { summary: "run any Functions app on this machine", load: async () => (await import("./host.ts")).hostCommand },
  watchdog: { summary: "watch an app on this machine: did each kickoff really happen?", load: async () => (await import("./watchdog.ts")).watchdogCommand },
  "serve-vendors": { summary: "serve Azurite and the simulated vendors", load: async () => (await import("./serve-vendors.ts")).serveVendorsCommand },
};
