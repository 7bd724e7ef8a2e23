import { slug } from "./drafted.ts";
import type { DraftedChange, DraftedStep } from "./drafted.ts";
import { deploymentOf, isDeploymentHead, isPipelineLink } from "./deployment-lines.ts";
import { toldIn } from "./told.ts";
import type { Told } from "./told.ts";
import type { Block } from "./tree.ts";
import { timesIn } from "./words/clock.ts";
import { stacksIn, stagesIn } from "./readers/pipelines.ts";
import { isBareRef } from "./words/refs.ts";
import { environmentsIn } from "./words/environments.ts";
import { Leanings } from "./leanings.ts";
import { LOOK_BACK } from "./sketch.ts";
import type { Owner } from "./sketch.ts";
import { linksOf } from "./tree.ts";

/** Lines that only make sense beside their neighbours: deployments, branches, stages, lost links. */
export abstract class SpecialLines extends Leanings {
  /** Lines that only make sense beside their neighbours: heads of deployments, what is deployed, branches, stages, lost links. */
  protected special(block: Block, raw: string, bare: string, line: number, owner: Owner | undefined, doneAbove: boolean): boolean {
    const text = bare.trim();
    if (this.stagesOf !== undefined && /^[\w-]{1,60}$/.test(text) && block.gap <= 1 && !isPipelineLink(text)) {
      for (const step of this.stagesOf) {
        const served = step.sameAs === undefined ? undefined : this.steps[Number(step.sameAs.slice(1))]?.step;
        if (served === undefined) (step.with["stages"] as string[]).push(text);
        else {
          step.notes.push(`stage ${text}`);
          const stages = (served.with["stages"] ?? []) as readonly string[];
          if (!stages.includes(text)) this.ask(line, raw, `Does the step above run the stage «${text}» too? It does not name it.`, step);
        }
      }
      this.markAll(block, raw, "step", this.stagesOf[0]);
      return true;
    }
    this.stagesOf = undefined;
    if (/^stages?:?$/i.test(text) && this.deployed.length > 0) {
      this.stagesOf = this.deployed;
      for (const step of this.deployed) if (step.sameAs === undefined) step.with["stages"] ??= [];
      this.markAll(block, raw, "step", this.deployed[0]);
      return true;
    }
    const links = linksOf(block);
    if (isPipelineLink(text) && this.deployed.length > 0) {
      const environments = environmentsIn(text, this.names.environments);
      for (const step of this.deployed) {
        if (step.sameAs === undefined && step.with["environment"] === undefined && environments[0] !== undefined) step.with["environment"] = environments[0];
        step.notes.push(links.length > 0 ? `${raw} ${links.join(" ")}` : raw);
      }
      const [first] = this.deployed;
      if (first !== undefined && links.length === 0) {
        const named = first.with["pipeline"];
        this.ask(line, raw, `Which pipeline does this link to? Its target is lost${typeof named === "string" ? `; is it ${named}?` : "."}`, first);
      }
      this.markAll(block, raw, links.length === 0 ? "question" : "note", first);
      return true;
    }
    if (/\bbranch(?:es)?\b.{0,40}\b(?:order|sequence|one after|following)\b/i.test(text) || /\b(?:order|sequence)\b.{0,40}\bbranch(?:es)?\b/i.test(text)) {
      const change = this.changeFor(block, raw, line);
      this.branches = { environment: true, text: raw };
      change.inOrder = /\border|sequence|one after\b/i.test(text);
      this.entitle(change, raw);
      change.notes.push(raw);
      this.markAll(block, raw, "note", change);
      return true;
    }
    const head = isDeploymentHead(text, this.names);
    if (head !== undefined) {
      this.settleHead();
      const change = this.changeFor(block, raw, line, this.change !== undefined && !this.closed && (this.change.keys.length > 0 || this.change.titled || this.deployed.length > 0));
      const note = this.idOf(change);
      let settled: () => string = note;
      this.ledger.mark(block, 0, raw.length, "step", () => settled());
      this.head = { ...head, block, line, asides: [], text: raw, owner, settle: (id) => (settled = id) };
      return true;
    }
    const branch = this.branches !== undefined && isBareRef(text) ? { pipeline: undefined, ref: { branch: text } } : undefined;
    // «…: tag 4.2.0 to PRD after the hub, if Ana agrees»: what stands behind the deployment is said of it.
    const told = toldIn(text, this.names);
    const deployment = branch ?? deploymentOf(told.plain.trim(), this.names);
    if (deployment === undefined) return false;
    this.deploy(block, raw, line, deployment, told, doneAbove);
    return true;
  }

  protected deploy(
    block: Block,
    raw: string,
    line: number,
    { pipeline, ref, environments: own }: { pipeline: string | undefined; ref: object | undefined; environments?: readonly string[] },
    told: Told,
    doneAbove: boolean,
  ): void {
    const head = this.head;
    this.head = undefined;
    const change = this.changeFor(
      block,
      raw,
      line,
      this.change !== undefined &&
        !this.closed &&
        !(block.kind === "item" && this.change.item && this.change.keys.length === 0) &&
        (head !== undefined || block.gap <= 1 || this.branches !== undefined || this.deployed.length > 0),
    );
    if (doneAbove) return this.doneAbove(block, raw, line, change, pipeline, ref, own ?? []);
    const around = `${head?.text ?? ""} ${this.branches?.text ?? ""} ${change.title}`;
    const found = pipeline ?? this.pipelineLike(this.branches?.text ?? "");
    const environments =
      own !== undefined && own.length > 0 ? own : (head?.environments ?? this.row?.environments ?? environmentsIn(this.branches?.text ?? "", this.names.environments));
    const stacks = stacksIn(head?.text ?? this.branches?.text ?? told.plain, found ?? "", change.title, this.names);
    const stages = stagesIn(told.plain, found === undefined ? undefined : this.names.inventory.find("pipeline", found)).stages;
    const known = found !== undefined && this.names.inventory.find("pipeline", found) !== undefined;
    const steps = (environments.length === 0 ? [undefined] : environments).map((environment, index): DraftedStep => {
      const id = slug(
        [
          head?.mode === "destroy" ? "destroy" : "",
          (found ?? "").replace(/_?infrastructure$/i, ""),
          this.branches !== undefined && ref !== undefined && "branch" in ref ? String(ref.branch).split("/").at(-1) : "",
          environments.length > 1 ? environment : "",
        ].join(" "),
        "deploy",
      );
      const step = this.newStep(change, id, raw, line);
      step.action = "pipeline.run";
      step.with = {
        ...(found === undefined ? {} : { pipeline: found }),
        ...(ref === undefined ? {} : { ref }),
        ...(environment === undefined ? {} : { environment }),
        ...(stages.length === 0 ? {} : { stages }),
        ...(head?.mode === "destroy" ? { mode: "destroy" } : {}),
      };
      if (head?.mode === "destroy") step.irreversible = true;
      if (stacks.length > 0) step.targets = stacks;
      if (head !== undefined) step.notes.push(head.text);
      if (!known) this.ask(line, raw, `Which pipeline is ${found ?? "meant"}? The inventory does not know it.`, step);
      if (ref === undefined) this.ask(line, raw, "Which tag or branch? The page names none.", step);
      if (environment === undefined && this.branches === undefined && stages.length === 0) this.ask(line, raw, "In which environment? The page does not say.", step);
      if (/\bstacks?\b/i.test(head === undefined ? told.plain : around) && stacks.length === 0)
        this.ask(line, head?.text ?? raw, "Which stacks? The inventory does not say.", step);
      if (index > 0) step.needs.push(change.steps.at(-2)?.id ?? "");
      return step;
    });
    if (head?.mode !== "destroy") for (const step of steps.slice(0, 1)) this.afterDestroy(step, change, found);
    const [first] = steps;
    const times = told.times.length > 0 ? told.times : this.heldFor(block, first);
    if (first !== undefined && times.length > 0) this.time(first, times, line, raw);
    else if (first !== undefined && this.row?.time !== undefined) this.time(first, timesIn(this.row.time), line, `${this.row.time} ${raw}`);
    this.heed(steps, told, line);
    if (head !== undefined && first !== undefined) {
      head.settle(this.idOf(first));
      for (const aside of head.asides) this.aside(head.block, aside, steps, head.line);
      if (head.owner !== undefined) for (const step of steps) this.own(step, head.owner, line, head.text);
    }
    this.deployed = steps;
    this.entitle(change, raw);
    this.markAll(block, raw, "step", first);
  }

  /** What was destroyed above in the same change is put up again by what comes after it. */
  protected afterDestroy(step: DraftedStep, change: DraftedChange, pipeline: string | undefined): void {
    const destroyed = change.steps.find((other) => other.with["mode"] === "destroy" && other.with["pipeline"] === pipeline);
    if (destroyed !== undefined) step.needs.push(destroyed.id);
  }

  protected doneAbove(
    block: Block,
    raw: string,
    line: number,
    change: DraftedChange,
    pipeline: string | undefined,
    ref: object | undefined,
    environments: readonly string[],
  ): void {
    const earlier = this.steps.slice(-LOOK_BACK).filter(({ step }) => step.with["pipeline"] === pipeline && step.sameAs === undefined);
    const same = earlier.filter(
      ({ step }) =>
        (ref === undefined || JSON.stringify(step.with["ref"]) === JSON.stringify(ref)) &&
        (environments.length === 0 || step.with["environment"] === undefined || environments.includes(String(step.with["environment"]))),
    );
    const made = same.map(({ step }): DraftedStep => {
      const mine = this.newStep(change, slug((pipeline ?? "").replace(/_?infrastructure$/i, ""), "same"), raw, line);
      mine.sameAs = `\u0000${this.places.get(step) ?? ""}`;
      return mine;
    });
    if (made.length === 0) {
      const step = this.newStep(change, slug(pipeline ?? "", "same"), raw, line);
      step.action = "pipeline.run";
      step.with = {
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(ref === undefined ? {} : { ref }),
        ...(environments[0] === undefined ? {} : { environment: environments[0] }),
      };
      this.ask(line, raw, earlier.length > 0 ? `Which is right? Above, ${pipeline ?? "it"} runs at another tag or branch.` : "What does this? No line above does it.", step);
      made.push(step);
    }
    this.deployed = made;
    this.markAll(block, raw, "step", made[0]);
  }

  protected pipelineLike(text: string): string | undefined {
    const named = this.names.in(text, "pipeline")[0]?.name;
    if (named !== undefined) return named;
    const words = (text.match(/\b[A-Z][A-Za-z]{2,}\b/g) ?? []).map((word) => word.toLowerCase());
    const fitting = this.names.inventory.entries("pipeline").filter(({ name }) =>
      name
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .some((part) => part.length > 2 && part !== "infrastructure" && words.includes(part)),
    );
    return fitting.length === 1 ? fitting[0]?.name : undefined;
  }
}
