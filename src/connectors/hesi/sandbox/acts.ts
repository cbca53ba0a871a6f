import { ClaimMaker } from "../../sandbox/claims.js";
import { sampleCompany } from "../../sandbox/company.js";
import { SandboxError } from "../../sandbox/contract.js";
import { draftOf, type Fields, feeTypeOf, given, invoiceOf, recordOf, setAmount, setFeeType, textOf } from "./claim-drafts.js";
import { keepInvoice, useOf } from "./flow-of-claim.js";
import { amountOf, formatFen, settle, toFen } from "./money.js";
import { placesOf } from "./seed.js";
import type { Detail, Flow, State } from "./shapes.js";
import type { Tenant } from "./tenant.js";

type Act = (tenant: Tenant, body: Fields) => unknown;

/** What people do in the system, by hand. Documents are chosen by `codes`, or as the newest `count` of a `state`. */
const ACTS: Readonly<Record<string, Act>> = {
  create,
  approve: (tenant, body) => onEach(tenant, body, ["pending", "approving"], (flow) => approve(tenant, flow)),
  reject: (tenant, body) => onEach(tenant, body, ["pending", "approving"], (flow) => enter(tenant, flow, "rejected", "freeflow.reject")),
  "start-payment": (tenant, body) =>
    onEach(tenant, body, ["paying"], (flow) => {
      flow.form.paymentChannel = textOf(body, "channel") ?? "OFFLINE";
      enter(tenant, flow, "PROCESSING", "freeflow.startPayment");
    }),
  pay: (tenant, body) => onEach(tenant, body, ["paying", "PROCESSING"], (flow) => tenant.paid(flow, "hand")),
  archive: (tenant, body) => onEach(tenant, body, ["paid"], (flow) => enter(tenant, flow, "archived", "freeflow.archive")),
  void: (tenant, body) => onEach(tenant, body, NOT_ARCHIVED, (flow) => enter(tenant, flow, "nullify", "freeflow.nullify")),
  delete: (tenant, body) =>
    onEach(tenant, body, NOT_ARCHIVED, (flow) => {
      flow.active = false;
      tenant.keep(flow);
    }),
  edit: (tenant, body) => onEach(tenant, body, NOT_ARCHIVED, (flow) => edit(tenant, flow, body)),
  invoice: (tenant, body) => onEach(tenant, body, NOT_ARCHIVED, (flow) => addInvoice(tenant, flow, body)),
  "fee-type": newFeeType,
};

const NOT_ARCHIVED: readonly State[] = ["draft", "pending", "approving", "rejected", "paying", "PROCESSING", "paid", "nullify"];

/** Throws SandboxError, and Refused where an amount cannot be read. */
export function act(tenant: Tenant, name: string, body: unknown): unknown {
  const does = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (does === undefined) throw new SandboxError(`nobody can \`${name}\`; there are ${Object.keys(ACTS).join(", ")}`, 404);
  return does(tenant, recordOf(body, "the body"));
}

/** The documents that the body names; each of them must be in one of the states. */
function onEach(tenant: Tenant, body: Fields, states: readonly State[], work: (flow: Flow) => void): unknown {
  const flows = chosen(tenant, body, states);
  for (const flow of flows) {
    if (!flow.active || !states.includes(flow.state)) {
      const where = flow.active ? `is \`${flow.state}\`` : "is deleted";
      throw new SandboxError(`\`${flow.form.code}\` ${where}, and this needs ${states.map((each) => `\`${each}\``).join(", ")}`);
    }
    work(flow);
  }
  return { documents: flows.map(({ id, form, state }) => ({ id, code: form.code, state, total: String(form.expenseMoney.standard) })) };
}

function chosen(tenant: Tenant, body: Fields, states: readonly State[]): Flow[] {
  const { codes, count } = body;
  if (Array.isArray(codes) && codes.every((code) => typeof code === "string")) {
    const found = tenant.flows.find({ where: { code: codes } });
    const missing = codes.find((code) => !found.some(({ form }) => form.code === code));
    if (missing !== undefined) throw new SandboxError(`there is no document \`${missing}\``);
    return codes.map((code) => found.find(({ form }) => form.code === code) as Flow);
  }
  if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 1)
    throw new SandboxError("say which documents: `codes`, or a `count`");
  const wanted = textOf(body, "state");
  const where = { active: 1, state: wanted === null ? states : [wanted] };
  const found = tenant.flows.find({ where, order: { by: "createTime", descending: true }, take: count });
  if (found.length < count) throw new SandboxError(`there are only ${found.length} such documents, not ${count}`);
  return found;
}

function enter(tenant: Tenant, flow: Flow, state: State, action: string): void {
  flow.state = state;
  tenant.note(flow, action);
  tenant.keep(flow);
}

/** Where nothing is left to pay, the document is `paid` without anybody having paid: no payDate, and no payment. */
function approve(tenant: Tenant, flow: Flow): void {
  const isPayable = toFen(flow.form.payMoney.standard) > 0;
  if (!isPayable) flow.form.flowEndTime = tenant.now();
  enter(tenant, flow, isPayable ? "paying" : "paid", "freeflow.agree");
}

const REACHABLE: readonly State[] = ["draft", "approving", "paying", "PROCESSING", "paid", "archived"];

/** `{ claims: [...] }` as they are told, or `{ count: 50 }` made up; both in the `state` that is asked for, else `paid`. */
function create(tenant: Tenant, body: Fields): unknown {
  const state = textOf(body, "state") ?? "paid";
  if (!REACHABLE.some((each) => each === state))
    throw new SandboxError(`a new document is ${REACHABLE.map((each) => `\`${each}\``).join(", ")}, not \`${state}\``);
  const made = drafts(tenant, body).map((flow) => {
    reach(tenant, flow, state as State);
    return { id: flow.id, code: flow.form.code, state: flow.state, total: String(flow.form.expenseMoney.standard) };
  });
  return { documents: made };
}

function drafts(tenant: Tenant, body: Fields): Flow[] {
  const company = sampleCompany(tenant.seed);
  const places = placesOf(tenant);
  const next = (): ClaimMaker => {
    const serial = tenant.state.next("claims");
    return new ClaimMaker(company, `by hand ${tenant.seed} ${serial}`, serial - 1);
  };
  if (body["claims"] !== undefined) {
    if (!Array.isArray(body["claims"]) || body["claims"].length === 0) throw new SandboxError("`claims` is a list of claims, at least one");
    return body["claims"].map((claim) => given(tenant, places, recordOf(claim, "a claim"), next()));
  }
  const { count } = body;
  if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 1 || count > 5_000)
    throw new SandboxError("say how many: `count`, or tell the `claims`");
  return Array.from({ length: count }, () => draftOf(tenant, places, next(), textOf(body, "feeType")));
}

/** One step after the other, as people take them. */
function reach(tenant: Tenant, flow: Flow, state: State): void {
  tenant.keep(flow);
  if (state === "draft") return;
  flow.form.submitDate = tenant.now();
  enter(tenant, flow, "approving", "freeflow.submit");
  if (state === "approving") return;
  approve(tenant, flow);
  const isToBePaid = flow.state === "paying" && state !== "paying";
  if (isToBePaid && state === "PROCESSING") enter(tenant, flow, "PROCESSING", "freeflow.startPayment");
  else if (isToBePaid) tenant.paid(flow, "hand");
  if (state === "archived") enter(tenant, flow, "archived", "freeflow.archive");
}

/** `amount` of the line, or `add` to it; `feeType`, by code, name or id; `title`. One yuan more where nothing is said. */
function edit(tenant: Tenant, flow: Flow, body: Fields): void {
  const title = textOf(body, "title");
  if (title !== null) flow.form.title = title;
  const feeType = textOf(body, "feeType");
  const amount = textOf(body, "amount");
  const add = textOf(body, "add") ?? (title === null && feeType === null && amount === null ? "1.00" : null);
  const detail = lineOf(flow, body);
  if (feeType !== null) setFeeType(detail, feeTypeOf(tenant, feeType));
  const before = amountOf(detail);
  const wanted = amount === null ? before + toFen(add ?? "0") : toFen(amount);
  if (wanted <= 0) throw new SandboxError(`the line would be ${formatFen(wanted)}, and it must be above zero`);
  if (wanted !== before) setAmount(detail, wanted);
  settle(flow);
  flow.version += 1;
  tenant.note(flow, "freeflow.edit");
  tenant.keep(flow);
}

function lineOf(flow: Flow, body: Fields): Detail {
  const line = body["line"] ?? 1;
  const detail = typeof line === "number" ? flow.form.details[line - 1] : undefined;
  if (detail === undefined) throw new SandboxError(`\`${flow.form.code}\` has no line ${String(line)}`);
  return detail;
}

/** One more invoice on a `line`, with its `number`; of the amount of the line unless `total` says another. The same number may be claimed twice. */
function addInvoice(tenant: Tenant, flow: Flow, body: Fields): void {
  const detail = lineOf(flow, body);
  const { invoiceForm, feeDate } = detail.feeTypeForm;
  const invoice = invoiceOf(body, amountOf(detail), feeDate);
  invoiceForm.type = "exist";
  invoiceForm.invoices.push(useOf(keepInvoice(tenant, invoice, placesOf(tenant).buyer), invoice));
  flow.version += 1;
  tenant.keep(flow);
}

/** `name`, and `code`, `parent` where they matter: a fee type that no lookup knows yet. */
function newFeeType(tenant: Tenant, body: Fields): unknown {
  const name = textOf(body, "name");
  if (name === null) throw new SandboxError("say the `name` of the fee type");
  const parent = textOf(body, "parent");
  const id = tenant.newId();
  const type = { id, name, parentId: parent === null ? "" : feeTypeOf(tenant, parent).id, active: true, code: textOf(body, "code") ?? "" };
  tenant.feeTypes.put(id, type);
  return type;
}
