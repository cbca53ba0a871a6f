import fc from "fast-check";
import type { Document, Line } from "../../src/model/document.js";
import { aLine } from "./ledger-documents.js";

/** Accounts of the fixture chart that demand nothing. */
export const ACCOUNTS = ["100201", "22210101", "224101", "4001", "5001", "6001", "660201"];
const DATES = ["2026-09-30", "2026-10-01", "2026-11-20", "2026-12-31", "2027-01-01"];

const text = fc.oneof(
  fc.constantFrom(
    "报销 差旅费",
    "a;b|c",
    "two  blanks",
    "line\nbreak",
    "(括号) * !",
    "date:2020-01-01, x",
    "[2020-01-01]",
    "",
    "😀 𠮷",
    "\u3000全角",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const amount = fc.oneof(fc.bigInt(-99_999n, 99_999n), fc.bigInt(-(2n ** 62n), 2n ** 62n)).filter((minor) => minor !== 0n);

const line: fc.Arbitrary<Line> = fc
  .record({
    side: fc.constantFrom("debit" as const, "credit" as const),
    amountMinor: amount,
    account: fc.constantFrom(...ACCOUNTS),
    text,
    partner: fc.option(text, { nil: null }),
    dimensions: fc.dictionary(fc.constantFrom("部门", "date", "项目 a:b", "cost,centre"), text, { maxKeys: 2 }),
  })
  .map((each) => aLine(each));

/** A document that balances, with one more line that makes it so. */
export const balanced: fc.Arbitrary<Omit<Document, "key">> = fc
  .record({
    date: fc.constantFrom(...DATES),
    currency: fc.constantFrom("CNY", "CNY", "JPY", "KWD"),
    text,
    attachments: fc.nat(20),
    word: fc.constantFrom("", "转", "现付"),
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    closing: fc.constantFrom(...ACCOUNTS),
  })
  .map(({ word, closing, lines, ...header }) => {
    const difference = lines.reduce((sum, { side, amountMinor }) => sum + (side === "debit" ? amountMinor : -amountMinor), 0n);
    const all = difference === 0n ? lines : [...lines, aLine({ side: "credit", amountMinor: difference, account: closing, text: "对方" })];
    return { type: "journal" as const, ...header, fields: word === "" ? {} : { word }, lines: all };
  })
  .filter(({ lines }) => lines.every(({ amountMinor }) => amountMinor < 2n ** 63n && amountMinor > -(2n ** 63n)));
