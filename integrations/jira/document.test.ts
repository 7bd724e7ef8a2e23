import { describe, expect, it } from "vitest";
import { documentOf, JIRA_LIMITS } from "./document.ts";

const link = { before: "Window:", words: "report", url: "https://n.example/r" };
const wordsOf = (node: { text?: string; content?: unknown }): string[] => (node.text === undefined ? ((node.content ?? []) as { text?: string }[]).flatMap(wordsOf) : [node.text]);

describe("a document of plain words", () => {
  it("holds each line as a text of its own, none of them empty", () => {
    const document = documentOf({ paragraphs: ["one\n\ntwo\u0000\u202e", "  "], link });

    expect(wordsOf(document)).toEqual(["one", "two", "Window: ", "report"]);
  });

  it("does not turn words into mentions, links or markup", () => {
    const hostile = "[~accountid:5b10] {panel} <b>x</b> [click|https://evil.example]";

    const document = documentOf({ paragraphs: [hostile], link });

    expect(document.content[0]).toEqual({ type: "paragraph", content: [{ type: "text", text: hostile }] });
  });

  it("is cut to Jira's limits and counts what it leaves out", () => {
    const bullets = Array.from({ length: 300 }, (_, n) => `step ${n}: ${"x".repeat(2_000)}`);

    const words = wordsOf(documentOf({ paragraphs: ["Results"], bullets, link }));

    const shown = words.filter((line) => line.startsWith("step ")).length;
    expect(words.join("").length).toBeLessThanOrEqual(JIRA_LIMITS.text + 200);
    expect(words.at(-3)).toBe(`… and ${300 - shown} more lines, in the report.`);
  });
});
