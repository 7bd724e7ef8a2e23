import { describe, expect, it } from "vitest";
import { linkOf, messageOf, plain, SLACK_LIMITS } from "./messages.ts";

describe("a message's words", () => {
  it("cannot mention, link or break out of their place", () => {
    const hostile = "<!channel> <@U123> <https://evil.example|click> & <#C1> \u202eabc\u0000";

    const { text, paragraphs } = messageOf({ lines: [hostile] });

    expect(text).toBe("&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|click&gt; &amp; &lt;#C1&gt;  abc ");
    expect(paragraphs).toEqual([text]);
  });

  it("cannot end a link early", () => {
    expect(linkOf("https://x.example/a|b>c?d=1&e=2", "Report <x>")).toBe("<https://x.example/a%7Cb%3Ec?d=1&amp;e=2|Report &lt;x&gt;>");
  });

  it("show instants in the reader's own zone", () => {
    expect(plain("by 2024-12-08T10:30:00.000Z at the latest", 100)).toBe("by <!date^1733653800^{date_short_pretty} {time}|2024-12-08 10:30 UTC> at the latest");
  });

  it("are cut between characters, never within an escape", () => {
    expect(plain("ab&&&", 9)).toBe("ab&amp;…");
    expect(plain("ab😀😀", 5)).toBe("ab😀…");
    expect(plain("abc", 4)).toBe("abc");
  });
});

describe("a long message", () => {
  const lines = Array.from({ length: 400 }, (_, n) => `line ${n} ${"& ".repeat(60)}`);

  it("stays within Slack's limits and says where the rest is", () => {
    const { text, paragraphs } = messageOf({ title: "Results", lines, reportUrl: "https://n.example/r" });

    expect(text.length).toBeLessThanOrEqual(SLACK_LIMITS.text);
    expect(text).toMatch(/\n… and \d+ more lines, in the report:\n<https:\/\/n\.example\/r\|Report>$/);
    expect(paragraphs.length).toBe(SLACK_LIMITS.paragraphs);
    for (const paragraph of paragraphs) expect(paragraph.length).toBeLessThanOrEqual(SLACK_LIMITS.paragraph);
    expect(paragraphs.at(-1)).toMatch(/… and \d+ more lines, in the report:\n<https:\/\/n\.example\/r\|Report>$/);
  });

  it("loses no line that it does not count", () => {
    const { paragraphs } = messageOf({ lines, reportUrl: "https://n.example/r" });

    const shown = paragraphs
      .join("\n")
      .split("\n")
      .filter((line) => line.startsWith("line ")).length;
    const counted = Number(/and (\d+) more lines/.exec(paragraphs.at(-1)!)?.[1]);
    expect(shown + counted).toBe(lines.length);
  });

  it("of lines that just fit is not cut", () => {
    const { paragraphs } = messageOf({ lines: ["a".repeat(599), "b".repeat(599)], reportUrl: "https://n.example/r" });

    expect(paragraphs.join("\n")).not.toContain("more line");
  });
});
