import { z } from "zod";
import { type Call, type Evidence, type Progress, type Stopped, defineAction } from "../../shared/action/action.ts";
import { FileUsed, fileText, fileUsed, lastLines, unchanged } from "../../shared/action/script-file.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Server, named } from "../../shared/inventory/schema.ts";
import type { Hosts, ScriptId, ScriptRun, Scripts } from "./connector.ts";

/**
 * Parameters travel as parameters of the run command. What a shell might still read as more than a word is refused:
 * quotes, backticks, `$`, `;`, `|`, `&`, brackets, line ends, and a leading `-`, which would look like a further parameter.
 */
const ParameterName = z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, "a parameter's name: letters and digits");
const ParameterValue = z
  .string()
  .max(1_000)
  .regex(/^(?!-)[\p{L}\p{N} ._:/\\,+=@-]*$/u, "a value of letters, digits, spaces and . _ : / \\ , + = @ -, not beginning with -");

const Params = z
  .strictObject({
    server: named("server"),
    script: named("script"),
    parameters: z.record(ParameterName, ParameterValue).default({}),
  })
  .refine(({ server, script }) => script.kind === (server.os === "windows" ? "powershell" : "shell"), {
    message: "the script's kind does not fit the server: powershell for windows, shell for linux",
    path: ["script"],
  });
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  server: Server,
  run: z.string(),
  key: z.string(),
  parameters: z.record(z.string(), z.string()),
  script: FileUsed,
  check: FileUsed.optional(),
  undo: FileUsed.optional(),
  phase: z.enum(["script", "check"]),
});
type Receipt = z.infer<typeof Receipt>;

/** A script that runs longer is ended by Azure, before the step's own timeout. */
const LIMIT_MS = 55 * 60_000;

/**
 * Runs a script of the team's on a server, by a managed run command.
 *
 * The run command's name is derived from the key, so that a second `begin` finds the first one's run. The script's
 * `check` script is run after it and is what `verify` reads; without one, `verify` reads the exit code again. A script
 * with an `undo` script is taken back by it; any other is irreversible. Check and undo scripts get the same parameters.
 *
 * @throws Fault `conflict` when the server is not running, a script ends with exit code 3 («someone else changed it»), or
 *   a script file has changed since `begin`; `rejected` for any other exit code but 0.
 */
export const hostRun = defineAction<{ hosts: Hosts; scripts: Scripts }, Params, Receipt>({
  verb: "host.run",
  summary: "Runs a script on a server and checks its outcome.",
  uses: ["hosts", "scripts"],
  params: Params,
  over: "server",
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, startWithinMs: 10 * 60_000, pollEveryMs: 30_000, attempts: 8 },
  reversal: "irreversible",
  reversalFor: ({ script }) => (script.undo === undefined ? "irreversible" : "undo"),

  touches: ({ server }) => [`server:${server.name}`],

  async preview({ hosts, scripts }, { server, script, parameters }) {
    const { power } = await hosts.look(server);
    const using = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    const main = await fileUsed(scripts, script.file);
    const [check, undo] = await Promise.all([optional(scripts, script.check), optional(scripts, script.undo)]);
    return [
      `run ${fileText(main)} on ${server.name}${using.length === 0 ? "" : ` with ${using.join(", ")}`}; ${server.name} is ${power}`,
      check === undefined ? "checked by its exit code" : `checked by ${fileText(check)}`,
      undo === undefined ? "cannot be taken back: the script has no undo script" : `taken back by ${fileText(undo)}`,
    ];
  },

  async begin({ hosts, scripts }, params, call) {
    const receipt = await receiptOf(scripts, params, call);
    const script = await unchanged(scripts, receipt.script);
    await hosts.startScript(params.server, idOf(receipt, "script"), { script, parameters: params.parameters, limitMs: LIMIT_MS });
    return receipt;
  },

  async find({ hosts, scripts }, params, call) {
    const receipt = await receiptOf(scripts, params, call);
    return (await runIfAny(hosts, receipt, "script")) === undefined ? undefined : receipt;
  },

  isDrivenByPolls: true,

  async poll({ hosts, scripts }, receipt): Promise<Progress<Receipt>> {
    const { server, script, check, parameters, phase } = receipt;
    const run = await hosts.scriptRun(server, idOf(receipt, phase));
    if (!ended(run)) {
      const note = `${phase} ${run.state} on ${server.name}`;
      return run.state === "waiting" && phase === "script" ? { state: "waiting", note } : { state: "running", note, aheadMs: 0 };
    }
    // A failing check is for `verify` to tell.
    if (phase === "check") return { state: "done", note: `check ended on ${server.name}` };
    expectSuccess(run, server.name, script);
    if (check === undefined) return { state: "done", note: `${script.file} ended on ${server.name}` };
    const content = await unchanged(scripts, check);
    await hosts.startScript(server, idOf(receipt, "check"), { script: content, parameters, limitMs: LIMIT_MS });
    return { state: "running", note: `${check.file} started on ${server.name}`, receipt: { ...receipt, phase: "check" } };
  },

  async verify({ hosts }, receipt): Promise<Evidence> {
    const { server, phase, script, check } = receipt;
    const run = await hosts.scriptRun(server, idOf(receipt, phase));
    const file = phase === "check" && check !== undefined ? check : script;
    expectSuccess(run, server.name, file);
    return [`${fileText(file)} ended on ${server.name} with exit code ${run.exitCode ?? 0}`, ...lastLines(run.output).map((line) => `it printed: ${line}`)];
  },

  async undo({ hosts, scripts }, receipt, call): Promise<Evidence> {
    const { server, undo, parameters } = receipt;
    if (undo === undefined) throw new Fault("rejected", `${receipt.script.file} on ${server.name} cannot be taken back: it has no undo script`);
    const id = undoId(receipt, call);
    const content = await unchanged(scripts, undo);
    await hosts.startScript(server, id, { script: content, parameters, limitMs: LIMIT_MS });
    const run = await hosts.scriptRun(server, id);
    // Looked at again under the same key, which finds this very run.
    if (!ended(run)) throw new Fault("unavailable", `${undo.file} is still under way on ${server.name}; its end is not known yet`, { retryAfterMs: 30_000 });
    expectSuccess(run, server.name, undo);
    for (const part of ["script", "check"] as const) await hosts.removeScript(server, idOf(receipt, part));
    return [`${fileText(undo)} ended on ${server.name} with exit code ${run.exitCode ?? 0}`, ...lastLines(run.output).map((line) => `it printed: ${line}`)];
  },

  async cancel({ hosts }, receipt): Promise<Stopped> {
    const { server, phase, check } = receipt;
    const id = idOf(receipt, phase);
    const isLast = phase === "check" || check === undefined;
    const found = isLast ? await runIfAny(hosts, receipt, phase) : undefined;
    // Its record stays, by which it is judged.
    if (found !== undefined && endedWell(found))
      return { evidence: [`${phase === "check" ? "the check of " : ""}${receipt.script.file} had ended on ${server.name}`], hadEnded: true };
    await hosts.removeScript(server, id);
    const left = await runIfAny(hosts, receipt, phase);
    if (left !== undefined && !ended(left)) throw new Fault("unavailable", `${phase} is still ending on ${server.name}`, { retryAfterMs: 15_000 });
    return { evidence: [`the run command of ${receipt.script.file} on ${server.name} is ended and removed; what the script did until then stays`] };
  },
});

async function receiptOf(scripts: Scripts, { server, script, parameters }: Params, { run, key }: Call): Promise<Receipt> {
  const [file, check, undo] = await Promise.all([fileUsed(scripts, script.file), optional(scripts, script.check), optional(scripts, script.undo)]);
  return { server, run, key, parameters, script: file, ...(check === undefined ? {} : { check }), ...(undo === undefined ? {} : { undo }), phase: "script" };
}

function runIfAny(hosts: Hosts, receipt: Receipt, part: string): Promise<ScriptRun | undefined> {
  return hosts.scriptRun(receipt.server, idOf(receipt, part)).catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.kind === "absent") return undefined;
    throw thrown;
  });
}

function idOf({ run, key }: Receipt, part: string): ScriptId {
  return { run, key, part };
}

/** A person's order for another try at undoing has another key, and is another run of the script. */
function undoId({ run, key }: Receipt, call: Call): ScriptId {
  return { run, key, part: `undo ${call.key}` };
}

function ended({ state }: ScriptRun): boolean {
  return state !== "waiting" && state !== "running";
}

function endedWell({ state, exitCode }: ScriptRun): boolean {
  return state === "succeeded" && (exitCode ?? 0) === 0;
}

/** By convention of ours, which the README tells: a script found the server in another state than it may change. */
const EXIT_CONFLICT = 3;

/** An exit code other than 0 is refused and not retried: nobody but its author knows what a second run of half a script does. */
function expectSuccess(run: ScriptRun, server: string, { file }: FileUsed): void {
  if (endedWell(run)) return;
  const words = lastLines(run.error === "" ? run.output : run.error).join(" / ");
  throw new Fault(
    run.exitCode === EXIT_CONFLICT ? "conflict" : "rejected",
    `${file} ${run.state} on ${server} with exit code ${run.exitCode ?? "unknown"}; expected 0${words === "" ? "" : `: ${words}`}`,
    { vendor: "azure-compute" },
  );
}

function optional(scripts: Scripts, file: string | undefined): Promise<FileUsed | undefined> {
  return file === undefined ? Promise.resolve(undefined) : fileUsed(scripts, file);
}
