/** Names that people give to zones, as IANA zones. «EST» said in July means the zone's clock all the same. */
const ZONES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:central european(?: (?:summer |standard )?time)?|cest|cet|berlin time|paris time)\b/i, "Europe/Berlin"],
  [/\b(?:(?:us )?eastern(?: (?:standard|daylight))? time|e[sd]?t|new york time|eastern)\b/i, "America/New_York"],
  [/\b(?:(?:us )?central(?: (?:standard|daylight))? time|c[sd]t|ct|chicago time|central)\b/i, "America/Chicago"],
  [/\b(?:(?:us )?mountain(?: (?:standard|daylight))? time|m[sd]t|mt|denver time|mountain)\b/i, "America/Denver"],
  [/\b(?:arizona time|phoenix time)\b/i, "America/Phoenix"],
  [/\b(?:(?:us )?pacific(?: (?:standard|daylight))? time|p[sd]?t|seattle time|pacific)\b/i, "America/Los_Angeles"],
  [/\b(?:uk time|london time|british (?:summer )?time|bst)\b/i, "Europe/London"],
  [/\b(?:utc|gmt|zulu)\b/i, "UTC"],
];
const IANA = /\b(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)\/[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_]+)?\b/;

/** The zone that a text names, or undefined. */
export function zoneIn(text: string): string | undefined {
  const iana = IANA.exec(text)?.[0];
  if (iana !== undefined) return iana;
  return ZONES.map(([pattern, zone]) => ({ zone, at: pattern.exec(text)?.index ?? -1 }))
    .filter(({ at }) => at >= 0)
    .toSorted((a, b) => a.at - b.at)[0]?.zone;
}

/** Whether a sentence says in which zone all the page's times are; the zone may be one that is not known here. */
export function saysZone(text: string): boolean {
  return (
    /\b(?:[Aa]ll )?[Tt]imes?\b[^.]{0,40}\b(?:are|is|in|shown|given|listed)\b[^.]{0,40}\b(?:[Tt]ime|[Zz]one|[A-Z]{2,4}|[A-Z][a-z]+\/[A-Z])/.test(text) ||
    /\btime ?zone\s*[:=]/i.test(text) ||
    (zoneIn(text) !== undefined && /^(?:[Nn]ote:?\s+)?(?:all |everything|clock times|clocks|times|hours|the schedule|this schedule)\b/i.test(text.replace(/^[\s(]+/, "")))
  );
}
