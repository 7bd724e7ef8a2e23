import { z } from "zod";
import { defineAction } from "../../shared/action/action.ts";
import { markOf, ownMark, withMark, withoutMark } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { TerraformWorkspace, Workspaces } from "./connector.ts";

const Params = z.strictObject({
  workspace: named("workspace").describe("The workspace, by the name that it has before"),
  to: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,90}$/, "a workspace's name: letters, digits, - and _, 90 at most")
    .describe("Its new name"),
});
type Params = z.infer<typeof Params>;
const Receipt = z.object({
  organization: z.string(),
  id: z.string(),
  from: z.string(),
  to: z.string(),
  description: z.object({ before: z.string(), after: z.string() }),
  /** Whether it was this step that renamed it. */
  renamed: z.boolean(),
});

/** How long a run that has the workspace is waited for before the next try. */
const RUN_WAIT_MS = 60_000;

/**
 * Renames a workspace of HCP Terraform, by its id.
 *
 * It is renamed while no run has it and nobody has locked it: a run is waited for, a lock is somebody's word to keep off.
 * The same call that renames puts a mark into the description, by which the step knows its own work.
 *
 * @throws Fault `absent` when there is neither name, `conflict` when both are there or somebody has locked it, `denied` when we
 *   may not, `throttled` while a run has it.
 */
export const workspaceRename = defineAction<{ workspaces: Workspaces }, Params, z.infer<typeof Receipt>>({
  verb: "workspace.rename",
  summary: "Renames a workspace of HCP Terraform.",
  uses: ["workspaces"],
  params: Params,
  over: "workspace",
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, attempts: 15, retryDelayMs: 15_000 },
  reversal: "undo",

  touches: ({ workspace, to }) => [workspace.workspace, to].map((name) => `workspace:${workspace.organization}/${name}`).sort(),

  async preview({ workspaces }, params) {
    const { found } = await renamable(workspaces, params);
    const { workspace, to } = params;
    if (found.name === to) return [`leave workspace ${found.id} as it is: it is called ${to} already`];
    return [
      `rename workspace ${workspace.organization}/${found.name} (${found.id}) to ${to}; its description gets a mark of this run`,
      `whatever names it must follow: cloud blocks, remote states, addresses with ${found.name} in them`,
    ];
  },

  async begin({ workspaces }, params, call) {
    const { found } = await renamable(workspaces, params);
    const { workspace, to } = params;
    const place = { organization: workspace.organization, id: found.id, to };
    if (found.name === to) {
      const own = ownMark(found.description, call);
      return {
        ...place,
        from: own?.was ?? workspace.workspace,
        description: { before: withoutMark(found.description, own), after: found.description },
        renamed: own !== undefined,
      };
    }
    await expectFree(workspaces, found);
    const description = { before: found.description, after: withMark(found.description, markOf(call, found.name)) };
    await workspaces.rename(found.id, { name: to, description: description.after });
    return { ...place, from: found.name, description, renamed: true };
  },

  async find({ workspaces }, params, call) {
    const { found } = await renamable(workspaces, params);
    const own = ownMark(found.description, call);
    if (found.name !== params.to || own === undefined) return undefined;
    const description = { before: withoutMark(found.description, own), after: found.description };
    return { organization: params.workspace.organization, id: found.id, to: params.to, from: own.was, description, renamed: true };
  },

  async verify({ workspaces }, { organization, id, from, to }) {
    // By both names, where `begin` went by the id.
    const now = await workspaces.named(organization, to);
    if (now?.id !== id) throw new Fault("rejected", `${organization}/${to} is ${now?.id ?? "not there"}; expected ${id}`, { vendor: "terraform" });
    const old = await workspaces.named(organization, from);
    if (old !== undefined) throw new Fault("rejected", `${organization}/${from} is there still, as ${old.id}; expected that nothing is called so`, { vendor: "terraform" });
    return [`${organization}/${to} is workspace ${id}`, `nothing in ${organization} is called ${from}`];
  },

  already: ({ renamed, id, to }) => (renamed ? undefined : `workspace ${id} was called ${to} before the step began`),

  async undo({ workspaces }, { organization, id, from, to, description, renamed }, call) {
    const found = await stillThere(workspaces, id);
    if (!renamed) return [`workspace ${id} was called ${to} before the step began; it is called ${found.name}, and is left so`];
    if (found.name === from) return [`${organization}/${from} is workspace ${id} again`];
    if (found.name !== to)
      throw new Fault("conflict", `workspace ${id} is called ${found.name}; expected ${to}, as this run left it; somebody renamed it since`, { vendor: "terraform" });
    await expectFree(workspaces, found);
    const was = found.description === description.after ? description.before : withoutMark(found.description, ownMark(found.description, call));
    const now = await workspaces.rename(id, { name: from, description: was });
    return [`${organization}/${now.name} is workspace ${id} again`];
  },
});

/** The workspace under its old name or its new one, and never one of each. */
async function renamable(workspaces: Workspaces, { workspace: { organization, workspace: from }, to }: Params): Promise<{ found: TerraformWorkspace }> {
  if (from === to) throw new Fault("invalid", `workspace ${organization}/${from} is to be renamed to the name that it has`);
  const old = await workspaces.named(organization, from);
  const now = await workspaces.named(organization, to);
  if (old !== undefined && now !== undefined) {
    throw new Fault("conflict", `${organization} has both ${from} (${old.id}) and ${to} (${now.id}); expected one workspace under one of these names`, { vendor: "terraform" });
  }
  const found = old ?? now;
  if (found === undefined) throw new Fault("absent", `${organization} has neither a workspace ${from} nor ${to}, or the API token's team may not see it`, { vendor: "terraform" });
  if (!found.mayUpdate)
    throw new Fault("denied", `the API token's team may not change workspace ${organization}/${found.name}; give it write access to it`, { vendor: "terraform" });
  return { found };
}

async function expectFree(workspaces: Workspaces, { id, name, currentRun, locked }: TerraformWorkspace): Promise<void> {
  const run = currentRun === undefined ? undefined : await workspaces.run(currentRun);
  if (run !== undefined && !run.isOver) {
    throw new Fault("throttled", `workspace ${name} (${id}) is not renamed while ${run.id} is ${run.status.replaceAll("_", " ")}; it is looked at again`, {
      vendor: "terraform",
      retryAfterMs: RUN_WAIT_MS,
    });
  }
  if (locked) throw new Fault("conflict", `workspace ${name} (${id}) is locked by somebody; unlock it, or ask whoever locked it`, { vendor: "terraform" });
}

async function stillThere(workspaces: Workspaces, id: string): Promise<TerraformWorkspace> {
  try {
    return await workspaces.withId(id);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.kind === "absent")
      throw new Fault("conflict", `workspace ${id} is gone, or may not be seen any more; expected it as this run left it`, { vendor: "terraform" });
    throw thrown;
  }
}
