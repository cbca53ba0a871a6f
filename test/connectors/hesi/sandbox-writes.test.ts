import { expect, test } from "vitest";
import type { DataLink, Department, DimensionItem, Flow, Payment, Staff } from "../../../src/connectors/hesi/sandbox/shapes.js";
import { type Answer, type Hesi, hesi, type Page } from "./sandbox-client.js";

const VOUCHER = "/v2.1/flow/data/erpVoucher";
const HOUR = 3_600_000;

async function flowOf(tenant: Hesi, id: string): Promise<Flow> {
  return (await tenant.get<{ value: Flow }>("/v1.1/flowDetails", { flowId: id })).json.value;
}

function voucher(flowId: string | undefined, voucherNo: string, more: object = {}): object {
  return { flowId, voucherNo, voucherCreateTime: "1795660000000", ...more };
}

test("a voucher number is kept on a paid document, moves its updateTime, and is taken away by an empty one", async () => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1 });
  const id = made?.id ?? "";
  const before = await flowOf(tenant, id);
  tenant.clock.forward(HOUR);
  const kept = await tenant.call("PUT", VOUCHER, { voucher: [voucher(id, "记-12", { fiscalPeriod: "2026-11" })] });
  expect(kept).toEqual({ status: 200, json: { value: true } });
  const after = await flowOf(tenant, id);
  expect(after.form).toMatchObject({
    voucherNo: "记-12",
    voucherStatus: "已生成",
    voucherCreateTime: 1795660000000,
    fiscalPeriod: "2026-11",
  });
  expect(after.updateTime - before.updateTime).toBeGreaterThanOrEqual(HOUR - 100);
  expect(await tenant.served.control("GET", "/inspect/vouchers")).toMatchObject([{ id, voucherNo: "记-12" }]);
  await tenant.call("PUT", VOUCHER, { voucher: [voucher(id, "")] });
  expect((await flowOf(tenant, id)).form).toMatchObject({ voucherNo: "", voucherStatus: "未生成", voucherCreateTime: 0 });
  expect(await tenant.served.control("GET", "/inspect/vouchers")).toEqual([]);
});

test.each(["draft", "approving", "paying", "PROCESSING", "archived"])("a document that is %s takes no voucher number", async (state) => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1, state });
  const answer = await tenant.call("PUT", VOUCHER, { voucher: [voucher(made?.id, "记-1")] });
  const errorMessage = `单据Id:[[${made?.id}]]的单据不是已支付状态，不能回写单据凭证，请检查`;
  expect(answer).toEqual({ status: 400, json: { errorCode: 400, errorMessage } });
});

test("one bad document spoils the whole array", async () => {
  const tenant = await hesi();
  const [good] = await tenant.act("create", { count: 1 });
  const [early] = await tenant.act("create", { count: 1, state: "approving" });
  for (const [bad, status] of [
    [early?.id, 400],
    ["ID_none", 412],
  ] as const) {
    const answer = await tenant.call("PUT", VOUCHER, { voucher: [voucher(good?.id, "记-1"), voucher(bad, "记-2")] });
    expect(answer.status).toBe(status);
    expect((await flowOf(tenant, good?.id ?? "")).form.voucherNo).toBe("");
  }
});

test.each([
  ["no list", {}],
  ["an empty list", { voucher: [] }],
  ["a time that is a number", { voucher: [{ flowId: "x", voucherNo: "1", voucherCreateTime: 1795660000000 }] }],
  ["no number", { voucher: [{ flowId: "x", voucherCreateTime: "1795660000000" }] }],
  ["no JSON", "{"],
])("a voucher write-back with %s is refused", async (_, body) => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1 });
  const answer = await tenant.call("PUT", VOUCHER, JSON.parse(JSON.stringify(body).replace('"flowId":"x"', `"flowId":"${made?.id}"`)));
  expect(answer).toMatchObject({ status: 400, json: { errorCode: 400 } });
});

test("a cut write-back keeps the first number and fails", async () => {
  const tenant = await hesi("cut next 1");
  const made = await tenant.act("create", { count: 3 });
  const body = { voucher: made.map(({ id }, index) => voucher(id, `记-${index}`)) };
  expect((await tenant.call("PUT", VOUCHER, body)).status).toBe(500);
  expect(await tenant.served.control("GET", "/inspect/vouchers")).toMatchObject([{ voucherNo: "记-0" }]);
  expect((await tenant.call("PUT", VOUCHER, body)).status).toBe(200);
});

test("payment results are answered item by item, and a second success is R00002", async () => {
  const tenant = await hesi();
  const [a, b, online] = await tenant.act("create", { count: 3, state: "paying" });
  const [waiting] = await tenant.act("create", { count: 1, state: "paying" });
  await tenant.act("start-payment", { codes: [a?.code, b?.code] });
  await tenant.act("start-payment", { codes: [online?.code], channel: "CHANPAY" });
  const send = async (items: readonly object[]): Promise<string[]> => {
    const answer = await tenant.call<{ items: { code: string }[] }>("POST", "/v1/paymentResults", { items });
    expect(answer.status).toBe(200);
    return answer.json.items.map(({ code }) => code);
  };
  const codes = await send([
    { id: a?.id, code: "P00001" },
    { id: b?.id, code: "P00002", errorMsg: "账号错误" },
    { id: waiting?.id, code: "P00001" },
    { id: online?.id, code: "P00001" },
    { id: "ID_none", code: "P00001" },
    { id: a?.id, code: "P9" },
    { code: "P00001" },
  ]);
  expect(codes).toEqual(["R00000", "R00000", "R00003", "R00004", "R00001", "R00005", "R00006"]);
  expect(await send([{ id: a?.id, code: "P00001" }])).toEqual(["R00002"]);
  expect(await flowOf(tenant, a?.id ?? "")).toMatchObject({ state: "paid", form: { payDate: tenant.clock.now().getTime() } });
  expect((await flowOf(tenant, b?.id ?? "")).state).toBe("paying");
  const payments = await tenant.served.control<Payment[]>("GET", "/inspect/payments");
  expect(payments).toMatchObject([{ flowId: a?.id, by: "api" }]);
});

interface Dimension {
  readonly id: string;
  readonly items: () => Promise<DimensionItem[]>;
}

async function projects(tenant: Hesi): Promise<Dimension> {
  const all = await tenant.served.control<{ id: string; name: string }[]>("GET", "/inspect/dimensions");
  const id = all.find(({ name }) => name === "项目")?.id ?? "";
  const query = { start: "0", count: "100", dimensionId: id };
  return { id, items: async () => [...(await tenant.get<Page<DimensionItem>>("/v1/dimensions/items", query)).json.items] };
}

const ITEMS = "/v1.1/dimensions/items";

test("a dimension item is created once, changed, disabled with all below it, and enabled", async () => {
  const tenant = await hesi();
  const { id: dimensionId, items } = await projects(tenant);
  const create = async (more: object): Promise<Answer<{ id: string; errorMessage?: string }>> =>
    tenant.call("POST", ITEMS, { dimensionId, name: "新项目", code: "P-9", visibility: { fullVisible: true }, ...more });
  const parent = (await create({})).json.id;
  expect(await create({})).toMatchObject({ status: 412, json: { errorMessage: "编码[P-9]已经被占用" } });
  expect(await create({ code: "P-9-1", parentId: "ID_none" })).toMatchObject({ status: 412, json: { errorMessage: "上级档案不存在" } });
  expect(await create({ name: "" })).toMatchObject({ status: 400 });
  expect(await create({ dimensionId: "ID_none" })).toMatchObject({ status: 412 });
  const child = (await create({ code: "P-9-1", parentId: parent })).json.id;
  const item = async (id: string): Promise<DimensionItem | undefined> => (await items()).find((each) => each.id === id);
  tenant.clock.forward(HOUR);
  expect(await tenant.call("PUT", `${ITEMS}/$${parent}/disable`)).toEqual({ status: 204, json: "" });
  expect([(await item(parent))?.active, (await item(child))?.active]).toEqual([false, false]);
  expect(await tenant.call("PUT", `${ITEMS}/${parent}/enable`)).toEqual({ status: 204, json: "" });
  expect([(await item(parent))?.active, (await item(child))?.active]).toEqual([true, true]);
  expect(await tenant.call("PUT", `${ITEMS}/$P-9?type=code`, { name: "改名" })).toEqual({ status: 204, json: "" });
  expect(await item(parent)).toMatchObject({
    name: "改名",
    code: "P-9",
    createTime: "2026-11-26 11:00:00",
    updateTime: "2026-11-26 12:00:00",
  });
  expect(await tenant.call("PUT", `${ITEMS}/$${child}`, { code: "P-9" })).toMatchObject({ status: 412 });
  expect(await tenant.call("PUT", `${ITEMS}/$${parent}`, { parentId: child })).toMatchObject({ status: 412 });
  expect(await tenant.call("PUT", `${ITEMS}/$ID_none/disable`)).toMatchObject({ status: 412 });
});

test("a batch of dimension items stops at the first error and keeps nothing", async () => {
  const tenant = await hesi();
  const { id: dimensionId, items } = await projects(tenant);
  const batch = async (...itemListRequest: readonly object[]): Promise<Answer<unknown>> =>
    tenant.call("POST", `${ITEMS}/batch?type=code`, { dimensionId, itemListRequest });
  const first = { name: "甲", code: "X-1" };
  expect(await batch(first, { name: "乙", code: "0010" })).toMatchObject({ status: 412, json: { errorMessage: "编码[0010]已经被占用" } });
  expect(await batch(first, first)).toMatchObject({ status: 412, json: { errorMessage: "导入重复" } });
  expect(await batch({ name: "丙", code: "X-2", parentId: "X-1" }, first)).toMatchObject({
    status: 412,
    json: { errorMessage: "上级档案不存在" },
  });
  expect(await items()).toHaveLength(10);
  expect((await batch(first, { name: "丙", code: "X-2", parentId: "X-1" })).status).toBe(200);
  const made = await items();
  expect(made.find(({ code }) => code === "X-2")?.parentId).toBe(made.find(({ code }) => code === "X-1")?.id);
});

test("business objects are put by code, say so row by row, and arrive disabled unless told otherwise", async () => {
  const tenant = await hesi();
  const entities = await tenant.served.control<{ id: string; name: string }[]>("GET", "/inspect/entities");
  const entityId = entities.find(({ name }) => name === "会计科目")?.id ?? "";
  const field = (name: string): string => `E_${entityId}_${name}`;
  const add = async (
    dataLinks: readonly object[],
    editFlag = "cover",
  ): Promise<Answer<{ value: { errorMsg: string[]; dataLinkIds: Record<string, string>; success: boolean } }>> =>
    tenant.call("POST", `/v2.1/datalink/add?editFlag=${editFlag}`, { entityId, dataLinks });
  const first = await add([
    { data: { [field("code")]: "1001", [field("name")]: "库存现金", [field("备注")]: "x" } },
    { disabled: false, data: { [field("name")]: "没有编码" } },
    { disabled: false, data: { [field("code")]: "1002", [field("name")]: "银行存款" } },
  ]);
  expect(first.status).toBe(200);
  expect(first.json.value.errorMsg).toEqual(["第1条数据导入成功", "第2条数据导入失败：编码不能为空", "第3条数据导入成功"]);
  expect([Object.keys(first.json.value.dataLinkIds), first.json.value.success]).toEqual([["1001", "1002"], false]);
  const rows = async (): Promise<DataLink[]> =>
    (await tenant.served.control<DataLink[]>("GET", "/inspect/data-links")).filter((each) => each.entityId === entityId);
  const row = async (code: string): Promise<DataLink | undefined> => (await rows()).find((each) => each.code === code);
  expect([(await row("1001"))?.active, (await row("1002"))?.active]).toEqual([false, true]);
  const again = await add([{ disabled: false, data: { [field("code")]: "1001", [field("name")]: "现金" } }], "increment");
  expect(again.json.value).toEqual({
    errorMsg: ["第1条数据导入成功"],
    dataLinkIds: { "1001": first.json.value.dataLinkIds["1001"] },
    success: true,
  });
  expect(await row("1001")).toMatchObject({ active: true, data: { [field("name")]: "现金", [field("备注")]: "x" } });
  await add([{ disabled: false, data: { [field("code")]: "1001", [field("name")]: "现金" } }]);
  expect((await row("1001"))?.data).not.toHaveProperty(field("备注"));
  expect(await rows()).toHaveLength(2);
  const many = Array.from({ length: 101 }, (_, index) => ({ data: { [field("code")]: String(index), [field("name")]: "x" } }));
  expect((await add(many)).status).toBe(400);
  expect((await add([{}], "")).status).toBe(400);
});

test("staff: created once, refused where somebody has the phone, back where somebody left", async () => {
  const tenant = await hesi();
  const people = async (): Promise<Staff[]> => tenant.served.control("GET", "/inspect/staff");
  const department = (await people())[0]?.defaultDepartment ?? "";
  const create = async (...staffList: readonly object[]): Promise<Answer<{ errorMessage?: string }>> =>
    tenant.call("POST", "/v1.1/staffs/batch/create", { staffList });
  const one = { name: "新人", code: "9001", cellphone: "13900001111", defaultDepartment: department, userid: "u-9001" };
  expect((await create({ ...one, email: "" })).status).toBe(400);
  expect((await create({ ...one, defaultDepartment: "none" })).status).toBe(412);
  expect((await create({ ...one, cellphone: "" })).status).toBe(400);
  expect((await create(one, { ...one, name: "同号" })).status).toBe(412);
  expect((await create(one)).status).toBe(200);
  expect((await create({ ...one, name: "又来" })).status).toBe(412);
  const made = (await people()).find(({ code }) => code === "9001");
  expect(made).toMatchObject({ name: "新人", active: true, departments: [department], userId: "u-9001" });
  const off = `/v1.1/staffs/disableOrEnableStaff/[${made?.id}]`;
  expect((await tenant.call("PUT", off)).status).toBe(400);
  expect((await tenant.call("PUT", `${off}?active=false&doCheck=true`)).status).toBe(204);
  expect((await people()).find(({ id }) => id === made?.id)?.active).toBe(false);
  expect((await create({ ...one, name: "回来" })).status).toBe(200);
  expect((await people()).filter(({ cellphone }) => cellphone === one.cellphone)).toMatchObject([
    { id: made?.id, name: "回来", active: true },
  ]);
  const update = async (...staffList: readonly object[]): Promise<number> =>
    (await tenant.call("PUT", "/v1.1/staffs/batch/update", { staffList })).status;
  expect(await update({ id: made?.id, name: "改名" }, { id: "none", name: "x" })).toBe(412);
  expect((await people()).find(({ id }) => id === made?.id)?.name).toBe("回来");
  expect(await update({ id: made?.id, name: "改名" })).toBe(204);
  expect((await people()).find(({ id }) => id === made?.id)).toMatchObject({ name: "改名", cellphone: one.cellphone });
});

test("nobody with a claim on its way is disabled when it is checked", async () => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", {
    claims: [{ person: "000138", details: [{ feeType: "快递费", amount: "12.00" }] }],
    state: "approving",
  });
  const { ownerId } = await flowOf(tenant, made?.id ?? "");
  const off = `/v1.1/staffs/disableOrEnableStaff/[${ownerId}]?active=false`;
  expect((await tenant.call("PUT", `${off}&doCheck=true`)).status).toBe(412);
  expect((await tenant.call("PUT", `${off}&doCheck=false`)).status).toBe(204);
});

test("departments: one name beside each other, one code anywhere", async () => {
  const tenant = await hesi();
  const all = async (): Promise<Department[]> => tenant.served.control("GET", "/inspect/departments");
  const top = (await all()).find(({ code }) => code === "02");
  const create = async (body: object): Promise<Answer<{ id: string }>> => tenant.call("POST", "/v1/departments", body);
  expect(await create({ name: "销售一部", parentId: top?.id })).toMatchObject({
    status: 412,
    json: { errorMessage: "部门[销售一部]同级重名" },
  });
  expect(await create({ name: "销售三部", parentId: top?.id, code: "0101" })).toMatchObject({
    status: 400,
    json: { errorMessage: "部门编码[0101]编码已存在" },
  });
  expect((await create({ name: "销售三部", parentId: "none" })).status).toBe(412);
  const { id } = (await create({ name: "销售三部", parentId: top?.id, code: "0203", form: { costCenter: "CC0203" } })).json;
  const batch = async (...departmentList: readonly object[]): Promise<number> =>
    (await tenant.call("POST", "/v1/departments/batch/create", { departmentList })).status;
  expect(await batch({ name: "四", parentId: id, code: "1" }, { name: "五", parentId: id, code: "1" })).toBe(400);
  expect(await batch({ name: "四", parentId: id }, { name: "四", parentId: id })).toBe(412);
  expect(await batch({ name: "四", parentId: id }, { name: "五", parentId: id })).toBe(200);
  expect(await all()).toHaveLength(15);
  const update = async (body: object): Promise<number> => (await tenant.call("PUT", `/v1/departments/update/$${id}`, body)).status;
  expect(await update({ name: "销售二部" })).toBe(412);
  expect(await update({ parentId: id })).toBe(412);
  expect(await update({ name: "大客户部" })).toBe(204);
  expect((await all()).find((each) => each.id === id)).toMatchObject({ name: "大客户部", code: "0203", form: { costCenter: "CC0203" } });
});

test("a department is switched off with those below it when nobody works there, and comes back alone", async () => {
  const tenant = await hesi();
  const all = async () =>
    new Map((await tenant.served.control<Department[]>("GET", "/inspect/departments")).map((each) => [each.code, each]));
  const turn = (id: string | undefined, active: string) =>
    tenant.call("PUT", `/v1/departments/disableOrEnableDepartment/$${id}${active === "" ? "" : `?active=${active}`}`);
  const refused = { status: 412, json: { errorCode: 412, errorMessage: "要停用部门下的员工，才能停用此部门" } };
  const before = await all();
  // Nobody works in 02 itself, but in those below it.
  for (const code of ["0310", "02"]) expect(await turn(before.get(code)?.id, "false")).toEqual(refused);
  expect((await turn(before.get("0310")?.id, "")).status).toBe(400);
  expect((await turn("none", "false")).status).toBe(412);
  const make = async (code: string, parentId: string | undefined): Promise<string> =>
    (await tenant.call<{ id: string }>("POST", "/v1/departments", { name: code, code, parentId })).json.id;
  const above = await make("0399", before.get("03")?.id);
  await make("039901", above);
  expect(await turn(above, "false")).toMatchObject({ status: 200, json: { items: [{ id: above, active: false }] } });
  const off = await all();
  expect(["03", "0399", "039901"].map((code) => off.get(code)?.active)).toEqual([true, false, false]);
  await turn(above, "true");
  const on = await all();
  expect(["0399", "039901"].map((code) => on.get(code)?.active)).toEqual([true, false]);
});

test("refusals of business by fault: row by row where the system answers so, else 412", async () => {
  const tenant = await hesi("refuse");
  const [made] = await tenant.act("create", { count: 1 });
  expect((await tenant.call("PUT", VOUCHER, { voucher: [voucher(made?.id, "记-1")] })).status).toBe(412);
  expect(await tenant.call("POST", "/v2.1/datalink/add?editFlag=cover", { dataLinks: [{}, {}] })).toMatchObject({
    status: 200,
    json: { value: { success: false, errorMsg: [expect.stringMatching(/^第1条/), expect.stringMatching(/^第2条/)] } },
  });
  const items = [{ id: made?.id, code: "P00001" }];
  expect(await tenant.call("POST", "/v1/paymentResults", { items })).toMatchObject({
    status: 200,
    json: { items: [{ id: made?.id, code: "R00006" }] },
  });
  expect((await flowOf(tenant, made?.id ?? "")).form.voucherNo).toBe("");
});

test("an expired session refuses a write before it takes effect", async () => {
  const tenant = await hesi("expire next 1");
  const [made] = await tenant.act("create", { count: 1 });
  expect((await tenant.call("PUT", VOUCHER, { voucher: [voucher(made?.id, "记-1")] })).status).toBe(403);
  expect(await tenant.served.control("GET", "/inspect/vouchers")).toEqual([]);
});
