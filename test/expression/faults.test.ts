import { describe, expect, it } from "vitest";
import { compileExpression } from "../../src/expression/compile.js";
import { EXAMPLE_SCOPE } from "../../src/expression/example-records.js";
import { compileTemplate } from "../../src/expression/template.js";
import type { Scope } from "../../src/expression/types.js";
import { printFaults } from "./build.js";

/** A template, and for each fault `CODE message | hint @ the marked part`. */
type Row = readonly [template: string, faults: string | readonly string[]];

describe("faults: what cannot be read", () => {
  it.each<Row>([
    ["${}", "EXPR_SYNTAX a value is missing, found the end @ }"],
    ["${1 +}", "EXPR_SYNTAX a value is missing, found the end @ }"],
    ["${(1}", "EXPR_SYNTAX `)` is missing after a parenthesis, found the end @ }"],
    ["${[1}", "EXPR_SYNTAX `]` is missing after a list, found the end @ }"],
    ["${f(1}", "EXPR_SYNTAX `)` is missing after the arguments of `f`, found the end @ }"],
    ["${1 2}", "EXPR_SYNTAX `2` cannot follow here | a name with blanks or punctuation goes in backquotes @ 2"],
    ["${价税合计 元}", "EXPR_SYNTAX `元` cannot follow here | a name with blanks or punctuation goes in backquotes @ 元"],
    [
      "${金额（元） > 1}",
      [
        "EXPR_SYNTAX `（` means nothing here | write `(`; a name with blanks or punctuation goes in backquotes @ （",
        "EXPR_SYNTAX `）` means nothing here | write `)`; a name with blanks or punctuation goes in backquotes @ ）",
      ],
    ],
    ["${价税合计 = 1}", "EXPR_SYNTAX `=` means nothing here | write `==` @ ="],
    ["${a / b}", "EXPR_SYNTAX `/` means nothing here | write `divide(a, b, places, mode)`: a quotient must say how it is rounded @ /"],
    [
      "${价税合计 % 2}",
      "EXPR_SYNTAX `%` means nothing here | write `divide(a, b, places, mode)` or `percent(text)`: a quotient must say how it is rounded @ %",
    ],
    ["${1 < 2 < 3}", "EXPR_SYNTAX comparisons cannot be chained: `<` and `<` | join two comparisons with `and` @ <"],
    ['${"abc}', 'EXPR_SYNTAX a text is never closed by `"` @ "abc'],
    ["${`abc}", "EXPR_SYNTAX a name in backquotes is never closed @ `abc"],
    ["${12abc}", "EXPR_SYNTAX `12abc` is neither a number nor a name | a name that starts with a digit goes in backquotes @ 12abc"],
    ["${1e5}", "EXPR_SYNTAX `1e5` is neither a number nor a name | a name that starts with a digit goes in backquotes @ 1e5"],
    ["${.5}", "EXPR_SYNTAX a value is missing, found `.` @ ."],
    [
      "${'\\d'}",
      "EXPR_SYNTAX `\\d` is not an escape | known are `\\\\`, `\\n`, `\\r`, `\\t`, `\\\"`, `\\'` and `\\u{…}`; a backslash in a pattern is written twice @ \\d",
    ],
    [
      "${'\\u{110000}'}",
      "EXPR_SYNTAX `\\u` is not an escape | known are `\\\\`, `\\n`, `\\r`, `\\t`, `\\\"`, `\\'` and `\\u{…}`; a backslash in a pattern is written twice @ \\u",
    ],
    ["${a & b}", "EXPR_SYNTAX `&` means nothing here | write `&&` or `and` @ &"],
    ["${“x”}", ['EXPR_SYNTAX `“` means nothing here | write `"` @ “', 'EXPR_SYNTAX `”` means nothing here | write `"` @ ”']],
    ["${单据编号 in}", "EXPR_SYNTAX a value is missing, found the end @ }"],
    ["${not}", "EXPR_SYNTAX a value is missing, found the end @ }"],
    ["${x:1}", "EXPR_SYNTAX `:` cannot follow here @ :"],
    ["${科目[at: 1]}", "EXPR_SYNTAX `at:` is not known here | only `on:` and a date can follow the keys @ at"],
    ["${trim(value: 1)}", "EXPR_SYNTAX `value:` is not known here | arguments have no names; only a lookup takes `on:` @ :"],
    ["${科目 编码}", "EXPR_SYNTAX `编码` cannot follow here | a name with blanks or punctuation goes in backquotes @ 编码"],
    ["${a;b}", "EXPR_SYNTAX `;` means nothing here | one expression has no `;` @ ;"],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: functions", () => {
  it.each<Row>([
    ["${金额(元)}", "EXPR_UNKNOWN_FUNCTION there is no function `金额` | a field name with brackets goes in backquotes @ 金额"],
    ["${trimm(备注)}", "EXPR_UNKNOWN_FUNCTION there is no function `trimm` | did you mean `trim`? @ trimm"],
    ["${if(true, 1, 2)}", "EXPR_UNKNOWN_FUNCTION there is no function `if` | write `condition ? a : b` @ if"],
    [
      "${today()}",
      "EXPR_UNKNOWN_FUNCTION there is no function `today` | an expression cannot see the clock, so that the same records always give the same document @ today",
    ],
    ["${科目(费用类型)}", "EXPR_UNKNOWN_FUNCTION there is no function `科目` | `科目` is a lookup: write `科目[key].column` @ 科目"],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: names", () => {
  it.each<Row>([
    ["${单据号}", "EXPR_UNKNOWN_NAME there is no `单据号` here | did you mean `单据编号`? @ 单据号"],
    ["${价税合汁}", "EXPR_UNKNOWN_NAME there is no `价税合汁` here | did you mean `价税合计`? @ 价税合汁"],
    ["${科目[费用类型].科目编吗}", "EXPR_UNKNOWN_NAME lookup `科目` has no column `科目编吗` | did you mean `科目编码`? @ 科目编吗"],
    ["${科木[费用类型].科目编码}", "EXPR_UNKNOWN_NAME there is no lookup `科木` | did you mean `科目`? @ 科木"],
    [
      "${a.b.c}",
      "EXPR_UNKNOWN_NAME there is no `a.b.c` here | known names: `单据编号`, `行号`, `费用类型`, `部门`, `报销人`, `支付日期`, `更新时间`, `价税合计` and 7 more @ a.b.c",
    ],
    [
      "${share.amout}",
      "EXPR_UNKNOWN_NAME there is no `share.amout` here | known names: `单据编号`, `行号`, `费用类型`, `部门`, `报销人`, `支付日期`, `更新时间`, `价税合计` and 7 more @ share.amout",
    ],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: types", () => {
  it.each<Row>([
    [
      "${费用类型 + 部门}",
      "EXPR_TYPE `+` adds numbers, and both sides are text | join texts with `concat(a, b)` or as `${a}${b}` @ 费用类型 + 部门",
    ],
    ["${税率 * 2}", "EXPR_TYPE `税率` is text, and `*` needs a number | read it as a number with `number(税率)` @ 税率"],
    [
      "${税率 == 0.06}",
      "EXPR_TYPE `税率` is text and `0.06` is a number, so they cannot be compared | read it as a number with `number(税率)` @ 税率 == 0.06",
    ],
    [
      '${支付日期 == "2026-11-20"}',
      'EXPR_TYPE `支付日期` is a date and `"2026-11-20"` is text, so they cannot be compared | read it as a date with `date("2026-11-20", "yyyy-MM-dd")` @ 支付日期 == "2026-11-20"',
    ],
    [
      "${更新时间 > 支付日期}",
      'EXPR_TYPE `更新时间` is a datetime and `支付日期` is a date, so they cannot be compared | take its date with `date_of(更新时间, "Asia/Shanghai")` @ 更新时间 > 支付日期',
    ],
    [
      "${支付日期 + 1}",
      "EXPR_TYPE `+` takes numbers, and the left side is a date | write `add_days(date, days)` or `add_months(date, months)` @ 支付日期 + 1",
    ],
    [
      "${支付日期 - 支付日期}",
      "EXPR_TYPE `-` takes numbers, and the left side is a date | write `days_between(from, to)` @ 支付日期 - 支付日期",
    ],
    ["${-税率}", "EXPR_TYPE `税率` is text, and `-` needs a number | read it as a number with `number(税率)` @ 税率"],
    ["${not 税率}", 'EXPR_TYPE `税率` is text, and `not` needs a boolean | compare it, as in `税率 == "Y"` @ 税率'],
    ["${税率 and true}", 'EXPR_TYPE `税率` is text, and `and` needs a boolean | compare it, as in `税率 == "Y"` @ 税率'],
    [
      "${费用类型 ? 1 : 2}",
      'EXPR_TYPE `费用类型` is text, and the condition of `? :` needs a boolean | compare it, as in `费用类型 == "Y"` @ 费用类型',
    ],
    [
      '${true ? 1 : "a"}',
      'EXPR_TYPE the two branches of `? :` are number and text | read it as a number with `number("a")` @ true ? 1 : "a"',
    ],
    [
      '${税额 ?? "a"}',
      'EXPR_TYPE the two sides of `??` are number and text | `??` binds weaker than comparisons and sums; put what belongs together in parentheses @ 税额 ?? "a"',
    ],
    [
      "${税额 ?? 0 > 1}",
      "EXPR_TYPE the two sides of `??` are number and boolean | `??` binds weaker than comparisons and sums; put what belongs together in parentheses @ 税额 ?? 0 > 1",
    ],
    ["${1 in 2}", "EXPR_TYPE `2` is a number, and `in` needs a list | write a list as `[a, b]` @ 2"],
    ['${"a" in 费用类型}', 'EXPR_TYPE `费用类型` is text, and `in` needs a list | write `contains(费用类型, "a")` @ 费用类型'],
    ['${1 in ["a"]}', 'EXPR_TYPE `1` is a number, and the list holds text | turn it into text with `text(1)` @ 1 in ["a"]'],
    ['${[1, "a"]}', 'EXPR_TYPE a list holds values of one kind, and this one has number and text @ "a"'],
    ["${[]}", "EXPR_TYPE a list needs at least one value @ []"],
    ["${[[1]]}", "EXPR_TYPE a list cannot hold a list of number @ [1]"],
    ["${trim(1)}", "EXPR_TYPE `1` is a number, and `trim` needs text | turn it into text with `text(1)` @ 1"],
    ["${科目}", "EXPR_TYPE `科目` is a lookup and needs its key | write `科目[费用类型].科目编码` @ 科目"],
    ["${科目.科目编码}", "EXPR_TYPE `科目` is a lookup and needs its key | write `科目[费用类型].科目编码` @ 科目"],
    [
      "${科目[费用类型]}",
      "EXPR_TYPE `科目[费用类型]` is a row of lookup `科目`, and this place needs text | take one of its columns, as in `.column` @ 科目[费用类型]",
    ],
    [
      "${科目[行号].科目编码}",
      "EXPR_TYPE `行号` is a number, and key `费用类型` of lookup `科目` needs text | turn it into text with `text(行号)` @ 行号",
    ],
    [
      "${费用类型[1]}",
      "EXPR_TYPE `费用类型` is not a lookup | only a lookup takes keys in `[…]`; the values of a list are read with `at(list, n)` @ 费用类型",
    ],
    [
      '${汇率["USD", on: "x"].中间价}',
      'EXPR_TYPE `"x"` is text, and the date of lookup `汇率` needs a date | read it as a date with `date("x", "yyyy-MM-dd")` @ "x"',
    ],
    ["${价税合计.元}", "EXPR_TYPE `价税合计` has no columns | only a row of a lookup has @ 元"],
    ["${sum(费用类型)}", "EXPR_TYPE `费用类型` is text, and `sum` needs a number | read it as a number with `number(费用类型)` @ 费用类型"],
    ["${min(true)}", "EXPR_TYPE `true` is a boolean, which has no order @ true"],
    ['${min(1, "a")}', 'EXPR_TYPE `min` compares values of one kind, and these are number and text @ "a"'],
    [
      '${join(价税合计, ",")}',
      "EXPR_TYPE `价税合计` is a number, and `join` needs text | turn it into text with `text(价税合计)` @ 价税合计",
    ],
    ["${count(税额)}", "EXPR_TYPE `税额` is a number, and `count` needs a boolean | compare it, as in `税额 > 0` @ 税额"],
    [
      "${size(费用类型)}",
      "EXPR_TYPE `费用类型` is text, and `size` needs a list | the characters of text are counted by `length` @ 费用类型",
    ],
    ["${at(费用类型, 1)}", "EXPR_TYPE `费用类型` is text, and `at` needs a list @ 费用类型"],
    ["${text([1])}", 'EXPR_TYPE `[1]` is a list of number, and `text` needs one value | write `join(list, ",")` @ [1]'],
    [
      "${sum(科目[费用类型])}",
      "EXPR_TYPE `科目[费用类型]` is a row of lookup `科目`, and `sum` needs one value of each record | take one of its columns @ 科目[费用类型]",
    ],
    [
      '${first(split(备注 ?? "", ","))}',
      'EXPR_TYPE `split(备注 ?? "", ",")` is a list of text, and `first` needs one value of each record @ split(备注 ?? "", ",")',
    ],
    [
      "${科目[费用类型] == 科目[费用类型]}",
      "EXPR_TYPE a row of lookup `科目` cannot be compared with `==` | compare one of its columns @ 科目[费用类型] == 科目[费用类型]",
    ],
    [
      "${[1] == [1]}",
      "EXPR_TYPE a list of number cannot be compared with `==` | compare its values with `in`, or join them with `join(…)` @ [1] == [1]",
    ],
    ["${true < false}", "EXPR_TYPE true and false have no order, so `<` cannot compare them @ true < false"],
    ["${null + 1}", "EXPR_TYPE `null` stands where `+` needs a number @ null"],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: empty values", () => {
  it.each<Row>([
    [
      "${税额 + 1}",
      "EXPR_MAYBE_EMPTY `税额` may be empty, and `+` needs a value | say what stands there instead, as in `税额 ?? 0` @ 税额",
    ],
    [
      "${税额 > 1}",
      "EXPR_MAYBE_EMPTY `税额` may be empty, and `>` needs a value | say what stands there instead, as in `税额 ?? 0` @ 税额",
    ],
    [
      '${备注 < "a"}',
      'EXPR_MAYBE_EMPTY `备注` may be empty, and `<` needs a value | say what stands there instead, as in `备注 ?? ""` @ 备注',
    ],
    [
      "${trim(备注)}",
      'EXPR_MAYBE_EMPTY `备注` may be empty, and `trim` needs a value | say what stands there instead, as in `备注 ?? ""` @ 备注',
    ],
    [
      "${科目[备注].科目编码}",
      'EXPR_MAYBE_EMPTY `备注` may be empty, and key `费用类型` of lookup `科目` needs a value | say what stands there instead, as in `备注 ?? ""` @ 备注',
    ],
    [
      "${sum(税额)}",
      "EXPR_MAYBE_EMPTY `税额` may be empty, and `sum` needs a value | say what stands there instead, as in `税额 ?? 0` @ 税额",
    ],
    [
      "${min(税额, 1)}",
      "EXPR_MAYBE_EMPTY `税额` may be empty, and `min` needs a value | say what stands there instead, as in `税额 ?? 0` @ 税额",
    ],
    [
      "${text(备注)}",
      'EXPR_MAYBE_EMPTY `备注` may be empty, and `text` needs a value | say what stands there instead, as in `备注 ?? ""` @ 备注',
    ],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: arguments", () => {
  it.each<Row>([
    ["${trim()}", "EXPR_ARGUMENTS `trim` takes 1 argument, found 0 | it is `trim(value: text) → text` @ trim()"],
    ["${slice(费用类型, 0.5)}", "EXPR_ARGUMENTS `start` of `slice` must be a whole number from 0 to 1000000, found `0.5` @ 0.5"],
    ["${slice(费用类型, -1)}", "EXPR_ARGUMENTS `start` of `slice` must be a whole number from 0 to 1000000, found `-1` @ -1"],
    [
      '${round(1.5, 2, "half")}',
      'EXPR_ARGUMENTS there is no rounding mode `half` | known modes: `half-up`, `half-even`, `half-down`, `up`, `down`, `ceiling`, `floor` @ "half"',
    ],
    ["${round(1.5, 2, 费用类型)}", "EXPR_ARGUMENTS `mode` of `round` must be written out, as text in quotes @ 费用类型"],
    ['${date(费用类型, "YYYY-MM-DD")}', 'EXPR_ARGUMENTS date format `YYYY-MM-DD` has `YYYY`; the year is `yyyy` @ "YYYY-MM-DD"'],
    [
      '${date(费用类型, "yyyy-mm-dd")}',
      'EXPR_ARGUMENTS date format `yyyy-mm-dd` has no month; `mm` is minutes, and the month is `MM` @ "yyyy-mm-dd"',
    ],
    [
      '${date_of(更新时间, "Asia/Shangai")}',
      'EXPR_ARGUMENTS there is no time zone `Asia/Shangai`; names are those of the IANA database, such as `Asia/Shanghai` @ "Asia/Shangai"',
    ],
    ['${divide(1, 0, 2, "up")}', 'EXPR_ARGUMENTS a number cannot be divided by zero @ divide(1, 0, 2, "up")'],
    [
      '${number("abc")}',
      'EXPR_ARGUMENTS `abc` is not a number | numbers are written like `1234.50`, `1,234.50`, `¥1,234.50` or `(12.00)` @ number("abc")',
    ],
    ["${科目[费用类型, 部门].科目编码}", "EXPR_ARGUMENTS lookup `科目` has 1 key, found 2 | write `科目[费用类型]` @ 科目[费用类型, 部门]"],
    ["${科目[费用类型, on: 支付日期].科目编码}", "EXPR_ARGUMENTS lookup `科目` has no dates | leave out `on:` @ 支付日期"],
    [
      '${汇率["USD"].中间价}',
      'EXPR_ARGUMENTS rows of lookup `汇率` are valid for a time, so it needs a date | write `汇率[币种, on: date]` @ 汇率["USD"]',
    ],
    ["${sum(sum(价税合计))}", "EXPR_ARGUMENTS `sum` cannot stand inside `sum`, which already takes each record alone @ 价税合计"],
    ["${sum()}", "EXPR_ARGUMENTS `sum` takes 1 argument, found 0 | it is `sum(x) → number` @ sum()"],
    ["${at([1], 0)}", "EXPR_ARGUMENTS `n` of `at` must be a whole number from 1 to 1000000, found `0` @ 0"],
    [
      "${average(税额 ?? 0, 2)}",
      "EXPR_ARGUMENTS `average` takes 3 arguments, found 2 | it is `average(x, places: number, mode: rounding mode) → number` @ average(税额 ?? 0, 2)",
    ],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: patterns", () => {
  it.each<Row>([
    [
      '${matches(费用类型, "(")}',
      'EXPR_PATTERN pattern `(` cannot be used: missing closing ): `(` | patterns follow RE2: no look-around and no back-references @ "("',
    ],
    ["${matches(费用类型, 费用类型)}", "EXPR_PATTERN `pattern` of `matches` must be written out, as text in quotes @ 费用类型"],
    [
      '${matches(费用类型, "(?=a)")}',
      'EXPR_PATTERN pattern `(?=a)` cannot be used: invalid or unsupported Perl syntax: `(?=` | patterns follow RE2: no look-around and no back-references @ "(?=a)"',
    ],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults: templates", () => {
  it.each<Row>([
    ["x ${1", "EXPR_SYNTAX `${` is never closed by `}` | a literal `${` is written `$${` @ ${1"],
    [
      "${税额} x",
      "EXPR_MAYBE_EMPTY `税额` may be empty, and text around it needs a value | say what stands there instead, as in `税额 ?? 0` @ 税额",
    ],
    [
      "${split('a','b')} x",
      "EXPR_TYPE `split('a','b')` is a list of text, which cannot stand inside text | write `join(…, \",\")` @ split('a','b')",
    ],
    [
      "${a} ${税额} ${'x} ${1+}",
      [
        "EXPR_UNKNOWN_NAME there is no `a` here | known names: `单据编号`, `行号`, `费用类型`, `部门`, `报销人`, `支付日期`, `更新时间`, `价税合计` and 7 more @ a",
        "EXPR_MAYBE_EMPTY `税额` may be empty, and text around it needs a value | say what stands there instead, as in `税额 ?? 0` @ 税额",
        "EXPR_SYNTAX a text is never closed by `'` @ 'x",
        "EXPR_SYNTAX a value is missing, found the end @ }",
      ],
    ],
  ])("%s", (template, faults) => {
    expect(printFaults(template)).toBe(typeof faults === "string" ? faults : faults.join("\n"));
  });
});

describe("faults elsewhere", () => {
  it.each([
    ["abc", "number", "`abc` is text, and this place needs a number"],
    ["1,5", "number", "`1,5` is text, and this place needs a number"],
    ["2026-02-30", "date", "`2026-02-30` is text, and this place needs a date"],
    ["2026-11-20", "datetime", "`2026-11-20` is text, and this place needs a datetime"],
    ["yes", "boolean", "`yes` is text, and this place needs a boolean"],
    ["${价税合计} ", "number", "text around `${…}` makes all of it text, and this place needs a number"],
    ["${价税合计}", "text", "`价税合计` is a number, and this place needs text"],
    ["${税额}", "number", "`税额` may be empty, and this place needs a value"],
  ] as const)("%s as %s", (template, kind, message) => {
    expect(compileTemplate(template, EXAMPLE_SCOPE, { kind, nullable: false }).faults).toEqual([expect.objectContaining({ message })]);
  });

  it("gives offsets in UTF-16 code units", () => {
    const template = "😀${税率 + 1}";
    const [fault] = compileTemplate(template, EXAMPLE_SCOPE, { kind: "text", nullable: false }).faults ?? [];
    expect(fault).toMatchObject({ start: 4, end: 6 });
  });

  it("refuses aggregates where the document is not known", () => {
    const scope: Scope = { ...EXAMPLE_SCOPE, aggregates: false };
    expect(printFaults("${sum(价税合计)}", scope)).toBe(
      "EXPR_ARGUMENTS `sum` is about all records of a document, and here only one record is known | use it in the header, in checks, or in lines with `each: document` @ 价税合计",
    );
    expect(printFaults("${count() > 0}", scope)).toContain("EXPR_ARGUMENTS");
    expect(printFaults("${max(价税合计, 1)}", scope)).toBe("");
    expect(printFaults("${max([价税合计, 1])}", scope)).toBe("");
  });

  it("reads a bare expression with offsets into itself", () => {
    expect(compileExpression("税额 > 0", EXAMPLE_SCOPE, { kind: "boolean", nullable: false }).faults).toEqual([
      expect.objectContaining({ code: "EXPR_MAYBE_EMPTY", start: 0, end: 2 }),
    ]);
    expect(compileExpression("价税合计 }", EXAMPLE_SCOPE, { kind: "number", nullable: false }).faults?.[0]).toMatchObject({
      code: "EXPR_SYNTAX",
      start: 5,
    });
  });
});
