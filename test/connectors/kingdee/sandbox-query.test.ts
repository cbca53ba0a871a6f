import fc from "fast-check";
import { expect, test } from "vitest";
import { parseExact, writeExact } from "../../../src/connectors/kingdee/sandbox/exact-json.js";
import { type Answered, expense, type Opened, open, payable, STAFF, TRAVEL, voucher } from "./client.js";

async function opened(): Promise<Opened> {
  const client = await open({ now: () => new Date("2026-03-31T02:00:00.120Z") });
  const models = [
    expense("120.50", "BX-1"),
    expense("10", "O'Brien", { FDate: "2026-04-01" }),
    voucher([
      { ...TRAVEL, debit: "100", key: "BX_3" },
      { ...TRAVEL, debit: "9", key: "BX_3", dimensions: { FFLEX5: "0102", FF100002: "P-2026-001" } },
      { ...STAFF, credit: "109", key: "BX_3" },
    ]),
  ];
  await client.on("BatchSave", "GL_VOUCHER", { Model: models });
  return client;
}

test("the columns are those asked for, and the header is repeated for each line", async () => {
  const client = await opened();
  expect(await client.query("GL_VOUCHER", "FVOUCHERGROUPNO,FYEAR,FPERIOD,FDate,FISADJUSTVOUCHER")).toEqual([
    ["1", 2026, 3, "2026-03-31T00:00:00", null],
    ["1", 2026, 4, "2026-04-01T00:00:00", null],
    ["2", 2026, 3, "2026-03-31T00:00:00", null],
  ]);
  expect(
    await client.query(
      "GL_VOUCHER",
      "FVOUCHERGROUPNO, FACCOUNTID.FNumber, FDEBIT, fcredit, FDetailID.FFLEX5.FNumber, FDetailID.FF100002.FName, FDetailID.FFLEX7.FNumber",
      {
        FilterString: "FBUSNO='BX_3'",
      },
    ),
  ).toEqual([
    ["2", "66020101", 100, 0, "0101", "", ""],
    ["2", "66020101", 9, 0, "0102", "华东渠道拓展", ""],
    ["2", "224101", 0, 109, "", "", "000101"],
  ]);
  expect(await client.query("GL_VOUCHER", "FAccountBookID.FACCOUNTORGID.FNumber,FACCBOOKORGID.FName", { Limit: 1 })).toEqual([
    ["100", "华东示例科技有限公司"],
  ]);
});

test("filters as text: comparisons, brackets, lists, patterns, dates, doubled quotes and emptiness", async () => {
  const client = await opened();
  const found = async (FilterString: unknown): Promise<unknown[]> =>
    (await client.query("GL_VOUCHER", "FBUSNO,FDEBIT", { FilterString, OrderString: "FDEBIT DESC" })).map((row) => row.join(" "));
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["FBUSNO='BX-1' and FDEBIT>0", ["BX-1 120.5"]],
    ["FBUSNO = 'O''Brien' AND (FDEBIT >= 10.00 OR FCREDIT = 7)", ["O'Brien 10"]],
    ["FDEBIT<>0 AND FBUSNO<>'BX-1'", ["BX_3 100", "O'Brien 10", "BX_3 9"]],
    ["FDEBIT in (9, 10)", ["O'Brien 10", "BX_3 9"]],
    ["FDEBIT > 0 AND FBUSNO NOT IN ('BX-1','BX_3')", ["O'Brien 10"]],
    ["FBUSNO LIKE 'BX%' AND FDEBIT>0", ["BX-1 120.5", "BX_3 100", "BX_3 9"]],
    ["FDEBIT > 0 AND NOT FBUSNO LIKE 'BX_1'", ["BX_3 100", "O'Brien 10", "BX_3 9"]],
    ["FDEBIT BETWEEN 9 AND 10", ["O'Brien 10", "BX_3 9"]],
    ["FDate >= '2026-04-01 00:00:00' AND FDate < '2026-04-02' AND FDEBIT > 0", ["O'Brien 10"]],
    ["FModifyDate >= '2026-03-31T10:00:00.120' AND FDEBIT = 9", ["BX_3 9"]],
    ["FModifyDate > '2026-03-31 10:00:00.120'", []],
    ["FACCOUNTID.FNumber = N'66020101' AND FDetailID.FFLEX5.FNumber = '0102'", ["BX_3 9"]],
    ["FATTACHMENTS IS NULL AND FDEBIT = 9", ["BX_3 9"]],
    ["FATTACHMENTS = 0 OR NOT FATTACHMENTS = 0", []],
    ["1=1 AND FDEBIT = 9", ["BX_3 9"]],
    ["1=2", []],
    ["FDocumentStatus='A' AND FPERIOD=4 AND FCREDIT<1", ["O'Brien 10"]],
  ];
  for (const [filter, rows] of cases) expect(await found(filter), filter).toEqual(rows);
});

test("filters as a list of lines, with brackets and what joins them", async () => {
  const client = await opened();
  const line = (FieldName: string, Value: string, more: Record<string, string> = {}): object => ({
    Left: "",
    FieldName,
    Compare: "67",
    Value,
    Right: "",
    Logic: "0",
    ...more,
  });
  const FilterString = [
    line("FBUSNO", "O'Brien", { Left: "(", Logic: "1" }),
    line("FBUSNO", "BX-1", { Right: ")" }),
    line("FDEBIT", "0", { Compare: ">" }),
  ];
  expect(await client.query("GL_VOUCHER", "FBUSNO", { FilterString })).toEqual([["BX-1"], ["O'Brien"]]);
});

test("an error comes back as if it were a row", async () => {
  const client = await opened();
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["GL_VOUCHER", "FBillNo,FNothing", "", "元数据中标识为FNothing的字段不存在"],
    ["GL_VOUCHER", "FBillNo", "FNothing=1", "元数据中标识为FNothing的字段不存在"],
    ["GL_VOUCHER", "FDETAILID__FFLEX5.FNumber", "", "元数据中标识为FDETAILID__FFLEX5.FNumber的字段不存在"],
    ["GL_VOUCHER", "FAccountBookID.FNothing", "", "元数据中标识为FAccountBookID.FNothing的字段不存在"],
    ["GL_VOUCHER", "FBillNo.FNumber", "", "元数据中标识为FBillNo.FNumber的字段不存在"],
    ["GL_VOUCHER", "_posted", "", "元数据中标识为_posted的字段不存在"],
    ["GL_NOTHING", "FBillNo", "", "业务对象不存在"],
    ["GL_VOUCHER", "", "", "查询字段不能为空"],
    ["GL_VOUCHER", "FBillNo", "FBUSNO='BX", "查询条件错误"],
    ["GL_VOUCHER", "FBillNo", "FBUSNO=", "查询条件错误"],
    ["GL_VOUCHER", "FBillNo", "(FBUSNO='x'", "查询条件错误"],
    ["GL_VOUCHER", "FBillNo", "FBUSNO='x') or 1=1", "查询条件错误"],
    ["GL_VOUCHER", "FBillNo", "FDate>'yesterday'", "查询条件错误"],
    ["GL_VOUCHER", "FBillNo", "FDEBIT='x'", "查询条件错误"],
    ["GL_VOUCHER", "FBillNo", `${"(".repeat(90)}1=1`, "查询条件错误"],
  ];
  for (const [FormId, FieldKeys, FilterString, message] of cases) {
    const answer = await client.raw("ExecuteBillQuery", { data: { FormId, FieldKeys, FilterString } });
    expect(answer.status).toBe(200);
    const [row] = (await answer.json()) as Answered[][];
    expect(row?.[0]?.Result.ResponseStatus.Errors[0]?.Message, message).toContain(message);
  }
});

test("pages: a start, a limit that the system lowers, and an absolute last row", async () => {
  const client = await open();
  const all = (await client.query("BD_Account", "FNumber", { OrderString: "FNumber ASC" })).flat();
  const page = async (more: Record<string, unknown>): Promise<unknown[]> =>
    (await client.query("BD_Account", "FNumber", { OrderString: "FNumber ASC", ...more })).flat();
  expect(await page({ StartRow: 3, Limit: 4 })).toEqual(all.slice(3, 7));
  expect(await page({ StartRow: 3, Limit: 4, TopRowCount: 5 })).toEqual(all.slice(3, 5));
  expect(await page({ StartRow: 10, Limit: 4, TopRowCount: 4 })).toEqual([]);
  expect(await page({ StartRow: 9999, Limit: 4 })).toEqual([]);
  await client.act("settings", { mostRows: 5 });
  expect(await page({ Limit: 10_000 })).toEqual(all.slice(0, 5));
  expect(await page({ Limit: 0, OrderString: "FNumber DESC" })).toEqual([...all].reverse().slice(0, 5));
});

test("base data are those of the sample company", async () => {
  const client = await open();
  expect(
    await client.query("BD_Department", "FNumber,FName,FParentID.FNumber,FUseOrgId.FNumber", { FilterString: "FNumber='0102'" }),
  ).toEqual([["0102", "财务部", "01", "100"]]);
  expect(await client.query("BD_Empinfo", "FStaffNumber,FPostDept.FNumber,FForbidStatus,FDocumentStatus", { Limit: 1 })).toEqual([
    ["000101", expect.any(String), "A", "C"],
  ]);
  const counts: Record<string, number> = {};
  for (const form of [
    "BD_Account",
    "BD_Department",
    "BD_Empinfo",
    "BD_Supplier",
    "BD_Expense",
    "CB_COSTCENTER",
    "PAEZ_PROJECT",
    "ORG_Organizations",
    "BD_AccountBook",
  ]) {
    counts[form] = (await client.query(form, "FCreateDate")).length;
  }
  expect(counts).toEqual({
    BD_Account: 75,
    BD_Department: 12,
    BD_Empinfo: 40,
    BD_Supplier: 30,
    BD_Expense: 20,
    CB_COSTCENTER: 12,
    PAEZ_PROJECT: 10,
    ORG_Organizations: 2,
    BD_AccountBook: 2,
  });
});

test("every wrapping of a body is taken: form id beside data, parameters, data as text", async () => {
  const client = await open();
  const data = { FormId: "BD_Currency", FieldKeys: "FNumber", FilterString: "FNumber='PRE001'" };
  for (const body of [
    { data },
    { data: JSON.stringify(data) },
    { parameters: [data] },
    { parameters: [JSON.stringify(data)] },
    { parameters: JSON.stringify([JSON.stringify(data)]) },
  ]) {
    expect(await client.json("ExecuteBillQuery", body)).toEqual([["PRE001"]]);
  }
  expect(await client.json("BillQuery", { data })).toEqual([{ FNumber: "PRE001" }]);
  const view = { Number: "PRE001" };
  for (const body of [
    { formid: "BD_Currency", data: view },
    { FormId: "BD_Currency", data: JSON.stringify(view) },
    { parameters: ["BD_Currency", JSON.stringify(view)] },
  ]) {
    expect((await client.json<Answered>("View", body)).Result.Result?.["Number"]).toBe("PRE001");
  }
});

test("View shows names without F, entities by their own names and localised texts", async () => {
  const client = await open();
  const { Result: person } = await client.on("View", "BD_Empinfo", { CreateOrgId: 0, Number: "000101", Id: "" });
  expect(person.ResponseStatus.IsSuccess).toBe(true);
  expect(person.Result).toMatchObject({
    StaffNumber: "000101",
    Name: [{ Key: 2052, Value: expect.any(String) as unknown }],
    EmpinfoBank: [{ BankCode: expect.stringMatching(/^6222\d{15}$/) as unknown, IsDefault: true }],
    PostDept: { Number: expect.any(String) as unknown },
  });
  const { Id } = (await client.on("Save", "AP_Payable", { Model: payable("BX-1", ["10"]) })).Result;
  const { Result: bill } = await client.on("View", "AP_Payable", { Id });
  expect(bill.Result).toMatchObject({
    BillNo: "BX-1",
    SUPPLIERID: { Number: "S0001" },
    AP_PAYABLEENTRY: [{ ALLAMOUNTFOR_D: 10 }],
    F_SYNC_KEY: "",
  });
  expect((await client.on("View", "AP_Payable", { Number: "none" })).Result.ResponseStatus.MsgCode).toBe(10);
});

test("QueryBusinessInfo tells fields, entities, keys and what must be given; user-made fields are among them", async () => {
  const client = await open();
  await client.act("settings", { madeFields: [{ form: "GL_VOUCHER", entity: "FEntity", key: "F_ABCD_Claim" }] });
  const answer = await client.json<{
    Result: { NeedReturnData: { PkFieldName: string; Entrys: { Key: string; Fields: { Key: string; MustInput: number }[] }[] } };
  }>("QueryBusinessInfo", { data: { FormId: "GL_VOUCHER" } });
  const { PkFieldName, Entrys } = answer.Result.NeedReturnData;
  expect([PkFieldName, Entrys.map(({ Key }) => Key)]).toEqual(["FVOUCHERID", ["FBillHead", "FEntity"]]);
  expect(Entrys[0]?.Fields).toContainEqual(expect.objectContaining({ Key: "FDate", MustInput: 1 }));
  expect(Entrys[1]?.Fields).toContainEqual(expect.objectContaining({ Key: "F_ABCD_Claim", MustInput: 0 }));
  await client.on("Save", "GL_VOUCHER", {
    Model: voucher([
      { ...TRAVEL, debit: "1", more: { F_ABCD_Claim: "BX-7" } },
      { ...STAFF, credit: "1" },
    ]),
  });
  expect(await client.query("GL_VOUCHER", "F_ABCD_Claim", { FilterString: "F_ABCD_Claim='BX-7'" })).toEqual([["BX-7"]]);
  expect(await client.act("settings", { madeFields: [{ form: "GL_NOTHING", entity: null, key: "F_X" }] })).toEqual({
    error: "there is no form `GL_NOTHING`",
  });
});

test("JSON is read as JSON.parse reads it, and written back digit for digit", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value, null, 1);
      expect(JSON.parse(writeExact(parseExact(text)))).toEqual(JSON.parse(text));
    }),
  );
  expect(writeExact(parseExact('[0.10,1E+2,-0,123456789012345678901234567890.00,"\\u4e00"]'))).toBe(
    '[0.10,1E+2,-0,123456789012345678901234567890.00,"一"]',
  );
  for (const wrong of ["", "{", "[1,]", '{"a":1,}', "01", "1.", '"\n"', "[1] 2", "nul", "'a'", `${"[".repeat(200)}`])
    expect(() => parseExact(wrong), wrong).toThrow("not JSON");
});
