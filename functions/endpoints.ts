import { z } from "zod";
import type { Deed } from "../shared/access/roles.ts";
import { DecisionRequest } from "../shared/run/decide.ts";
import { Report } from "../shared/run/report-schema.ts";
import * as is from "./api-schemas.ts";

/** What one endpoint takes, gives and needs. */
export interface EndpointSpec {
  readonly method: "GET" | "POST";
  /** Below `/api/v1/`. */
  readonly route: string;
  /** Which deed it is; shared/access/roles.ts says who may. */
  readonly deed: Deed;
  readonly summary: string;
  readonly body?: z.ZodType;
  /** Of an endpoint that Slack calls and nobody else: the form that it sends, signed. It has no key of ours. */
  readonly signedForm?: z.ZodType;
  readonly query?: z.ZodObject;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
}

interface AnswerSpec {
  readonly what: string;
  readonly schema?: z.ZodType;
  /** Media types besides JSON; alone, if there is no schema. */
  readonly types?: readonly string[];
}

/** Where people find the list of windows; the board of each stands below. */
export const BOARDS = "/api/v1/board";

export const MEDIA_TYPES = {
  json: "application/json",
  md: "text/markdown",
  html: "text/html",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const satisfies Record<is.Format, string>;

const unchanged: AnswerSpec = { what: "As it was: the ETag that was sent still holds" };
const REPORT: EndpointSpec["answers"] = { 200: { what: "The report", schema: Report, types: [MEDIA_TYPES.md, MEDIA_TYPES.html, MEDIA_TYPES.xlsx] }, 304: unchanged };

/** The whole API: one row for each endpoint. The handlers, the roles, the OpenAPI document and the tests all follow it. */
export const ENDPOINTS = {
  checkPlan: {
    method: "POST",
    route: "plans/check",
    deed: "check",
    summary: "Compile a plan; nothing is stored",
    body: is.PlanRequest,
    answers: { 200: { what: "Findings, and the digest if there is a plan", schema: is.PlanChecked } },
  },
  storePlan: {
    method: "POST",
    route: "plans",
    deed: "store",
    summary: "Store a plan and make it the one of its window",
    body: is.PlanRequest,
    answers: { 201: { what: "Stored", schema: is.PlanStored }, 422: { what: "The plan has errors", schema: is.PlanRefused } },
  },
  listPlans: {
    method: "GET",
    route: "plans",
    deed: "look",
    summary: "The latest plan of each window",
    answers: { 200: { what: "Newest window first", schema: z.array(is.PlanLine) } },
  },
  previewPlan: {
    method: "POST",
    route: "plans/{window}/preview",
    deed: "preview",
    summary: "What a plan would do, as the world stands now",
    body: is.PreviewRequest,
    answers: { 200: { what: "The preview", schema: is.PlanPreview } },
  },
  approvePlan: {
    method: "POST",
    route: "plans/{window}/approve",
    deed: "approve",
    summary: "Approve a plan that someone else stored",
    body: is.ApprovalRequest,
    answers: { 200: { what: "Approved", schema: is.PlanApproved } },
  },
  startRun: {
    method: "POST",
    route: "runs",
    deed: "start",
    summary: "Start the run of a window; a second time changes nothing",
    body: is.StartRequest,
    answers: { 202: { what: "It runs", schema: is.Started } },
  },
  listWindows: {
    method: "GET",
    route: "windows",
    deed: "look",
    summary: "Windows whose plan is stored: whether the schedule will start each, and how its run stands",
    answers: { 200: { what: "Newest first", schema: z.array(is.WindowLine) } },
  },
  listRuns: {
    method: "GET",
    route: "runs",
    deed: "look",
    summary: "Ids of runs",
    query: is.RunsQuery,
    answers: { 200: { what: "Newest window first", schema: z.array(z.string()) } },
  },
  showRun: {
    method: "GET",
    route: "runs/{run}",
    deed: "look",
    summary: "How a run stands; with an ETag and `wait`, as soon as that changes",
    query: is.WaitQuery,
    answers: { 200: { what: "Its state", schema: is.RunAnswer }, 304: unchanged },
  },
  showRunPlan: {
    method: "GET",
    route: "runs/{run}/plan",
    deed: "look",
    summary: "The plan that a run follows",
    answers: { 200: { what: "Compiled, with its digest", schema: is.RunPlanAnswer } },
  },
  listSteps: {
    method: "GET",
    route: "runs/{run}/steps",
    deed: "look",
    summary: "Steps of a run, 200 a page",
    query: is.StepsQuery,
    answers: { 200: { what: "In the plan's order", schema: is.StepsAnswer } },
  },
  showStep: {
    method: "GET",
    route: "runs/{run}/steps/{step}",
    deed: "look",
    summary: "One step and its targets",
    answers: { 200: { what: "How it stands", schema: is.StepAnswer } },
  },
  listFacts: {
    method: "GET",
    route: "runs/{run}/facts",
    deed: "look",
    summary: "Facts of a run by instant, 500 a page; with `cursor` each exactly once; with `wait`, as soon as there are more",
    query: is.FactsQuery,
    answers: { 200: { what: "A page", schema: is.FactsAnswer } },
  },
  showHistory: {
    method: "GET",
    route: "runs/{run}/history",
    deed: "look",
    summary: "Orchestrations of a run as the task hub has them, or the history of one: for finding out afterwards, 500 a page",
    query: is.HistoryQuery,
    answers: { 200: { what: "A page", schema: is.HistoryAnswer } },
  },
  showReport: { method: "GET", route: "runs/{run}/report", deed: "look", summary: "The report, as the Accept header or `format` says", query: is.ReportQuery, answers: REPORT },
  showReportAs: { method: "GET", route: "runs/{run}/report.{format}", deed: "look", summary: "The report as json, md, html or xlsx", answers: REPORT },
  showWorkbook: {
    method: "GET",
    route: "runs/{run}/workbook",
    deed: "look",
    summary: "The tracking workbook",
    answers: { 200: { what: "A file for Excel", types: [MEDIA_TYPES.xlsx] } },
  },
  decide: {
    method: "POST",
    route: "runs/{run}/decisions",
    deed: "steer",
    summary: "Decide something; the same id sent twice is one decision. `approve` needs an approver whom the step names, or an admin",
    body: DecisionRequest,
    answers: { 200: { what: "It was decided before", schema: is.DecisionAnswer }, 201: { what: "Decided", schema: is.DecisionAnswer } },
  },
  abortRun: {
    method: "POST",
    route: "runs/{run}/abort",
    deed: "abort",
    summary: "Abort a run",
    body: is.AbortRequest,
    answers: { 202: { what: "What runs, what of it cannot be interrupted, what will be put back", schema: is.AbortAnswer } },
  },
  proposeAmendment: {
    method: "POST",
    route: "runs/{run}/amendments",
    deed: "steer",
    summary: "Propose to amend a running window: checked against what has happened; the same again is one proposal. Nothing changes before somebody else approves it",
    body: is.AmendmentRequest,
    answers: { 200: { what: "What it would change; proposed before, or a dry run", schema: is.AmendmentAnswer }, 201: { what: "Proposed", schema: is.AmendmentAnswer } },
  },
  listAmendments: {
    method: "GET",
    route: "runs/{run}/amendments",
    deed: "look",
    summary: "Amendments of a run: proposed, taken, refused",
    answers: { 200: { what: "Oldest first", schema: is.AmendmentsAnswer } },
  },
  approveAmendment: {
    method: "POST",
    route: "runs/{run}/amendments/{amendment}/approve",
    deed: "approve",
    summary: "Approve an amendment that someone else proposed: from then on the run follows it; a second time changes nothing",
    body: is.AmendmentApproval,
    answers: { 200: { what: "The run is amended", schema: is.AmendedAnswer } },
  },
  boards: {
    method: "GET",
    route: "board",
    deed: "look",
    summary: "All windows on one page: what is open and asked right now, and how each stands",
    answers: { 200: { what: "A page", types: [MEDIA_TYPES.html] } },
  },
  board: {
    method: "GET",
    route: "board/{run}",
    deed: "look",
    summary: "The board of a run: a page that keeps itself up to date",
    answers: { 200: { what: "A page", types: [MEDIA_TYPES.html] } },
  },
  boardMain: {
    method: "GET",
    route: "board/{run}/main",
    deed: "look",
    summary: "The part of the board that changes",
    answers: { 200: { what: "Markup", types: [MEDIA_TYPES.html] }, 304: unchanged },
  },
  showOpen: {
    method: "GET",
    route: "open",
    deed: "look",
    summary: "What is open right now, and what people are asked, of all windows",
    answers: { 200: { what: "Runs that have either", schema: is.OpenAnswer } },
  },
  showSelf: { method: "GET", route: "me", deed: "look", summary: "Who I am here, and what I may", answers: { 200: { what: "The caller", schema: is.SelfAnswer } } },
  listRefusals: {
    method: "GET",
    route: "access/refusals",
    deed: "audit",
    summary: "Who was refused what on a day",
    query: is.DayQuery,
    answers: { 200: { what: "By instant", schema: is.RefusalsAnswer } },
  },
  slackInteractivity: {
    method: "POST",
    route: "slack/interactivity",
    deed: "steer",
    summary: "Slack: somebody pressed a button. What came of it is said in Slack; `approve` needs an approver whom the step names, or an admin",
    signedForm: is.SlackForm,
    answers: { 200: { what: "Taken, or refused and said so to who pressed it" } },
  },
  slackCommand: {
    method: "POST",
    route: "slack/command",
    deed: "look",
    summary: "Slack: somebody said /nightshift status, open or abort; an abort needs an operator",
    signedForm: is.SlackCommandForm,
    answers: { 200: { what: "What they alone are shown; nothing to Slack's look at the certificate", schema: is.SlackAnswer } },
  },
  showDocument: {
    method: "GET",
    route: "openapi.json",
    deed: "look",
    summary: "This document",
    answers: { 200: { what: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) } },
  },
} as const satisfies Record<string, EndpointSpec>;

type Endpoints = typeof ENDPOINTS;
export type EndpointName = keyof Endpoints;
/** Those that Slack calls. */
export type SlackEndpointName = { [Name in EndpointName]: Endpoints[Name] extends { signedForm: z.ZodType } ? Name : never }[EndpointName];
export type BodyOf<Name extends EndpointName> = Endpoints[Name] extends { body: infer Body extends z.ZodType } ? z.infer<Body> : undefined;
export type QueryOf<Name extends EndpointName> = Endpoints[Name] extends { query: infer Query extends z.ZodType } ? z.infer<Query> : Record<string, never>;

/** Answers that every endpoint may give, as problem+json. */
export const PROBLEMS: Readonly<Record<number, string>> = {
  400: "What was sent cannot be used",
  401: "Nobody is recognised",
  403: "Recognised, and may not",
  404: "There is no such thing",
  409: "It contradicts what is there",
  413: "More than two megabytes",
  415: "The body is not said to be JSON, or Slack's a form",
  422: "Refused",
  429: "Too often; Retry-After says when",
  500: "A defect of ours",
  502: "A vendor failed",
  503: "Something needed cannot be reached",
  504: "Something needed took too long",
};
