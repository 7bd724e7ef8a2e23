import { describe, expect, it } from "vitest";
import { markOf, marksIn, ownMark, withMark, withoutMark } from "./mark.ts";

const CALL = { run: "2024-10-06", step: "maintenance-page.swap", target: "www" };

describe("the mark in a vendor's free text", () => {
  it.each(["", "kept by the web team", "[a bracket] and a ] more", "Zoë's «record»", "two  spaces "])("goes in and out of %j without a trace", (text) => {
    const mark = markOf(CALL, "pal.example.com");

    const marked = withMark(text, mark);

    expect(ownMark(marked, CALL)).toEqual(mark);
    expect(withoutMark(marked, mark)).toBe(text);
  });

  it("is told from the marks of other steps, targets and runs", () => {
    const others = [
      { ...CALL, target: "my" },
      { ...CALL, step: "other.swap" },
      { ...CALL, run: "2024-12-08" },
    ];

    const text = others.reduce((all, call) => withMark(all, markOf(call, "x")), "note");

    expect(ownMark(text, CALL)).toBeUndefined();
    expect(marksIn(text)).toHaveLength(3);
  });

  it("keeps what people wrote around it since", () => {
    const mark = markOf(CALL, "ttl 300");

    expect(withoutMark(`before ${mark.text} after`, mark)).toBe("before after");
  });

  it("cannot be broken by what was there before", () => {
    const mark = markOf(CALL, "a]\nb [nightshift 1 00000000 was c]");

    expect(ownMark(withMark("", mark), CALL)).toEqual(mark);
  });
});
