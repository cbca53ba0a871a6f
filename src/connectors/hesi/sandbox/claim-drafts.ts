import {
  type ClaimMaker,
  type SampleApportion,
  type SampleClaim,
  type SampleInvoice,
  type SampleLine,
  split,
  taxWithin,
} from "../../sandbox/claims.js";
import { SandboxError } from "../../sandbox/contract.js";
import { flowOfClaim, type Places, percent } from "./flow-of-claim.js";
import { amountOf, money, toFen } from "./money.js";
import type { Detail, FeeType, Flow } from "./shapes.js";
import type { Tenant } from "./tenant.js";

export type Fields = Readonly<Record<string, unknown>>;

const DAY = 86_400_000;

/** A made-up claim that nobody has handed in yet; all of its lines of one fee type where that is named. */
export function draftOf(tenant: Tenant, places: Places, maker: ClaimMaker, feeType: string | null): Flow {
  const flow = drafted(tenant, places, maker.claim(tenant.now(), tenant.now()));
  if (feeType !== null) for (const detail of flow.form.details) setFeeType(detail, feeTypeOf(tenant, feeType));
  return flow;
}

function drafted(tenant: Tenant, places: Places, claim: SampleClaim): Flow {
  const now = tenant.now();
  const draft = { state: "draft", isDeleted: false, submittedAt: now, approvedAt: null, paidAt: null, updatedAt: now } as const;
  return { ...flowOfClaim(tenant, places, { ...claim, ...draft }), createTime: now };
}

/**
 * A claim as it is told: `person` (工号), `department`, `project`, `title`, `outerCode`, `writtenOff`, and `details` with `feeType`,
 * `amount`, `date`, `reason`, `invoice`, `apportions`. What is not told is made up, but no line, invoice or apportion is.
 */
export function given(tenant: Tenant, places: Places, told: Fields, maker: ClaimMaker): Flow {
  const base = maker.claim(tenant.now(), tenant.now());
  const person = known(places.staff, textOf(told, "person") ?? base.person, "person");
  const department = known(places.department, textOf(told, "department") ?? base.department, "department");
  const details = told["details"];
  if (!Array.isArray(details) || details.length === 0) throw new SandboxError("a claim has `details`, at least one");
  const lines = details.map((each) => recordOf(each, "a detail"));
  const project = textOf(told, "project");
  const flow = drafted(tenant, places, {
    ...base,
    person,
    department,
    title: textOf(told, "title") ?? base.title,
    project: project === null ? null : known(places.project, project, "project"),
    writtenOff: toFen(textOf(told, "writtenOff") ?? "0"),
    lines: lines.map((line) => lineOf(places, line, { reason: base.title, today: tenant.now() })),
  });
  for (const [index, line] of lines.entries()) setFeeType(flow.form.details[index] as Detail, feeTypeOf(tenant, demanded(line, "feeType")));
  const outerCode = textOf(told, "outerCode");
  if (outerCode !== null) {
    if (tenant.flows.count({ where: { outerCode } }) > 0) throw new SandboxError(`the outerCode \`${outerCode}\` is taken`);
    flow.form["outerCode"] = outerCode;
  }
  return flow;
}

function lineOf(places: Places, line: Fields, otherwise: { readonly reason: string; readonly today: number }): SampleLine {
  const amount = toFen(demanded(line, "amount"));
  const date = textOf(line, "date");
  const at = date === null ? otherwise.today - DAY : Date.parse(`${date}T00:00:00+08:00`);
  if (Number.isNaN(at)) throw new SandboxError(`the date \`${String(date)}\` is not written as \`2026-11-30\``);
  const invoice = line["invoice"] === undefined ? [] : [invoiceOf(recordOf(line["invoice"], "an invoice"), amount, at)];
  const apportions = line["apportions"] ?? [];
  if (!Array.isArray(apportions)) throw new SandboxError("`apportions` is a list");
  const parts = apportions.map((each) => apportionOf(places, recordOf(each, "an apportion")));
  if (parts.length > 0 && parts.reduce((sum, part) => sum + part.amount, 0) !== amount)
    throw new SandboxError("the apportions do not make the amount of the line");
  return {
    feeType: "",
    date: at,
    reason: textOf(line, "reason") ?? otherwise.reason,
    amount,
    foreign: null,
    invoices: invoice,
    apportions: parts,
  };
}

/** `number`, and on paper `code`; `total`, `rate`, `seller` where they matter. */
export function invoiceOf(told: Fields, amount: number, date: number): SampleInvoice {
  const total = textOf(told, "total");
  const rate = Number(textOf(told, "rate") ?? "6");
  if (!Number.isSafeInteger(rate) || rate < 0 || rate > 99) throw new SandboxError("`rate` is a whole number of percent");
  const fen = total === null ? amount : toFen(total);
  return {
    code: textOf(told, "code") ?? "",
    number: demanded(told, "number"),
    date,
    total: fen,
    tax: taxWithin(fen, rate),
    rate,
    seller: textOf(told, "seller") ?? "示例供应商",
    sellerTaxNumber: textOf(told, "sellerTaxNumber") ?? "",
  };
}

function apportionOf(places: Places, told: Fields): SampleApportion {
  const project = textOf(told, "project");
  return {
    department: known(places.department, demanded(told, "department"), "department"),
    project: project === null ? null : known(places.project, project, "project"),
    amount: toFen(demanded(told, "amount")),
  };
}

function known(ids: ReadonlyMap<string, string>, code: string, what: string): string {
  if (ids.has(code)) return code;
  throw new SandboxError(`there is no ${what} \`${code}\``);
}

/** By id, code or name. Throws SandboxError. */
export function feeTypeOf(tenant: Tenant, wanted: string): FeeType {
  const found =
    tenant.feeTypes.get(wanted) ??
    tenant.feeTypes.find({ where: { code: wanted } })[0] ??
    tenant.feeTypes.find({ where: { name: wanted } })[0];
  if (found === undefined) throw new SandboxError(`there is no fee type \`${wanted}\``);
  return found;
}

export function setFeeType(detail: Detail, { id, name, code, parentId }: FeeType): void {
  const version = detail.specificationId.split(":").at(-1) ?? "";
  Object.assign(detail, {
    feeTypeId: id,
    specificationId: `${id}:expense:${version}`,
    feeType: { id, name, code, parentId, active: true },
  });
}

/** Another amount: a foreign one is forgotten, apportions become equal parts of the new one. */
export function setAmount(detail: Detail, fen: number): void {
  const asNumber = typeof detail.feeTypeForm.amount.standard === "number";
  detail.feeTypeForm.amount = money(fen, asNumber);
  const parts = detail.feeTypeForm.apportions;
  if (parts.length === 0) return;
  const amounts = split(fen, parts.length);
  detail.feeTypeForm.apportions = parts.map((part, index) => {
    const amount = amounts[index] as number;
    const shares = { apportionMoney: money(amount, asNumber), apportionPercent: percent(amount, amountOf(detail)) };
    return { ...part, apportionForm: { ...part.apportionForm, ...shares } };
  });
}

/** Throws SandboxError where it is no object. */
export function recordOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new SandboxError(`${what} is not an object`);
}

/** Amounts, codes and dates are text; a number would have lost its zeros. Null where it is left out. */
export function textOf(from: Fields, name: string): string | null {
  const value = from[name];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new SandboxError(`\`${name}\` is text, such as \`"12.30"\``);
}

function demanded(from: Fields, name: string): string {
  const text = textOf(from, name);
  if (text === null) throw new SandboxError(`\`${name}\` is missing`);
  return text;
}
