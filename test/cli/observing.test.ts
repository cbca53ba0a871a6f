import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Served, serve } from "../connectors/http-setup.js";
import { HTTP_TARGET, linesOf, Office } from "../observe/office.js";
import { checkOtlp, spansIn } from "../observe/otlp-shape.js";
import { parseMetrics, valueIn } from "../observe/parse-metrics.js";

let office: Office;
beforeEach(() => {
  office = new Office();
  office.pipeline("claims");
  office.exports("claims", "day1", "BX1,2026-11-03,王小明,120.50", "BX2,2026-11-03,李雷,二百元");
});
afterEach(() => office.close());

const warnings = (err: string): string[] => err.split("\n").filter((line) => line.includes("OBSERVE_FAILED"));

/** A system that books what it is sent. */
async function aSystem(): Promise<Served> {
  return serve(({ method }) => ({ body: method === "GET" ? { hits: [] } : { number: "V1" } }));
}

describe("a run", () => {
  test("is logged, measured and traced, and the lines bear its trace", async () => {
    const gateway = await serve(() => ({ status: 200 }));
    const collector = await serve(() => ({ body: {} }));
    office.env["PUSH_PASSWORD"] = "gateway-pass-word";
    office.pipeline("payables");
    office.settings(`log: { to: .sync/sync.log, level: debug }
metrics:
  file: metrics/sync.prom
  push: { url: "${gateway.url}/prefix/", user: sync, password: "\${env.PUSH_PASSWORD}" }
traces: { endpoint: "${collector.url}/v1/traces", service: nights }
`);
    expect(await office.sync("run", "claims", "--quiet")).toMatchObject({ code: 3, err: "" });

    const lines = office.lines(".sync/sync.log");
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["run started", "unit read", "problem found", "call ended", "run ended"]),
    );
    expect(lines.find(({ event }) => event === "run ended")).toMatchObject({
      level: "warn",
      pipeline: "claims",
      run: 1,
      status: "waiting",
      counts: { read: 2, posted: 1, waiting: 1 },
    });
    expect(office.read(".sync/sync.log")).not.toMatch(/王小明|BX1|day1|120\.50/);

    const [sent] = collector.received;
    checkOtlp(sent?.body ?? "");
    const spans = spansIn(sent?.body ?? "");
    const traces = new Set(spans.map(({ traceId }) => traceId));
    expect(traces.size).toBe(1);
    expect(new Set(lines.filter(({ run }) => run === 1).map((line) => line["trace_id"]))).toEqual(traces);
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(["run claims", "read", "unit", "plan", "post"]));

    const text = office.read("metrics/sync.prom");
    const families = parseMetrics(text);
    const of = (name: string, labels = {}): string | null => valueIn(families, name, { pipeline: "claims", ...labels });
    expect(of("sync_run_exit_code")).toBe("3");
    expect(of("sync_run_state", { state: "waiting" })).toBe("1");
    expect(of("sync_run_state", { state: "failed" })).toBe("0");
    expect(of("sync_records_read")).toBe("2");
    expect(of("sync_postings")).toBe("1");
    expect(of("sync_quarantined", { status: "waiting" })).toBe("1");
    expect(of("sync_in_doubt")).toBe("0");
    expect(of("sync_limbo_items", { kind: "waiting" })).toBe("1");
    expect(of("sync_documents_total", { outcome: "posted" })).toBe("1");
    expect(of("sync_target_calls_total", { operation: "post", outcome: "created" })).toBe("1");
    expect(Number(of("sync_last_success_timestamp_seconds"))).toBeGreaterThan(Date.parse("2026-01-01") / 1000);
    // A pipeline that never ran stands there too.
    expect(valueIn(families, "sync_postings", { pipeline: "payables" })).toBe("0");
    expect(statSync(join(office.folder, "metrics/sync.prom")).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(office.folder, "metrics"))).toEqual(["sync.prom"]);

    const [pushed] = gateway.received;
    expect(pushed).toMatchObject({ method: "PUT", url: "/prefix/metrics/job/sync/project/demo", body: text });
    expect(pushed?.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(pushed?.headers["authorization"]).toBe(`Basic ${Buffer.from("sync:gateway-pass-word").toString("base64")}`);

    const shown = parseMetrics((await office.sync("metrics")).out);
    expect(valueIn(shown, "sync_documents_total", { outcome: "posted" })).toBe("1");
    expect([...shown.keys()]).toEqual([...families.keys()]);
  });

  test("money in limbo is exact, and counters count on", async () => {
    office.settings("metrics: { file: sync.prom }\n");
    office.exports("claims", "day1", "BX1,2026-11-03,王小明,120.50");
    await office.sync("run", "--quiet");
    office.exports("claims", "day2", "BX2,2026-11-03,李雷,1.10", "BX3,2026-11-03,李雷,90071992547409.93");
    // An account that the chart does not have is refused, so that the documents wait.
    office.write("chart.csv", "code,name,type\n6602,费用,expense\n");
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3 });
    const families = parseMetrics(office.read("sync.prom"));
    expect(valueIn(families, "sync_limbo_amount", { kind: "waiting", currency: "CNY" })).toBe("90071992547411.03");
    expect(valueIn(families, "sync_runs_total", { status: "done" })).toBe("1");
    expect(valueIn(families, "sync_runs_total", { status: "waiting" })).toBe("1");
    expect(valueIn(families, "sync_records_total")).toBe("3");
  });

  test("a target over HTTP is told the trace only where the project says so", async () => {
    const collector = await serve(() => ({ body: {} }));
    for (const propagate of [false, true]) {
      const erp = await aSystem();
      office.pipeline("claims", HTTP_TARGET("erp"));
      office.settings(
        `store: ${propagate}.db\ntraces: { endpoint: "${collector.url}", propagate: ${propagate} }\n`,
        `  erp: { connector: http, url: "${erp.url}" }`,
      );
      expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3, err: "" });
      const spans = spansIn(collector.received.at(-1)?.body ?? "");
      const parents = erp.received.map(({ headers }) => headers["traceparent"]);
      expect(parents).toHaveLength(2);
      const known = spans.filter(({ kind }) => kind === 3).map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
      expect(known).toHaveLength(2);
      expect(parents).toEqual(propagate ? known : [undefined, undefined]);
      const calls = new Map(spans.map((span) => [span.spanId, span.name]));
      expect(spans.filter(({ kind }) => kind === 3).map(({ parentSpanId }) => calls.get(parentSpanId ?? ""))).toEqual(["lookup", "post"]);
    }
  });

  test("several runs of one command are a trace each", async () => {
    const collector = await serve(() => ({ body: {} }));
    office.pipeline("payables");
    office.exports("payables", "day1", "P1,2026-11-03,王小明,1.00");
    office.settings(`log: { to: sync.log }\ntraces: { endpoint: "${collector.url}" }\n`);
    await office.sync("run", "--all", "--quiet");
    const spans = spansIn(collector.received.at(-1)?.body ?? "");
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual(["run claims", "run payables"]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2);
    expect(office.lines("sync.log").filter(({ event }) => event === "run ended")).toHaveLength(2);
  });
});

describe("on the command line", () => {
  test("a level alone logs to stderr, where no progress stands then; results stay what they are", async () => {
    office.settings();
    const { code, out, err } = await office.sync("run", "--json", "--log-level", "warn");
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ status: "waiting" });
    expect(linesOf(err).map(({ event }) => event)).toEqual(["problem found", "problem found", "run ended"]);
    expect(err.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
  });

  test("a file of its own counts more than that of the project; a plan is logged and measures nothing", async () => {
    office.settings("log: { to: sync.log, level: error }\nmetrics: { file: sync.prom }\n");
    expect(await office.sync("plan", "--log-file", "plan.log", "--log-level", "info")).toMatchObject({ code: 3 });
    expect(office.lines("plan.log").at(-1)).toMatchObject({ event: "run ended", status: "waiting" });
    expect(existsSync(join(office.folder, "sync.log"))).toBe(false);
    expect(existsSync(join(office.folder, "sync.prom"))).toBe(false);
  });

  test("what a command could not do at all is logged with its codes and nothing else", async () => {
    office.settings("log: { to: sync.log }\n");
    expect(await office.sync("run", "nobody")).toMatchObject({ code: 2 });
    expect(office.lines("sync.log")).toMatchObject([
      { level: "error", event: "stopped", pipeline: null, problems: ["CONFIG_NO_PIPELINE"] },
    ]);
  });

  test("an environment has its own", async () => {
    office.settings(
      "log: { to: sync.log, level: error }\nenvironments: { uat: { store: uat.db, log: { to: uat.log }, metrics: { file: uat.prom } } }\n",
    );
    await office.sync("run", "nobody", "--env", "uat");
    expect(office.lines("uat.log")).toHaveLength(1);
    expect(valueIn(parseMetrics(office.read("uat.prom")), "sync_info", { environment: "uat" })).toBe("1");
    expect(existsSync(join(office.folder, "sync.log"))).toBe(false);
  });
});

describe("nothing of it ever changes a run", () => {
  test("one warning for each of a folder that is missing, a file that cannot be written, and servers that refuse", async () => {
    const refusing = await serve(() => ({ status: 403, body: "no" }));
    office.settings(`log: { to: no-such-folder/sync.log, level: debug }
metrics: { file: chart.csv/sync.prom, push: { url: "${refusing.url}" } }
traces: { endpoint: "${refusing.url}/v1/traces" }
`);
    const { code, err } = await office.sync("run", "--quiet");
    expect(code).toBe(3);
    const told = warnings(err);
    expect(told).toHaveLength(4);
    expect(told.join("\n")).toMatch(/log: ENOENT[\s\S]*metrics: E[\s\S]*metrics: the gateway did not take them: HTTP 403/);
    expect(told.some((line) => /traces: HTTP 403/.test(line))).toBe(true);
    expect(readdirSync(office.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("mistakes in the settings, and secrets that are not here, are warnings of a run and problems of `validate`", async () => {
    office.settings(`log: { levle: debug }
metrics: { push: { url: "http://gateway.example.com" } }
traces: { endpoint: "\${env.NO_SUCH_ENDPOINT}" }
`);
    const { code, err } = await office.sync("run", "--quiet");
    expect(code).toBe(3);
    expect(err).toMatch(/CONFIG_UNKNOWN_KEY[\s\S]*levle/);
    expect(err).toMatch(/CONFIG_MISSING_SECRET/);
    expect(err).toMatch(/OBSERVE_FAILED[\s\S]*not encrypted/);
    expect(await office.sync("validate")).toMatchObject({ code: 2 });
  });

  test("counters that are broken begin anew", async () => {
    office.settings("metrics: { file: sync.prom }\n");
    mkdirSync(join(office.folder, ".sync"));
    writeFileSync(join(office.folder, ".sync/store.db.counters.json"), "{");
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3, err: "" });
    expect(valueIn(parseMetrics(office.read("sync.prom")), "sync_records_total")).toBe("2");
  });

  test("where nothing is asked for, nothing is written and nothing is said", async () => {
    office.settings();
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3, err: "" });
    expect(readdirSync(join(office.folder, ".sync")).filter((name) => !name.startsWith("store.db"))).toEqual([]);
    expect(existsSync(join(office.folder, ".sync/store.db.counters.json"))).toBe(false);
  });
});
