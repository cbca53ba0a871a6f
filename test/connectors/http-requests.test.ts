import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import { encodeHeader } from "../../src/connectors/http/header-text.js";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import { shortKey } from "../../src/connectors/http/view.js";
import { fingerprintOf } from "../../src/model/document.js";
import { aClock, aDocument, aLine, itemOf, openHttp, POST, postOne, problemOf, type Received, serve, thrownBy } from "./http-setup.js";

const DOCUMENT = aDocument({
  fields: { word: "记" },
  lines: [
    aLine({ amountMinor: 123_456_789_012_345_678_901n, dimensions: { 部门: "D01", 项目: 'P"9' } }),
    aLine({ amountMinor: -5n, text: "红字" }),
    aLine({ side: "credit", account: "224101", partner: "E001", amountMinor: 123_456_789_012_345_678_896n }),
  ],
});

async function wire(
  post: Partial<HttpTargetOptions["post"]>,
  target: Partial<HttpTargetOptions> = {},
  document = DOCUMENT,
): Promise<Received> {
  const { url, received } = await serve(() => ({ body: { number: "V-1" } }));
  const outcome = await postOne(openHttp(`${url}/api/`, { target: { post: { ...POST, ...post }, ...target } }), itemOf(document));
  if (outcome.kind !== "created") throw new Error(JSON.stringify(outcome));
  return received[0] as Received;
}

const bodyOf = async (body: unknown, target: Partial<HttpTargetOptions> = {}, document = DOCUMENT): Promise<string> =>
  (await wire({ body }, target, document)).body;

describe("the body on the wire", () => {
  test("every field of the document", async () => {
    const body = {
      header: ["$.type", "$.key", "$.date", "$.currency", "$.text", "$.attachments", "$.total", "$.fields.word", "$.fields.due"],
      keys: ["$.idempotencyKey", "$.shortKey", "$.fingerprint"],
      lines: {
        $each: "$.lines",
        $item: ["$$.side", "$$.account", "$$.amount", "$$.debit", "$$.credit", "$$.text", "$$.partner", "$$.dimensions.部门", "$.key"],
      },
    };
    expect(await bodyOf(body)).toBe(
      '{"header":["journal","BX-001","2026-11-20","CNY","报销 BX-001 张三",2,"1234567890123456788.96","记",null],' +
        `"keys":["expense/BX-001/1","${shortKey("expense/BX-001/1")}","${fingerprintOf(DOCUMENT)}"],` +
        '"lines":[["debit","660201","1234567890123456789.01","1234567890123456789.01",null,"差旅费",null,"D01","BX-001"],' +
        '["debit","660201","-0.05","-0.05",null,"红字",null,null,"BX-001"],' +
        '["credit","224101","1234567890123456788.96",null,"1234567890123456788.96","差旅费","E001",null,"BX-001"]]}',
    );
  });

  test("numbers keep every digit", async () => {
    const item = { a: { $number: "$$.amount" }, d: { $number: "$$.debit" } };
    expect(await bodyOf({ rate: { $number: "0.10" }, n: { $number: "$.attachments" }, lines: { $each: "$.lines", $item: item } })).toBe(
      '{"rate":0.10,"n":2,"lines":[{"a":1234567890123456789.01,"d":1234567890123456789.01},{"a":-0.05,"d":-0.05},' +
        '{"a":1234567890123456788.96,"d":null}]}',
    );
  });

  test("places follow the currency", async () => {
    const yen = aDocument({ currency: "JPY", lines: [aLine({ amountMinor: 1200n }), aLine({ side: "credit", amountMinor: 1200n })] });
    expect(await bodyOf(["$.total", { $number: "$.lines[0].amount" }], {}, yen)).toBe('["1200",1200]');
  });

  test("constants stay as they are", async () => {
    expect(
      await bodyOf({
        a: null,
        b: true,
        c: 12.5,
        d: "text",
        e: "$5 off",
        f: ["${x}", {}],
        g: { $literal: "$.key" },
        h: { $literal: { $x: 1 } },
      }),
    ).toBe('{"a":null,"b":true,"c":12.5,"d":"text","e":"$5 off","f":["${x}",{}],"g":"$.key","h":{"$x":1}}');
  });

  test("the dimensions of a line as a list, inside the list of lines", async () => {
    const inner = { $each: "$$.dimensions", $item: { type: "$$.name", code: "$$.value", doc: "$.key" } };
    expect(await bodyOf({ $each: "$.lines", $item: { items: inner } })).toBe(
      '[{"items":[{"type":"部门","code":"D01","doc":"BX-001"},{"type":"项目","code":"P\\"9","doc":"BX-001"}]},{"items":[]},{"items":[]}]',
    );
  });

  test("empty values can be left out of mappings, never out of lists", async () => {
    const body = { a: "$.fields.due", b: { $number: "$.lines[0].credit" }, c: ["$.fields.due"], d: null, e: "$.key" };
    expect(await bodyOf(body, { empty: "omit" })).toBe('{"c":[null],"d":null,"e":"BX-001"}');
    expect(await bodyOf(body)).toBe('{"a":null,"b":null,"c":[null],"d":null,"e":"BX-001"}');
  });

  test("whatever texts a document holds, what arrives is what was meant", async () => {
    const { url, received } = await serve(() => ({ body: { number: "V-1" } }));
    const body = { text: "$.text", lines: { $each: "$.lines", $item: { t: "$$.text", a: "$$.amount", n: { $number: "$$.amount" } } } };
    const target = openHttp(url, { target: { post: { ...POST, body } } });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }),
        fc.array(fc.tuple(fc.string(), fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })), { maxLength: 4 }),
        async (text, lines) => {
          await postOne(target, itemOf(aDocument({ text, lines: lines.map(([each, amountMinor]) => aLine({ text: each, amountMinor })) })));
          const sent = received.at(-1)?.body ?? "";
          const parsed = JSON.parse(sent) as { text: string; lines: { t: string; a: string }[] };
          expect(parsed.text).toBe(text);
          expect(parsed.lines.map(({ t }) => t)).toEqual(lines.map(([each]) => each));
          expect(parsed.lines.map(({ a }) => BigInt(a.replace(".", "")))).toEqual(lines.map(([, amountMinor]) => amountMinor));
          for (const { a } of parsed.lines) expect(sent).toContain(`"n":${a}}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a document whose code is no number is refused before anything is sent", async () => {
    const { url, received } = await serve(() => ({ body: { number: "V-1" } }));
    const target = openHttp(url, { target: { post: { ...POST, body: { n: { $number: "$.key" } } } } });
    for (const key of ["BX-001", "00042", "1.", "", "1e"]) {
      const outcome = await postOne(target, itemOf(aDocument({ key })));
      expect(outcome.kind).toBe("rejected");
      expect(problemOf(outcome).message).toBe(`post.body.n asks for a number, and \`$.key\` is \`${key}\``);
    }
    expect(received).toEqual([]);
  });
});

describe("path and headers", () => {
  test("values are encoded, what is written is not touched, and the base keeps its path", async () => {
    const sent = await wire({ method: "PUT", path: "/凭证/{$.fields.word}/{$.text}?key={$.idempotencyKey}&x=%20&y={$.currency}" });
    expect(sent).toMatchObject({
      method: "PUT",
      url: "/api/%E5%87%AD%E8%AF%81/%E8%AE%B0/%E6%8A%A5%E9%94%80%20BX-001%20%E5%BC%A0%E4%B8%89?key=expense%2FBX-001%2F1&x=%20&y=CNY",
    });
  });

  test.each(["", ".", ".."])("the key %j would address something else and is not sent", async (key) => {
    const { url, received } = await serve(() => ({ body: { number: "V-1" } }));
    const target = openHttp(url, { target: { post: { ...POST, path: "/vouchers/{$.key}" } } });
    expect((await postOne(target, itemOf(aDocument({ key })))).kind).toBe("rejected");
    expect(received).toEqual([]);
  });

  test("headers: ours, the connection's, the call's and the key", async () => {
    const { url, received } = await serve(() => ({ body: { number: "V-1" } }));
    const connection: Partial<HttpConnection> = { headers: { "X-Company": "001", Accept: "application/vnd.erp+json" } };
    const target = openHttp(url, {
      connection,
      target: {
        post: { ...POST, headers: { "X-Text": "doc {$.key}", "x-company": "{$.currency}" } },
        idempotency_header: "Idempotency-Key",
      },
    });
    await postOne(target);
    expect(received[0]?.headers).toMatchObject({
      accept: "application/vnd.erp+json",
      "content-type": "application/json",
      "x-company": "CNY",
      "x-text": "doc BX-001",
      "idempotency-key": "expense/BX-001/1",
      "user-agent": "erp-sync",
    });
    expect(Number(received[0]?.headers["content-length"])).toBe(Buffer.byteLength(received[0]?.body ?? ""));
  });

  test("a header never breaks out of its line, and two keys never look alike", async () => {
    const sent = await wire(
      { headers: { "X-Text": "{$.text}" } },
      { idempotency_header: "Idempotency-Key" },
      { ...DOCUMENT, text: "a\r\nX-Evil: 1", key: "单据-1" },
    );
    expect(sent.headers["x-text"]).toBe("a%0D%0AX-Evil:%201");
    expect(sent.headers["x-evil"]).toBeUndefined();
    expect(sent.headers["idempotency-key"]).toBe("expense/%E5%8D%95%E6%8D%AE-1/1");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
        fc.pre(one !== other);
        expect(encodeHeader(one)).toMatch(/^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/);
        expect(encodeHeader(one)).not.toBe(encodeHeader(other));
      }),
    );
  });

  test("the short key is 16 characters and follows from the key alone", () => {
    expect(shortKey("expense/BX-001/1")).toMatch(/^[A-Z2-7]{16}$/);
    const keys = Array.from({ length: 20_000 }, (_, n) => shortKey(`expense/BX-${n}/1`));
    expect(new Set(keys).size).toBe(20_000);
    // The first 80 bits of SHA-256 of no text, e3b0c44298fc1c149afb, in base32 (RFC 4648).
    expect(shortKey("")).toBe("4OYMIQUY7QOBJGX3");
  });
});

describe("what cannot be used is found before anything is sent", () => {
  const post = (more: object): Partial<HttpTargetOptions> => ({ post: { ...POST, ...more } as HttpTargetOptions["post"] });
  const reverse = { method: "POST", path: "/x" } as const;
  const cases: [string, Partial<HttpTargetOptions>, string, string?][] = [
    [
      "a misspelt field",
      post({ body: { a: "$.curency" } }),
      "`post.body.a`: there is no `curency` in `$.curency`",
      "did you mean `currency`?",
    ],
    [
      "a misspelt header field",
      post({ body: ["$.fields.wor"] }),
      "`post.body[0]`: there is no `wor` in `$.fields.wor`",
      "did you mean `word`?",
    ],
    [
      "a misspelt line field",
      post({ body: { $each: "$.lines", $item: { a: "$$.acount" } } }),
      "`post.body.$item.a`: there is no `acount` in `$$.acount`",
      "did you mean `account`?",
    ],
    ["an item outside of a list", post({ body: { a: "$$.amount" } }), "`post.body.a`: `$$.amount` stands outside of `$each`"],
    ["below a value", post({ body: { a: "$.key.x" } }), "`post.body.a`: `$.key.x` leads nowhere: there is nothing below it"],
    ["a path that is none", post({ body: { a: "$.key..x" } }), "`post.body.a`: `$.key..x` is no path"],
    ["a list of something else", post({ body: { $each: "$.key", $item: 1 } }), "`post.body.$each`: `$.key` is no list"],
    ["each without item", post({ body: { $each: "$.lines" } }), "`post.body`: `$item` is missing"],
    [
      "a misspelt command",
      post({ body: { $eech: "$.lines", $item: 1 } }),
      "`post.body`: `$eech` cannot stand here",
      "did you mean `$each`?",
    ],
    ["a command among keys", post({ body: { $number: "$.total", x: 1 } }), "`post.body`: `x` cannot stand here"],
    ["a constant that is no number", post({ body: { $number: "00042" } }), "`post.body`: `00042` is not a number"],
    [
      "a constant that lost digits",
      post({ body: { a: Number("12345678901234567890") } }),
      "`post.body.a`: the number `12345678901234567000` may have lost digits",
    ],
    ["a misspelt field in the path", post({ path: "/x/{$.ky}" }), "`post.path`: there is no `ky` in `$.ky`", "did you mean `key`?"],
    ["a word in braces", post({ path: "/x/{key}" }), "`post.path`: `key` is no path"],
    ["a header of the program", post({ headers: { "Content-Length": "1" } }), "connection: `post.headers` sets `Content-Length`"],
    [
      "a reference that is no path",
      post({ reference: "$.a b" }),
      "`post.reference`: `$.a b` is no path; expected one into the answer, as in `$.data.number`",
    ],
    ["many references", post({ reference: "$.a[*].b" }), "`post.reference`: `$.a[*].b`: `[*]` can stand in `message` only"],
    [
      "a rule without a comparison",
      post({ rejected: { when: { path: "$.a" }, message: "$.b" } }),
      "`post.rejected.when`: a condition has a `status`, or a `path` with one of `equals`, `not_equals`, `in` and `exists`, or both",
    ],
    [
      "a rule with two",
      post({ rejected: { when: { path: "$.a", equals: 1, exists: true }, message: "$.b" } }),
      "`post.rejected.when`: a condition has a `status`, or a `path` with one of `equals`, `not_equals`, `in` and `exists`, or both",
    ],
    ["a reversal that cannot succeed", { reverse }, "`reverse` cannot tell that it succeeded"],
    [
      "a look-up that cannot say no",
      { lookup: { method: "GET", path: "/x", found: "$.number" } },
      "`lookup` cannot tell that a document is not there",
    ],
    [
      "a document in a look-up",
      { lookup: { method: "GET", path: "/x/{$.key}", found: "$.n", many: "$" } },
      "`lookup.path`: there is no `key` in `$.key`",
    ],
  ];
  test.each(cases)("%s", async (_, target, message, hint) => {
    const problem = await thrownBy(() => openHttp("http://127.0.0.1:1", { target }));
    expect(problem.message).toBe(message);
    expect(problem.code).toMatch(/^CONFIG_/);
    if (hint !== undefined) expect(problem.hint).toBe(hint);
  });

  const connections: [string, string, Partial<HttpConnection>, string][] = [
    ["no URL", "erp.example.com", {}, "connection: `url` is not a URL"],
    ["another scheme", "ftp://erp.example.com", {}, "connection: `url` is not a URL"],
    ["not encrypted", "http://erp.example.com/x", {}, "connection: `url` is not encrypted: `http://erp.example.com`"],
    [
      "a host that only looks like this one",
      "http://127.0.0.1.example.com",
      {},
      "connection: `url` is not encrypted: `http://127.0.0.1.example.com`",
    ],
    ["credentials in the URL", "https://sync:tok-8f3e1c77aa@erp.example.com", {}, "connection: `url` holds a user name or a password"],
    ["a key in the URL", "https://erp.example.com?key=tok-8f3e1c77aa", {}, "connection: `url` has a query"],
    [
      "two ways to sign in",
      "https://x",
      { auth: { bearer: { token: "t" }, basic: { user: "u", password: "p" } } },
      "connection: `auth` has `bearer` and `basic`",
    ],
    [
      "a key for nowhere",
      "https://x",
      { auth: { api_key: { value: "t" } } },
      "connection: `auth.api_key` needs either `header` or `query`",
    ],
    [
      "a token with a line break",
      "https://x",
      { auth: { bearer: { token: "tok-8f3e1c77aa\n" } } },
      "connection: `auth.bearer.token` has characters that a header cannot carry",
    ],
    ["a user with a colon", "https://x", { auth: { basic: { user: "a:b", password: "p" } } }, "connection: `auth.basic.user` has a colon"],
    [
      "a header with a line break",
      "https://x",
      { headers: { "X-A": "a\r\nb" } },
      "connection: `headers.X-A` has characters that a header cannot carry",
    ],
    ["no time at all", "https://x", { timeout: "0" }, "connection: `timeout` is `0`"],
  ];
  test.each(connections)("%s", async (_, url, connection, message) => {
    expect((await thrownBy(() => openHttp(url, { connection }))).message).toBe(message);
  });

  test.each(["http://localhost:1", "http://127.0.0.1:1", "http://127.9.9.9:1", "http://[::1]:1"])("%s is this machine", (url) => {
    expect(openHttp(url).traits.batch).toBe(1);
  });

  test("`insecure` allows the rest", () => {
    expect(openHttp("http://erp.example.com", { connection: { insecure: true } }).traits.batch).toBe(1);
  });
});

test("the traits are those of the options", () => {
  const clock = aClock();
  expect(openHttp("https://x", { clock }).traits).toEqual({
    deduplicates: false,
    quietMs: 60_000,
    batch: 1,
    concurrency: 4,
    searchable: false,
  });
  const target: Partial<HttpTargetOptions> = {
    deduplicates: true,
    quiet: "5m",
    lookup: { method: "GET", path: "/x", found: "$.n", absent: { status: 404 } },
    batch: { size: 20, answers: "$.results", match: "order" },
  };
  expect(openHttp("https://x", { clock, target, connection: { concurrency: 1 } }).traits).toEqual({
    deduplicates: true,
    quietMs: 300_000,
    batch: 20,
    concurrency: 1,
    searchable: true,
  });
});
