import { expect, test } from "vitest";
import { appHeaders, clientOf, gatewayHeaders } from "../../src/connectors/http/sign-in/kingdee.js";
import { apiSignature } from "../../src/connectors/kingdee/sandbox/signatures.js";
import { loginSignature } from "../../src/connectors/kingdee/sign-in.js";
import { aClock, itemOf, type Reply, reversalOf, thrownBy } from "./http-setup.js";
import { APP, aVoucher, LOGGED_IN, openKingdeeTarget, PASSWORD, readEvents, serveKingdee, status } from "./kingdee-setup.js";

const LOST = status({ MsgCode: 1, Errors: [{ FieldName: null, Message: "会话信息已丢失，请重新登录", DIndex: 0 }] });

test("the signature of LoginBySign is that of the reference", () => {
  const parts = { accountSet: "63f1d2a4b5c6d7", user: "demo", appId: APP.app_id, appSecret: APP.app_secret, timestamp: "1700000000" };
  expect(loginSignature(parts)).toBe("105b01ae01d9adafd5a81274159238f5bd4234a1cf8446d83d80585a33b382f5");
});

const LOGINS = [
  [{ sign_in: "ValidateUser" }, "ValidateUser", ["63f1d2a4b5c6d7", "demo", PASSWORD, 2052]],
  [
    { sign_in: "LoginByAppSecret", ...APP, language: 1033 },
    "LoginByAppSecret",
    ["63f1d2a4b5c6d7", "demo", APP.app_id, APP.app_secret, 1033],
  ],
  [
    { sign_in: "LoginBySign", ...APP },
    "LoginBySign",
    ["63f1d2a4b5c6d7", "demo", APP.app_id, "1700000000", "105b01ae01d9adafd5a81274159238f5bd4234a1cf8446d83d80585a33b382f5", 2052],
  ],
] as const;

test.each(LOGINS)("signs in once as %o, and sends the session's cookies with each call", async (connection, operation, parameters) => {
  const server = await serveKingdee(() => [["D01"]]);
  const clock = { waits: [], now: new Date(1_700_000_000_000) };
  await readEvents(server.url, { connection, options: { form: "BD_Department" }, clock });
  const [login, ...others] = server.received;
  expect(login?.url).toBe(`/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService.${operation}.common.kdsvc`);
  expect(JSON.parse(login?.body ?? "")).toEqual({ parameters });
  expect(others.map(({ headers }) => headers.cookie)).toEqual(["kdservice-sessionid=session-one-4711"]);
});

test("the session is named by the answer where no cookie is set, and its organisation is changed", async () => {
  const server = await serveKingdee(
    ({ operation }) =>
      operation === "SwitchOrg" ? { headers: { "set-cookie": "ASP.NET_SessionId=other" }, body: status({ IsSuccess: true }) } : [],
    () => ({ body: { LoginResultType: 1, KDSVCSessionId: "by-answer-1" } }),
  );
  await readEvents(server.url, { connection: { organisation: "100" }, options: { form: "BD_Department" } });
  const [, change, query] = server.received;
  expect([change?.headers["content-type"], new URLSearchParams(change?.body).get("data")]).toEqual([
    "application/x-www-form-urlencoded",
    '{"OrgNumber":"100"}',
  ]);
  expect(change?.headers.cookie).toBe("kdservice-sessionid=by-answer-1");
  expect(query?.headers.cookie).toBe("kdservice-sessionid=by-answer-1; ASP.NET_SessionId=other");
});

test("a session that is over is opened anew, once, and the call is sent again", async () => {
  let calls = 0;
  const server = await serveKingdee(() => {
    calls += 1;
    return calls === 1 ? [[LOST]] : [["D01", 1]];
  });
  const events = await readEvents(server.url, { options: { form: "BD_Department" } });
  expect(events.at(-1)?.kind).toBe("complete");
  expect(server.received.map(({ url }) => /\.(\w+)\.common/.exec(url)?.[1])).toEqual([
    "ValidateUser",
    "ExecuteBillQuery",
    "ValidateUser",
    "ExecuteBillQuery",
  ]);
});

test("one that is over again at once is not let in, and nothing is tried further", async () => {
  const server = await serveKingdee(() => [[LOST]]);
  const events = await readEvents(server.url, { options: { form: "BD_Department" } });
  expect(events).toMatchObject([{ kind: "abandoned", problem: { code: "SOURCE_UNREADABLE" } }]);
  expect(server.received).toHaveLength(4);
});

test("what was refused is not tried again, because that may lock the user", async () => {
  const server = await serveKingdee(
    () => [],
    (): Reply => ({ body: { LoginResultType: 0, Message: `用户名或密码错误 ${PASSWORD}`, IsSuccessByAPI: false } }),
  );
  const target = await openKingdeeTarget(server.url, { options: { book: "001" } });
  for (let times = 0; times < 2; times += 1) {
    const problem = await thrownBy(() => target.post([itemOf(aVoucher())]));
    expect(problem.code).toBe("TARGET_SIGN_IN");
    expect(problem.message).toContain("用户名或密码错误 •••");
  }
  expect(server.received).toHaveLength(1);
});

test.each([
  ["three", {}, 3],
  ["as many as the connection says", { sessions: 2 }, 2],
])("calls at once have sessions of their own, no more than %s", async (_, connection, allowed) => {
  let logins = 0;
  let under = 0;
  let most = 0;
  const used = new Set<string>();
  const server = await serveKingdee(
    async ({ received }) => {
      under += 1;
      most = Math.max(most, under);
      const cookie = received.headers.cookie ?? "";
      expect(used.has(cookie)).toBe(false);
      used.add(cookie);
      await new Promise((resolve) => setTimeout(resolve, 20));
      used.delete(cookie);
      under -= 1;
      return [];
    },
    () => {
      logins += 1;
      return { headers: { "set-cookie": `kdservice-sessionid=session-${logins}` }, body: { LoginResultType: 1 } };
    },
  );
  const target = await openKingdeeTarget(server.url, { connection, options: { book: "001" } });
  await Promise.all(Array.from({ length: 8 }, (_, index) => target.lookup(`expense/BX-${index}/1`)));
  expect([logins, most]).toEqual([allowed, allowed]);
  const cookies = Array.from({ length: allowed }, (_each, index) => `kdservice-sessionid=session-${index + 1}`);
  const left = () => server.received.filter(({ url }) => url.endsWith("AuthService.Logout.common.kdsvc"));
  expect(left()).toEqual([]);
  await target.close?.();
  expect(
    left()
      .map(({ headers }) => headers.cookie)
      .sort(),
  ).toEqual(cookies);
});

test("sessions are left to themselves where it is said so", async () => {
  const server = await serveKingdee(() => []);
  const target = await openKingdeeTarget(server.url, { connection: { sign_out: false }, options: { book: "001" } });
  await target.lookup("expense/BX-1/1");
  await target.close?.();
  expect(server.received).toHaveLength(2);
});

test("signed requests carry their signatures and need no session", async () => {
  const server = await serveKingdee(() => []);
  const clock = aClock();
  clock.now = new Date(1_700_000_000_000);
  const connection = { sign_in: "signed requests", ...APP };
  await readEvents(server.url, { connection, options: { form: "BD_Department" }, clock });
  const [query] = server.received;
  expect(server.received).toHaveLength(1);
  expect(query?.headers).toMatchObject({
    "x-api-clientid": "200000",
    "x-api-auth-version": "2.0",
    "x-api-timestamp": "1700000000000",
    "x-kd-appkey": APP.app_id,
    "x-kd-appdata": "NjNmMWQyYTRiNWM2ZDcsZGVtbywyMDUyLDA=",
    "x-kd-signature": "ZjQ1YTZiY2ZlMDI3ODYzYTEwNWEzM2IxZTlmNDdmNzkyNmY0YmM3YTk5ZGMyZTNlNWQ3MTA0MDQzY2IyNmJlZA==",
  });
  expect(query?.headers.cookie).toBeUndefined();
});

/** What the vendor's own client for Java (8.2.0) sent, asked for organisation 100 and an app `200000_AAAA…`: each header but those of HTTP itself. */
const OF_THE_VENDOR = [
  ["ExecuteBillQuery", "1795704666533", "NDQ4MjJhNjkyYjBkOThjMmZiOTJiZmQzYjkyZjlmMmNlNWNmYjJjOTM4YTVmZmE2Yjc3YjcyOWZkZjQ1MjMzNA=="],
  ["Save", "1795704667219", "MTRlNzYyN2ZmNDQwNGY4OTVmYzdmNTczYjMyZjg3N2NmMTQyYTc1OTZkOTA4ZTFlNmEzNzEwMDRmNzcxM2U3MQ=="],
  ["BatchSave", "1795704667270", "ODhkNGFhNjZkZGNiZjAzM2NlZGQxMjViN2E3YjZhNDhlYWI3NTI2YmEzODYxY2Q1YzRkOWE4YjFiMTM2MTg5Nw=="],
  ["Delete", "1795704667356", "NjkzNDU4NjUxN2M4YmRkYTg4NGViM2NlZTkzYThjNGY3MDZkYzY3NjAxZDgzOThjYmNlYmM1NzMwNTA2NzE3Nw=="],
] as const;

const VENDOR_APP = { id: `200000_${"A".repeat(32)}`, secret: "appsecret01" };

function vendorHeaders(time: string, signature: string): Readonly<Record<string, string>> {
  return {
    "x-api-clientid": "200000",
    "x-api-auth-version": "2.0",
    "x-api-timestamp": time,
    "x-api-nonce": time,
    "x-api-signheaders": "X-Api-TimeStamp,X-Api-Nonce",
    "x-api-signature": signature,
    "x-kd-appkey": VENDOR_APP.id,
    "x-kd-appdata": "NjNmMWQyYTRiNWM2ZDcsZGVtbywyMDUyLDEwMA==",
    "x-kd-signature": "MDVlMzNmM2ViZmMxMDNiMDk0NWM0MmNkODQzMDhmZDY0OGFmOWUzMjcxMGEyNTQ1MjhkZDI3YTFmZDJkM2YwNw==",
  };
}

const servicePathOf = (operation: string): string =>
  `/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.${operation}.common.kdsvc`;

test.each(OF_THE_VENDOR)("the headers are those that the vendor's client sends: %s", (operation, time, signature) => {
  const app = { app_id: VENDOR_APP.id, app_secret: VENDOR_APP.secret, account: "63f1d2a4b5c6d7", user: "demo", organisation: "100" };
  const client = clientOf(VENDOR_APP.id);
  if (client === null) throw new Error("it is an app id");
  const path = servicePathOf(operation);
  const ours = { ...appHeaders(app), ...gatewayHeaders(client, "POST", path, { timestamp: time, nonce: time }) };
  expect(ours).toEqual(vendorHeaders(time, signature));
  // By which the requests below are judged: the stand-in computes it by itself, and agrees with the vendor as well.
  expect(apiSignature(VENDOR_APP, path, time, time)).toBe(signature);
});

test("each request that leaves us by signature has the headers of the vendor's client, and nothing else of that kind", async () => {
  let isSaved = false;
  const row: Readonly<Record<string, unknown>> = { FVOUCHERID: 11, FBillNo: "N11", FDocumentStatus: "A", FBUSNO: "expense/BX-001/1" };
  const server = await serveKingdee(({ operation, data }) => {
    if (operation === "ExecuteBillQuery")
      return isSaved
        ? [
            String(data["FieldKeys"])
              .split(",")
              .map((field) => row[field] ?? ""),
          ]
        : [];
    isSaved = true;
    return status({ IsSuccess: true, SuccessEntitys: [{ Id: 11, Number: "N11", DIndex: 0 }] });
  });
  const [, time = ""] = OF_THE_VENDOR[0];
  const connection = { sign_in: "signed requests", app_id: VENDOR_APP.id, app_secret: VENDOR_APP.secret, organisation: "100" };
  const target = await openKingdeeTarget(server.url, {
    connection,
    options: { book: "001", until: "save" },
    clock: { waits: [], now: new Date(Number(time)) },
  });
  expect((await target.post([itemOf(aVoucher())])).map(({ kind }) => kind)).toEqual(["created"]);
  expect((await target.reverse([reversalOf(aVoucher(), "N11")])).map(({ kind }) => kind)).toEqual(["created"]);
  await target.close?.();
  const sent = server.received.map(({ url, headers }) => ({
    url,
    headers: Object.entries(headers).filter(([name]) => name.startsWith("x-")),
  }));
  const operations = ["ExecuteBillQuery", "BatchSave", "ExecuteBillQuery", "ExecuteBillQuery", "Delete"];
  expect(sent.map(({ url }) => url)).toEqual(operations.map(servicePathOf));
  const nonces = sent.map(({ headers }) => String(Object.fromEntries(headers)["x-api-nonce"]));
  for (const [at, { url, headers }] of sent.entries()) {
    const nonce = nonces[at] as string;
    const vendors = vendorHeaders(time, apiSignature(VENDOR_APP, url, nonce, time));
    expect(Object.fromEntries(headers)).toEqual({ ...vendors, "x-api-nonce": nonce });
  }
  expect(new Set(nonces).size).toBe(nonces.length);
  expect(nonces.every((nonce) => /^[1-9]\d{9}$/.test(nonce))).toBe(true);
});

test.each([
  [{ sign_in: "ValidateUser", password: undefined }, "connection: `password` is missing"],
  [{ sign_in: "LoginBySign", app_id: "1_A" }, "connection: `app_secret` is missing"],
  [{ sign_in: "signed requests", app_id: "none", app_secret: "x" }, "connection: `app_id` is none"],
  [{ url: "http://erp.example.com/k3cloud/" }, "connection: `url` is not encrypted: `http://erp.example.com`"],
])("refuses a connection %o before anything is sent", async (connection, message) => {
  const given = Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
  const without = "password" in connection ? { password: undefined } : {};
  const problem = await thrownBy(() =>
    openKingdeeTarget("http://127.0.0.1:9", { connection: { ...given, ...without }, options: { book: "001" } }),
  );
  expect(problem.message).toBe(message);
});

test("a sign-in that has no answer is tried again by the next call", async () => {
  let logins = 0;
  const server = await serveKingdee(
    () => [],
    () => {
      logins += 1;
      return logins === 1 ? { status: 503, body: "" } : LOGGED_IN;
    },
  );
  const events = await readEvents(server.url, { options: { form: "BD_Department" } });
  expect(events.at(-1)?.kind).toBe("complete");
  expect(logins).toBe(2);
});
