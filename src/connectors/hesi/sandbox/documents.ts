import type { SandboxAnswer, SandboxCall, SandboxQuery } from "../../sandbox/contract.js";
import { bodyOf, idsOf, ok, Refused, type Request } from "./envelope.js";
import { orderOf, pageOf, windowOf } from "./paging.js";
import { type Flow, STATES, type State } from "./shapes.js";
import { notSignedIn } from "./sign-in.js";
import type { Tenant } from "./tenant.js";

const TYPES = ["expense", "loan", "payment", "requisition", "custom", "receipt", "permit"] as const;
const ORDERS = ["createTime", "updateTime", "submitDate", "payDate"] as const;

/** `GET /v1.1/docs/getApplyList`, its page left out. */
function asked(query: URLSearchParams): SandboxQuery {
  const type = query.get("type") ?? "";
  if (type === "") throw new Refused(400, "参数type不能为空");
  if (!TYPES.some((each) => each === type)) throw new Refused(400, "参数type无法识别");
  const order = orderOf(query, ORDERS, "createTime", "desc");
  const window = windowOf(query);
  const active = query.get("active");
  const specification = query.get("specificationId") ?? "";
  const uid = query.get("uid") ?? "";
  const states = statesOf(query);
  const where: Record<string, string | number | readonly string[]> = {
    formType: type,
    // Left out: also what was deleted. Anything but `true`: only what was deleted.
    ...(active === null ? {} : { active: active === "true" ? 1 : 0 }),
    ...(states === null ? {} : { state: states }),
    ...(specification === "" ? {} : { specification }),
    ...(uid === "" ? {} : { ownerId: uid }),
  };
  if (order.by !== "payDate") return { where, order: { ...order, ...window } };
  if (window.from === undefined && window.before === undefined) throw new Refused(400, "按payDate排序时startDate和endDate不能同时为空");
  // Only what went through the cashier has the date at all.
  const settled: readonly string[] = ["paid", "archived"];
  return {
    where: { ...where, state: states?.filter((state) => settled.includes(state)) ?? settled },
    order: { ...order, from: 0, ...window },
  };
}

/** `paying` also finds payments under way; `PROCESSING` finds nothing, although it is a state. An unknown state is refused: cautious, not documented. */
function statesOf(query: URLSearchParams): readonly string[] | null {
  const text = query.get("state") ?? "";
  if (text === "") return null;
  const named = text.split(",").map((each) => each.trim());
  if (named.some((each) => !STATES.some((state) => state === each))) throw new Refused(400, "参数state无法识别");
  const found = named.filter((each) => each !== "PROCESSING");
  return found.includes("paying") ? [...found, "PROCESSING"] : found;
}

export function applyList(tenant: Tenant, { query }: Request): SandboxAnswer {
  const list = { ...asked(query), ...pageOf(query) };
  return ok({ count: tenant.flows.count(list), items: tenant.flows.find(list).map(listed) });
}

/** Lines and logs are documented for the detail only, so a list shows none: whoever needs them has to ask for the detail. */
function listed({ logs: _, ...flow }: Flow): unknown {
  const { details: __, ...form } = flow.form;
  return { ...flow, form };
}

/** As a list whose documents have too many lines: the proxy in front of the system gives up. */
export function tooMuch(tenant: Tenant, most: number): (call: SandboxCall) => SandboxAnswer | null {
  return ({ path, query }) => {
    if (!path.endsWith("/docs/getApplyList") || notSignedIn(tenant, query) !== null) return null;
    try {
      if (tenant.flows.count(asked(query)) <= most) return null;
    } catch (cause) {
      if (cause instanceof Refused) return null;
      throw cause;
    }
    const headers = { "content-type": "text/html" };
    return { status: 504, headers, body: "<html><head><title>504 Gateway Time-out</title></head></html>", isRefusal: true };
  };
}

export function detailById(tenant: Tenant, { query }: Request): SandboxAnswer {
  return ok({ value: tenant.flow(demanded(query, "flowId")) });
}

export function detailByCode(tenant: Tenant, { query }: Request): SandboxAnswer {
  return ok({ value: flowBy(tenant, "code", demanded(query, "code")) });
}

export function detailByOuterCode(tenant: Tenant, { query }: Request): SandboxAnswer {
  return ok({ value: flowBy(tenant, "outerCode", demanded(query, "outerCode")) });
}

function demanded(query: URLSearchParams, name: string): string {
  const text = query.get(name) ?? "";
  if (text === "") throw new Refused(400, `参数${name}不能为空`);
  return text;
}

/** Throws Refused where it is not there or was deleted. */
export function flowBy(tenant: Tenant, facet: "code" | "outerCode", value: string): Flow {
  const found = tenant.flows.find({ where: { [facet]: value }, take: 1 })[0];
  if (found === undefined) throw new Refused(412, `不存在此单据[${value}]`);
  return tenant.flow(found.id);
}

/** States of many. The shape of a row is not in the reference; an unknown id refuses the whole question, as a detail does. */
export function approveStates(tenant: Tenant, { parts }: Request): SandboxAnswer {
  const items = idsOf(parts["ids"] ?? "").map((id): { id: string; state: State } => ({ id, state: tenant.flow(id).state }));
  return ok({ count: items.length, items });
}

/** Invoices of documents, by their codes or ids: one row for each invoice, and nothing in it that says of which document. */
export function invoicesOfFlows(tenant: Tenant, request: Request): SandboxAnswer {
  const body = bodyOf(request);
  const { type, codeOrIds } = body;
  if (type !== "code" && type !== "id") throw new Refused(400, "参数type无法识别");
  const flows = texts(codeOrIds, "codeOrIds").map((each) => (type === "id" ? tenant.flow(each) : flowBy(tenant, "code", each)));
  const used = flows.flatMap(({ form }) => form.details).flatMap(({ feeTypeForm }) => feeTypeForm.invoiceForm.invoices);
  return ok({ flow: used.map(({ invoiceId, itemIds }) => ({ invoiceId, invoiceItemId: itemIds, invoiceType: "invoice" })) });
}

/** Bodies of invoices by `ids`, by `codes`, or page by page: `index` from 1. Only the kind `invoice` has any here. */
export function invoiceBodies(tenant: Tenant, request: Request): SandboxAnswer {
  const kind = request.parts["kind"] ?? "";
  if (!["invoice", "taxi", "train", "flightItinerary"].includes(kind)) throw new Refused(404, `业务对象${kind}不存在`);
  const body = bodyOf(request);
  if (body["ids"] !== undefined) {
    const found = texts(body["ids"], "ids").flatMap((id) => (kind === "invoice" ? (tenant.invoices.get(id) ?? []) : []));
    return ok({ count: found.length, items: found.map((each) => each.body) });
  }
  if (body["codes"] !== undefined) {
    const where = { number: texts(body["codes"], "codes") };
    const found = kind === "invoice" ? tenant.invoices.find({ where }) : [];
    return ok({ count: found.length, items: found.map((each) => each.body) });
  }
  const { index, count } = body;
  if (!isWhole(index) || index < 1) throw new Refused(400, "参数index从1开始");
  if (!isWhole(count) || count < 1 || count > 100) throw new Refused(400, "参数count取值范围为1-100");
  const page = kind === "invoice" ? tenant.invoices.find({ skip: (index - 1) * count, take: count }) : [];
  return ok({ count: kind === "invoice" ? tenant.invoices.count() : 0, items: page.map((each) => each.body) });
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

function texts(value: unknown, name: string): string[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= 100 && value.every((each) => typeof each === "string")) return value;
  throw new Refused(400, `参数${name}格式不正确`);
}
