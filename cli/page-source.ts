import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { azureCredential } from "../adapters/azure-credential.ts";
import { keyVaultSecrets } from "../adapters/key-vault-secrets.ts";
import { systemClock } from "../adapters/system-clock.ts";
import { withoutOurs } from "../integrations/confluence/beside.ts";
import { ConfluenceSettings, connectConfluence, type Pages } from "../integrations/confluence/connector.ts";
import { readLocalSettings } from "../local/app-settings.ts";
import { servedIn } from "../local/outdoors.ts";
import { localSettings, simulatedCredential, simulatedSecrets } from "../local/settings.ts";
import { socketTransport } from "../local/transport.ts";
import { CoreSettings, readSections } from "../shared/config/config.ts";
import { Fault } from "../shared/fault/fault.ts";
import { pageOf } from "../shared/page/draft.ts";
import { pageOfSource } from "../shared/page/source.ts";
import type { Page } from "../shared/page/tree.ts";
import { readText } from "./files.ts";
import { withWords } from "./page-file.ts";

export interface ReadPage {
  readonly page: Page;
  /** An earlier version of it; of a file there is none. */
  readonly earlier?: (version: number) => Promise<Page>;
}

/** What a page's number or address looks like; anything else names a file. */
const REFERENCE = /^(?:\d{1,19}|https?:\/\/\S+|\/(?:wiki|spaces|pages|x)\/\S*)$/;

/**
 * Reads a page: a file of that name if there is one, else from Confluence Cloud, with the settings of the environment or of the
 * folder's local.settings.json, and the token from the vault that they name, opened as whoever is signed in to the Azure CLI.
 *
 * @param vendors folder whose simulated vendors are asked instead.
 * @throws Fault that says what to do when there is no such file or page, or it may not be read.
 */
export async function readPage(reference: string, vendors?: string): Promise<ReadPage> {
  if (existsSync(reference) || !REFERENCE.test(reference)) return { page: withWords(pageOf(withoutOurs(readText(reference))), reference) };
  const pages = vendors === undefined ? connected() : simulated(vendors);
  return {
    page: withWords(pageOfSource(await pages.source(reference)), `the page ${reference}`),
    earlier: async (version) => pageOfSource(await pages.source(reference, version)),
  };
}

function connected(): Pages {
  const env = { ...readLocalSettings(process.cwd(), process.env), ...process.env };
  const { confluence, core } = readSections(env, { confluence: ConfluenceSettings, core: CoreSettings.pick({ vaultUrl: true, identityClientId: true }) });
  const credential = azureCredential(core.identityClientId);
  return connectConfluence(confluence, { fetch: globalThis.fetch, clock: systemClock, credential, secrets: keyVaultSecrets({ vaultUrl: core.vaultUrl, credential }) });
}

function simulated(folder: string): Pages {
  const served = servedIn(resolve(folder));
  if (served === undefined) throw new Fault("absent", `nothing serves ${folder}; start \`nightshift serve-vendors --data ${folder}\` first`);
  return connectConfluence(localSettings().confluence, {
    ...socketTransport(served.simulatorsOrigin, systemClock),
    clock: systemClock,
    secrets: simulatedSecrets,
    credential: simulatedCredential,
  });
}
