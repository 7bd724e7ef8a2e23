import { beforeAll, describe, expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { withoutMarks } from "../../integrations/confluence/beside.ts";
import type { ConfluencePage } from "../../integrations/confluence/simulator.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse } from "../../local/rehearse.ts";
import { PROJECT } from "../../local/settings.ts";

/** The page as people see it after the window, a line each; lozenges in ⟨⟩. */
function linesOf({ versions }: ConfluencePage): readonly string[] {
  return (versions.at(-1)?.body ?? "")
    .replaceAll(/<ac:structured-macro ac:name="status"[^>]*><ac:parameter ac:name="title">([^<]*)<\/ac:parameter>.*?<\/ac:structured-macro>/g, "⟨$1⟩")
    .split(/<\/(?:li|p|h2|tr)>/)
    .map((line) =>
      line
        .replaceAll(/<[^>]+>/g, " ")
        .replaceAll(/\s+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "");
}

describe("December's page after the window in which the Saturday stage never started", () => {
  let page: ConfluencePage;
  beforeAll(async () => {
    const { plan, inventory } = loadPlan(`${PROJECT}plans/2024-12-08.yaml`, `${PROJECT}plans/inventory.yaml`);
    const scene = demoScene({ inventory, plan, scenario: "december" });
    await rehearse({ plan, scene });
    page = scene.worlds.confluence.pages[0] as ConfluencePage;
  });

  it("has a result beside every line", () => {
    const items = linesOf(page).slice(
      1,
      linesOf(page).findIndex((line) => line.startsWith("Results:")),
    );

    expect(items.filter((line) => !line.includes("⟨Nightshift: "))).toEqual(["Pre work", "Day of", "Primary Work", "Test Plan", "Post-Steps"]);
    expect(items).toContain("PLAT-871 ClassicWeb to XAT and PRD ⟨Nightshift: done⟩");
    expect(items.find((line) => line.startsWith("PLAT-1405 "))).toMatch(
      /^PLAT-1405 Patch the app servers ⟨Nightshift: skipped, carried over⟩ \[nightshift: Run the Reschedule Jobs stage.* never started/,
    );
  });

  it("keeps what people wrote, byte for byte", () => {
    const [before, after] = [page.versions[0]?.body ?? "", page.versions.at(-1)?.body ?? ""];

    expect(withoutMarks(after).startsWith(before)).toBe(true);
    expect(page.versions).toHaveLength(2);
  });

  it("tells each server's result in a table, and has the tracking workbook", () => {
    expect(linesOf(page).join("\n")).toMatch(/IC-MCC2\ndone\nSun 05:32\n2/);
    expect(page.attachments).toMatchObject([{ name: "Update Tracking 2024-12-08.xlsx", version: 1 }]);
  });
});
