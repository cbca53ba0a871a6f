import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RawRecord, ReadRequest, SourceEvent } from "../../src/connectors/contract.js";
import { selectStream } from "../../src/connectors/singer/catalog.js";
import type { SingerConnection, SingerSourceOptions } from "../../src/connectors/singer/options.js";
import { openSingerSource } from "../../src/connectors/singer/source.js";
import { ProblemError } from "../../src/model/problem.js";

const TAP = fileURLToPath(new URL("singer-tap.mjs", import.meta.url));
const PASSWORD = "hunter2-of-the-tap";
const COLUMNS = ["id", "amount", "payee.name"].map((name) => ({ name, aliases: [], required: name === "id" }));
const DEFAULTS: SingerSourceOptions = {
  stream: "claims",
  discover: true,
  catalog_argument: "--catalog",
  state: "keep",
  trim: true,
  idle: "1m",
};

let folder: string;
let formerTemporary: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-singer-"));
  formerTemporary = process.env["TMPDIR"];
  // What the connector leaves behind can then be seen.
  process.env["TMPDIR"] = folder;
});

afterEach(() => {
  if (formerTemporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = formerTemporary;
  rmSync(folder, { recursive: true });
});

interface Wanted {
  readonly config?: Record<string, unknown>;
  readonly options?: Partial<SingerSourceOptions>;
  readonly connection?: Partial<SingerConnection>;
  readonly request?: Partial<ReadRequest>;
  readonly signal?: AbortSignal;
  readonly seen?: (event: SourceEvent) => void;
}

async function read({ config, options, connection, request, signal, seen }: Wanted): Promise<SourceEvent[]> {
  const context = {
    folder,
    timeZone: "Asia/Shanghai",
    now: () => new Date(),
    sleep: async () => {},
    signal: signal ?? new AbortController().signal,
  };
  const settings = {
    command: [process.execPath, TAP],
    ...(config === undefined ? {} : { config: { password: PASSWORD, ...config } }),
    ...connection,
  };
  const source = openSingerSource(settings, { ...DEFAULTS, ...options }, context);
  const events: SourceEvent[] = [];
  for await (const event of source.read({ columns: COLUMNS, since: null, wasRead: () => false, ...request })) {
    events.push(event);
    seen?.(event);
  }
  return events;
}

function recordsOf(events: readonly SourceEvent[]): RawRecord[] {
  return events.flatMap((event) => (event.kind === "records" ? event.records : []));
}

function problemOf(events: readonly SourceEvent[]) {
  const [event] = events.filter((each) => each.kind === "abandoned");
  if (event === undefined) throw new Error(`nothing was abandoned: ${JSON.stringify(events)}`);
  return event.problem;
}

/** The log of a tap that failed, as the problem tells it. */
async function logOf(wanted: Wanted): Promise<string> {
  return problemOf(await read({ ...wanted, config: { ...wanted.config, exit: 1 } })).message;
}

describe("a Singer tap is a source", () => {
  test("the records of one stream, every digit as it came; others are counted", async () => {
    const lines = ['{"type":"RECORD","stream":"claims","record":{"id":90071992547409931,"amount":1234567.10,"payee":{"name":" 王 "}}}'];
    const claims = [{ id: 2, amount: null, extra: [1, 2] }];
    const events = await read({ config: { others: true, lines, claims } });
    expect(recordsOf(events).map(({ cells }) => cells)).toEqual([
      ["90071992547409931", "1234567.10", "王"],
      ["2", null, null],
    ]);
    expect(events.at(-1)).toMatchObject({ kind: "complete", unit: "claims", leftOut: 1, state: '{"claims":2,"scn":12345678901234567890}' });
  });

  test("its last state is handed back, digit by digit, and names what is read from there", async () => {
    const claims = [1, 2, 3].map((id) => ({ id, amount: "1" }));
    const state = '{"claims":2,"scn":12345678901234567890}';
    const events = await read({ config: { claims }, request: { state } });
    expect(recordsOf(events).map(({ cells }) => cells[0])).toEqual(["3"]);
    expect(events.at(-1)).toMatchObject({ kind: "complete", unit: expect.stringMatching(/^claims after state [0-9a-f]{8}$/) as string });
    const ignored = await read({ config: { claims }, request: { state }, options: { state: "ignore" } });
    expect(recordsOf(ignored)).toHaveLength(3);
    expect(ignored.at(-1)).not.toHaveProperty("state");
    const silent = await read({ config: { claims, silent_about_state: true }, request: { state } });
    expect(silent.at(-1)).toMatchObject({ state });
  });

  test("more records than one event holds come in several, in order", async () => {
    const events = await read({ config: { count: 5_000 } });
    expect(events.filter(({ kind }) => kind === "records").length).toBeGreaterThan(2);
    expect(recordsOf(events).map(({ cells }) => Number(cells[0]))).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
  });

  test("the catalog it gives comes back with the one stream and its fields selected", async () => {
    const copy = join(folder, "copy.json");
    await read({ config: { copy_catalog: copy }, options: { replication_method: "INCREMENTAL", replication_key: "id" } });
    const { streams } = JSON.parse(readFileSync(copy, "utf8")) as { streams: Record<string, unknown>[] };
    expect(streams.map((each) => (each["schema"] as { selected: boolean }).selected)).toEqual([true, false]);
    expect(streams[0]?.["metadata"]).toEqual([
      {
        breadcrumb: [],
        metadata: { inclusion: "available", selected: true, "replication-method": "INCREMENTAL", "replication-key": "id" },
      },
      { breadcrumb: ["properties", "secret_field"], metadata: { inclusion: "unsupported" } },
      ...["id", "amount", "payee"].map((field) => ({ breadcrumb: ["properties", field], metadata: { selected: true } })),
    ]);
  });

  test("a tap without a catalog is not asked for one, and a catalog of your own is given as it is", async () => {
    expect(problemOf(await read({ config: { no_catalog: true } }))).toMatchObject({
      code: "SOURCE_FORMAT",
      hint: expect.stringContaining("discover: false") as string,
    });
    expect(recordsOf(await read({ config: { no_catalog: true, count: 1 }, options: { discover: false } }))).toHaveLength(1);
    const catalog = join(folder, "own.json");
    writeFileSync(catalog, '{"streams": [{"tap_stream_id": "claims"}]}');
    const copy = join(folder, "copy.json");
    await read({ config: { copy_catalog: copy }, options: { catalog, catalog_argument: "--properties" } });
    expect(readFileSync(copy, "utf8")).toBe('{"streams": [{"tap_stream_id": "claims"}]}');
    writeFileSync(catalog, "{");
    expect(problemOf(await read({ config: {}, options: { catalog } })).message).toContain("is no catalog");
  });

  test("a stream that it does not have is answered with those it has", async () => {
    const found = problemOf(await read({ config: {}, options: { stream: "claim" } }));
    expect(found.message).toContain("has no stream `claim`; its streams are `books-public-claims`, `people`");
  });

  test("a stream is known by its id in the catalog, whatever its messages call it", async () => {
    const events = await read({ config: { others: true, count: 2 }, options: { stream: "books-public-claims" } });
    expect(recordsOf(events)).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ kind: "complete", unit: "books-public-claims", leftOut: 1 });
  });

  test("a tap that delivers other streams only is told as such: it must not look like one without news", async () => {
    const found = problemOf(await read({ config: { others: true, count: 2 }, options: { stream: "claim", discover: false } }));
    expect(found.message).toMatch(/delivered nothing of the stream `claim`, and records of `people`, `claims`$/);
    const nothing = await read({ config: { count: 0 }, options: { discover: false } });
    expect(nothing.at(-1)).toMatchObject({ kind: "complete", leftOut: 0 });
  });

  test("what is no message waits by itself, with its line; nothing else is lost for it", async () => {
    const lines = [
      "loading…",
      '{"type":"RECORD","stream":"claims"}',
      '{"stream":"claims"}',
      "[1]",
      '{"type":"RECORD","stream":"claims","record":{"id":[7]}}',
      '{"type":"RECORD","stream":"claims","record":{"id":8,"id":9}}',
    ];
    const events = await read({ config: { lines, count: 1 } });
    const malformed = events.flatMap((event) => (event.kind === "records" ? event.malformed : []));
    expect(malformed.map(({ line, problem }) => `${line} ${problem.message}`)).toEqual([
      "2 the line is not JSON",
      "3 the line is a record whose `record` is no object",
      "4 the line has no `type`",
      "5 the line is not a JSON object",
      "6 `id` holds a list, expected text, a number, true or false",
      "7 `id` stands twice in the record",
    ]);
    expect(recordsOf(events)).toHaveLength(1);
    expect(events.at(-1)?.kind).toBe("complete");
  });

  test("records in files are refused, not passed over", async () => {
    const found = problemOf(await read({ config: { lines: ['{"type":"BATCH","stream":"claims","manifest":[]}'] } }));
    expect(found.message).toContain("BATCH");
  });

  test("a required column that no record has is told with the nearest name", async () => {
    const found = problemOf(await read({ config: { claims: [{ ids: 1 }] } }));
    expect(found).toMatchObject({ code: "SOURCE_MISSING_COLUMN", message: expect.stringContaining("nearest to `id` is `ids`") as string });
  });

  test("a tap that fails is abandoned whole, with the end of its log and without its secrets", async () => {
    const events = await read({ config: { count: 3, exit: 3 } });
    expect(events.at(-1)?.kind).toBe("abandoned");
    expect(problemOf(events)).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(problemOf(events).message).toBe(
      "the tap `node` ended with exit code 3; its log ends: INFO starting with ••• / CRITICAL no access for •••".replace(
        "node",
        process.execPath.split("/").pop() as string,
      ),
    );
    expect(JSON.stringify(events)).not.toContain(PASSWORD);
    const noise = await read({ config: { lines: [`debug: logging in with ${PASSWORD}`] } });
    expect(JSON.stringify(noise)).not.toContain(PASSWORD);
  });

  test("one that says nothing is ended after the idle time", async () => {
    const found = problemOf(await read({ config: { hang: true, count: 1 }, options: { idle: "500ms" } }));
    expect(found.message).toContain("said nothing for 0.5 s and was ended");
    expect(found.hint).toContain("`idle`");
  });

  test("one that cannot be started is told as such", async () => {
    const found = problemOf(await read({ connection: { command: ["tap-that-is-not-there"] } }));
    expect(found.message).toBe("the tap `tap-that-is-not-there` cannot be started: no such program, or no such folder to run it in");
  });

  test("when the run is asked to stop, the tap ends and nothing counts as whole", async () => {
    const controller = new AbortController();
    const events = await read({ config: { hang: true, count: 4_000 }, signal: controller.signal, seen: () => controller.abort() });
    expect(events.map(({ kind }) => kind)).toEqual(["records"]);
  });

  test("its files are private and do not outlive it, and it does not see our environment", async () => {
    process.env["ERP_PASSWORD_OF_ANOTHER_SYSTEM"] = "x";
    try {
      const told = await logOf({ config: { tell_files: true, tell_environment: true }, connection: { environment: { TAP_REGION: "eu" } } });
      expect(told).toMatch(/mode 600 \S+config\.json/);
      expect(told).toContain("TAP_REGION");
      expect(told).not.toContain("ERP_PASSWORD_OF_ANOTHER_SYSTEM");
    } finally {
      delete process.env["ERP_PASSWORD_OF_ANOTHER_SYSTEM"];
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a configuration file of your own is used where it is", async () => {
    const file = join(folder, "tap.json");
    writeFileSync(file, JSON.stringify({ count: 2 }));
    expect(recordsOf(await read({ connection: { config_file: file } }))).toHaveLength(2);
    expect(readdirSync(folder)).toEqual(["tap.json"]);
  });

  test.each<[string, Wanted, string]>([
    ["two configurations", { config: {}, connection: { config_file: "x" } }, "`config` and `config_file`"],
    [
      "a replication key without a catalog",
      { config: {}, options: { discover: false, replication_key: "id" } },
      "`replication_method` and `replication_key`",
    ],
    ["no idle time", { config: {}, options: { idle: "0s" } }, "`idle`"],
  ])("%s cannot be", async (_, wanted, words) => {
    const refused = await read(wanted).then(
      () => null,
      (cause: unknown) => cause,
    );
    expect(refused).toBeInstanceOf(ProblemError);
    expect((refused as ProblemError).problems[0]?.message).toContain(words);
  });
});

test("digits in a catalog are handed back as they came", () => {
  const given =
    '{"streams":[{"tap_stream_id":"a","schema":{"properties":{"x":{"multipleOf":1e-38,"maximum":9007199254740993}}}}],"more":1.0}';
  const chosen = selectStream(given, { stream: "a", replicationMethod: null, replicationKey: null }, "tap").catalog;
  expect(chosen).toContain('"multipleOf":1e-38,"maximum":9007199254740993');
  expect(chosen).toContain('"more":1.0');
});
