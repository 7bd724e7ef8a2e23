import type { AnyAction } from "../action/action.ts";
import { familyOf } from "../action/registry.ts";
import type { Registry } from "../action/registry.ts";
import type { Entry, Inventory } from "../inventory/inventory.ts";
import { closingLast } from "./closing.ts";
import { complain } from "./complaints.ts";
import { COMPILED_FORMAT, sealed } from "./compiled.ts";
import type { CompiledChange, CompiledPerson, CompiledPlan, CompiledStep, CompiledTarget, Condition } from "./compiled.ts";
import { checkStages, servedSteps } from "./deployments.ts";
import { targetsOf, unbuiltTargets } from "./expand.ts";
import { hasErrors, reportOn, sortedFindings } from "./finding.ts";
import type { Finding, Report } from "./finding.ts";
import { ordered } from "./graph.ts";
import { lint } from "./lint.ts";
import { localText } from "./local-time.ts";
import { liftOf, needsOf, withTests } from "./needs.ts";
import { outlineOf } from "./outline.ts";
import type { Draft, Outline, OutlineChange } from "./outline.ts";
import { approversOf, entriesNamed, ownersOf } from "./owners.ts";
import { expectedOf, graceOf, policyOf, rollingOf } from "./policies.ts";
import { referencesOf } from "./references.ts";
import type { References } from "./references.ts";
import { openQuestions } from "./questions.ts";
import { PlanFile, listOf } from "./schema.ts";
import { ticketSteps } from "./tickets.ts";
import { checkIrreversible, conditionOf, startsAt, unusedValues, windowTimes } from "./step-rules.ts";
import type { WindowTimes } from "./step-rules.ts";
import { isKnownVerb, nearVerbs } from "./vocabulary.ts";
import { readYaml } from "./yaml.ts";
import type { Places } from "./yaml.ts";

/** Families of verbs that only look or tell: when one fails, the platform stands as it stood. */
const LOOK_OR_TELL: ReadonlySet<string> = new Set(["cluster", "jira", "page", "slack", "web"]);

export interface CompileInput {
  readonly text: string;
  /** For findings only; nothing is read from it. */
  readonly file: string;
  readonly inventory: Inventory;
  readonly registry: Registry;
  /** Lets a plan come out although actions of it are not built yet: to look at, never to run. */
  readonly allowMissing?: boolean;
}

export interface Compiled {
  /** Absent when there are errors, or actions that are not built and not allowed to be missing. */
  readonly plan?: CompiledPlan;
  /** All of them, in the order of the text. */
  readonly findings: readonly Finding[];
}

/**
 * Makes a plan file into a frozen DAG, or says everything that is wrong with it.
 *
 * Pure: same text, inventory and registry, same plan and digest. What is wrong in one place does not hide what is wrong
 * in another.
 */
export function compile({ text, file, inventory, registry, allowMissing = false }: CompileInput): Compiled {
  const { value, places, findings: syntax } = readYaml(text, file);
  const report = reportOn(file);
  if (value === undefined) return { findings: sortedFindings(syntax) };
  const parsed = PlanFile.safeParse(value);
  if (!parsed.success) complain(report, parsed.error.issues, { schema: PlanFile, value, places, base: [] });

  const plan = new Compilation(outlineOf(value), inventory, registry, places, report).plan();
  const findings = sortedFindings([...syntax, ...report.findings()]);
  const missing = findings.some(({ code }) => code === "action-not-built") && !allowMissing;
  return plan === undefined || missing || hasErrors(findings) ? { findings } : { plan: sealed(plan), findings };
}

class Compilation {
  readonly #outline: Outline;
  readonly #inventory: Inventory;
  readonly #registry: Registry;
  readonly #places: Places;
  readonly #report: Report;
  readonly #references: References;
  readonly #targets = new Map<string, readonly CompiledTarget[]>();

  constructor(outline: Outline, inventory: Inventory, registry: Registry, places: Places, report: Report) {
    this.#outline = outline;
    this.#inventory = inventory;
    this.#registry = registry;
    this.#places = places;
    this.#report = report;
    this.#references = referencesOf(outline, places, report);
  }

  /** The plan, as far as it is sound; undefined where what is wrong leaves none to speak of. */
  plan(): Omit<CompiledPlan, "digest"> | undefined {
    const { window, phases, values } = this.#outline;
    openQuestions(this.#outline, this.#places, this.#report);
    const times = windowTimes(window, this.#places, this.#report);
    const windowOwners = this.#people(window.owners, ["window", "owners"]);
    const channels = entriesNamed(["channel"], window.channels, ["window", "channels"], this.#expanding());

    for (const draft of this.#references.steps.values()) this.#expand(draft);
    const served = servedSteps(this.#targets, this.#references, this.#places, this.#report);
    const tickets = new Map(this.#outline.phases.flatMap((phase) => phase.changes).map((change) => [change, ticketSteps(this.#outline, change, served)]));
    for (const drafts of tickets.values()) {
      this.#references.derive(drafts);
      for (const draft of drafts) this.#expand(draft);
    }

    const authored = (change: OutlineChange) => change.steps.filter((step) => this.#references.steps.get(step.id) === step);
    const withTickets = (change: OutlineChange): Draft[] => {
      const made = tickets.get(change) ?? [];
      const begins = made.filter(({ id }) => id.endsWith("-start") || id.endsWith("-link"));
      return [...begins, ...authored(change), ...made.filter((draft) => !begins.includes(draft))];
    };
    const drafts = phases.flatMap((phase) => phase.changes).flatMap(withTickets);
    const steps = drafts.filter(({ id }) => !served.has(id)).map((draft) => this.#step(draft, { times, served, windowOwners, change: this.#references.changes.get(draft.change) }));
    unusedValues(values, drafts, this.#places, this.#report);

    const { order, cycles } = ordered(
      steps,
      phases.map(({ id, fields }) => ({ id, barrier: fields.barrier ?? false })),
    );
    for (const cycle of cycles) {
      const step = this.#references.steps.get(cycle.find((node) => this.#references.steps.has(node)) ?? "");
      const place = step?.fields.needs === undefined ? this.#places.of(step?.path ?? ["phases"]) : this.#places.ofKey([...step.path, "needs"]);
      this.#report.error("cycle", place, `these wait for each other: ${cycle.join(" → ")}`, "take one of these needs away");
    }
    if (times === undefined || cycles.length > 0) return undefined;
    const opensMs = Math.min(...steps.flatMap(({ at }) => (at === undefined ? [] : [Date.parse(at)])));
    if (!Number.isFinite(opensMs)) {
      // An `at` that could not be read has been said.
      const said = drafts.length === 0 || drafts.some(({ fields, broken }) => fields.at !== undefined || broken);
      if (!said)
        this.#report.error(
          "no-beginning",
          this.#places.of(["phases"]),
          "no step has an `at`, so nothing says when the window begins",
          "give its first step one, e.g. `at: Sat 20:00`",
        );
      return undefined;
    }

    const byId = new Map(steps.map((step) => [step.id, step]));
    const { title = "", date = "", zone = "", page } = window;
    const plan: Omit<CompiledPlan, "digest"> = {
      format: COMPILED_FORMAT,
      window: {
        id: window.id ?? date,
        title,
        date,
        zone,
        opensAt: new Date(opensMs).toISOString(),
        cutoff: new Date(times.cutoffMs).toISOString(),
        channels: channels.map(({ name, id }: Entry & { id?: string }) => ({ name, id: id ?? "" })),
        owners: windowOwners,
        ...(page === undefined
          ? {}
          : {
              page: {
                title: page.title,
                ...(page.url === undefined ? {} : { url: page.url }),
                ...(page.id === undefined ? {} : { id: page.id }),
                ...(page.version === undefined ? {} : { version: page.version }),
              },
            }),
      },
      phases: phases.map(({ id, title: heading, fields }) => ({ id, title: heading, barrier: fields.barrier ?? false })),
      changes: phases.flatMap((phase) => phase.changes).map((change) => this.#change(change, withTickets(change), served, windowOwners)),
      steps: closingLast(order.flatMap((id) => byId.get(id) ?? [])),
    };
    if (!hasErrors(this.#report.findings())) {
      const drafted = new Map(drafts.map((draft) => [draft.id, draft]));
      lint({ plan, drafts: drafted, localText: (ms) => localText(ms, zone), places: this.#places, report: this.#report });
    }
    return plan;
  }

  /** Finds a step's action and works out its targets. */
  #expand(draft: Draft): void {
    const { action: verb, sameAs } = draft.fields;
    if (draft.broken && verb === undefined) return;
    if (verb === undefined) {
      if (sameAs === undefined) this.#report.error("missing", this.#places.of(draft.path), `${draft.id} lacks \`action\``, "say what is done, or `sameAs` which step does it");
      return;
    }
    if (sameAs !== undefined) return;
    const action = this.#registry.find(verb);
    const place = this.#places.of([...draft.path, "action"]);
    if (action === undefined && isKnownVerb(verb)) {
      this.#report.warning("action-not-built", place, `no action does \`${verb}\` yet; the plan can be looked at, not run`);
      this.#targets.set(draft.id, unbuiltTargets(draft, this.#expanding()));
      return;
    }
    if (action === undefined) {
      const near = nearVerbs(
        verb,
        this.#registry.actions.map((each) => each.verb),
      );
      this.#report.error(
        "unknown-action",
        place,
        `there is no action \`${verb}\``,
        near.length > 0 ? `did you mean ${near.map((each) => `\`${each}\``).join(" or ")}?` : "the plan reference lists them all",
      );
      return;
    }
    if (draft.broken) return;
    const targets = targetsOf(draft, action, this.#expanding());
    if (targets === undefined) return;
    if (verb === "pipeline.run") checkStages(draft, targets, this.#places, this.#report);
    this.#targets.set(draft.id, targets);
  }

  #step(
    draft: Draft,
    around: { times: WindowTimes | undefined; served: ReadonlyMap<string, string>; windowOwners: readonly CompiledPerson[]; change: OutlineChange | undefined },
  ): CompiledStep {
    const { fields, path } = draft;
    const action: AnyAction | undefined = this.#registry.find(fields.action ?? "");
    const targets = this.#targets.get(draft.id) ?? [];
    const needing = { references: this.#references, served: around.served, targets: this.#targets, places: this.#places, report: this.#report };
    const owners = ownersOf(fields.owner, [...path, "owner"], this.#expanding()) ?? this.#changeOwners(around.change) ?? around.windowOwners;
    const at = startsAt(draft, around.times, this.#places, this.#report);
    const graceMs = graceOf(draft, this.#places, this.#report);
    const rolling = rollingOf(draft, targets.length, this.#places, this.#report);
    const condition = conditionOf(draft, this.#outline.values, { ...needing, opened: this.#opened() });
    const when: Condition | undefined = fields.skip === undefined ? condition : { never: fields.skip };
    const lift = liftOf(draft, needing);
    const approval = approversOf(fields.approval, owners, [...path, "approval"], this.#expanding());
    const expected = expectedOf(draft, action, targets[0]?.params);
    const step: CompiledStep = {
      id: draft.id,
      change: draft.change,
      phase: draft.phase,
      verb: fields.action ?? "",
      title: fields.title ?? defaultTitle(draft, around.change),
      ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
      ...(graceMs === undefined ? {} : { graceMs }),
      needs: withTests(needsOf(draft, needing), lift),
      targets,
      ...(rolling === undefined ? {} : { rolling }),
      policy: policyOf(draft, action, this.#places, this.#report),
      onFailure: fields.onFailure ?? "continue",
      leaves: fields.leaves ?? (LOOK_OR_TELL.has(familyOf(fields.action ?? "")) ? "untouched" : (around.change?.fields.leaves ?? "degraded")),
      irreversible: fields.irreversible ?? false,
      ...(approval === undefined ? {} : { approval: { by: approval } }),
      always: fields.always ?? false,
      ...(lift === undefined ? {} : { lift }),
      ...(when === undefined ? {} : { when }),
      owners,
      notes: listOf(fields.notes),
      expectedMs: expected.ms,
      ...(expected.isKnown && fields.poll === undefined ? { isDurationKnown: true } : {}),
      line: this.#places.of(path).line,
      ...(draft.derived === undefined ? {} : { derived: draft.derived }),
    };
    checkIrreversible(draft, action, targets, this.#places, this.#report);
    return step;
  }

  #change(change: OutlineChange, drafts: readonly Draft[], served: ReadonlyMap<string, string>, windowOwners: readonly CompiledPerson[]): CompiledChange {
    return {
      id: change.id,
      title: change.title,
      keys: listOf(change.fields.keys),
      phase: change.phase,
      leaves: change.fields.leaves ?? "degraded",
      owners: this.#changeOwners(change) ?? windowOwners,
      notes: listOf(change.fields.notes),
      ...(change.fields.carried === undefined ? {} : { carried: change.fields.carried }),
      steps: drafts.map(({ id, fields }) => {
        const servedBy = served.get(id);
        // It is no step of its own any more, but the page has its line.
        return servedBy === undefined ? { id } : { id, servedBy, ...(fields.title === undefined ? {} : { title: fields.title }) };
      }),
    };
  }

  readonly #owners = new Map<OutlineChange, readonly CompiledPerson[] | undefined>();

  #changeOwners(change: OutlineChange | undefined): readonly CompiledPerson[] | undefined {
    if (change === undefined) return undefined;
    if (!this.#owners.has(change)) this.#owners.set(change, ownersOf(change.fields.owner, [...change.path, "owner"], this.#expanding()));
    return this.#owners.get(change);
  }

  #people(names: readonly string[] | undefined, path: readonly PropertyKey[]): readonly CompiledPerson[] {
    return ownersOf(names, path, this.#expanding()) ?? [];
  }

  #openedIds: ReadonlySet<string> | undefined;

  /** Ids of every obligation that some step opens. */
  #opened(): ReadonlySet<string> {
    this.#openedIds ??= new Set([...this.#targets.values()].flatMap((targets) => targets.flatMap(({ opens }) => opens.map(({ id }) => id))));
    return this.#openedIds;
  }

  #expanding() {
    return { inventory: this.#inventory, places: this.#places, report: this.#report };
  }
}

/** A change with one step is that step; of several, the step's id tells them apart. */
function defaultTitle(draft: Draft, change: OutlineChange | undefined): string {
  if (change === undefined || change.steps.length < 2) return change?.title ?? draft.id;
  return `${change.title}: ${draft.fields.id ?? draft.id}`;
}
