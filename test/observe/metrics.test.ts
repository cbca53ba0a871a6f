import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Counters } from "../../src/observe/counters.js";
import { exposition } from "../../src/observe/exposition.js";
import { parseMetrics } from "./parse-metrics.js";
import { counts, ended, exchange, STARTED, Stream } from "./stream.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-metrics-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the text is what a strict reader of the format expects, whatever stands in a label; money is exact", () => {
  const labels = { pipeline: 'quote " backslash \\ line\nbreak 报销', currency: "CNY" };
  const text = exposition([
    { name: "sync_amount", type: "gauge", help: "Money.\nTwo lines, one \\.", samples: [{ labels, value: "90071992547409931.07" }] },
    { name: "sync_nothing", type: "gauge", help: "Left out.", samples: [] },
    { name: "sync_runs_total", type: "counter", help: "Runs.", samples: [{ labels: {}, value: 3 }] },
  ]);
  expect([...parseMetrics(text)]).toEqual([
    [
      "sync_amount",
      { type: "gauge", help: "Money.\nTwo lines, one \\.", samples: [{ name: "sync_amount", labels, value: "90071992547409931.07" }] },
    ],
    ["sync_runs_total", { type: "counter", help: "Runs.", samples: [{ name: "sync_runs_total", labels: {}, value: "3" }] }],
  ]);
});

test("counters count on from what was counted before, and a file that is broken counts as nothing", () => {
  const first = new Counters();
  new Stream([first.listener()]).tell(
    STARTED,
    { kind: "call started", call: 1, operation: "post", documents: 3 },
    exchange(2, 1),
    { kind: "exchange ended", exchange: 2, answer: 429 },
    exchange(3, 1),
    { kind: "exchange ended", exchange: 3, answer: "no answer" },
    { kind: "call ended", call: 1, outcomes: { created: 2, rejected: 1 }, failed: null },
    { kind: "call started", call: 4, operation: "lookup", documents: 1 },
    { kind: "call ended", call: 4, outcomes: {}, failed: "TARGET_UNAVAILABLE" },
    ended({ status: "waiting", counts: counts({ posted: 2, read: 9 }) }),
  );
  const path = join(folder, "counters.json");
  writeFileSync(path, first.toText());
  const second = new Counters();
  new Stream([second.listener()]).tell(STARTED, ended({ status: "waiting", counts: counts({ posted: 5 }) }));
  second.addFrom(path);
  const pipeline = "claims";
  expect(second.samples("runs")).toEqual([{ labels: { pipeline, status: "waiting" }, value: 2 }]);
  expect(second.samples("documents")).toEqual([{ labels: { pipeline, outcome: "posted" }, value: 7 }]);
  expect(second.samples("records")).toEqual([{ labels: { pipeline }, value: 9 }]);
  expect(second.samples("calls")).toEqual([
    { labels: { pipeline, operation: "lookup", outcome: "failed" }, value: 1 },
    { labels: { pipeline, operation: "post", outcome: "created" }, value: 1 },
    { labels: { pipeline, operation: "post", outcome: "rejected" }, value: 1 },
  ]);
  expect(second.samples("requests")).toEqual([
    { labels: { pipeline, host: "erp.example.com:8443", status: "429" }, value: 1 },
    { labels: { pipeline, host: "erp.example.com:8443", status: "no answer" }, value: 1 },
  ]);
  for (const broken of ["", "[]", "null", '{"runs":[{"labels":["a"],"n":1}]}', '{"runs":[{"labels":["a","b"],"n":"1"}]}', '{"runs":7}']) {
    writeFileSync(path, broken);
    const counters = new Counters();
    counters.addFrom(path);
    expect(counters.samples("runs")).toEqual([]);
  }
});
