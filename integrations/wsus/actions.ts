import { z } from "zod";
import { type Evidence, type Progress, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Server, named } from "../../shared/inventory/schema.ts";
import type { Patches } from "./connector.ts";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"] as const;

/** What may stand in a group's name: it is handed to a script, and `|` stands between names there. */
const GROUP_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,199}$/u;

const Params = z
  .strictObject({
    server: named("server"),
    group: named("wsusGroup"),
    month: z.enum(MONTHS).optional().describe("Stands for {month} in the group's name"),
  })
  .refine(({ group, month }) => month !== undefined || !group.group.includes("{month}"), { message: "the group's name has {month}: say which month", path: ["month"] })
  .refine(({ group, month }) => GROUP_NAME.test(groupName(group, month)), {
    message: "the group's name has characters other than letters, digits, spaces and . _ -",
    path: ["group"],
  });
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  computer: z.string(),
  wsus: Server,
  group: z.string(),
  run: z.string(),
  key: z.string(),
  phase: z.enum(["move", "find"]),
  /** The groups that it was in; known once the move has ended. */
  before: z.array(z.string()).optional(),
});
type Receipt = z.infer<typeof Receipt>;

/**
 * Moves a server into a WSUS target group, by a script on the WSUS server.
 *
 * The script's answer says which groups the computer was in, and undo puts it back into exactly those. A second script,
 * which asks the groups instead of the computer, runs after the move and is what `verify` reads.
 *
 * @throws Fault `absent` when WSUS knows no such computer or group, `conflict` when undo finds it moved elsewhere since.
 */
export const patchGroup = defineAction<{ patches: Patches }, Params, Receipt>({
  verb: "patch.group",
  summary: "Moves a server into a WSUS target group, and back.",
  uses: ["patches"],
  params: Params,
  over: "server",
  receipt: Receipt,
  policy: { timeoutMs: 45 * 60_000, startWithinMs: 10 * 60_000, pollEveryMs: 30_000, attempts: 8 },
  reversal: "undo",

  // Not the WSUS server: moves of other computers may run on it at the same time.
  touches: ({ server }) => [`server:${server.name}`],

  async preview({ patches }, { server, group, month }) {
    const now = server.wsusGroup === undefined ? "" : `, between windows in ${server.wsusGroup}`;
    return [
      `move ${server.name} into WSUS group ${groupName(group, month)}${now}`,
      `by a script on WSUS server ${group.server.name}, which is ${await patches.power(group.server)}`,
    ];
  },

  async begin({ patches }, { server, group, month }, { run, key }) {
    const target = groupName(group, month);
    await patches.startMoving(group.server, { run, key, part: "move" }, { computer: server.vm, groups: [target] });
    return { computer: server.vm, wsus: group.server, group: target, run, key, phase: "move" };
  },

  isDrivenByPolls: true,

  async poll({ patches }, receipt): Promise<Progress<Receipt>> {
    const { computer, wsus, group, run, key, phase } = receipt;
    const find = { run, key, part: "find" };
    if (phase === "move") {
      const move = await patches.moving(wsus, { run, key, part: "move" });
      if (move.state !== "ended") return { state: move.state, note: `moving ${computer} into ${group}` };
      await patches.startFinding(wsus, find, computer);
      return {
        state: "running",
        note: `${computer} was in ${move.result.before.join(", ")}; reading where it is now`,
        receipt: { ...receipt, phase: "find", before: [...move.result.before] },
      };
    }
    const found = await patches.finding(wsus, find);
    if (found.state !== "ended") return { state: "running", note: `reading where ${computer} is now` };
    return { state: "done", note: `${computer} is in ${found.result.join(", ")}` };
  },

  async verify({ patches }, { computer, wsus, group, run, key }): Promise<Evidence> {
    const found = await patches.finding(wsus, { run, key, part: "find" });
    if (found.state !== "ended") throw new Fault("unavailable", `it is not known yet where ${computer} is`, { retryAfterMs: 30_000 });
    if (found.result.length !== 1 || found.result[0] !== group)
      throw new Fault("rejected", `${computer} is in ${found.result.join(", ")}; expected ${group} alone`, { vendor: "wsus" });
    return [`WSUS group ${group} on ${wsus.name} lists ${computer}, and no other group does`];
  },

  already: ({ computer, group, before }) => (before?.length === 1 && before[0] === group ? `${computer} was in ${group} before` : undefined),

  async undo({ patches }, receipt, call): Promise<Evidence> {
    const { computer, wsus, group, run, key } = receipt;
    const before = receipt.before ?? (await whereBefore(patches, receipt));
    const back = { run, key, part: `back ${call.key}` };
    await patches.startMoving(wsus, back, { computer, groups: before, expected: [group] });
    const move = await patches.moving(wsus, back);
    // Looked at again under the same key, which finds this very move.
    if (move.state !== "ended") throw new Fault("unavailable", `${computer} is being moved back into ${before.join(", ")}; its end is not known yet`, { retryAfterMs: 30_000 });
    return [`${computer} is in ${move.result.after.join(", ")} again, by its own list of groups on ${wsus.name}`];
  },
});

/** For an undo that comes before the move was seen to end. */
async function whereBefore(patches: Patches, { computer, wsus, run, key }: Receipt): Promise<readonly string[]> {
  const move = await patches.moving(wsus, { run, key, part: "move" });
  if (move.state !== "ended") throw new Fault("unavailable", `${computer} is still being moved; its end is not known yet`, { retryAfterMs: 30_000 });
  return move.result.before;
}

function groupName({ group }: { group: string }, month: string | undefined): string {
  return group.replaceAll("{month}", month ?? "{month}");
}
