import { describe, expect, it } from "vitest";
import { printedFinding } from "./finding.ts";
import { YAML_LIMITS, readYaml } from "./yaml.ts";

function complaints(text: string): readonly string[] {
  return readYaml(text, "f.yaml").findings.map((finding) => printedFinding(finding).split("\n")[0] ?? "");
}

describe("what is read", () => {
  it("is plain JSON by YAML 1.2: NO, on and 20:00 stay text, as do dates", () => {
    expect(readYaml("a: NO\nb: on\nc: 20:00\nd: 2024-12-08\ne: 1\nf: 0x10\ng: ~\nh: [true, 1.5]\n", "f").value).toEqual({
      a: "NO",
      b: "on",
      c: "20:00",
      d: "2024-12-08",
      e: 1,
      f: 16,
      g: null,
      h: [true, 1.5],
    });
  });

  it("knows where keys, values and items stand, and where something missing would", () => {
    const { places } = readYaml("a:\n  - b: 1\n    c:\n      d: x\n", "f");

    expect(places.ofKey(["a", 0, "c", "d"])).toEqual({ line: 4, column: 7 });
    expect(places.of(["a", 0, "c", "d"])).toEqual({ line: 4, column: 10 });
    expect(places.of(["a", 0])).toEqual({ line: 2, column: 5 });
    expect(places.of(["a", 0, "c", "missing", "deeper"])).toEqual({ line: 4, column: 7 });
  });

  it("counts lines the same with carriage returns and a byte order mark", () => {
    expect(readYaml("\uFEFFa: 1\r\nb:\r\n  c: 2\r\n", "f").places.of(["b", "c"])).toEqual({ line: 3, column: 6 });
  });

  it("follows aliases, and places them at their anchor", () => {
    const { value, places, findings } = readYaml("a: &x\n  b: 1\nc: *x\n", "f");

    expect(findings).toEqual([]);
    expect(value).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(places.of(["c", "b"])).toEqual({ line: 2, column: 6 });
  });

  it("keeps __proto__ a name like any other", () => {
    const { value } = readYaml("__proto__: { polluted: true }\n", "f");

    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("what is refused, at its place", () => {
  it.each([
    ["a tab", "a:\n\tb: 1\n", "f.yaml:2:1: error tab: a tab indents this line"],
    ["a duplicate key", "a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error duplicate-key: `a` stands twice, first in line 1"],
    ["a merge key", "a: &x { b: 1 }\nc:\n  <<: *x\n", "f.yaml:3:3: error merge-key: merge keys (`<<`) are not part of YAML 1.2"],
    ["a number that would lose digits", "a: 9007199254740993\n", "f.yaml:1:4: error number-too-big: 9007199254740993 would lose digits as a number"],
    ["an infinite number", "a: 1e999\n", "f.yaml:1:4: error number-too-big: 1e999 is no number that can be kept"],
    ["a second document", "a: 1\n---\nb: 2\n", "f.yaml:2:1: error two-documents: a second document begins here; expected one per file"],
    ["an unknown anchor", "a: *x\n", "f.yaml:1:4: error unknown-anchor: nothing above is anchored as `&x`"],
    ["an alias inside of what it names", "a: &x\n  b: *x\n", "f.yaml:2:6: error alias-loop: `*x` stands inside of what it names"],
    ["a map for a key", "? { a: 1 }\n: 2\n", "f.yaml:1:3: error odd-key: a key must be plain text"],
    ["broken indentation", "a:\n  - b\n c: 3\n", "f.yaml:3:1: error yaml: All mapping items must start at the same column"],
    ["an open quote", 'a: "x\n', 'f.yaml:2:1: error yaml: Missing closing "quote'],
  ])("%s", (_what, text, expected) => {
    expect(complaints(text)).toContain(expected);
  });

  it("refuses a tag", () => {
    expect(complaints("a: !run 3\n")).toEqual([expect.stringMatching(/^f\.yaml:1:4: error tag: Unresolved tag: !run/)]);
  });

  it("refuses ten megabytes before reading any of it", () => {
    expect(complaints("a: 1\n".repeat(2_100_000))).toEqual(["f.yaml:1:1: error file-too-big: the file has 10,500,000 bytes; expected 1,000,000 at most"]);
  });

  it("refuses aliases that grow into millions of values", () => {
    const bomb = [
      "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
      ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 10 }, () => `*a${n}`).join(", ")}]`),
    ].join("\n");

    expect(complaints(bomb)).toEqual([expect.stringMatching(/^f\.yaml:2:10: error alias-bomb: the file holds more than 200,000 values/)]);
  });

  it("refuses more aliases than a person writes", () => {
    const many = `a: &a 1\nb: [${Array.from({ length: YAML_LIMITS.aliases + 1 }, () => "*a").join(", ")}]\n`;

    expect(complaints(many)).toEqual([expect.stringMatching(/^f\.yaml:2:\d+: error alias-bomb: more than 100 aliases/)]);
  });

  it.each([
    ["in brackets", "[".repeat(50_000)],
    ["in dashes", "- ".repeat(50_000)],
    ["in maps", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ])("refuses nesting without end %s", (_how, text) => {
    expect(complaints(text)).toEqual([expect.stringMatching(/^f\.yaml:\d+:\d+: error too-deep: /)]);
  });

  it("reads fifty thousand keys without comparing each with each", () => {
    const text = Array.from({ length: 50_000 }, (_, n) => `k${n}: 1`).join("\n");

    expect(complaints(text)).toEqual([]);
  });

  it("says where a text falls apart, and not each of its tokens after that", () => {
    expect(complaints(`  a: 1\n${"b: [1, 2]\nc: 3\n".repeat(500)}`)).toEqual(["f.yaml:2:1: error yaml: Unexpected scalar at node end"]);
  });

  it("says several things at once", () => {
    expect(complaints("a: 1\na: 2\nb: 9007199254740993\n")).toHaveLength(2);
  });

  it.each([
    ['a: "\\e[31mred"', "f.yaml:1:4: error control-character: it holds the control character U+001B, which nobody sees"],
    ['"a\\u202Eb": 1', "f.yaml:1:1: warning turned-text: it holds U+202E, which nobody sees and which lets text look like another"],
    ["a:\n  - one\u009btwo", "f.yaml:2:5: error control-character: it holds the control character U+009B, which nobody sees"],
  ])("says what would steer a terminal or turn a text around: %j", (text, expected) => {
    expect(complaints(text)).toEqual([expected]);
  });

  it("takes line breaks, tabs and every script", () => {
    expect(complaints('a: "one\\ntwo\\tthree"\nb: "\u05d0\u200f \u6f22 \u{1f600} caf\u00e9\u00a0"\n')).toEqual([]);
  });

  it("sends no control characters to a terminal", () => {
    expect(complaints('"\\e[31mred": 1\n"\\e[31mred": 2\n').join("")).not.toContain("\u001b");
  });
});
