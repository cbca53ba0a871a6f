import type { DateText } from "../../model/dates.js";
import { Decimal } from "../../model/decimal.js";
import { Unwritable } from "../http/template.js";
import type { Domain, Row, TrytonClient } from "./client.js";
import { type Company, CompanyOf } from "./company.js";
import { idOf, idsOf, isTrue, type Plain, wordOf } from "./values.js";

export interface Account {
  readonly id: string;
  /** A heading takes no postings. */
  readonly isHeading: boolean;
  /** A line must name a party; where it is false, it must not. */
  readonly needsParty: boolean;
}

export interface Party {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly address: string | null;
  /** Of what we owe it; null where the company's own counts. */
  readonly payable: string | null;
}

export interface Tax {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  /** For a credit. */
  readonly creditAccount: string;
}

export interface Period {
  readonly id: string;
  readonly start: DateText;
  readonly end: DateText;
  readonly isOpen: boolean;
}

/** Codes of our documents and ids of the ERP. What was found is kept for the run; what was not found is asked for again. */
export class Catalog {
  private readonly companyOf: CompanyOf;
  private readonly accounts = new Map<string, readonly Account[]>();
  private readonly parties = new Map<string, readonly Party[]>();
  private readonly journals = new Map<string, string>();
  private readonly currencies = new Map<string, string>();
  private readonly analytic = new Map<string, Promise<string>>();
  private taxes: Promise<readonly (Tax & { readonly rate: string })[]> | null = null;

  constructor(
    private readonly client: TrytonClient,
    company: string | null,
  ) {
    this.companyOf = new CompanyOf(client, company);
  }

  company(): Promise<Company> {
    return this.companyOf.get();
  }

  /** Asks for many at once, so that the single questions need not be sent. */
  async prepare(accounts: Iterable<string>, parties: Iterable<string>): Promise<void> {
    const company = await this.company();
    const codes = [...new Set(accounts)].filter((code) => !this.accounts.has(code));
    for (const [code, found] of await this.accountsBy(codes, company)) this.accounts.set(code, found);
    const names = [...new Set(parties)].filter((name) => !this.parties.has(name));
    for (const [name, found] of await this.partiesBy(names)) this.parties.set(name, found);
  }

  /** Throws Unwritable where there is none that takes postings. Only what was prepared is known. */
  account(code: string): Account {
    const found = this.accounts.get(code) ?? [];
    const [account] = found;
    if (account === undefined) throw new Unwritable(`there is no account \`${code}\` in the company`);
    if (found.length > 1) throw new Unwritable(`${found.length} accounts have the code \`${code}\``);
    if (account.isHeading) throw new Unwritable(`the account \`${code}\` is a heading, which takes no postings`);
    return account;
  }

  /** By its code, else by its name. Throws Unwritable where there is none, or several. Only what was prepared is known. */
  party(name: string): Party {
    const found = this.parties.get(name) ?? [];
    const byCode = found.filter(({ code }) => code === name);
    const [party, other] = byCode.length > 0 ? byCode : found;
    if (party === undefined) throw new Unwritable(`there is no party with the code or name \`${name}\``);
    if (other !== undefined) throw new Unwritable(`several parties have the name \`${name}\`; use the code`);
    return party;
  }

  /** Throws Unwritable where there is none. */
  async journal(code: string): Promise<string> {
    return this.single(this.journals, code, `journal with the code \`${code}\``, "account.journal", [["code", "=", code]]);
  }

  /** Throws Unwritable where there is none. */
  async currency(code: string): Promise<string> {
    return this.single(this.currencies, code, `currency \`${code}\``, "currency.currency", [["code", "=", code]]);
  }

  /** Throws Unwritable where there is not exactly one. */
  async tax(rate: Decimal, name: string | null): Promise<Tax> {
    this.taxes ??= this.allTaxes().catch((error: unknown) => {
      this.taxes = null;
      throw error;
    });
    const fitting = (await this.taxes).filter((tax) =>
      name === null
        ? Decimal.parse(tax.rate)
            ?.multiply(Decimal.parse("100") as Decimal)
            .equals(rate) === true
        : tax.name === name,
    );
    const [tax] = fitting;
    const sought = name === null ? `of ${rate.toString()} % for purchases` : `\`${name}\``;
    if (tax === undefined) throw new Unwritable(`there is no tax ${sought} in the company`);
    if (fitting.length > 1) throw new Unwritable(`${fitting.length} taxes are ${sought}; name one under \`taxes\``);
    return tax;
  }

  /** Id of the root of an analytic plan, by code or name. Throws Unwritable where there is none. */
  root(name: string): Promise<string> {
    return this.plan(JSON.stringify([name]), `analytic plan \`${name}\``, [
      ["type", "=", "root"],
      ["OR", ["code", "=", name], ["name", "=", name]],
    ]);
  }

  /** Id of an analytic account under a root, by code. Throws Unwritable where there is none. */
  analyticAccount(root: string, code: string): Promise<string> {
    return this.plan(JSON.stringify([root, code]), `analytic account \`${code}\` in its plan`, [
      ["root", "=", idOf(root)],
      ["code", "=", code],
    ]);
  }

  /** The periods that are posted into, in order, as they are now. */
  async periods(): Promise<readonly Period[]> {
    const company = await this.company();
    const rows = await this.client.query({
      model: "account.period",
      domain: [
        ["company", "=", idOf(company.id)],
        ["type", "=", "standard"],
      ],
      fields: ["start_date", "end_date", "state"],
      order: [["start_date", "ASC"]],
    });
    return rows.map((row) => ({
      id: wordOf(row.get("id")),
      start: wordOf(row.get("start_date")),
      end: wordOf(row.get("end_date")),
      isOpen: wordOf(row.get("state")) === "open",
    }));
  }

  /** Ids of the periods in which a journal is closed by itself: that stays so when the period is opened again. */
  async closedFor(journal: string): Promise<ReadonlySet<string>> {
    const rows = await this.client.query({
      model: "account.journal.period",
      domain: [
        ["journal", "=", idOf(journal)],
        ["state", "!=", "open"],
      ],
      fields: ["period"],
    });
    return new Set(rows.map((row) => wordOf(row.get("period"))));
  }

  private async accountsBy(codes: readonly string[], company: Company): Promise<ReadonlyMap<string, Account[]>> {
    const fields = ["code", "type", "party_required"];
    const rows = await this.byCodes("account.account", [["company", "=", idOf(company.id)]], fields, codes, ["code"]);
    return grouped(
      rows.map((row): [string, Account] => [
        wordOf(row.get("code")),
        { id: wordOf(row.get("id")), isHeading: wordOf(row.get("type")) === "", needsParty: isTrue(row.get("party_required")) },
      ]),
    );
  }

  private async partiesBy(names: readonly string[]): Promise<ReadonlyMap<string, Party[]>> {
    const rows = await this.byCodes("party.party", [], ["code", "name", "addresses", "account_payable"], names, ["code", "name"]);
    return grouped(
      rows.flatMap((row): [string, Party][] => {
        const party: Party = {
          id: wordOf(row.get("id")),
          code: wordOf(row.get("code")),
          name: wordOf(row.get("name")),
          address: idsOf(row.get("addresses"))[0] ?? null,
          payable: wordOf(row.get("account_payable")) || null,
        };
        return [...new Set([party.code, party.name])].map((name) => [name, party]);
      }),
    );
  }

  private async byCodes(
    model: string,
    domain: Domain,
    fields: readonly string[],
    codes: readonly string[],
    by: readonly string[],
  ): Promise<readonly Row[]> {
    if (codes.length === 0) return [];
    const clauses: Plain[] = by.map((field) => [field, "in", codes]);
    return this.client.query({ model, domain: [...domain, ["OR", ...clauses]], fields });
  }

  private async single(known: Map<string, string>, key: string, what: string, model: string, domain: Domain): Promise<string> {
    const before = known.get(key);
    if (before !== undefined) return before;
    const [row] = await this.client.query({ model, domain, fields: ["code"], limit: 1 });
    if (row === undefined) throw new Unwritable(`there is no ${what}`);
    const id = wordOf(row.get("id"));
    known.set(key, id);
    return id;
  }

  private plan(key: string, what: string, domain: Domain): Promise<string> {
    const found = this.analytic.get(key) ?? this.findPlan(what, domain);
    this.analytic.set(key, found);
    return found.catch((error: unknown) => {
      this.analytic.delete(key);
      throw error;
    });
  }

  private async findPlan(what: string, domain: Domain): Promise<string> {
    const company = await this.company();
    const own: Domain = [["company", "=", idOf(company.id)], ...domain];
    const rows = await this.client.query({ model: "analytic_account.account", domain: own, fields: ["code"], limit: 2 });
    if (rows.length !== 1) throw new Unwritable(`there is ${rows.length === 0 ? "no" : "more than one"} ${what}`);
    return wordOf(rows[0]?.get("id"));
  }

  private async allTaxes(): Promise<readonly (Tax & { readonly rate: string })[]> {
    const company = await this.company();
    const rows = await this.client.query({
      model: "account.tax",
      domain: [
        ["company", "=", idOf(company.id)],
        ["type", "=", "percentage"],
        ["OR", ["group", "=", null], ["group.kind", "in", ["purchase", "both"]]],
      ],
      fields: ["name", "rate", "invoice_account", "credit_note_account"],
    });
    return rows.map((row) => ({
      id: wordOf(row.get("id")),
      name: wordOf(row.get("name")),
      rate: wordOf(row.get("rate")),
      account: wordOf(row.get("invoice_account")),
      creditAccount: wordOf(row.get("credit_note_account")),
    }));
  }
}

/** The period of a day; undefined where there is none. */
export function periodAt(periods: readonly Period[], day: DateText): Period | undefined {
  return periods.find(({ start, end }) => start <= day && day <= end);
}

function grouped<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, T[]> {
  const found = new Map<string, T[]>();
  for (const [key, value] of pairs) found.set(key, [...(found.get(key) ?? []), value]);
  return found;
}
