import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { registry } from "../integrations/actions.ts";
import { compose } from "./compose.ts";

const { Values: SAMPLE } = JSON.parse(readFileSync(new URL("../local.settings.sample.json", import.meta.url), "utf8")) as { Values: Record<string, string> };

describe("the composition for Azure", () => {
  it("is made of the sample's settings without asking the network anything", () => {
    const app = compose(SAMPLE);

    expect(app.registry).toBe(registry);
    expect(app.ring).toBeUndefined();
    expect(app.stage.reportUrl("2024-12-08")).toBe("https://nightshift.example.com/api/v1/board/2024-12-08");
  });

  it("knows nobody until someone signs in, whatever a request says of itself", async () => {
    const { door } = compose(SAMPLE);

    await expect(door.enter(new Headers({ "x-nightshift-operator": "Ada", "x-nightshift-role": "admin", "x-ms-client-principal-name": "ada@example.com" }))).rejects.toMatchObject({
      status: 401,
    });
  });

  it("offers every port that an action uses", () => {
    const { ports } = compose(SAMPLE).stage;

    const missing = registry.actions.flatMap(({ verb, uses }) => uses.filter((port) => ports[port] === undefined).map((port) => `${verb} needs ${port}`));

    expect(missing).toEqual([]);
  });

  it("reads the inventory that lies beside the app", async () => {
    const { inventory, file } = await compose(SAMPLE).inventory();

    expect(file).toBe("plans/inventory.yaml");
    expect(inventory.find("channel", "maintenance")).toMatchObject({ name: "maintenance", id: expect.stringMatching(/^C/) });
  });

  it("says which inventory cannot be read", async () => {
    const app = compose({ ...SAMPLE, NIGHTSHIFT_INVENTORY_FILE: "plans/no-such.yaml" });

    await expect(app.inventory()).rejects.toMatchObject({ name: "Fault", kind: "absent", message: expect.stringMatching(/inventory .*plans\/no-such\.yaml cannot be read/) });
  });

  it("is refused with everything that is wrong at once, each by its name", () => {
    const { NIGHTSHIFT_VAULT_URL: _vault, NIGHTSHIFT_SLACK_BOT_TOKEN: _token, ...rest } = SAMPLE;
    const env = { ...rest, NIGHTSHIFT_JIRA_SITE: "nowhere", NIGHTSHIFT_IDENTITY_CLIENT_ID: "me", NIGHTSHIFT_JIRA_EMIAL: "x" };

    expect(() => compose(env)).toThrow(
      expect.objectContaining({
        kind: "invalid",
        message: expect.stringMatching(
          /IDENTITY_CLIENT_ID: Invalid(.|\n)*JIRA_EMIAL: unknown; did you mean NIGHTSHIFT_JIRA_EMAIL\?(.|\n)*JIRA_SITE: Invalid(.|\n)*SLACK_BOT_TOKEN: missing(.|\n)*VAULT_URL: missing/,
        ),
      }),
    );
  });

  it("is refused for an empty environment too, with one line for each setting that must be given", () => {
    expect(() => compose({})).toThrow(/TABLES_URL: missing(.|\n)*VAULT_URL: missing/);
  });
});
