import type { Project } from "../config/pipeline.js";
import type { Observer } from "../model/observer.js";
import { ProblemError } from "../model/problem.js";
import type { CommandContext, LogOptions } from "./io.js";
import type { Observation } from "./observation.js";

/**
 * Has logs, metrics and traces made of what one command does, as the project and the command line say. Nothing of it ever changes an exit code or
 * hides an error. Its code is loaded where something is asked for.
 */
export class Observing {
  private observation: Observation | null = null;

  /** `isRun`: what the command does changes what metrics say. */
  constructor(
    private readonly context: CommandContext,
    private readonly options: LogOptions,
    private readonly isRun = true,
  ) {}

  /** Told what happens; undefined where nobody listens. */
  get observer(): Observer | undefined {
    return this.observation?.observer;
  }

  /** Lines of a log go to standard error, where no line must be rewritten then. */
  get isOnStderr(): boolean {
    return this.observation?.isOnStderr === true;
  }

  /** Writes and sends when the work is over, also where it failed. */
  async around(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (cause) {
      const problems = cause instanceof ProblemError ? cause.problems.map(({ code }) => code) : (["BUG"] as const);
      this.observer?.tell({ kind: "stopped", pipeline: null, problems });
      throw cause;
    } finally {
      await this.observation?.end();
    }
  }

  /** The project could be read. */
  async use(project: Project): Promise<void> {
    if (!isAsked(project, this.options, this.context.env)) return;
    const { Observation } = await import("./observation.js");
    this.observation = await Observation.open(this.context, this.options, project, this.isRun);
  }
}

function isAsked({ observing }: Project, { logLevel, logFile }: LogOptions, env: CommandContext["env"]): boolean {
  const { log, metrics, traces, problems } = observing;
  const isNamed = (name: string): boolean => (env[name] ?? "") !== "";
  return (
    [log, metrics, traces].some((each) => each !== null) ||
    problems.length > 0 ||
    logLevel !== undefined ||
    logFile !== undefined ||
    isNamed("OTEL_EXPORTER_OTLP_ENDPOINT") ||
    isNamed("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
  );
}
