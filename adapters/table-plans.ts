import { Fault } from "../shared/fault/fault.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { Certificate } from "../shared/run/certificate.ts";
import type { PlanApproval, Plans, PlanSource, StoredPlan } from "../shared/run/plans.ts";
import { endOf, keyOf } from "./table-keys.ts";
import { checkFits, tableNamed, type Row, type TablesSettings } from "./tables.ts";
import { piecesOf, textOf } from "./table-text.ts";

/**
 * Compiled plans in Azure Table Storage. A plan is a partition of its own, named by its digest: the row `plan` says who
 * stored and who approved it, the rows `text+NN` hold its JSON, `source+NN` the text that it was compiled from. The rows of the partition `windows` say which digest is the
 * one of each window.
 *
 * A digest means one plan for ever, so what was read once is kept by this process and not read again; who approved it is.
 */
export function tablePlans(settings: TablesSettings): Plans {
  const table = tableNamed("Plans", settings);
  const known = new Map<string, Promise<CompiledPlan>>();

  function get(digest: string): Promise<CompiledPlan> {
    const kept = known.get(digest);
    if (kept !== undefined) {
      // The one asked for last is the last to be forgotten.
      known.delete(digest);
      known.set(digest, kept);
      return kept;
    }
    const read = readPlan(digest);
    known.set(digest, read);
    read.catch(() => known.delete(digest));
    for (const [oldest] of known) if (known.size > MOST_KNOWN) known.delete(oldest);
    return read;
  }

  async function readPlan(digest: string): Promise<CompiledPlan> {
    const rows = await table.range(`read the plan ${digest}`, keyOf(digest), TEXT, endOf(TEXT));
    if (rows.length === 0) throw absent(digest);
    return JSON.parse(textOf(rows)) as CompiledPlan;
  }

  async function readStored(digest: string): Promise<{ stored: StoredPlan; etag: string }> {
    const row = await table.get(`look up the plan ${digest}`, keyOf(digest), PLAN);
    if (row === undefined) throw absent(digest);
    const { approvedBy, approvedAt, approvedPreviews, approvedCertificate } = row;
    const previews = approvedPreviews === undefined ? {} : { previews: JSON.parse(String(approvedPreviews)) as Record<string, string> };
    const certificate = approvedCertificate === undefined ? {} : { certificate: Certificate.parse(JSON.parse(String(approvedCertificate))) };
    const approved = approvedBy === undefined ? {} : { approved: { by: String(approvedBy), at: String(approvedAt), ...previews, ...certificate } };
    return { stored: { plan: await get(digest), by: String(row["by"]), at: String(row["at"]), ...approved }, etag: row.etag };
  }

  async function keep({ plan, by, at, approved, source }: StoredPlan): Promise<void> {
    const { digest, window } = plan;
    const partitionKey = keyOf(digest);
    const piecesUnder = (prefix: string, text: string): Row[] =>
      piecesOf(text).map((pieces, row) => ({ partitionKey, rowKey: `${prefix}${String(row).padStart(2, "0")}`, ...pieces }));
    const rows: Row[] = [
      { partitionKey, rowKey: PLAN, window: window.id, by, at, ...(approved === undefined ? {} : approvalRow(approved)) },
      ...piecesUnder(TEXT, JSON.stringify(plan)),
    ];
    const what = `store the plan ${digest} of ${window.id}`;
    checkFits(what, rows);
    await table.insert(what, rows);
    // Apart from the plan: one that was stored without its text gets it when it is stored again.
    if (source !== undefined) await table.insert(`store the text of the plan ${digest}`, piecesUnder(SOURCE, JSON.stringify(source)));
  }

  return {
    get,
    keep,

    async put(stored) {
      await keep(stored);
      const { digest, window } = stored.plan;
      await table.put(`make ${digest} the plan of ${window.id}`, { partitionKey: WINDOWS, rowKey: keyOf(window.id), window: window.id, digest });
    },

    async source(digest) {
      const rows = await table.range(`read the text of the plan ${digest}`, keyOf(digest), SOURCE, endOf(SOURCE));
      return rows.length === 0 ? undefined : (JSON.parse(textOf(rows)) as PlanSource);
    },

    async latest() {
      const rows = await table.partition("list the plans of all windows", WINDOWS);
      const newestFirst = rows.toSorted((a, b) => (String(a["window"]) < String(b["window"]) ? 1 : -1));
      return Promise.all(newestFirst.map(async ({ digest }) => (await readStored(String(digest))).stored));
    },

    async approve(window, digest, approval) {
      for (;;) {
        const { stored, etag } = await readStored(digest);
        if (stored.plan.window.id !== window) throw new Fault("absent", `the plan ${digest} is of window ${stored.plan.window.id}, not ${window}`);
        if (stored.approved !== undefined) return;
        // Refused only when someone else approved it meanwhile, so the next look ends this.
        if (await table.merge(`approve the plan ${digest}`, { partitionKey: keyOf(digest), rowKey: PLAN, ...approvalRow(approval) }, etag)) return;
      }
    },
  };
}

function approvalRow({ by, at, previews, certificate }: PlanApproval): { approvedBy: string; approvedAt: string; approvedPreviews?: string; approvedCertificate?: string } {
  return {
    approvedBy: by,
    approvedAt: at,
    ...(previews === undefined ? {} : { approvedPreviews: JSON.stringify(previews) }),
    ...(certificate === undefined ? {} : { approvedCertificate: JSON.stringify(certificate) }),
  };
}

const PLAN = "plan";
const TEXT = "text+";
const SOURCE = "source+";
const WINDOWS = "windows";

/** Plans that a process keeps: those of a few windows. */
const MOST_KNOWN = 8;

function absent(digest: string): Fault {
  return new Fault("absent", `no stored plan has the digest ${digest}`);
}
