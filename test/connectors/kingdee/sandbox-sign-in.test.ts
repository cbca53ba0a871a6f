import { createHash, createHmac } from "node:crypto";
import { request } from "node:http";
import { expect, test } from "vitest";
import { apiSignature, appSignature, clientSecretOf, loginSign } from "../../../src/connectors/kingdee/sandbox/signatures.js";
import { ACCOUNT_SET, type Answered, APP_ID, APP_SECRET, AUTH_SERVICE, Client, FORM_SERVICE, open } from "./client.js";

const APP = { id: APP_ID, secret: APP_SECRET };

test("the signatures of the reference's test vectors", () => {
  const path = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.View.common.kdsvc";
  expect(clientSecretOf(APP)).toBe("MDA1NGYzOTdjNjIzNDM3OGIwOWNhN2Qz");
  expect(apiSignature(APP, path, "1700000000", "1700000000")).toBe(
    "MGI1NzkwOTU3M2NiZjRkNDQ5MDY2Y2MyNzA3YWM4ZmQxZGQzNzhjYzlkZDljYzk1MGU4NDQ4OTI4ODJkNzg0YQ==",
  );
  expect(appSignature(APP, "63f1d2a4b5c6d7,demo,2052,0")).toBe(
    "ZjQ1YTZiY2ZlMDI3ODYzYTEwNWEzM2IxZTlmNDdmNzkyNmY0YmM3YTk5ZGMyZTNlNWQ3MTA0MDQzY2IyNmJlZA==",
  );
  expect(loginSign(ACCOUNT_SET, "demo", APP, "1700000000")).toBe("105b01ae01d9adafd5a81274159238f5bd4234a1cf8446d83d80585a33b382f5");
});

interface Login {
  readonly LoginResultType: number;
  readonly Message: string | null;
  readonly IsSuccessByAPI: boolean;
  readonly KDSVCSessionId: string | null;
}

const hashed = (timestamp: string, secret = APP_SECRET): string =>
  createHash("sha256").update([ACCOUNT_SET, "demo", APP_ID, secret, timestamp].sort().join("")).digest("hex");

test("three ways to sign in, each checked, each with cookies for the calls that follow", async () => {
  const { address } = await open();
  const logins: readonly (readonly [string, unknown, Record<string, string>?])[] = [
    ["ValidateUser", { parameters: [ACCOUNT_SET, "demo", "demo-password", 2052] }],
    ["ValidateUser", { parameters: JSON.stringify([ACCOUNT_SET, "demo", "demo-password", 2052]) }],
    [
      "ValidateUser",
      `acctID=${ACCOUNT_SET}&username=demo&password=demo-password&lcid=2052`,
      { "content-type": "application/x-www-form-urlencoded" },
    ],
    ["LoginByAppSecret", { parameters: [ACCOUNT_SET, "demo", APP_ID, APP_SECRET, 2052] }],
    ["LoginBySign", { parameters: [ACCOUNT_SET, "demo", APP_ID, "1700000000", hashed("1700000000"), 2052] }],
    // As a client for Node sends them.
    ["ValidateUser", { acctid: ACCOUNT_SET, username: "demo", password: "demo-password", lcid: 2052 }],
    ["LoginByAppSecret", { acctid: ACCOUNT_SET, username: "demo", appid: APP_ID, appsecret: APP_SECRET, lcid: 2052 }],
  ];
  for (const [operation, body, headers] of logins) {
    const client = new Client(address);
    const login = await client.json<Login>(operation, body, headers);
    expect(login, JSON.stringify(body)).toMatchObject({ LoginResultType: 1, Message: null, IsSuccessByAPI: true });
    expect([...client.cookies.keys()]).toEqual(["kdservice-sessionid", "ASP.NET_SessionId"]);
    expect(login.KDSVCSessionId).toBe(client.cookies.get("kdservice-sessionid"));
    expect(await client.query("BD_Currency", "FNumber")).toContainEqual(["PRE001"]);
  }
});

test("a wrong sign-in is refused in HTTP 200, with a reason and without a session", async () => {
  const { address } = await open();
  const client = new Client(address);
  const refusals: readonly (readonly [string, readonly unknown[], string])[] = [
    ["ValidateUser", ["another", "demo", "demo-password", 2052], "数据中心不存在"],
    ["ValidateUser", [ACCOUNT_SET, "demo", "wrong", 2052], "用户名或密码错误"],
    ["LoginByAppSecret", [ACCOUNT_SET, "demo", APP_ID, "wrong", 2052], "应用密钥错误"],
    ["LoginByAppSecret", [ACCOUNT_SET, "demo", "200001_x", APP_SECRET, 2052], "第三方应用未注册"],
    ["LoginByAppSecret", [ACCOUNT_SET, "someone", APP_ID, APP_SECRET, 2052], `第三方应用“${APP_ID}”不允许用户“someone”登录`],
    ["LoginBySign", [ACCOUNT_SET, "demo", APP_ID, "1700000000", hashed("1700000001"), 2052], "签名错误"],
    ["LoginBySign", [ACCOUNT_SET, "demo", APP_ID, "1700000000", hashed("1700000000", "wrong"), 2052], "签名错误"],
  ];
  for (const [operation, parameters, message] of refusals) {
    const answer = await client.raw(operation, { parameters });
    expect(answer.status).toBe(200);
    const login = (await answer.json()) as Login;
    expect(login).toMatchObject({ Message: message, IsSuccessByAPI: false, KDSVCSessionId: null });
    expect(login.LoginResultType).not.toBe(1);
  }
  expect(client.cookies.size).toBe(0);
});

test("a wrong sign-in with named fields is refused as well", async () => {
  const { address } = await open();
  const client = new Client(address);
  const named = { acctid: ACCOUNT_SET, username: "demo", appid: APP_ID, appsecret: "wrong", password: "wrong", lcid: 2052 };
  expect(await client.json("LoginByAppSecret", named)).toMatchObject({ LoginResultType: 0, Message: "应用密钥错误" });
  expect(await client.json("ValidateUser", named)).toMatchObject({ LoginResultType: 0, Message: "用户名或密码错误" });
  expect(client.cookies.size).toBe(0);
});

test("services and operations are known in any case, and count as the same", async () => {
  const client = await open();
  const model = { FNumber: "D900", FName: "新部门", FCreateOrgId: { FNumber: "100" }, FUseOrgId: { FNumber: "100" } };
  const saved = (await client.on("save", "BD_Department", { Model: model })).Result;
  expect(saved.ResponseStatus).toMatchObject({ IsSuccess: true });
  const viewed = await client.json<Answered>(`${FORM_SERVICE.toLowerCase()}.view`, { formid: "BD_Department", data: { Id: saved.Id } });
  expect(viewed.Result.Result).toMatchObject({ Number: "D900" });
  expect((await client.on("DELETE", "BD_Department", { Ids: saved.Id })).Result.ResponseStatus).toMatchObject({ IsSuccess: true });
  expect(await client.inspect("calls")).toMatchObject({ Save: 1, View: 1, Delete: 1 });
  expect((await client.raw("saves", {})).status).toBe(404);
});

const LOST = { IsSuccess: false, ErrorCode: 500, MsgCode: 1, Errors: [{ Message: "会话信息已丢失，请重新登录" }] };

test("a session ends after 20 minutes without a call, and a lost one is answered in HTTP 200", async () => {
  let minutes = 0;
  const client = await open({ now: () => new Date(Date.UTC(2026, 2, 31) + minutes * 60_000) });
  for (minutes of [19, 38]) expect(await client.query("BD_Currency", "FNumber")).toHaveLength(3);
  minutes = 59;
  expect(await client.query("BD_Currency", "FNumber")).toMatchObject([[{ Result: { ResponseStatus: LOST } }]]);
  expect(await client.on("Save", "GL_VOUCHER", { Model: {} })).toMatchObject({ Result: { ResponseStatus: LOST } });
  expect(await client.json("BillQuery", { data: {} })).toMatchObject([{ Result: { ResponseStatus: LOST } }]);
  expect(await client.on("View", "BD_Currency", { Number: "PRE001" })).toEqual({});
  await client.act("settings", { emptyViewWhenSignedOut: false });
  expect(await client.on("View", "BD_Currency", { Number: "PRE001" })).toMatchObject({ Result: { ResponseStatus: LOST } });
  await client.signIn();
  expect(await client.query("BD_Currency", "FNumber")).toHaveLength(3);
  await client.control("POST", "/faults", ["expire next 1"]);
  expect(await client.on("Save", "GL_VOUCHER", { Model: {} })).toMatchObject({ Result: { ResponseStatus: LOST } });
});

test("more sessions than allowed are refused until one has ended", async () => {
  let minutes = 0;
  const client = await open({ now: () => new Date(Date.UTC(2026, 2, 31) + minutes * 60_000) });
  await client.act("settings", { mostSessions: 2 });
  expect((await new Client(client.address).signIn()).LoginResultType).toBe(1);
  expect(await new Client(client.address).signIn()).toMatchObject({ LoginResultType: 0, Message: "在线会话数已达上限2，请稍后再试" });
  expect(await client.inspect("sessions")).toHaveLength(2);
  minutes = 21;
  expect((await new Client(client.address).signIn()).LoginResultType).toBe(1);
});

test("changing the organisation gives one new cookie, which belongs beside the old ones", async () => {
  const client = await open();
  const old = new Map(client.cookies);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const switched = await client.json<Answered>("SwitchOrg", `data=${encodeURIComponent('{"OrgNumber":"200"}')}`, form);
  expect(switched.Result.ResponseStatus.IsSuccess).toBe(true);
  expect(client.cookies.get("kdservice-sessionid")).toBe(old.get("kdservice-sessionid"));
  expect(client.cookies.get("ASP.NET_SessionId")).not.toBe(old.get("ASP.NET_SessionId"));
  expect(await client.inspect("sessions")).toMatchObject([{ organisation: "200" }]);
  expect(await client.query("BD_Currency", "FNumber")).toHaveLength(3);
  const forgetful = new Client(client.address);
  for (const [name, value] of old) forgetful.cookies.set(name, value);
  expect(await forgetful.query("BD_Currency", "FNumber")).toMatchObject([[{ Result: { ResponseStatus: LOST } }]]);
  expect(await client.json("SwitchOrg", { data: { OrgNumber: "999" } })).toMatchObject({ Result: { ResponseStatus: { MsgCode: 10 } } });
});

test("account sets are listed without a session", async () => {
  const { address } = await open();
  const service = "Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService.GetDataCenterList";
  expect(await new Client(address).json(service, {})).toEqual([{ Id: ACCOUNT_SET, Number: "001", Name: "示例账套" }]);
});

const signed = (key: string, text: string): string => Buffer.from(createHmac("sha256", key).update(text).digest("hex")).toString("base64");

function signedHeaders(
  operation: string,
  more: Record<string, string> = {},
  appData = `${ACCOUNT_SET},demo,2052,0`,
): Record<string, string> {
  const path = encodeURIComponent(`/k3cloud/${FORM_SERVICE}.${operation}.common.kdsvc`);
  const [nonce, timestamp] = ["5f2c", "1700000000"];
  return {
    "X-Api-ClientID": "200000",
    "X-Api-Auth-Version": "2.0",
    "x-api-timestamp": timestamp as string,
    "x-api-nonce": nonce as string,
    "x-api-signheaders": "x-api-timestamp,x-api-nonce",
    "X-Api-Signature": signed(clientSecretOf(APP), `POST\n${path}\n\nx-api-nonce:${nonce}\nx-api-timestamp:${timestamp}\n`),
    "X-Kd-Appkey": APP_ID,
    "X-Kd-Appdata": Buffer.from(appData).toString("base64"),
    "X-Kd-Signature": signed(APP_SECRET, APP_ID + appData),
    ...more,
  };
}

test("signed calls need no session; each signature is checked", async () => {
  const { address, act } = await open();
  const client = new Client(address);
  const body = { data: { FormId: "BD_Currency", FieldKeys: "FNumber" } };
  const ask = async (headers: Record<string, string>): Promise<unknown> => client.json("ExecuteBillQuery", body, headers);
  expect(await ask(signedHeaders("ExecuteBillQuery"))).toHaveLength(3);
  expect(client.cookies.size).toBe(0);
  const refused = (reason: string): unknown => [[{ Result: { ResponseStatus: { IsSuccess: false, Errors: [{ Message: reason }] } } }]];
  expect(await ask(signedHeaders("ExecuteBillQuery", { "X-Kd-Signature": "x" }))).toMatchObject(
    refused("签名错误：X-Kd-Signature") as object,
  );
  expect(await ask(signedHeaders("View"))).toMatchObject(refused("签名错误：X-Api-Signature") as object);
  expect(await ask(signedHeaders("ExecuteBillQuery", {}, "other,demo,2052,0"))).toMatchObject(refused("数据中心不存在") as object);
  expect(await ask(signedHeaders("ExecuteBillQuery", {}, `${ACCOUNT_SET},demo,2052,999`))).toMatchObject(
    refused("组织“999”不存在") as object,
  );
  await act("settings", { checkApiSignature: false });
  expect(await ask(signedHeaders("View"))).toHaveLength(3);
});

test("cookies and refusals are spelt as the vendor's own client looks for them", async () => {
  const { address } = await open();
  const names = await new Promise<string[]>((resolve, reject) => {
    const sent = request(`${address}/k3cloud/${AUTH_SERVICE}.ValidateUser.common.kdsvc`, { method: "POST" }, (answer) => {
      answer.resume();
      resolve(answer.rawHeaders.filter((_, index) => index % 2 === 0));
    });
    sent.on("error", reject);
    sent.end(JSON.stringify({ parameters: [ACCOUNT_SET, "demo", "demo-password", 2052] }));
  });
  expect(names.filter((name) => name === "Set-Cookie")).toHaveLength(2);
  const refused = await new Client(address).raw("ExecuteBillQuery", { data: { FormId: "BD_Currency", FieldKeys: "FNumber" } });
  expect(await refused.text()).toMatch(/^\[\[\{"Result":\{"ResponseStatus":\{"ErrorCode":500,"IsSuccess":false,"Errors":/);
});
