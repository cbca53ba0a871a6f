import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { Project } from "../config/pipeline.js";
import { sizeOf } from "../connectors/files/size.js";
import { redactionOf } from "../connectors/http/redaction.js";
import type { Observer } from "../model/observer.js";
import { causeText, type Problem, problem } from "../model/problem.js";
import { Counters } from "../observe/counters.js";
import { type Export, exportOf, exportSpans, secretsOf } from "../observe/export.js";
import { exposition } from "../observe/exposition.js";
import { Hub, type Listener } from "../observe/hub.js";
import { LogFile } from "../observe/log-file.js";
import { push } from "../observe/push.js";
import { Spans } from "../observe/spans.js";
import type { CommandContext, LogOptions } from "./io.js";
import { countersFile, knownCounters, metricFamilies } from "./metrics.js";
import { renderProblems } from "./render/problem.js";
import { lookAtAll } from "./standings.js";
import { programVersion } from "./version.js";
import { writeWhole } from "./whole-file.js";

/** How long a gateway or a collector may take to connect, and then to answer. */
const TIMEOUT_MS = 2_500;
const LOG_DEFAULTS = { level: "info", to: "stderr", max_size: "10MB", keep: 5, details: "counts" } as const;

const elapsedMs = (): number => performance.now();

interface Traced {
  readonly spans: Spans;
  readonly to: Export;
}

/** The listeners of one command, and where what they made goes when it is over. */
export class Observation {
  readonly isOnStderr: boolean;
  readonly observer: Observer;
  private readonly problems: Problem[] = [];

  private constructor(
    private readonly context: CommandContext,
    private readonly options: LogOptions,
    private readonly project: Project,
    private readonly counters: Counters | null,
    private readonly traced: Traced | null,
    private readonly log: { readonly listener: Listener; readonly file: LogFile | null } | null,
  ) {
    this.isOnStderr = log !== null && log.file === null;
    const clock = { now: context.now, elapsedMs };
    // Lines of the log bear the trace that the spans are of.
    const listeners = [traced?.spans, log?.listener, counters?.listener()].filter((each) => each !== undefined);
    const traceparent = traced?.to.settings.propagate === true ? traced.spans.traceparent : undefined;
    this.observer = new Hub(clock, listeners, (name, cause) => this.fail(name, causeText(cause)), traceparent);
  }

  /** `isRun`: what the command does changes what metrics say. */
  static async open(context: CommandContext, options: LogOptions, project: Project, isRun: boolean): Promise<Observation> {
    const problems: Problem[] = [...project.observing.problems];
    const { metrics, traces } = project.observing;
    const redaction = redactionOf([...project.secrets, ...secretsOf(context.env)]);
    const to = safely(problems, "traces", () => exportOf(traces, context.env));
    const most = to?.settings.most_spans ?? 0;
    const traced = to === null ? null : { spans: new Spans({ most, randomHex: (bytes) => randomBytes(bytes).toString("hex") }), to };
    const trace = traced?.spans.traceId ?? (() => null);
    const log = await openLog(context, options, project, (text) => redaction.cover(text), trace).catch((cause: unknown) => {
      problems.push(failure("log", causeText(cause)));
      return null;
    });
    const observation = new Observation(context, options, project, metrics === null || !isRun ? null : new Counters(), traced, log);
    observation.problems.push(...problems);
    return observation;
  }

  /** Writes the metrics and sends what is to be sent. Whatever goes wrong is a warning. */
  async end(): Promise<void> {
    await Promise.all([this.safely("metrics", () => this.giveMetrics()), this.safely("traces", () => this.giveSpans())]);
    await this.safely("log", async () => this.log?.file?.close());
    const { io } = this.context;
    if (this.problems.length > 0) io.err(renderProblems(this.problems, { color: this.options.color !== false && io.errIsTerminal }));
  }

  private async giveSpans(): Promise<void> {
    if (this.traced === null || this.traced.spans.ended.length === 0) return;
    const { spans, to } = this.traced;
    const resource = { version: programVersion(), environment: this.project.environment };
    const sleep = this.context.sleep ?? (async (ms: number): Promise<void> => void (await wait(ms)));
    const why = await exportSpans(spans.ended, to, resource, { timeoutMs: TIMEOUT_MS, sleep, elapsedMs });
    if (why !== null) this.fail("traces", why);
  }

  private async giveMetrics(): Promise<void> {
    const { context, project, counters } = this;
    const { metrics } = project.observing;
    if (metrics === null || counters === null) return;
    // Another command may have counted on while this one ran.
    counters.addFrom(countersFile(project));
    if (existsSync(project.store)) writeWhole(countersFile(project), "owner", (out) => out.write(counters.toText()));
    const text = await metricsText(context, project, counters);
    const { file } = metrics;
    if (file !== undefined) await this.safely("metrics", async () => writeWhole(file, "all", (out) => out.write(text)));
    if (metrics.push === undefined) return;
    const why = await push(metrics.push, { project: project.name, environment: project.environment }, text, TIMEOUT_MS);
    if (why !== null) this.fail("metrics", `the gateway did not take them: ${why}`);
  }

  private async safely(part: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.fail(part, causeText(cause));
    }
  }

  private fail(part: string, words: string): void {
    this.problems.push(failure(part, words));
  }
}

/** What `sync metrics` prints. */
export async function metricsText(context: CommandContext, project: Project, counters: Counters = knownCounters(project)): Promise<string> {
  return lookAtAll(context, project, (found) => exposition(metricFamilies({ ...found, project, counters })));
}

/** The library that writes the lines is loaded only here. */
async function openLog(
  context: CommandContext,
  { logLevel, logFile }: LogOptions,
  { observing: { log } }: Project,
  cover: (text: string) => string,
  trace: () => string | null,
): Promise<{ readonly listener: Listener; readonly file: LogFile | null } | null> {
  if (log === null && logLevel === undefined && logFile === undefined) return null;
  const { logListener } = await import("../observe/log.js");
  const { level, to, max_size, keep, details } = log ?? LOG_DEFAULTS;
  const path = logFile === undefined ? to : resolve(context.cwd, logFile);
  const file = path === "stderr" ? null : new LogFile(path, sizeOf(max_size) ?? 0, keep);
  const write = file === null ? context.io.err : (line: string) => file.write(line);
  return { listener: logListener({ level: logLevel ?? level, details, write, cover, trace }), file };
}

function safely<T>(problems: Problem[], part: string, work: () => T): T | null {
  try {
    return work();
  } catch (cause) {
    problems.push(failure(part, causeText(cause)));
    return null;
  }
}

function failure(part: string, words: string): Problem {
  return problem("OBSERVE_FAILED", `${part}: ${words}`, [], "the run is what it was");
}
