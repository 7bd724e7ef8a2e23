/** `1h30m`, `45m`, `90s`: hours, minutes and seconds in this order, each at most once. */
export const DURATION = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/;

/** What a field that is no duration should have been, for messages. */
export const DURATION_WANTED = "expected a duration such as 90s, 45m or 1h30m";

/** Milliseconds of a duration as plans write it, or undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const [whole, hours = "0", minutes = "0", seconds = "0"] = DURATION.exec(text) ?? [];
  return whole === undefined ? undefined : ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
}

/** The shortest text that `durationMs` reads back, to the second. */
export function durationText(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1_000));
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor((total % 3_600) / 60), total % 60];
  const text = [hours > 0 ? `${hours}h` : "", minutes > 0 ? `${minutes}m` : "", seconds > 0 ? `${seconds}s` : ""].join("");
  return text === "" ? "0s" : text;
}
