import { BUG, type Happening } from "../model/observer.js";
import type { Listener, Told } from "./hub.js";

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A part of a run that took time. Times are in milliseconds since 1970, with fractions. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly isClient: boolean;
  readonly startMs: number;
  endMs: number;
  attributes: Attributes;
  /** What failed; null where nothing did. */
  failed: string | null;
}

interface SpanOptions {
  /** Spans of one run; what comes after has none. */
  readonly most: number;
  /** So many random bytes, as lower-case hex. */
  readonly randomHex: (bytes: number) => string;
}

/** One run under way. */
interface Trace {
  readonly root: Span;
  /** The clock of the wall at the moment from which the other one counts. */
  readonly originMs: number;
  readonly open: Map<string, Span>;
  /** Where the next unit begins. */
  unitFromMs: number;
  spans: number;
  leftOut: number;
  /** The last exchange with a target that has no span. */
  bare: number | null;
}

/**
 * Makes spans of what happens: a run, its stages, in them the units read and the calls of the target, in those the exchanges over HTTP. A call is one
 * span however many documents it carries, and of one run only so many are kept, because a run may have a million documents.
 */
export class Spans implements Listener {
  readonly name = "traces";
  /** What is over, in the order of its end. */
  readonly ended: Span[] = [];
  private trace: Trace | null = null;
  private shown: string | null = null;
  private stages: Span[] = [];

  constructor(private readonly options: SpanOptions) {}

  /** Of the run that is under way, or ends with what is told now. */
  readonly traceId = (): string | null => this.shown;

  /** `traceparent` (https://www.w3.org/TR/trace-context/) for an exchange with a target. */
  readonly traceparent = (exchange: number): string | undefined => {
    const { trace } = this;
    if (trace === null) return undefined;
    const span = trace.open.get(`exchange ${exchange}`);
    // Where there is no span for it the run is the parent, so that what the target does still belongs to it.
    const isOfTarget = span === undefined ? trace.bare === exchange : span.attributes["sync.of_target"] === true;
    return isOfTarget ? `00-${trace.root.traceId}-${(span ?? trace.root).spanId}-01` : undefined;
  };

  readonly hear = (told: Told): void => {
    const { happening } = told;
    if (happening.kind === "run started") this.begin(told, happening);
    const { trace } = this;
    this.shown = trace?.root.traceId ?? null;
    if (trace !== null) this.follow(trace, told);
    if (happening.kind === "run ended") this.trace = null;
  };

  private begin({ at, elapsedMs }: Told, { pipeline, run, does, full }: Extract<Happening, { kind: "run started" }>): void {
    const originMs = at.getTime() - elapsedMs;
    const attributes = { "sync.pipeline": pipeline, "sync.run": run, "sync.does": does, "sync.full": full };
    const root = this.span({
      traceId: this.options.randomHex(16),
      parentId: null,
      name: `${does} ${pipeline}`,
      startMs: at.getTime(),
      attributes,
    });
    this.trace = { root, originMs, open: new Map(), unitFromMs: root.startMs, spans: 1, leftOut: 0, bare: null };
    this.stages = [];
  }

  private follow(trace: Trace, { happening, elapsedMs }: Told): void {
    const timeMs = trace.originMs + elapsedMs;
    const inside = this.stages.at(-1) ?? trace.root;
    switch (happening.kind) {
      case "run ended": {
        const { status, counts, problems } = happening;
        for (const span of [...trace.open.values(), ...this.stages.reverse()]) this.end(span, timeMs, {}, "broken off");
        const isBad = status === "failed" || status === "threshold";
        this.end(
          trace.root,
          timeMs,
          {
            "sync.status": status,
            ...numbered("sync.counts", counts ?? {}),
            ...(problems.length === 0 ? {} : { "sync.problems": [...new Set(problems)] }),
            ...(trace.leftOut === 0 ? {} : { "sync.spans_left_out": trace.leftOut }),
          },
          isBad ? (problems[0] ?? BUG) : null,
        );
        return;
      }
      case "stage started":
        this.stages.push(this.child(trace, inside, happening.stage, timeMs, { "sync.stage": happening.stage }));
        trace.unitFromMs = timeMs;
        return;
      case "stage ended": {
        const stage = this.stages.pop();
        if (stage !== undefined) this.end(stage, timeMs, numbered("sync.counts", happening.counts), happening.failed);
        return;
      }
      case "unit read":
      case "unit abandoned": {
        const from = trace.unitFromMs;
        trace.unitFromMs = timeMs;
        if (!this.hasRoom(trace)) return;
        const attributes = happening.kind === "unit read" ? { "sync.records": happening.records } : {};
        this.end(this.child(trace, inside, "unit", from, attributes), timeMs, {}, happening.kind === "unit read" ? null : happening.code);
        return;
      }
      case "call started": {
        if (!this.hasRoom(trace)) return;
        const { call, operation, documents } = happening;
        const attributes = { "sync.operation": operation, "sync.documents": documents };
        trace.open.set(`call ${call}`, this.child(trace, inside, operation, timeMs, attributes));
        return;
      }
      case "call ended":
        this.close(trace, `call ${happening.call}`, timeMs, numbered("sync.outcomes", happening.outcomes), happening.failed);
        return;
      case "exchange started": {
        const { exchange, call, method, host, name, attempt } = happening;
        if (!this.hasRoom(trace)) {
          trace.bare = call === null ? null : exchange;
          return;
        }
        const url = new URL(`http://${host}`);
        const parent = call === null ? inside : (trace.open.get(`call ${call}`) ?? inside);
        const span = this.child(trace, parent, method, timeMs, {
          "http.request.method": method,
          "server.address": url.hostname,
          ...(url.port === "" ? {} : { "server.port": Number(url.port) }),
          ...(attempt === 1 ? {} : { "http.request.resend_count": attempt - 1 }),
          "sync.asks": name,
          "sync.of_target": call !== null,
        });
        trace.open.set(`exchange ${exchange}`, { ...span, isClient: true });
        return;
      }
      case "exchange ended": {
        const { answer } = happening;
        const isBad = typeof answer === "string" || answer >= 400;
        const status = typeof answer === "number" ? { "http.response.status_code": answer } : {};
        this.close(trace, `exchange ${happening.exchange}`, timeMs, status, isBad ? String(answer) : null);
        return;
      }
      default:
        return;
    }
  }

  private hasRoom(trace: Trace): boolean {
    if (trace.spans < this.options.most) return true;
    trace.leftOut += 1;
    return false;
  }

  private child(trace: Trace, parent: Span, name: string, startMs: number, attributes: Attributes): Span {
    trace.spans += 1;
    return this.span({ traceId: trace.root.traceId, parentId: parent.spanId, name, startMs, attributes });
  }

  private span(given: Pick<Span, "traceId" | "parentId" | "name" | "startMs" | "attributes">): Span {
    return { ...given, spanId: this.options.randomHex(8), isClient: false, endMs: given.startMs, failed: null };
  }

  private close(trace: Trace, key: string, timeMs: number, attributes: Attributes, failed: string | null): void {
    const span = trace.open.get(key);
    if (span === undefined) return;
    trace.open.delete(key);
    this.end(span, timeMs, attributes, failed);
  }

  private end(span: Span, timeMs: number, attributes: Attributes, failed: string | null): void {
    span.endMs = Math.max(span.startMs, timeMs);
    span.attributes = { ...span.attributes, ...attributes, ...(failed === null ? {} : { "error.type": failed }) };
    span.failed = failed;
    this.ended.push(span);
  }
}

function numbered(prefix: string, counts: object): Record<string, number> {
  return Object.fromEntries(Object.entries(counts as Record<string, number>).map(([name, n]) => [`${prefix}.${name}`, n]));
}
