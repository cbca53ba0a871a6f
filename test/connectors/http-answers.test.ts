import { describe, expect, test } from "vitest";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import type { PostOutcome } from "../../src/model/posting.js";
import { aClock, aDocument, LOOKUP, only, openHttp, POST, postOne, problemOf, type Reply, reversalOf, serve } from "./http-setup.js";

type Expected = PostOutcome["kind"] | { readonly created: string } | { readonly words: string };

const post = (more: Partial<HttpTargetOptions["post"]>): Partial<HttpTargetOptions> => ({ post: { ...POST, ...more } });

async function outcomeOf(reply: Reply, target: Partial<HttpTargetOptions> = {}): Promise<PostOutcome> {
  const { url } = await serve(({ method }) => (method === "GET" ? { body: { hits: [] } } : reply));
  return postOne(openHttp(url, { target }));
}

function check(outcome: PostOutcome, expected: Expected): void {
  if (typeof expected === "string") expect(outcome.kind).toBe(expected);
  else if ("created" in expected) expect(outcome).toEqual({ kind: "created", reference: expected.created });
  else {
    expect(outcome.kind).toBe("rejected");
    expect(problemOf(outcome).message).toBe(expected.words);
  }
}

describe("success is a document number and nothing else", () => {
  const cases: [string, Reply, Expected][] = [
    ["200 with a number", { body: { number: "记-0001" } }, { created: "记-0001" }],
    ["201", { status: 201, body: { number: "V-1" } }, { created: "V-1" }],
    ["202 with a number", { status: 202, body: { number: "V-1" } }, { created: "V-1" }],
    ["leading zeros", { body: '{"number":"00042"}' }, { created: "00042" }],
    ["more digits than a float has", { body: '{"number":12345678901234567890}' }, { created: "12345678901234567890" }],
    ["a number with places", { body: '{"number":1.10}' }, { created: "1.10" }],
    ["blanks around it", { body: { number: " V-1\n" } }, { created: "V-1" }],
    ["a byte order mark before it", { body: '\ufeff{"number":"V-1"}' }, { created: "V-1" }],
    ["200 without a body", {}, "unconfirmed"],
    ["204", { status: 204 }, "unconfirmed"],
    ["200 with an empty object", { body: {} }, "unconfirmed"],
    ["200 with a list", { body: [{ number: "V-1" }] }, "unconfirmed"],
    ["200 with a page of a proxy", { body: "<html><title>Sign in</title>number</html>" }, "unconfirmed"],
    ["200 with JSON that is cut off", { body: '{"number":"V-1"' }, "unconfirmed"],
    ["200 with two JSON values", { body: '{"number":"V-1"}{"number":"V-2"}' }, "unconfirmed"],
    ["number null", { body: { number: null } }, "unconfirmed"],
    ["number empty", { body: { number: "  " } }, "unconfirmed"],
    ["number zero", { body: { number: 0 } }, "unconfirmed"],
    ["a number of nothing but zeros", { body: { number: "0000000000" } }, "unconfirmed"],
    ["number -1", { body: { number: -1 } }, "unconfirmed"],
    ["a number that is an object", { body: { number: { id: 1 } } }, "unconfirmed"],
    ["a number that is true", { body: { number: true } }, "unconfirmed"],
    ["a number with a line break inside", { body: { number: "V\n1" } }, "unconfirmed"],
    ["a number as long as a text", { body: { number: "9".repeat(201) } }, "unconfirmed"],
    ["an answer nested beyond reason", { body: `${"[".repeat(5000)}${"]".repeat(5000)}` }, "unconfirmed"],
    [
      "an encoding that is not what it says",
      { headers: { "content-type": "application/json; charset=klingon" }, body: { number: "V-1" } },
      "unconfirmed",
    ],
  ];
  test.each(cases)("%s", async (_, reply, expected) => check(await outcomeOf(reply), expected));

  test("in the encoding the answer names", async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json; charset=GBK" });
      response.end(Buffer.concat([Buffer.from('{"number":"'), Buffer.from([0xbc, 0xc7]), Buffer.from('-1"}')]));
      return undefined;
    });
    expect(await postOne(openHttp(url))).toEqual({ kind: "created", reference: "记-1" });
  });

  test.each([
    [{ header: "Location" }, "/api/vouchers/77", "/api/vouchers/77"],
    [{ header: "location", last_segment: true }, "https://erp.example.com/api/vouchers/00077/?x=/1#y", "00077"],
    [{ header: "X-Number" }, "", null],
  ])("in a header: %j", async (reference, value, expected) => {
    const reply = { status: 204, headers: { location: value } };
    check(await outcomeOf(reply, post({ reference })), expected === null ? "unconfirmed" : { created: expected });
  });

  test.each([
    ["$.data.items[1].id", { created: "7" }],
    ['$["单据 号"]', { created: "记-9" }],
    ["$['a.b']", { created: "8" }],
    ["$.data.items[2].id", "unconfirmed"],
    ["$.data.items.id", "unconfirmed"],
    ["$.constructor", "unconfirmed"],
  ] satisfies [string, Expected][])("at %s", async (reference, expected) => {
    check(
      await outcomeOf({ body: { data: { items: [{ id: 6 }, { id: 7 }] }, "单据 号": "记-9", "a.b": 8 } }, post({ reference })),
      expected,
    );
  });
});

describe("a refusal", () => {
  const cases: [string, Reply, Expected][] = [
    [
      "200 that refuses",
      { body: { success: false, errorMessage: "科目 6602 不存在" } },
      { words: "the target refused it: 科目 6602 不存在" },
    ],
    ["`false` as text", { body: { success: "false", errorMessage: "no" } }, { words: "the target refused it: no" }],
    [
      "200 that refuses and gives 0 for the number",
      { body: { success: false, number: 0, errorMessage: "no" } },
      { words: "the target refused it: no" },
    ],
    ["200 that refuses without a word", { body: { success: false } }, { words: 'the target refused it: {"success":false}' }],
    ["400 with words", { status: 400, body: { errorMessage: "借贷不平" } }, { words: "the target refused it (HTTP 400): 借贷不平" }],
    ["422 with other words", { status: 422, body: { detail: "no" } }, { words: 'the target refused it (HTTP 422): {"detail":"no"}' }],
    ["400 without a word", { status: 400 }, { words: "the target refused it without a word (HTTP 400)" }],
    [
      "403 with a page",
      { status: 403, body: "<html><head><title>Forbidden\n by proxy</title></head>" },
      { words: "the target refused it (HTTP 403): Forbidden by proxy" },
    ],
    ["404", { status: 404, body: "no such thing" }, { words: "the target refused it (HTTP 404): no such thing" }],
    ["405", { status: 405 }, "rejected"],
    ["409", { status: 409 }, "rejected"],
    ["413", { status: 413 }, "rejected"],
    ["200 that refuses and names a number", { body: { success: false, number: "V-1", errorMessage: "?" } }, "unconfirmed"],
    ["400 that names a number", { status: 400, body: { number: "V-1" } }, "unconfirmed"],
  ];
  test.each(cases)("%s", async (_, reply, expected) => check(await outcomeOf(reply), expected));

  test("names the document, and says what to do in a hint without its data", async () => {
    const problem = problemOf(await outcomeOf({ body: { success: false, errorMessage: "张三 13800000000" } }));
    expect(problem).toMatchObject({ code: "TARGET_REJECTED", at: [{ document: "BX-001" }] });
    expect(problem.hint).not.toMatch(/张三|138/);
  });

  test.each([
    [{ path: "$.code", not_equals: 0 }, { code: 17, msg: "no" }, "rejected"],
    [{ path: "$.code", not_equals: 0 }, { code: "0", msg: "no" }, "unconfirmed"],
    [{ path: "$.code", not_equals: 0 }, { msg: "no" }, "unconfirmed"],
    [{ path: "$.code", not_equals: 0 }, { code: null, msg: "no" }, "rejected"],
    [{ path: "$.code", equals: 200.0 }, '{"code":200.00}', "rejected"],
    [{ path: "$.code", equals: "E1" }, { code: "e1" }, "unconfirmed"],
    [{ path: "$.code", in: ["E1", "E2"] }, { code: "E2" }, "rejected"],
    [{ path: "$.code", in: ["E1", "E2"] }, { code: "E3" }, "unconfirmed"],
    [{ path: "$.code", equals: null }, { code: null }, "rejected"],
    [{ path: "$.code", equals: null }, {}, "unconfirmed"],
    [{ path: "$.error", exists: true }, { error: "no" }, "rejected"],
    [{ path: "$.error", exists: true }, { error: null }, "unconfirmed"],
    [{ path: "$.data", exists: false }, { error: "no" }, "rejected"],
    [{ path: "$.data", exists: false }, "<html>", "unconfirmed"],
    [
      [
        { path: "$.a", equals: 1 },
        { path: "$.b", equals: 2 },
      ],
      { a: 1, b: 2 },
      "rejected",
    ],
    [
      [
        { path: "$.a", equals: 1 },
        { path: "$.b", equals: 2 },
      ],
      { a: 1, b: 3 },
      "unconfirmed",
    ],
    [{ status: 200 }, {}, "rejected"],
    [{ status: [201, 202] }, {}, "unconfirmed"],
  ] as const)("when %j answers %j it is %s", async (when, body, expected) => {
    expect((await outcomeOf({ body }, post({ rejected: { when: when as never, message: "$.msg" } }))).kind).toBe(expected);
  });

  test("of several rules the one that fits gives the words, from every item of a list", async () => {
    const rejected = [
      { when: { path: "$.code", equals: 1 }, message: "$.first" },
      { when: { path: "$.code", equals: 2 }, message: ["$.code", "$.errors[*].text"] },
    ];
    const body = { code: 2, first: "not this one", errors: [{ text: "a" }, { text: "b" }, { text: "a" }, { other: 1 }] };
    expect(problemOf(await outcomeOf({ body }, post({ rejected }))).message).toBe("the target refused it: 2; a; b");
  });

  test("the words are one clean line of at most 500 characters", async () => {
    const words = `第\u0000一\u001b[31m行\r\n\t第二行\u202e ${"汉".repeat(600)}`;
    const { message } = problemOf(await outcomeOf({ body: { success: false, errorMessage: words } }));
    const shown = message.slice("the target refused it: ".length);
    expect(shown).toMatch(/^第一\[31m行 第二行 汉+…$/);
    expect([...shown].length).toBe(500);
    expect(message).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe("an answer that leaves open what was done", () => {
  test.each([300, 304, 408, 500, 501, 502, 503, 504, 520])("%i is unconfirmed", async (status) => {
    const outcome = await outcomeOf({ status, body: { success: false, errorMessage: "died" } });
    expect(outcome.kind).toBe("unconfirmed");
    if (status !== 304) expect(problemOf(outcome).message).toContain(`it answers HTTP ${status}, which leaves open what was done: died`);
  });

  test("a number in it proves nothing", async () => {
    expect((await outcomeOf({ status: 500, body: { number: "V-1" } })).kind).toBe("unconfirmed");
  });

  test("it is a refusal only where a rule names that status", async () => {
    const rejected = { when: [{ status: 500 }, { path: "$.error.code", in: ["E1"] }], message: "$.error.text" };
    check(await outcomeOf({ status: 500, body: { error: { code: "E1", text: "no" } } }, post({ rejected })), {
      words: "the target refused it (HTTP 500): no",
    });
    expect((await outcomeOf({ status: 500, body: { error: { code: "E9" } } }, post({ rejected }))).kind).toBe("unconfirmed");
    expect((await outcomeOf({ status: 502, body: { error: { code: "E1" } } }, post({ rejected }))).kind).toBe("unconfirmed");
  });

  test("what to do next depends on whether the target can be searched", async () => {
    const lookedUp = problemOf(await outcomeOf({ status: 500 }, { lookup: LOOKUP }));
    const byHand = problemOf(await outcomeOf({ status: 500 }));
    expect(lookedUp.hint).toContain("looked up");
    expect(byHand.hint).toContain("cannot be searched by our key");
  });
});

describe("a target that has no time", () => {
  test.each([
    [429, { "retry-after": "7" }, 7000],
    [429, { "retry-after": "0" }, 0],
    [429, {}, null],
    [429, { "retry-after": "soon" }, null],
    [429, { "retry-after": "-5" }, null],
    [429, { "retry-after": "Tue, 01 Dec 2026 02:04:04 GMT", date: "" }, 60_000],
    [429, { "retry-after": "Tue, 01 Dec 2026 02:00:00 GMT", date: "" }, 0],
    // Its clock is an hour ahead of ours.
    [429, { "retry-after": "Tue, 01 Dec 2026 03:03:14 GMT", date: "Tue, 01 Dec 2026 03:03:04 GMT" }, 10_000],
    [429, { "retry-after": "2026-12-01T02:04:04Z", date: "" }, null],
    [503, { "retry-after": "120" }, 120_000],
    [503, { "retry-after": "Tue, 01 Dec 2026 02:03:34 GMT", date: "" }, 30_000],
  ])("%i with %j", async (status, headers, expected) => {
    const { url } = await serve((_, response) => {
      if ((headers as { date?: string }).date === "") response.sendDate = false;
      return { status, headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== "")) };
    });
    const outcome = await postOne(openHttp(url, { clock: aClock() }));
    expect(outcome).toMatchObject({ kind: "busy", retryAfterMs: expected, problem: { code: "TARGET_BUSY", at: [{ document: "BX-001" }] } });
  });

  test("503 without a time that can be read may come from a gateway whose backend died", async () => {
    expect((await outcomeOf({ status: 503, headers: { "retry-after": "soon" } })).kind).toBe("unconfirmed");
  });
});

describe("a document that is there already", () => {
  const duplicate = { when: { status: 409 }, reference: "$.existing.number", fingerprint: "$.existing.fingerprint" };

  test("exists, with its number and fingerprint", async () => {
    const body = { existing: { number: "V-7", fingerprint: "abc" } };
    expect(await outcomeOf({ status: 409, body }, post({ duplicate }))).toEqual({ kind: "exists", reference: "V-7", fingerprint: "abc" });
  });

  test("also with HTTP 200, where the number stands as always", async () => {
    const rule = { when: { path: "$.duplicate", equals: true } };
    expect(await outcomeOf({ body: { duplicate: true, number: "V-7" } }, post({ duplicate: rule }))).toEqual({
      kind: "exists",
      reference: "V-7",
    });
  });

  test("without a number it is looked up", async () => {
    const { url } = await serve(({ method, url: path }) =>
      method === "GET"
        ? { body: { hits: [{ number: "V-8", externalId: decodeURIComponent(path.split("=")[1] ?? "") }] } }
        : { status: 409 },
    );
    const target = openHttp(url, { target: { ...post({ duplicate: { when: { status: 409 } } }), lookup: LOOKUP } });
    expect(await postOne(target)).toEqual({ kind: "exists", reference: "V-8" });
  });

  test("nobody knows under which number when it is not found, or cannot be looked up", async () => {
    const rule = post({ duplicate: { when: { status: 409 } } });
    const absent = problemOf(await outcomeOf({ status: 409 }, { ...rule, lookup: LOOKUP }));
    expect(absent).toMatchObject({ code: "TARGET_UNCONFIRMED", message: expect.stringContaining("the look-up does not find it") });
    expect((await outcomeOf({ status: 409 }, rule)).kind).toBe("unconfirmed");
    const { url } = await serve(({ method }) => ({ status: method === "GET" ? 500 : 409 }));
    const failed = problemOf(await postOne(openHttp(url, { target: { ...rule, lookup: LOOKUP } })));
    expect(failed).toMatchObject({ code: "TARGET_UNCONFIRMED", message: expect.stringContaining("the look-up failed") });
  });
});

describe("reversal", () => {
  const reverse = {
    method: "POST",
    path: "/vouchers/{$.reference}/cancel",
    body: { key: "$.idempotencyKey", of: "$.postingKey", date: "$.document.date" },
    reference: "$.number",
  } as const;
  const item = reversalOf(aDocument(), "记/7");

  test("sends the number, both keys and the document", async () => {
    const { url, received } = await serve(() => ({ body: { number: "R-1" } }));
    expect(only(await openHttp(url, { target: { reverse } }).reverse([item]))).toEqual({ kind: "created", reference: "R-1" });
    expect(received[0]).toMatchObject({
      method: "POST",
      url: "/vouchers/%E8%AE%B0%2F7/cancel",
      body: '{"key":"expense/BX-001/1/reversal","of":"expense/BX-001/1","date":"2026-11-20"}',
    });
  });

  test("an answer without a number counts where the options say so", async () => {
    const { url, received } = await serve(() => ({ status: 204 }));
    const done = { method: "DELETE", path: "/vouchers/{$.reference}", done: { status: 204 } } as const;
    expect(only(await openHttp(url, { target: { reverse: done } }).reverse([item]))).toEqual({ kind: "created", reference: "记/7" });
    expect(received[0]).toMatchObject({ method: "DELETE", body: "" });
    expect(only(await openHttp(url, { target: { reverse } }).reverse([item])).kind).toBe("unconfirmed");
  });

  test("is refused where the pipeline does not say how", async () => {
    const { url, received } = await serve(() => ({}));
    const outcome = only(await openHttp(url).reverse([item]));
    expect(problemOf(outcome).message).toBe(
      "`记/7` cannot be cancelled from here: the pipeline does not say how this target reverses a document",
    );
    expect(outcome.kind).toBe("rejected");
    expect(received).toEqual([]);
  });
});
