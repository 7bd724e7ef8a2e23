import { describe, expect, it } from "vitest";
import { closingFor, closingsIn, fits, openingsIn } from "./said.ts";

describe("what a sentence opens", () => {
  it.each([
    ["Saturday 9 PM: pause the nightly export", "paused"],
    ["The DBA team will stop the reporting service", "stopped"],
    ["Noor stops the ferry planner", "stopped"],
    ["pull web1 - 4 out of rotation", "out-of-pool"],
    ["Put the portal into read-only mode", "maintenance-mode"],
    ["run the Reschedule Jobs stage of the night pipeline", "rescheduled"],
    ["Open port 8443 on the firewall", "opened-up"],
    ["Fail over the database to the standby", "failed-over"],
    ["Give Ana break-glass access to the vault", "granted"],
    ["Temporarily allow 10.0.0.9 on the firewall", "let-in"],
    ["Take the API offline", "stopped"],
  ])("«%s»: %s", (text, name) => {
    expect(openingsIn(text, true, false).map(({ opposite }) => opposite.name)).toEqual([name]);
  });

  it.each([
    "Do not stop the billing service",
    "Install the updates",
    "Check whether the feed is paused",
    "Remove the maintenance page",
    "Take the servers out of maintenance mode",
    "Notify the channel that maintenance is starting",
    "Start the jobs",
  ])("«%s»: nothing", (text) => {
    expect(openingsIn(text, true, false)).toEqual([]);
  });

  it("takes what a ticket asks for as meant to last, unless it says otherwise", () => {
    expect(openingsIn("Disable the old protocol", false, true)).toEqual([]);
    expect(openingsIn("Disable the old protocol for the night", false, true)).toHaveLength(1);
    expect(openingsIn("Disable the backup job", false, false)).toHaveLength(1);
  });
});

describe("what a sentence closes", () => {
  const isClosedBy = (opening: string, closing: string): boolean => openingsIn(opening, true, false).some((one) => closingsIn(closing).some((other) => fits(one, other)));

  it.each([
    ["Stop Tomcat on app1 - 3", "Start Tomcat again"],
    ["Pause the tariff import", "Resume everything"],
    ["run the Reschedule Jobs stage of the night pipeline", "Start the Jobs"],
    ["Silence the pager", "Remove the silence"],
    ["Drain node-4", "Uncordon node-4"],
    ["Silence the pager for the checkout service", "Enable the pager alerts for checkout again"],
    ["Freeze the ledger sync", "Start the ledger sync"],
    ["Put the batch jobs on ice", "Take the batch jobs off ice"],
    ["Mark web1 as down in HAProxy", "Mark web1 as up in HAProxy"],
    ["Put the database in restricted session", "Disable restricted session"],
    ["Redirect traffic to the static site", "Send traffic back to the real site"],
    ["Evacuate host esx1", "Move the machines back to esx1"],
    ["Schedule downtime in Nagios", "Cancel the Nagios downtime"],
  ])("«%s» is closed by «%s»", (opening, closing) => {
    expect(isClosedBy(opening, closing)).toBe(true);
  });

  it.each([
    ["Stop the billing service", "Start the reporting service"],
    ["Pause the tariff import", "Resume the invoice export"],
    ["Stop Tomcat", "Do not start Tomcat"],
    ["Disable the backup job", "Enable the new seat map"],
  ])("«%s» is not closed by «%s»", (opening, closing) => {
    expect(isClosedBy(opening, closing)).toBe(false);
  });

  it.each([
    ["Saturday 9 PM pause the crane feed", "Resume the crane feed"],
    ["Put the portal into read-only mode", "Take the portal out of read-only mode again"],
    ["pull web1 - 4 out of the edge pool", "Put web1 - 4 back into the edge pool"],
    ["Fail over the ledger database to the standby", "Fail back the ledger database"],
    ["Take the API offline", "Bring the API back up"],
    ["Lower the TTL of www to 60 seconds", "Set the TTL of www back"],
    ["Run the Quiesce stage of the ferry pipeline", "Take back what «Run the Quiesce stage of the ferry pipeline» has done: resume"],
  ])("«%s»: proposes «%s»", (text, closing) => {
    const [opening] = openingsIn(text, true, false);

    expect(opening === undefined ? "" : closingFor(opening)).toBe(closing);
  });
});
