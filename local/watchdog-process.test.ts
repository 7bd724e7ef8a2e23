import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadPlan } from "../cli/plan-file.ts";
import { tablePlans } from "../adapters/table-plans.ts";
import { emptyTables } from "../test/support/azurite.ts";
import { demoScene } from "./demo-world.ts";
import { serveOutdoors } from "./outdoors.ts";
import { PROJECT } from "./settings.ts";
import { startWatchdog } from "./watchdog-process.ts";

const { plan, inventory } = loadPlan(join(PROJECT, "plans/2024-12-08.yaml"), join(PROJECT, "plans/inventory.yaml"));

it("looks at the instants that it is given, and says what it tells people", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nightshift-watchdog-"));
  const outdoors = await serveOutdoors({ folder, scene: demoScene({ inventory, plan }), tablePort: 0 });
  await tablePlans({ connection: outdoors.azuriteConnection, prefix: "window1" }).put({ plan, by: "Ada", at: "2024-12-07T00:00:00.000Z" });
  const said: string[] = [];
  const watchdog = startWatchdog({
    app: "http://127.0.0.1:9",
    vendors: folder,
    appPrefix: "window1",
    tables: await emptyTables().then(({ connection, prefix }) => ({ connection, prefix })),
    say: (line) => void said.push(line),
  });

  await watchdog.look(Date.parse("2024-12-07T12:00:00.000Z"));
  const early = [...said];
  await watchdog.look(Date.parse("2024-12-08T00:40:00.000Z"));
  await watchdog.look(Date.parse("2024-12-08T00:41:00.000Z"));
  await watchdog.close();
  await outdoors.close();
  rmSync(folder, { recursive: true, force: true });

  expect(early).toEqual([]);
  expect(said).toEqual([expect.stringMatching(/^told: .* NOT armed for its start at 8:00 PM EST: nobody has approved it/)]);
}, 60_000);

it("that cannot start, or dies, says so once and keeps nobody waiting", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nightshift-watchdog-"));
  const said: string[] = [];
  const watchdog = startWatchdog({
    app: "http://127.0.0.1:9",
    vendors: folder,
    appPrefix: "window1",
    tables: { connection: "none", prefix: "own" },
    say: (line) => void said.push(line),
  });

  await watchdog.look(Date.parse("2024-12-08T00:40:00.000Z"));
  await watchdog.look(Date.parse("2024-12-08T00:41:00.000Z"));
  await watchdog.close();
  rmSync(folder, { recursive: true, force: true });

  expect(said).toEqual([expect.stringContaining("nobody serves vendors from"), "its process ended with 2"]);
}, 60_000);
