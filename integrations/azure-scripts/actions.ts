import { z } from "zod";
import { type Call, type Evidence, type Progress, type Stopped, defineAction } from "../../shared/action/action.ts";
import { FileUsed, fileText, fileUsed, lastLines, unchanged } from "../../shared/action/script-file.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { ResourceGroup, named } from "../../shared/inventory/schema.ts";
import type { Scripts } from "../azure-compute/connector.ts";
import type { CliScriptId, CliScriptRun, CliScripts } from "./connector.ts";

/**
 * Parameters travel as environment variables: `accountName` arrives as `PARAM_ACCOUNT_NAME`. What a careless script might
 * read as more than a word is refused all the same: quotes, `$`, `;`, `|`, `&`, brackets, line ends, and a leading `-`.
 */
const ParameterName = z.string().regex(/^[a-z][A-Za-z0-9]{0,63}$/, "a parameter's name: letters and digits, beginning with a small letter");
const ParameterValue = z
  .string()
  .max(1_000)
  .regex(/^(?!-)[\p{L}\p{N} ._:/\\,+=@-]*$/u, "a value of letters, digits, spaces and . _ : / \\ , + = @ -, not beginning with -");

const Params = z
  .strictObject({
    script: named("script"),
    in: named("resourceGroup"),
    parameters: z.record(ParameterName, ParameterValue).default({}).describe("Values for the script: `account` is its environment variable PARAM_ACCOUNT"),
  })
  .refine(({ script }) => script.kind === "azure-cli", { message: "the script's kind is not azure-cli; scripts for servers are run by host.run", path: ["script"] });
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  in: ResourceGroup,
  key: z.string(),
  variables: z.record(z.string(), z.string()),
  script: FileUsed,
  check: FileUsed.optional(),
  undo: FileUsed.optional(),
  phase: z.enum(["script", "check"]),
  /** What the script gave as its outputs, as JSON: kept, since Azure forgets it after a day. */
  outputs: z.string().optional(),
});
type Receipt = z.infer<typeof Receipt>;

/** Azure ends a script that runs longer, before the step's own timeout. */
const LIMIT_MS = 40 * 60_000;
const LONGEST_OUTPUTS = 2_000;

/**
 * Runs an Azure CLI script of the team's, as an ARM deployment script: in a container that Azure makes for it, signed in
 * as a user-assigned identity.
 *
 * The run's name is derived from the key, so that a second `begin` finds the first one's run. The script's `check` script
 * runs after it and is what `verify` reads; without one, `verify` reads the run's record again. A script with an `undo`
 * script is taken back by it; any other is irreversible. Check and undo scripts get the same parameters.
 *
 * @throws Fault `conflict` when a script prints a line that begins with `conflict:` and fails, or a script file has
 *   changed since `begin`; `failed` when Azure could not make the container; `rejected` for any other failure.
 */
export const scriptRun = defineAction<{ cli: CliScripts; scripts: Scripts }, Params, Receipt>({
  verb: "script.run",
  summary: "Runs an Azure CLI script and checks its outcome.",
  uses: ["cli", "scripts"],
  params: Params,
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, startWithinMs: 10 * 60_000, pollEveryMs: 20_000, attempts: 8 },
  reversal: "irreversible",
  reversalFor: ({ script }) => (script.undo === undefined ? "irreversible" : "undo"),

  touches: ({ script }) => [`script:${script.name}`],

  async preview({ cli, scripts }, { script, in: group, parameters }, { key }) {
    // Nothing is expected there; the read shows that the resource group is, and that we may look into it.
    await cli.look(group, { key, part: "script" });
    const using = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    const [main, check, undo] = await filesOf(scripts, script);
    return [
      `run ${fileText(main)} as a deployment script in ${group.resourceGroup} of subscription ${group.subscription}${using.length === 0 ? "" : ` with ${using.join(", ")}`}`,
      check === undefined ? "checked by its own record" : `checked by ${fileText(check)}`,
      undo === undefined ? "cannot be taken back: the script has no undo script" : `taken back by ${fileText(undo)}`,
    ];
  },

  async begin({ cli, scripts }, { script, in: group, parameters }, { key }) {
    const [main, check, undo] = await filesOf(scripts, script);
    const variables = variablesOf(parameters);
    await cli.start(group, { key, part: "script" }, { script: await unchanged(scripts, main), variables, limitMs: LIMIT_MS });
    return { in: group, key, variables, script: main, ...(check === undefined ? {} : { check }), ...(undo === undefined ? {} : { undo }), phase: "script" };
  },

  async find({ cli, scripts }, { script, in: group, parameters }, { key }) {
    if ((await cli.look(group, { key, part: "script" })) === undefined) return undefined;
    const [main, check, undo] = await filesOf(scripts, script);
    return {
      in: group,
      key,
      variables: variablesOf(parameters),
      script: main,
      ...(check === undefined ? {} : { check }),
      ...(undo === undefined ? {} : { undo }),
      phase: "script",
    };
  },

  isDrivenByPolls: true,

  async poll({ cli, scripts }, receipt): Promise<Progress<Receipt>> {
    const { in: group, script, check, variables, phase } = receipt;
    const run = await expectRun(cli, receipt, phase);
    if (!ended(run)) {
      const note = `${(phase === "check" ? check : script)?.file ?? phase} ${run.state === "waiting" ? "waits for its container" : "runs"}`;
      return run.state === "waiting" && phase === "script" ? { state: "waiting", note } : { state: "running", note, aheadMs: 0 };
    }
    // A failing check is for `verify` to tell.
    if (phase === "check") return { state: "done", note: `${check?.file ?? "the check"} ended` };
    await expectSuccess(cli, receipt, idOf(receipt, "script"), run, script);
    const outputs = outputsOf(run);
    const now: Receipt = { ...receipt, ...(outputs === undefined ? {} : { outputs }) };
    if (check === undefined) return { state: "done", note: `${script.file} ended`, receipt: now };
    await cli.start(group, idOf(receipt, "check"), { script: await unchanged(scripts, check), variables, limitMs: LIMIT_MS });
    return { state: "running", note: `${check.file} started`, receipt: { ...now, phase: "check" } };
  },

  async verify({ cli }, receipt): Promise<Evidence> {
    const { phase, script, check, outputs } = receipt;
    const id = idOf(receipt, phase);
    const file = phase === "check" && check !== undefined ? check : script;
    const run = await expectRun(cli, receipt, phase);
    await expectSuccess(cli, receipt, id, run, file);
    const found = outputsOf(run);
    return [
      `${fileText(file)} succeeded; its record is ${cli.idOf(receipt.in, id)}`,
      ...(found === undefined ? [] : [`its outputs: ${found}`]),
      ...lastLines(await cli.log(receipt.in, id)).map((line) => `it printed: ${line}`),
      ...(phase === "check" && outputs !== undefined ? [`outputs of ${script.file}: ${outputs}`] : []),
    ];
  },

  async undo({ cli, scripts }, receipt, call): Promise<Evidence> {
    const { in: group, undo, variables, script } = receipt;
    if (undo === undefined) throw new Fault("rejected", `${script.file} cannot be taken back: it has no undo script`, { vendor: "azure-scripts" });
    const id = undoId(receipt, call);
    await cli.start(group, id, { script: await unchanged(scripts, undo), variables, limitMs: LIMIT_MS });
    const run = await cli.look(group, id);
    // Looked at again under the same key, which finds this very run.
    if (run === undefined || !ended(run))
      throw new Fault("unavailable", `${undo.file} is still under way; its end is not known yet`, { vendor: "azure-scripts", retryAfterMs: 30_000 });
    await expectSuccess(cli, receipt, id, run, undo);
    const found = outputsOf(run);
    return [`${fileText(undo)} succeeded; its record is ${cli.idOf(group, id)}`, ...(found === undefined ? [] : [`its outputs: ${found}`])];
  },

  async cancel({ cli }, receipt): Promise<Stopped> {
    const { in: group, phase, script, check } = receipt;
    const id = idOf(receipt, phase);
    const isLast = phase === "check" || check === undefined;
    const found = isLast ? await cli.look(group, id) : undefined;
    // Its record stays, by which it is judged.
    if (found?.state === "succeeded") return { evidence: [`${cli.idOf(group, id)} had succeeded`], hadEnded: true };
    await cli.remove(group, id);
    const left = await cli.look(group, id);
    if (left !== undefined && !ended(left)) throw new Fault("unavailable", `the run of ${script.file} is still ending`, { vendor: "azure-scripts", retryAfterMs: 15_000 });
    return { evidence: [`${cli.idOf(group, id)} is ended and removed; what the script did until then stays`] };
  },
});

function idOf({ key }: Receipt, part: string): CliScriptId {
  return { key, part };
}

/** A person's order for another try at undoing has another key, and is another run of the script. */
function undoId({ key }: Receipt, call: Call): CliScriptId {
  return { key, part: `undo ${call.key}` };
}

function variablesOf(parameters: Params["parameters"]): Receipt["variables"] {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [variableOf(name), value]));
}

/** `accountName` as `PARAM_ACCOUNT_NAME`: no parameter can stand for a variable of the shell's own, such as PATH. */
function variableOf(parameter: string): string {
  return `PARAM_${parameter.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase()}`;
}

function ended({ state }: CliScriptRun): boolean {
  return state !== "waiting" && state !== "running";
}

async function expectRun(cli: CliScripts, receipt: Receipt, part: string): Promise<CliScriptRun> {
  const run = await cli.look(receipt.in, idOf(receipt, part));
  if (run === undefined)
    throw new Fault("absent", `${cli.idOf(receipt.in, idOf(receipt, part))} is not there; somebody removed it, or Azure has kept it for as long as it does`, {
      vendor: "azure-scripts",
    });
  return run;
}

/** A failure is refused and not retried: nobody but its author knows what a second run of half a script does. */
async function expectSuccess(cli: CliScripts, { in: group }: Receipt, id: CliScriptId, run: CliScriptRun, { file }: FileUsed): Promise<void> {
  if (run.state === "succeeded") return;
  const printed = lastLines(await cli.log(group, id));
  const conflict = printed.find((line) => /^conflict:/i.test(line));
  const { kind = "rejected", words = run.state } = run.failure ?? {};
  const said = [words, ...printed].join(" / ");
  throw new Fault(conflict === undefined ? kind : "conflict", conflict === undefined ? `${file} ${run.state}: ${said}` : `${file}: ${conflict.slice("conflict:".length).trim()}`, {
    vendor: "azure-scripts",
  });
}

function outputsOf({ outputs }: CliScriptRun): string | undefined {
  const text = JSON.stringify(outputs);
  if (text === "{}") return undefined;
  return text.length <= LONGEST_OUTPUTS ? text : `${text.slice(0, LONGEST_OUTPUTS)} …`;
}

function filesOf(scripts: Scripts, { file, check, undo }: Params["script"]): Promise<[FileUsed, FileUsed | undefined, FileUsed | undefined]> {
  return Promise.all([fileUsed(scripts, file), check === undefined ? undefined : fileUsed(scripts, check), undo === undefined ? undefined : fileUsed(scripts, undo)]);
}
