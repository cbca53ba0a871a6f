import { SandboxError } from "../../sandbox/contract.js";
import type { Flow } from "./shapes.js";
import type { Tenant } from "./tenant.js";

type Look = (tenant: Tenant, query: URLSearchParams) => unknown;

const LOOKS: Readonly<Record<string, Look>> = {
  /** One line for each; `state`, `active=true`, `voucher=yes` or `no` narrow them, `code` may be given several times. */
  documents: (tenant, query) => documentsOf(tenant, query).map(brief),
  /** The whole of each document, by `code`. */
  document: (tenant, query) => documentsOf(tenant, query),
  vouchers: (tenant) => tenant.flows.find({ where: { hasVoucher: 1 }, order: { by: "code" } }).map(brief),
  invoices: (tenant) => [...tenant.invoices.all()],
  payments: (tenant) => [...tenant.payments.all()],
  staff: (tenant) => [...tenant.staffs.all()],
  departments: (tenant) => [...tenant.departments.all()],
  "fee-types": (tenant) => [...tenant.feeTypes.all()],
  dimensions: (tenant) => [...tenant.dimensions.all()],
  "dimension-items": (tenant) => [...tenant.items.all()],
  "data-links": (tenant) => [...tenant.dataLinks.all()],
  entities: (tenant) => [...tenant.entities.all()],
  counts: (tenant) => {
    const states: Record<string, number> = {};
    for (const { state, active } of tenant.flows.all()) {
      const name = active ? state : "deleted";
      states[name] = (states[name] ?? 0) + 1;
    }
    return {
      documents: tenant.flows.count(),
      states,
      vouchers: tenant.flows.count({ where: { hasVoucher: 1 } }),
      invoices: tenant.invoices.count(),
    };
  },
};

/** Throws SandboxError for an unknown name. */
export function inspect(tenant: Tenant, name: string, query: URLSearchParams): unknown {
  const look = Object.hasOwn(LOOKS, name) ? LOOKS[name] : undefined;
  if (look !== undefined) return look(tenant, query);
  throw new SandboxError(`there is nothing named \`${name}\` to inspect; there are ${Object.keys(LOOKS).join(", ")}`, 404);
}

function documentsOf(tenant: Tenant, query: URLSearchParams): Flow[] {
  const voucher = query.get("voucher");
  const codes = query.getAll("code");
  const states = query.getAll("state");
  const where = {
    ...(codes.length === 0 ? {} : { code: codes }),
    ...(states.length === 0 ? {} : { state: states }),
    ...(query.get("active") === null ? {} : { active: query.get("active") === "true" ? 1 : 0 }),
    ...(voucher === null ? {} : { hasVoucher: voucher === "yes" ? 1 : 0 }),
  };
  return tenant.flows.find({ where, order: { by: "code" } });
}

function brief({ id, state, active, updateTime, form }: Flow): unknown {
  const { code, voucherNo, voucherCreateTime, expenseMoney, payMoney, payDate } = form;
  const amounts = { total: String(expenseMoney.standard), toPay: String(payMoney.standard) };
  return { id, code, state, active, voucherNo, voucherCreateTime, ...amounts, lines: form.details.length, payDate, updateTime };
}
