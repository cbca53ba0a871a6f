import { describe, expect, it } from "vitest";
import { EXAMPLE_SCOPE, exampleEnvironment } from "../../src/expression/example-records.js";
import { compileTemplate } from "../../src/expression/template.js";
import type { Environment, LookupTable, Scope, Variable } from "../../src/expression/types.js";
import { Decimal } from "../../src/model/decimal.js";
import type { Field, Row } from "../../src/model/record.js";
import { answer, answerTemplate, compileAny, inDocument, printError, printFaults } from "./build.js";

describe("values", () => {
  it.each([
    ["1 - 2 - 3", "-4"],
    ["2 * 3 + 4 * 5", "26"],
    ["-2 * -3", "6"],
    ["- - 2", "2"],
    ["0.1 + 0.2", "0.3"],
    ["1.10 * 3", "3.30"],
    ["12345678901234567890.12 + 0.01", "12345678901234567890.13"],
    ["1.0 == 1", "true"],
    ["2 in [1.0, 2.00]", "true"],
    ["3 not in [1, 2]", "true"],
    ["true or false and false", "true"],
    ["!true || true", "true"],
    ["not (1 > 2) and 1 <= 1", "true"],
    ["false ? 1 : true ? 2 : 3", "2"],
    ["true ? false ? 1 : 2 : 3", "2"],
    ['"a" < "b"', "true"],
    ['"10" < "9"', "true"],
    ["支付日期 >= date('2026-11-20')", "true"],
    ["更新时间 > datetime('2026-11-20 00:00:00', 'UTC')", "true"],
    ["true == (1 == 1)", "true"],
    ['"it\\\'s \\"x\\" \\\\ \\t"', '"it\'s \\"x\\" \\\\ \\t"'],
    ["'}' ", '"}"'],
    ["`单据编号`", '"BX-001"'],
    ["` 单据编号 `", '"BX-001"'],
    ["price_net１ ?? 1", "EXPR_UNKNOWN_NAME"],
    ["length('😀中文')", "3"],
    ["slice('😀中文', 1, 1)", '"中"'],
    ["left('😀中文', 1)", '"😀"'],
    ["right('中文😀', 2)", '"文😀"'],
    ["right('ab', 5)", '"ab"'],
    ["slice('ab', 5)", '""'],
    ["shorten('ab', 2)", '"ab"'],
    ["pad_left('12345', 3, '0')", '"12345"'],
    ["part('a-b', '-', 1)", '"a"'],
    ["replace('aaa', 'a', 'bb')", '"bbbbbb"'],
    ["replace('a.b', '.', '$&')", '"a$&b"'],
    ["replace('abc', '', 'x')", '"abc"'],
    ["replace_pattern('abc', 'x*', '-')", '"-a-b-c-"'],
    ["replace_pattern('5 USD', '([0-9]+) USD', '$$$1')", '"$5"'],
    ["replace_pattern('5', '5', '$1')", "EXPR_ARGUMENTS"],
    ["capture('a1b22', '[0-9]+')", '"1"'],
    ["capture('a1b22', '([a-z])([0-9]+)', 2)", '"1"'],
    ["capture('a1b22', '([a-z])([0-9]+)', 0)", '"a1"'],
    ["capture('a', '(a)', 2)", "EXPR_ARGUMENTS"],
    ["matches('abc', 'b')", "true"],
    ["matches('abc', '^b')", "false"],
    ["matches('差旅费', '^.{3}$')", "true"],
    ["text(true)", '"true"'],
    ["text('x')", '"x"'],
    ["is_number(备注)", "false"],
    ["number('1.2E+08')", "EXPR_ARGUMENTS"],
    ["percent('13％')", "0.13"],
    ["percent('6.5 %')", "0.065"],
    ["percent('6')", "EXPR_ARGUMENTS"],
    ["round(-2.345, 2)", "-2.35"],
    ["round(5, 2)", "5.00"],
    ["divide(1, 3, 4, 'half-even')", "0.3333"],
    ["format_number(1.239, 2)", "EXPR_ARGUMENTS"],
    ["allocate(-100, [1, 2], 2)", "[-33.33, -66.67]"],
    ["allocate(100.005, [1, 2], 2)", "EXPR_ARGUMENTS"],
    ["sum(allocate(100, [1, 1, 1], 2))", "100.00"],
    ["max(split('b,a,c', ','))", '"c"'],
    ["max([1, null, 3])", "3"],
    ["min(2, 1.0, 3)", "1.0"],
    ["sum([])", "EXPR_TYPE"],
    ["distinct([1, 1.0, 2])", "[1, 2]"],
    ["join(['a', null, 'b'], '-')", '"a-b"'],
    ["at([1, 2], 2) ?? 0", "2"],
    ["size([1, null])", "2"],
    ["date('05/11/26', 'dd/MM/yy')", "2026-11-05"],
    ["format_date(支付日期, 'd MMM yyyy')", '"20 Nov 2026"'],
    ["add_days(支付日期, -20)", "2026-10-31"],
    ["add_months(date('2024-02-29'), 12)", "2025-02-28"],
    ["month_end(date('2024-02-10'))", "2024-02-29"],
    ["days_between(date('2024-03-01'), date('2024-02-28'))", "-2"],
    ["date_of(更新时间, 'UTC')", "2026-11-20"],
  ])("%s → %s", (expression, result) => {
    expect(answer(expression)).toBe(result);
  });
});

describe("empty values", () => {
  const second: Environment = { ...exampleEnvironment(), row: exampleEnvironment().records[1] as Row };
  const inSecond = (expression: string): unknown => {
    const { compiled, faults } = compileAny(`\${${expression}}`);
    if (compiled === undefined) throw new Error(faults[0]?.message);
    const value = compiled.evaluate(second);
    return value instanceof Decimal ? value.toString() : value;
  };

  it.each([
    ["税额", null],
    ["税额 ?? 0", "0"],
    ["税额 ?? 税额", null],
    ["税额 == null", true],
    ["null != 税额", false],
    ["税额 == 0", false],
    ["税额 != 0", true],
    ["备注 == 备注", true],
    ["税额 != null ? 税额 + 1 : -1", "-1"],
    ["税额 == null ? 0 : 税额 + 1", "0"],
    ["税额 != null and 税额 > 0", false],
    ["税额 == null or 税额 > 0", true],
    ["not (税额 == null) and 税额 > 0", false],
    ["not (税额 == null or 备注 == null) ? 税额 + length(备注) : 0", "0"],
    ["备注 in ['a']", false],
    ["备注 in ['a', null]", true],
    ["empty_to_null(备注) ?? 'x'", "x"],
    ["true ? null : 1", null],
    ["科目[费用类型].辅助核算", null],
    ["科目[费用类型].辅助核算 ?? '无'", "无"],
  ])("%s gives %j", (expression, value) => {
    expect(inSecond(expression)).toBe(value);
  });

  it.each([
    "税额 != null or 税额 > 0",
    "税额 == null and 税额 > 0",
    "税额 == null ? 税额 + 1 : 0",
    "(税额 != null or 备注 != null) ? 税额 + 1 : 0",
    "税额 != null ? sum(税额) : 0",
  ])("%s does not show that the amount is there", (expression) => {
    expect(answer(expression)).toBe("EXPR_MAYBE_EMPTY");
  });
});

describe("templates", () => {
  it.each([
    ["", '""'],
    ["a $ b {c} }", '"a $ b {c} }"'],
    ["$${x} ${单据编号}", '"${x} BX-001"'],
    ["${单据编号}${行号}", '"BX-0011"'],
    ["${'}'}${`金额(元)`}", '"}1060.00"'],
    ["${单据编号} ${true}", '"BX-001 true"'],
    ["${'a'} b", '"a b"'],
  ])("%s → %s", (template, result) => {
    expect(answerTemplate(template)).toBe(result);
  });

  it("reads constants as the type of their place", () => {
    const constant = (text: string, kind: "number" | "date" | "datetime" | "boolean"): unknown =>
      compileTemplate(text, EXAMPLE_SCOPE, { kind, nullable: false }).compiled?.constant;
    expect(String(constant("12.50", "number"))).toBe("12.50");
    expect(constant("2026-11-20", "date")).toBe("2026-11-20");
    expect(constant("2026-11-20T08:30:00+08:00", "datetime")).toBe("2026-11-20T00:30:00.000Z");
    expect(constant("true", "boolean")).toBe(true);
  });

  it("tells what an expression reads, and what is constant", () => {
    const { compiled } = compileAny("${科目[费用类型].科目编码} ${sum(价税合计)} ${费用类型}");
    expect(compiled?.fields).toEqual(["费用类型", "价税合计"]);
    expect(compiled?.lookupColumns).toEqual(["科目.科目编码"]);
    expect(compiled?.constant).toBeUndefined();
    expect(compileAny("${upper('a')}${1 + 1}").compiled?.constant).toBe("A2");
  });

  it("gives lists where lists are expected", () => {
    const expected = { kind: "list", of: "text", nullable: false } as const;
    expect(compileTemplate("${split('a,b', ',')}", EXAMPLE_SCOPE, expected).compiled?.constant).toEqual(["a", "b"]);
    expect(compileTemplate("${[1]}", EXAMPLE_SCOPE, expected).faults?.[0]?.message).toBe(
      "`[1]` is a list of number, and this place needs a list of text",
    );
  });
});

describe("documents", () => {
  it("names the field and both values when records disagree", () => {
    expect(printError("${费用类型}", inDocument())).toBe(
      "MAP_DISAGREE the records of this document disagree on `费用类型`: `差旅费` and `餐费` | say which is meant: `first(费用类型)`, `min(费用类型)` or `max(费用类型)` @ 费用类型",
    );
  });

  it("takes numbers that are written differently as equal", () => {
    const environment = exampleEnvironment();
    const scope = inDocument({ ...EXAMPLE_SCOPE, fields: [{ name: "金额", type: "number", nullable: true, personal: false }] });
    const rows = (...values: (string | null)[]): Row[] => values.map((value) => [value === null ? null : Decimal.parse(value)]);
    const evaluate = (records: Row[]): string => printError("${金额}", scope, { ...environment, records, row: records[0] as Row });
    expect(evaluate(rows("1.0", "1.00"))).toBe("no error");
    expect(evaluate(rows(null, null))).toBe("no error");
    expect(evaluate(rows("0", null))).toContain("disagree on `金额`: `0` and an empty value");
  });

  it("evaluates the argument of an aggregate for each record, and leaves the record at hand alone", () => {
    const { compiled } = compileAny('${join(科目[费用类型].科目编码, ",")} ${单据编号}', inDocument());
    const environment = exampleEnvironment();
    expect(compiled?.evaluate(environment)).toBe("660201,660202,660202 BX-001");
    expect(environment.row).toBe(environment.records[0]);
    expect(answer("sum(number(税率))", inDocument())).toBe("MAP_FAILED");
  });

  it("restores the record at hand when an aggregate fails", () => {
    const { compiled } = compileAny("${sum(number(费用类型))}");
    const environment = exampleEnvironment();
    expect(() => compiled?.evaluate(environment)).toThrow("is not a number");
    expect(environment.row).toBe(environment.records[0]);
  });

  it.each([
    ["max([行号, 2])", "MAP_DISAGREE"],
    ["max(行号)", "3"],
    ["min(税额)", "4.98"],
    ["min(备注) ?? 'x'", '"上海 出差"'],
    ["last(税额 ?? 0)", "4.98"],
    ["all(税额 != null)", "false"],
    ["any(税额 == null)", "true"],
    ["sum(distinct(行号))", "6"],
    ["average([1, 2], 0, 'half-up')", "2"],
    ["价税合计 != sum(价税合计)", "MAP_DISAGREE"],
  ])("%s → %s", (expression, result) => {
    expect(answer(expression, inDocument())).toBe(result);
  });
});

describe("lookups", () => {
  const key = (name: string, type: Field["type"] = "text"): Field => ({ name, type, nullable: false, personal: false });
  const scope: Scope = {
    ...EXAMPLE_SCOPE,
    lookups: [
      { name: "税码", keys: [key("税率", "number"), key("类型")], columns: [key("代码")], dated: false, on: null, missingIsEmpty: false },
      { name: "价格", keys: [key("币种")], columns: [key("价", "number")], dated: true, on: "支付日期", missingIsEmpty: false },
    ],
  };
  const seen: unknown[] = [];
  const table = (missing: LookupTable["missing"], found: ReturnType<LookupTable["find"]>): LookupTable => ({
    missing,
    lineOf: () => null,
    find: (keys, on) => {
      seen.push([keys, on]);
      return found;
    },
  });
  const environment = (...lookups: LookupTable[]): Environment => ({ ...exampleEnvironment(), lookups });

  it("asks with canonical text, and with the date that the lookup names", () => {
    seen.length = 0;
    const both = environment(table("stop", ["J1"]), table("stop", [Decimal.parse("7.10")]));
    expect(compileAny("${税码[0.060, 费用类型].代码} ${价格['USD'].价}", scope).compiled?.evaluate(both)).toBe("J1 7.10");
    expect(seen).toEqual([
      [["0.06", "差旅费"], null],
      [["USD"], "2026-11-20"],
    ]);
  });

  it("says what is missing, by the table's own rule", () => {
    const at = (missing: LookupTable["missing"]): string =>
      printError("${价格['USD'].价}", scope, environment(table("stop", []), table(missing, "missing")));
    expect(at("quarantine")).toBe(
      "MAP_LOOKUP_MISSING lookup `价格` has no row for `USD` on 2026-11-20 | add the row to `价格` @ 价格['USD']",
    );
    expect(at("default")).toContain("MAP_LOOKUP_MISSING");
    expect(at("stop")).toContain("MAP_LOOKUP_STOP");
    expect(at("empty")).toBe("no error");
  });

  it("refuses an empty column that must not be empty", () => {
    const empty = environment(table("stop", [null]), table("stop", []));
    expect(printError("${税码[0.06, 费用类型].代码}", scope, empty)).toBe(
      "MAP_FAILED lookup `税码` has an empty `代码` for `0.06`, `差旅费` | fill in `代码` in that row @ 税码[0.06, 费用类型].代码",
    );
  });

  it("reports a mistake in the lookup's date where the lookup is used", () => {
    const [codes, prices] = scope.lookups;
    if (codes === undefined || prices === undefined) throw new Error("two lookups");
    const at = (on: string): string => printFaults("${价格['USD'].价}", { ...scope, lookups: [codes, { ...prices, on }] });
    expect(at("支付日")).toBe("EXPR_UNKNOWN_NAME there is no `支付日` here | did you mean `支付日期`? @ 价格['USD']");
    expect(at("税率")).toContain("EXPR_TYPE `税率` is text, and the date of lookup `价格` needs a date");
    expect(at("支付日期 +")).toContain("EXPR_SYNTAX the date of lookup `价格`, `支付日期 +`: a value is missing");
    expect(at("date(价格['USD'].价)")).toContain("EXPR_ARGUMENTS rows of lookup `价格` are valid for a time");
  });
});

describe("variables", () => {
  const variables: Variable[] = [
    { name: "share", type: { kind: "text", nullable: false } },
    { name: "share.amount", type: { kind: "number", nullable: true } },
    { name: "parts", type: { kind: "list", of: { kind: "number", nullable: false }, nullable: false } },
    { name: "行号", type: { kind: "text", nullable: false } },
  ];
  const scope: Scope = { ...EXAMPLE_SCOPE, variables };
  const environment: Environment = {
    ...exampleEnvironment(),
    variables: ["A", Decimal.parse("5"), [Decimal.parse("1") as Decimal, Decimal.parse("2") as Decimal], "own"],
  };

  it("matches the longest name with dots, and comes before fields", () => {
    const run = (template: string): unknown => String(compileAny(template, scope).compiled?.evaluate(environment));
    expect(run("${share}")).toBe("A");
    expect(run("${share.amount != null ? share.amount + 1 : 0}")).toBe("6");
    expect(run("${sum(parts)} ${max(parts)}")).toBe("3 2");
    expect(run("${行号}")).toBe("own");
    expect(printFaults("${share.amout ?? 1}", scope)).toBe("EXPR_TYPE `share` has no columns | only a row of a lookup has @ amout");
  });

  it("suggests a name with dots", () => {
    const only: Scope = { ...EXAMPLE_SCOPE, variables: variables.slice(1, 2) };
    expect(printFaults("${share.amout}", only)).toBe(
      "EXPR_UNKNOWN_NAME there is no `share.amout` here | did you mean `share.amount`? @ share.amout",
    );
  });
});

describe("personal fields", () => {
  const fields = EXAMPLE_SCOPE.fields.map((field) => ({ ...field, personal: field.name === "报销人" || field.name === "费用类型" }));
  const scope: Scope = { ...EXAMPLE_SCOPE, fields };

  it.each(["number(报销人)", "number(trim(报销人))", "科目[报销人].科目编码", "date(true ? 报销人 : '')", "pad_left('a', 3, 报销人)"])(
    "does not print the value in the error of %s",
    (expression) => {
      const error = printError(`\${${expression}}`, scope);
      expect(error).toContain("a personal value");
      expect(error).not.toContain("王芳");
    },
  );

  it("does not print it when records disagree", () => {
    expect(printError("${费用类型}", inDocument(scope))).toContain("disagree on `费用类型`: a personal value and a personal value");
  });
});
