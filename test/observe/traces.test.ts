import { afterEach, describe, expect, test } from "vitest";
import { ProblemError } from "../../src/model/problem.js";
import { exportOf, exportSpans, secretsOf } from "../../src/observe/export.js";
import { Spans } from "../../src/observe/spans.js";
import { type Served, serve } from "../connectors/http-setup.js";
import { checkOtlp, type OtlpSpan, spansIn } from "./otlp-shape.js";
import { BEGUN, counts, ended, exchange, STARTED, Stream } from "./stream.js";

function spans(most = 2_000): Spans {
  let n = 0;
  return new Spans({
    most,
    randomHex: (bytes) => {
      n += 1;
      return n.toString(16).padStart(bytes * 2, "0");
    },
  });
}

/** A run that reads two files and posts in two calls at once. */
function aNight(listener: Spans): void {
  new Stream([listener]).tell(
    STARTED,
    { kind: "stage started", stage: "read" },
    100,
    { kind: "unit read", unit: "a.csv", records: 3 },
    50,
    { kind: "unit abandoned", unit: "b.csv", code: "SOURCE_FILE_CHANGED" },
    { kind: "stage ended", stage: "read", counts: { records: 3 }, failed: null },
    { kind: "stage started", stage: "post" },
    { kind: "call started", call: 1, operation: "post", documents: 2 },
    { kind: "call started", call: 2, operation: "post", documents: 1 },
    exchange(3, 2),
    exchange(4, 1, { attempt: 2 }),
    20,
    { kind: "exchange ended", exchange: 4, answer: 201 },
    { kind: "call ended", call: 1, outcomes: { created: 2 }, failed: null },
    0.5,
    { kind: "exchange ended", exchange: 3, answer: 503 },
    { kind: "call ended", call: 2, outcomes: { unconfirmed: 1 }, failed: null },
    { kind: "stage ended", stage: "post", counts: {}, failed: "TARGET_UNAVAILABLE" },
    ended({ status: "failed", counts: counts({ posted: 2 }), problems: ["TARGET_UNAVAILABLE"] }),
  );
}

describe("spans", () => {
  test("a run has its stages, they have units and calls, and a call has its own exchanges, also where several are at once", () => {
    const made = spans();
    aNight(made);
    const byId = new Map(made.ended.map((span) => [span.spanId, span]));
    const shown = made.ended.map(({ name, parentId, attributes, failed, startMs, endMs }) => [
      name,
      parentId === null ? null : byId.get(parentId)?.name,
      (parentId === null ? undefined : byId.get(parentId)?.attributes["sync.documents"]) ?? attributes["sync.records"] ?? null,
      failed,
      startMs - BEGUN,
      endMs - BEGUN,
    ]);
    expect(shown).toEqual([
      ["unit", "read", 3, null, 0, 100],
      ["unit", "read", null, "SOURCE_FILE_CHANGED", 100, 150],
      ["read", "run claims", null, null, 0, 150],
      ["POST", "post", 2, null, 150, 170],
      ["post", "post", null, null, 150, 170],
      ["POST", "post", 1, "503", 150, 170.5],
      ["post", "post", null, null, 150, 170.5],
      ["post", "run claims", null, "TARGET_UNAVAILABLE", 150, 170.5],
      ["run claims", null, null, "TARGET_UNAVAILABLE", 0, 170.5],
    ]);
    expect(new Set(made.ended.map(({ traceId }) => traceId)).size).toBe(1);
    expect(made.ended.at(-1)?.attributes).toMatchObject({
      "sync.pipeline": "claims",
      "sync.run": 7,
      "sync.status": "failed",
      "sync.counts.posted": 2,
      "sync.problems": ["TARGET_UNAVAILABLE"],
      "error.type": "TARGET_UNAVAILABLE",
    });
    expect(made.ended[3]?.attributes).toMatchObject({
      "http.request.method": "POST",
      "http.response.status_code": 201,
      "http.request.resend_count": 1,
      "server.address": "erp.example.com",
      "server.port": 8443,
    });
  });

  test("a run with a million calls has as many spans as it may, and says how many are left out", () => {
    const made = spans(10);
    const stream = new Stream([made]).tell(STARTED, { kind: "stage started", stage: "post" });
    for (let call = 1; call <= 2_000; call += 1)
      stream.tell(
        { kind: "call started", call, operation: "post", documents: 1 },
        { kind: "call ended", call, outcomes: {}, failed: null },
      );
    stream.tell({ kind: "stage ended", stage: "post", counts: {}, failed: null }, ended());
    expect(made.ended).toHaveLength(10);
    expect(made.ended.at(-1)).toMatchObject({ name: "run claims", attributes: { "sync.spans_left_out": 1_992 } });
  });

  test("what a run leaves open when it breaks off is ended with it", () => {
    const made = spans();
    new Stream([made]).tell(
      STARTED,
      { kind: "stage started", stage: "read" },
      exchange(1, null),
      5,
      ended({ status: "failed", counts: null }),
    );
    expect(made.ended.map(({ name, failed, endMs }) => [name, failed, endMs - BEGUN])).toEqual([
      ["POST", "broken off", 5],
      ["read", "broken off", 5],
      ["run claims", "BUG", 5],
    ]);
  });

  test("each run is a trace of its own, and only what goes to a target bears it", () => {
    const made = spans();
    const stream = new Stream([made]).tell(STARTED, exchange(1, null), exchange(2, 9));
    expect(made.traceparent(1)).toBeUndefined();
    expect(made.traceparent(2)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const first = made.traceId();
    stream.tell(ended());
    expect(made.traceId()).toBe(first);
    stream.tell({ kind: "people told", channel: "group", events: ["failed"], delivered: true });
    expect(made.traceId()).toBeNull();
    stream.tell(STARTED);
    expect(made.traceId()).not.toBe(first);
  });
});

test("beyond the most, what goes to a target bears the span of the run", () => {
  const made = spans(1);
  new Stream([made]).tell(STARTED, exchange(1, null));
  expect(made.traceparent(1)).toBeUndefined();
  new Stream([made]).tell(STARTED, exchange(2, 9));
  const bears = made.traceparent(2);
  new Stream([made]).tell({ kind: "exchange ended", exchange: 2, answer: 200 });
  expect(made.ended).toEqual([]);
  expect(bears).toMatch(new RegExp(`^00-${made.traceId()}-[0-9a-f]{16}-01$`));
});

describe("sending them", () => {
  const waits: number[] = [];
  afterEach(() => void waits.splice(0));
  let clock = 0;
  const how = { timeoutMs: 2_000, sleep: async (ms: number) => void waits.push(ms), elapsedMs: () => clock };
  const resource = { version: "0.1.0", environment: "uat" };
  const to = (server: Served, headers = {}) => {
    const found = exportOf({ endpoint: `${server.url}/v1/traces`, headers, propagate: false, most_spans: 10, insecure: false }, {});
    if (found === null) throw new Error("nothing is exported");
    return found;
  };

  test("the body is OTLP in JSON", async () => {
    const server = await serve(() => ({ body: {} }));
    const made = spans();
    aNight(made);
    expect(await exportSpans(made.ended, to(server, { Authorization: "Bearer t" }), resource, how)).toBeNull();
    const [{ method, url, headers, body } = { method: "", url: "", headers: {}, body: "" }] = server.received;
    expect([method, url, headers["content-type"], headers["authorization"]]).toEqual([
      "POST",
      "/v1/traces",
      "application/json",
      "Bearer t",
    ]);
    checkOtlp(body);
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: { resource: unknown; scopeSpans: { scope: unknown }[] }[] };
    expect(resourceSpans[0]?.resource).toEqual({
      attributes: [
        { key: "service.name", value: { stringValue: "sync" } },
        { key: "service.version", value: { stringValue: "0.1.0" } },
        { key: "deployment.environment.name", value: { stringValue: "uat" } },
      ],
    });
    expect(spansIn(body)).toHaveLength(9);
    const root = spansIn(body).find(({ parentSpanId }) => parentSpanId === undefined) as OtlpSpan;
    expect(root).toMatchObject({
      name: "run claims",
      kind: 1,
      startTimeUnixNano: "1795197600000000000",
      endTimeUnixNano: "1795197600170500000",
      status: { code: 2, message: "TARGET_UNAVAILABLE" },
    });
    expect(root.attributes).toContainEqual({ key: "sync.run", value: { intValue: "7" } });
    expect(root.attributes).toContainEqual({ key: "sync.full", value: { boolValue: false } });
    expect(root.attributes).toContainEqual({
      key: "sync.problems",
      value: { arrayValue: { values: [{ stringValue: "TARGET_UNAVAILABLE" }] } },
    });
  });

  test("many go in several requests; one that was not taken is sent once more", async () => {
    let answers = 0;
    const server = await serve(() => {
      answers += 1;
      return answers === 1 ? { status: 503 } : { body: { partialSuccess: { rejectedSpans: "3", errorMessage: "too old" } } };
    });
    const made = spans(1_200);
    const stream = new Stream([made]).tell(STARTED);
    for (let n = 0; n < 1_100; n += 1) stream.tell({ kind: "unit read", unit: "x", records: 1 });
    stream.tell(ended());
    expect(await exportSpans(made.ended, to(server), resource, how)).toBe("9 of 1101 spans were not taken");
    expect(server.received.map(({ body }) => spansIn(body).length)).toEqual([500, 500, 500, 101]);
    expect(waits).toEqual([1_000]);
  });

  test("a collector that takes a minute for each request is not waited for", async () => {
    const server = await serve(() => {
      clock += 60_000;
      return { body: {} };
    });
    const made = spans(1_200);
    const stream = new Stream([made]).tell(STARTED);
    for (let n = 0; n < 1_100; n += 1) stream.tell({ kind: "unit read", unit: "x", records: 1 });
    stream.tell(ended());
    expect(await exportSpans(made.ended, to(server), resource, how)).toBe("601 of 1101 spans were not sent: the collector is too slow");
  });

  test("an endpoint that refuses, is broken, or is not there is told in words that hold nothing of the answer", async () => {
    const made = spans();
    aNight(made);
    for (const [status, said] of [
      [400, "HTTP 400"],
      [302, "HTTP 302"],
      [503, "HTTP 503"],
    ] as const) {
      const server = await serve(({ headers }) => ({
        status,
        body: JSON.stringify(headers),
        headers: { location: "http://127.0.0.1:9/" },
      }));
      expect(await exportSpans(made.ended, to(server, { "x-key": "k" }), resource, how)).toBe(said);
    }
    const nowhere = { url: "http://127.0.0.1:9", received: [] };
    expect(await exportSpans(made.ended, to(nowhere), resource, how)).toMatch(/refused/);
  });
});

describe("where they go", () => {
  const url = (traces: Parameters<typeof exportOf>[0], env: Record<string, string>) => exportOf(traces, env)?.url.href ?? null;
  const own = { propagate: false, most_spans: 10, insecure: false };

  test("the project counts more than the environment, and a variable for traces more than the common one", () => {
    const common = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.example.com/base/" };
    const traces = { ...common, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example.com/here" };
    expect(url(null, {})).toBeNull();
    expect(url(own, {})).toBeNull();
    expect(url(null, common)).toBe("https://otel.example.com/base/v1/traces");
    expect(url(null, traces)).toBe("https://traces.example.com/here");
    expect(url({ ...own, endpoint: "https://mine.example.com/t" }, traces)).toBe("https://mine.example.com/t");
    expect(url({ ...own, endpoint: "https://mine.example.com/t" }, { OTEL_SDK_DISABLED: "TRUE" })).toBeNull();
    expect(url(null, { OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toBeNull();
  });

  test("headers and the name of the service", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.example.com",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b, x = y=z ,,broken",
      OTEL_SERVICE_NAME: "night",
    };
    expect(exportOf(null, env)).toMatchObject({ headers: { "api-key": "a b", x: "y=z" }, service: "night" });
    expect(secretsOf(env)).toEqual(["a b", "y=z"]);
    expect(exportOf({ ...own, headers: { k: "v" }, service: "mine" }, env)).toMatchObject({ headers: { k: "v" }, service: "mine" });
  });

  test("an address that is not encrypted, holds a password or is none is refused, without a word of it", () => {
    for (const endpoint of ["http://otel.example.com:4318", "https://sync:hunter2@otel.example.com/", "hunter2"]) {
      for (const [traces, env] of [
        [{ ...own, endpoint }, {}],
        [null, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
      ] as const) {
        const refused = (): unknown => exportOf(traces, env);
        expect(refused).toThrow(ProblemError);
        expect(refused).not.toThrow(/hunter2/);
      }
    }
    expect(url({ ...own, insecure: true }, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel.example.com:4318" })).toBe(
      "http://otel.example.com:4318/v1/traces",
    );
  });
});
