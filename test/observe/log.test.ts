import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LogLevel } from "../../src/config/observe-schema.js";
import { fingerprint } from "../../src/observe/line.js";
import { logListener } from "../../src/observe/log.js";
import { LogFile } from "../../src/observe/log-file.js";
import { ended, exchange, STARTED, Stream } from "./stream.js";

type Line = Readonly<Record<string, unknown>>;

/** What is written of a stream, line by line. */
function logged(level: LogLevel, more: { readonly details?: "counts" | "keys"; readonly secret?: string; readonly trace?: string } = {}) {
  const lines: string[] = [];
  const { secret } = more;
  const listener = logListener({
    level,
    details: more.details ?? "counts",
    write: (line) => void lines.push(line),
    cover: (text) => (secret === undefined ? text : text.replaceAll(secret, "•••")),
    trace: () => more.trace ?? null,
  });
  const stream = new Stream([listener]);
  return { stream, read: (): Line[] => lines.map((line) => JSON.parse(line) as Line), lines };
}

describe("a line", () => {
  test("says when in UTC, what, of which run, and how long it took", () => {
    const { stream, lines } = logged("info", { trace: "abc" });
    stream.tell(STARTED, { kind: "stage started", stage: "read" }, 1_234.6);
    stream.tell({ kind: "stage ended", stage: "read", counts: { records: 3 }, failed: null }, 10, ended());
    expect(lines.map((line) => line.endsWith("}\n"))).toEqual([true, true, true]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: "info",
        time: "2026-11-20T18:00:00.000Z",
        event: "run started",
        pipeline: "claims",
        run: 7,
        trace_id: "abc",
        does: "run",
        full: false,
      },
      {
        level: "info",
        time: "2026-11-20T18:00:01.234Z",
        event: "stage ended",
        run: 7,
        stage: "read",
        duration_ms: 1235,
        counts: { records: 3 },
      },
      { level: "info", event: "run ended", pipeline: "claims", run: 7, status: "done", duration_ms: 1245, problems: [] },
    ]);
  });

  test("a call and an exchange are one line each, written when they end, at debug", () => {
    const { stream, read } = logged("debug");
    stream.tell(STARTED, { kind: "call started", call: 1, operation: "post", documents: 2 }, exchange(2, 1), 40);
    stream.tell(
      { kind: "exchange ended", exchange: 2, answer: 201 },
      { kind: "call ended", call: 1, outcomes: { created: 2 }, failed: null },
    );
    expect(read().slice(1)).toEqual([
      {
        level: "debug",
        time: "2026-11-20T18:00:00.040Z",
        event: "exchange ended",
        pipeline: "claims",
        run: 7,
        method: "POST",
        host: "erp.example.com:8443",
        name: "POST erp.example.com:8443/vouchers",
        attempt: 1,
        answer: 201,
        duration_ms: 40,
      },
      {
        level: "debug",
        time: "2026-11-20T18:00:00.040Z",
        event: "call ended",
        pipeline: "claims",
        run: 7,
        operation: "post",
        documents: 2,
        duration_ms: 40,
        outcomes: { created: 2 },
      },
    ]);
  });

  test.each([
    ["error", ["stopped", "run ended"]],
    ["warn", ["exchange ended", "problem found", "stopped", "run ended"]],
  ] as const)("level %s", (level, events) => {
    const { stream, read } = logged(level);
    stream.tell(STARTED, exchange(1, null), { kind: "exchange ended", exchange: 1, answer: 503 }, exchange(2, null));
    stream.tell({ kind: "exchange ended", exchange: 2, answer: 404 }, { kind: "lease taken", lease: "claims", from: null });
    stream.tell({ kind: "problem found", code: "MAP_LOOKUP_MISSING", item: "document", key: "BX1" });
    stream.tell({ kind: "problem found", code: "SOURCE_NO_FILES", item: "record", key: "x" });
    stream.tell({ kind: "stopped", pipeline: "payables", problems: ["STORE_BUSY"] });
    stream.tell(ended({ status: "failed", counts: null, problems: ["TARGET_UNAVAILABLE"] }));
    expect(read().map(({ event }) => event)).toEqual(events);
  });

  test("keys are fingerprints unless the project allows more; secrets are covered even where a person wrote one", () => {
    const found = [
      { kind: "problem found", code: "RECORD_INVALID", item: "document", key: "王小明 BX1" },
      { kind: "unit read", unit: "王小明.csv", records: 2 },
      exchange(1, null, { name: "GET erp/hunter2-token" }),
      { kind: "exchange ended", exchange: 1, answer: "no answer" },
    ] as const;
    const hidden = logged("info", { secret: "hunter2-token" });
    hidden.stream.tell(...found);
    expect(hidden.lines.join("")).not.toMatch(/王小明|hunter2/);
    expect(hidden.read()).toMatchObject([{ key: fingerprint("王小明 BX1") }, { unit: fingerprint("王小明.csv") }, { name: "GET erp/•••" }]);
    const shown = logged("info", { details: "keys" });
    shown.stream.tell(...found);
    expect(shown.read()).toMatchObject([{ key: "王小明 BX1" }, { unit: "王小明.csv" }, {}]);
  });

  test("a run that finds a million problems lists a thousand and says how many more there are", () => {
    const { stream, read } = logged("info");
    stream.tell(STARTED);
    for (let n = 0; n < 1_007; n += 1) stream.tell({ kind: "problem found", code: "RECORD_INVALID", item: "record", key: String(n) });
    stream.tell(ended({ status: "waiting" }));
    expect(read()).toHaveLength(1_002);
    expect(read().at(-1)).toMatchObject({ level: "warn", event: "run ended", problems_not_listed: 7 });
  });
});

describe("a file of lines", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sync-log-"));
    path = join(folder, "sync.log");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => readFileSync(name === "" ? path : `${path}.${name}`, "utf8");

  test("is readable by its owner only, and added to", () => {
    for (const line of ["one\n", "two\n"]) {
      const file = new LogFile(path, 1_000, 3);
      file.write(line);
      file.close();
    }
    expect(at("")).toBe("one\ntwo\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("is put aside before it would grow beyond the most, and of those only some are kept", () => {
    const file = new LogFile(path, 10, 2);
    for (const line of ["first\n", "second\n", "third\n", "4\n", "a line longer than the most\n", "last\n"]) file.write(line);
    file.close();
    expect([at(""), at("1"), at("2")]).toEqual(["last\n", "a line longer than the most\n", "third\n4\n"]);
    expect(() => at("3")).toThrow(/ENOENT/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("without any to keep, it begins anew", () => {
    const file = new LogFile(path, 10, 0);
    for (const line of ["first\n", "second\n"]) file.write(line);
    file.close();
    expect(at("")).toBe("second\n");
    expect(() => at("1")).toThrow(/ENOENT/);
  });

  test("two processes add to one file, and what one put aside the other does not put aside again", () => {
    const [one, other] = [new LogFile(path, 12, 5), new LogFile(path, 12, 5)];
    one.write("one 1\n");
    other.write("other 1\n");
    one.write("one 2\n");
    one.write("one 3\n");
    other.write("other 2\n");
    one.close();
    other.close();
    const all = ["", "1", "2", "3"].flatMap((name) => {
      try {
        return [at(name)];
      } catch {
        return [];
      }
    });
    expect(
      all
        .join("")
        .split("\n")
        .filter((line) => line !== "")
        .sort(),
    ).toEqual(["one 1", "one 2", "one 3", "other 1", "other 2"]);
  });

  test("a line that a full disk cut does not spoil the next one", () => {
    writeFileSync(path, '{"level":"in');
    const file = new LogFile(path, 1_000, 1);
    file.write("next\n");
    file.close();
    expect(at("")).toBe('{"level":"in\nnext\n');
  });

  test("a folder that is missing, a full disk and a pipe are one trouble each, and nothing stops", () => {
    symlinkSync("/dev/full", join(folder, "full"));
    for (const [to, words] of [
      [join(folder, "no-such/sync.log"), /ENOENT/],
      [join(folder, "full"), /is no file/],
      [folder, /is no file/],
    ] as const) {
      const file = new LogFile(to, 1_000, 1);
      const listener = logListener({
        level: "info",
        details: "counts",
        write: (line) => file.write(line),
        cover: String,
        trace: () => null,
      });
      const stream = new Stream([listener]);
      stream.tell(STARTED, ended(), STARTED, ended());
      expect(stream.troubles).toHaveLength(1);
      expect(stream.troubles[0]).toMatch(words);
    }
  });
});
