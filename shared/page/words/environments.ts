const CANONICAL: Readonly<Record<string, string>> = {
  prod: "PRD",
  production: "PRD",
  prd: "PRD",
  nonprod: "NPD",
  "non-prod": "NPD",
  npd: "NPD",
  development: "DEV",
  staging: "STG",
  stage: "STG",
  preprod: "PPD",
  "pre-prod": "PPD",
};
const KNOWN = /\b(?:prd|prod|production|xat|uat|qat|qa|sit|tst|test|dev|development|stg|stage|staging|preprod|pre-prod|npd|nonprod|non-prod|dr|sandbox|sbx|perf|int|demo)\b/gi;

/**
 * The environments that a text names, in its order, as the inventory spells them; of `known` words first. Lower-case
 * everyday words (`test`, `stage`, `int`) count only when written as a name is: in capitals.
 */
export function environmentsIn(text: string, known: readonly string[]): readonly string[] {
  const found: string[] = [];
  const own = known.length === 0 ? undefined : new RegExp(`\\b(?:${known.map((name) => name.replaceAll(/[^\w]/g, "\\$&")).join("|")})\\b`, "g");
  const words = [...text.matchAll(KNOWN), ...(own === undefined ? [] : text.matchAll(own))].toSorted((a, b) => a.index - b.index);
  for (const [word] of words) {
    if (/^(?:test|stage|int|demo|dr|perf|sandbox|staging|development)$/.test(word) || /^(?:Test|Stage|Demo)$/.test(word)) continue;
    const spelled = known.find((name) => name.toLowerCase() === word.toLowerCase()) ?? known.find((name) => meaning(name) === meaning(word)) ?? word;
    if (!found.includes(spelled)) found.push(spelled);
  }
  return found;
}

function meaning(name: string): string {
  return CANONICAL[name.toLowerCase()] ?? name.toUpperCase();
}
