import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import { hmacSha256 } from "../../src/connectors/http/sign-in/hmac.js";
import { appHeaders, clientOf, gatewayHeaders } from "../../src/connectors/http/sign-in/kingdee.js";
import {
  aClock,
  aDocument,
  itemOf,
  only,
  openHttp,
  postOne,
  problemOf,
  type Received,
  type Reply,
  SECRETS,
  serve,
  thrownBy,
} from "./http-setup.js";
import { abandonedBy, LIST, queryOf, readCells } from "./http-source-setup.js";

type Auth = NonNullable<HttpConnection["auth"]>;
type Token = NonNullable<Auth["token"]>;

/** Gives `acc-tok-1`, `-2`, … at `/token`, and is asked for claims or vouchers elsewhere. */
async function system(
  answer: (token: string, count: number) => Reply = (token) => ({ body: { value: { accessToken: token } } }),
  claims: (request: Received) => Reply = () => ({ body: { items: [{ id: "C-1" }], number: "V-1" } }),
) {
  let count = 0;
  const served = await serve((request) => {
    if (!request.url.startsWith("/token")) return claims(request);
    count += 1;
    return answer(`${SECRETS.accessToken}${count}`, count);
  });
  const calls = () => served.received.filter(({ url }) => !url.startsWith("/token"));
  const asked = () => served.received.filter(({ url }) => url.startsWith("/token"));
  return { ...served, calls, asked };
}

const HESI: Token = {
  url: "/token",
  body: { appKey: "a1", appSecurity: SECRETS.clientSecret },
  token: "$.value.accessToken",
  send: { query: "accessToken" },
};

describe("a token that is asked for first", () => {
  test("is sent in the query, by sources and targets", async () => {
    const { url, calls, asked } = await system();
    const connection = { auth: { token: HESI } };
    expect(await readCells(url, { connection })).toEqual([["C-1"]]);
    expect((await postOne(openHttp(url, { connection }))).kind).toBe("created");
    expect(asked().map(({ method, body }) => [method, body])).toEqual(
      Array(2).fill(["POST", JSON.stringify({ appKey: "a1", appSecurity: SECRETS.clientSecret })]),
    );
    expect(calls().map((each) => each.url)).toEqual(["/claims?accessToken=acc-tok-1", "/vouchers?accessToken=acc-tok-2"]);
  });

  test("in a header, with words around it; it stands in a header of the answer", async () => {
    const { url, calls, asked } = await system((token) => ({ headers: { "X-Auth": token } }));
    const token = {
      ...HESI,
      body: undefined,
      form: { user: "同步", password: SECRETS.password },
      token: { header: "X-Auth" },
      send: { header: "X-Session", value: "T {$.token}!" },
    };
    await readCells(url, { connection: { auth: { token } as never } });
    expect([...new URLSearchParams(asked()[0]?.body)]).toEqual([
      ["user", "同步"],
      ["password", SECRETS.password],
    ]);
    expect(calls()[0]?.headers["x-session"]).toBe("T acc-tok-1!");
  });

  test("in the body, of JSON, of a form, and of a call without one", async () => {
    const { url, calls } = await system();
    const connection = { auth: { token: { ...HESI, send: { body: "token" } } } };
    for (const request of [
      { path: "/a", body: { n: { $number: "$.page" } } },
      { path: "/a", form: { n: "$.page" } },
      { path: "/a", method: "POST" },
    ])
      await readCells(url, { connection, source: { ...LIST, request } });
    expect(calls().map(({ body }) => body)).toEqual(['{"n":1,"token":"acc-tok-1"}', "n=1&token=acc-tok-2", '{"token":"acc-tok-3"}']);
  });

  test.each<[string, Token["life"], object, number]>([
    ["a fixed time", "2h", {}, 7_200],
    ["seconds", { path: "$.expire", unit: "s" }, { expire: 7_200 }, 7_200],
    ["milliseconds", { path: "$.expire", unit: "ms" }, { expire: "7200000" }, 7_200],
    ["until, in milliseconds", { path: "$.expire", unit: "until ms" }, { expire: Date.parse("2026-12-01T04:03:04Z") }, 7_200],
    ["until, in seconds", { path: "$.expire", unit: "until s" }, { expire: Date.parse("2026-12-01T04:03:04Z") / 1000 }, 7_200],
    ["until, as text", { path: "$.expire", unit: "until iso" }, { expire: "2026-12-01T12:03:04+08:00" }, 7_200],
  ])("lives as long as is said: %s", async (_, life, extra, seconds) => {
    const { url, asked } = await system((token) => ({ body: { value: { accessToken: token }, ...extra } }));
    const clock = aClock();
    const target = openHttp(url, { clock, connection: { auth: { token: { ...HESI, ...(life === undefined ? {} : { life }) } } } });
    const later = async (ms: number) => {
      clock.now = new Date(clock.now.getTime() + ms);
      await postOne(target, itemOf(aDocument()));
      return asked().length;
    };
    expect(await later(0)).toBe(1);
    expect(await later(seconds * 1000 - 61_000)).toBe(1);
    expect(await later(2_000)).toBe(2);
  });

  test("an answer that means signed out: a new one, and once more", async () => {
    const served = await system(undefined, ({ url: asked }) =>
      asked.endsWith("acc-tok-1") ? { status: 403, body: { message: "未授权" } } : { body: { items: [{ id: "C-1" }] } },
    );
    const connection = { auth: { token: HESI }, signed_out: { status: 403 } };
    expect(await readCells(served.url, { connection })).toEqual([["C-1"]]);
    expect(served.asked().length).toBe(2);
    // Without the rule a 403 is what it is everywhere.
    const again = await system(undefined, () => ({ status: 403 }));
    expect((await abandonedBy(again.url, { connection: { auth: { token: HESI } } })).message).toContain("HTTP 403");
  });

  test.each<[string, Reply, string]>([
    ["HTTP 200 that refuses", { body: { code: 403, message: `no: ${SECRETS.clientSecret}` } }, "no: •••"],
    ["HTTP 403", { status: 403 }, "HTTP 403"],
    ["no token", { body: { value: {} } }, "its answer has none where `auth.token.token` says"],
    ["no text a header could carry", { body: { value: { accessToken: "a b" } } }, "its answer has none where `auth.token.token` says"],
  ])("%s", async (_, reply, message) => {
    const { url, calls } = await system(() => reply);
    const token = { ...HESI, rejected: { when: { path: "$.code", equals: 403 }, message: "$.message" } };
    const found = await abandonedBy(url, { connection: { auth: { token } } });
    expect(found).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: `GET ${new URL(url).host}/claims: ${new URL(url).host} gives us no token: ${message}`,
    });
    expect(await thrownBy(() => postOne(openHttp(url, { connection: { auth: { token } } })))).toMatchObject({ code: "TARGET_SIGN_IN" });
    expect(calls()).toEqual([]);
  });

  test("an endpoint that has no time: nothing was sent", async () => {
    const { url, calls } = await system(() => ({ status: 503, headers: { "retry-after": "9" } }));
    const outcome = await postOne(openHttp(url, { connection: { auth: { token: HESI } } }));
    expect(outcome).toMatchObject({ kind: "busy", retryAfterMs: 9_000 });
    expect(problemOf(outcome).message).toContain("it answers HTTP 503; nothing was sent to the target");
    expect(calls()).toEqual([]);
  });

  test.each<[string, Auth, string]>([
    ["no place", { token: { ...HESI, send: {} } }, "connection: `auth.token.send` needs one of `header`, `query` and `body`"],
    ["two contents", { token: { ...HESI, form: {} } }, "connection: `auth.token` has `body` and `form`"],
    [
      "http elsewhere",
      { token: { ...HESI, url: "http://login.example/t" } },
      "connection: `auth.token.url` is not encrypted: `http://login.example`",
    ],
    ["two ways", { token: HESI, bearer: { token: "x" } }, "connection: `auth` has `token` and `bearer`"],
    [
      "a signature beside others",
      { signature: { kingdee_gateway: { client_id: "1", client_secret: "x" } }, bearer: { token: "x" } },
      "connection: `auth` has `signature` and `bearer`",
    ],
    [
      "an app id that is none",
      { signature: { kingdee_app: { app_id: "1", app_secret: "x", account: "a", user: "u", organisation: "0" } } },
      "connection: `auth.signature.kingdee_app.app_id` is none",
    ],
    [
      "no secret",
      { oauth2: { token_url: "https://x.example/t", client_id: "a", send_in: "body" } },
      "connection: `auth.oauth2` has no `client_secret`",
    ],
  ])("cannot be used: %s", async (_, auth, message) => {
    expect((await thrownBy(() => openHttp("http://127.0.0.1:1", { connection: { auth } }))).message).toBe(message);
  });
});

describe("signatures, against the published examples", () => {
  test("HMAC-SHA256 itself (RFC 4231, test case 2)", () => {
    expect(hmacSha256("Jefe", "what do ya want for nothing?", "hex")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  test("Kingdee 云星辰, signature of an app key", () => {
    expect(hmacSha256("abc123", "abc", "base64 of hex")).toBe(
      "ZDljMTI3NGIyNTE1MTRkYzlkNjc1MDNhYjUzMzgzNWMyY2M4YTdjMzdmNmM3YTVlNDkxMTkzNjdiOTFjNzUyZQ==",
    );
  });

  test("Kingdee K3Cloud", () => {
    const appId = `200000_${"A".repeat(32)}`;
    const client = clientOf(appId);
    expect(client).toEqual({ id: "200000", secret: "MDA1NGYzOTdjNjIzNDM3OGIwOWNhN2Qz" });
    const path = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.View.common.kdsvc";
    const moment = { timestamp: "1700000000", nonce: "1700000000" };
    expect(gatewayHeaders(client ?? { id: "", secret: "" }, "POST", path, moment)["x-api-signature"]).toBe(
      "MGI1NzkwOTU3M2NiZjRkNDQ5MDY2Y2MyNzA3YWM4ZmQxZGQzNzhjYzlkZDljYzk1MGU4NDQ4OTI4ODJkNzg0YQ==",
    );
    expect(appHeaders({ app_id: appId, app_secret: "appsecret01", account: "63f1d2a4b5c6d7", user: "demo", organisation: "0" })).toEqual({
      "x-kd-appkey": appId,
      "x-kd-appdata": "NjNmMWQyYTRiNWM2ZDcsZGVtbywyMDUyLDA=",
      "x-kd-signature": "ZjQ1YTZiY2ZlMDI3ODYzYTEwNWEzM2IxZTlmNDdmNzkyNmY0YmM3YTk5ZGMyZTNlNWQ3MTA0MDQzY2IyNmJlZA==",
    });
  });

  const clock = (ms: number) => ({ waits: [], now: new Date(ms) });

  test("Yonyou YonBIP: the question for the token is signed", async () => {
    const { url, asked } = await system();
    const hmac = { key: "s3cr3t", text: "appKey0123456789abcdeftimestamp{$.timestamp}", encoding: "base64", timestamp: "ms" } as const;
    const query = { appKey: "0123456789abcdef", timestamp: "$.timestamp", signature: "$.signature" };
    const token: Token = { url: "/token", query, hmac, token: "$.value.accessToken", send: { query: "access_token" } };
    await readCells(url, { connection: { auth: { token } }, clock: clock(1_700_000_000_000) });
    expect(asked()[0]?.url).toBe(
      "/token?appKey=0123456789abcdef&timestamp=1700000000000&signature=ync9nYlwqYc5PN%2BhxlG45POdnmQihDT8ms2tUHbbOnA%3D",
    );
  });

  test("a DingTalk robot: time and secret, in the query", async () => {
    const { url, calls } = await system();
    const key = "SECdemo0001";
    const query = { timestamp: "$.timestamp", sign: "$.signature" };
    const hmac = { key, text: `{$.timestamp}\n${key}`, encoding: "base64", timestamp: "ms", query } as const;
    await readCells(url, { connection: { auth: { signature: { hmac } } }, clock: clock(1_735_660_801_000) });
    expect(calls()[0]?.url).toBe("/claims?timestamp=1735660801000&sign=M4Lk9P2b6h1yQx9gsD%2F3rcuj5u8kM73Wyb%2B%2BHJH2d8U%3D");
  });

  test("a request, with everything that is sent, by sources and targets", async () => {
    const { url, calls } = await system();
    const text = "{$.method}\n{$.path}\n{$.query}\n{$.timestamp}\n{$.nonce}\n{$.body}";
    const hmac = {
      key: SECRETS.clientSecret,
      text,
      encoding: "hex",
      timestamp: "s",
      headers: { "X-Time": "{$.timestamp}", "X-Nonce": "{$.nonce}", "X-Sign": "v1={$.signature}" },
    } as const;
    const connection = { auth: { signature: { hmac } } };
    await readCells(url, { connection, source: { ...LIST, request: { path: "/claims", query: { 部门: "研发" } } } });
    await postOne(openHttp(url, { connection }));
    expect(calls().length).toBe(2);
    for (const { method, url: sent, headers, body } of calls()) {
      const [path, query = ""] = sent.split("?");
      const signed = [method, path, query, headers["x-time"], headers["x-nonce"], body].join("\n");
      expect(headers["x-sign"]).toBe(`v1=${createHmac("sha256", SECRETS.clientSecret).update(signed).digest("hex")}`);
      expect(headers["x-nonce"]).toMatch(/^\d{10}$/);
      expect(headers["x-time"]).toBe("1796090584");
    }
  });

  test("Kingdee 云星辰: gateway headers on every call, that for the token too, with the token beside them", async () => {
    const { url, asked, calls } = await system();
    const signature = { kingdee_gateway: { client_id: "200000", client_secret: SECRETS.clientSecret } };
    const token = { ...HESI, body: undefined, url: "/token?app_key=abc", send: { header: "app-token" } } as unknown as Token;
    const connection = { auth: { signature, token } };
    await readCells(url, { connection, source: { ...LIST, request: { path: "/jdy/v2/fi/voucher", query: { b: "会 计", a: "1" } } } });
    const { headers, url: sent } = only(calls());
    expect(queryOf(sent)).toEqual({ b: "会 计", a: "1" });
    const text = `GET\n%2Fjdy%2Fv2%2Ffi%2Fvoucher\na=1&b=${encodeURIComponent(encodeURIComponent("会 计"))}\nx-api-nonce:${headers["x-api-nonce"]}\nx-api-timestamp:${headers["x-api-timestamp"]}\n`;
    const hex = createHmac("sha256", SECRETS.clientSecret).update(text).digest("hex");
    expect(headers["x-api-signature"]).toBe(Buffer.from(hex).toString("base64"));
    expect(headers["app-token"]).toBe("acc-tok-1");
    expect(asked()[0]?.headers["x-api-signature"]).toBeTruthy();
    expect(asked()[0]?.url).toBe("/token?app_key=abc");
  });
});
