import { describe, expect, test } from "vitest";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import { shortKey } from "../../src/connectors/http/view.js";
import { aClock, LOOKUP, openHttp, type Reply, SECRETS, serve, thrownBy } from "./http-setup.js";

const KEY = "expense/单据-1/1";

async function find(reply: Reply, more: Partial<NonNullable<HttpTargetOptions["lookup"]>> = {}) {
  const { url } = await serve(() => reply);
  return openHttp(url, { target: { lookup: { ...LOOKUP, ...more } } }).lookup(KEY);
}

const hit = (number: unknown, externalId: unknown = KEY, more: object = {}) => ({ number, externalId, ...more });

describe("looking a document up", () => {
  test("asks by our key, encoded", async () => {
    const { url, received } = await serve(() => ({ body: { hits: [hit("V-1")] } }));
    expect(await openHttp(url, { target: { lookup: LOOKUP } }).lookup(KEY)).toEqual({ reference: "V-1" });
    expect(received[0]).toMatchObject({ method: "GET", url: `/vouchers?key=${encodeURIComponent(KEY)}`, body: "" });
    expect(received[0]?.headers["content-length"]).toBeUndefined();
  });

  test("or with a body, by the short key", async () => {
    const { url, received } = await serve(() => ({ body: { hits: [hit("V-1", shortKey(KEY))] } }));
    const lookup: HttpTargetOptions["lookup"] = { ...LOOKUP, method: "POST", path: "/search", body: { filter: { ref: "$.shortKey" } } };
    expect(await openHttp(url, { target: { lookup } }).lookup(KEY)).toEqual({ reference: "V-1" });
    expect(received[0]).toMatchObject({ method: "POST", url: "/search", body: `{"filter":{"ref":"${shortKey(KEY)}"}}` });
  });

  test("with the fingerprint, and with every digit of the number", async () => {
    const body = `{"hits":[{"number":98765432109876543210,"externalId":"${KEY}","fp":"abc"}]}`;
    expect(await find({ body }, { fingerprint: "$$.fp" })).toEqual({ reference: "98765432109876543210", fingerprint: "abc" });
    expect(await find({ body: { hits: [hit("V-1", KEY, { fp: "" })] } }, { fingerprint: "$$.fp" })).toEqual({ reference: "V-1" });
  });

  test("an empty list means that it is not there", async () => {
    expect(await find({ body: { hits: [] } })).toBeNull();
  });

  test("hits with other keys are left aside while ours is among them", async () => {
    expect(await find({ body: { hits: [hit("V-1", `${KEY}/reversal`), hit("V-2"), hit("V-3", `${KEY}0`)] } })).toEqual({
      reference: "V-2",
    });
  });

  const absent = { status: 404 };
  const single = { path: "/vouchers/{$.shortKey}", found: "$.number", key: "$.externalId", many: undefined as never, absent };
  test("one by one: 404 where the options say so", async () => {
    const { many: _, ...one } = { ...LOOKUP, ...single };
    const ask = async (reply: Reply, more: object = {}) => {
      const { url } = await serve(() => reply);
      return openHttp(url, { target: { lookup: { ...one, ...more } } }).lookup(KEY);
    };
    expect(await ask({ status: 404 })).toBeNull();
    expect(await ask({ body: hit("V-1") })).toEqual({ reference: "V-1" });
    expect((await thrownBy(() => ask({ status: 410 }))).message).toContain("it answers HTTP 410, so nobody can tell");
    expect((await thrownBy(() => ask({ body: hit("V-1", "other/1") }))).message).toContain("it found a document with another key");
    expect(await ask({ body: { success: true, data: null } }, { absent: { path: "$.data", equals: null } })).toBeNull();
  });
});

describe("what is no clear answer is never taken for absent", () => {
  const missing = { path: "$.hits", exists: false } as const;
  const cases: [string, Reply, object?][] = [
    ["a page of a proxy", { body: "<html><title>Sign in</title></html>" }],
    ["a page of a proxy, with a rule about what is not there", { body: "<html>" }, { absent: missing }],
    ["JSON that is cut off", { body: '{"hits":[' }],
    ["no list", { body: { total: 0 } }],
    ["a list that is null", { body: { hits: null } }],
    ["an error with HTTP 200", { body: { success: false, hits: "none" } }],
    ["404, when nothing says what it means", { status: 404, body: { hits: [] } }],
    ["403, with a rule about what is not there", { status: 403, body: { error: "no" } }, { absent: missing }],
    ["a redirect", { status: 302, headers: { location: "/login" } }],
    ["an empty answer", {}],
    ["204", { status: 204 }],
    ["a hit without a number", { body: { hits: [hit(null)] } }],
    ["a hit with the number 0", { body: { hits: [hit(0)] } }],
    ["documents with other keys only: the filter was not heard", { body: { hits: [hit("V-1", "a/1"), hit("V-2", "b/1")] } }],
    ["a hit without a key", { body: { hits: [hit("V-1", null)] } }],
  ];
  test.each(cases)("%s", async (_, reply, more) => {
    const problem = await thrownBy(() => find(reply, more));
    expect(problem.code).toBe("TARGET_UNAVAILABLE");
    expect(problem.message).toMatch(/so nobody can tell whether the document is there/);
  });

  test("several documents under our key are a conflict that names them", async () => {
    const problem = await thrownBy(() => find({ body: { hits: [hit("V-1"), hit("V-2"), hit("V-9", "other/1")] } }));
    expect(problem).toMatchObject({
      code: "TARGET_CONFLICT",
      message: `the target holds 2 documents under the key \`${KEY}\`: \`V-1\`, \`V-2\``,
    });
  });

  test("a target that cannot be searched says so", async () => {
    const target = openHttp("http://127.0.0.1:1");
    expect(target.traits.searchable).toBe(false);
    expect((await thrownBy(() => target.lookup(KEY))).message).toBe("this target cannot be searched by our key");
  });
});

describe("reading is repeated, since it changes nothing", () => {
  test.each([
    [
      [{ status: 500 }, { status: 502 }],
      [500, 1000],
    ],
    [
      [{ status: 503, headers: { "retry-after": "7" } }, { status: 429 }],
      [7000, 1000],
    ],
    [[{ status: 429, headers: { "retry-after": "86400" } }], [60_000]],
  ] satisfies [Reply[], number[]][])("after %j", async (failures, waits) => {
    const clock = aClock();
    const { url, received } = await serve(() => failures[received.length - 1] ?? { body: { hits: [] } });
    expect(await openHttp(url, { clock, target: { lookup: LOOKUP } }).lookup(KEY)).toBeNull();
    expect(clock.waits).toEqual(waits);
  });

  test("after a connection that broke off", async () => {
    const { url, received } = await serve((_, response) => {
      if (received.length > 2) return { body: { hits: [] } };
      response.destroy();
      return undefined;
    });
    expect(await openHttp(url, { target: { lookup: LOOKUP } }).lookup(KEY)).toBeNull();
    expect(received.length).toBe(3);
  });

  test.each([
    [500, "it answers HTTP 500"],
    [429, "it has no time for us (HTTP 429)"],
  ])("three times %i is no answer", async (status, message) => {
    const { url, received } = await serve(() => ({ status }));
    const problem = await thrownBy(() => openHttp(url, { target: { lookup: LOOKUP } }).lookup(KEY));
    expect(problem).toMatchObject({ code: "TARGET_UNAVAILABLE", message: expect.stringContaining(message) });
    expect(received.length).toBe(3);
  });

  test("but not when we are not let in", async () => {
    const { url, received } = await serve(() => ({ status: 401, body: SECRETS.token }));
    const target = openHttp(url, { target: { lookup: LOOKUP }, connection: { auth: { bearer: { token: SECRETS.token } } } });
    expect((await thrownBy(() => target.lookup(KEY))).code).toBe("TARGET_SIGN_IN");
    expect(received.length).toBe(1);
  });
});

describe("the key of what was posted last", () => {
  const latest = {
    method: "GET",
    path: "/vouchers/latest?source={$.pipeline}",
    found: "$.externalId",
    absent: { path: "$.count", equals: 0 },
  } as const;

  test("is asked for where the options say how", async () => {
    const { url, received } = await serve(() => ({ body: { count: 3, externalId: KEY } }));
    expect(await openHttp(url, { target: { latest } }).latest?.("报销 gl")).toBe(KEY);
    expect(received[0]?.url).toBe("/vouchers/latest?source=%E6%8A%A5%E9%94%80%20gl");
    expect(openHttp(url).latest).toBeUndefined();
  });

  test("there may be none; an answer that is not clear is neither", async () => {
    const ask = async (reply: Reply) => {
      const { url } = await serve(() => reply);
      return openHttp(url, { target: { latest } }).latest?.("gl");
    };
    expect(await ask({ body: { count: 0 } })).toBeNull();
    for (const reply of [{ body: { count: 1 } }, { status: 404 }, { body: "<html>" }]) {
      expect((await thrownBy(() => ask(reply))).code).toBe("TARGET_UNAVAILABLE");
    }
  });
});
