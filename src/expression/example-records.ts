import { Decimal } from "../model/decimal.js";
import type { Field, Row } from "../model/record.js";
import type { FieldType, Value } from "../model/value.js";
import type { Environment, LookupSignature, LookupTable, Scope } from "./types.js";

/** The document that every example of the reference is about: one expense report with three lines. */

function field(name: string, type: FieldType, nullable = false): Field {
  return { name, type, nullable, personal: false };
}

function amount(text: string): Decimal {
  return Decimal.parse(text) ?? Decimal.ZERO;
}

const FIELDS: readonly Field[] = [
  field("单据编号", "text"),
  field("行号", "number"),
  field("费用类型", "text"),
  field("部门", "text"),
  field("报销人", "text"),
  field("支付日期", "date"),
  field("更新时间", "datetime"),
  field("价税合计", "number"),
  field("税额", "number", true),
  field("税率", "text"),
  field("备注", "text", true),
  field("金额(元)", "number"),
];

function line(number: string, type: string, gross: string, tax: string | null, rate: string, note: string | null): Row {
  const value = amount(gross);
  return [
    "BX-001",
    amount(number),
    type,
    "销售部",
    "王芳",
    "2026-11-20",
    "2026-11-20T16:30:00.000Z",
    value,
    tax === null ? null : amount(tax),
    rate,
    note,
    value,
  ];
}

export const EXAMPLE_ROWS: readonly Row[] = [
  line("1", "差旅费", "1060.00", "60.00", "6%", "上海 出差"),
  line("2", "餐费", "212.50", null, "免税", null),
  line("3", "餐费", "88.00", "4.98", "6%", "客户 招待"),
];

const ACCOUNTS: LookupSignature = {
  name: "科目",
  keys: [field("费用类型", "text")],
  columns: [field("科目编码", "text"), field("辅助核算", "text", true)],
  dated: false,
  on: null,
  missingIsEmpty: false,
};

const RATES: LookupSignature = {
  name: "汇率",
  keys: [field("币种", "text")],
  columns: [field("中间价", "number")],
  dated: true,
  on: null,
  missingIsEmpty: false,
};

const DEPARTMENTS: LookupSignature = {
  name: "部门表",
  keys: [field("部门", "text")],
  columns: [field("部门编码", "text")],
  dated: false,
  on: null,
  missingIsEmpty: true,
};

function table(missing: LookupTable["missing"], rows: Readonly<Record<string, readonly Value[]>>): LookupTable {
  return {
    missing,
    lineOf: () => null,
    find: ([key = ""], on) => (on !== null && on < "2026-11-01" ? "missing" : (rows[key] ?? "missing")),
  };
}

export const EXAMPLE_SCOPE: Scope = {
  fields: FIELDS,
  lookups: [ACCOUNTS, RATES, DEPARTMENTS],
  variables: [],
  context: "record",
  aggregates: true,
};

/** The first line is the record at hand. */
export function exampleEnvironment(): Environment {
  return {
    row: EXAMPLE_ROWS[0] ?? [],
    records: EXAMPLE_ROWS,
    lookups: [
      table("quarantine", { 差旅费: ["660201", "部门"], 餐费: ["660202", null] }),
      table("quarantine", { USD: [amount("7.1204")] }),
      table("empty", { 销售部: ["D01"] }),
    ],
    variables: [],
  };
}
