import { Decimal } from "../model/decimal.js";
import { canonicalText, type Value } from "../model/value.js";
import { type Call, compileArguments, type FunctionRow, requireCount } from "./function-row.js";
import { describeOne, NUMBER, TEXT, unify, withNullable } from "./kinds.js";
import { type Context, describeBoth, finish, labelOf, type Operand, refuse, requireKind, requireValue, siteOf } from "./operand.js";
import { compareText } from "./operators.js";
import { type Argument, type Read, whole } from "./parameters.js";
import { requireItems, type Series, seriesOf } from "./series.js";
import type { Node } from "./syntax.js";
import type { Type } from "./types.js";

const ONE = { optional: false, rest: false };

/** Functions of a list, or of one value of each record of the document. */
export const LIST_FUNCTIONS: readonly FunctionRow[] = [
  {
    name: "at",
    group: "lists",
    signatures: ["at(list, n: number) → value or empty"],
    about: "The `n`th value of a list, counted from 1; empty when there are fewer.",
    examples: [
      ['at(split("A;B", ";"), 2)', '"B"'],
      ['at(split("A;B", ";"), 3)', "null"],
    ],
    givesList: false,
    compile: compileAt,
  },
  {
    name: "size",
    group: "lists",
    signatures: ["size(list) → number"],
    about: "How many values a list has; `count()` counts the records, `length` characters.",
    examples: [["size(distinct(费用类型))", "2"]],
    givesList: false,
    compile: compileSize,
  },
  {
    name: "sum",
    group: "records",
    signatures: ["sum(number of each record) → number", "sum(list of number) → number"],
    about: "Adds up one number of each record, or of a list. A number that may be empty needs `??`, so that nothing is left out unseen.",
    examples: [
      ["sum(价税合计)", "1360.50"],
      ["sum(税额 ?? 0)", "64.98"],
    ],
    givesList: false,
    compile: (call) => {
      const series = onlySeries(call, "sum(x) → number");
      if (series === null || !requireItems(series, call.context, NUMBER, "`sum`")) return null;
      return finish(call.context, NUMBER, (environment) => add(series.values(environment) as readonly Decimal[]), series.parts);
    },
  },
  {
    name: "min",
    group: "records",
    signatures: ["min(value of each record) → value", "min(list) → value", "min(a, b, …) → value"],
    about:
      "The smallest number, earliest date or first text: of the records, of a list, or of two and more values. Empty values are passed over.",
    examples: [
      ["min(支付日期)", "2026-11-20"],
      ["min(价税合计, 500)", "500"],
      ["min([3, 1, 2])", "1"],
    ],
    givesList: false,
    compile: (call) => compileExtreme(call, -1),
  },
  {
    name: "max",
    group: "records",
    signatures: ["max(value of each record) → value", "max(list) → value", "max(a, b, …) → value"],
    about:
      "The largest number, latest date or last text: of the records, of a list, or of two and more values. Empty values are passed over.",
    examples: [
      ["max(价税合计)", "1060.00"],
      ["max(支付日期, month_start(支付日期))", "2026-11-20"],
    ],
    givesList: false,
    compile: (call) => compileExtreme(call, 1),
  },
  {
    name: "distinct",
    group: "records",
    signatures: ["distinct(value of each record) → list", "distinct(list) → list"],
    about: "The different values in the order in which they first stand there, without empty ones.",
    examples: [["distinct(费用类型)", '["差旅费", "餐费"]']],
    givesList: true,
    compile: (call) => {
      const series = onlySeries(call, "distinct(x) → list");
      if (series === null) return null;
      const type: Type = { kind: "list", of: withNullable(series.item, false), nullable: false };
      return finish(call.context, type, (environment) => differentValues(series.values(environment)), series.parts);
    },
  },
  {
    name: "join",
    group: "records",
    signatures: ["join(text of each record, separator: text) → text", "join(list of text, separator: text) → text"],
    about: "Writes texts one behind the other with a separator between them, without empty ones.",
    examples: [
      ['join(备注, "; ")', '"上海 出差; 客户 招待"'],
      ['join(distinct(费用类型), "、")', '"差旅费、餐费"'],
    ],
    givesList: false,
    compile: compileJoin,
  },
];

/** The one argument of an aggregate. */
function onlySeries({ node, context }: Call, signature: string): Series | null {
  const [argument] = node.parameters;
  if (!requireCount(node, context, [ONE], signature) || argument === undefined) return null;
  return seriesOf(argument, context, node.name);
}

function add(values: readonly Decimal[]): Decimal {
  let total = Decimal.ZERO;
  for (const value of values) total = total.add(value);
  return total;
}

function differentValues(values: readonly Value[]): readonly Value[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    if (value === null) return false;
    const text = canonicalText(value);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

function compileExtreme(call: Call, direction: -1 | 1): Operand | null {
  const { node, context } = call;
  const series = node.parameters.length > 1 ? argumentSeries(call) : onlySeries(call, `${node.name}(x) → value`);
  if (series === null) return null;
  const { kind } = series.item;
  if (kind !== "number" && kind !== "date" && kind !== "datetime" && kind !== "text") {
    const message = `\`${labelOf(context, series.node)}\` is ${describeOne(series.item)}, which has no order`;
    return refuse(context, series.node, "EXPR_TYPE", message);
  }
  const compare = (left: Value, right: Value): number =>
    left instanceof Decimal ? left.compare(right as Decimal) : compareText(left as string, right as string);
  const site = siteOf(context, node, false);
  const mayBeEmpty = series.item.nullable;
  return finish(
    context,
    series.item,
    (environment) => {
      let best: Value = null;
      for (const value of series.values(environment)) {
        if (value !== null && (best === null || compare(value, best) * direction > 0)) best = value;
      }
      return best === null && !mayBeEmpty ? site.fail(`\`${node.name}\` has no value to choose from`) : best;
    },
    series.parts,
  );
}

/** The values of `min(a, b, …)`. */
function argumentSeries({ node, context }: Call): Series | null {
  const found = compileArguments(node, context);
  const [first] = found ?? [];
  if (found === null || first === undefined) return null;
  let item = first.operand.type;
  for (const argument of found) {
    if (!requireValue(context, argument.node, argument.operand, `\`${node.name}\``)) return null;
    const both = unify(item, argument.operand.type);
    if (both === null) {
      const message = `\`${node.name}\` compares values of one kind, and these are ${describeBoth(item, argument.operand.type)}`;
      return refuse(context, argument.node, "EXPR_TYPE", message);
    }
    item = both;
  }
  const readers = found.map((argument) => argument.operand.evaluate);
  const parts = found.map((argument) => argument.operand);
  return { node: first.node, item, values: (environment) => readers.map((read) => read(environment)), parts };
}

function compileJoin(call: Call): Operand | null {
  const { node, context } = call;
  const [, separatorNode] = node.parameters;
  if (!requireCount(node, context, [ONE, ONE], "join(x, separator: text) → text") || separatorNode === undefined) return null;
  const series = seriesOf(node.parameters[0] as Node, context, "join");
  const separator = context.compile(separatorNode, context);
  if (series === null || separator === null) return null;
  const present: Series = { ...series, item: withNullable(series.item, false) };
  const fits = [
    requireItems(present, context, TEXT, "`join`"),
    requireKind(context, separatorNode, separator, TEXT, "the separator of `join`"),
  ];
  if (fits.includes(false)) return null;
  const between = separator.evaluate as Read<string>;
  return finish(
    context,
    TEXT,
    (environment) =>
      series
        .values(environment)
        .filter((value) => value !== null)
        .join(between(environment)),
    [...series.parts, separator],
  );
}

function compileAt({ node, context }: Call): Operand | null {
  const found = compileArguments(node, context);
  if (found === null || !requireCount(node, context, [ONE, ONE], "at(list, n: number) → value or empty")) return null;
  const [list, position] = found as readonly [Argument, Argument];
  const type = listType(list, context, "at");
  const place = whole("n", 1, 1_000_000).prepare([position], context, "`at`");
  if (type === null || place === null) return null;
  const values = list.operand.evaluate as Read<readonly Value[]>;
  return finish(context, withNullable(type, true), (environment) => values(environment)[place(environment) - 1] ?? null, [
    list.operand,
    position.operand,
  ]);
}

function compileSize({ node, context }: Call): Operand | null {
  const found = compileArguments(node, context);
  if (found === null || !requireCount(node, context, [ONE], "size(list) → number")) return null;
  const [list] = found as readonly [Argument];
  if (listType(list, context, "size") === null) return null;
  const values = list.operand.evaluate as Read<readonly Value[]>;
  return finish(context, NUMBER, (environment) => Decimal.ofInteger(values(environment).length), [list.operand]);
}

/** The type of the values of a list argument, or null after a fault. */
function listType(list: Argument, context: Context, name: string): Type | null {
  const { type } = list.operand;
  if (type.kind !== "list") {
    const message = `\`${labelOf(context, list.node)}\` is ${describeOne(type)}, and \`${name}\` needs a list`;
    const hint = type.kind === "text" && name === "size" ? "the characters of text are counted by `length`" : undefined;
    return refuse(context, list.node, "EXPR_TYPE", message, hint);
  }
  return requireValue(context, list.node, list.operand, `\`${name}\``) ? type.of : null;
}
