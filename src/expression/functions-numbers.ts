import { allocate, Decimal } from "../model/decimal.js";
import { readNumber } from "../model/numerals.js";
import { define, type FunctionRow } from "./function-row.js";
import { BOOLEAN, NUMBER, NUMBERS, TEXT } from "./kinds.js";
import type { Site } from "./operand.js";
import { number, numbers, optional, roundingMode, text, textOrEmpty, texts, whole } from "./parameters.js";

const MAX_PLACES = 20;

const x = number("x");
const places = whole("places", 0, MAX_PLACES);

const HOW_WRITTEN = "numbers are written like `1234.50`, `1,234.50`, `¥1,234.50` or `(12.00)`";

function readOrFail(site: Site, given: string): Decimal {
  return readNumber(given) ?? site.fail(`${site.show(given)} is not a number`, HOW_WRITTEN);
}

function readPercent(site: Site, given: string): Decimal {
  const trimmed = given.trim();
  const sign = trimmed.at(-1);
  const value = sign === "%" || sign === "％" ? readNumber(trimmed.slice(0, -1)) : null;
  if (value === null) return site.fail(`${site.show(given)} is not a percentage`, "percentages are written like `6%`");
  return new Decimal(value.coefficient, value.scale + 2);
}

export const NUMBER_FUNCTIONS: readonly FunctionRow[] = [
  define({
    name: "number",
    group: "numbers",
    parameters: [text("value")],
    result: NUMBER,
    about:
      "Reads a number as people write it: with thousands separators, full-width digits, a currency sign or code, or parentheses or a trailing minus for a negative one. Scientific notation and anything else has no answer.",
    examples: [
      ['number("¥1,234.50")', "1234.50"],
      ['number("（12.00）")', "-12.00"],
    ],
    run: readOrFail,
  }),
  define({
    name: "is_number",
    group: "numbers",
    parameters: [textOrEmpty("value")],
    result: BOOLEAN,
    about: "True when `number` can read the text.",
    examples: [
      ['is_number("1,234.50")', "true"],
      ["is_number(税率)", "false"],
    ],
    run: (_site, given) => given !== null && readNumber(given) !== null,
  }),
  define({
    name: "percent",
    group: "numbers",
    parameters: [text("value")],
    result: NUMBER,
    about: "Reads a percentage as a fraction; text without a percent sign has no answer.",
    examples: [["percent(税率)", "0.06"]],
    run: readPercent,
  }),
  define({
    name: "round",
    group: "numbers",
    parameters: [x, places, optional(roundingMode("mode"))],
    result: NUMBER,
    about:
      "Rounds to exactly so many places. Modes: `half-up` (what tax rules ask for, and what stands there without one), `half-even`, `half-down`, `up`, `down`, `ceiling`, `floor`.",
    examples: [
      ["round(2.345, 2)", "2.35"],
      ['round(2.345, 2, "down")', "2.34"],
    ],
    run: (_site, given, to, mode) => given.round(to, mode ?? "half-up"),
  }),
  define({
    name: "divide",
    group: "numbers",
    parameters: [number("a"), number("b"), places, roundingMode("mode")],
    result: NUMBER,
    about:
      "The quotient, rounded to so many places; a quotient without them would hide how it was rounded. Division by zero has no answer.",
    examples: [['divide(价税合计, 1.06, 2, "half-up")', "1000.00"]],
    run: (site, a, b, to, mode) => (b.isZero() ? site.fail("a number cannot be divided by zero") : a.divide(b, to, mode)),
  }),
  define({
    name: "abs",
    group: "numbers",
    parameters: [x],
    result: NUMBER,
    about: "The number without its sign.",
    examples: [["abs(-12.50)", "12.50"]],
    run: (_site, given) => given.abs(),
  }),
  define({
    name: "sign",
    group: "numbers",
    parameters: [x],
    result: NUMBER,
    about: "-1, 0 or 1.",
    examples: [["sign(-12.50)", "-1"]],
    run: (_site, given) => Decimal.ofInteger(given.compare(Decimal.ZERO)),
  }),
  define({
    name: "format_number",
    group: "numbers",
    parameters: [x, places],
    result: TEXT,
    about: "Writes a number with exactly so many places. It never rounds: a number with more places has no answer.",
    examples: [["format_number(12.5, 2)", '"12.50"']],
    run: (site, given, to) => {
      const minor = given.toMinor(to);
      if (minor === null) return site.fail(`${site.show(given)} has more than ${to} decimal places`, "round it first with `round`");
      return new Decimal(minor, to).toString();
    },
  }),
  define({
    name: "allocate",
    group: "numbers",
    parameters: [number("total"), numbers("weights"), places],
    result: NUMBERS,
    about:
      "Splits a total over weights so that the parts add up to it exactly: what is left after rounding down goes to the parts with the largest remainders.",
    examples: [["allocate(100, [1, 1, 1], 2)", "[33.34, 33.33, 33.33]"]],
    run: (site, total, weights, to) => {
      if (total.toMinor(to) === null)
        return site.fail(`${site.show(total)} has more than ${to} decimal places`, "round it first with `round`");
      return allocate(total, weights, to) ?? site.fail("the weights add up to zero or differ in sign, so nothing can be split over them");
    },
  }),
  define({
    name: "numbers",
    group: "numbers",
    parameters: [texts("values")],
    result: NUMBERS,
    about: "Reads each text of a list as `number` does.",
    examples: [['numbers(split("1.5;2", ";"))', "[1.5, 2]"]],
    run: (site, given) => given.map((each) => readOrFail(site, each)),
  }),
];
