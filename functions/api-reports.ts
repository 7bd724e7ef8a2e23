import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { Fault } from "../shared/fault/fault.ts";
import { reportHtml, REPORT_CSP } from "../shared/run/report-html.ts";
import { reportJson } from "../shared/run/report-json.ts";
import { reportMarkdown } from "../shared/run/report-markdown.ts";
import { reportOf } from "../shared/run/report.ts";
import { workbookOf } from "../shared/run/workbook.ts";
import { FORMATS, type Format } from "./api-schemas.ts";
import { digestOfRun, etagOf, unlessKnown } from "./api-runs.ts";
import type { App } from "./app.ts";
import { MEDIA_TYPES } from "./endpoints.ts";
import { endpoint } from "./http.ts";

/** Registers: a run's report in four formats, of which the workbook is one. */
export function registerReports(app: App): void {
  endpoint(app, "showReport", ({ params, query, request }) => report(params["run"] ?? "", query.format ?? acceptedOf(request), request));

  endpoint(app, "showReportAs", ({ params, request }) => {
    const format = FORMATS.find((known) => known === params["format"]?.toLowerCase());
    if (format === undefined) throw new Fault("absent", `a report has the endings ${FORMATS.join(", ")}`);
    return report(params["run"] ?? "", format, request);
  });

  endpoint(app, "showWorkbook", ({ params, request }) => report(params["run"] ?? "", "xlsx", request));

  async function report(run: string, format: Format, request: HttpRequest): Promise<HttpResponseInit> {
    const plan = await app.stage.plans.get(await digestOfRun(app, run));
    const entries = await app.stage.journal.readAll(run);
    const made = reportOf(plan, entries, app.stage.clock.now());
    const { madeAt: _, ...lasting } = made;
    const etag = etagOf(JSON.stringify([format, lasting]));
    const headers = {
      "content-type": format === "xlsx" || format === "json" ? MEDIA_TYPES[format] : `${MEDIA_TYPES[format]}; charset=utf-8`,
      "x-content-type-options": "nosniff",
      vary: "accept",
    };
    switch (format) {
      case "json":
        return unlessKnown(request, etag, { headers, body: reportJson(made) });
      case "md":
        return unlessKnown(request, etag, { headers, body: reportMarkdown(made) });
      case "html":
        return unlessKnown(request, etag, { headers: { ...headers, "content-security-policy": REPORT_CSP }, body: reportHtml(made) });
      case "xlsx": {
        const name = `${encodeURIComponent(workbookOf(plan, entries, made).title)}.xlsx`;
        const known = unlessKnown(request, etag, { headers: { ...headers, "content-disposition": `attachment; filename*=UTF-8''${name}` } });
        return known.status === 304 ? known : { ...known, body: await app.workbookFile(workbookOf(plan, entries, made)) };
      }
    }
  }
}

/** The format that the Accept header wants most; JSON for who does not say, or wants what there is not. */
function acceptedOf(request: HttpRequest): Format {
  const wanted = (request.headers.get("accept") ?? "")
    .split(",")
    .map((range) => {
      const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
      const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1");
      return { type, quality: Number.isNaN(quality) ? 0 : quality };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  for (const { type } of wanted) {
    const format = FORMATS.find((known) => MEDIA_TYPES[known] === type);
    if (format !== undefined) return format;
  }
  return "json";
}
