import { expect } from "vitest";

type Value = Readonly<Record<string, unknown>>;

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/**
 * Checks a request that exports traces against opentelemetry/proto/trace/v1/trace.proto and the rules of OTLP for JSON: members in lowerCamelCase and no
 * others, ids as hexadecimal, 64-bit integers as decimal text, enumerations as numbers, each value of one kind.
 */
export function checkOtlp(body: string): void {
  const request = JSON.parse(body) as { resourceSpans: readonly Value[] };
  only(request, "resourceSpans");
  for (const each of request.resourceSpans) {
    only(each, "resource", "scopeSpans");
    const { resource, scopeSpans } = each as { resource: { attributes: OtlpSpan["attributes"] }; scopeSpans: readonly Value[] };
    only(resource, "attributes");
    checkAttributes(resource.attributes);
    expect(resource.attributes.map(({ key }) => key)).toContain("service.name");
    for (const scoped of scopeSpans) {
      only(scoped, "scope", "spans");
      only(scoped["scope"] as Value, "name", "version");
    }
  }
  const ids = new Set<string>();
  for (const span of spansIn(body)) {
    only(span, "traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "status");
    expect(span.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    expect(span.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
    expect(span.parentSpanId ?? "1".repeat(16)).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
    expect(ids.has(span.spanId)).toBe(false);
    ids.add(span.spanId);
    expect(span.name).not.toBe("");
    expect([1, 2, 3, 4, 5]).toContain(span.kind);
    expect(span.startTimeUnixNano).toMatch(/^\d{19}$/);
    expect(span.endTimeUnixNano).toMatch(/^\d{19}$/);
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    only(span.status, "code", "message");
    expect([undefined, 0, 1, 2]).toContain(span.status.code);
    checkAttributes(span.attributes);
  }
}

export function spansIn(body: string): OtlpSpan[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function checkAttributes(attributes: OtlpSpan["attributes"]): void {
  const keys = attributes.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const attribute of attributes) {
    only(attribute, "key", "value");
    checkValue(attribute.value);
  }
}

function checkValue(value: Value): void {
  const [[kind, held] = ["", undefined], ...more] = Object.entries(value);
  expect(more).toEqual([]);
  if (kind === "stringValue") expect(typeof held).toBe("string");
  else if (kind === "boolValue") expect(typeof held).toBe("boolean");
  else if (kind === "intValue") expect(held).toMatch(/^-?\d+$/);
  else if (kind === "doubleValue") expect(typeof held).toBe("number");
  else if (kind === "arrayValue") for (const each of (held as { values: readonly Value[] }).values) checkValue(each);
  else throw new Error(`no kind of value: ${kind}`);
}

function only(value: object, ...members: readonly string[]): void {
  expect(Object.keys(value).filter((member) => !members.includes(member))).toEqual([]);
}
