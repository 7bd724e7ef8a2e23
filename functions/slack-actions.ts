import { app as functions, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { DurableClient } from "durable-functions";
import type { Principal } from "../shared/access/principal.ts";
import { Refusal } from "../shared/access/refusal.ts";
import { DEEDS, mayI, type Deed } from "../shared/access/roles.ts";
import { slackPrincipal } from "../shared/access/slack-principal.ts";
import { checkSlackSignature, pressOf, slashOf, type Press, type SlashCommand } from "../shared/access/slack-request.ts";
import { Fault, faultRecordOf, outcomeOf } from "../shared/fault/fault.ts";
import { digestOf } from "../shared/plan/compiled.ts";
import { openOf } from "../shared/run/obligations.ts";
import { headlineOf } from "../shared/run/headline.ts";
import type { Decision } from "../shared/run/facts.ts";
import { digestOfRun, windowRuns } from "./api-runs.ts";
import type { App, SlackHand } from "./app.ts";
import { makeDecision, whatAbortMeans } from "./decisions.ts";
import { problem, STATUS, writeDown } from "./http.ts";

/** Slack's own requests are small; more than this was made by somebody else. */
const LARGEST_BODY = 256 * 1024;

/**
 * Registers the two addresses that Slack calls: buttons and the slash command. Open to everybody at the platform, since Slack has no
 * key of ours; nothing is read before the signature is proved. Slack waits three seconds: a decision is a fact and a ring.
 */
export function registerSlack(app: App): void {
  address("slackInteractivity", "interactivity", async (slack, form, client) => {
    const press = pressOf(form);
    if (press !== undefined) await pressed(slack, press, client);
    return { status: 200 };
  });

  address("slackCommand", "command", async (slack, form, client) => {
    // Slack looks from time to time whether the address has a certificate.
    if (form.get("ssl_check") === "1") return { status: 200 };
    return { jsonBody: { response_type: "ephemeral", text: escaped(await said(slack, form, client)) } };
  });

  function address(name: string, path: string, work: (slack: SlackHand, form: URLSearchParams, client: DurableClient) => Promise<HttpResponseInit>): void {
    const handler = async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
      try {
        if (app.slack === undefined) throw new Refusal(404, "Slack is no hand here: no signing secret is set");
        return await work(app.slack, await formOf(app.slack, request), df.getClient(context));
      } catch (thrown) {
        if (thrown instanceof Refusal) await writeDown(app, name, request, context, thrown, undefined);
        const fault = faultRecordOf(thrown);
        if (fault.kind === "defect") context.error(`${name}: ${fault.message}`);
        return problem(
          thrown instanceof Refusal ? thrown.status : STATUS[fault.kind],
          fault.kind,
          fault.kind === "defect" ? "something went wrong on our side; the log has the details" : fault.message,
        );
      }
    };
    functions.http(name, { methods: ["POST"], route: `v1/slack/${path}`, authLevel: "anonymous", extraInputs: [df.input.durableClient()], handler });
  }

  async function formOf(slack: SlackHand, request: HttpRequest): Promise<URLSearchParams> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > LARGEST_BODY) throw new Refusal(413, `the body has ${bytes.byteLength} bytes; ${LARGEST_BODY} is the most`);
    checkSlackSignature(request.headers, bytes, (await slack.signingSecret()).reveal(), app.stage.clock.now());
    return new URLSearchParams(new TextDecoder().decode(bytes));
  }

  async function pressed(slack: SlackHand, { user, pressed: { decision, run, about, step, target, preview }, message }: Press, client: DurableClient): Promise<void> {
    const answer = await outcomeOf(async () => {
      const principal = await principalFor(slack, user, decision === "approve" ? "approve" : decision === "abort" ? "abort" : "steer", "slackInteractivity");
      // The same button of the same question is one decision, whoever presses it and however often.
      const id = `slack-${digestOf([run, about, step, target, preview, decision]).slice(0, 24)}`;
      const subject = decision === "abort" ? { mode: "close" as const } : { ...(step === undefined ? {} : { step }), ...(target === undefined ? {} : { target }) };
      return makeDecision(app, client, principal, run, { id, decision, ...subject, ...(preview === undefined ? {} : { preview }) }).catch((thrown: unknown) =>
        refused(thrown, principal, "slackInteractivity"),
      );
    });
    if (message === undefined) return;
    const { channel, ts, thread, text } = message;
    // What was decided stands, whether or not Slack can show it.
    await outcomeOf(() =>
      answer.ok
        ? slack.replies.settle({ channel, ts, ...(thread === undefined ? {} : { thread }) }, text, inWords(answer.value.decision))
        : slack.replies.whisper(channel, user, `Not done: ${answer.fault.message}`),
    );
  }

  async function said(slack: SlackHand, form: URLSearchParams, client: DurableClient): Promise<string> {
    const { user, once, command } = slashOf(form);
    if (command.does === "help") return HELP;
    const answer = await outcomeOf(async () => {
      const principal = await principalFor(slack, user, command.does === "abort" ? "abort" : "look", "slackCommand");
      if (command.does === "open") return openNow(command.run);
      const run = command.run ?? (await latestRun());
      return command.does === "abort" ? aborted(client, principal, run, command, once) : statusOf(run);
    });
    return answer.ok ? answer.value : `Not done: ${answer.fault.message}`;
  }

  async function aborted(client: DurableClient, principal: Principal, run: string, { mode }: Extract<SlashCommand, { does: "abort" }>, once: string): Promise<string> {
    const id = once === "" ? {} : { id: `slack-${digestOf([run, once]).slice(0, 24)}` };
    const { decision, state } = await makeDecision(app, client, principal, run, { ...id, decision: "abort", mode }).catch((thrown: unknown) =>
      refused(thrown, principal, "slackCommand"),
    );
    const { running, cannotBeInterrupted, willBePutBack } = whatAbortMeans(app, state);
    return [
      `${run}: ${inWords(decision)}`,
      running.length === 0
        ? "Nothing is running."
        : `Running: ${state.steps
            .filter((step) => step.state === "running")
            .map(({ title }) => title)
            .join("; ")}`,
      ...(cannotBeInterrupted.length === 0 ? [] : [`Cannot be interrupted: ${cannotBeInterrupted.join(", ")}`]),
      ...(willBePutBack.length === 0 ? [] : [`Will be put back: ${willBePutBack.join("; ")}`]),
    ].join("\n");
  }

  async function statusOf(run: string): Promise<string> {
    const state = await app.conductor.state(await digestOfRun(app, run));
    const { headline, lines } = headlineOf(state);
    const asked = state.asks.map(({ title, of, kind }) => `Asked of ${of.join(" or ")}: ${title} (${kind})`);
    return [`${state.title}: ${state.outcome ?? "under way"}`, headline, ...asked, ...lines].join("\n");
  }

  async function openNow(only: string | undefined): Promise<string> {
    const runs = (await windowRuns(app)).filter((run) => only === undefined || run === only);
    const open = await Promise.all(
      runs.map(async (run) => openOf((await app.stage.journal.readAll(run)).map(({ fact }) => fact)).map(({ what, openedAt }) => `${run}: ${what}, since ${openedAt}`)),
    );
    return open.flat().join("\n") || "Nothing is open.";
  }

  async function latestRun(): Promise<string> {
    const [run] = await windowRuns(app);
    if (run === undefined) throw new Fault("absent", "there is no run");
    return run;
  }

  /** @throws Refusal 403, which is a fact. */
  async function principalFor(slack: SlackHand, user: string, deed: Deed, name: string): Promise<Principal> {
    const { inventory } = await app.inventory();
    try {
      const principal = slackPrincipal(user, inventory.entries("person"), slack.access, slack.trusting);
      if (!mayI(principal.role, deed)) throw new Refusal(403, `${principal.name} is ${principal.role} here; this needs ${DEEDS[deed]}`);
      return principal;
    } catch (thrown) {
      return refused(thrown, { name: `Slack user ${user}` }, name);
    }
  }

  /** Slack wants 200 and shows people the reason; who was turned away is a fact all the same. */
  async function refused(thrown: unknown, by: { readonly name: string; readonly role?: Principal["role"] }, name: string): Promise<never> {
    if (thrown instanceof Refusal) {
      const { status, message } = thrown;
      await outcomeOf(() =>
        app.door.refusals.write(
          { by: by.name, deed: name, method: "POST", path: "/api/v1/slack", status, why: message.slice(0, 300), ...(by.role === undefined ? {} : { role: by.role }) },
          true,
        ),
      );
    }
    throw thrown;
  }
}

const HELP = "Say one of: status [RUN], open, abort [freeze|finish|close] [RUN]";

const PAST = {
  approve: "Approved",
  skip: "Skipped",
  retry: "To be tried again",
  done: "Done",
  abort: "Aborted",
  pause: "Paused",
  resume: "Resumed",
  acknowledge: "Acknowledged",
} as const satisfies Record<Decision["decision"], string>;

function inWords({ decision, mode, by, at }: Decision): string {
  return `${PAST[decision]}${mode === undefined ? "" : ` (${mode})`} by ${by} at ${at}.`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
