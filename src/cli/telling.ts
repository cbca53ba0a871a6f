import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Pipeline, Project } from "../config/pipeline.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import type { RunResult } from "../model/run.js";
import type { Facts, Sum } from "../notify/facts.js";
import type { TellContext } from "../notify/tell.js";
import type { Store } from "../store/store.js";
import type { CommandContext, CommonOptions } from "./io.js";
import type { Money } from "./limbo.js";
import type { Observing } from "./observing.js";
import { renderProblems } from "./render/problem.js";
import { openStore, readableProject } from "./session.js";

/** How long a channel may take to connect, and then to answer. */
const TIMEOUT_MS = 10_000;
/** Documents whose amounts are added up; more of them waiting is another trouble than an amount. */
const MOST_BUILT = 5_000;

/**
 * Collects what the runs of one command come to, and tells the channels of `notify` when all of them are over and their leases given back: one message to
 * each, however many pipelines there are. Nothing of it ever changes an exit code or hides an error. Its code is loaded where there are channels.
 */
export class Telling {
  private readonly facts = new Map<string, Facts>();
  private project: Project | null = null;

  /** `scope`: the pipeline that the command line names; empty when it names none, or all. */
  constructor(
    private readonly context: CommandContext,
    private readonly options: CommonOptions,
    private readonly scope: string,
    readonly observing: Observing,
  ) {}

  /** Tells what comes of this work after it, also that it could not be done at all. */
  async around(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (cause) {
      await this.safely(() => this.keepCause(cause));
      throw cause;
    } finally {
      await this.finish();
    }
  }

  /** Tells what was noted. */
  finish(): Promise<void> {
    return this.safely(() => this.send());
  }

  /** The project could be read. */
  use(project: Project): void {
    this.project = project;
  }

  /** What the command line names could be read; or, with problems, only a part of it. A pipeline that it names tells with its run. */
  noteStart(problems: readonly Problem[] = []): Promise<void> {
    if (problems.length > 0) return this.noteStop(this.scope, problems);
    return this.safely(async () => {
      if (this.channels.length === 0 || this.scope !== "") return;
      const { factsOfStart } = await import("../notify/facts.js");
      this.keep(factsOfStart(this.scope));
    });
  }

  /** `plan`: the file that waits for approval, where there is one. Call it before the store is closed. */
  noteRun(store: Store, pipeline: Pipeline, result: RunResult, plan: string | null): Promise<void> {
    return this.safely(async () => {
      if (this.channels.length === 0) return;
      const { factsOfRun } = await import("../notify/facts.js");
      const facts = factsOfRun(store, result, {
        ...(await moneyOf(store, pipeline)),
        personalKeys: pipeline.personal.keys,
        plan: plan === null || this.project === null ? null : relative(this.project.folder, plan),
      });
      if (facts !== null) this.keep(facts);
    });
  }

  /** No run came about. */
  noteStop(scope: string, problems: readonly Problem[]): Promise<void> {
    return this.safely(() => this.keepStop(scope, problems));
  }

  private async keepCause(cause: unknown): Promise<void> {
    if (cause instanceof ProblemError) return this.keepStop(this.scope, cause.problems);
    const { BUG, factsOfStop } = await import("../notify/facts.js");
    this.keep(factsOfStop(this.scope, [BUG]));
  }

  /** Whoever sits at a terminal sees it, and others need not be told about a slip of the keyboard. */
  private async keepStop(scope: string, problems: readonly Problem[]): Promise<void> {
    const { factsOfStop, isToldElsewhere } = await import("../notify/facts.js");
    if (this.context.io.errIsTerminal || isToldElsewhere(problems)) return;
    const codes = problems.map(({ code }) => code);
    this.keep(factsOfStop(scope, codes));
  }

  private get channels() {
    return this.project?.notify.channels ?? [];
  }

  private keep(facts: Facts): void {
    this.facts.set(facts.scope, facts);
  }

  private async send(): Promise<void> {
    // What is wrong elsewhere in sync.yaml does not keep people from being told about it.
    if (this.project === null && this.facts.size > 0) this.project = await readableProject(this.context, this.options);
    const { project } = this;
    if (project === null) return;
    this.warn(project.notify.problems);
    if (project.notify.channels.length === 0 || this.facts.size === 0) return;
    const { tell } = await import("../notify/tell.js");
    const store = this.store(project);
    try {
      this.warn(
        await tell(project.notify.channels, [...this.facts.values()], store, {
          ...tellContext(this.context, project),
          observer: this.observing.observer,
        }),
      );
    } finally {
      store?.close();
    }
  }

  /** Null where it cannot be opened, which is then what people are told about. */
  private store(project: Project): Store | null {
    try {
      return openStore(this.context, project, true);
    } catch (cause) {
      if (cause instanceof ProblemError) return null;
      throw cause;
    }
  }

  private async safely(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const words =
        cause instanceof ProblemError ? cause.message : cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      this.warn([problem("NOTIFY_FAILED", `nobody could be told: ${words}`, [], "the run is what it was")]);
    }
  }

  private warn(problems: readonly Problem[]): void {
    const { io } = this.context;
    if (problems.length > 0) io.err(renderProblems(problems, { color: this.options.color !== false && io.errIsTerminal }));
  }
}

/** The same money that `sync status` shows. */
async function moneyOf(store: Store, pipeline: Pipeline): Promise<{ readonly waitingMoney: Sum; readonly inDoubtMoney: Sum }> {
  const { listedMoney, Valuer } = await import("./limbo.js");
  const id = store.pipelineId(pipeline.name);
  const { waiting, inDoubt } = listedMoney(store, id, new Valuer(store, id, pipeline), store.quarantine.list(id), MOST_BUILT);
  const sumOf = (money: Money): Sum => ({
    byCurrency: new Map(money.byCurrency().map(({ currency, amountMinor }) => [currency, amountMinor])),
    unknown: money.unknown + money.unbuilt,
  });
  return { waitingMoney: sumOf(waiting), inDoubtMoney: sumOf(inDoubt) };
}

export function tellContext(context: CommandContext, project: Project): TellContext {
  return {
    origin: { project: project.name, environment: project.environment },
    secrets: project.secrets,
    now: context.now,
    sleep: async (ms) => void (await wait(ms)),
    randomWord: () => randomBytes(16).toString("hex"),
    actor: context.actor,
    timeoutMs: TIMEOUT_MS,
  };
}
