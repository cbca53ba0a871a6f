import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Decimal } from "../../src/model/decimal.js";
import { formatAmount } from "../../src/model/money.js";
import { type NumberStyle, readNumber } from "../../src/model/numerals.js";

const GERMAN: NumberStyle = { decimal: ",", group: "." };
const FRENCH: NumberStyle = { decimal: ",", group: " " };
const UNGROUPED: NumberStyle = { decimal: ".", group: "" };

describe("readNumber", () => {
  it.each([
    ["1234.50", "1234.50"],
    ["-0.5", "-0.5"],
    ["+12", "12"],
    ["1,234.50", "1234.50"],
    ["12,345,678", "12345678"],
    ["-1,234", "-1234"],
    ["  12.00 ", "12.00"],
    ["\u300012.00\u00a0", "12.00"],
    ["¥1,234.50", "1234.50"],
    ["￥1,234.50", "1234.50"],
    ["$ 12", "12"],
    ["-¥12.00", "-12.00"],
    ["¥-12.00", "-12.00"],
    ["(12.00)", "-12.00"],
    ["（12.00）", "-12.00"],
    ["(¥12.00)", "-12.00"],
    ["¥(12.00)", "-12.00"],
    ["( 12.00 )", "-12.00"],
    ["12.00-", "-12.00"],
    ["12.00 -", "-12.00"],
    ["¥12.00-", "-12.00"],
    ["−12", "-12"],
    ["－１２．５０", "-12.50"],
    ["１，２３４．５０", "1234.50"],
    ["CNY 12.00", "12.00"],
    ["CNY12.00", "12.00"],
    ["RMB 1,234.50", "1234.50"],
    ["12.00 USD", "12.00"],
    ["12.00元", "12.00"],
    ["1,234.50 元", "1234.50"],
    ["12€", "12"],
    ["￡12", "12"],
    ["000123", "123"],
  ])("%j is %s", (text, value) => {
    expect(readNumber(text)?.toString()).toBe(value);
  });

  it.each([
    "",
    " ",
    "-",
    "()",
    "¥",
    "元",
    "abc",
    "1,23",
    "1,2345",
    "12,34,567",
    ",123",
    "1,,234",
    "1234,567",
    "1,234.5,6",
    "1.5.2",
    ".5",
    "5.",
    "1.2E+08",
    "1e5",
    "1.2E8",
    "--12",
    "+-12",
    "-12-",
    "(-12)",
    "((12))",
    "-(12)",
    "(12",
    "12)",
    "¥12元",
    "¥ CNY 12",
    "$¥12",
    "12 KGM",
    "XQZ 12",
    "12%",
    "1 234",
    "1'234",
    "12.00.",
    "１２a",
    "∞",
    "0x1F",
    "二十",
    "1/2",
    "12-13",
    "2026-11-20",
    "9".repeat(61),
    `${" ".repeat(60)}${"1".repeat(10_000)}x`,
  ])("%j is not a number", (text) => {
    expect(readNumber(text)).toBeNull();
  });

  it.each([
    ["1.234,50", GERMAN, "1234.50"],
    ["1234,5", GERMAN, "1234.5"],
    ["1.234", GERMAN, "1234"],
    ["-12", GERMAN, "-12"],
    ["1.234,50 €", GERMAN, "1234.50"],
    ["1 234,50", FRENCH, "1234.50"],
    ["1\u202f234\u00a0567,5", FRENCH, "1234567.5"],
    ["1234.5", UNGROUPED, "1234.5"],
  ] as const)("%j in style %j is %s", (text, style, value) => {
    expect(readNumber(text, style)?.toString()).toBe(value);
  });

  it.each([
    ["1,234.50", GERMAN],
    ["1.5", GERMAN],
    ["1.23", GERMAN],
    ["1.234.5", GERMAN],
    ["1.5", FRENCH],
    ["1 23", FRENCH],
    ["1,234", UNGROUPED],
  ] as const)("%j in style %j is not a number", (text, style) => {
    expect(readNumber(text, style)).toBeNull();
  });

  it("reads back what the program itself writes for people, in any dress", () => {
    const dress = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `¥${text}`,
      (text) => `${text} CNY`,
      (text) => `　${text}元 `,
      (text) => (text.startsWith("-") ? `(${text.slice(1)})` : text),
      (text) => (text.startsWith("-") ? `${text.slice(1)}-` : text),
      (text) => text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), dress, (minor, wear) => {
        const read = readNumber(wear(formatAmount(minor, "CNY")));
        expect(read?.equals(new Decimal(minor, 2))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes everything that a plain decimal is, unchanged", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?[0-9]{1,20}(\.[0-9]{1,6})?$/), (text) => {
        expect(readNumber(text)?.toString()).toBe(Decimal.parse(text)?.toString());
      }),
    );
  });

  it("never invents digits", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.,-+()¥元CNYE eＡ１，．（）"), maxLength: 12 }), (text) => {
        const value = readNumber(text);
        if (value === null) return;
        const digits = text
          .normalize("NFKC")
          .replace(/[^0-9]/g, "")
          .replace(/^0+/, "");
        expect(value.abs().coefficient.toString().replace(/^0$/, "")).toBe(digits);
      }),
      { numRuns: 20_000 },
    );
  });
});
