import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { workspaceRename } from "./actions.ts";
import { connectTerraform } from "./connector.ts";
import { terraformSimulator, type SimulatedWorkspace, type TerraformWorld } from "./simulator.ts";

const PARAMS = { workspace: { name: "Kong PRD", aliases: [], organization: "example", workspace: "kong-app-prd" }, to: "kong-helm-prd" };
const RUN = { id: "run-AAAA1111", status: "applied", endsAt: "2024-12-01T10:00:00.000Z" } as const;

const workspace = (id: string, name: string, rest: Partial<SimulatedWorkspace> = {}): SimulatedWorkspace => ({
  id,
  name,
  description: "Kong in production",
  locked: false,
  runs: [{ ...RUN }],
  createdAt: "2022-02-02T10:00:00.000Z",
  ...rest,
});
const world = (...workspaces: SimulatedWorkspace[]): TerraformWorld => ({
  ...terraformSimulator.newWorld(),
  organizations: {
    example: { workspaces: workspaces.length > 0 ? workspaces : [workspace("ws-KONG1", "kong-app-prd"), workspace("ws-HUB1", "hub-prd", { description: null, runs: [] })] },
  },
});
const kong = ({ organizations }: TerraformWorld) => organizations["example"]!.workspaces[0]!;
const connect = (outside: Parameters<typeof connectTerraform>[1]) => ({ workspaces: connectTerraform({ apiToken: "terraform-token" }, outside) });

actionContract({
  action: workspaceRename,
  integration: "terraform",
  world,
  simulator: terraformSimulator,
  connect,
  params: PARAMS,
  effects: ["renamed workspace example/kong-app-prd"],
  spoil: (spoiled) => void (kong(spoiled).name = "kong-app-prd"),
  drift: (drifted) => void (kong(drifted).name = "kong-something-prd"),
});

function at(of: TerraformWorld, to = PARAMS.to) {
  const outside = localOutside(terraformSimulator, of);
  const ports = connect(outside);
  const call = () => ({ run: "2024-10-06", step: "kong.workspace", target: "Kong PRD", now: outside.clock.now() }) as Call;
  const params = workspaceRename.params.parse({ ...PARAMS, to });
  return {
    outside,
    ports,
    begin: () => workspaceRename.begin(ports, params, call()),
    undo: async (receipt: Awaited<ReturnType<typeof workspaceRename.begin>>) => workspaceRename.undo?.(ports, receipt, call()),
  };
}

describe("terraform: renaming a workspace", () => {
  it("leaves a mark that says what it was called, and takes it away again", async () => {
    const of = world();
    const before = JSON.stringify(of.organizations);
    const { begin, undo } = at(of);

    const receipt = await begin();
    const marked = { ...kong(of) };
    await undo(receipt);

    expect(marked).toMatchObject({ id: "ws-KONG1", name: "kong-helm-prd" });
    expect(marked.description).toMatch(/^Kong in production \[nightshift 2024-10-06 [0-9a-f]{8} was kong-app-prd\]$/);
    expect(JSON.stringify(of.organizations)).toBe(before);
  });

  it("waits while a run has the workspace, and renames once it is over", async () => {
    const of = world(workspace("ws-KONG1", "kong-app-prd", { runs: [{ ...RUN, endsAt: "2024-12-08T01:10:00.000Z" }] }));
    const { outside, begin } = at(of);

    const early = begin();
    await expect(early).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 60_000, message: expect.stringContaining("while run-AAAA1111 is applying") });
    const effects = of.effects.length;
    outside.advance(10 * 60_000);
    await begin();

    expect(effects).toBe(0);
    expect(kong(of).name).toBe("kong-helm-prd");
  });

  it("says «already so», and puts nothing back, where somebody else had renamed it", async () => {
    const of = world(workspace("ws-KONG1", "kong-helm-prd"));
    const { begin, undo } = at(of);

    const receipt = await begin();
    await undo(receipt);

    expect(workspaceRename.already?.(receipt)).toContain("before the step began");
    expect(of.effects).toEqual([]);
  });

  it.each([
    ["both names", [workspace("ws-KONG1", "kong-app-prd"), workspace("ws-KONG2", "kong-helm-prd")], "conflict"],
    ["neither name", [workspace("ws-HUB1", "hub-prd")], "absent"],
    ["somebody's lock", [workspace("ws-KONG1", "kong-app-prd", { locked: true })], "conflict"],
    ["no right to change it", [workspace("ws-KONG1", "kong-app-prd", { isReadOnly: true })], "denied"],
  ])("stops at %s", async (_what, workspaces, kind) => {
    const of = world(...workspaces);

    await expect(at(of).begin()).rejects.toMatchObject({ kind });
    expect(of.effects).toEqual([]);
  });

  it("calls a workspace that is gone a conflict when it is to be put back", async () => {
    const of = world();
    const { begin, undo } = at(of);
    const receipt = await begin();
    of.organizations["example"]!.workspaces.splice(0, 1);

    await expect(undo(receipt)).rejects.toMatchObject({ kind: "conflict" });
  });

  it("keeps what others wrote into the description since", async () => {
    const of = world();
    const { begin, undo } = at(of);
    const receipt = await begin();
    kong(of).description += "; owner is Kim";

    await undo(receipt);

    expect(kong(of)).toMatchObject({ name: "kong-app-prd", description: "Kong in production; owner is Kim" });
  });

  it("waits as long as the limit's fraction of a second says", async () => {
    const limited = async () => Response.json({ errors: [{ status: 429, title: "too many requests" }] }, { status: 429, headers: { "x-ratelimit-reset": "0.731" } });
    const { workspaces } = connect({ ...at(world()).outside, fetch: limited });

    await expect(workspaces.withId("ws-KONG1")).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 731 });
  });

  it.each(["a/b", "..", "a b", "x?y=1", "ẅ", "x".repeat(91), ""])("takes no new name %j", (to) => {
    expect(workspaceRename.params.safeParse({ ...PARAMS, to }).success).toBe(false);
  });

  it.each(["../account", "a/b", "", "a b", "x?y", "a\nb"])("sends no request for an organization, a name or an id %j", async (hostile) => {
    const { ports, outside } = at(world());

    await expect(ports.workspaces.named(hostile, "x")).rejects.toMatchObject({ kind: "invalid" });
    await expect(ports.workspaces.named("x", hostile)).rejects.toMatchObject({ kind: "invalid" });
    await expect(ports.workspaces.withId(hostile)).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

apiContract("terraform");
