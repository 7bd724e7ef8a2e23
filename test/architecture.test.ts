import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** Is the house still the house? Import rules as a table; the first row whose pattern fits a file binds it. */

const ROOT = resolve(import.meta.dirname, "..");
const NODE = /^node:/;

interface Rule {
  readonly files: RegExp;
  /** What it may import at run time: project paths or package names. */
  readonly may: readonly RegExp[];
  /** What it may import types of besides. */
  readonly types?: readonly RegExp[];
}

const SHARED = /^shared\//;
const RULES: readonly Rule[] = [
  { files: /^shared\/fault\//, may: [/^shared\/fault\//, /^zod$/] },
  { files: /^shared\/ports\//, may: [/^shared\/(fault|ports)\//, /^zod$/, NODE] },
  { files: /^shared\/plan\/yaml(-edit)?\.ts$/, may: [/^shared\/(?!run|page)/, /^yaml$/, /^zod$/] },
  { files: /^shared\/inventory\/load\.ts$/, may: [/^shared\/(?!run|page)/, /^yaml$/, /^zod$/] },
  { files: /^shared\/plan\/local-time\.ts$/, may: [/^shared\/(?!run|page)/, /^temporal-polyfill/] },
  { files: /^shared\/page\/storage\.ts$/, may: [/^shared\/(?!run\/)/, /^htmlparser2$/] },
  { files: /^shared\/page\/(plan-text|merge\/document|review\/mend)\.ts$/, may: [/^shared\/(?!run\/)/, /^yaml$/] },
  { files: /^shared\/(plan|page|inventory|action|config|access)\//, may: [/^shared\/(?!run\/)/, /^zod$/, NODE], types: [SHARED] },
  { files: /^shared\/run\//, may: [SHARED, /^zod$/, NODE] },
  { files: /^orchestrators\//, may: [/^orchestrators\//], types: [SHARED, /^durable-functions$/] },
  { files: /^integrations\/(all|actions)\.ts$/, may: [/^integrations\//, SHARED] },
  { files: /^integrations\/own-scripts\.ts$/, may: [NODE] },
  { files: /^integrations\/azure-[a-z]+\.ts$/, may: [/^shared\/(fault|ports)\//, /^integrations\/azure-[a-z]+\.ts$/, /^@azure\/core-/] },
  // It must not share its connector's mistakes.
  {
    files: /^integrations\/[^/]+\/simulat(or|ed-[a-z]+)\.ts$/,
    may: [/^shared\/ports\//, /^integrations\/[^/]+\/simulat(or|ed-[a-z]+)\.ts$/, /^fast-xml-parser$/, NODE],
    types: [/^shared\//],
  },
  // A slice may use its own files, what all Azure slices share, and another slice's port types; nothing else of a sibling.
  {
    files: /^integrations\/([^/]+)\//,
    may: [/^shared\/(?!run\/)/, /^integrations\/(SLICE|(azure-[a-z]+|own-scripts)\.ts)/, /^zod$/, /^(@azure|@slack|cloudflare|jira\.js|fast-xml-parser)/, NODE],
    types: [SHARED, /^integrations\//],
  },
  { files: /^adapters\//, may: [SHARED, /^adapters\//, /^(@azure\/|applicationinsights|write-excel-file)/, NODE] },
  { files: /^functions\/(compose|assemble|main)\.ts$/, may: [SHARED, /^(functions|adapters|integrations)\//, NODE] },
  // It must not share the app's failure: nothing of functions/ but its own.
  { files: /^functions\/watchdog-(compose|main)\.ts$/, may: [SHARED, /^functions\/watchdog-/, /^(adapters|integrations)\//, /^zod$/, /^@azure\/functions$/, NODE] },
  { files: /^functions\//, may: [SHARED, /^(functions|orchestrators|dashboard)\//, /^@azure\/functions$/, /^durable-functions$/, /^zod$/, NODE] },
  {
    files: /^cli\/(host|host-lines|serve-vendors|rehearse|storm|plan-preview|run-history|watchdog)\.ts$/,
    may: [SHARED, /^(cli|local|integrations)\//, /^(commander|yaml)$/, NODE],
  },
  { files: /^cli\/page-source\.ts$/, may: [SHARED, /^(cli|local|adapters|integrations)\//, NODE] },
  { files: /^cli\//, may: [SHARED, /^cli\//, /^integrations\/actions\.ts$/, /^commander$/, NODE] },
  { files: /^dashboard\//, may: [SHARED, /^dashboard\//, NODE] },
  { files: /^local\//, may: [/^(?!test\/)/] },
];

const files = listed(["shared", "orchestrators", "functions", "integrations", "adapters", "dashboard", "local", "cli"]);

describe("the house", () => {
  it.each(files)("%s imports only what its place allows", (file) => {
    const rule = RULES.find(({ files: pattern }) => pattern.test(file));
    expect(rule, `no rule for ${file}`).toBeDefined();
    const place = rule?.files.exec(file)?.[1] ?? "";

    const forbidden = importsOf(file).filter(({ from, isType }) => {
      const allowed = [...(rule?.may ?? []), ...(isType ? (rule?.types ?? []) : [])];
      return !allowed.some((pattern) => new RegExp(pattern.source.replaceAll("SLICE", place)).test(from));
    });

    expect(forbidden).toEqual([]);
  });

  it("has no root files in shared, and no file whose name says nothing", () => {
    const nameless = files.filter((file) => /^shared\/[^/]+\.ts$/.test(file) || /(^|\/)(utils?|helpers?|common|manager|data|info|misc)\.ts$/.test(file));

    expect(nameless).toEqual([]);
  });

  it("keeps files short enough to hold one idea", () => {
    const long = files.map((file) => `${file}: ${read(file).split("\n").length}`).filter((line) => Number(line.split(": ")[1]) > 420);

    expect(long).toEqual([]);
  });

  it("exports names only: no defaults, no enums, no re-exports, nothing left for later", () => {
    const offenders = files.filter((file) => /^export (default|\*|enum)|^export \{[^}]*\} from|\b(TODO|FIXME|XXX)\b/m.test(read(file)));

    expect(offenders).toEqual([]);
  });

  it("reads the machine's time and environment in few places only", () => {
    const clocks = files.filter(
      (file) => !/^(local|adapters\/system-clock\.ts|cli)/.test(file) && /\bDate\.now\(\)|new Date\(\)|Math\.random\(\)|randomUUID/.test(withoutComments(read(file))),
    );
    const environment = files.filter((file) => !/^(local|cli|functions\/(watchdog-)?(main|compose)\.ts)/.test(file) && /process\.env/.test(withoutComments(read(file))));

    expect({ clocks, environment }).toEqual({ clocks: [], environment: [] });
  });

  it("gives every integration the same shape", () => {
    const folders = readdirSync(join(ROOT, "integrations"), { withFileTypes: true }).filter((entry) => entry.isDirectory());

    const missing = folders.flatMap(({ name }) => ["README.md"].filter((part) => !existsSync(join(ROOT, "integrations", name, part))).map((part) => `${name}/${part}`));

    expect(missing).toEqual([]);
  });

  it("names only paths that exist in its own documents", () => {
    const documents = ["README.md", "CONTRIBUTING.md", ...listed(["docs"], ".md")].filter((file) => existsSync(join(ROOT, file)));
    const named = documents.flatMap((file) =>
      [...read(file).matchAll(/`((?:shared|orchestrators|functions|integrations|adapters|local|cli|plans|test|infra|scripts|bench|docs|dashboard)\/[\w./-]+)`/g)].map((match) => ({
        file,
        path: match[1] ?? "",
      })),
    );

    const dangling = named.filter(({ path }) => !existsSync(join(ROOT, path)));

    expect(dangling).toEqual([]);
  });
});

function listed(folders: readonly string[], ending = ".ts"): string[] {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.name.endsWith(".test.ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*$/gm, "");
}

/** Import lines, by a regular expression: TypeScript 7 has no compiler API, and these lines need none. */
function importsOf(file: string): readonly { from: string; isType: boolean }[] {
  const text = withoutComments(read(file));
  const still = [...text.matchAll(/^import\s+(type\s+)?([\s\S]*?)\sfrom\s+"([^"]+)";$/gm)].map((match) => ({
    from: match[3] ?? "",
    isType: match[1] !== undefined || /^\{\s*(type\s+\w+(\s+as\s+\w+)?\s*,?\s*)+\}$/.test(match[2] ?? ""),
  }));
  const lazy = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map((match) => ({ from: match[1] ?? "", isType: false }));
  return [...still, ...lazy].map(({ from, isType }) => ({ isType, from: from.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(file), from)) : from }));
}
