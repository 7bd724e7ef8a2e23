const NUMBERED =
  /^(?:(?:only )?(?:after|once|following|requires?|needs|depends on|dependent on|blocked by|waits? for|not before|as soon as)\s+)?(?:(?:steps?|rows?|items?|tasks?|points?|lines?|no\.?|nr\.?|#)\s*)*(?<numbers>#?\d{1,3}[a-z]?(?:\s*(?:,|and|&|\+)\s*#?\d{1,3}[a-z]?)*)(?:\s+(?:is|are|has|have|been|done|completed?|finished|through|ended)\b)*[.!\s]*$/i;

/** The numbers of lines or rows that words name, and nothing besides: «after step 5», «depends on 2 and 3». */
export function numbersIn(about: string): readonly string[] {
  return NUMBERED.exec(about.trim())?.groups?.["numbers"]?.match(/\d+[a-z]?/gi) ?? [];
}
