import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";
import type { Draft } from "../../shared/page/draft.ts";
import type { DraftedStep } from "../../shared/page/drafted.ts";

/** Single lines of pages that teams nobody has seen might write, and what a person reads in them. */
const halden = loadInventory(readFileSync(new URL("./corpus/halden.yaml", import.meta.url), "utf8"), "inventory").inventory;

function drafted(...lines: readonly string[]): Draft {
  return draftOf(pageOf(["Maintenance of 2025-06-15", "All times are UTC", "", "Main work", ...lines].join("\n")), halden);
}

function stepsOf(...lines: readonly string[]): readonly DraftedStep[] {
  return drafted(...lines).plan.phases.flatMap(({ changes }) => changes.flatMap(({ steps }) => steps));
}

describe("a condition or a dependency", () => {
  it.each<[string, object]>([
    ["Take QW1 and QW2 out of the quotes pool provided QW3 is healthy", { action: "pool.drain", targets: ["QW1", "QW2"], when: "qw3-is-healthy" }],
    ["If the maintenance page is up: mute Statuscake", { action: "monitor.mute", targets: ["Statuscake"], when: "maintenance-page-is-up" }],
    ["If the maintenance page is up then mute Statuscake", { action: "monitor.mute", when: "maintenance-page-is-up" }],
    ["Patch QW1, except if Freya says otherwise", { action: "patch.install", when: "unless-freya-says-otherwise" }],
    ["Patch QW1, but not when a campaign runs", { action: "patch.install", when: "unless-campaign-runs" }],
    ["As long as QW1 is up, patch QW2", { action: "patch.install", targets: ["QW2"], when: expect.stringContaining("qw1-is-up") }],
    ["Patch QW1 (except if a campaign runs)", { action: "patch.install", when: "unless-campaign-runs" }],
    ["rating-service: tag 3.3.3 to PRD if Jun agrees", { action: "pipeline.run", with: { pipeline: "rating-service", environment: "PRD" }, when: "jun-agrees" }],
  ])("of «%s» holds for its step", (line, expected) => {
    expect(stepsOf(line)).toMatchObject([expected]);
  });

  it("that a deployment's line ends with is no decoration", () => {
    const [quotes, rating] = stepsOf("K8S-1 quote-service: tag 8.1.0 to PRD", "K8S-2 rating-service: tag 3.3.3 to PRD, but only once K8S-1 went through");

    expect(rating).toMatchObject({ with: { pipeline: "rating-service" }, needs: [expect.stringContaining(`.${quotes?.id ?? ""}`)] });
  });

  it("that leaves the work out is asked about, and never turned round", () => {
    const [step] = stepsOf("Patch QW1 - skip this when Marek is away");

    expect(step).toMatchObject({ action: "patch.install", targets: ["QW1"] });
    expect(step).not.toHaveProperty("when");
    expect(step?.questions.join()).toContain("When is it left out?");
  });

  it("is none where the work is done all the same", () => {
    const steps = stepsOf("Patch QW3 even if QW1 fails", "Even if QW1 fails, patch QW2");

    expect(steps).toMatchObject([{ targets: ["QW3"] }, { targets: ["QW2"] }]);
    for (const step of steps) expect(step).not.toHaveProperty("when");
  });

  it("is no verb of a sentence", () => {
    expect(stepsOf("Install the keys provided by the vendor on the kiosk")[0]).not.toHaveProperty("when");
  });
});

describe("a deployment's own line", () => {
  it.each<[string, object]>([
    ["Quote_Database: tag 12.0.0, stage Migrate", { with: { pipeline: "Quote_Database", ref: { tag: "12.0.0" }, stages: ["Migrate"] } }],
    ["Cluster_Infrastructure: tag net-3.1.0 on the ingress-london stack in PRD", { targets: ["ingress-london"] }],
    ["quote-service: tag 6.2.0 to PRD at 02:30 on Sunday", { at: "Sun 02:30", with: { pipeline: "quote-service", environment: "PRD" } }],
  ])("«%s» says more than its ref", (line, expected) => {
    expect(stepsOf(line)).toMatchObject([expected]);
  });

  it("asks which stacks are all of them where the inventory does not say", () => {
    expect(stepsOf("Quote_Database: tag 12.0.0 on all stacks in PRD")[0]?.questions.join()).toContain("Which stacks?");
  });

  it("keeps its environment where what is done above was another tag", () => {
    const steps = stepsOf("rating-service: tag 4.2.0 to PRD", "rating-service: tag 4.2.1 to PRD (deployed above)");

    expect(steps[1]).toMatchObject({ action: "pipeline.run", with: { ref: { tag: "4.2.1" }, environment: "PRD" } });
  });
});

describe("numbers", () => {
  it("of servers are no ticket", () => {
    const { plan } = drafted("PLT-5 Patch QW1-3");

    expect(plan.phases[0]?.changes).toMatchObject([{ keys: ["PLT-5"], steps: [{ action: "patch.install", targets: ["QW1", "QW2", "QW3"] }] }]);
  });

  it("of an address are no tag and no time", () => {
    expect(stepsOf("permit 198.51.100.40/29 and 2001:db8:40::/48 on Forti London, address group partners-in")).toMatchObject([
      { action: "firewall.allow", targets: ["Forti London"], with: { addresses: ["198.51.100.40/29", "2001:db8:40::/48"], group: "partners-in" } },
    ]);
    expect(stepsOf("permit 2001:db8:40::/48 on Forti London")[0]).not.toHaveProperty("at");
  });
});

describe("a line without a verb", () => {
  it.each<[string, object]>([
    ["heads up to #helpdesk", { action: "slack.notify", targets: ["helpdesk"], with: { moment: "note" } }],
    ["all done -> #transport and #helpdesk", { action: "slack.notify", targets: ["transport", "helpdesk"], with: { moment: "finish" } }],
    ["Saturday 10 PM: #k8s-releases - we begin in two hours", { action: "slack.notify", at: "Sat 22:00", targets: ["k8s-releases"], with: { moment: "start" } }],
    ["Statuscake on again", { action: "monitor.unmute", targets: ["Statuscake"] }],
    ["Statuscake off", { action: "monitor.mute", targets: ["Statuscake"] }],
    ["smoke quotes.halden.example", { action: "web.check", targets: ["quotes.halden.example"] }],
    ["QW1-3 patches", { action: "patch.install", targets: ["QW1", "QW2", "QW3"] }],
    ["ParkBatch", { action: "pipeline.run", with: { pipeline: "Batch Control", stages: ["Park Batch"] } }],
  ])("«%s» is work all the same", (line, expected) => {
    expect(stepsOf(line)).toMatchObject([expected]);
  });

  it("is no title of the next one where it speaks of a ticket", () => {
    expect(stepsOf("OPS-1 Patch QW1", "", "", "Same as OPS-1 at the other site", "Patch QW2")).toMatchObject([{ targets: ["QW1"] }, { action: "person.do" }, { targets: ["QW2"] }]);
  });
});

describe("records", () => {
  it("are known by the host that they answer for, and «instead of» says where they point before", () => {
    expect(stepsOf("Point quotes.halden.example at sorry.halden.example instead of lb.halden.example", "Maintenance page off again")).toMatchObject([
      { action: "dns.swap", targets: ["quotes"], with: { from: "lb.halden.example", to: "sorry.halden.example" } },
      { action: "dns.swap", targets: ["quotes"], with: { from: "sorry.halden.example", to: "lb.halden.example" }, always: true },
    ]);
  });
});

describe("who does it", () => {
  it.each<[string, object]>([
    ["Saturday 22:00 Marek takes a full backup", { at: "Sat 22:00", with: { who: "Marek" } }],
    ["Sunday 00:10 Fail the listener over, Oona to drive", { with: { who: "Oona" } }],
    ["Saturday 9:00 PM - 9:30 PM Sanjay and Freya: stop the spoolers", { at: "Sat 21:00", owner: { first: "Sanjay", second: "Freya" } }],
  ])("stands in «%s»", (line, expected) => {
    expect(stepsOf(line)).toMatchObject([{ action: "person.do", ...expected }]);
  });

  it("is not the team that is called like a channel", () => {
    expect(stepsOf("Ask around in #transport whether the fibre is back")[0]?.with).not.toHaveProperty("who");
  });
});

describe("work that is not done this time", () => {
  it.each(["CHG-1 was completed in November", "CHG-1 -> next month", "CHG-1 (cancelled by the business)", "CHG-1 on hold", "CHG-1 moved to December"])(
    "«%s» is asked about",
    (line) => {
      const { plan, questions } = drafted(line);

      expect(questions.map(({ why }) => why).join()).toContain("Is this dropped?");
      expect(plan.phases[0]?.changes).toMatchObject([{ keys: ["CHG-1"], steps: [{ with: { what: "Do what CHG-1 asks for." } }] }]);
    },
  );

  it.each(["~~Take QW3 out of the quotes pool~~", "OPS-7 ~~Take QW3 out of the quotes pool~~"])("«%s» is no step", (line) => {
    const { questions } = drafted("Mute Statuscake", line);

    expect(stepsOf("Mute Statuscake", line).filter(({ action }) => action === "pool.drain")).toEqual([]);
    expect(questions.map(({ why }) => why).join()).toContain("It is struck through");
  });

  it.each(["☑ Patch QW1", "✅ Patch QW1", "[x] Patch QW1"])("«%s» is ticked off", (line) => {
    expect(stepsOf(line)).toMatchObject([{ action: "patch.install", targets: ["QW1"], questions: [expect.stringContaining("Is this done already?")] }]);
  });

  it("«☐ Patch QW1» is not", () => {
    expect(stepsOf("☐ Patch QW1")[0]?.questions).toEqual([]);
  });
});

describe("lists as wikis write them", () => {
  it("nest by the number of their marks, and a ticket holds what stands below it", () => {
    const { plan } = drafted("* K8S-1", "** quote-service: tag 1.2.0 to UAT", "** rating-service: tag 3.4.0 to UAT after quote-service", "* K8S-2 Patch QW1");

    expect(plan.phases[0]?.changes).toMatchObject([
      { keys: ["K8S-1"], steps: [{ with: { pipeline: "quote-service" } }, { with: { pipeline: "rating-service" }, needs: ["quote-service"] }] },
      { keys: ["K8S-2"], steps: [{ action: "patch.install" }] },
    ]);
  });

  it("have headings of their own", () => {
    expect(drafted("== Rollout", "* Patch QW1").plan.phases.map(({ title }) => title)).toContain("Rollout");
  });
});

describe("where a link leads", () => {
  it("stays with the work that it stands in", () => {
    const linked =
      '<p>Maintenance of 2025-06-15, all times UTC</p><h2>Changes</h2><p>Rotate the keys as in <a href="https://wiki.example.com/keys?a=1">the guide</a>. Tell Wanda.</p>';

    const [first, second] = changesOf(draftOf(pageOf(linked), halden)).flatMap(({ steps }) => steps);

    expect(first?.notes).toEqual(["Rotate the keys as in the guide. Tell Wanda. https://wiki.example.com/keys?a=1"]);
    expect(second?.notes ?? []).toEqual([]);
  });
});

/** A table of work in storage format, one array of cells a row. */
function table(...rows: readonly (readonly string[])[]): Draft {
  const cells = (row: readonly string[], as: string): string => `<tr>${row.map((cell) => `<${as}>${cell}</${as}>`).join("")}</tr>`;
  const [heads = [], ...others] = rows;
  return draftOf(pageOf(`<p>Maintenance of 2025-06-15, all times UTC</p><table>${cells(heads, "th")}${others.map((row) => cells(row, "td")).join("")}</table>`), halden);
}

function changesOf({ plan }: Draft) {
  return plan.phases.flatMap(({ changes }) => changes);
}

describe("the columns of a table", () => {
  it("say where, when, how long, by whom and after what, and ask for no work of their own", () => {
    const draft = table(
      ["#", "Start", "End", "Activity", "Environment", "Jira", "Owner", "Backup", "Duration", "Status"],
      ["1", "Sat 23:00", "Sat 23:05", "Mute Statuscake", "", "", "Wanda", "Tariq", "5 min", "not started"],
      ["2", "after 1", "", "quote-service tag 7.0.0", "UAT", "WEB-11", "Jun", "", "20 min", ""],
      ["3", "", "", "quote-service tag 7.0.0", "PRD", "WEB-11", "Jun", "", "", "depends on 1 and 2"],
    );

    const [mute, uat, prd] = changesOf(draft);
    expect(changesOf(draft)).toHaveLength(3);
    expect(mute?.steps).toMatchObject([
      { action: "monitor.mute", at: "Sat 23:00", owner: { first: "Wanda", second: "Tariq" }, notes: expect.arrayContaining(["End: Sat 23:05", "Duration: 5 min"]) },
    ]);
    expect(uat).toMatchObject({ keys: ["WEB-11"], steps: [{ with: { environment: "UAT" }, owner: "Jun", needs: [`${mute?.id ?? ""}.mute`] }] });
    expect(prd).toMatchObject({ keys: ["WEB-11"], steps: [{ with: { environment: "PRD" }, needs: [`${mute?.id ?? ""}.mute`, `${uat?.id ?? ""}.${uat?.steps[0]?.id ?? ""}`] }] });
  });

  it("may name people whom no inventory knows", () => {
    const [change] = changesOf(table(["Activity", "Owner"], ["Disable the banner", "Product"]));

    expect(change?.steps).toMatchObject([{ action: "person.do", with: { who: "Product" }, questions: [expect.stringContaining("Who is Product?")] }]);
  });

  it("may hold the servers apart from what is done to them", () => {
    const changes = changesOf(table(["Time", "Task", "Servers"], ["Sun 01:00", "Patch", "QW1, QW2"], ["Sun 02:00", "Drain from pool", "QW3"], ["Sun 03:00", "Patch", "OLD-7"]));

    expect(changes.map(({ steps }) => steps)).toMatchObject([
      [{ action: "patch.install", at: "Sun 01:00", targets: ["QW1", "QW2"], questions: [] }],
      [{ action: "pool.drain", targets: ["QW3"] }],
      [{ action: "patch.install", questions: [expect.stringContaining("OLD-7")] }],
    ]);
  });

  it("say the zone of their times", () => {
    expect(
      draftOf(pageOf("<p>Maintenance of 2025-06-15</p><table><tr><th>Start (UTC)</th><th>Activity</th></tr><tr><td>Sun 01:00</td><td>Patch QW1</td></tr></table>"), halden).plan
        .zone,
    ).toBe("UTC");
  });

  it("leave a row that is crossed out its ticket and its question, and the next row its own change", () => {
    const changes = changesOf(table(["Activity", "Jira", "Status"], ["Mute Statuscake", "WEB-1", ""], ["<del>Patch QW3</del>", "WEB-2", "cancelled"], ["Patch QW1", "WEB-3", ""]));

    expect(changes.map(({ keys }) => keys)).toEqual([["WEB-1"], ["WEB-2"], ["WEB-3"]]);
    expect(changes[1]?.questions.join()).toContain("struck through");
    expect(changes[1]?.steps).toMatchObject([{ action: "person.do" }]);
  });

  it("without a head are labels and what they stand for", () => {
    const { plan } = draftOf(
      pageOf(
        "<h1>Desktops</h1><table><tr><th>Window</th><td>Sat 14 Jun 2025 21:00 to Sun 15 Jun 2025 05:00</td></tr><tr><th>Time zone</th><td>Europe/Oslo</td></tr><tr><th>Lead</th><td>Freya or Sanjay</td></tr></table><h2>Work</h2><p>Patch QW1</p>",
      ),
      halden,
    );

    expect(plan).toMatchObject({ date: "2025-06-15", zone: "Europe/Oslo", cutoff: "Sun 05:00", owners: ["Freya", "Sanjay"] });
    expect(plan.phases.flatMap(({ changes }) => changes.flatMap(({ steps }) => steps))).toMatchObject([{ action: "patch.install" }]);
  });
});

describe("items of an item", () => {
  it("begin when it does", () => {
    const draft = draftOf(
      pageOf(
        "<p>Maintenance of 2025-06-15, all times UTC</p><h2>Saturday</h2><ul><li>22:30 hold what runs<ul><li>Park Batch stage of Batch Control</li><li>mute Statuscake</li></ul></li><li>Patch QW1</li></ul>",
      ),
      halden,
    );

    expect(changesOf(draft).flatMap(({ steps }) => steps.map(({ action, at }) => [action, at]))).toEqual([
      ["person.do", "Sat 22:30"],
      ["pipeline.run", "Sat 22:30"],
      ["monitor.mute", "Sat 22:30"],
      ["patch.install", undefined],
    ]);
  });
});

describe("a time that has its line to itself", () => {
  it("is that of the line below", () => {
    expect(stepsOf("Saturday 22:00", "Patch QW1", "Sunday 01:00", "quote-service: tag 1.0.0 to PRD")).toMatchObject([
      { action: "patch.install", at: "Sat 22:00" },
      { action: "pipeline.run", at: "Sun 01:00" },
    ]);
  });

  it("is asked about where nothing begins below it", () => {
    expect(drafted("Patch QW1", "Saturday 22:00", "Do not touch QW2").questions.map(({ why }) => why)).toContain("What begins then? No line below it says.");
  });

  it("is no number of a list", () => {
    expect(drafted("Mute Statuscake", "8.30pm on Saturday patch QW1").plan.phases[0]?.changes).toMatchObject([
      { steps: [{ action: "monitor.mute" }] },
      { steps: [{ at: "Sat 20:30" }] },
    ]);
  });
});

describe("what a line leaves out", () => {
  it.each<[string, object]>([
    ["Patch all web servers except QW3", { targets: ["QW1", "QW2"] }],
    ["Patch all web servers (not QW3)", { targets: ["QW1", "QW2"] }],
    ["Patch QW1 and QW2, but leave QW3 alone", { targets: ["QW1", "QW2"] }],
    ["Patch QW1 instead of QW2", { targets: ["QW1"] }],
    ["Patch the citrix servers, but not CTX-DDC2", { targets: ["CTX-DDC1"] }],
    ["Mute Statuscake, not Desktop probes", { targets: ["Statuscake"] }],
    ["Run the Precheck and Reindex stages of Quote_Database, but not Migrate", { with: { stages: ["Precheck", "Reindex"] } }],
    ["Run all stages of Quote_Database except Reindex, tag 3.0.0", { with: { ref: { tag: "3.0.0" }, stages: ["Precheck", "Migrate"] } }],
    ["Deploy quote-service tag 1.2.3 to all environments except PRD", { questions: [expect.stringContaining("In which environments?")] }],
  ])("«%s» is not done to it", (line, expected) => {
    expect(stepsOf(line)).toMatchObject([expected]);
  });

  it("is asked about where nothing else is named", () => {
    expect(stepsOf("Take QW1 out of the quotes pool and leave QW1 out")[0]).toMatchObject({ targets: ["QW1"], questions: [expect.stringContaining("leaves the same out")] });
  });
});

describe("a time", () => {
  it.each(["by 03:45 on Sunday patch QW1", "Patch QW1 until 03:45 on Sunday", "no later than Sunday 03:45 patch QW1"])("of «%s» is none at which it begins", (line) => {
    const [step] = stepsOf(line);

    expect(step).toMatchObject({ action: "patch.install", targets: ["QW1"], questions: [expect.stringContaining("by when it is over: Sun 03:45")] });
    expect(step).not.toHaveProperty("at");
  });

  it.each(["after 03:45 on Sunday patch QW1", "not before Sunday 03:45 patch QW1", "between Sunday 03:45 and 05:00 patch QW1"])("of «%s» is one from which on it may", (line) => {
    expect(stepsOf("Patch QW2", line)[1]).toMatchObject({ action: "patch.install", targets: ["QW1"], at: "Sun 03:45", needs: [] });
  });

  it("may say a zone of its own", () => {
    expect(stepsOf("Sunday 22:00 UK time patch QW1")).toMatchObject([{ action: "patch.install", at: "Sun 22:00", questions: [expect.stringContaining("Which zone is right?")] }]);
  });
});

describe("a line that might be a title", () => {
  it.each(["Certificate renewal", "2100 - 2200 the vendor's slot", "Badge printers"])("is no work lost: «%s» above other work is asked about", (line) => {
    expect(drafted(line, "Patch QW1").questions.map(({ text, why }) => [text, why])).toContainEqual([line, "Is this work, or the title of what stands below it?"]);
  });

  it("is work where it says what is to be done", () => {
    expect(stepsOf("Decommission LDN-SQL3 (off since May)", "Patch QW1")).toMatchObject([{ action: "person.do" }, { action: "patch.install" }]);
  });
});

describe("words that turn round what others say", () => {
  it.each<[string, object]>([
    ["Stop routing portal.halden.example through Cloudflare", { action: "dns.proxy", targets: ["portal"], with: { proxied: false } }],
    ["Route portal.halden.example through Cloudflare", { action: "dns.proxy", with: { proxied: true } }],
    ["Update the wiki", { action: "person.do" }],
    ["Saturday 8-9pm prepare the bridge", { at: "Sat 20:00" }],
    ["Saturday @ 10p mute Statuscake", { action: "monitor.mute", at: "Sat 22:00" }],
    ["Patch QW3 [Wanda]", { action: "patch.install", owner: "Wanda" }],
    ["Marek/Oona - patch QW3", { action: "patch.install", owner: { first: "Marek", second: "Oona" } }],
  ])("«%s» is read whole", (line, expected) => {
    expect(stepsOf(line)).toMatchObject([expected]);
  });
});

describe("a few words above a ticket's line", () => {
  it("are kept with it, and asked about", () => {
    const { plan } = drafted("NET-1 Patch QW1", "Dublin site", "NET-2 Patch QW2");

    expect(plan.phases[0]?.changes).toMatchObject([
      { keys: ["NET-1"], notes: [] },
      { keys: ["NET-2"], notes: ["Dublin site"], questions: [expect.stringContaining("title of what stands below it")] },
    ]);
  });
});

describe("the time of an item", () => {
  it("ends with its list", () => {
    const steps = stepsOf("* Sunday 02:00 mute Statuscake", "", "", "After", "* K8S-1", "** Patch QW1");

    expect(steps[1]).toMatchObject({ action: "patch.install" });
    expect(steps[1]).not.toHaveProperty("at");
  });
});

describe("a numbered line", () => {
  it("is named by its number", () => {
    const steps = stepsOf("1. Patch QW1", "2. Mute Statuscake", "3. Patch QW2 after step 1");

    expect(steps[2]).toMatchObject({ targets: ["QW2"], needs: [expect.stringMatching(/patch-qw1\.install$/)] });
  });
});
