/** Names that people give to zones, as IANA zones. «EST» said in July means the zone's clock all the same. */
const ZONES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:central european(?: (?:summer |standard )?time)?|cest|cet|berlin time|paris time)\b/i, "Europe/Berlin"],
  [/\b(?:(?:us )?eastern(?: (?:standard|daylight))? time|e[sd]?t|new york time|eastern)\b/i, "America/New_York"],
  [/\b(?:(?:us )?central(?: (?:standard|daylight))? time|c[sd]t|ct|chicago time|central)\b/i, "America/Chicago"],
  [/\b(?:(?:us )?mountain(?: (?:standard|daylight))? time|m[sd]t|mt|denver time|mountain)\b/i, "America/Denver"],
  [/\b(?:arizona time|phoenix time)\b/i, "America/Phoenix"],
  [/\b(?:(?:us )?pacific(?: (?:standard|daylight))? time|p[sd]?t|seattle time|pacific)\b/i, "America/Los_Angeles"],
  [/\b(?:uk (?:local )?time|british (?:summer )?time|bst)\b/i, "Europe/London"],
  [/\b(?:irish|ireland) (?:standard |local )?time\b/i, "Europe/Dublin"],
  [/\b(?:utc|gmt|zulu)\b/i, "UTC"],
];
const IANA = /\b(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)\/[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_]+)?\b/;

/** Zones by the city that they are named for: «Dublin time», «Timezone: Oslo». */
const CITIES: ReadonlyMap<string, string> = new Map(Intl.supportedValuesOf("timeZone").map((zone) => [(zone.split("/").at(-1) ?? zone).replaceAll("_", " "), zone]));
const CITY = /\b(?<before>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}) (?:local )?time\b|\btime ?zone\s*(?:is|:|=)?\s*(?<after>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})/gi;
/** A zone's letters at the very end of a line: «2025-02-16 ET», «… (UTC)». */
const LETTERS_LAST = /(?:^|[\s(,])(?:[ECMP][SD]?T|UTC|GMT|BST|CES?T)\)?\s*$/;

/** The zone that a text names, or undefined. */
export function zoneIn(text: string): string | undefined {
  const iana = IANA.exec(text)?.[0];
  if (iana !== undefined) return iana;
  const city = [...text.matchAll(CITY)].flatMap(({ groups }) => cityIn(groups?.["before"] ?? groups?.["after"] ?? ""))[0];
  if (city !== undefined) return city;
  return ZONES.map(([pattern, zone]) => ({ zone, at: pattern.exec(text)?.index ?? -1 }))
    .filter(({ at }) => at >= 0)
    .toSorted((a, b) => a.at - b.at)[0]?.zone;
}

/** Of «all times Dublin» the zone that has the last words' name, of «New York» both. */
function cityIn(words: string): readonly string[] {
  const parts = words.split(" ");
  const zone = parts.map((_, from) => CITIES.get(parts.slice(from).join(" "))).find((each) => each !== undefined) ?? CITIES.get(parts[0] ?? "");
  return zone === undefined ? [] : [zone];
}

/** Whether a line that has a date says the zone beside it. */
export function endsInZone(text: string): boolean {
  return LETTERS_LAST.test(text);
}

/** Whether a sentence says in which zone all the page's times are; the zone may be one that is not known here. */
export function saysZone(text: string): boolean {
  return (
    /\b(?:[Aa]ll )?[Tt]imes?\b[^.]{0,40}\b(?:are|is|in|shown|given|listed)\b[^.]{0,40}\b(?:[Tt]ime|[Zz]one|[A-Z]{2,4}|[A-Z][a-z]+\/[A-Z])/.test(text) ||
    /\btime ?zone\s*[:=]/i.test(text) ||
    (zoneIn(text) !== undefined &&
      text.split(/\s-\s|[(;.]/).some((part) => /^(?:[Nn]ote:?\s+)?(?:all |everything|clock times|clocks|times|hours|the schedule|this schedule)\b/i.test(part.trim())))
  );
}
