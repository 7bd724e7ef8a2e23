import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Fault } from "../fault/fault.ts";
import { readConfig, settingName } from "./config.ts";

const CORE = {
  NIGHTSHIFT_TABLES_URL: "https://example.table.core.windows.net",
  NIGHTSHIFT_VAULT_URL: "https://kv.vault.azure.net",
  NIGHTSHIFT_REPORT_BASE_URL: "https://nightshift.example.com/runs/",
};
const Chat = z.strictObject({
  botToken: z.string().describe("Secret with the bot's token"),
  retries: z.coerce.number().int().default(3).describe("How often"),
});

function complaintsOf(env: Record<string, string | undefined>): string[] {
  try {
    readConfig(env, { "azure-chat": Chat });
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: "Fault", kind: "invalid" });
    return (thrown as Fault).message
      .split("\n")
      .slice(1, -1)
      .map((line) => line.trim());
  }
  return [];
}

describe("names of settings", () => {
  it.each([
    ["core", "tablesUrl", "NIGHTSHIFT_TABLES_URL"],
    ["slack", "botToken", "NIGHTSHIFT_SLACK_BOT_TOKEN"],
    ["azure-devops", "personalAccessToken", "NIGHTSHIFT_AZURE_DEVOPS_PERSONAL_ACCESS_TOKEN"],
    ["pan-os", "apiKey", "NIGHTSHIFT_PAN_OS_API_KEY"],
  ])("of %s.%s is %s", (section, key, name) => {
    expect(settingName(section, key)).toBe(name);
  });
});

describe("the environment", () => {
  it("is read into sections, with defaults, and cannot be changed afterwards", () => {
    const config = readConfig({ ...CORE, NIGHTSHIFT_AZURE_CHAT_BOT_TOKEN: "chat-token", PATH: "/bin" }, { "azure-chat": Chat });

    expect(config["azure-chat"]).toEqual({ botToken: "chat-token", retries: 3 });
    expect(config.core).toMatchObject({ tablesUrl: CORE.NIGHTSHIFT_TABLES_URL, inventoryFile: "plans/inventory.yaml", signIn: "false" });
    expect([config, config.core, config["azure-chat"]].map(Object.isFrozen)).toEqual([true, true, true]);
  });

  it("may hold empty values: they count as not given", () => {
    const config = readConfig({ ...CORE, NIGHTSHIFT_TABLES_CONNECTION: "", NIGHTSHIFT_AZURE_CHAT_BOT_TOKEN: "t", NIGHTSHIFT_AZURE_CHAT_RETRIES: "" }, { "azure-chat": Chat });

    expect(config.core.tablesConnection).toBeUndefined();
    expect(config["azure-chat"].retries).toBe(3);
  });

  it("is complained about all at once: what is missing, malformed and unknown, each by its name", () => {
    const complaints = complaintsOf({
      NIGHTSHIFT_TABLES_URL: "not a url",
      NIGHTSHIFT_VAULT_URL: CORE.NIGHTSHIFT_VAULT_URL,
      NIGHTSHIFT_SIGN_IN: "perhaps",
      NIGHTSHIFT_AZURE_CHAT_RETRIES: "many",
      NIGHTSHIFT_AZURE_CHAT_BOT_TOKN: "x",
      NIGHTSHIFT_NO_IDEA: "x",
    });

    expect(complaints).toEqual([
      "NIGHTSHIFT_AZURE_CHAT_BOT_TOKEN: missing (Secret with the bot's token)",
      "NIGHTSHIFT_AZURE_CHAT_BOT_TOKN: unknown; did you mean NIGHTSHIFT_AZURE_CHAT_BOT_TOKEN?",
      expect.stringMatching(/^NIGHTSHIFT_AZURE_CHAT_RETRIES: Invalid input: expected number.* \(How often\)$/),
      "NIGHTSHIFT_NO_IDEA: unknown",
      expect.stringMatching(/^NIGHTSHIFT_REPORT_BASE_URL: missing \(Where reports are opened/),
      expect.stringMatching(/^NIGHTSHIFT_SIGN_IN: Invalid option.* \(Whether App Service/),
      expect.stringMatching(/^NIGHTSHIFT_TABLES_URL: Invalid URL \(Table endpoint/),
    ]);
  });

  it("is named with the place that lists all settings, and no value is repeated", () => {
    const read = (): unknown =>
      readConfig({ ...CORE, NIGHTSHIFT_AZURE_CHAT_BOT_TOKEN: "t", NIGHTSHIFT_AZURE_CHAT_RETRIES: "hunter2", NIGHTSHIFT_TABLES_URL: "AccountKey=hunter2" }, { "azure-chat": Chat });

    expect(read).toThrow(/See local\.settings\.sample\.json/);
    expect(read).not.toThrow(/hunter2/);
  });

  it("leaves alone what is not ours", () => {
    expect(complaintsOf({ ...CORE, NIGHTSHIFT_AZURE_CHAT_BOT_TOKEN: "t", NIGHTSHIFTS: "x", AzureWebJobsStorage: "x" })).toEqual([]);
  });
});
