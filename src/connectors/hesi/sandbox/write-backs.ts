import type { SandboxAnswer } from "../../sandbox/contract.js";
import { applied, bodyOf, listOf, maybe, need, ok, Refused, type Request } from "./envelope.js";
import type { Flow } from "./shapes.js";
import type { Tenant } from "./tenant.js";

interface VoucherOf {
  readonly flow: Flow;
  readonly voucherNo: string;
  readonly createTime: number;
  readonly fiscalPeriod: string;
}

/**
 * `PUT /v2.1/flow/data/erpVoucher`: numbers of vouchers, an empty one takes it away again. Whether one bad document spoils the whole
 * array is not established: here it does.
 */
export function erpVoucher(tenant: Tenant, request: Request): SandboxAnswer {
  const vouchers = listOf(bodyOf(request), "voucher").map((each): VoucherOf => {
    const flow = tenant.flow(need(each, "flowId"));
    if (typeof each["voucherNo"] !== "string") throw new Refused(400, "参数voucherNo不能为空");
    // Milliseconds as text, as documented; a number is refused.
    const time = need(each, "voucherCreateTime");
    if (!/^\d{1,15}$/.test(time)) throw new Refused(400, "参数voucherCreateTime格式不正确");
    if (flow.state !== "paid") throw new Refused(400, `单据Id:[[${flow.id}]]的单据不是已支付状态，不能回写单据凭证，请检查`);
    return { flow, voucherNo: each["voucherNo"], createTime: Number(time), fiscalPeriod: maybe(each, "fiscalPeriod") };
  });
  const apply = ({ flow: { id }, voucherNo, createTime, fiscalPeriod }: VoucherOf): void => {
    // Read again: the array may name one document twice.
    const flow = tenant.flow(id);
    flow.form.voucherNo = voucherNo;
    flow.form.voucherStatus = voucherNo === "" ? "未生成" : "已生成";
    flow.form.voucherCreateTime = voucherNo === "" ? 0 : createTime;
    if (fiscalPeriod === "") delete flow.form["fiscalPeriod"];
    else flow.form["fiscalPeriod"] = fiscalPeriod;
    tenant.keep(flow);
  };
  return applied(request, vouchers, apply, () => ok({ value: true }));
}

/** `POST /v1/paymentResults`: each item is judged for itself, and the answer is HTTP 200. That the id is the document's is inferred. */
export function paymentResults(tenant: Tenant, request: Request): SandboxAnswer {
  const answered: { readonly id: string; readonly code: string; readonly errorMsg?: string }[] = [];
  const judge = (each: Readonly<Record<string, unknown>>): void => {
    const id = typeof each["id"] === "string" ? each["id"] : "";
    const [code, errorMsg] = resultOf(tenant, id, each["code"], typeof each["errorMsg"] === "string" ? each["errorMsg"] : "");
    answered.push({ id, code, ...(errorMsg === undefined ? {} : { errorMsg }) });
  };
  return applied(request, listOf(bodyOf(request), "items"), judge, () => ok({ items: answered }));
}

function resultOf(tenant: Tenant, id: string, code: unknown, reason: string): [code: string, errorMsg?: string] {
  if (id === "") return ["R00006", "参数不合法"];
  const flow = tenant.flows.get(id);
  if (flow === null || !flow.active) return ["R00001", "单据不存在"];
  if (code !== "P00001" && code !== "P00002") return ["R00005", "支付结果编码错误"];
  if (flow.state === "paid" || flow.state === "archived") return ["R00002", "单据已支付"];
  if (flow.state !== "PROCESSING") return ["R00003", "单据不在支付中"];
  // Which channels may be answered for is not in the reference; money that moves outside of the system surely may.
  if (!["OFFLINE", "ERP"].includes(flow.form.paymentChannel)) return ["R00004", "支付渠道不正确"];
  if (code === "P00001") tenant.paid(flow, "api");
  else {
    flow.state = "paying";
    tenant.note(flow, "freeflow.payFailed", reason);
    tenant.keep(flow);
  }
  return ["R00000"];
}
