import type { Project } from "./project.js";

/** What the program prints about its books, as JSON; amounts are exact text. */
export interface Voucher {
  readonly reference: string;
  readonly kind: string;
  readonly documentKey: string;
  readonly date: string;
  readonly currency: string;
  readonly text: string;
  readonly attachments: number;
  readonly reversedBy: string | null;
  readonly fields: Readonly<Record<string, string>>;
  readonly lines: readonly VoucherLine[];
}

/** A line has one of `debit` and `credit`. */
interface VoucherLine {
  readonly account: string;
  readonly debit?: string;
  readonly credit?: string;
  readonly text: string;
  readonly partner: string | null;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface BalanceRow {
  readonly account: string;
  readonly name: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly closing: string;
}

export function balanceOf(project: Project): readonly BalanceRow[] {
  return project.json<{ accounts: BalanceRow[] }>("ledger", "balance").accounts;
}

/** Vouchers that stand: neither a reversal nor reversed. */
export function standingVouchers(project: Project): Voucher[] {
  return allVouchers(project).filter((voucher) => voucher.kind !== "reversal" && voucher.reversedBy === null);
}

export function allVouchers(project: Project): readonly Voucher[] {
  return project.json<Voucher[]>("ledger", "journal");
}

/**
 * The books without what depends on the order of arrival: voucher numbers and the order of lines. Reversed vouchers and
 * their reversals cancel each other out in red, so that the turnover of every account is compared too.
 */
export function comparable(
  project: Project,
  standing: readonly Voucher[] = standingVouchers(project),
): { readonly accounts: string[]; readonly documents: string[] } {
  const accounts = balanceOf(project)
    .filter((row) => /[1-9]/.test(row.debit + row.credit))
    .map(({ account, currency, debit, credit }) => `${account} ${currency} ${debit} ${credit}`);
  const documents = standing.map(({ documentKey, date, currency, text, attachments, fields, lines }) =>
    JSON.stringify([documentKey, date, currency, text, attachments, fields, lines.map((line) => JSON.stringify(line)).sort()]),
  );
  return { accounts: accounts.sort(), documents: documents.sort() };
}

/** Two books as one short verdict, because printing the difference of ten thousand documents helps nobody. */
export function differences(left: ReturnType<typeof comparable>, right: ReturnType<typeof comparable>): string[] {
  const only = (one: readonly string[], other: readonly string[], side: string): string[] => {
    const known = new Set(other);
    return one.filter((each) => !known.has(each)).map((each) => `${side} ${each}`);
  };
  const counts =
    left.documents.length === right.documents.length ? [] : [`${left.documents.length} and ${right.documents.length} documents`];
  return [
    ...counts,
    ...only(left.accounts, right.accounts, "<"),
    ...only(right.accounts, left.accounts, ">"),
    ...only(left.documents, right.documents, "<").slice(0, 5),
    ...only(right.documents, left.documents, ">").slice(0, 5),
  ];
}
