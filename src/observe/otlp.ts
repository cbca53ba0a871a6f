import type { Attributes, Span } from "./spans.js";

/** What the spans are of. */
export interface Resource {
  readonly service: string;
  readonly version: string;
  readonly environment: string | null;
}

const INTERNAL = 1;
const CLIENT = 3;
const ERROR = 2;

/**
 * The body of a request that exports traces, as OTLP 1 has it in JSON: ids as hexadecimal, 64-bit integers as text, enumerations as numbers
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Written here because the exporter of the OpenTelemetry SDK for this version of
 * Node weighs 28 MB, takes a third of a second to load, and knows nothing of proxies and certificates of a project.
 */
export function otlpBody(spans: readonly Span[], { service, version, environment }: Resource): string {
  const attributes = {
    "service.name": service,
    "service.version": version,
    ...(environment === null ? {} : { "deployment.environment.name": environment }),
  };
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(attributes) },
        scopeSpans: [{ scope: { name: "erp-sync", version }, spans: spans.map(spanOf) }],
      },
    ],
  });
}

function spanOf({ traceId, spanId, parentId, name, isClient, startMs, endMs, attributes, failed }: Span): object {
  return {
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    name,
    kind: isClient ? CLIENT : INTERNAL,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributesOf(attributes),
    // What went well is left unset: that is for whoever reads to judge.
    status: failed === null ? {} : { code: ERROR, message: failed },
  };
}

/** A number of nanoseconds since 1970 is more than a binary float holds. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000)));
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Attributes[string]): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } };
}

/** How many spans the other side says that it did not take; 0 where it says nothing of the kind. */
export function rejectedSpans(body: string): number {
  try {
    const { partialSuccess } = JSON.parse(body) as { partialSuccess?: { rejectedSpans?: unknown } };
    const n = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isSafeInteger(n) && n > 0 ? n : 0;
  } catch {
    return 0;
  }
}
