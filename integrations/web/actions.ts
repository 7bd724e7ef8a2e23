import { z } from "zod";
import { defineAction } from "../../shared/action/action.ts";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { Visit, Web } from "./connector.ts";

const Params = z.strictObject({
  site: named("site").describe("The site to look at"),
  through: z
    .enum(["public", "origin"])
    .default("public")
    .describe("`public`: as visitors reach it; `origin`: past the maintenance page, so that it can be tested while that is up"),
});
const Receipt = z.object({
  site: z.string(),
  address: z.string(),
  status: z.int(),
  contains: z.string().optional(),
  slowerThanMs: z.int(),
  certificateDays: z.int(),
});
type Receipt = z.infer<typeof Receipt>;

const DAY_MS = 24 * 3_600_000;

/**
 * Looks whether a site is well: status, content, latency, and how long its TLS certificate is still good for.
 *
 * There is nothing to begin and nothing to take back: the receipt is what to expect, `verify` is the look. A site that is
 * not well may only be slow to come up, so its fault is one that a fresh try may cure.
 *
 * @throws Fault `failed` (wrong content, too slow, certificate near its end, unexpected status), `unavailable` (no answer,
 * 5xx), `throttled` (429), `denied` (401, 403), `invalid` (no origin in the inventory).
 */
export const webCheck = defineAction<{ web: Web }, z.infer<typeof Params>, Receipt>({
  verb: "web.check",
  summary: "Looks whether a site answers as it should: status, content, latency, TLS certificate.",
  uses: ["web"],
  params: Params,
  over: "site",
  receipt: Receipt,
  policy: { timeoutMs: 10 * 60_000, attempts: 6, retryDelayMs: 20_000 },
  reversal: "nothing",

  touches: () => [],

  async preview(_ports, params) {
    const { address, status, contains, slowerThanMs, certificateDays } = expected(params);
    return [
      `open ${address}, expect status ${status} within ${slowerThanMs} ms`,
      ...(contains === undefined ? [] : [`expect ${JSON.stringify(contains)} on the page`]),
      ...(isTls(address) ? [`expect a certificate that is good for ${certificateDays} days or more`] : []),
    ];
  },

  async begin(_ports, params) {
    return expected(params);
  },

  async verify({ web }, { site, address, status, contains, slowerThanMs, certificateDays }, { now }) {
    const visit = await web.visit(address);
    if (visit.status !== status) {
      throw new Fault(kindOfStatus(visit.status), `${site}: GET ${visit.address} answered ${visit.status}; expected ${status}`, {
        vendor: "web",
        retryAfterMs: visit.retryAfterMs,
      });
    }
    if (contains !== undefined && !visit.page.includes(contains)) {
      throw new Fault("failed", `${site}: ${visit.address} answered ${visit.status} without ${JSON.stringify(contains)} on the page`, { vendor: "web" });
    }
    if (visit.latencyMs > slowerThanMs) {
      throw new Fault("failed", `${site}: ${visit.address} took ${visit.latencyMs} ms; expected at most ${slowerThanMs} ms`, { vendor: "web" });
    }
    const evidence = [
      `GET ${address} answered ${visit.status} in ${visit.latencyMs} ms${sentOn(visit)}`,
      ...(contains === undefined ? [] : [`the page holds ${JSON.stringify(contains)}`]),
    ];
    if (!isTls(visit.address)) return evidence;

    const { subject, validTo } = await web.certificate(visit.address);
    const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
    if (!(days >= certificateDays)) {
      throw new Fault("failed", `${site}: the certificate for ${subject} is good until ${validTo}; expected ${certificateDays} days or more`, { vendor: "web" });
    }
    return [...evidence, `its certificate for ${subject} is good until ${validTo}, ${days} days from now`];
  },
});

function expected({ site, through }: z.infer<typeof Params>): Receipt {
  const address = through === "origin" ? site.origin : site.url;
  if (address === undefined) {
    throw new Fault("invalid", `site ${site.name} has no origin in the inventory; expected one for a check with \`through: origin\``);
  }
  const { name, status, contains, slowerThanMs, certificateDays } = site;
  return { site: name, address, status, ...(contains === undefined ? {} : { contains }), slowerThanMs, certificateDays };
}

const isTls = (address: string) => address.startsWith("https:");

const sentOn = ({ redirects, address }: Visit) => (redirects.length === 0 ? "" : `, sent on by ${redirects.join(", then ")} to ${address}`);

function kindOfStatus(status: number): FaultKind {
  if (status === 429) return "throttled";
  if (status === 401 || status === 403) return "denied";
  return status >= 500 ? "unavailable" : "failed";
}
