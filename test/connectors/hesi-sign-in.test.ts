import { describe, expect, test } from "vitest";
import { aTenant, readCells, readEvents, SECRET, serveHesi, tokenReply } from "./hesi-setup.js";
import { aClock, type Reply, serve } from "./http-setup.js";

const FEE_TYPES = { source: { stream: "fee_types" }, columns: ["code"] };
const REFUSED: Reply = { status: 403, body: { errorCode: 403, errorMessage: "未授权" } };

/** Answers sign-ins as said, and lists where the token is the one that counts. */
async function serveTokens(signIn: (path: string, body: unknown, query: Readonly<Record<string, string>>) => Reply, counts: string) {
  return serve((request) => {
    const url = new URL(request.url, "http://x");
    const query = Object.fromEntries(url.searchParams);
    if (url.pathname.includes("/auth/")) return signIn(url.pathname, request.body === "" ? null : JSON.parse(request.body), query);
    return query["accessToken"] === counts ? { body: { items: aTenant()["feeTypes"] } } : REFUSED;
  });
}

test("the token of v1 goes with every call, one for all of them", async () => {
  const server = await serveHesi();
  await readCells(server.url, { columns: ["form.code", "department.code"] });
  expect(server.tokens()).toBe(1);
  expect(JSON.parse(server.received[0]?.body ?? "")).toEqual({ appKey: "key-1", appSecurity: SECRET });
});

test("v3 gets its token from a host of its own", async () => {
  const bodies: unknown[] = [];
  const server = await serveTokens((path, body) => {
    expect(path).toBe("/auth/openApi/v3/getAccessToken");
    bodies.push(body);
    return {
      body: {
        code: "200",
        msg: "操作成功",
        data: { corpId: "corp1", accessToken: "jwt.v3", refreshToken: "r", expiresTime: 1796099284000, scope: "tenant" },
      },
    };
  }, "jwt.v3");
  expect(await readCells(server.url, { ...FEE_TYPES, connection: { sign_in: "v3", sign_in_url: server.url } })).toHaveLength(2);
  expect(bodies).toEqual([{ appKey: "key-1", appSecurity: SECRET }]);
});

test.each(["appSecret", "appSecurity"])("a self-built app sends its password as `%s`", async (name) => {
  const server = await serveTokens((path, body) => {
    expect([path, body]).toEqual(["/api/openapi/v1/auth/getAppAccessToken", { appKey: "key-1", [name]: SECRET }]);
    return { body: { value: { accessToken: "app-token", timeout: 7200 } } };
  }, "app-token");
  expect(await readCells(server.url, { ...FEE_TYPES, connection: { sign_in: "self-built app", app_secret_name: name } })).toHaveLength(2);
});

test.each([
  ["HTTP 403", "v1", { status: 403, body: { errorCode: 403, errorMessage: "密钥无效" } }],
  ["HTTP 200 with a code", "v3", { body: { code: "403", msg: "密钥无效", data: "" } }],
  ["HTTP 200 with an errcode", "self-built app", { body: { errcode: 500, errmsg: "应用鉴权失败" } }],
] as const)("a wrong key is told by %s (%s), and asked for once", async (_, variant, reply) => {
  let asked = 0;
  const server = await serveTokens(() => {
    asked += 1;
    return reply;
  }, "none");
  const connection = { sign_in: variant, sign_in_url: server.url };
  const last = (await readEvents(server.url, { ...FEE_TYPES, connection })).at(-1);
  expect(last).toMatchObject({
    kind: "abandoned",
    problem: {
      message: expect.stringMatching(/gives us no token \(HTTP \d{3}\): .*(密钥无效|应用鉴权失败)/),
      hint: expect.stringContaining("`app_security`"),
    },
  });
  expect(asked).toBe(1);
});

describe("a token that ends", () => {
  test("is refreshed shortly before that, with both of its parts", async () => {
    const clock = aClock();
    let refreshed: Readonly<Record<string, string>> | null = null;
    let signIns = 0;
    const server = await serve((request) => {
      const url = new URL(request.url, "http://x");
      const query = Object.fromEntries(url.searchParams);
      if (url.pathname.endsWith("/v1/auth/getAccessToken")) {
        signIns += 1;
        return tokenReply(1, 90_000);
      }
      if (url.pathname.endsWith("/v2/auth/refreshToken")) {
        refreshed = query;
        return tokenReply(2);
      }
      // The first list takes a minute of the clock on the wall.
      if (url.pathname.endsWith("/dimensions")) clock.now = new Date(clock.now.getTime() + 60_000);
      const counts = url.pathname.endsWith("/dimensions") ? "tok-1" : "tok-2";
      if (query["accessToken"] !== counts) return REFUSED;
      return { body: { count: 1, items: [{ id: "corp1:项目", name: "项目" }] } };
    });
    await readEvents(server.url, { source: { stream: "dimension_items" }, columns: ["id"], clock });
    expect(refreshed).toEqual({ accessToken: "tok-1", refreshToken: "ref-1", powerCode: "219904" });
    expect(signIns).toBe(1);
  });

  test("and is refused with 403: we sign in anew, once, and the call is made again", async () => {
    let tokens = 0;
    const clock = aClock();
    const server = await serve((request) => {
      const url = new URL(request.url, "http://x");
      if (url.pathname.includes("/auth/")) {
        tokens += 1;
        return tokenReply(tokens);
      }
      if (url.pathname.endsWith("/dimensions")) {
        // The administrator ends all sessions.
        clock.now = new Date(clock.now.getTime() + 60_000);
        return { body: { count: 1, items: [{ id: "corp1:项目", name: "项目" }] } };
      }
      return url.searchParams.get("accessToken") === "tok-2" ? { body: { count: 0, items: [] } } : REFUSED;
    });
    expect(await readCells(server.url, { source: { stream: "dimension_items" }, columns: ["id"], clock })).toEqual([]);
    expect([tokens, clock.waits]).toEqual([2, []]);
  });

  test("a 403 straight after signing in is waited out for a second, with the same token", async () => {
    let refusals = 0;
    const server = await serveHesi((_, path) => {
      if (path.includes("/auth/") || refusals === 1) return undefined;
      refusals += 1;
      return REFUSED;
    });
    const clock = aClock();
    expect(await readCells(server.url, { ...FEE_TYPES, clock })).toHaveLength(2);
    expect([server.tokens(), clock.waits]).toEqual([1, [1000]]);
  });

  test("who is refused again and again is told so, after two sign-ins and no more", async () => {
    const server = await serveHesi((_, path) => (path.includes("/auth/") ? undefined : REFUSED));
    const last = (await readEvents(server.url, FEE_TYPES)).at(-1);
    expect(last).toMatchObject({ kind: "abandoned", problem: { message: expect.stringContaining("does not let us in (HTTP 403)") } });
    expect(server.tokens()).toBe(2);
  });
});

describe("what goes wrong", () => {
  const failing = async (reply: Reply) => {
    const server = await serveHesi((_, path) => (path.includes("/auth/") ? undefined : reply));
    const events = await readEvents(server.url, FEE_TYPES);
    return { server, problem: events.flatMap((event) => (event.kind === "abandoned" ? [event.problem] : []))[0] };
  };

  test.each([
    [400, { errorCode: 400, errorMessage: "参数type无法识别" }, "it refuses (HTTP 400): 参数type无法识别"],
    [404, "没有找到", "it answers HTTP 404: 没有找到"],
    [412, { errorCode: 412, errorMessage: "单据已删除" }, "it refuses (HTTP 412): 单据已删除"],
    [403, { errorCode: 403, errorMessage: "实体已经停用" }, "it refuses (HTTP 403): 实体已经停用"],
    [204, undefined, "HTTP 204, and its answer is empty"],
    [200, { errorCode: 500, errorMessage: "系统繁忙" }, "it refuses: 系统繁忙"],
    [200, "<html><title>维护中</title></html>", "it answers with a web page instead of JSON: 维护中"],
  ])("HTTP %i %j is told in the system's words, and nothing is taken", async (status, body, message) => {
    const { problem, server } = await failing({ status, body });
    expect(problem?.message).toContain(`GET ${new URL(server.url).host}/api/openapi/v1/feeTypes: ${message}`);
  });

  test("a system that is busy is asked again as it says", async () => {
    let asked = 0;
    const server = await serveHesi((_, path) => {
      if (path.includes("/auth/")) return undefined;
      asked += 1;
      return asked === 1 ? { status: 429, headers: { "retry-after": "7" } } : undefined;
    });
    const clock = aClock();
    expect(await readCells(server.url, { ...FEE_TYPES, clock })).toHaveLength(2);
    expect(clock.waits).toEqual([7000]);
  });
});

describe("where the tenant lives", () => {
  test("is asked for where that is wanted, and everything else goes there, the token too", async () => {
    const tenant = await serveHesi();
    const asked: string[] = [];
    const front = await serve(({ url }) => {
      asked.push(url);
      return { body: { value: `${tenant.url}/` } };
    });
    const hosts = [new URL(tenant.url).host];
    expect(await readCells(front.url, { ...FEE_TYPES, connection: { locate: "corp/1", hosts } })).toHaveLength(2);
    expect(asked).toEqual(["/api/openapi/v2/location?corpId=corp%2F1"]);
  });

  test.each([
    [
      "a host of somebody else",
      { value: "https://ekuaibao.com.example.net/" },
      "leads to `ekuaibao.com.example.net`, which is no host of the vendor's",
    ],
    ["a host without TLS", { value: "http://app.ekuaibao.com/" }, "is not encrypted"],
    ["no answer", { value: null }, "does not say where the tenant lives"],
  ])("%s gets no credentials", async (_, body, message) => {
    const front = await serve(() => ({ body }));
    const last = (await readEvents(front.url, { ...FEE_TYPES, connection: { locate: "corp1" } })).at(-1);
    expect(last).toMatchObject({ kind: "abandoned", problem: { message: expect.stringContaining(message) } });
    expect(front.received).toHaveLength(1);
  });
});
