import { expect, test } from "vitest";
import { type Answered, BANK, type Client, expense, open, payable, type Seen, STAFF, type Status, TRAVEL, voucher } from "./client.js";

const NUMBER = (FNumber: string): { readonly FNumber: string } => ({ FNumber });

async function save(client: Client, form: string, Model: unknown, more: Record<string, unknown> = {}): Promise<Answered["Result"]> {
  return (await client.on("Save", form, { ...more, Model })).Result;
}

const statusOf = (answer: Answered): Status => answer.Result.ResponseStatus;

async function firstFault(
  client: Client,
  form: string,
  model: unknown,
  more: Record<string, unknown> = {},
): Promise<readonly [number, string]> {
  const { ResponseStatus: status } = await save(client, form, model, more);
  return [status.MsgCode, status.Errors[0]?.Message ?? ""];
}

test("a voucher is saved with a number of its group and period, and goes from created to audited", async () => {
  const client = await open();
  const first = await save(client, "GL_VOUCHER", expense("120.50", "BX-1"));
  expect(first.ResponseStatus).toMatchObject({ IsSuccess: true, MsgCode: 0, Errors: [] });
  expect(first.Number).toBe("1");
  expect((await save(client, "GL_VOUCHER", expense("1", "BX-2"))).Number).toBe("2");
  expect((await save(client, "GL_VOUCHER", expense("1", "BX-3", { FDate: "2026-04-01" }))).Number).toBe("1");
  expect((await save(client, "GL_VOUCHER", expense("1", "BX-4", { FVOUCHERGROUPID: NUMBER("PRE004") }))).Number).toBe("1");
  for (const [operation, status] of [
    ["Submit", "B"],
    ["Audit", "C"],
    ["UnAudit", "D"],
    ["Submit", "B"],
  ] as const) {
    const answer = await client.on(operation, "GL_VOUCHER", { Ids: first.Id });
    expect(statusOf(answer)).toMatchObject({ IsSuccess: true, SuccessEntitys: [{ Id: Number(first.Id), Number: "1", DIndex: 0 }] });
    expect((await client.inspect<Seen[]>(`vouchers?id=${first.Id}`))[0]?.status).toBe(status);
  }
  const [seen] = await client.inspect<Seen[]>(`vouchers?id=${first.Id}`);
  expect(seen?.lines[0]).toMatchObject({
    FACCOUNTID: "66020101",
    FDEBIT: "120.50",
    FCREDIT: "0.00",
    FDetailID: { FFLEX5: "0101" },
    FBUSNO: "BX-1",
  });
});

test("amounts are read digit for digit, as numbers and as text, and never rounded", async () => {
  const client = await open();
  const body = JSON.stringify({ formid: "GL_VOUCHER", data: { Model: expense("0", "BX") } })
    .replace('"FDEBIT":"0"', '"FDEBIT":90071992547409931.13')
    .replace('"FCREDIT":"0","FBUSNO":"BX"}]', '"FCREDIT":90071992547409931.13,"FBUSNO":"BX"}]');
  expect(statusOf(await client.json<Answered>("Save", body)).Errors).toEqual([]);
  expect((await client.inspect<{ debit: string }>("trial_balance")).debit).toBe("90071992547409931.13");
  expect(await (await client.raw("ExecuteBillQuery", { data: { FormId: "GL_VOUCHER", FieldKeys: "FDEBIT" } })).text()).toBe(
    "[[90071992547409931.13],[0.00]]",
  );
  expect(await firstFault(client, "GL_VOUCHER", expense("1.005", "BX"))).toEqual([8, "字段“FDEBIT”的值无效"]);
});

test("the general ledger refuses what does not balance, and says which account, dimension or period is wrong", async () => {
  const client = await open();
  const refusals: readonly (readonly [unknown, number, string])[] = [
    [
      voucher([
        { ...TRAVEL, debit: "1" },
        { ...STAFF, credit: "1.01" },
      ]),
      11,
      "凭证借贷不平衡，差额-0.01",
    ],
    [voucher([{ ...TRAVEL, debit: "0" }]), 11, "凭证至少要有两条分录"],
    [
      voucher([
        { ...TRAVEL, debit: "0" },
        { ...STAFF, credit: "0" },
      ]),
      11,
      "第1条分录的金额不能为零",
    ],
    [
      voucher([
        { ...TRAVEL, debit: "1", credit: "1" },
        { ...STAFF, credit: "0" },
      ]),
      11,
      "第1条分录的借方和贷方不能同时有金额",
    ],
    [
      voucher([
        { account: "66020101", debit: "1" },
        { ...STAFF, credit: "1" },
      ]),
      11,
      "科目 66020101 必录维度部门未录入",
    ],
    [
      voucher([
        { ...TRAVEL, account: "6602", debit: "1" },
        { ...STAFF, credit: "1" },
      ]),
      11,
      "科目 6602 不是明细科目，不能录入凭证",
    ],
    [
      voucher([
        { ...TRAVEL, account: "9999", debit: "1" },
        { ...STAFF, credit: "1" },
      ]),
      11,
      "科目“9999”：数据在系统中不存在",
    ],
    [
      voucher([
        { ...TRAVEL, debit: "1", dimensions: { FFLEX5: "77" } },
        { ...STAFF, credit: "1" },
      ]),
      11,
      "部门“77”：数据在系统中不存在",
    ],
    [expense("1", "BX", { FDate: "2024-12-31" }), 11, "账簿“账簿001”的会计期间2024年第12期已结账"],
    [expense("1", "BX", { FYEAR: 2026, FPERIOD: 4 }), 11, "会计期间与凭证日期不一致"],
    [expense("1", "BX", { FDate: "2026-02-30" }), 8, "字段“FDate”的值无效"],
    [expense("1", "BX", { FAccountBookID: {} }), 9, "字段“FAccountBookID”是必填项"],
    [expense("1", "BX", { FACCBOOKORGID: NUMBER("200") }), 11, "核算组织与账簿不一致"],
    [expense("1", "x".repeat(101)), 11, "字段“FBUSNO”的长度超过100"],
    [
      voucher([
        { ...TRAVEL, debit: "1", more: { FAMOUNTFOR: "2" } },
        { ...STAFF, credit: "1" },
      ]),
      11,
      "第1条分录的原币金额与本位币金额不一致",
    ],
  ];
  for (const [model, code, message] of refusals) expect(await firstFault(client, "GL_VOUCHER", model), message).toEqual([code, message]);
  expect(await client.inspect("vouchers")).toEqual([]);
  const { ResponseStatus: status } = await save(
    client,
    "GL_VOUCHER",
    voucher([
      { account: "66020101", debit: "1" },
      { ...STAFF, credit: "1" },
    ]),
  );
  expect(status).toMatchObject({ IsSuccess: false, ErrorCode: 500, Errors: [{ FieldName: "FAccountID", DIndex: 0 }] });
});

test("a foreign line is checked against its rate, and a red voucher is a Save with negative amounts", async () => {
  const client = await open();
  const usd = { FCURRENCYID: NUMBER("PRE007"), FEXCHANGERATE: "7.1234", FAMOUNTFOR: "10" };
  const foreign = voucher([
    { ...TRAVEL, debit: "71.23", more: usd },
    { ...STAFF, credit: "71.23" },
  ]);
  expect((await save(client, "GL_VOUCHER", foreign)).ResponseStatus.Errors).toEqual([]);
  const rounded = { FCURRENCYID: NUMBER("PRE007"), FEXCHANGERATE: "7.1235", FAMOUNTFOR: "10.01" };
  const near = async (amount: string): Promise<readonly [number, string]> => {
    const lines = [
      { ...TRAVEL, debit: amount, more: rounded },
      { ...STAFF, credit: amount },
    ];
    return firstFault(client, "GL_VOUCHER", voucher(lines), { ValidateFlag: true });
  };
  expect(await near("71.29")).toEqual([11, "第1条分录的原币金额与本位币金额不一致"]);
  expect(await near("71.33")).toEqual([11, "第1条分录的原币金额与本位币金额不一致"]);
  expect(await near("71.32")).toEqual([0, ""]);
  const red = expense("-191.82", "BX-1");
  expect((await save(client, "GL_VOUCHER", red)).ResponseStatus.IsSuccess).toBe(true);
  const balance = await client.inspect<{ accounts: { account: string; debit: string; balance: string }[]; balanced: boolean }>(
    "trial_balance",
  );
  expect(balance.balanced).toBe(true);
  expect(balance.accounts.find(({ account }) => account === "66020101")).toEqual({
    account: "66020101",
    debit: "-49.27",
    credit: "0.00",
    balance: "-49.27",
  });
});

test("a dimension that the account does not have, a field without its F and an unknown one are dropped without a word", async () => {
  const client = await open();
  const model = {
    ...voucher([
      { ...TRAVEL, debit: "1" },
      { ...STAFF, credit: "1" },
      { ...BANK, debit: "1", dimensions: { FFLEX5: "0101" } },
      { ...STAFF, credit: "1" },
    ]),
    ATTACHMENTS: 3,
    F_Nobody_Knows: "x",
  };
  const { Id, ResponseStatus } = await save(client, "GL_VOUCHER", model);
  expect(ResponseStatus.Errors).toEqual([]);
  const [seen] = await client.inspect<Seen[]>(`vouchers?id=${Id}`);
  expect(seen?.header["FATTACHMENTS"]).toBeUndefined();
  expect(seen?.lines[2]?.["FDetailID"]).toEqual({});
  expect(await firstFault(client, "GL_VOUCHER", { ...model, FBUSNO: "BX-1" })).toEqual([
    4,
    "实体不存在此属性！[EntityType：BillHead,Property：FBUSNO]",
  ]);
});

test("vouchers may be saved twice, bills with a number of their own may not", async () => {
  const client = await open();
  for (const _ of [1, 2]) expect((await save(client, "GL_VOUCHER", expense("1", "BX-1", { FVOUCHERGROUPNO: "7" }))).Number).toBe("7");
  expect((await save(client, "GL_VOUCHER", expense("1", "BX-1"))).Number).toBe("8");
  expect(await client.query("GL_VOUCHER", "FVOUCHERID", { FilterString: "FBUSNO='BX-1' AND FDEBIT<>0" })).toHaveLength(3);
  expect(statusOf(await client.on("Submit", "GL_VOUCHER", { Numbers: ["7"] })).Errors[0]?.Message).toContain("对应多张单据");
  expect((await save(client, "AP_Payable", payable("BX-1", ["10", "20.5"]))).ResponseStatus.IsSuccess).toBe(true);
  expect(await firstFault(client, "AP_Payable", payable("BX-1", ["10"]))).toEqual([11, "应付单编号“BX-1”已存在"]);
  expect((await client.inspect<Seen[]>("payables"))[0]?.header).toMatchObject({
    FALLAMOUNTFOR: "30.50",
    FENDDATE_H: "2026-03-31",
    FWRITTENOFFSTATUS: "A",
  });
});

test("an update touches what is named, deletes rows that are not there, and waits for nobody who audited", async () => {
  const client = await open();
  const { Id } = await save(client, "GL_VOUCHER", expense("5", "BX-1", { FATTACHMENTS: 2 }));
  const rows = await client.query("GL_VOUCHER", "FEntity_FEntryID,FBUSNO", { FilterString: `FVOUCHERID=${Id}` });
  const named = await save(
    client,
    "GL_VOUCHER",
    { ...expense("9", "BX-9", { FATTACHMENTS: 7 }), FVOUCHERID: Id },
    { NeedUpDateFields: ["FATTACHMENTS"] },
  );
  expect(named.ResponseStatus.Errors).toEqual([]);
  expect(await client.query("GL_VOUCHER", "FATTACHMENTS,FBUSNO,FDEBIT")).toEqual([
    [7, "BX-1", 5],
    [7, "BX-1", 0],
  ]);
  const inRows = { FVOUCHERID: Id, FEntity: [{ FEntryID: rows[1]?.[0], FBUSNO: "BX-2", FCREDIT: "8" }, { FEXPLANATION: "new" }] };
  expect((await save(client, "GL_VOUCHER", inRows, { NeedUpDateFields: ["FBUSNO"] })).ResponseStatus.Errors).toEqual([]);
  expect(await client.query("GL_VOUCHER", "FBUSNO,FCREDIT")).toEqual([
    ["BX-1", 0],
    ["BX-2", 5],
  ]);
  const changed = { FVOUCHERID: Id, FEntity: [{ FEntryID: rows[0]?.[0], FEXPLANATION: "changed" }] };
  expect(await firstFault(client, "GL_VOUCHER", changed)).toEqual([11, "凭证至少要有两条分录"]);
  expect((await save(client, "GL_VOUCHER", changed, { IsDeleteEntry: "false" })).ResponseStatus.Errors).toEqual([]);
  expect(await client.query("GL_VOUCHER", "FEXPLANATION,FVOUCHERGROUPNO")).toEqual([
    ["changed", "1"],
    ["报销 BX-1", "1"],
  ]);
  expect(await firstFault(client, "GL_VOUCHER", { FVOUCHERID: Id, FEntity: [{ FEntryID: 1 }] })).toEqual([
    10,
    "FEntity的分录1：数据在系统中不存在",
  ]);
  await client.on("Submit", "GL_VOUCHER", { Ids: Id });
  await client.on("Audit", "GL_VOUCHER", { Ids: Id });
  expect(await firstFault(client, "GL_VOUCHER", { ...expense("1", "BX-1"), FVOUCHERID: Id })).toEqual([12, "单据已审核，不允许修改"]);
  expect(await firstFault(client, "GL_VOUCHER", { ...expense("1", "BX-1"), FVOUCHERID: 1 })).toEqual([10, "凭证1：数据在系统中不存在"]);
});

test("a batch succeeds for some and fails for others, with the place of each", async () => {
  const client = await open();
  const models = [
    expense("1", "BX-1"),
    voucher([
      { ...TRAVEL, debit: "1" },
      { ...STAFF, credit: "2" },
    ]),
    expense("2", "BX-3"),
  ];
  const answer = await client.on("BatchSave", "GL_VOUCHER", { Model: models, BatchCount: 3, NeedReturnFields: ["FModifyDate"] });
  expect(statusOf(answer)).toMatchObject({
    IsSuccess: false,
    MsgCode: 11,
    Errors: [{ DIndex: 1 }],
    SuccessEntitys: [
      { Number: "1", DIndex: 0 },
      { Number: "2", DIndex: 2 },
    ],
  });
  expect(await client.inspect("vouchers")).toHaveLength(2);
  const steps = await client.on("Submit", "GL_VOUCHER", { Ids: `${statusOf(answer).SuccessEntitys[0]?.Id},4711` });
  expect(statusOf(steps)).toMatchObject({ IsSuccess: false, MsgCode: 10, Errors: [{ DIndex: 1 }], SuccessEntitys: [{ DIndex: 0 }] });
});

test("steps are only taken in their state; only drafts and created bills are deleted", async () => {
  const client = await open();
  const { Id } = await save(client, "AP_Payable", payable("BX-1", ["10"]));
  const step = async (name: string): Promise<number> => statusOf(await client.on(name, "AP_Payable", { Ids: Id })).MsgCode;
  expect(await step("Audit")).toBe(12);
  expect(await step("Submit")).toBe(0);
  expect(await step("Submit")).toBe(12);
  expect(await step("Delete")).toBe(12);
  expect(await step("CancelAssign")).toBe(0);
  expect(statusOf(await client.json("ExcuteOperation", { formid: "AP_Payable", opNumber: "Cancel", data: { Ids: Id } })).IsSuccess).toBe(
    true,
  );
  expect(await step("Submit")).toBe(12);
  expect(
    statusOf(await client.json("ExcuteOperation", { parameters: ["AP_Payable", "UnCancel", JSON.stringify({ Ids: Id })] })).IsSuccess,
  ).toBe(true);
  expect(statusOf(await client.json("ExcuteOperation", { formid: "AP_Payable", data: { Ids: Id } })).MsgCode).toBe(3);
  expect(await step("Submit")).toBe(0);
  expect(await step("Audit")).toBe(0);
  expect(await step("UnAudit")).toBe(0);
  expect(await step("Delete")).toBe(12);
  expect(statusOf(await client.on("Submit", "AP_Payable", { Ids: Id, Numbers: ["BX-1"] })).MsgCode).toBe(8);
  const draft = await client.on("Draft", "AP_Payable", { Model: { FBillNo: "BX-2" } });
  expect((await client.inspect<Seen[]>("payables?number=BX-2"))[0]?.status).toBe("Z");
  expect(statusOf(await client.on("Submit", "AP_Payable", { Numbers: ["BX-2"] })).MsgCode).toBe(12);
  expect(statusOf(await client.on("Delete", "AP_Payable", { Ids: draft.Result.Id })).IsSuccess).toBe(true);
  expect(await client.inspect("payables")).toHaveLength(1);
});

test("one call saves, submits and audits; what was saved stays when a later step fails", async () => {
  const client = await open();
  const { Id } = await save(client, "GL_VOUCHER", expense("1", "BX-1"), { IsAutoSubmitAndAudit: "true" });
  expect((await client.inspect<Seen[]>(`vouchers?id=${Id}`))[0]?.status).toBe("C");
  const unchecked = await save(client, "GL_VOUCHER", expense("1", "BX-2", { FDate: "2024-12-31" }), {
    IsAutoSubmitAndAudit: true,
    ValidateFlag: false,
  });
  expect(unchecked.ResponseStatus).toMatchObject({
    IsSuccess: false,
    SuccessEntitys: [],
    Errors: [{ Message: expect.stringContaining("已结账") as unknown }],
  });
  expect(await client.query("GL_VOUCHER", "FDocumentStatus,FDEBIT", { FilterString: "FBUSNO='BX-2' AND FDEBIT>0" })).toEqual([["B", 1]]);
});

test("the date of change moves with every change, in server-local time with milliseconds", async () => {
  let at = Date.parse("2026-03-31T16:30:00.517Z");
  const client = await open({
    now: () => {
      at += 1000;
      return new Date(at);
    },
  });
  const { Id } = await save(client, "GL_VOUCHER", expense("1", "BX-1", { FDate: "2026-03-31" }));
  const read = async (): Promise<string> => String((await client.query("GL_VOUCHER", "FModifyDate,FDate"))[0]?.[0]);
  const times = [await read()];
  expect(times[0]).toMatch(/^2026-04-01T00:30:\d\d\.517$/);
  for (const step of ["Submit", "Audit"]) {
    await client.on(step, "GL_VOUCHER", { Ids: Id });
    times.push(await read());
  }
  await client.act("edit_voucher", { id: Id, model: { FATTACHMENTS: 3 } });
  times.push(await read());
  expect([...new Set(times)].sort()).toEqual(times);
});

test("a payable is pushed to a payment, the payment is paid, and both say so", async () => {
  const client = await open();
  const { Id } = await save(client, "AP_Payable", payable("BX-1", ["10", "20.5"]));
  const push = async (): Promise<Status> =>
    statusOf(await client.on("Push", "AP_Payable", { Ids: Id, TargetFormId: "AP_PAYBILL", IsEnableDefaultRule: "true" }));
  expect((await push()).MsgCode).toBe(12);
  for (const step of ["Submit", "Audit"]) await client.on(step, "AP_Payable", { Ids: Id });
  const made = (await push()).SuccessEntitys[0];
  expect((await push()).Errors[0]?.Message).toBe("应付单BX-1已全部下推");
  const fields = "FBillNo,FCONTACTUNIT.FNumber,FPAYTOTALAMOUNTFOR_H,FSourceBillNumber,FBankStatus,FQQLSH";
  expect(await client.query("AP_PAYBILL", fields)).toEqual([[made?.Number, "S0001", 30.5, "BX-1", "A", ""]]);
  for (const step of ["Submit", "Audit"]) await client.on(step, "AP_PAYBILL", { Ids: String(made?.Id) });
  await client.act("pay", { number: made?.Number, reference: "ICBC-77" });
  expect(await client.query("AP_PAYBILL", "FBankStatus,FBANKMSG,FQQLSH")).toEqual([["C", "交易成功", "ICBC-77"]]);
  expect(await client.query("AP_Payable", "FWRITTENOFFSTATUS")).toEqual([["C"]]);
  expect(statusOf(await client.on("UnAudit", "AP_Payable", { Ids: Id })).MsgCode).toBe(12);
});

test("a payable that is paid in two parts is settled with the second", async () => {
  const client = await open();
  const { Id } = await save(client, "AP_Payable", payable("BX-1", ["30"]), { IsAutoSubmitAndAudit: true });
  const push = async (): Promise<string> => {
    const answer = await client.on("Push", "AP_Payable", { Ids: Id, TargetFormId: "AP_PAYBILL", IsEnableDefaultRule: "true" });
    return statusOf(answer).SuccessEntitys[0]?.Number ?? "";
  };
  const pay = async (number: string): Promise<unknown> => {
    for (const step of ["Submit", "Audit"]) await client.on(step, "AP_PAYBILL", { Numbers: [number] });
    await client.act("pay", { number });
    return (await client.query("AP_Payable", "FWRITTENOFFSTATUS"))[0]?.[0];
  };
  const first = await push();
  const line = (await client.inspect<Seen[]>("payments"))[0]?.lines[0]?.["FEntryID"];
  await client.act("edit", { form: "AP_PAYBILL", number: first, model: { FPAYBILLENTRY: [{ FEntryID: line, FPAYTOTALAMOUNTFOR: "10" }] } });
  expect(await client.act("pay", { number: first })).toEqual({ error: `the payment \`${first}\` is not audited` });
  expect(await pay(first)).toBe("B");
  const second = await push();
  expect((await client.inspect<Seen[]>(`payments?number=${second}`))[0]?.header["FPAYTOTALAMOUNTFOR_H"]).toBe("20.00");
  expect(await pay(second)).toBe("C");
});

test("reimbursements, other payables, payments and invoices keep their own rules", async () => {
  const client = await open();
  const party = { FCONTACTUNITTYPE: "BD_Empinfo", FCONTACTUNIT: NUMBER("000101") };
  const money = { FCURRENCYID: NUMBER("PRE001"), FSETTLEORGID: NUMBER("100"), FPAYORGID: NUMBER("100") };
  const claim = {
    FBillNo: "BX-1",
    FDate: "2026-03-31",
    FProposerID: { FSTAFFNUMBER: "000101" },
    FExpenseDeptID: NUMBER("0101"),
    FCurrencyID: NUMBER("PRE001"),
    FOrgID: NUMBER("100"),
    ...party,
    FPayBox: true,
    FEntity: [{ FExpID: NUMBER("TRAVEL-AIR"), FExpenseAmount: "109", FTaxAmt: "9" }],
  };
  expect((await save(client, "ER_ExpReimbursement", claim)).ResponseStatus.Errors).toEqual([]);
  const [seen] = await client.inspect<Seen[]>("reimbursements");
  expect(seen?.header).toMatchObject({ FProposerID: "000101", FCONTACTUNIT: "000101", FRequestType: "1" });
  expect(seen?.lines[0]).toMatchObject({ FTaxSubmitAmt: "100.00", FExpSubmitAmount: "109.00", FRequestAmount: "109.00" });
  expect(await firstFault(client, "ER_ExpReimbursement", { ...claim, FBillNo: "BX-2", FDate: "2019-12-31" })).toEqual([
    11,
    "申请日期应大于申请组织启用日期",
  ]);
  const other = {
    FBillTypeID: NUMBER("QTYFD01_SYS"),
    FDATE: "2026-03-31",
    ...party,
    ...money,
    FPURCHASEORGID: NUMBER("100"),
    FTOTALAMOUNTFOR_H: "10",
    FEntity: [{ FCOSTID: NUMBER("TRAVEL-AIR"), FTOTALAMOUNTFOR: "10", FNOTAXAMOUNTFOR: "9", FTAXAMOUNTFOR: "1" }],
  };
  expect((await save(client, "AP_OtherPayable", other)).ResponseStatus.Errors).toEqual([]);
  expect(await firstFault(client, "AP_OtherPayable", { ...other, FTOTALAMOUNTFOR_H: "11" })).toEqual([
    11,
    "表头总金额11.00与分录总金额10.00不一致",
  ]);
  await client.act("settings", { expenseModule: "on" });
  expect(await firstFault(client, "AP_OtherPayable", other)).toEqual([11, "费用管理已启用，不能手工新增"]);
  await client.act("settings", { expenseModule: "off" });
  expect(await firstFault(client, "ER_ExpReimbursement", { ...claim, FBillNo: "BX-3" })).toEqual([11, "组织未启用费用管理"]);
  const payment = {
    FBillTypeID: NUMBER("FKDLX02_SYS"),
    FDATE: "2026-03-31",
    ...party,
    ...money,
    FTHIRDBILLNO: "BX-1",
    FPAYBILLENTRY: [{ FSETTLETYPEID: NUMBER("JSFS04_SYS"), FPAYTOTALAMOUNTFOR: "109" }],
  };
  expect((await save(client, "AP_PAYBILL", payment)).ResponseStatus.Errors).toEqual([]);
  expect(await client.query("AP_PAYBILL", "FPAYTOTALAMOUNTFOR_H", { FilterString: "FTHIRDBILLNO='BX-1'" })).toEqual([[109]]);
  const invoice = { FDATE: "2026-03-31", FINVOICENO: "25110000000000000017", FALLAMOUNT: "113", FTAXAMOUNT: "13" };
  expect((await save(client, "IV_ReceivedInvoice", invoice)).ResponseStatus.Errors).toEqual([]);
  expect(await client.query("IV_ReceivedInvoice", "FINVOICENO,FAMOUNT")).toEqual([["25110000000000000017", 100]]);
});

test("asset cards are taken, unless the site is said to refuse them", async () => {
  const client = await open();
  const card = { FNAME: "笔记本电脑", FASSETTYPEID: NUMBER("ZCLB01"), FACCTDATE: "2026-03-31", FORGVAL: "5999.00" };
  expect((await save(client, "FA_CARD", card)).ResponseStatus.IsSuccess).toBe(true);
  await client.act("settings", { assetCards: false });
  expect(await firstFault(client, "FA_CARD", card)).toEqual([2, "没有“资产卡片”的“保存”权限"]);
  expect(await client.query("FA_CARD", "FBillNo,FORGVAL")).toEqual([["ZC00000001", 5999]]);
});

test("base data are saved, submitted, audited, forbidden and enabled; what is forbidden cannot be booked on", async () => {
  const client = await open();
  const model = {
    FNumber: "S0099",
    FName: "新供应商",
    FCreateOrgId: NUMBER("100"),
    FUseOrgId: NUMBER("100"),
    FFinanceInfo: { FPayCurrencyId: NUMBER("PRE001") },
    FBankInfo: [{ FBankCode: "622" }],
  };
  expect(await firstFault(client, "BD_Supplier", { ...model, FUseOrgId: {} })).toEqual([9, "字段“FUseOrgId”是必填项"]);
  expect(await firstFault(client, "BD_Supplier", { ...model, FFinanceInfo: {} })).toEqual([9, "字段“FPayCurrencyId”是必填项"]);
  const { Id } = await save(client, "BD_Supplier", model);
  expect(await firstFault(client, "BD_Supplier", model)).toEqual([11, "供应商编号“S0099”已存在"]);
  expect(await firstFault(client, "AP_Payable", payable("BX-1", ["1"], { FSUPPLIERID: NUMBER("S0099") }))).toEqual([
    11,
    "供应商“S0099”已禁用或未审核，不能使用",
  ]);
  for (const step of ["Submit", "Audit"]) await client.on(step, "BD_Supplier", { Ids: Id });
  expect((await save(client, "AP_Payable", payable("BX-1", ["1"], { FSUPPLIERID: NUMBER("S0099") }))).ResponseStatus.Errors).toEqual([]);
  await client.json("ExcuteOperation", { formid: "BD_Supplier", opNumber: "Forbid", data: { Ids: Id } });
  expect((await firstFault(client, "AP_Payable", payable("BX-2", ["1"], { FSUPPLIERID: NUMBER("S0099") })))[0]).toBe(11);
  expect(await client.query("BD_Supplier", "FNumber", { FilterString: "FForbidStatus='B'" })).toEqual([["S0099"]]);
  expect(await firstFault(client, "BD_Account", { FNumber: "9", FName: "x" })).toEqual([2, "没有“科目”的“保存”权限"]);
  await client.act("forbid_account", { number: "224101" });
  expect(await firstFault(client, "GL_VOUCHER", expense("1", "BX"))).toEqual([11, "科目“224101”已禁用或未审核，不能使用"]);
});

test("what belongs to another organisation does not exist for a bill", async () => {
  const client = await open();
  await client.act("add", { form: "BD_Supplier", number: "S0200", name: "只在第二家公司", organisation: "200" });
  const foreign = { FSUPPLIERID: NUMBER("S0200") };
  expect(await firstFault(client, "AP_Payable", payable("BX-1", ["1"], foreign))).toEqual([11, "供应商“S0200”：数据在系统中不存在"]);
  expect(
    (await save(client, "AP_Payable", payable("BX-2", ["1"], { ...foreign, FSETTLEORGID: NUMBER("200") }))).ResponseStatus.Errors,
  ).toEqual([]);
});

test("people close periods, edit, delete, post, renumber and add by hand", async () => {
  const client = await open();
  const ids: string[] = [];
  for (const key of ["BX-1", "BX-2", "BX-3"]) ids.push((await save(client, "GL_VOUCHER", expense("1", key))).Id ?? "");
  await client.act("delete_voucher", { id: ids[0] });
  expect(await client.act("renumber_vouchers", { period: "2026-03" })).toEqual({ changed: 2 });
  expect(await client.query("GL_VOUCHER", "FVOUCHERGROUPNO", { FilterString: "FDEBIT>0" })).toEqual([["1"], ["2"]]);
  for (const step of ["Submit", "Audit"]) await client.act("step", { form: "GL_VOUCHER", id: ids[1], step });
  await client.act("post_voucher", { id: ids[1] });
  expect(statusOf(await client.on("UnAudit", "GL_VOUCHER", { Ids: ids[1] })).MsgCode).toBe(12);
  expect(await client.act("edit_voucher", { id: ids[2], model: { FEntity: [] } })).toMatchObject({ status: "A" });
  const wrong = await client.act("edit_voucher", {
    id: ids[2],
    model: { FEntity: [{ FEntryID: 0, FEXPLANATION: "x", FACCOUNTID: NUMBER("100201"), FCURRENCYID: NUMBER("PRE001"), FDEBIT: "1" }] },
  });
  expect(wrong).toEqual({ error: "凭证借贷不平衡，差额1.00" });
  const unknown = await client.act("edit_voucher", { id: ids[1], model: { FAccountBookID: NUMBER("009") } });
  expect(unknown).toEqual({ error: "账簿“009”：数据在系统中不存在" });
  expect(await client.query("GL_VOUCHER", "FDocumentStatus", { FilterString: `FVOUCHERID=${ids[1]} AND FDEBIT>0` })).toEqual([["C"]]);
  expect(await client.act("close_period", { period: "2026-03" })).toEqual({ book: "001", closedThrough: "2026-03" });
  expect((await firstFault(client, "GL_VOUCHER", expense("1", "BX-4")))[1]).toContain("2026年第3期已结账");
  await client.on("Submit", "GL_VOUCHER", { Ids: ids[2] });
  expect(statusOf(await client.on("Audit", "GL_VOUCHER", { Ids: ids[2] })).Errors[0]?.Message).toContain("2026年第3期已结账");
  expect(await client.query("BD_AccountBook", "FNumber,FCURRENTYEAR,FCURRENTPERIOD", { FilterString: "FNumber='001'" })).toEqual([
    ["001", 2026, 4],
  ]);
  await client.act("reopen_period", { period: "2026-03" });
  await client.act("add", { form: "BD_Department", number: "0399", name: "新部门", model: { FParentID: NUMBER("03") } });
  await client.act("add", { form: "BD_Account", number: "66020104", name: "管理费用-差旅费-其他", required: ["FFLEX5", "FF100002"] });
  const line = { ...TRAVEL, account: "66020104", dimensions: { FFLEX5: "0399" } };
  expect(
    await firstFault(
      client,
      "GL_VOUCHER",
      voucher([
        { ...line, debit: "1" },
        { ...STAFF, credit: "1" },
      ]),
    ),
  ).toEqual([11, "科目 66020104 必录维度项目未录入"]);
  const whole = { ...line, dimensions: { FFLEX5: "0399", FF100002: "P-2026-001" } };
  expect(
    (
      await save(
        client,
        "GL_VOUCHER",
        voucher([
          { ...whole, debit: "1" },
          { ...STAFF, credit: "1" },
        ]),
      )
    ).ResponseStatus.Errors,
  ).toEqual([]);
});

test("an edit lock and a limit of calls are faults of this system, and a refusal says one reason for each item", async () => {
  const client = await open({ faults: ["edit lock next 1"] });
  expect((await firstFault(client, "GL_VOUCHER", expense("1", "BX-1")))[0]).toBe(13);
  expect((await firstFault(client, "GL_VOUCHER", expense("1", "BX-1")))[0]).toBe(0);
  await client.control("POST", "/faults", ["call limit next 1"]);
  expect(await client.query("GL_VOUCHER", "FBillNo")).toMatchObject([[{ Result: { ResponseStatus: { MsgCode: 14 } } }]]);
  await client.control("POST", "/faults", ["refuse next 1"]);
  const answer = await client.on("BatchSave", "GL_VOUCHER", { Model: [expense("1", "BX-2"), expense("1", "BX-3")] });
  expect(statusOf(answer).Errors.map(({ DIndex }) => DIndex)).toEqual([0, 1]);
  expect(await client.inspect("vouchers")).toHaveLength(1);
  const [seen] = await client.inspect<Seen[]>("vouchers");
  await client.act("lock", { form: "GL_VOUCHER", id: seen?.id });
  expect(statusOf(await client.on("Submit", "GL_VOUCHER", { Ids: String(seen?.id) })).MsgCode).toBe(13);
  await client.act("unlock", { form: "GL_VOUCHER", id: seen?.id });
  expect(statusOf(await client.on("Submit", "GL_VOUCHER", { Ids: String(seen?.id) })).MsgCode).toBe(0);
});

test("a cut batch keeps its first items, a lost answer keeps all, and the state outlives the process", async () => {
  const file = `${process.env["TMPDIR"] ?? "/tmp"}/kingdee-${process.pid}-${Date.now()}.db`;
  const client = await open({ file, faults: ["cut after 2 next 1"] });
  const models = ["BX-1", "BX-2", "BX-3"].map((key) => expense("1", key));
  expect((await client.raw("BatchSave", { formid: "GL_VOUCHER", data: { Model: models } })).status).toBe(500);
  expect(await client.inspect("vouchers")).toHaveLength(2);
  await client.control("POST", "/faults", ["lose next 1"]);
  await expect(client.on("Save", "GL_VOUCHER", { Model: expense("1", "BX-3") })).rejects.toThrow();
  await client.close();
  const again = await open({ file });
  expect(await again.query("GL_VOUCHER", "FBUSNO,FVOUCHERGROUPNO", { FilterString: "FDEBIT=1" })).toEqual([
    ["BX-1", "1"],
    ["BX-2", "2"],
    ["BX-3", "3"],
  ]);
  expect((await save(again, "GL_VOUCHER", expense("1", "BX-4"))).Number).toBe("4");
});

test("what the stand-in does not know it refuses in the system's words", async () => {
  const client = await open();
  expect(statusOf(await client.on("Save", "GL_NOTHING", { Model: {} }))).toMatchObject({ Errors: [{ Message: "业务对象不存在" }] });
  expect(statusOf(await client.on("Save", "", { Model: {} })).MsgCode).toBe(5);
  expect(statusOf(await client.on("Save", "GL_VOUCHER", {})).MsgCode).toBe(8);
  expect(statusOf(await client.json("Save", "{not json")).MsgCode).toBe(8);
  expect(statusOf(await client.on("Allocate", "BD_Supplier", {})).Errors[0]?.Message).toContain("没有实现");
  expect((await client.raw("Nothing", {})).status).toBe(404);
  expect((await fetch(`${client.address}/k3cloud/nothing`, { method: "POST" })).status).toBe(404);
  expect(await client.act("dance", {})).toMatchObject({ error: expect.stringContaining("close_period") as unknown });
  expect(await client.inspect("nothing")).toMatchObject({ error: expect.stringContaining("vouchers") as unknown });
  expect(await client.act("settings", { mostRows: 0 })).toMatchObject({ error: expect.stringContaining("mostRows") as unknown });
  expect(await client.inspect("calls")).toMatchObject({ Save: 4, ValidateUser: 1 });
});
