import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/connectors/http/json.js";
import { shortKey } from "../../src/connectors/http/view.js";
import type { Document } from "../../src/model/document.js";
import type { PostOutcome } from "../../src/model/posting.js";
import { aClock, itemOf, only, problemOf, reversalOf, thrownBy } from "./http-setup.js";
import { aLine, aVoucher, type Call, openKingdeeTarget, serveKingdee, status } from "./kingdee-setup.js";

interface Kept {
  readonly id: string;
  readonly key: string;
  status: string;
}

/** Just enough of an ERP for questions by key: what it answers to everything else, each test says. */
function shelf(): { readonly kept: Kept[]; readonly answer: (call: Call) => unknown } {
  const kept: Kept[] = [];
  const answer = ({ data }: Call): unknown => {
    const { FieldKeys, FilterString } = data as { FieldKeys: string; FilterString: string };
    const wanted = [...FilterString.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = ""]) => text.replaceAll("''", "'"));
    return kept
      .filter(({ key }) => wanted.includes(key))
      .map(({ id, key, status: state }) => {
        const row: Record<string, unknown> = {
          FVOUCHERID: Number(id),
          FID: Number(id),
          FBillNo: `N${id}`,
          FDocumentStatus: state,
          FBUSNO: key,
          FCancelStatus: "A",
        };
        return FieldKeys.split(",").map((field) => row[field] ?? "");
      });
  };
  return { kept, answer };
}

const OPTIONS = { book: "001" };
const items = (...keys: readonly string[]) => keys.map((key) => itemOf(aVoucher({ key })));
const kinds = (outcomes: readonly PostOutcome[]) => outcomes.map(({ kind }) => kind);

/** The one call that saves. */
function saved(calls: readonly Call[]): Call {
  return only(calls.filter(({ operation }) => operation === "BatchSave"));
}

function modelsOf({ received }: Call): Map<string, unknown>[] {
  const whole = parseJson(received.body) as unknown as Map<string, Map<string, Map<string, unknown>[]>>;
  return whole.get("data")?.get("Model") ?? [];
}

describe("a batch", () => {
  test("is judged place by place, and what it does not speak of is unconfirmed", async () => {
    const { kept, answer } = shelf();
    const server = await serveKingdee((call) => {
      if (call.operation !== "BatchSave") return answer(call);
      kept.push({ id: "11", key: "expense/A/1", status: "A" });
      return status({
        IsSuccess: "false",
        MsgCode: "11",
        Errors: [{ FieldName: "FAccountID", Message: "科目 5101 必录维度部门未录入", DIndex: 1 }],
        SuccessEntitys: [{ Id: 11, Number: "N11", DIndex: "0" }],
      });
    });
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    const outcomes = await target.post(items("A", "B", "C"));
    expect(kinds(outcomes)).toEqual(["created", "rejected", "unconfirmed"]);
    expect(outcomes[0]).toEqual({ kind: "created", reference: "N11", step: "save", isDraft: true });
    expect(problemOf(outcomes[1])).toMatchObject({
      code: "TARGET_REJECTED",
      message: "the ERP refused it: 科目 5101 必录维度部门未录入 (FAccountID) [MsgCode 11]",
      at: [{ document: "B" }],
    });
    expect(problemOf(outcomes[2]).message).toContain("the answer says nothing about this document");
  });

  test("without an answer leaves each of its documents unconfirmed", async () => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? { status: 500, body: "<h1>500</h1>" } : answer(call)));
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    const outcomes = await target.post(items("A", "B"));
    expect(kinds(outcomes)).toEqual(["unconfirmed", "unconfirmed"]);
    expect(problemOf(outcomes[1])).toMatchObject({ code: "TARGET_UNCONFIRMED", at: [{ document: "B" }] });
  });

  test("an answer that says both, or that was refused and is there all the same, is settled by looking", async () => {
    const { kept, answer } = shelf();
    const server = await serveKingdee((call) => {
      if (call.operation !== "BatchSave") return answer(call);
      kept.push({ id: "12", key: "expense/B/1", status: "A" });
      return status({
        MsgCode: 4,
        Errors: [
          { Message: "异常", DIndex: 0 },
          { Message: "异常", DIndex: 1 },
          { Message: "异常", DIndex: 2 },
        ],
        SuccessEntitys: [{ Id: "13", Number: "N13", DIndex: 2 }],
      });
    });
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    expect(kinds(await target.post(items("A", "B", "C")))).toEqual(["rejected", "exists", "unconfirmed"]);
  });

  test("what is there already under its key is not sent", async () => {
    const { kept, answer } = shelf();
    kept.push(
      { id: "11", key: "expense/O'A/1", status: "C" },
      { id: "12", key: "expense/B/1", status: "A" },
      { id: "13", key: "expense/B/1", status: "A" },
    );
    const server = await serveKingdee(answer);
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    const outcomes = await target.post(items("O'A", "B"));
    expect(outcomes[0]).toEqual({ kind: "exists", reference: "N11", step: "audit" });
    expect(problemOf(outcomes[1])).toMatchObject({ code: "TARGET_CONFLICT" });
    expect(server.calls.map(({ operation }) => operation)).toEqual(["ExecuteBillQuery"]);
    expect(server.calls[0]?.data["FilterString"]).toBe("FBUSNO IN ('expense/O''A/1','expense/B/1')");
  });

  test("amounts are sent digit by digit, and each entry bears the key", async () => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? status({}) : answer(call)));
    const target = await openKingdeeTarget(server.url, {
      options: { ...OPTIONS, partner: { "2241": "employee", "22": "supplier" }, dimensions: { 项目: "FF100002" } },
    });
    const lines = [
      aLine({ amountMinor: 1_234_567_890_123_456_710n, dimensions: { 部门: "0201", 项目: "P1" }, text: "" }),
      aLine({
        side: "credit",
        amountMinor: 1_234_567_890_123_456_710n,
        account: "224101",
        partner: "E1",
        dimensions: {},
        text: "长".repeat(300),
      }),
    ];
    await target.post([itemOf(aVoucher({ lines, fields: { word: "记" } }))]);
    const call = saved(server.calls);
    expect(call.received.body).toContain('"FDEBIT":12345678901234567.10');
    const { Model } = call.data as { Model: Record<string, unknown>[] };
    const { FEntity, ...header } = Model[0] as Record<string, unknown> & { FEntity: Record<string, unknown>[] };
    expect(header).toEqual({
      FVOUCHERID: 0,
      FAccountBookID: { FNumber: "001" },
      FDate: "2026-11-20",
      FBUSDATE: "2026-11-20",
      FYEAR: 2026,
      FPERIOD: 11,
      FVOUCHERGROUPID: { FNumber: "PRE001" },
      FVOUCHERGROUPNO: "",
      FATTACHMENTS: 2,
      FISADJUSTVOUCHER: "false",
      FSourceBillKey: { FNumber: "78050206-2fa6-40e3-b7c8-bd608146fa38" },
    });
    expect(FEntity.map(({ FBUSNO }) => FBUSNO)).toEqual(["expense/BX-001/1", "expense/BX-001/1"]);
    expect(FEntity[0]).toMatchObject({
      FEXPLANATION: "报销 BX-001 张三",
      FDetailID: { FDETAILID__FFLEX5: { FNumber: "0201" }, FDETAILID__FF100002: { FNumber: "P1" } },
      FCREDIT: 0,
    });
    expect(FEntity[1]).toMatchObject({ FDetailID: { FDETAILID__FFLEX7: { FNumber: "E1" } }, FDEBIT: 0 });
    expect([...String(FEntity[1]?.["FEXPLANATION"])]).toHaveLength(250);
  });

  test.each([
    [aVoucher({ currency: "USD" }), "a voucher in `USD` needs a rate to `CNY`"],
    [aVoucher({ lines: [aLine({ dimensions: { 色: "红" } })] }), "the dimension `色` has no flex field under `dimensions`"],
    [
      aVoucher({ lines: [aLine({ dimensions: { 员工: "E2" }, partner: "E1" })] }),
      "`partner` of account 660203 is `E1`, and FFLEX7 has `E2` already",
    ],
    [aVoucher({ key: "K".repeat(100) }), "its key `expense/K"],
  ])("a document that cannot be written is refused before anything is sent", async (document: Document, message) => {
    const { answer } = shelf();
    const server = await serveKingdee(answer);
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    const problem = problemOf(only(await target.post([itemOf(document)])));
    expect(problem.code).toBe("TARGET_REJECTED");
    expect(problem.message).toContain(message);
    expect(server.calls.some(({ operation }) => operation === "BatchSave")).toBe(false);
  });

  test("a document of another type stops before anything is sent", async () => {
    const server = await serveKingdee(shelf().answer);
    const target = await openKingdeeTarget(server.url, { options: { form: "AP_Payable" } });
    const problem = await thrownBy(() => target.post(items("A")));
    expect(problem).toMatchObject({
      code: "TARGET_UNAVAILABLE",
      message: "a document `journal` does not go into AP_Payable, which takes `payable`",
    });
  });
});

describe("what an answer means", () => {
  const answered = async (given: Readonly<Record<string, unknown>>) => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? status(given) : answer(call)));
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    return target.post(items("A"));
  };

  test.each([
    [{ MsgCode: 11, Errors: [{ Message: "会计期间2026年第11期已结账", DIndex: 0 }] }, "rejected", "TARGET_PERIOD_CLOSED"],
    [{ MsgCode: 11, Errors: [{ Message: "本期间凭证借贷不平衡", DIndex: 0 }] }, "rejected", "TARGET_REJECTED"],
    [{ MsgCode: 13, Errors: [{ Message: "业务操作-保存-冲突，请稍候再使用", DIndex: 0 }] }, "busy", "TARGET_BUSY"],
    [{ MsgCode: 14 }, "busy", "TARGET_BUSY"],
    [{ MsgCode: 6, Errors: [{ Message: "数据库操作失败", DIndex: 0 }] }, "unconfirmed", "TARGET_UNCONFIRMED"],
    [{ MsgCode: 9 }, "rejected", "TARGET_REJECTED"],
    [{ IsSuccess: true }, "unconfirmed", "TARGET_UNCONFIRMED"],
    [{ IsSuccess: true, SuccessEntitys: [{ Id: 0, Number: "", DIndex: 0 }] }, "unconfirmed", "TARGET_UNCONFIRMED"],
  ])("%o", async (given, kind, code) => {
    const outcome = only(await answered(given));
    expect(outcome.kind).toBe(kind);
    expect(problemOf(outcome).code).toBe(code);
  });

  test.each([
    ["账期尚未启用", {}, "TARGET_REJECTED"],
    ["账期尚未启用", { closed_words: ["账期"] }, "TARGET_PERIOD_CLOSED"],
    ["会计期间已结账", { closed_words: ["账期"] }, "TARGET_REJECTED"],
    ["账期内借方不等于贷方", { closed_words: ["账期"], unbalanced_words: ["不等于"] }, "TARGET_REJECTED"],
  ])("`%s` with %j is %s, because the texts differ from site to site", async (words, options, code) => {
    const { answer } = shelf();
    const refusal = status({ MsgCode: 11, Errors: [{ Message: words, DIndex: 0 }] });
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? refusal : answer(call)));
    const target = await openKingdeeTarget(server.url, { options: { ...OPTIONS, ...options } });
    expect(problemOf(only(await target.post(items("A")))).code).toBe(code);
  });

  test.each([2, 7, 15])("MsgCode %i stops everything", async (code) => {
    const problem = await thrownBy(() => answered({ MsgCode: code, Errors: [{ Message: "没有权限", DIndex: 0 }] }));
    expect(problem).toMatchObject({ code: "TARGET_SIGN_IN" });
    expect(problem.message).toContain(`没有权限 [MsgCode ${code}]`);
  });

  test("HTTP 404 came to nobody", async () => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? { status: 404, body: "" } : answer(call)));
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    expect(await thrownBy(() => target.post(items("A")))).toMatchObject({ code: "TARGET_UNAVAILABLE" });
  });

  test("nothing is sent while nobody can tell what is there", async () => {
    const server = await serveKingdee(() => status({ MsgCode: 14 }));
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    expect(kinds(await target.post(items("A")))).toEqual(["busy"]);
    const wrong = await serveKingdee(() => [[status({ Errors: [{ Message: "元数据中标识为FBUSNO的字段不存在" }] })]]);
    const other = await openKingdeeTarget(wrong.url, { options: OPTIONS });
    expect(await thrownBy(() => other.post(items("A")))).toMatchObject({ code: "TARGET_UNAVAILABLE" });
    expect([...server.calls, ...wrong.calls].every(({ operation }) => operation === "ExecuteBillQuery")).toBe(true);
  });
});

test("a field that does not keep our key stops everything after the first batch", async () => {
  const server = await serveKingdee(({ operation }) =>
    operation === "BatchSave" ? status({ IsSuccess: true, SuccessEntitys: [{ Id: "11", Number: "N11", DIndex: 0 }] }) : [],
  );
  const clock = aClock();
  const target = await openKingdeeTarget(server.url, { options: OPTIONS, clock });
  expect(only(await target.post(items("A")))).toMatchObject({ kind: "created", reference: "N11" });
  expect(clock.waits).toEqual([1000, 1000]);
  const problem = await thrownBy(() => target.post(items("B")));
  expect(problem).toMatchObject({ code: "TARGET_UNAVAILABLE", message: "what was saved is not found by its key in `FBUSNO`" });
});

describe("the key", () => {
  const written = async (options: Readonly<Record<string, unknown>>, key = "BX-1") => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? status({}) : answer(call)));
    const target = await openKingdeeTarget(server.url, { options: { ...OPTIONS, ...options } });
    await target.post([itemOf(aVoucher({ key }))]);
    const model = only(modelsOf(saved(server.calls)));
    const [entry] = model.get("FEntity") as Map<string, unknown>[];
    return { model, entry: entry as Map<string, unknown>, target };
  };

  test("is short where it must be, and then nothing can be listed or changed in place", async () => {
    const { entry, target } = await written({ key: { write: "short" } });
    expect(entry.get("FBUSNO")).toBe(shortKey("expense/BX-1/1"));
    expect([target.update, target.postings, target.latest]).toEqual([undefined, undefined, undefined]);
  });

  test("is short only where it does not fit", async () => {
    const long = "X".repeat(40);
    expect((await written({ key: { write: "fitting", length: 30 } })).entry.get("FBUSNO")).toBe("expense/BX-1/1");
    expect((await written({ key: { write: "fitting", length: 30 } }, long)).entry.get("FBUSNO")).toBe(shortKey(`expense/${long}/1`));
  });

  test("stands in a field of the header, without control characters", async () => {
    const { model, entry } = await written({ key: { field: "F_ABCD_Key" } }, "BX\u001f100%");
    expect(model.get("F_ABCD_Key")).toBe("expense/BX%1F100%25/1");
    expect(entry.get("FBUSNO")).toBeUndefined();
  });
});

describe("a step", () => {
  const posting = (key: string) => ({ posting: { ...reversalOf(aVoucher({ key }), "N").posting, step: "save" } });

  test("is looked at again where the answer does not name it as done", async () => {
    const { kept, answer } = shelf();
    for (const [index, key] of ["A", "B", "C", "D"].entries())
      kept.push({ id: String(11 + index), key: `expense/${key}/1`, status: index === 3 ? "C" : "A" });
    const server = await serveKingdee((call) => {
      if (call.operation !== "Submit") return answer(call);
      for (const each of kept.slice(0, 2)) each.status = "B";
      return status({
        MsgCode: 12,
        Errors: [{ Message: "单据状态不正确", DIndex: 2 }],
        SuccessEntitys: [{ Id: 11, Number: "N11", DIndex: 0 }],
      });
    });
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    const outcomes = await target.advance?.("submit", ["A", "B", "C", "D", "E"].map(posting));
    expect(kinds(outcomes ?? [])).toEqual(["created", "created", "rejected", "exists", "rejected"]);
    expect(problemOf(outcomes?.[2]).message).toBe("the ERP refused it: Submit of GL_VOUCHER: 单据状态不正确 [MsgCode 12]");
    expect(problemOf(outcomes?.[4]).code).toBe("TARGET_EDITED");
    expect(server.calls.find(({ operation }) => operation === "Submit")?.data).toEqual({ Ids: "11,12,13" });
  });

  test("that lost its answer is unconfirmed, and one that is not due is held", async () => {
    const { kept, answer } = shelf();
    kept.push({ id: "11", key: "expense/A/1", status: "B" }, { id: "12", key: "expense/B/1", status: "D" });
    const server = await serveKingdee((call) => (call.operation === "Audit" ? { status: 502, body: "" } : answer(call)));
    const target = await openKingdeeTarget(server.url, { options: OPTIONS });
    const outcomes = await target.advance?.("audit", ["A", "B"].map(posting));
    expect(kinds(outcomes ?? [])).toEqual(["unconfirmed", "rejected"]);
    expect(problemOf(outcomes?.[1])).toMatchObject({ code: "TARGET_EDITED" });
  });
});

describe("a form of another kind", () => {
  const model = {
    FNumber: "$.key",
    FNAME: "$.fields.name",
    FORGVAL: { $number: "$.total" },
    FEntity: { $each: "$.lines", $item: { FAMOUNT: { $number: "$$.amount" } } },
  };
  const asset: Document = {
    ...aVoucher({ key: "ZC-1" }),
    type: "asset",
    fields: { name: "笔记本", class: "ZCLB01" },
    lines: [aLine({ amountMinor: 500_010n })],
  };

  test("is written as its template says, with our key and its id", async () => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? status({}) : answer(call)));
    const options = { form: "FA_CARD", model, key: { field: "F_KEY", in: "header" }, id_field: "FALTERID" };
    await (await openKingdeeTarget(server.url, { options })).post([itemOf(asset)]);
    const call = saved(server.calls);
    expect((call.data as { Model: unknown[] }).Model).toEqual([
      { FALTERID: 0, FNumber: "ZC-1", FNAME: "笔记本", FORGVAL: 5000.1, FEntity: [{ FAMOUNT: 5000.1 }], F_KEY: "expense/ZC-1/1" },
    ]);
    expect(call.received.body).toContain('"FORGVAL":5000.10');
  });

  test.each([
    [{ form: "FA_CARD" }, "how `FA_CARD` is written is not established"],
    [{ form: "FA_CARD", model, header: {} }, "`model` stands beside `header` or `lines`"],
    [{ form: "FA_CARD", model: ["x"] }, "`model` is no mapping"],
    [{ form: "FA_CARD", model: { F: "$.nothing" } }, "there is no `nothing` in `$.nothing`"],
  ])("%o is refused", async (options, message) => {
    expect((await thrownBy(() => openKingdeeTarget("http://127.0.0.1:9", { options }))).message).toContain(message);
  });

  test("fields are added to what is written, to the header and to each entry", async () => {
    const { answer } = shelf();
    const server = await serveKingdee((call) => (call.operation === "BatchSave" ? status({}) : answer(call)));
    const options = {
      ...OPTIONS,
      header: { FVOUCHERGROUPNO: "$.key", F_A: "$.shortKey" },
      lines: { FQty: { $number: "1" }, F_B: "$$.account" },
    };
    await (await openKingdeeTarget(server.url, { options })).post(items("A"));
    const model = only(modelsOf(saved(server.calls)));
    expect([model.get("FVOUCHERGROUPNO"), model.get("F_A"), model.get("FDate")]).toEqual(["A", shortKey("expense/A/1"), "2026-11-20"]);
    expect((model.get("FEntity") as Map<string, unknown>[]).map((entry) => [entry.get("F_B"), entry.get("FBUSNO")])).toEqual([
      ["660203", "expense/A/1"],
      ["100201", "expense/A/1"],
    ]);
  });
});
