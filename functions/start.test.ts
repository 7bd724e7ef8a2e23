import { expect, it } from "vitest";
import { ROLES } from "../shared/access/roles.ts";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import { azureDoor, machine, signedIn } from "../test/support/callers.ts";
import { hostedApp } from "../test/support/hosted-app.ts";
import { planWith } from "../test/support/plan-with.ts";

const RUN = "2024-12-08";
const plan = planWith({ "web.drain": { at: "2024-12-08T05:00:00.000Z" } });
const BECAUSE = "because Ben's train is late and the pool cannot wait";

it("a plan that nobody has approved is started by nobody who does not say why", async () => {
  await using hosted = await hostedApp({ door: azureDoor() });
  await hosted.store(plan, false);

  const answers = [];
  for (const role of ROLES.slice(1)) for (const caller of [signedIn(role), machine(role)]) answers.push(await hosted.call("POST", "runs", { window: RUN }, caller));

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409]));
  expect(answers[0]?.json).toMatchObject({ title: "conflict", detail: expect.stringMatching(/nobody has approved the plan .* an admin starts it with "unapproved"/) });
  expect(await hosted.facts(RUN)).toEqual([]);
});

it("by an admin's word it is, and the run's first fact keeps the word; anyone else's is refused with a fact", async () => {
  await using hosted = await hostedApp({ door: azureDoor() });
  await hosted.store(plan, false);
  const asked = { window: RUN, unapproved: BECAUSE };

  const refused = [await hosted.call("POST", "runs", asked, signedIn("operator")), await hosted.call("POST", "runs", asked, signedIn("approver"))];
  const silent = await hosted.call("POST", "runs", { ...asked, unapproved: "so" }, signedIn("admin"));
  const started = await hosted.call("POST", "runs", asked, signedIn("admin"));
  const again = await hosted.call("POST", "runs", { window: RUN }, signedIn("operator"));

  expect([...refused, silent, started, again].map(({ status }) => status)).toEqual([403, 403, 400, 202, 202]);
  expect((await hosted.journal.readAll(ACCESS_RUN)).map(({ fact }) => fact)).toMatchObject([
    { deed: "startRun", by: "kim-operator@example.com", why: expect.stringContaining("needs admin") },
    { deed: "startRun", by: "kim-approver@example.com", status: 403 },
    { deed: "startRun", by: "kim-admin@example.com", status: 400 },
  ]);
  expect((await hosted.facts(RUN))[0]).toMatchObject({ type: "run.started", by: "kim-admin@example.com", unapproved: BECAUSE });
});

it("an earlier plan of the window is not approved by the approval of the latest", async () => {
  await using hosted = await hostedApp({ door: azureDoor() });
  const earlier = planWith({ "web.drain": {} });
  await hosted.store(earlier);
  await hosted.store(plan);

  const answer = await hosted.call("POST", "runs", { window: RUN, digest: earlier.digest }, signedIn("admin"));
  const latest = await hosted.call("POST", "runs", { window: RUN, digest: plan.digest }, signedIn("operator"));

  expect([answer.status, latest.status]).toEqual([409, 202]);
  expect((await hosted.facts(RUN))[0]).not.toHaveProperty("unapproved");
});
