import { describe, expect, test } from "vitest";
import { mustNotComeOut, serve, serveRaw } from "../connectors/http-setup.js";
import { dingtalkRobot, feishuRobot, hangingServer, hookServer, slackHook, wecomRobot } from "./robots.js";
import { aChannel, aSetting, NOW, sendTest, someFacts, tellOne } from "./setup.js";

const TEST = "sync demo: test message\n\nThis is a test. Nothing happened; messages about runs will come here.";

describe("a DingTalk robot", () => {
  const token = "ding-token-4711aa";
  const secret = "SEC-ding-secret-0815";

  test("takes what is signed as it asks", async () => {
    mustNotComeOut(token);
    mustNotComeOut(secret);
    const robot = await dingtalkRobot({ token, secret, keyword: "对账", now: NOW });
    const { url } = robot;
    expect(await sendTest(aChannel("dingtalk", { url, secret, keyword: "对账" }))).toEqual({ kind: "sent" });
    expect(robot.messages).toEqual([`对账 ${TEST}`]);
    // A blank or a bare `+` would not be the signature any more.
    expect(robot.received[0]?.url).toMatch(/[?&]sign=[A-Za-z0-9%]+$/);
  });

  test("gets the signature that the documentation computes", async () => {
    const server = await serve(() => ({ body: { errcode: 0, errmsg: "ok" } }));
    const now = () => new Date(1_735_660_801_000);
    await sendTest(aChannel("dingtalk", { url: `${server.url}/robot/send?access_token=x`, secret: "SECdemo0001" }), aSetting({ now }));
    expect(server.received[0]?.url).toBe(
      "/robot/send?access_token=x&timestamp=1735660801000&sign=M4Lk9P2b6h1yQx9gsD%2F3rcuj5u8kM73Wyb%2B%2BHJH2d8U%3D",
    );
  });

  test.each([
    ["another secret", { secret: "SEC-other-secret-99" }, /`errcode` 310000: sign not match; the security settings of the robot refuse it/],
    ["a clock that is wrong", { now: () => new Date(NOW.getTime() + 2 * 3_600_000) }, /310000: invalid timestamp/],
    ["no keyword", { keyword: undefined }, /310000: keywords not in content/],
  ])(
    "refuses, with HTTP 200, %s",
    async (_, { now, ...wrong }: { now?: () => Date; secret?: string; keyword?: string | undefined }, about) => {
      mustNotComeOut(secret);
      const { url, messages, received } = await dingtalkRobot({ token, secret, keyword: "对账", now: NOW });
      const { keyword = "keyword" in wrong ? undefined : "对账" } = wrong;
      const channel = aChannel("dingtalk", { url, secret: wrong.secret ?? secret, ...(keyword === undefined ? {} : { keyword }) });
      expect(await sendTest(channel, aSetting(now === undefined ? {} : { now }))).toEqual({
        kind: "failed",
        reason: expect.stringMatching(about),
      });
      expect([messages, received.length]).toEqual([[], 1]);
    },
  );

  test("that echoes the token in its refusal does not give it away", async () => {
    mustNotComeOut("wrong-token-12345");
    const { url } = await dingtalkRobot({ token, now: NOW });
    const sent = await sendTest(aChannel("dingtalk", { url: url.replace(token, "wrong-token-12345") }));
    expect(sent).toMatchObject({ kind: "failed", reason: expect.stringContaining("300005: token is not exist: •••") });
  });

  test.each([
    [{ errcode: 130101, errmsg: "send too fast, exceed 20 times per minute" }, 1, /too many messages went there/],
    [{ errcode: -1, errmsg: "系统繁忙" }, 3, /-1: 系统繁忙/],
    [{ errcode: 4242, errmsg: "news" }, 1, /4242: news/],
    [{ errmsg: "no number" }, 1, /HTTP 200/],
    ["<html>blocked</html>", 1, /HTTP 200: <html>/],
  ])("that answers %j is asked so many times: %i", async (body, times, about) => {
    const server = await serve(() => ({ body }));
    const setting = aSetting();
    expect(await sendTest(aChannel("dingtalk", { url: server.url }), setting)).toEqual({
      kind: "failed",
      reason: expect.stringMatching(about),
    });
    expect([server.received.length, setting.waits]).toEqual([times, times === 1 ? [] : [1_000, 4_000]]);
    const ids = server.received.map(({ body: sent }) => (JSON.parse(sent) as { msgUuid: string }).msgUuid);
    expect(new Set(ids).size).toBe(1);
  });

  test("that writes its zero as text took it", async () => {
    const server = await serve(() => ({ body: { errcode: "0", errmsg: "ok" } }));
    expect(await sendTest(aChannel("dingtalk", { url: server.url }))).toEqual({ kind: "sent" });
  });
});

describe("a Feishu bot", () => {
  const token = "feishu-token-4711";
  const secret = "feishu-secret-0815";

  test("takes what is signed as it asks", async () => {
    mustNotComeOut(token);
    mustNotComeOut(secret);
    const robot = await feishuRobot({ token, secret, now: NOW });
    expect(await sendTest(aChannel("feishu", { url: robot.url, secret }, { language: "zh" }))).toEqual({ kind: "sent" });
    expect(robot.messages[0]).toContain("sync demo: 测试消息");
  });

  test("gets the signature that the documentation computes", async () => {
    const server = await serve(() => ({ body: { code: 0 } }));
    const now = () => new Date(1_735_660_800_999);
    await sendTest(aChannel("feishu", { url: `${server.url}/hook/x`, secret: "demo0001" }), aSetting({ now }));
    expect(JSON.parse(server.received[0]?.body ?? "")).toMatchObject({
      timestamp: "1735660800",
      sign: "aouRPv9LJO+MOnzv8No+u2bQvPoFbzipJwx/U2R6PyA=",
    });
  });

  test("refuses, with HTTP 200, another secret and a missing keyword", async () => {
    const robot = await feishuRobot({ token, secret, keyword: "对账", now: NOW });
    const wrong = await sendTest(aChannel("feishu", { url: robot.url, secret: "feishu-secret-9999" }));
    expect(wrong).toMatchObject({ kind: "failed", reason: expect.stringMatching(/`code` 19021: sign match fail.*compare `secret`/) });
    const bare = await sendTest(aChannel("feishu", { url: robot.url, secret }));
    expect(bare).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("19024: Key Words Not Found; it asks for a word in every message"),
    });
    expect(await sendTest(aChannel("feishu", { url: robot.url, secret, keyword: "对账" }))).toEqual({ kind: "sent" });
  });

  test.each([11232, 9499])("that is throttled under the code %i is asked again", async (code) => {
    let asked = 0;
    const server = await serve(() => {
      asked += 1;
      return {
        body: asked === 1 ? { code, msg: "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]" } : { code: 0, msg: "success" },
      };
    });
    expect(await sendTest(aChannel("feishu", { url: server.url }))).toEqual({ kind: "sent" });
    expect(asked).toBe(2);
  });
});

describe("a WeCom robot", () => {
  const token = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";

  test("takes it, and is known by its key alone", async () => {
    mustNotComeOut(token);
    const robot = await wecomRobot({ token });
    expect(await sendTest(aChannel("wecom", { url: robot.url }))).toEqual({ kind: "sent" });
    expect(robot.messages).toEqual([TEST]);
    const other = await sendTest(aChannel("wecom", { url: robot.url.replace(token, "other-key") }));
    expect(other).toMatchObject({ kind: "failed", reason: expect.stringContaining("93000: invalid webhook url") });
  });

  test("gets no more bytes than it takes, however many pipelines there are", async () => {
    const robot = await wecomRobot({ token });
    const many = Array.from({ length: 60 }, (_, n) => someFacts({ scope: `凭证-${n}`, run: n + 1 }));
    expect(await tellOne(aChannel("wecom", { url: robot.url }, { language: "zh" }), many)).toBe("");
    const [text = ""] = robot.messages;
    expect(text).toMatch(/^sync demo: 60 个管道: 60 运行失败\n\n■ 凭证-0\n/);
    const shown = text.split("■").length - 1;
    expect(text.endsWith(`…… 另有 ${60 - shown} 个：sync status`)).toBe(true);
    // One long name alone is cut between characters.
    await tellOne(aChannel("wecom", { url: robot.url }), [someFacts({ scope: "长".repeat(2_000) })]);
    expect(robot.messages[1]).toMatch(/^sync demo: 长+…$/);
    expect(Buffer.byteLength(robot.messages[1] ?? "")).toBeGreaterThan(2_040);
  });

  test("that has no time for a minute is not waited for", async () => {
    const server = await serve(() => ({ body: { errcode: 45009, errmsg: "api freq out of limit, hint: [1], from ip: 203.0.113.9" } }));
    expect(await sendTest(aChannel("wecom", { url: server.url }))).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("45009"),
    });
    expect(server.received).toHaveLength(1);
  });
});

describe("a webhook of Slack", () => {
  test("takes it, and nothing in it links or calls", async () => {
    mustNotComeOut("slack-token-4711");
    const hook = await slackHook({ token: "slack-token-4711" });
    const facts = someFacts({ waiting: 1, waitingKeys: ["<!channel> & <http://evil.example|here>"] });
    expect(await tellOne(aChannel("slack", { url: hook.url }, { details: "keys" }), [facts])).toBe("");
    expect(hook.messages).toEqual([expect.stringContaining("<!channel> & <http://evil.example|here>")]);
  });

  test("is not believed without its `ok`", async () => {
    const server = await serve(() => ({ body: "<html>sign in</html>" }));
    expect(await sendTest(aChannel("slack", { url: server.url }))).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("HTTP 200"),
    });
    const gone = await serve(() => ({ status: 404, body: "no_service" }));
    expect(await sendTest(aChannel("slack", { url: gone.url }))).toEqual({ kind: "failed", reason: "HTTP 404: no_service" });
  });
});

describe("a webhook", () => {
  const secret = "hook-secret-0123456789";

  test("gets the figures, signed with the key that both know", async () => {
    mustNotComeOut(secret);
    mustNotComeOut("hook-token-4711");
    const hook = await hookServer(Buffer.from(secret), NOW);
    const facts = someFacts({ waiting: 2, waitingMoney: { byCurrency: new Map([["CNY", 123_450n]]), unknown: 1 }, waitingKeys: ["BX1"] });
    const channel = aChannel("webhook", { url: `${hook.url}/in`, secret, headers: { "X-Key": "hook-token-4711" } });
    expect(await tellOne(channel, [facts])).toBe("");
    expect(hook.received[0]?.headers["x-key"]).toBe("hook-token-4711");
    expect(hook.bodies).toMatchObject([
      {
        format: 1,
        project: "demo",
        test: false,
        pipelines: [
          {
            pipeline: "expense-to-gl",
            run: 12,
            events: ["failed"],
            failed: ["TARGET_UNAVAILABLE"],
            waiting: { items: 2, amounts: [{ currency: "CNY", amount: "1234.50" }], amountUnknown: 1 },
          },
        ],
      },
    ]);
    expect(hook.received[0]?.body).not.toContain("BX1");
    await tellOne({ ...channel, details: "keys" }, [facts]);
    expect(hook.bodies[1]?.pipelines[0]).toMatchObject({ waiting: { keys: ["BX1"] } });
  });

  test("takes a key in base64", async () => {
    const key = Buffer.from("0123456789abcdef0123456789abcdef");
    const hook = await hookServer(key, NOW);
    expect(await sendTest(aChannel("webhook", { url: hook.url, secret: `whsec_${key.toString("base64")}` }))).toEqual({ kind: "sent" });
    expect(hook.bodies).toMatchObject([{ test: true, pipelines: [] }]);
    const other = await sendTest(aChannel("webhook", { url: hook.url, secret: "another-secret-0123" }));
    expect(other).toEqual({ kind: "failed", reason: "HTTP 401: wrong signature" });
  });
});

describe("whatever the other side does", () => {
  test.each([429, 500, 502, 503])("HTTP %i is tried three times, and then left to the next run", async (status) => {
    const server = await serve(() => ({ status, body: "later" }));
    const setting = aSetting();
    expect(await sendTest(aChannel("slack", { url: server.url }), setting)).toEqual({ kind: "failed", reason: `HTTP ${status}: later` });
    expect([server.received.length, setting.waits]).toEqual([3, [1_000, 4_000]]);
  });

  test("it is waited for as long as it asks, and no longer than ten seconds", async () => {
    let seconds = 7;
    const server = await serve(() => ({ status: 429, headers: { "retry-after": String(seconds) } }));
    const setting = aSetting();
    await sendTest(aChannel("slack", { url: server.url }), setting);
    expect(setting.waits).toEqual([7_000, 7_000]);
    seconds = 60;
    await sendTest(aChannel("slack", { url: server.url }), setting);
    expect(server.received).toHaveLength(4);
  });

  test("one that never answers is given up on, and not asked twice", async () => {
    const server = await hangingServer();
    const sent = await sendTest(aChannel("slack", { url: server.url }), aSetting({ timeoutMs: 100 }));
    expect(sent).toEqual({ kind: "failed", reason: "no complete answer within 100 ms" });
    expect(server.received).toHaveLength(1);
  });

  test("one that is not there, or hangs up, is a reason in our words", async () => {
    const { url } = await serveRaw((socket) => socket.destroy());
    expect(await sendTest(aChannel("slack", { url }))).toMatchObject({ kind: "failed" });
    const setting = aSetting();
    const sent = await sendTest(aChannel("slack", { url: "http://127.0.0.1:9/services/secret-part-1" }), setting);
    expect(sent).toEqual({ kind: "failed", reason: "the connection was refused (ECONNREFUSED)" });
    expect(setting.waits).toEqual([1_000, 4_000]);
  });

  test("an address that is not encrypted is refused before anything is sent", async () => {
    mustNotComeOut("secret-part-1");
    const sent = await sendTest(aChannel("wecom", { url: "http://qyapi.example.com/cgi-bin/webhook/send?key=secret-part-1" }));
    expect(sent).toMatchObject({ kind: "failed", reason: expect.stringContaining("`url` is not encrypted") });
  });

  test("an answer that repeats a secret of the project is covered", async () => {
    mustNotComeOut("erp-password-77");
    const server = await serve(() => ({ status: 400, body: "you said erp-password-77" }));
    const sent = await sendTest(aChannel("slack", { url: server.url }), aSetting({ secrets: ["erp-password-77"] }));
    expect(sent).toEqual({ kind: "failed", reason: "HTTP 400: you said •••" });
  });
});
