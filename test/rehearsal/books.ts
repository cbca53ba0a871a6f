import { join } from "node:path";
import Database from "better-sqlite3";
import type { Company } from "./company.js";

/** An amount as a person reads it, in the smallest unit. The expense system gives some as numbers. */
export function fen(amount: string | number): number {
  const [whole = "", fraction = ""] = String(amount).split(".");
  return Number(`${whole}${fraction.padEnd(2, "0")}`);
}

interface Money {
  readonly standard: string | number;
}

interface Flow {
  readonly state: string;
  readonly active: boolean;
  readonly updateTime: number;
  readonly form: {
    readonly code: string;
    readonly flowEndTime?: number;
    readonly voucherNo: string;
    readonly submitterId: string;
    readonly paymentChannel: string;
    readonly payMoney: Money;
    readonly 法人实体: string;
    readonly details: readonly {
      readonly feeType: { readonly name: string };
      readonly feeTypeForm: {
        readonly amount: Money;
        readonly invoiceForm?: { readonly invoices?: readonly { readonly invoiceId: string }[] };
      };
    }[];
  };
}

/** A claim as it stands in the expense system. */
export interface Claim {
  readonly code: string;
  readonly company: "E01" | "E02";
  /** It was approved after the go-live, and not voided since. */
  readonly isDue: boolean;
  readonly state: string;
  /** Number (工号) of who claims. */
  readonly person: string;
  /** Who pays it, once the cashier has sent it on. */
  readonly channel: string;
  readonly totalFen: number;
  /** What is left to pay, less a loan. */
  readonly toPayFen: number;
  /** Of the lines without an invoice. */
  readonly ownFen: number;
  readonly invoices: readonly string[];
  readonly feeTypes: readonly string[];
  readonly voucherNo: string;
}

export async function claims(company: Company, goLive: Date): Promise<Map<string, Claim>> {
  const items = await company.inspect<readonly { readonly id: string; readonly code: string }[]>("hesi", "dimension-items");
  const entities = new Map(items.map(({ id, code }) => [id, code]));
  const staff = await company.inspect<readonly { readonly id: string; readonly code: string }[]>("hesi", "staff");
  const people = new Map(staff.map(({ id, code }) => [id, code]));
  const flows = await company.inspect<readonly Flow[]>("hesi", "document");
  return new Map(
    flows.map(({ state, active, updateTime, form }): [string, Claim] => {
      const lines = form.details.map(({ feeType, feeTypeForm: { amount, invoiceForm } }) => ({
        feeType: feeType.name,
        amountFen: fen(amount.standard),
        invoices: (invoiceForm?.invoices ?? []).map(({ invoiceId }) => invoiceId),
      }));
      const sum = (of: typeof lines): number => of.reduce((total, { amountFen }) => total + amountFen, 0);
      const isApproved = ["PROCESSING", "paid", "archived"].includes(state) && active;
      return [
        form.code,
        {
          code: form.code,
          company: entities.get(form.法人实体) === "E01" ? "E01" : "E02",
          state,
          person: people.get(form.submitterId) ?? "",
          channel: form.paymentChannel,
          isDue: isApproved && (form.flowEndTime || updateTime) >= goLive.getTime(),
          totalFen: sum(lines),
          toPayFen: fen(form.payMoney.standard),
          ownFen: sum(lines.filter(({ invoices }) => invoices.length === 0)),
          invoices: lines.flatMap(({ invoices }) => invoices),
          feeTypes: lines.map(({ feeType }) => feeType),
          voucherNo: form.voucherNo,
        },
      ];
    }),
  );
}

/** What an invoice is about: its total, and the number of its supplier in the ERP. */
export interface Invoice {
  readonly totalFen: number;
  readonly supplier: string;
  readonly code: string;
  readonly number: string;
  readonly sellerTaxNumber: string;
}

/** By the ids that claims have them under; the supplier by its tax number, as the ERP itself keeps it. */
export async function invoices(company: Company): Promise<Map<string, Invoice>> {
  const suppliers = await company.inspect<readonly (Bill & { readonly number: string })[]>("kingdee", "forms/BD_Supplier");
  const byTax = new Map(suppliers.map(({ number, header }) => [header["FSOCIALCRECODE"] ?? "", number]));
  const all = await company.inspect<readonly { readonly id: string; readonly body: Readonly<Record<string, unknown>> }[]>(
    "hesi",
    "invoices",
  );
  return new Map(
    all.map(({ id, body }): [string, Invoice] => [
      id,
      {
        totalFen: fen((body["E_system_发票主体_价税合计"] as Money).standard),
        supplier: byTax.get(String(body["E_system_发票主体_销售方纳税人识别号"])) ?? "nobody",
        code: String(body["E_system_发票主体_发票代码"]),
        number: String(body["E_system_发票主体_发票号码"]),
        sellerTaxNumber: String(body["E_system_发票主体_销售方纳税人识别号"]),
      },
    ]),
  );
}

interface Bill {
  readonly status: string;
  readonly header: Readonly<Record<string, string>>;
  readonly lines: readonly Readonly<Record<string, string>>[];
}

/** What stands in the ERP of one claim. */
export interface Booked {
  readonly status: string;
  readonly totalFen: number;
  /** Number of the voucher. */
  readonly number: string;
  /** Number of the supplier or employee that it is owed or paid to; empty for a voucher. */
  readonly party: string;
}

/** Vouchers by claim, red ones and those they cancel left out; each claim should have one at most. */
export async function vouchers(company: Company): Promise<Map<string, Booked[]>> {
  const all = await company.inspect<readonly Bill[]>("kingdee", "vouchers");
  const byKey = new Map<string, Bill[]>();
  for (const bill of all) {
    const key = bill.lines[0]?.["FBUSNO"] ?? "";
    byKey.set(key, [...(byKey.get(key) ?? []), bill]);
  }
  const live = new Map<string, Booked[]>();
  for (const [key, bills] of byKey) {
    const [, claim] = /^claims-to-vouchers\/(.+)\/\d+$/.exec(key) ?? [];
    if (claim === undefined) continue;
    const left = bills.slice((byKey.get(`${key}/reversal`) ?? []).length);
    const booked = left.map(({ status, header, lines }) => ({
      status,
      totalFen: lines.reduce((sum, line) => sum + fen(line["FCREDIT"] ?? "0"), 0),
      number: header["FVOUCHERGROUPNO"] ?? "",
      party: "",
    }));
    if (booked.length > 0) live.set(claim, [...(live.get(claim) ?? []), ...booked]);
  }
  return live;
}

/** Where each kind of bill has the amount of a line, and whom it is about. */
const BILLS = {
  payables: { amount: "FALLAMOUNTFOR_D", party: "FSUPPLIERID" },
  other_payables: { amount: "FTOTALAMOUNTFOR", party: "FCONTACTUNIT" },
  payments: { amount: "FPAYTOTALAMOUNTFOR", party: "FCONTACTUNIT" },
} as const;

/** Bills by the document they were made of: claim and invoice for `payables`, claims for the others. */
export async function bills(company: Company, name: keyof typeof BILLS): Promise<Map<string, Booked[]>> {
  const { amount, party } = BILLS[name];
  const all = await company.inspect<readonly Bill[]>("kingdee", name);
  const found = new Map<string, Booked[]>();
  for (const { status, header, lines } of all) {
    const number = header["FBillNo"] ?? "";
    const [, key = number] = /^[a-z-]+\/(.+)\/\d+$/.exec(number) ?? [];
    const totalFen = lines.reduce((sum, line) => sum + fen(line[amount] ?? "0"), 0);
    found.set(key, [...(found.get(key) ?? []), { status, totalFen, number, party: header[party] ?? "" }]);
  }
  return found;
}

/** By account, in fen, what the tables of the budget say that a company used up. */
export function budgetUsed({ folder }: Company, of: "E01" | "E02"): Map<string, number> {
  const db = new Database(join(folder, "../../.demo/hesi-kingdee/budget.db"), { readonly: true });
  try {
    const text = "SELECT account, amount FROM budget_usage_lines JOIN budget_usage USING (usage_id) WHERE budget LIKE ? || '-%'";
    const rows = db.prepare<[string], { account: string; amount: string }>(text).all(of);
    const used = new Map<string, number>();
    for (const { account, amount } of rows) used.set(account, (used.get(account) ?? 0) + fen(amount));
    return used;
  } finally {
    db.close();
  }
}

/** By account, in fen, the balances of these accounts in a book of the ERP. */
export async function debits(company: Company, book: string, of: ReadonlySet<string>): Promise<Map<string, number>> {
  const { accounts } = await company.inspect<{ readonly accounts: readonly { readonly account: string; readonly balance: string }[] }>(
    "kingdee",
    `trial_balance?book=${book}`,
  );
  return new Map(accounts.filter(({ account }) => of.has(account)).map(({ account, balance }) => [account, fen(balance)]));
}

const LISTS = {
  hesi: [
    "document",
    "payments",
    "invoices",
    "staff",
    "departments",
    "fee-types",
    "dimensions",
    "dimension-items",
    "entities",
    "data-links",
  ],
  kingdee: [
    "vouchers",
    "payables",
    "other_payables",
    "reimbursements",
    "payments",
    "invoices",
    "assets",
    "forms/BD_Department",
    "forms/BD_Empinfo",
    "forms/BD_Account",
    "forms/BD_Supplier",
    "forms/PAEZ_PROJECT",
  ],
} as const;

/** Everything that the systems and the tables hold, by a name for each list. */
export async function everything(company: Company): Promise<ReadonlyMap<string, string>> {
  const held = new Map<string, string>();
  for (const system of ["hesi", "kingdee"] as const)
    for (const name of LISTS[system]) held.set(`${system} ${name}`, JSON.stringify(await company.inspect(system, name)));
  for (const of of ["E01", "E02"] as const) held.set(`budget ${of}`, JSON.stringify([...budgetUsed(company, of)].sort()));
  return held;
}
