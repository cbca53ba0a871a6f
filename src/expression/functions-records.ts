import { Decimal } from "../model/decimal.js";
import type { Value } from "../model/value.js";
import { type Call, type FunctionRow, requireCount } from "./function-row.js";
import { BOOLEAN, NUMBER } from "./kinds.js";
import { finish, type Operand, OUTSIDE, siteOf } from "./operand.js";
import { roundingMode, whole } from "./parameters.js";
import { mayAggregate, recordSeries, requireItems, type Series, seriesOf } from "./series.js";
import type { Node } from "./syntax.js";

const ONE = { optional: false, rest: false };

/** Functions of all records of the document. */
export const RECORD_FUNCTIONS: readonly FunctionRow[] = [
  {
    name: "count",
    group: "records",
    signatures: ["count() → number", "count(condition of each record) → number"],
    about: "How many records the document has, or for how many a condition is true.",
    examples: [
      ["count()", "3"],
      ["count(税额 != null)", "2"],
    ],
    givesList: false,
    compile: compileCount,
  },
  {
    name: "average",
    group: "records",
    signatures: ["average(number of each record, places: number, mode: rounding mode) → number", "average(list of number, …) → number"],
    about: "The sum divided by how many there are, rounded to so many places.",
    examples: [['average(价税合计, 2, "half-up")', "453.50"]],
    givesList: false,
    compile: compileAverage,
  },
  {
    name: "first",
    group: "records",
    signatures: ["first(value of each record) → value"],
    about: "The value of the first record, when the others need not agree.",
    examples: [["first(行号)", "1"]],
    givesList: false,
    compile: (call) => compilePick(call, 0),
  },
  {
    name: "last",
    group: "records",
    signatures: ["last(value of each record) → value"],
    about: "The value of the last record.",
    examples: [["last(行号)", "3"]],
    givesList: false,
    compile: (call) => compilePick(call, -1),
  },
  {
    name: "all",
    group: "records",
    signatures: ["all(condition of each record) → boolean"],
    about: "True when the condition is true for every record.",
    examples: [["all(价税合计 > 100)", "false"]],
    givesList: false,
    compile: (call) => compileTest(call, (values) => !values.includes(false)),
  },
  {
    name: "any",
    group: "records",
    signatures: ["any(condition of each record) → boolean"],
    about: "True when the condition is true for at least one record.",
    examples: [["any(价税合计 > 100)", "true"]],
    givesList: false,
    compile: (call) => compileTest(call, (values) => values.includes(true)),
  },
];

function onlyRecordSeries({ node, context }: Call, signature: string): Series | null {
  const [argument] = node.parameters;
  if (!requireCount(node, context, [ONE], signature) || argument === undefined) return null;
  return recordSeries(argument, context, node.name);
}

function compileCount(call: Call): Operand | null {
  const { node, context } = call;
  if (node.parameters.length === 0) {
    if (!mayAggregate(node, context, "count")) return null;
    return finish(context, NUMBER, (environment) => Decimal.ofInteger(environment.records.length), [OUTSIDE]);
  }
  const series = onlyRecordSeries(call, "count(condition) → number");
  if (series === null || !requireItems(series, context, BOOLEAN, "`count`")) return null;
  const count = (values: readonly Value[]): Decimal => Decimal.ofInteger(values.filter((value) => value === true).length);
  return finish(context, NUMBER, (environment) => count(series.values(environment)), series.parts);
}

function compileTest(call: Call, test: (values: readonly Value[]) => boolean): Operand | null {
  const { node, context } = call;
  const series = onlyRecordSeries(call, `${node.name}(condition) → boolean`);
  if (series === null || !requireItems(series, context, BOOLEAN, `\`${node.name}\``)) return null;
  return finish(context, BOOLEAN, (environment) => test(series.values(environment)), series.parts);
}

function compilePick(call: Call, position: 0 | -1): Operand | null {
  const series = onlyRecordSeries(call, `${call.node.name}(x) → value`);
  if (series === null) return null;
  return finish(call.context, series.item, (environment) => series.values(environment).at(position) as Value, series.parts);
}

function compileAverage({ node, context }: Call): Operand | null {
  if (!requireCount(node, context, [ONE, ONE, ONE], "average(x, places: number, mode: rounding mode) → number")) return null;
  const [value, placesNode, modeNode] = node.parameters as readonly [Node, Node, Node];
  const series = seriesOf(value, context, "average");
  const placesOperand = context.compile(placesNode, context);
  const modeOperand = context.compile(modeNode, context);
  if (series === null || placesOperand === null || modeOperand === null) return null;
  const fits = requireItems(series, context, NUMBER, "`average`");
  const places = whole("places", 0, 20).prepare([{ node: placesNode, operand: placesOperand }], context, "`average`");
  const mode = roundingMode("mode").prepare([{ node: modeNode, operand: modeOperand }], context, "`average`");
  if (!fits || places === null || mode === null) return null;
  const site = siteOf(context, node, false);
  return finish(
    context,
    NUMBER,
    (environment) => {
      const values = series.values(environment) as readonly Decimal[];
      if (values.length === 0) return site.fail("`average` has no numbers");
      const total = values.reduce((sum, each) => sum.add(each), Decimal.ZERO);
      return total.divide(Decimal.ofInteger(values.length), places(environment), mode(environment));
    },
    [...series.parts, placesOperand],
  );
}
