import type { Report, Standing } from "./report-schema.ts";

/** Endings as people read them, with a sign that tells them apart without colour. */
export const STANDINGS = {
  done: { word: "done", sign: "✓" },
  already: { word: "already so", sign: "✓" },
  dropped: { word: "dropped", sign: "–" },
  skipped: { word: "skipped", sign: "↷" },
  failed: { word: "failed", sign: "✕" },
  unknown: { word: "unknown", sign: "?" },
  running: { word: "running", sign: "▸" },
  waiting: { word: "waiting", sign: "…" },
} as const satisfies Record<Standing, { word: string; sign: string }>;

export function wordOf(state: Standing): string {
  return STANDINGS[state].word;
}

const OUTCOMES: Readonly<Record<Report["summary"]["outcome"], string>> = {
  well: "Ended well",
  badly: "Ended badly",
  aborted: "Aborted",
  running: "Under way",
};

export function outcomeText({ summary }: Report): string {
  return OUTCOMES[summary.outcome];
}

/** `45 s`, `12 min`, `1 h 05 min`. */
export function durationText(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** How long something took, if it began and ended. */
export function tookText({ begun, ended }: { readonly begun?: { readonly at: string } | undefined; readonly ended?: { readonly at: string } | undefined }): string {
  return begun === undefined || ended === undefined ? "" : durationText(Date.parse(ended.at) - Date.parse(begun.at));
}
