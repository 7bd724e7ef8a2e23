import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChangeResult, StepResult } from "../../shared/action/results.ts";
import { markOf } from "../../shared/action/mark.ts";
import { marksIn, withMarksOf, withoutMarks, withoutOurs, withResults } from "./beside.ts";
import { linesIn } from "./lines.ts";
import { sectionOf } from "./section.ts";

function step(id: string, title: string, given: Partial<StepResult> = {}): StepResult {
  return { id, verb: "pipeline.run", title, words: [], standing: "done", carriedOver: false, why: "", targets: [], ...given };
}

function change(id: string, title: string, given: Partial<ChangeResult> = {}): ChangeResult {
  return { id, title, keys: [], words: [], standing: "done", carriedOver: false, why: "", steps: [], ...given };
}

const jira = (key: string) =>
  `<ac:structured-macro ac:name="jira" ac:schema-version="1" ac:macro-id="a1"><ac:parameter ac:name="server">System Jira</ac:parameter><ac:parameter ac:name="key">${key}</ac:parameter></ac:structured-macro>`;
const done =
  ' <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Nightshift: done</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>';

const PAGE = [
  "<h2>Pre work</h2>",
  '<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body><span class="placeholder-inline-tasks">Run the stage <strong>Pre-Maintenance</strong> <ac:link><ri:user ri:account-id="5b" /></ac:link> or <ac:link><ri:user ri:account-id="5c" /></ac:link></span></ac:task-body></ac:task></ac:task-list>',
  `<h2>Primary Work</h2><ul><li><p>${jira("PLAT-871")} &amp; ${jira("PLAT-872")}</p><ul><li><p>Hub_Infrastructure: Tag platform-0/2.98.0&nbsp;</p></li></ul></li><li>INFRA-692: rotate the keys<ul><li>then tell Dana about PLAT-871</li></ul></li></ul>`,
  '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[Start the jobs]]></ac:plain-text-body></ac:structured-macro>',
  "<table><tbody><tr><th><p>What</p></th></tr><tr><td><p>Start the jobs</p></td></tr></tbody></table>",
].join("");

describe("results beside the lines of a page", () => {
  it("stand behind the line's last word, whether it is a task, an item, a cell or a line of keys", () => {
    const { body, marks, found } = withResults(PAGE, [
      change("jobs", "Jobs", { steps: [step("jobs.run", "Run the stage Pre-Maintenance")] }),
      change("web", "ClassicWeb", { keys: ["PLAT-871", "PLAT-872"], steps: [step("web.hub", "Hub_Infrastructure: Tag platform-0/2.98.0", { standing: "done earlier" })] }),
      change("rotate", "Rotate", { keys: ["INFRA-692"] }),
      change("start", "Start the jobs"),
    ]);

    expect(body).toContain(`<ri:user ri:account-id="5c" /></ac:link></span>${done}</ac:task-body>`);
    expect(body).toContain(`${jira("PLAT-872")}${done}</p><ul>`);
    expect(body).toContain('Tag platform-0/2.98.0 <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Nightshift: done earlier</ac:parameter>');
    expect(body).toContain(`INFRA-692: rotate the keys${done}<ul><li>then tell Dana about PLAT-871</li>`);
    expect(body).toContain(`<td><p>Start the jobs${done}</p></td>`);
    expect(body).toContain("<![CDATA[Start the jobs]]>");
    expect(marks).toBe(5);
    expect(found).toEqual(new Set(["jobs.run", "web", "web.hub", "rotate", "start"]));
  });

  it("say why something is not done, how much of it is, and that it is carried over", () => {
    const targets = [
      { name: "IC-MCC1", standing: "done" as const, tries: 1, why: "" },
      { name: "IC-MCC2", standing: "failed" as const, tries: 3, why: "KB5048654 did not install" },
    ];
    const patch = step("patch.install", "Start the jobs", { standing: "failed", carriedOver: true, why: "IC-MCC2: KB5048654 did not install [code 8]", targets });

    const { body } = withResults(PAGE, [change("patch", "Patch", { steps: [patch] })]);

    expect(body).toContain('<ac:parameter ac:name="title">Nightshift: failed, carried over</ac:parameter><ac:parameter ac:name="colour">Red</ac:parameter>');
    expect(body).toContain(" [nightshift: 1 of 2 done; IC-MCC2: KB5048654 did not install [code 8)]</p>");
  });

  it.each([
    ["a line that people have edited since", PAGE.replace("Start the jobs</p>", "Start the jobs on Monday</p>")],
    ["one of two lines that say the same", PAGE.replace("<td><p>Start the jobs</p></td>", "<td><p>Start the jobs</p></td><td><p>Start the jobs.</p></td>")],
    ["a line that says more than the plan", PAGE.replace("Start the jobs</p>", "Do not start the jobs</p>")],
    ["a line that has got a ticket of another change", PAGE.replace("<p>Start the jobs</p>", "<p>PLAT-9 Start the jobs</p>")],
    ["a line within code", PAGE.replace("<p>Start the jobs</p>", "")],
  ])("leave alone %s", (_what, page) => {
    expect(withResults(page, [change("start", "Start the jobs")])).toEqual({ body: page, marks: 0, found: new Set() });
  });

  it.each([
    ["mentions the key in passing", "<p>Ask Dana about PLAT-1 first</p>"],
    ["has another change's key, too", "<p>PLAT-1 and PLAT-2</p>"],
    ["is one of two lines about the key", "<p>PLAT-1 on Saturday</p><p>PLAT-1 on Sunday</p>"],
  ])("leave alone a line that %s", (_what, page) => {
    expect(withResults(page, [change("a", "One", { keys: ["PLAT-1"] }), change("b", "Two", { keys: ["PLAT-2"] })]).body).toBe(page);
  });

  it("leave alone a line that two changes could mean", () => {
    const page = "<p>Deploy to PRD</p>";

    expect(withResults(page, [change("a", "Deploy to PRD"), change("b", "Other", { steps: [step("b.deploy", "Deploy to PRD")] })]).found.size).toBe(0);
  });

  it("take the place of earlier ones, also after Confluence's editor has rewritten them", () => {
    const first = withResults(PAGE, [change("start", "Start the jobs", { standing: "skipped", why: "nobody answered" })]).body;
    const edited = first
      .replace('<ac:structured-macro ac:name="status">', '<ac:structured-macro ac:name="status" ac:schema-version="1" ac:macro-id="77-1" data-layout="default" ac:local-id="x">')
      .replace(
        '<ac:parameter ac:name="title">Nightshift: skipped</ac:parameter><ac:parameter ac:name="colour">Yellow</ac:parameter>',
        '<ac:parameter ac:name="colour">Yellow</ac:parameter><ac:parameter ac:name="title">NIGHTSHIFT: SKIPPED</ac:parameter>',
      )
      .replace(" [nightshift: nobody answered]", "&nbsp;<em>[nightshift: nobody answered]</em> says Dana");

    const { body } = withResults(edited, [change("start", "Start the jobs says Dana")]);

    expect(marksIn(body)).toBe(1);
    expect(body).toContain(`<td><p>Start the jobs&nbsp;<em></em> says Dana${done}</p></td>`);
  });

  it("know a line again by the words that its links and dates show", () => {
    const page =
      '<p>See <ac:link><ri:page ri:content-title="Patching &amp; Co" /></ac:link> and <ac:link><ri:attachment ri:filename="x.pdf" /><ac:plain-text-link-body><![CDATA[the sheet]]></ac:plain-text-link-body></ac:link> of <time datetime="2024-12-08" /></p>';

    expect(linesIn(page)[0]?.text).toBe("See Patching & Co and the sheet of 2024-12-08");
    expect(withResults(page, [change("see", "See Patching & Co and the sheet of 2024-12-08")]).marks).toBe(1);
  });

  it("leave people's own lozenges as they are", () => {
    const own = '<p>Start the jobs <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">ON HOLD</ac:parameter></ac:structured-macro> [see nightshift: docs]</p>';

    const { body } = withResults(own, [change("start", "Start the jobs see nightshift docs")]);

    expect(body).toBe(own.replace("</p>", `${done}</p>`));
    expect(withoutMarks(body)).toBe(own);
  });

  it("are taken away again byte for byte, whatever the page says and however the results read", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 40 }).map((words) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), fc.string({ unit: "grapheme" }), (words, why) => {
        const page = words.map((each, at) => (at % 2 === 0 ? `<p>${each}</p>` : `<ul><li>${each}<ul><li><p>${each} ${at}</p></li></ul></li></ul>`)).join("");
        const changes = linesIn(page).map(({ text: title }, at) => change(`c${at}`, title, { standing: "failed", why }));

        const { body, marks } = withResults(page, changes);

        expect(withoutMarks(body)).toBe(page);
        expect(marksIn(body)).toBe(marks);
      }),
      { seed: 20241208 },
    );
  });

  it("go back to those of an earlier version, and leave what people wrote since", () => {
    const earlier = withResults(PAGE, [change("start", "Start the jobs", { standing: "waiting" })]).body;
    const now = `<p>Thanks all</p>${withResults(earlier, [change("start", "Start the jobs"), change("r", "x", { keys: ["INFRA-692"] })]).body}`;

    expect(withMarksOf(now, earlier)).toBe(`<p>Thanks all</p>${earlier}`);
  });

  it("are no lines of a page that is copied for the next month, in storage format or as text", () => {
    const written = withResults(PAGE, [change("start", "Start the jobs", { standing: "skipped", carriedOver: true, why: "nobody answered" })]).body;
    const section = sectionOf({
      title: "Results: x",
      lines: ["y"],
      link: { before: "", words: "report", url: "https://x.example" },
      mark: markOf({ run: "r", step: "s", target: "t" }, "version 1"),
    });

    expect(withoutOurs(written + section)).toBe(PAGE);
    expect(withoutOurs("Start the jobs\n NIGHTSHIFT: SKIPPED, CARRIED OVER\n [nightshift: nobody answered]\nNightshift: a new tool\n")).toBe(
      "Start the jobs\n\n\nNightshift: a new tool\n",
    );
  });

  it("are found in linear time on a page of two megabytes", () => {
    const page = "<p>Start the jobs <b>now</b></p>".repeat(60_000);

    expect(withResults(page, [change("start", "Start the jobs now")]).marks).toBe(0);
  }, 5_000);
});
