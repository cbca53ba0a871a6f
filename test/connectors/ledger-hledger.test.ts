import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openBooks } from "../../src/connectors/ledger/books.js";
import { accountNames, exportHledger } from "../../src/connectors/ledger/hledger.js";
import { currencyPlaces } from "../../src/model/money.js";
import { aDocument, aFolder, aLedger, aLine, post, reversalOf } from "./ledger-setup.js";
import { balanced } from "./ledger-vouchers.js";

const hasHledger = spawnSync("hledger", ["--version"]).status === 0;

function hledger(journal: string, ...args: string[]): string {
  const run = spawnSync("hledger", ["-f", journal, ...args], {
    encoding: "utf8",
    env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8" },
    maxBuffer: 64 << 20,
  });
  if (run.status !== 0) throw new Error(`hledger ${args.join(" ")}: ${run.stderr}`);
  return run.stdout;
}

function exported(file: string): { journal: string; text: string; balances: Map<string, bigint> } {
  const books = openBooks(file);
  let text = "";
  exportHledger(books, (piece) => {
    text += piece;
  });
  const names = accountNames(books.accounts());
  const balances = new Map<string, bigint>();
  for (const { account, currency, closingMinor } of books.trialBalance().rows) {
    if (closingMinor !== 0n) balances.set(`${names.get(account)} ${currency}`, closingMinor);
  }
  books.close();
  const journal = join(aFolder(), "books.journal");
  writeFileSync(journal, text);
  return { journal, text, balances };
}

interface Amount {
  readonly acommodity: string;
  readonly aquantity: { readonly decimalMantissa: string; readonly decimalPlaces: number };
}

/** hledger's own balances in minor units. Mantissas are read as text, because JSON.parse would round the large ones. */
function hledgerBalances(journal: string): Map<string, bigint> {
  const json = hledger(journal, "balance", "-O", "json", "--flat", "--no-elide").replace(
    /"decimalMantissa": (-?[\d.e]+)/g,
    '"decimalMantissa": "$1"',
  );
  const [rows] = JSON.parse(json) as [[string, string, number, Amount[]][]];
  const balances = new Map<string, bigint>();
  for (const [name, , , amounts] of rows) {
    for (const { acommodity, aquantity } of amounts) {
      const mantissa = wholeNumber(aquantity.decimalMantissa) * 10n ** BigInt(currencyPlaces(acommodity) - aquantity.decimalPlaces);
      if (mantissa !== 0n) balances.set(`${name} ${acommodity}`, mantissa);
    }
  }
  return balances;
}

/** `9.2233720368547758079e19` as the whole number it is. */
function wholeNumber(text: string): bigint {
  const [mantissa = "", exponent = "0"] = text.split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return BigInt(whole + fraction.padEnd(Number(exponent), "0"));
}

test("a voucher in the journal: path of codes and names, code, tags, red amounts", async () => {
  const { target, file } = aLedger();
  const lines = [
    aLine({ text: "住宿, 两晚; 含早", dimensions: { 部门: "研发", date: "[x]" } }),
    aLine({ side: "credit", account: "100201", partner: "E001", text: "报销 a|b" }),
  ];
  const document = aDocument({ text: "报销 a|b", fields: { 备注: "急" }, lines });
  await post(target, document);
  await target.reverse([reversalOf(document, "2026-11 记-0001")]);
  expect(
    exported(file).text.split("\n\n").slice(2).join("\n\n"),
  ).toBe(`2026-11-20 * (记-2026-11-0001) 报销 a｜b  ; ref:expense/BX-001/1, kind:journal, attachments:2, reversed-by:2026-11 记-0002, 备注:急
    6602 管理费用:660201 差旅费  CNY 100.00  ; 部门:研发, date-field:［x］, text:住宿， 两晚； 含早
    1002 银行存款:100201 银行存款：工行； 基本户  CNY -100.00  ; partner:E001

2026-11-20 * (记-2026-11-0002) 注销2026年11月20日记-0001号凭证 报销 a｜b  ; ref:expense/BX-001/1/reversal, kind:reversal, reverses:2026-11 记-0001
    6602 管理费用:660201 差旅费  CNY -100.00  ; 部门:研发, date-field:［x］, text:注销2026年11月20日记-0001号凭证 住宿， 两晚； 含早
    1002 银行存款:100201 银行存款：工行； 基本户  CNY 100.00  ; partner:E001
`);
});

const title = "hledger reads 400 generated vouchers, finds them balanced, and has the same balances";
test.skipIf(!hasHledger)(hasHledger ? title : `${title} (skipped: hledger is not installed)`, async () => {
  const { target, file } = aLedger();
  const documents = fc
    .sample(balanced, { numRuns: 400, seed: 20261120 })
    .map((document, at) => aDocument({ ...document, key: `K,${at}; x` }));
  expect((await post(target, ...documents)).every(({ kind }) => kind === "created")).toBe(true);
  const cancelled = documents.filter((_, at) => at % 7 === 0);
  expect((await target.reverse(cancelled.map((document) => reversalOf(document, "")))).every(({ kind }) => kind === "created")).toBe(true);
  const { journal, balances } = exported(file);
  expect(balances.size).toBeGreaterThan(15);
  hledger(journal, "check", "--strict");
  hledger(journal, "check", "uniqueleafnames");
  expect(hledgerBalances(journal)).toEqual(balances);
  const codes = hledger(journal, "codes").trim().split("\n");
  expect(new Set(codes).size).toBe(400 + cancelled.length);
  const dates = hledger(journal, "register", "-O", "csv").split("\n").length - 2;
  const books = openBooks(file);
  expect(dates).toBe(books.counts().lines);
  books.close();
});
