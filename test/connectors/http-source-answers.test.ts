import { describe, expect, test } from "vitest";
import type { SourceEvent } from "../../src/connectors/contract.js";
import { recordsOf } from "./conformance.js";
import { aClock, type Received, type Reply, SECRETS, serve, serveRaw } from "./http-setup.js";
import { abandonedBy, LIST, queryOf, readCells, readEvents, type Written } from "./http-source-setup.js";

const FOUND: Reply = { body: { items: [{ id: "C-1" }] } };

function malformedOf(events: readonly SourceEvent[]) {
  return events.flatMap((event) => (event.kind === "records" ? event.malformed : []));
}

describe("records", () => {
  test("numbers keep every digit, objects within are called by their path, blanks around text go", async () => {
    const { url } = await serve(() => ({
      body: '{"data":{"list":[{"id":9007199254740993,"amount":{"standard":0.10,"text":"1.20"},"code":"00042","big":12345678901234567890.123456789,"e":1.5E3,"ok":true,"name":" 报销 ","none":"","gone":null}]}}',
    }));
    const columns = ["id", "amount.standard", "amount.text", "code", "big", "e", "ok", "name", "none", "gone"];
    expect(await readCells(url, { columns, source: { ...LIST, records: "$.data.list" } })).toEqual([
      ["9007199254740993", "0.10", "1.20", "00042", "12345678901234567890.123456789", "1500", true, "报销", null, null],
    ]);
  });

  test("one record instead of a list, where that is said", async () => {
    const { url } = await serve(() => ({ body: { value: { id: "C-1" } } }));
    expect(await readCells(url, { source: { ...LIST, records: "$.value", single: true } })).toEqual([["C-1"]]);
    expect((await abandonedBy(url, { source: { ...LIST, records: "$.value" } })).message).toMatch(
      /: what stands at `\$\.value` is no list$/,
    );
  });

  test("what is no record, or cannot be told, waits in quarantine as it came; the others go on", async () => {
    const { url } = await serve(() => ({
      body: '{"items":[{"id":"C-1"},"C-2",{"id":["C-3"]},{"id":"C-4","id":"C-5"},{"id":"C-6"}]}',
    }));
    const events = await readEvents(url);
    expect(recordsOf(events)).toEqual([
      { line: 1, cells: ["C-1"] },
      { line: 5, cells: ["C-6"] },
    ]);
    expect(malformedOf(events).map(({ line, text, problem }) => [line, text, problem.message])).toEqual([
      [2, '"C-2"', "the record is no object"],
      [3, '{"id":["C-3"]}', "`id` holds a list, expected text, a number, true or false"],
      [4, '{"id":"C-5"}', "`id` stands twice in the record"],
    ]);
    expect(events.at(-1)).toMatchObject({ kind: "complete" });
  });

  test("rows are left out on purpose, and counted", async () => {
    const { url } = await serve(() => ({ body: { items: [{ id: "C-1" }, { id: "合计" }, { id: "C-2", state: "draft" }] } }));
    const source = { ...LIST, ignore: [{ column: "id", matches: "^合计$" }, '"state":"draft"'] };
    const events = await readEvents(url, { source });
    expect(recordsOf(events).length).toBe(1);
    expect(events.at(-1)).toMatchObject({ kind: "complete", leftOut: 2 });
  });

  test("a required column that no record has stops the unit", async () => {
    const { url } = await serve(() => ({ body: { items: [{ ID: "C-1" }] } }));
    expect(await abandonedBy(url)).toMatchObject({ code: "SOURCE_MISSING_COLUMN" });
  });

  test("an answer that was taken before is known, and a changed one is not", async () => {
    let name = "a";
    const { url } = await serve(() => ({ body: { items: [{ id: "C-1", name }] } }));
    const columns = ["id", "name"];
    const [, complete] = await readEvents(url, { columns });
    const fingerprint = complete?.kind === "complete" ? complete.fingerprint : "";
    const wasRead = (_: string, other: string) => other === fingerprint;
    expect(await readEvents(url, { columns, wasRead })).toEqual([{ kind: "known", unit: "GET /claims" }]);
    name = "b";
    expect((await readEvents(url, { columns, wasRead })).map(({ kind }) => kind)).toEqual(["records", "complete"]);
  });
});

describe("what is not clearly an answer with records is an error, never no records", () => {
  const cases: [string, Reply, string, string][] = [
    [
      "the path leads to nothing",
      { body: { data: [], count: 0 } },
      "SOURCE_FORMAT",
      "its answer has nothing at `$.items`, where the records should be; there is `data`, `count`",
    ],
    [
      "null",
      { body: { items: null } },
      "SOURCE_FORMAT",
      "its answer has `null` at `$.items`, where the records should be; there is `items`",
    ],
    ["another shape", { body: { items: "none" } }, "SOURCE_FORMAT", "what stands at `$.items` is no list"],
    ["not JSON", { body: "items: []" }, "SOURCE_FORMAT", "its answer is not JSON, or is cut short: items: []"],
    ["cut short", { body: '{"items":[{"id":"C-1"}' }, "SOURCE_FORMAT", 'its answer is not JSON, or is cut short: {"items":[{"id":"C-1"}'],
    ["empty", { body: "" }, "SOURCE_FORMAT", "HTTP 200, and its answer is empty"],
    ["204", { status: 204 }, "SOURCE_FORMAT", "HTTP 204, and its answer is empty"],
    [
      "a page to sign in on",
      { headers: { "content-type": "text/html" }, body: "<!DOCTYPE html><title>Sign in &mdash; Portal</title>" },
      "SOURCE_UNREADABLE",
      "it answers with a web page instead of JSON: Sign in &mdash; Portal",
    ],
    [
      "400",
      { status: 400, body: { message: "参数type无法识别" } },
      "SOURCE_UNREADABLE",
      'it answers HTTP 400: {"message":"参数type无法识别"}',
    ],
    ["404", { status: 404, body: { items: [] } }, "SOURCE_UNREADABLE", 'it answers HTTP 404: {"items":[]}'],
    ["500", { status: 500, body: "<html><title>Oops</title>" }, "SOURCE_UNREADABLE", "it answers HTTP 500: Oops"],
    ["401", { status: 401, body: `token ${SECRETS.token}` }, "SOURCE_UNREADABLE", "it does not let us in (HTTP 401): token •••"],
    ["too large", { body: { items: [{ id: "x".repeat(100_001) }] } }, "SOURCE_TOO_LARGE", "the answer is longer than 100000 bytes"],
  ];
  test.each(cases)("%s", async (_, reply, code, message) => {
    const { url } = await serve(() => reply);
    const problem = await abandonedBy(url, { connection: { auth: { bearer: { token: SECRETS.token } } } });
    expect(problem).toMatchObject({
      code,
      message: `GET ${new URL(url).host}/claims: ${message}`,
      at: [{ file: "GET /claims" }],
    });
    expect(problem.hint).toBeTruthy();
  });

  test("an answer without a body is no records only where that is said", async () => {
    const { url } = await serve(() => ({ status: 204 }));
    expect(await readCells(url, { source: { ...LIST, no_content: "no records" } })).toEqual([]);
  });
});

describe("rules", () => {
  const withRules = (...rejected: unknown[]): Written => ({ ...LIST, rejected });
  const refused = { when: { path: "$.success", equals: false }, message: ["$.code", "$.errors[*].text"] };

  test("HTTP 200 that refuses, in the system's own words", async () => {
    const { url } = await serve(() => ({
      body: { success: false, code: "E7", errors: [{ text: "无权限" }, { text: SECRETS.token }], items: [] },
    }));
    const problem = await abandonedBy(url, { source: withRules(refused), connection: { auth: { bearer: { token: SECRETS.token } } } });
    expect(problem.message).toMatch(/: it refuses: E7; 无权限; •••$/);
  });

  test("an error that means no records, only where its status is named", async () => {
    const { url } = await serve(() => ({ status: 404, body: { code: "NONE" } }));
    const none = { path: "$.code", equals: "NONE" };
    expect(await readCells(url, { source: withRules({ when: { ...none, status: 404 }, means: "no records" }) })).toEqual([]);
    expect((await abandonedBy(url, { source: withRules({ when: none, means: "no records" }) })).message).toContain("HTTP 404");
  });

  test("busy: asked again, after the time it asks for, and given up in the end", async () => {
    let calls = 0;
    const { url } = await serve(() => {
      calls += 1;
      return calls === 3 ? FOUND : { headers: calls === 1 ? { "retry-after": "7" } : {}, body: { code: 90018 } };
    });
    const busy = { when: { path: "$.code", equals: 90018 }, message: "$.code", means: "busy" };
    const clock = aClock();
    expect(await readCells(url, { source: withRules(busy), clock })).toEqual([["C-1"]]);
    expect(clock.waits).toEqual([7_000, 2_000]);
    calls = 4;
    expect((await abandonedBy(url, { source: withRules(busy) })).message).toMatch(/: it has no time for us: 90018$/);
    expect(calls).toBe(8);
  });

  test("429 with Retry-After is waited for", async () => {
    let calls = 0;
    const { url } = await serve(() => {
      calls += 1;
      return calls === 1 ? { status: 429, headers: { "retry-after": "3" } } : FOUND;
    });
    const clock = aClock();
    expect(await readCells(url, { clock })).toEqual([["C-1"]]);
    expect(clock.waits).toEqual([3_000]);
  });
});

describe("lost connections", () => {
  test("in the middle of a page: asked again, and given up the third time", async () => {
    const { url, connections } = await serveRaw((socket) => {
      socket.once("data", () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"items":[');
        setTimeout(() => socket.destroy(), 20);
      });
    });
    const problem = await abandonedBy(url);
    expect(problem).toMatchObject({ code: "SOURCE_UNREADABLE", hint: "nothing was taken from it; the next run reads it again" });
    expect(problem.message).toMatch(
      /: (the connection was closed before the answer was complete|the connection was reset|the answer was cut short) \(/,
    );
    expect(connections()).toBe(3);
  });

  test("between pages: what came before is not taken", async () => {
    let calls = 0;
    const { url } = await serve(({ url: asked }, response) => {
      calls += 1;
      if (queryOf(asked)["page"] !== "2") return FOUND;
      response.destroy();
      return undefined;
    });
    const source = { ...LIST, request: { path: "/claims", query: { page: "$.page" } }, pages: { by: "page" } };
    expect((await readEvents(url, { source })).map(({ kind }) => kind)).toEqual(["abandoned"]);
    expect(calls).toBe(4);
  });

  test("nobody there", async () => {
    expect((await abandonedBy("http://127.0.0.1:9")).message).toBe("GET 127.0.0.1:9/claims: the connection was refused (ECONNREFUSED)");
  });

  test("a server that never answers", async () => {
    const { url } = await serve(() => undefined);
    const problem = await abandonedBy(url, { connection: { timeout: "50ms" } });
    expect(problem.message).toMatch(/: no complete answer within 50 ms$/);
  });
});

describe("redirects", () => {
  const redirecting = (target: (asked: Received) => string | undefined, status = 302) =>
    serve((asked) => {
      const location = target(asked);
      return location === undefined ? FOUND : { status, headers: { location } };
    });

  test("of a GET are followed on the same host, with the credentials", async () => {
    const { url, received } = await redirecting(({ url: asked }) => (asked === "/claims" ? "/v2/claims?a=1" : undefined), 308);
    expect(await readCells(url, { connection: { auth: { bearer: { token: SECRETS.token } } } })).toEqual([["C-1"]]);
    expect(received.map(({ url: asked, headers }) => [asked, headers.authorization])).toEqual([
      ["/claims", `Bearer ${SECRETS.token}`],
      ["/v2/claims?a=1", `Bearer ${SECRETS.token}`],
    ]);
  });

  test("to another host are not followed", async () => {
    const other = await serve(() => FOUND);
    const { url } = await redirecting(() => `${other.url}/claims`);
    expect((await abandonedBy(url)).message).toContain(`it sends us to another host, \`${other.url}\``);
    expect(other.received).toEqual([]);
  });

  test("without end are given up", async () => {
    const { url, received } = await redirecting(({ url: asked }) => `${asked}x`);
    expect((await abandonedBy(url)).message).toContain("it redirects us more than 5 times");
    expect(received.length).toBe(6);
  });

  test("of a POST are not followed", async () => {
    const { url, received } = await redirecting(() => "/elsewhere", 307);
    const source = { ...LIST, request: { path: "/claims", body: {} } };
    expect((await abandonedBy(url, { source })).message).toContain("it answers HTTP 307");
    expect(received.length).toBe(1);
  });
});
