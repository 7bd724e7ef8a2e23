import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markOf } from "../../shared/action/mark.ts";
import { wordsOf } from "./markup.ts";
import { contentOf, PAGE_LIMITS, sectionIn, sectionOf, type SectionWords, withSection } from "./section.ts";

const CALL = { run: "2024-10-06", step: "publish", target: "publish" };
const PAGE =
  '<h1>Primary Work</h1><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">PLAT-1</ac:parameter></ac:structured-macro><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if (a < b) { "</ac:structured-macro>" }]]></ac:plain-text-body></ac:structured-macro><p>Scott &amp; Rama</p>';

function words(given: Partial<SectionWords> = {}): SectionWords {
  return {
    title: "Results: 2 of 2 done",
    lines: ["Carried over: INFRA-453"],
    link: { before: "Window:", words: "report", url: "https://nightshift.example.com/runs/2024-10-06?a=1&b=2" },
    mark: markOf(CALL, "version 7"),
    ...given,
  };
}

describe("the section of a page", () => {
  it("stands at the end of a page that has none, and is found again by its mark", () => {
    const body = withSection(PAGE, sectionOf(words()));

    expect(body.startsWith(PAGE)).toBe(true);
    expect(sectionIn(PAGE)).toBeUndefined();
    expect(sectionIn(body)).toMatchObject({ start: PAGE.length, end: body.length, mark: { run: "2024-10-06", was: "version 7" } });
  });

  it("takes the place of the one that is there, and leaves the rest byte for byte, whatever people write around it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (before, after) => {
        const text = (piece: string) => `<p>${piece.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`;
        const [head, tail] = [`${PAGE}${text(before)}`, `${text(after)}${PAGE}`];
        const once = `${head}${sectionOf(words())}${tail}`;

        const twice = withSection(once, sectionOf(words({ lines: ["another"] })));

        expect(twice).toBe(`${head}${sectionOf(words({ lines: ["another"] }))}${tail}`);
      }),
      { seed: 20241006 },
    );
  });

  it("is found inside people's own macros, which stay theirs", () => {
    const around = (inner: string) => `<ac:structured-macro ac:name="expand"><ac:rich-text-body><p>Ours</p>${inner}</ac:rich-text-body></ac:structured-macro>`;

    expect(withSection(around(sectionOf(words())), sectionOf(words({ lines: [] })))).toBe(around(sectionOf(words({ lines: [] }))));
  });

  it("is refused when somebody has copied it", () => {
    expect(() => sectionIn(`${sectionOf(words())}<p>and</p>${sectionOf(words())}`)).toThrow("2 sections of Nightshift's");
  });

  it("holds words, and never markup, whatever they are", () => {
    const hostile = [
      "</ac:rich-text-body></ac:structured-macro><script>alert(1)</script>",
      "a ]]> b <![CDATA[",
      '"><img src=x onerror=1>',
      "&amp; &lt; &#0;",
      "\u0000\u0007\u202e",
      "\ud800",
      "@[~accountid:1] {code} !pic!",
    ];

    const markup = sectionOf(words({ title: hostile.join(" "), lines: hostile }));

    const tags = [...markup.matchAll(/<\/?([\w:-]+)/g)].map(([, name]) => name);
    expect(new Set(tags)).toEqual(new Set(["ac:structured-macro", "ac:parameter", "ac:rich-text-body", "p", "strong", "ul", "li", "a"]));
    // oxlint-disable-next-line no-control-regex -- what XML cannot hold
    expect(markup).not.toMatch(/[\u0000-\u0008\ud800-\udfff\u202e]/);
    expect(sectionIn(markup)?.markup).toBe(markup);
  });

  it("goes by our own mark when the words quote another one", () => {
    const quoted = sectionOf(words({ lines: [`a page said ${markOf({ ...CALL, run: "2024-09-08" }, "version 1").text}`] }));

    expect(sectionIn(quoted)?.mark.run).toBe("2024-10-06");
  });

  it("says how much it leaves out", () => {
    const lines = Array.from({ length: PAGE_LIMITS.lines + 5 }, (_, index) => `line ${index}`);

    expect(contentOf(words({ lines }))).toContain("<li><p>… and 5 more, in the report.</p></li></ul>");
  });
});

describe("the words of a piece of markup", () => {
  it("are the same however Confluence writes them", () => {
    const sent = sectionOf(words({ title: "Results: it's «done» – all", lines: ["a & b"] }));
    const stored = sent
      .replace('ac:name="expand"', 'ac:name="expand" ac:schema-version="1" ac:macro-id="1-2"')
      .replaceAll("&#39;", "'")
      .replaceAll("«", "&laquo;")
      .replaceAll("–", "&ndash;")
      .replaceAll("</p><p>", "</p>\n<p local-id='x>y'>");

    expect(wordsOf(stored)).toBe(wordsOf(sent));
  });

  it("are others when a word is changed", () => {
    expect(wordsOf(sectionOf(words({ lines: ["done"] })))).not.toBe(wordsOf(sectionOf(words({ lines: ["not done"] }))));
  });

  it("are found in linear time in a page of a megabyte that does not close anything", () => {
    const body = '<ac:structured-macro ac:name="x" a="'.repeat(30_000);

    expect(sectionIn(body)).toBeUndefined();
  }, 5_000);
});
