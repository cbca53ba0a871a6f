import { Decimal } from "../model/decimal.js";
import { type Call, compileArguments, define, type FunctionRow, requireCount } from "./function-row.js";
import { BOOLEAN, describeOne, display, NUMBER, TEXT, TEXTS, withNullable } from "./kinds.js";
import { finish, labelOf, type Operand, refuse, requireValue, type Site } from "./operand.js";
import { optional, rest, text, textOrEmpty, whole } from "./parameters.js";

/** Longer than any cell of any system; it bounds what a mistaken `replace` can make. */
const MAX_TEXT = 1_000_000;

const MAYBE_TEXT = withNullable(TEXT, true);

/** Refuses to build text of this many characters. */
export function requireLength(site: Site, length: number): void {
  if (length > MAX_TEXT) site.fail(`the result would have ${length} characters, and ${MAX_TEXT} are allowed`);
}

/** True when no character takes two code units, so that positions can be used as they are. */
function isPlain(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code >= 0xd800 && code <= 0xdfff) return false;
  }
  return true;
}

function characterCount(value: string): number {
  return isPlain(value) ? value.length : [...value].length;
}

/** From `start` on, `length` characters; both count characters, not code units. */
function sliceCharacters(value: string, start: number, end: number): string {
  return isPlain(value) ? value.slice(start, end) : [...value].slice(start, end).join("");
}

function padding(site: Site, value: string, width: number, fill: string): string {
  const missing = width - characterCount(value);
  if (missing <= 0) return "";
  if (characterCount(fill) !== 1) site.fail(`\`fill\` must be one character, found ${site.show(fill)}`);
  return fill.repeat(missing);
}

function halfWidth(value: string): string {
  return value.replace(/[\u3000\uff01-\uff5e]/g, (character) =>
    character === "\u3000" ? " " : String.fromCharCode(character.charCodeAt(0) - 0xfee0),
  );
}

const value = text("value");

export const TEXT_FUNCTIONS: readonly FunctionRow[] = [
  define({
    name: "trim",
    group: "text",
    parameters: [value],
    result: TEXT,
    about: "Takes off blanks at both ends, the full-width blank of Chinese text included.",
    examples: [['trim("　差旅费 ")', '"差旅费"']],
    run: (_site, given) => given.trim(),
  }),
  define({
    name: "upper",
    group: "text",
    parameters: [value],
    result: TEXT,
    about: "Turns letters into capitals.",
    examples: [['upper("usd")', '"USD"']],
    run: (_site, given) => given.toUpperCase(),
  }),
  define({
    name: "lower",
    group: "text",
    parameters: [value],
    result: TEXT,
    about: "Turns letters into small ones.",
    examples: [["lower(单据编号)", '"bx-001"']],
    run: (_site, given) => given.toLowerCase(),
  }),
  define({
    name: "length",
    group: "text",
    parameters: [value],
    result: NUMBER,
    about: "Counts characters; a Chinese character or an emoji is one.",
    examples: [["length(费用类型)", "3"]],
    run: (_site, given) => Decimal.ofInteger(characterCount(given)),
  }),
  define({
    name: "slice",
    group: "text",
    parameters: [value, whole("start", 0, MAX_TEXT), optional(whole("length", 0, MAX_TEXT))],
    result: TEXT,
    about: "Takes `length` characters from position `start` on, where the first character is at 0; without `length`, the rest.",
    examples: [
      ["slice(单据编号, 3)", '"001"'],
      ["slice(费用类型, 0, 2)", '"差旅"'],
    ],
    run: (_site, given, start, length) => sliceCharacters(given, start, length === undefined ? given.length : start + length),
  }),
  define({
    name: "left",
    group: "text",
    parameters: [value, whole("length", 0, MAX_TEXT)],
    result: TEXT,
    about: "Takes the first characters.",
    examples: [["left(单据编号, 2)", '"BX"']],
    run: (_site, given, length) => sliceCharacters(given, 0, length),
  }),
  define({
    name: "right",
    group: "text",
    parameters: [value, whole("length", 0, MAX_TEXT)],
    result: TEXT,
    about: "Takes the last characters.",
    examples: [["right(单据编号, 3)", '"001"']],
    run: (_site, given, length) => {
      const count = characterCount(given);
      return sliceCharacters(given, Math.max(0, count - length), count);
    },
  }),
  define({
    name: "shorten",
    group: "text",
    parameters: [value, whole("max", 1, MAX_TEXT)],
    result: TEXT,
    about: "Cuts text to `max` characters and ends it with `…` when something was cut.",
    examples: [['shorten("北京出差住宿费", 5)', '"北京出差…"']],
    run: (_site, given, max) => (characterCount(given) <= max ? given : `${sliceCharacters(given, 0, max - 1)}…`),
  }),
  define({
    name: "pad_left",
    group: "text",
    parameters: [value, whole("width", 0, 1000), text("fill")],
    result: TEXT,
    about: "Puts `fill` before text until it has `width` characters; longer text stays as it is.",
    examples: [['pad_left("42", 5, "0")', '"00042"']],
    run: (site, given, width, fill) => padding(site, given, width, fill) + given,
  }),
  define({
    name: "pad_right",
    group: "text",
    parameters: [value, whole("width", 0, 1000), text("fill")],
    result: TEXT,
    about: "Puts `fill` behind text until it has `width` characters; longer text stays as it is.",
    examples: [['pad_right("6602", 8, "0")', '"66020000"']],
    run: (site, given, width, fill) => given + padding(site, given, width, fill),
  }),
  define({
    name: "replace",
    group: "text",
    parameters: [value, text("find"), text("with")],
    result: TEXT,
    about: "Replaces every place where `find` stands, taken literally.",
    examples: [['replace(单据编号, "-", "")', '"BX001"']],
    run: (site, given, find, by) => {
      if (find === "") return given;
      const parts = given.split(find);
      requireLength(site, given.length + (parts.length - 1) * (by.length - find.length));
      return parts.join(by);
    },
  }),
  define({
    name: "split",
    group: "text",
    parameters: [value, text("separator")],
    result: TEXTS,
    about: "Cuts text at each separator into a list; an empty separator is refused.",
    examples: [['split("A001,A002", ",")', '["A001", "A002"]']],
    run: (site, given, separator) => (separator === "" ? site.fail("`separator` of `split` is empty") : given.split(separator)),
  }),
  define({
    name: "part",
    group: "text",
    parameters: [value, text("separator"), whole("n", 1, MAX_TEXT)],
    result: MAYBE_TEXT,
    about: "The `n`th part between separators, counted from 1; empty when there are fewer.",
    examples: [
      ['part(单据编号, "-", 2) ?? ""', '"001"'],
      ['part(单据编号, "-", 3)', "null"],
    ],
    run: (site, given, separator, n) =>
      separator === "" ? site.fail("`separator` of `part` is empty") : (given.split(separator, n)[n - 1] ?? null),
  }),
  define({
    name: "starts_with",
    group: "text",
    parameters: [value, text("start")],
    result: BOOLEAN,
    about: "True when text starts so.",
    examples: [['starts_with(单据编号, "BX")', "true"]],
    run: (_site, given, start) => given.startsWith(start),
  }),
  define({
    name: "ends_with",
    group: "text",
    parameters: [value, text("end")],
    result: BOOLEAN,
    about: "True when text ends so.",
    examples: [['ends_with(费用类型, "费")', "true"]],
    run: (_site, given, end) => given.endsWith(end),
  }),
  define({
    name: "contains",
    group: "text",
    parameters: [value, text("find")],
    result: BOOLEAN,
    about: "True when `find` stands somewhere in the text.",
    examples: [['contains(部门, "销售")', "true"]],
    run: (_site, given, find) => given.includes(find),
  }),
  define({
    name: "concat",
    group: "text",
    parameters: [text("first"), rest(text("more"))],
    result: TEXT,
    about: "Joins texts; the same as writing them side by side as `${a}${b}`.",
    examples: [['concat(部门, "-", 报销人)', '"销售部-王芳"']],
    run: (site, first, more) => {
      const joined = first + more.join("");
      requireLength(site, joined.length);
      return joined;
    },
  }),
  define({
    name: "half_width",
    group: "text",
    parameters: [value],
    result: TEXT,
    about: "Turns full-width digits, letters, brackets, punctuation and blanks into the usual ones.",
    examples: [['half_width("ＡＢＣ（１２）")', '"ABC(12)"']],
    run: (_site, given) => halfWidth(given),
  }),
  define({
    name: "one_line",
    group: "text",
    parameters: [value],
    result: TEXT,
    about: "Turns line breaks and tabs into single blanks, for fields that take one line.",
    examples: [['one_line("住宿\\n两晚")', '"住宿 两晚"']],
    run: (_site, given) => given.replace(/[\r\n\t\v\f\u0085\u2028\u2029]+/g, " "),
  }),
  define({
    name: "empty_to_null",
    group: "text",
    parameters: [textOrEmpty("value")],
    result: MAYBE_TEXT,
    about: "The empty value when text has no characters but blanks, so that `??` applies to it.",
    examples: [['empty_to_null("  ") ?? "无"', '"无"']],
    run: (_site, given) => (given === null || given.trim() === "" ? null : given),
  }),
  {
    name: "text",
    group: "text",
    signatures: ["text(value: number | date | datetime | boolean | text) → text"],
    about: "Writes a value as text: a number as it was written, a date as `YYYY-MM-DD`, a moment in UTC.",
    examples: [
      ["text(价税合计)", '"1060.00"'],
      ["text(支付日期)", '"2026-11-20"'],
    ],
    givesList: false,
    compile: compileText,
  },
];

function compileText({ node, context }: Call): Operand | null {
  const found = compileArguments(node, context);
  if (found === null || !requireCount(node, context, [{ optional: false, rest: false }], "text(value) → text")) return null;
  const [argument] = found;
  if (argument === undefined) return null;
  const { type, evaluate } = argument.operand;
  if (type.kind === "list" || type.kind === "row" || type.kind === "null") {
    const message = `\`${labelOf(context, argument.node)}\` is ${describeOne(type)}, and \`text\` needs one value`;
    return refuse(context, argument.node, "EXPR_TYPE", message, type.kind === "list" ? 'write `join(list, ",")`' : undefined);
  }
  if (!requireValue(context, argument.node, argument.operand, "`text`")) return null;
  return finish(context, TEXT, (environment) => display(evaluate(environment)), [argument.operand]);
}
