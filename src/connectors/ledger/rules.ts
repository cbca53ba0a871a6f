import { distance } from "fastest-levenshtein";
import { isDateText, type Period, periodOf } from "../../model/dates.js";
import type { Document, Line } from "../../model/document.js";
import { formatMinor, isCurrencyCode } from "../../model/money.js";
import { type Problem, problem } from "../../model/problem.js";
import { type Account, isPartnerDimension } from "./account.js";
import { isVoucherWord } from "./options.js";
import type { PeriodRules } from "./periods.js";

/** What would be booked for a document: its lines, and for a payable the credit that balances them. */
export interface Draft {
  readonly word: string;
  readonly period: Period;
  readonly lines: readonly Line[];
}

export type Verdict = { readonly draft: Draft; readonly problem?: undefined } | { readonly draft?: undefined; readonly problem: Problem };

export interface RuleSettings {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly periods: PeriodRules;
  /** The word of documents that name none. */
  readonly word: string;
  readonly payablesAccount: string | null;
  readonly currencies: readonly string[] | null;
}

/** The books keep amounts as signed 64-bit integers. */
export const MOST_MINOR = 2n ** 63n - 1n;
/** More faults than this in one document are counted, not listed. */
const MOST_FAULTS = 5;

type AccountState = "leaf" | "parent" | "inactive";

interface Ruled {
  readonly account: Account;
  readonly state: AccountState;
  readonly demands: boolean;
}

/** Decides whether the ledger takes a document. Posting and checking ask the same question, so they cannot differ. */
export class LedgerRules {
  private readonly accounts = new Map<string, Ruled>();
  private readonly hints = new Map<string, string>();

  constructor(private readonly settings: RuleSettings) {
    const parents = new Set<string>();
    for (const { parent } of settings.accounts.values()) if (parent !== null) parents.add(parent);
    for (const account of settings.accounts.values()) {
      const state = parents.has(account.code) ? "parent" : account.active ? "leaf" : "inactive";
      this.accounts.set(account.code, { account, state, demands: account.required.length > 0 });
    }
  }

  judge(document: Document): Verdict {
    const faults = new Faults();
    const period = this.judgeHeader(document, faults);
    const word = document.fields["word"] || this.settings.word;
    if (!isVoucherWord(word)) {
      faults.add(`the voucher word \`${word}\` is not one to eight letters`, "use a word such as `记` or `转`");
    }
    if (document.lines.length === 0)
      faults.add("the document has no lines", "check the `when` of its lines and the amounts of its records");
    let debit = 0n;
    let credit = 0n;
    const { lines, currency } = document;
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines[at] as Line;
      if (line.side === "debit") debit += line.amountMinor;
      else credit += line.amountMinor;
      const ruled = this.accounts.get(line.account);
      if (ruled === undefined || ruled.state !== "leaf") this.refuseAccount(line.account, ruled, faults);
      else if (ruled.demands) judgeDimensions(line, at + 1, ruled.account, faults);
      if (line.amountMinor === 0n) {
        faults.add(`line ${at + 1} has the amount ${formatMinor(0n, currency)}`, "leave out lines of zero with `when`");
      } else if (line.amountMinor > MOST_MINOR || line.amountMinor < -MOST_MINOR) {
        refuseSize(line.amountMinor, currency, faults);
      }
    }
    if (document.type === "payable") {
      const owed = this.creditLine(document, debit - credit, faults);
      if (faults.none) return { draft: { word, period, lines: owed === null ? lines : [...lines, owed] } };
    } else if (debit !== credit) {
      const show = (minor: bigint): string => formatMinor(minor, currency);
      faults.add(
        `debit ${show(debit)} and credit ${show(credit)} differ by ${show(debit - credit)} ${currency}`,
        "compare the amounts of its records: net and tax must add up to the total",
      );
    }
    return faults.none ? { draft: { word, period, lines } } : { problem: faults.toProblem(document.key) };
  }

  private judgeHeader(document: Document, faults: Faults): Period {
    const period = periodOf(document.date);
    if (!isDateText(document.date)) {
      faults.add(`the date \`${document.date}\` is not a day that exists`, "give a date as `YYYY-MM-DD`");
    } else {
      const closed = this.settings.periods.faultOf(period);
      if (closed !== null) faults.addClosed(closed.message, closed.hint);
    }
    const { currency, attachments } = document;
    const { currencies } = this.settings;
    if (!isCurrencyCode(currency)) faults.add(`the currency \`${currency}\` is not an ISO 4217 code`, "use a code such as `CNY`");
    else if (currencies !== null && !currencies.includes(currency)) {
      faults.add(
        `the books take no \`${currency}\`, only ${currencies.map((each) => `\`${each}\``).join(", ")}`,
        "correct the currency, or add it to `currencies` of the connection",
      );
    }
    if (!Number.isSafeInteger(attachments) || attachments < 0) {
      faults.add(`\`${attachments}\` attachments: the number of papers is a whole number from 0`, "count the original papers (附件张数)");
    }
    return period;
  }

  /** What is owed, to the supplier; null when the lines cancel each other out and nothing is owed. */
  private creditLine(document: Document, owedMinor: bigint, faults: Faults): Line | null {
    const account = document.fields["account"] || this.settings.payablesAccount;
    if (account === null) {
      faults.add(
        "no payables account is known for this payable",
        "set `payables_account` of the connection, or the header field `account`",
      );
      return null;
    }
    if (owedMinor > MOST_MINOR || owedMinor < -MOST_MINOR) refuseSize(owedMinor, document.currency, faults);
    const line: Line = {
      side: "credit",
      amountMinor: owedMinor,
      account,
      text: document.text,
      partner: document.fields["supplier"] || null,
      dimensions: {},
    };
    const ruled = this.accounts.get(account);
    if (ruled === undefined || ruled.state !== "leaf") this.refuseAccount(account, ruled, faults);
    else judgeDimensions(line, document.lines.length + 1, ruled.account, faults);
    return owedMinor === 0n ? null : line;
  }

  private refuseAccount(code: string, ruled: Ruled | undefined, faults: Faults): void {
    const hint = this.hints.get(code) ?? this.hintFor(code, ruled);
    this.hints.set(code, hint);
    if (ruled === undefined) faults.add(`the chart has no account \`${code}\``, hint);
    else if (ruled.state === "parent")
      faults.add(`the account ${show(ruled.account)} has accounts below it, and only the lowest are posted to`, hint);
    else faults.add(`the account ${show(ruled.account)} is not in use`, hint);
  }

  private hintFor(code: string, ruled: Ruled | undefined): string {
    const open = [...this.accounts.values()].filter(({ state }) => state === "leaf").map(({ account }) => account);
    if (ruled?.state === "parent") {
      const below = open.filter(({ parent }) => parent === code);
      if (below.length === 0) return "use an account at the end of its branch (末级科目)";
      return `use one of ${below.slice(0, 4).map(show).join(", ")}${below.length > 4 ? ` or ${below.length - 4} more` : ""}`;
    }
    if (ruled !== undefined) return "use another account, or mark it as active in the chart of accounts";
    const byName = open.filter(({ name }) => name === code);
    if (byName.length > 0) return `accounts are given by code: did you mean ${byName.slice(0, 3).map(show).join(" or ")}?`;
    let best: Account | null = null;
    let least = Math.max(1, Math.floor(code.length / 3)) + 1;
    for (const account of open) {
      const far = Math.min(distance(code, account.code), distance(code, account.name));
      if (far < least) [best, least] = [account, far];
    }
    return best === null ? "add it to the chart of accounts, or correct the mapping" : `did you mean ${show(best)}?`;
  }
}

function judgeDimensions(line: Line, number: number, account: Account, faults: Faults): void {
  const missing = account.required.filter(
    (name) => !line.dimensions[name] && !(line.partner !== null && line.partner !== "" && isPartnerDimension(name)),
  );
  if (missing.length === 0) return;
  const names = missing.map((name) => `\`${name}\``).join(", ");
  faults.add(
    `line ${number}: the account ${show(account)} demands ${names}`,
    missing.every(isPartnerDimension) ? "give the line a partner" : `give the line ${names} under \`dimensions\``,
  );
}

function refuseSize(amountMinor: bigint, currency: string, faults: Faults): void {
  faults.add(
    `the amount ${formatMinor(amountMinor, currency)} ${currency} is larger than the books can hold`,
    `check the amount; the largest is ${formatMinor(MOST_MINOR, currency)}`,
  );
}

function show(account: Account): string {
  return `\`${account.code} ${account.name}\``;
}

/** What speaks against one document; all of it, so that it is put right in one go. */
class Faults {
  private messages: Set<string> | null = null;
  private readonly hints = new Set<string>();
  private onlyClosed = true;

  get none(): boolean {
    return this.messages === null;
  }

  add(message: string, hint: string): void {
    this.onlyClosed = false;
    this.put(message, hint);
  }

  addClosed(message: string, hint: string): void {
    this.put(message, hint);
  }

  private put(message: string, hint: string): void {
    this.messages ??= new Set();
    this.messages.add(message);
    if (this.messages.size <= MOST_FAULTS) this.hints.add(hint);
  }

  /** A closed month is waited for; whatever else is wrong must be corrected first, and decides the code. */
  toProblem(documentKey: string): Problem {
    const messages = [...(this.messages ?? [])];
    const more = messages.length - MOST_FAULTS;
    const listed = messages.slice(0, MOST_FAULTS).join("; ") + (more > 0 ? `; and ${more} more` : "");
    return problem(
      this.onlyClosed ? "TARGET_PERIOD_CLOSED" : "TARGET_REJECTED",
      listed,
      { document: documentKey },
      [...this.hints].join("; "),
    );
  }
}
