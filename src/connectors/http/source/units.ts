import { type Problem, ProblemError, problem } from "../../../model/problem.js";
import type { ReadRequest, SourceEvent } from "../../contract.js";
import type { Ignored } from "../../files/options.js";
import { PageFault } from "./fault.js";
import { type Item, Records } from "./records.js";
import type { Span, Spans } from "./spans.js";

/** How often a unit is begun anew whose list moved while it was read. */
const MOST_READINGS = 3;

export interface UnitsOptions {
  /** The names of units begin with it. */
  readonly name: string;
  /** What problems call the question for the items. */
  readonly question: string;
  readonly spans: Spans;
  readonly ignored: Ignored;
  /** The items of one span, in order. Throws PageFault when they cannot be had. */
  readonly items: (span: Span) => AsyncIterable<readonly Item[]>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Reads span after span; each is a unit, taken whole or not at all. */
export class Units {
  constructor(private readonly options: UnitsOptions) {}

  /** True when everything was read; false when nothing more can be read in order, or nothing more is wanted. */
  async *read(request: ReadRequest): AsyncGenerator<SourceEvent, boolean> {
    const { spans: cut, now, signal, name } = this.options;
    const spans = [...cut.all(request.since, now())];
    const progress = new Progress(spans);
    for (let span = spans.shift(); span !== undefined; span = spans.shift()) {
      if (signal.aborted) return false;
      const ended = yield* this.readUnit(span, `${name}${span.name}`, request, progress);
      if (ended === "stop") return false;
      if (ended !== "done") spans.unshift(...ended);
    }
    return true;
  }

  /** One span, whole; or the halves it must be read in. `stop`: nothing more can be read in order. */
  private async *readUnit(
    span: Span,
    unit: string,
    request: ReadRequest,
    progress: Progress,
  ): AsyncGenerator<SourceEvent, readonly Span[] | "done" | "stop"> {
    const { ignored, signal, items: itemsOf, spans } = this.options;
    for (let readings = 1; ; readings += 1) {
      const records = new Records(request.columns, ignored, unit);
      const { delivery } = records;
      try {
        for await (const items of itemsOf(span)) {
          for (const item of items) records.add(item);
          for (const rows of delivery.take(false)) {
            yield { kind: "records", unit, ...rows, ...progress.at(span) };
            if (signal.aborted) return "stop";
          }
          if (signal.aborted) return "stop";
        }
        const missing = records.end();
        if (missing !== null) throw new ProblemError(missing);
        const fingerprint = delivery.fingerprint();
        if (delivery.isWhole && request.wasRead(unit, fingerprint)) {
          yield { kind: "known", unit };
          return "done";
        }
        for (const rows of delivery.take(true)) {
          yield { kind: "records", unit, ...rows, ...progress.at(span) };
          if (signal.aborted) return "stop";
        }
        yield { kind: "complete", unit, fingerprint, ...(records.leftOut === 0 ? {} : { leftOut: records.leftOut }) };
        return "done";
      } catch (error) {
        // What was passed on cannot be taken back.
        if (error instanceof PageFault && delivery.isWhole) {
          if (error.kind === "moved" && readings < MOST_READINGS) continue;
          const halves = error.kind === "too much" ? spans.halves(span) : null;
          if (halves !== null) return halves;
        }
        yield { kind: "abandoned", unit, problem: problemOf(error, unit, this.options.question) };
        return "stop";
      }
    }
  }
}

/** Why a unit cannot be taken; any other error is thrown on. `question`: what problems call the question for its items. */
export function problemOf(error: unknown, unit: string, question: string): Problem {
  if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
  if (!(error instanceof PageFault)) throw error;
  return problem(error.code, `${error.call ?? question}: ${error.message}`, { file: unit }, error.hint);
}

/** How much of the time that is read lies before a span, in seconds. Where there are no times, nothing is known of it. */
class Progress {
  private readonly start: number | null;
  private readonly total: number;

  constructor(spans: readonly Span[]) {
    this.start = spans[0]?.reach?.from ?? null;
    this.total = Math.ceil(((spans.at(-1)?.reach?.to ?? 0) - (this.start ?? 0)) / 1000);
  }

  at({ reach }: Span): { readonly progress?: { readonly done: number; readonly total: number } } {
    if (this.start === null || reach === null) return {};
    const done = Math.max(0, Math.floor((reach.from - this.start) / 1000));
    return { progress: { done, total: this.total } };
  }
}
