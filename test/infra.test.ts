import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { WATCHDOG_SETTINGS } from "../functions/watchdog-compose.ts";
import { SETTINGS } from "../integrations/all.ts";
import { AccessSettings } from "../shared/access/settings.ts";
import { CoreSettings, settingName } from "../shared/config/config.ts";
import { TELEMETRY } from "../shared/ports/telemetry.ts";
import { bicepReader, keysOf, property, type BicepFile } from "./support/bicep.ts";

/** What a machine without Azure can say about infra/: the rest is in infra/README.md. */

const ROOT = resolve(import.meta.dirname, "..");
const INFRA = join(ROOT, "infra");
const paths = globSync("**/*.bicep", { cwd: INFRA }).toSorted();
const files = new Map<string, BicepFile>();
const fileAt = (path: string): BicepFile => {
  const file = files.get(path);
  if (file === undefined) throw new Error(`there is no infra/${path}`);
  return file;
};

beforeAll(async () => {
  const read = await bicepReader();
  for (const path of paths) files.set(path, read(join(INFRA, path)));
});

/** See "Azure built-in roles", Microsoft Learn. */
const BUILT_IN_ROLES: Readonly<Record<string, string>> = {
  storageBlobDataOwner: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  storageQueueDataContributor: "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  storageTableDataContributor: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
  storageTableDataReader: "76199698-9eea-4c19-bc75-cec21354c6b6",
  monitoringMetricsPublisher: "3913510d-42f4-4e42-8a64-420c390055eb",
  keyVaultSecretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
};
/** Bicep's own namespaces, which are read like symbols. */
const NAMESPACES = new Set(["az", "sys"]);

describe.each(paths)("infra/%s", (path) => {
  it("can be parsed, and uses only what it declares", () => {
    const { root, used, declared } = fileAt(path);

    expect(root.hasError).toBe(false);
    expect([...new Set(used)].filter((name) => !declared.has(name) && !NAMESPACES.has(name))).toEqual([]);
  });

  it("uses every parameter that it declares", () => {
    const { params, used } = fileAt(path);

    expect([...params.keys()].filter((name) => !used.includes(name))).toEqual([]);
  });

  it("gives modules that exist the parameters that they declare, and no others", () => {
    const { modules, file } = fileAt(path);

    const wrong = modules.flatMap(({ name, path: module, params }) => {
      const target = relative(INFRA, join(dirname(file), module));
      const wanted = files.get(target)?.params;
      if (wanted === undefined) return [`${name}: there is no ${module}`];
      const missing = [...wanted].filter(([param, { optional }]) => !optional && !params.includes(param)).map(([param]) => `${name} lacks ${param}`);
      return [...missing, ...params.filter((param) => !wanted.has(param)).map((param) => `${name}: ${module} has no ${param}`)];
    });

    expect(wrong).toEqual([]);
  });

  it("reads no key and puts no secret into an output", () => {
    const { functions, outputs, text } = fileAt(path);

    expect(functions.filter((name) => /^list|^getSecret$/.test(name))).toEqual([]);
    expect(outputs.filter(({ name, value }) => /secret|password|token|key/i.test(`${name} ${value}`.replaceAll(/keyvault|\bvault\b/gi, "")))).toEqual([]);
    expect(text).not.toMatch(/\blist(Keys|AccountSas|ServiceSas)\b|AccountKey=|SharedAccessSignature/);
  });
});

it("takes every module's output from a module that has it", () => {
  const main = fileAt("main.bicep");
  const wrong = [...main.text.matchAll(/\b(\w+)\.outputs\.(\w+)/g)].flatMap(([, module = "", output = ""]) => {
    const path = main.modules.find(({ name }) => name === module)?.path ?? "";
    return files.get(path)?.outputs.some(({ name }) => name === output) === true ? [] : [`${module}.outputs.${output}`];
  });

  expect(wrong).toEqual([]);
});

it("has accounts without keys, a vault with roles, and mail for nobody but those it is told", () => {
  expect(property(fileAt("app/storage.bicep").root, "allowSharedKeyAccess")?.text).toBe("false");
  expect(property(fileAt("app/storage.bicep").root, "allowBlobPublicAccess")?.text).toBe("false");
  expect(property(fileAt("app/vault.bicep").root, "enableRbacAuthorization")?.text).toBe("true");
  expect(property(fileAt("app/vault.bicep").root, "enablePurgeProtection")?.text).toBe("true");
});

describe("roles", () => {
  it("are Azure's, by their ids, and stand in one table only", () => {
    const roles = fileAt("app/roles.bicep");
    const table = property(roles.root, "storageBlobDataOwner")?.parent?.parent;
    const given = Object.fromEntries((table?.namedChildren ?? []).map((entry) => [entry?.namedChildren[0]?.text, entry?.namedChildren[1]?.text.replaceAll("'", "")]));
    const elsewhere = paths.filter((path) => path !== "app/roles.bicep" && /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.test(fileAt(path).text));

    expect(given).toEqual(BUILT_IN_ROLES);
    expect(elsewhere).toEqual([]);
  });

  it("on the team's resources are what the slices' READMEs ask for, no less and no more", () => {
    const readmes = globSync("integrations/{azure-*,key-vault,wsus}/README.md", { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), "utf8"));
    const asked = new Set(
      readmes
        .flatMap((text) => [...text.matchAll(/`(Microsoft\.[A-Za-z]+\/[A-Za-z/*]+)`/g)].map(([, action = ""]) => action))
        .filter((action) => /\/(read|write|delete|action|\*)$/.test(action)),
    );
    // `.../join/action` and `/write` go on from the action before them.
    const endings = readmes.flatMap((text) => [...text.matchAll(/`(?:\.\.\.)?(\/[A-Za-z/]+)`/g)].map(([, ending = ""]) => ending));
    const given = [...fileAt("app/estate-role.bicep").text.matchAll(/'(Microsoft\.[\w./*]+)'/g)]
      .map(([, action = ""]) => action)
      .filter((action) => !action.includes("@") && /\/(read|write|delete|action|\*)$/.test(action));

    expect([...asked].filter((action) => !given.includes(action))).toEqual([]);
    expect(given.filter((action) => !asked.has(action) && !endings.some((ending) => action.endsWith(ending)))).toEqual([]);
  });
});

describe("settings", () => {
  const settingsOf = (module: string): string[] => {
    const node = fileAt("main.bicep").modules.find(({ name }) => name === module)?.node;
    return node === undefined ? [] : keysOf(property(node, "appSettings"));
  };

  it("of the app are those that its code reads", () => {
    // The one that emulators need instead of an identity has no place in Azure.
    const read = Object.entries({ core: CoreSettings, access: AccessSettings, ...SETTINGS }).flatMap(([section, schema]) =>
      Object.keys(schema.shape).map((key) => settingName(section, key)),
    );

    expect(settingsOf("app").toSorted()).toEqual(read.filter((name) => name !== "NIGHTSHIFT_TABLES_CONNECTION").toSorted());
  });

  it("of the watchdog are those that its code reads", () => {
    expect(settingsOf("watchdogApp").toSorted()).toEqual([...WATCHDOG_SETTINGS].toSorted());
  });

  it("come from parameters that main.parameters.json gives, and it gives no others", () => {
    const { parameters } = JSON.parse(readFileSync(join(INFRA, "main.parameters.json"), "utf8")) as { parameters: Record<string, { value: unknown }> };
    const main = fileAt("main.bicep");

    for (const group of ["access", "vendors", "watchdog"]) {
      const taken = new Set([...main.text.matchAll(new RegExp(`(?<![\\w.])${group}\\.(\\w+)`, "g"))].map(([, key = ""]) => key));
      const given = Object.keys(parameters[group]?.value as object);
      expect({ group, keys: [...taken].toSorted() }).toEqual({ group, keys: given.toSorted() });
    }
    expect(Object.keys(parameters).filter((name) => !main.params.has(name))).toEqual([]);
    expect([...main.params].filter(([name, { optional }]) => !optional && parameters[name] === undefined)).toEqual([]);
  });
});

describe("alerts and workbook", () => {
  const queries = (): string[] => {
    const { items } = JSON.parse(readFileSync(join(INFRA, "app/workbook.json"), "utf8")) as { items: { content: { query?: string } }[] };
    return [...items.flatMap(({ content }) => content.query ?? []), ...[...fileAt("app/alerts.bicep").text.matchAll(/query: '(.*)'/g)].map(([, query = ""]) => query)];
  };

  it("ask for events by names and fields that telemetry declares", () => {
    const wrong = queries().flatMap((query) => {
      const names = [...(/where name (?:== |in \()([^|)]*)/.exec(query)?.[1] ?? "").matchAll(/"([\w.]+)"/g)].map(([, name = ""]) => name);
      const unknown = names.filter((name) => !(name in TELEMETRY));
      const fields = new Set(
        names.flatMap((name) =>
          Object.entries(TELEMETRY[name as keyof typeof TELEMETRY] ?? {}).map(([field, kind]) => `${kind === "number" ? "customMeasurements" : "customDimensions"}.${field}`),
        ),
      );
      const asked = [...query.matchAll(/custom(?:Dimensions|Measurements)\.\w+/g)].map(([field]) => field);
      return names.length === 0 ? [`no event: ${query}`] : [...unknown, ...asked.filter((field) => !fields.has(field))];
    });

    expect(queries().length).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
  });

  it("cover a held step, late prework, what is open still, and both heartbeats", () => {
    const text = fileAt("app/alerts.bicep").text;

    for (const event of ["step.held", "prework.late", "kickoff.late", "obligation.open", "guard.beat", "watchdog.beat"]) expect(text).toContain(`"${event}"`);
  });
});

const CHECK = join(ROOT, "../shared/arm/check.mjs");
it.runIf(existsSync(CHECK))("fits the published schemas of the resources", () => {
  const output = execFileSync(process.execPath, [CHECK, ...paths.map((path) => join("infra", path))], { cwd: ROOT, encoding: "utf8" });

  expect(output).toContain(" 0 findings");
});
