import type { SampleClaim, SampleInvoice, SampleLine, SampleState } from "../../sandbox/claims.js";
import { foreignMoney, formatFen, money, settle } from "./money.js";
import type { Detail, Flow, Log, State } from "./shapes.js";
import type { Tenant } from "./tenant.js";
import { formatTime } from "./times.js";

/** Where the sample company's codes stand in this system. */
export interface Places {
  /** Ids by code: 工号, department, fee type, project, legal entity. */
  readonly staff: ReadonlyMap<string, string>;
  readonly department: ReadonlyMap<string, string>;
  readonly feeType: ReadonlyMap<string, string>;
  readonly project: ReadonlyMap<string, string>;
  readonly entity: ReadonlyMap<string, string>;
  /** By 工号. */
  readonly payee: ReadonlyMap<string, string>;
  readonly payer: string;
  readonly buyer: { readonly name: string; readonly taxNumber: string };
}

export const SPECIFICATION = "ID_sandboxSpec:5f0c2a9d";
const HIDDEN_VERSION = "7b1e";

/** The claim as a document of this system, with its invoices kept; the document itself is kept by the caller. */
export function flowOfClaim(tenant: Tenant, places: Places, claim: SampleClaim): Flow {
  const owner = places.staff.get(claim.person) ?? "";
  const department = places.department.get(claim.department) ?? "";
  // Some documents write their amounts as numbers; which ones does not matter, only that they are among the others.
  const asNumbers = claim.serial % 9 === 4;
  const payee = places.payee.get(claim.person) ?? "";
  const isSubmitted = claim.state !== "draft";
  const state = stateOf(claim);
  const flow: Flow = {
    id: tenant.newId(),
    version: 1,
    active: !claim.isDeleted,
    state,
    formType: "expense",
    flowType: "freeflow",
    createTime: claim.submittedAt - 600_000,
    updateTime: claim.updatedAt,
    corporationId: tenant.corporationId,
    ownerId: owner,
    ownerDefaultDepartment: department,
    form: {
      code: `B${formatTime(claim.submittedAt).slice(2, 4)}${String(claim.serial).padStart(6, "0")}`,
      title: claim.title,
      submitterId: owner,
      submitDate: isSubmitted ? claim.submittedAt : null,
      expenseDate: claim.lines[0]?.date ?? claim.submittedAt,
      expenseDepartment: department,
      specificationId: SPECIFICATION,
      payeeId: payee,
      expenseMoney: money(0),
      payMoney: money(0),
      companyRealPay: money(0),
      writtenOffMoney: money(0),
      // What stands in it is not in the reference.
      writtenOffRecords: [],
      payDate: claim.paidAt,
      paymentChannel: "OFFLINE",
      paymentAccountId: places.payer,
      flowEndTime: claim.paidAt,
      voucherNo: "",
      voucherStatus: "未生成",
      voucherCreateTime: 0,
      法人实体: places.entity.get(claim.entity) ?? "",
      项目: claim.project === null ? "" : (places.project.get(claim.project) ?? ""),
      u_备注: claim.serial % 7 === 0 ? "请尽快付款" : "",
      details: claim.lines.map((line) => detailOf(tenant, places, line, { department, payee, asNumbers })),
    },
    logs: logsOf(claim, owner),
  };
  settle(flow, claim.writtenOff);
  // Where a loan is cleared with all of it there is nothing to pay, and nobody pays it.
  if (claim.paidAt !== null && claim.writtenOff >= claim.lines.reduce((sum, line) => sum + line.amount, 0)) flow.form.payDate = null;
  return flow;
}

const STATE_OF: Readonly<Record<SampleState, State>> = {
  draft: "draft",
  rejected: "rejected",
  void: "nullify",
  approving: "approving",
  approved: "paying",
  paid: "paid",
  archived: "archived",
};

function stateOf({ state, serial }: SampleClaim): State {
  return state === "approved" && serial % 3 === 0 ? "PROCESSING" : STATE_OF[state];
}

interface Around {
  readonly department: string;
  readonly payee: string;
  readonly asNumbers: boolean;
}

function detailOf(tenant: Tenant, places: Places, line: SampleLine, { department, payee, asNumbers }: Around): Detail {
  const id = places.feeType.get(line.feeType) ?? "";
  const type = tenant.feeTypes.get(id);
  return {
    feeTypeId: id,
    specificationId: `${id}:expense:${HIDDEN_VERSION}`,
    feeType: { id, name: type?.name ?? "", code: type?.code ?? "", parentId: type?.parentId ?? "", active: true },
    feeTypeForm: {
      detailId: tenant.newId(),
      feeDate: line.date,
      consumptionReasons: line.reason,
      attachments: [],
      amount: line.foreign === null ? money(line.amount, asNumbers) : foreignMoney(line.amount, line.foreign),
      invoiceForm: {
        type: line.invoices.length > 0 ? "exist" : line.foreign === null ? "noWrite" : "noExist",
        invoices: line.invoices.map((invoice) => useOf(keepInvoice(tenant, invoice, places.buyer), invoice)),
      },
      apportions: line.apportions.map((part) => ({
        specificationId: `ID_sandboxApportion:${HIDDEN_VERSION}`,
        apportionForm: {
          apportionId: tenant.newId(),
          apportionMoney: money(part.amount, asNumbers),
          apportionPercent: percent(part.amount, line.amount),
          expenseDepartment: places.department.get(part.department) ?? department,
          项目: part.project === null ? "" : (places.project.get(part.project) ?? ""),
        },
      })),
      feeDetailPayeeId: payee,
    },
  };
}

/** To two digits, so parts of a third do not make a hundred: amounts count, percentages only tell. */
export function percent(part: number, whole: number): number {
  return Math.round((part * 10_000) / whole) / 100;
}

export function useOf(invoiceId: string, { rate, tax }: SampleInvoice): Detail["feeTypeForm"]["invoiceForm"]["invoices"][number] {
  return { invoiceId, itemIds: [], taxRate: String(rate), taxAmount: money(tax) };
}

/** Field names are the system's own, in Chinese. */
export function keepInvoice(tenant: Tenant, invoice: SampleInvoice, buyer: Places["buyer"]): string {
  const id = tenant.newId();
  const head = "E_system_发票主体_";
  const line = "E_system_发票明细_";
  const net = formatFen(invoice.total - invoice.tax);
  const body = {
    id,
    active: true,
    [`${head}发票代码`]: invoice.code,
    [`${head}发票号码`]: invoice.number,
    [`${head}发票日期`]: invoice.date,
    [`${head}价税合计`]: money(invoice.total),
    [`${head}税额`]: money(invoice.tax),
    [`${head}销售方名称`]: invoice.seller,
    [`${head}销售方纳税人识别号`]: invoice.sellerTaxNumber,
    [`${head}购买方名称`]: buyer.name,
    E_税额: money(invoice.tax),
    E_税率: String(invoice.rate),
    E_是否抵扣: invoice.tax > 0,
    E_不计税金额: money(0),
    details: [
      {
        [`${line}name`]: "*服务*费用",
        [`${line}单价`]: net,
        [`${line}数量`]: "1",
        [`${line}税率`]: String(invoice.rate),
        [`${line}税额`]: money(invoice.tax),
        [`${line}金额`]: net,
      },
    ],
  };
  tenant.invoices.put(id, { id, code: invoice.code, number: invoice.number, body });
  return id;
}

/** Names of actions other than agree, reject and nullify are not in the reference. */
function logsOf(claim: SampleClaim, operatorId: string): Log[] {
  if (claim.state === "draft") return [];
  const log = (action: string, state: State, time: number): Log => ({ action, state, operatorId, time, attributes: {} });
  const logs = [log("freeflow.submit", "approving", claim.submittedAt)];
  if (claim.state === "rejected") logs.push(log("freeflow.reject", "rejected", claim.updatedAt));
  if (claim.state === "void") logs.push(log("freeflow.nullify", "nullify", claim.updatedAt));
  if (claim.approvedAt !== null) logs.push(log("freeflow.agree", "paying", claim.approvedAt));
  if (claim.paidAt !== null) logs.push(log("freeflow.pay", "paid", claim.paidAt));
  if (claim.state === "archived") logs.push(log("freeflow.archive", "archived", claim.updatedAt));
  return logs;
}
