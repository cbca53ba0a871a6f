import { expect, test } from "vitest";
import { sandbox } from "../../../src/connectors/hesi/sandbox/index.js";
import type { DataLink, Department, DimensionItem, FeeType, Flow, Staff } from "../../../src/connectors/hesi/sandbox/shapes.js";
import { type Answer, fen, type Hesi, hesi, type Page, signIn } from "./sandbox-client.js";

const LIST = "/v1.1/docs/getApplyList";
const HOUR = 3_600_000;

async function list(tenant: Hesi, query: Readonly<Record<string, string>> = {}): Promise<Answer<Page<Flow>>> {
  return tenant.get<Page<Flow>>(LIST, { type: "expense", start: "0", count: "100", ...query });
}

test("signing in: a pair for two hours, a new pair before it ends, 403 for what is wrong or over", async () => {
  const { served, clock } = await hesi();
  const post = async (path: string, body?: unknown): Promise<Answer<Record<string, unknown>>> => {
    const answer = await served.call("POST", path, body);
    return { status: answer?.status ?? 0, json: JSON.parse(answer?.text ?? "{}") as Record<string, unknown> };
  };
  const { app_key: appKey, app_security: appSecurity } = sandbox.connection("");
  expect(await post("/api/openapi/v1/auth/getAccessToken", { appKey, appSecurity: "wrong" })).toMatchObject({
    status: 403,
    json: { errorCode: 403 },
  });
  const { json } = await post("/api/openapi/v1/auth/getAccessToken", { appKey, appSecurity });
  const first = json["value"] as { accessToken: string; refreshToken: string; expireTime: number; corporationId: string };
  expect(first.expireTime).toBe(clock.now().getTime() + 2 * HOUR);
  const types = async (token: string): Promise<number | undefined> =>
    (await served.call("GET", `/api/openapi/v1/feeTypes?accessToken=${token}`))?.status;
  const refreshing = (refreshToken: string): string =>
    `/api/openapi/v2/auth/refreshToken?accessToken=${first.accessToken}&refreshToken=${refreshToken}`;
  expect((await post(`${refreshing(first.refreshToken)}&powerCode=1`)).status).toBe(400);
  expect((await post(`${refreshing("other")}&powerCode=219904`)).status).toBe(403);
  const second = (await post(`${refreshing(first.refreshToken)}&powerCode=219904`)).json["value"] as {
    accessToken: string;
    refreshToken: string;
  };
  expect(await types(first.accessToken)).toBe(403);
  expect(await types(second.accessToken)).toBe(200);
  clock.forward(2 * HOUR);
  const over = await served.call("GET", `/api/openapi/v1/feeTypes?accessToken=${second.accessToken}`);
  expect([over?.status, JSON.parse(over?.text ?? "")]).toEqual([403, { errorCode: 403, errorMessage: "未授权" }]);
  const tooLate = `/api/openapi/v2/auth/refreshToken?accessToken=${second.accessToken}&refreshToken=${second.refreshToken}&powerCode=219904`;
  expect((await post(tooLate)).status).toBe(403);
});

test("the other sign-ins say HTTP 200 also where they fail", async () => {
  const { served } = await hesi();
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await served.call("POST", path, body);
    expect(answer?.status).toBe(200);
    return JSON.parse(answer?.text ?? "{}");
  };
  const { app_key: appKey, app_security: appSecret } = sandbox.connection("");
  expect(await post("/auth/openApi/v3/getAccessToken", { appKey, appSecret: "wrong" })).toMatchObject({ code: "403" });
  const v3 = (await post("/auth/openApi/v3/getAccessToken", { appKey, appSecret })) as { code: string; data: { accessToken: string } };
  expect(v3.code).toBe("200");
  expect(v3.data.accessToken.split(".")).toHaveLength(3);
  expect(await served.call("GET", `/api/openapi/v1/feeTypes?accessToken=${v3.data.accessToken}`)).toMatchObject({ status: 200 });
  expect(await post("/api/openapi/v1/auth/getAppAccessToken", { appKey, appSecret: "wrong" })).toMatchObject({ errcode: 500 });
  expect(await post("/api/openapi/v1/auth/getAppAccessToken", { appKey, appSecret })).toMatchObject({ value: { timeout: 7200 } });
});

test("where the tenant lives is asked without a token; all else needs one, and an unknown path is 404", async () => {
  const { served, call } = await hesi();
  const location = await served.call("GET", "/api/openapi/v2/location?corpId=ID_sandboxCorp");
  expect(JSON.parse(location?.text ?? "")).toEqual({ value: `${served.address}/` });
  expect(await served.call("GET", "/api/openapi/v1/feeTypes")).toMatchObject({ status: 403 });
  expect(await served.call("GET", "/api/openapi/v9/feeTypes")).toMatchObject({ status: 403 });
  expect(await call("GET", "/v9/feeTypes")).toMatchObject({ status: 404, json: { errorCode: 404 } });
  expect(await call("DELETE", "/v1/feeTypes")).toMatchObject({ status: 404 });
});

test("a list wants its type, start and count, and refuses what it does not know", async () => {
  const tenant = await hesi();
  const refused = async (query: Readonly<Record<string, string>>): Promise<unknown> => (await list(tenant, query)).json;
  expect(await refused({ type: "expenses" })).toEqual({ errorCode: 400, errorMessage: "参数type无法识别" });
  for (const query of [
    { type: "" },
    { start: "" },
    { start: "-1" },
    { count: "0" },
    { count: "101" },
    { state: "done" },
    { orderBy: "code" },
    { orderByType: "up" },
    { startDate: "2026-11-01" },
    { endDate: "2026-02-30 00:00:00" },
    { orderBy: "payDate" },
  ]) {
    expect(await refused(query), JSON.stringify(query)).toMatchObject({ errorCode: 400 });
  }
  expect(await refused({ type: "loan" })).toEqual({ count: 0, items: [] });
});

test("all pages together are all documents, in the order that was asked for", async () => {
  const tenant = await hesi();
  const seen: Flow[] = [];
  for (;;) {
    const { json } = await list(tenant, { start: String(seen.length), orderBy: "updateTime", orderByType: "asc" });
    expect(json.count).toBe(3_000);
    if (json.items.length === 0) break;
    seen.push(...json.items);
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(3_000);
  const times = seen.map(({ updateTime }) => updateTime);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const newest = (await list(tenant, { count: "2" })).json.items.map(({ createTime }) => createTime);
  expect(newest[0]).toBeGreaterThanOrEqual(newest[1] as number);
  expect(newest[0]).toBe(Math.max(...seen.map(({ createTime }) => createTime)));
});

test("a list row has no lines and no logs", async () => {
  const tenant = await hesi();
  const row = (await list(tenant, { count: "1" })).json.items[0];
  expect(row).not.toHaveProperty("logs");
  expect(row?.form).not.toHaveProperty("details");
  expect(row?.form.code).toMatch(/^B2[56]\d{6}$/);
});

test("deleted documents: among all, left out with active=true, alone with anything else", async () => {
  const tenant = await hesi();
  const count = async (query: Readonly<Record<string, string>>): Promise<number> => (await list(tenant, query)).json.count;
  const [all, live, deleted, odd] = [
    await count({}),
    await count({ active: "true" }),
    await count({ active: "false" }),
    await count({ active: "x" }),
  ];
  expect(deleted).toBeGreaterThan(0);
  expect([live + deleted, odd]).toEqual([all, deleted]);
});

test("PROCESSING as a filter finds nothing; paying finds those payments too", async () => {
  const tenant = await hesi();
  await tenant.act("create", { count: 2, state: "PROCESSING" });
  expect((await list(tenant, { state: "PROCESSING" })).json.count).toBe(0);
  const paying = (await list(tenant, { state: "paying" })).json.items.map(({ state }) => state);
  expect(new Set(paying)).toEqual(new Set(["paying", "PROCESSING"]));
  const both = (await list(tenant, { state: "draft,rejected" })).json.items.map(({ state }) => state);
  expect(new Set(both)).toEqual(new Set(["draft", "rejected"]));
});

test("the window is on the field of the order, in China time, and its end does not belong to it", async () => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1, state: "approving" });
  tenant.clock.forward(HOUR);
  await tenant.act("approve", { codes: [made?.code] });
  const codes = async (orderBy: string, startDate: string, endDate: string): Promise<string[]> =>
    (await list(tenant, { orderBy, startDate, endDate })).json.items.map(({ form }) => form.code);
  // Made at 11:00:00 and changed at 12:00:00 in China.
  expect(await codes("createTime", "2026-11-26 11:00:00", "2026-11-26 11:00:01")).toEqual([made?.code]);
  expect(await codes("createTime", "2026-11-26 10:59:59", "2026-11-26 11:00:00")).not.toContain(made?.code);
  expect(await codes("updateTime", "2026-11-26 12:00:00", "2026-11-26 12:00:01")).toEqual([made?.code]);
  expect(await codes("updateTime", "2026-11-26 11:00:00", "2026-11-26 12:00:00")).not.toContain(made?.code);
  expect(await codes("submitDate", "2026-11-26 11:00:00", "2026-11-26 11:00:01")).toEqual([made?.code]);
});

test("by payDate only what went through the cashier", async () => {
  const tenant = await hesi();
  const amount = { feeType: "市内交通", amount: "10.00" };
  const [cleared] = await tenant.act("create", { claims: [{ writtenOff: "10.00", details: [amount] }] });
  const [paid] = await tenant.act("create", { claims: [{ details: [amount] }] });
  expect([cleared?.state, paid?.state]).toEqual(["paid", "paid"]);
  const { json } = await list(tenant, { orderBy: "payDate", startDate: "2026-11-26 11:00:00" });
  expect(json.items.map(({ form }) => form.code)).toEqual([paid?.code]);
});

test("narrowed by specification without its small version, and by person", async () => {
  const tenant = await hesi();
  const row = (await list(tenant, { count: "1" })).json.items[0] as Flow;
  const [plain = ""] = row.form.specificationId.split(":");
  expect((await list(tenant, { specificationId: plain })).json.count).toBe(3_000);
  expect((await list(tenant, { specificationId: row.form.specificationId })).json.count).toBe(0);
  const own = await list(tenant, { uid: row.ownerId });
  expect(own.json.items.every(({ ownerId }) => ownerId === row.ownerId)).toBe(true);
  expect(own.json.count).toBeLessThan(3_000);
});

test("a detail by id, code and outer code; 412 where it is deleted or unknown", async () => {
  const tenant = await hesi();
  const details = [
    { feeType: "差旅-机票", amount: "318.00", date: "2026-11-20", invoice: { number: "26312000000000000017", rate: "9" } },
    {
      feeType: "市内交通",
      amount: "10.01",
      apportions: [
        { department: "0102", amount: "5.01" },
        { department: "0201", project: "0010", amount: "5.00" },
      ],
    },
  ];
  const [made] = await tenant.act("create", {
    claims: [{ person: "000101", outerCode: "OUT-1", writtenOff: "28.00", project: "P-2026-002", details }],
  });
  const { json } = await tenant.get<{ value: Flow }>("/v1.1/flowDetails", { flowId: made?.id ?? "" });
  const { form, state, active } = json.value;
  expect([state, active, form.expenseMoney.standard, form.writtenOffMoney.standard, form.payMoney.standard]).toEqual([
    "paid",
    true,
    "328.01",
    "28.00",
    "300.01",
  ]);
  expect(form.details[0]?.feeTypeForm).toMatchObject({
    feeDate: Date.parse("2026-11-19T16:00:00Z"),
    invoiceForm: { type: "exist", invoices: [{ taxRate: "9", taxAmount: { standard: "26.26" } }] },
  });
  expect(
    form.details[1]?.feeTypeForm.apportions.map(({ apportionForm }) => [
      fen(apportionForm.apportionMoney.standard),
      apportionForm["apportionPercent"],
    ]),
  ).toEqual([
    [501, 50.05],
    [500, 49.95],
  ]);
  expect((await tenant.get("/v1.1/flowDetails/byCode", { code: made?.code ?? "" })).json).toEqual(json);
  expect((await tenant.get("/v1.1/flowDetails/outerCode", { outerCode: "OUT-1" })).json).toEqual(json);
  expect(await tenant.get("/v1.1/flowDetails", {})).toMatchObject({ status: 400 });
  expect(await tenant.get("/v1.1/flowDetails", { flowId: "ID_none" })).toMatchObject({
    status: 412,
    json: { errorMessage: "不存在此单据[ID_none]" },
  });
  await tenant.act("delete", { codes: [made?.code] });
  for (const [path, query] of [
    ["", { flowId: made?.id ?? "" }],
    ["/byCode", { code: made?.code ?? "" }],
  ] as const) {
    expect((await tenant.get(`/v1.1/flowDetails${path}`, query)).json).toEqual({ errorCode: 412, errorMessage: "单据已删除" });
  }
});

test("amounts: text or numbers, and foreign ones times their rate are exactly the standard", async () => {
  const { served } = await hesi();
  const flows = await served.control<Flow[]>("GET", "/inspect/document");
  const amounts = flows.flatMap(({ form }) => form.details).map(({ feeTypeForm }) => feeTypeForm.amount);
  expect(new Set(amounts.map(({ standard }) => typeof standard))).toEqual(new Set(["string", "number"]));
  const abroad = amounts.filter(({ foreign }) => foreign !== undefined);
  expect(new Set(abroad.map(({ foreignStrCode }) => foreignStrCode))).toEqual(new Set(["USD", "JPY"]));
  for (const { standard, foreign = "", rate = "" } of abroad) {
    const digits = (text: string): number => (text.split(".")[1] ?? "").length;
    const plain = (text: string): bigint => BigInt(text.replace(".", ""));
    const scale = digits(foreign) + digits(rate) - 2;
    expect(plain(foreign) * plain(rate)).toBe(BigInt(fen(standard)) * 10n ** BigInt(scale));
  }
});

test("states of many at once", async () => {
  const tenant = await hesi();
  const made = await tenant.act("create", { count: 2, state: "approving" });
  const ids = made.map(({ id }) => id);
  const { json } = await tenant.get<Page<Flow>>(`/v2/approveStates/[${ids.join(",")}]`);
  expect(json.items).toEqual(ids.map((id) => ({ id, state: "approving" })));
  expect(await tenant.get("/v2/approveStates/[ID_none]")).toMatchObject({ status: 412 });
  expect(await tenant.get("/v2/approveStates/ID_none")).toMatchObject({ status: 400 });
});

test("staff: pages, active and external, 工号 that repeat and are missing", async () => {
  const tenant = await hesi();
  const staffs = async (query: Readonly<Record<string, string>> = {}): Promise<Page<Staff>> =>
    (await tenant.get<Page<Staff>>("/v1.1/staffs", { start: "0", count: "100", ...query })).json;
  const all = await staffs();
  expect(all.count).toBe(42);
  expect(all.items[0]?.updateTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const codes = all.items.map(({ code }) => code);
  expect(new Set(codes).size).toBe(41);
  expect(codes).toContain("");
  expect((await staffs({ active: "false" })).count).toBe(1);
  expect((await staffs({ external: "true", active: "true" })).items.map(({ name }) => name)).toEqual(["外部顾问"]);
  expect((await staffs({ start: "40", count: "10" })).items).toHaveLength(2);
  expect((await tenant.get("/v1.1/staffs", { start: "0", count: "500" })).status).toBe(400);
});

test("departments, fee types, dimensions with items, payees, accounts, currencies", async () => {
  const tenant = await hesi();
  const page = { start: "0", count: "100" };
  const departments = (await tenant.get<Page<Department>>("/v1/departments", page)).json;
  expect(departments.count).toBe(12);
  const finance = departments.items.find(({ code }) => code === "0102");
  expect(finance).toMatchObject({ name: "财务部", form: { costCenter: "CC0102" }, active: true });
  expect(departments.items.find(({ id }) => id === finance?.parentId)).toMatchObject({ code: "01", parentId: "" });
  expect((await tenant.get<Page<FeeType>>("/v1/feeTypes")).json.count).toBe(20);
  const dimensions = (await tenant.get<Page<{ id: string; name: string }>>("/v1/dimensions", page)).json.items;
  expect(dimensions.map(({ name }) => name).sort()).toEqual(["成本中心", "法人实体", "项目"].sort());
  const dimensionId = dimensions.find(({ name }) => name === "项目")?.id ?? "";
  expect(
    (await tenant.get<Page<DimensionItem>>("/v1/dimensions/items", { ...page, dimensionId })).json.items.map(({ code }) => code),
  ).toContain("0010");
  expect(await tenant.get("/v1/dimensions/items", page)).toMatchObject({ status: 412 });
  expect(await tenant.get("/v2.1/payeeInfos", { ids: "", names: "" })).toMatchObject({ status: 400 });
  const payees = (await tenant.get<Page<{ id: string; name: string }>>("/v2.1/payeeInfos", { ids: "", names: "", cardNos: "" })).json;
  expect(payees.count).toBe(40);
  const one = payees.items[0];
  expect((await tenant.get<Page<unknown>>("/v2.1/payeeInfos", { ids: one?.id ?? "", names: "", cardNos: "" })).json.items).toEqual([one]);
  expect((await tenant.get("/v1/paymentAccounts")).json).toMatchObject({ count: 1 });
  expect((await tenant.get<Page<{ strCode: string }>>("/v2.1/currency")).json.items.map(({ strCode }) => strCode).sort()).toEqual([
    "CNY",
    "JPY",
    "USD",
  ]);
});

test("business objects by entity, those that are disabled among them", async () => {
  const tenant = await hesi();
  const entities = await tenant.served.control<{ id: string; name: string }[]>("GET", "/inspect/entities");
  const entityId = entities.find(({ name }) => name === "供应商")?.id ?? "";
  const page = { start: "0", count: "100", entityId };
  const { json } = await tenant.get<Page<DataLink>>("/v2.1/datalink", page);
  expect(json.count).toBe(30);
  expect(json.items[0]?.data).toHaveProperty(`E_${entityId}_code`);
  expect((await tenant.get<Page<DataLink>>("/v2.1/datalink", { ...page, active: "false" })).json.count).toBe(0);
  expect(await tenant.get("/v2.1/datalink", { start: "0", count: "1" })).toMatchObject({ status: 412 });
});

test("invoices of a document, and their bodies with Chinese keys", async () => {
  const tenant = await hesi();
  const details = [
    { feeType: "差旅-住宿", amount: "106.00", invoice: { number: "12345678", code: "031002200011", seller: "上海示例酒店" } },
  ];
  const [made] = await tenant.act("create", { claims: [{ details }] });
  const search = "/v2/extension/flow/INVOICE/search";
  const used = await tenant.call<{ flow: { invoiceId: string }[] }>("POST", search, { type: "code", codeOrIds: [made?.code] });
  expect(used.json.flow).toEqual([{ invoiceId: expect.stringMatching(/^ID_/), invoiceItemId: [], invoiceType: "invoice" }]);
  expect((await tenant.call("POST", search, { type: "id", codeOrIds: [made?.id] })).json).toEqual(used.json);
  expect(await tenant.call("POST", search, { type: "number", codeOrIds: [made?.id] })).toMatchObject({ status: 400 });
  const bodies = async (kind: string, body: unknown): Promise<Answer<Page<Record<string, unknown>>>> =>
    tenant.call("POST", `/v2/extension/INVOICE/object/${kind}/search`, body);
  const { json } = await bodies("invoice", { ids: [used.json.flow[0]?.invoiceId] });
  expect(json.items).toHaveLength(1);
  expect(json.items[0]).toMatchObject({
    E_system_发票主体_发票代码: "031002200011",
    E_system_发票主体_发票号码: "12345678",
    E_system_发票主体_价税合计: { standard: "106.00" },
    E_system_发票主体_税额: { standard: "6.00" },
    E_system_发票主体_销售方名称: "上海示例酒店",
    E_税率: "6",
  });
  expect((await bodies("invoice", { index: 1, count: 100 })).json.items).toHaveLength(100);
  expect(await bodies("invoice", { index: 0, count: 100 })).toMatchObject({ status: 400 });
  expect((await bodies("taxi", { index: 1, count: 10 })).json).toEqual({ count: 0, items: [] });
  expect(await bodies("spaceship", { index: 1, count: 10 })).toMatchObject({ status: 404 });
});

test("504 above a count: a shorter window is answered", async () => {
  const tenant = await hesi("504 above 200");
  const wide = await list(tenant, { orderBy: "updateTime", orderByType: "asc" });
  expect(wide.status).toBe(504);
  const day = await list(tenant, { orderBy: "createTime", startDate: "2026-11-20 00:00:00", endDate: "2026-11-21 00:00:00" });
  expect(day.status).toBe(200);
  expect(day.json.count).toBeGreaterThan(0);
});

test("403 after sign-in: the first call with a new token only", async () => {
  const { served } = await hesi("403 after sign-in");
  const token = await signIn(served);
  const path = `/api/openapi/v1/feeTypes?accessToken=${token}`;
  expect(await served.call("GET", path)).toMatchObject({ status: 403 });
  expect(await served.call("GET", path)).toMatchObject({ status: 200 });
});

test("calls are counted by what they are, not by the ids in them", async () => {
  const tenant = await hesi();
  await tenant.get("/v2/approveStates/[ID_a]");
  await tenant.get("/v2/approveStates/[ID_b]");
  const { calls } = await tenant.served.control<{ calls: Record<string, number> }>("GET", "/calls");
  expect(calls["GET /api/openapi/v2/approveStates/:ids"]).toBe(2);
});
