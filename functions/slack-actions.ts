import type { DurableClient } from "durable-functions";
import type { ReplyInput } from "../orchestrators/wire.ts";
import type { Principal } from "../shared/access/principal.ts";
import { Refusal } from "../shared/access/refusal.ts";
import { DEEDS, mayI, type Deed } from "../shared/access/roles.ts";
import { slackPrincipal } from "../shared/access/slack-principal.ts";
import { pressOf, slashOf, type Press, type SlashCommand } from "../shared/access/slack-request.ts";
import { Fault, outcomeOf } from "../shared/fault/fault.ts";
import { digestOf } from "../shared/plan/compiled.ts";
import { answerTo, endedBefore } from "../shared/run/answered.ts";
import { RUN_STREAM, type Decision } from "../shared/run/facts.ts";
import { openOf } from "../shared/run/obligations.ts";
import { headlineOf } from "../shared/run/headline.ts";
import { digestOfRun, windowRuns } from "./api-runs.ts";
import { REPLY, type App, type SlackHand } from "./app.ts";
import { makeDecision, whatAbortMeans, type Made } from "./decisions.ts";
import { ENDPOINTS, type SlackEndpointName } from "./endpoints.ts";
import { slackEndpoint } from "./http.ts";

/** Slack gives up after three seconds; what takes longer than this is answered later. */
const AT_ONCE_MS = 2_000;

/**
 * Registers the two addresses that Slack calls: buttons and the slash command. Slack waits three seconds: a decision is a fact
 * and a ring, no vendor is called meanwhile, and what people are to see of it is shown by an orchestration of its own.
 */
export function registerSlack(app: App): void {
  slackEndpoint(app, "slackInteractivity", async ({ slack, form, client }) => {
    const press = pressOf(form);
    if (press !== undefined) await pressed(slack, press, client);
    return { status: 200 };
  });

  slackEndpoint(app, "slackCommand", async ({ slack, form, client }) => {
    // Slack looks from time to time whether the address has a certificate.
    if (form.get("ssl_check") === "1") return { status: 200 };
    const { answerTo: later } = slashOf(form);
    const answer = said(slack, form, client);
    const text = later === undefined || app.pause === undefined ? await answer : await Promise.race([answer, app.pause(AT_ONCE_MS)]);
    if (text !== undefined) return { jsonBody: { response_type: "ephemeral", text: escaped(text) } };
    void answer.then((late) => outcomeOf(() => slack.replies.answer(later ?? "", late)));
    return { jsonBody: { response_type: "ephemeral", text: "This takes a moment; the answer follows here." } };
  });

  async function pressed(slack: SlackHand, { user, pressed: press, message }: Press, client: DurableClient): Promise<void> {
    const { decision, run, about, step, target, preview } = press;
    const answer = await outcomeOf(async (): Promise<Pick<Made, "decision" | "isNew"> & { by: Principal }> => {
      const by = await principalFor(slack, user, decision === "approve" ? "approve" : decision === "abort" ? "abort" : "steer", "slackInteractivity");
      const question = { run, about, ...where(press) };
      const earlier = decision === "abort" ? undefined : await answerTo(app.stage.journal, question);
      if (earlier !== undefined) return { decision: earlier, isNew: false, by };
      // A lift counts after the end too: the guard sees to it.
      const ended = decision === "abort" || decision === "lift" ? undefined : await endedBefore(app.stage.journal, question);
      if (ended !== undefined) throw new Fault("conflict", `${step ?? run} has ended as ${ended.as}: ${ended.why}`);
      // One question has one answer, whoever presses what and however often; and a run is aborted once.
      const id = `slack-${digestOf(decision === "abort" ? [run, decision] : [run, about, step, target, preview]).slice(0, 24)}`;
      const request = { id, decision, ...(decision === "abort" ? { mode: "close" as const } : where(press)), ...(preview === undefined ? {} : { preview }) };
      const made = await makeDecision(app, client, by, run, request).catch((thrown: unknown) => refused(thrown, by, "slackInteractivity"));
      return { ...made, by };
    });
    if (message === undefined) return;
    const { channel, ts, thread, text } = message;
    const place = { channel, ts, ...(thread === undefined ? {} : { thread }) };
    if (!answer.ok) return show(client, { place, whisper: { user, text: `Not done: ${answer.fault.message}` } });
    const { decision: made, isNew, by } = answer.value;
    const own = isNew || (made.by === by.name && made.decision === decision);
    await show(client, { place, settle: { text, decided: inWords(made) }, ...(own ? {} : { whisper: { user, text: `Already decided: ${inWords(made)}` } }) });
  }

  /** What was decided stands, whether or not it can be shown. */
  async function show(client: DurableClient, input: ReplyInput): Promise<void> {
    await outcomeOf(() => client.startNew(REPLY, { instanceId: `${REPLY}~${digestOf(input).slice(0, 24)}`, input }));
  }

  async function said(slack: SlackHand, form: URLSearchParams, client: DurableClient): Promise<string> {
    const { user, once, command } = slashOf(form);
    if (command.does === "help") return command.mistake === undefined ? HELP : `I did not understand that: ${command.mistake}.\n${HELP}`;
    const answer = await outcomeOf(async () => {
      const principal = await principalFor(slack, user, command.does === "abort" ? "abort" : "look", "slackCommand");
      if (command.does === "open") return openNow(command.run === undefined ? undefined : await runMeant(command));
      const run = await runMeant(command);
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

  /** The run that is meant: the one that is named or, where none is, the latest; for an abort the one that can still be aborted. */
  async function runMeant({ run, does }: Exclude<SlashCommand, { does: "help" }>): Promise<string> {
    const runs = await windowRuns(app);
    const now = app.stage.clock.now();
    const toCome = (await app.stage.plans.latest()).filter(({ plan }) => now < Date.parse(plan.window.cutoff)).map(({ plan }) => plan.window.id);
    if (run !== undefined) {
      const known = new Set([...runs, ...(does === "abort" ? toCome : [])]);
      if (!known.has(run)) throw new Fault("absent", `there is no run ${run}; ${known.size === 0 ? "there is none yet" : `there is ${[...known].slice(0, 5).join(", ")}`}`);
      return run;
    }
    if (does === "abort") {
      for (const candidate of runs) if (!(await app.stage.journal.read(candidate, RUN_STREAM)).some(({ type }) => type === "run.ended")) return candidate;
    }
    // A window that has not started can be aborted already.
    const meant = does === "abort" ? toCome.toSorted()[0] : runs[0];
    if (meant === undefined) throw new Fault("absent", does === "abort" ? "nothing runs, and no window is to come" : "there is no run yet");
    return meant;
  }

  /** @throws Refusal 403 or 429, which is a fact. */
  async function principalFor(slack: SlackHand, user: string, deed: Deed, name: SlackEndpointName): Promise<Principal> {
    const { inventory } = await app.inventory();
    try {
      app.door.count(`Slack user ${user}`);
      const principal = slackPrincipal(user, inventory.entries("person"), slack.access, slack.trusting);
      if (!mayI(principal.role, deed)) throw new Refusal(403, `${principal.name} is ${principal.role} here; this needs ${DEEDS[deed]}`);
      return principal;
    } catch (thrown) {
      return refused(thrown, { name: `Slack user ${user}` }, name);
    }
  }

  /** Slack wants 200 and shows people the reason; who was turned away is a fact all the same. */
  async function refused(thrown: unknown, by: { readonly name: string; readonly role?: Principal["role"] }, name: SlackEndpointName): Promise<never> {
    if (thrown instanceof Refusal) {
      const { status, message } = thrown;
      await outcomeOf(() =>
        app.door.refusals.write(
          {
            by: by.name,
            deed: name,
            method: "POST",
            path: `/api/v1/${ENDPOINTS[name].route}`,
            status,
            why: message.slice(0, 300),
            ...(by.role === undefined ? {} : { role: by.role }),
          },
          true,
        ),
      );
    }
    throw thrown;
  }
}

const HELP = [
  "Say one of:",
  "/nightshift status [RUN]: how the latest run stands, and what people are asked",
  "/nightshift open [RUN]: what is open right now",
  "/nightshift abort [freeze|finish|close] [RUN]: hold everything; finish what runs and then close up; close up now (this if you name none)",
].join("\n");

function where({ step, target }: Press["pressed"]): { step?: string; target?: string } {
  return { ...(step === undefined ? {} : { step }), ...(target === undefined ? {} : { target }) };
}

const PAST = {
  approve: "Approved",
  skip: "Skipped",
  retry: "To be tried again",
  done: "Done",
  abort: "Aborted",
  pause: "Paused",
  resume: "Resumed",
  acknowledge: "Acknowledged",
  lift: "To be lifted",
} as const satisfies Record<Decision["decision"], string>;

function inWords({ decision, mode, by, at }: Decision): string {
  return `${PAST[decision]}${mode === undefined ? "" : ` (${mode})`} by ${by} at ${at}.`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
