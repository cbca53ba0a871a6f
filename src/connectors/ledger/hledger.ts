import { currencyPlaces, formatMinor } from "../../model/money.js";
import type { AccountType } from "./account.js";
import type { BookedAccount, Books } from "./books.js";
import { type BookedLine, type BookedVoucher, compactReference } from "./voucher.js";

/** hledger's letters; it has none for 成本 (cost of production), which counts with the expenses. */
const TYPE_LETTERS: Readonly<Record<AccountType, string>> = {
  asset: "A",
  liability: "L",
  equity: "E",
  income: "R",
  expense: "X",
  cost: "X",
};

/** Text is handed on in pieces of about this many characters. */
const PIECE = 65_536;

/**
 * Writes the books as a journal that hledger (1.25 or later) reads, as a second opinion on every balance. An account is named by its
 * path of codes and names, `6602 管理费用:660201 差旅费`; the code before the first blank of each part keeps names and
 * codes one to one. Amounts are debit minus credit; text that the format gives a meaning to is written full-width.
 */
export function exportHledger(books: Books, write: (text: string) => void): void {
  let piece = "";
  const put = (text: string): void => {
    piece += text;
    if (piece.length < PIECE) return;
    write(piece);
    piece = "";
  };
  books.snapshot(() => {
    put("decimal-mark .\n");
    for (const currency of books.currencies()) {
      put(`commodity ${currency} 1000.${"0".repeat(currencyPlaces(currency))}\n`);
    }
    const accounts = books.accounts();
    const names = accountNames(accounts);
    put("\n");
    for (const { code, type } of accounts) put(`account ${names.get(code)}  ; type:${TYPE_LETTERS[type]}\n`);
    for (const voucher of books.journal()) put(transaction(voucher, names));
  });
  if (piece !== "") write(piece);
}

/** The name of each account in the journal, by code. */
export function accountNames(accounts: readonly BookedAccount[]): Map<string, string> {
  const byCode = new Map(accounts.map((account) => [account.code, account]));
  const names = new Map<string, string>();
  const nameOf = (account: BookedAccount): string => {
    const known = names.get(account.code);
    if (known !== undefined) return known;
    const own = `${account.code} ${plain(account.name).replaceAll(":", "：")}`.trimEnd();
    const parent = account.parent === null ? undefined : byCode.get(account.parent);
    const name = parent === undefined ? own : `${nameOf(parent)}:${own}`;
    names.set(account.code, name);
    return name;
  };
  for (const account of accounts) nameOf(account);
  return names;
}

function transaction(voucher: BookedVoucher, names: ReadonlyMap<string, string>): string {
  const tags = [tag("ref", voucher.externalReference), tag("kind", voucher.kind)];
  if (voucher.attachments > 0) tags.push(tag("attachments", String(voucher.attachments)));
  if (voucher.reverses !== null) tags.push(tag("reverses", voucher.reverses));
  if (voucher.reversedBy !== null) tags.push(tag("reversed-by", voucher.reversedBy));
  for (const name in voucher.fields) tags.push(tag(name, voucher.fields[name] ?? ""));
  const code = compactReference(voucher.period, voucher.word, voucher.number);
  const description = plain(voucher.text).replaceAll("|", "｜");
  let text = `\n${voucher.date} * (${code}) ${description}  ; ${tags.join(", ")}\n`;
  for (const line of voucher.lines) {
    const amount = line.side === "debit" ? line.amountMinor : -line.amountMinor;
    const about = lineTags(line, voucher.text);
    text += `    ${names.get(line.account)}  ${voucher.currency} ${formatMinor(amount, voucher.currency)}${about === "" ? "" : `  ; ${about}`}\n`;
  }
  return text;
}

function lineTags(line: BookedLine, voucherText: string): string {
  const tags: string[] = [];
  if (line.partner !== null) tags.push(tag("partner", line.partner));
  for (const name in line.dimensions) tags.push(tag(name, line.dimensions[name] ?? ""));
  if (line.text !== "" && line.text !== voucherText) tags.push(tag("text", line.text));
  return tags.join(", ");
}

/** A tag ends at a comma; `date`, `date2` and a date in brackets would move the posting to another day. */
function tag(name: string, value: string): string {
  const word = plain(name).replace(/[\s:,]+/g, "-") || "field";
  const safe = /^date2?$/i.test(word) ? `${word}-field` : word;
  return `${safe}:${plain(value).replaceAll(",", "，").replaceAll("[", "［").replaceAll("]", "］")}`;
}

/** One line without control characters, runs of blanks (two end an account name) or a comment sign. */
function plain(text: string): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .replaceAll(";", "；");
}
