import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of what stands between `${` and `}`. */
export const EXPRESSIONS: Explanations<Extract<ProblemCode, `EXPR_${string}`>> = {
  EXPR_SYNTAX: {
    who: ["it"],
    en: {
      means: "What stands between `${` and `}` cannot be read: a value, a bracket or a quote is missing, or a sign means nothing here.",
      matters: "An expression that is half understood would give an amount or an account that nobody wrote.",
      mend: [
        "Go to the place that is marked. Operators and functions, each with an example: docs/expressions.md",
        "Names with blanks or brackets in them stand in backquotes. Division is `divide(a, b, places, mode)`, so that rounding is said.",
        "Check: `sync validate`, then `sync test`",
      ],
    },
    zh: {
      means: "`${` 与 `}` 之间的内容无法读取：缺少值、括号或引号，或出现了没有意义的符号。",
      matters: "表达式只读懂一半，算出来的金额或科目就不是任何人写的。",
      mend: [
        "看标出的位置。运算符和函数（都带示例）见 docs/expressions.md",
        "含空格或括号的列名要用反引号括起来。除法写成 `divide(a, b, places, mode)`，舍入方式要写明。",
        "检查：`sync validate`，再 `sync test`",
      ],
    },
  },
  EXPR_UNKNOWN_NAME: {
    who: ["it"],
    en: {
      means:
        "An expression names a field, a lookup or a column that does not exist. Fields are those of the record schema, not the headings of the file.",
      matters: "An amount taken from a column that is not there would be empty, and book nothing.",
      mend: [
        "Correct the name as the hint says; Chinese look-alikes such as `税颔` for `税额` are found.",
        "If the export brings a new column: add it to the record schema. If it only has another heading, add that under `source.columns`.",
        "Check: `sync validate`",
      ],
    },
    zh: {
      means: "表达式里写的字段、对照表或列不存在。字段以记录格式（schema）为准，不是文件里的列标题。",
      matters: "从不存在的列取金额，得到的是空值，就什么也记不进去。",
      mend: [
        "按提示更正名称；形近字（如把 `税额` 写成 `税颔`）也能查出来。",
        "导出文件多了一列：把它加进记录格式。只是列标题变了：加到 `source.columns` 里。",
        "检查：`sync validate`",
      ],
    },
  },
  EXPR_UNKNOWN_FUNCTION: {
    who: ["it"],
    en: {
      means: "An expression calls a function that does not exist.",
      matters: "The value it should have made is an amount, a date or an account of a voucher.",
      mend: ["Correct the name as the hint says. All functions: docs/expressions.md", "Check: `sync validate`"],
    },
    zh: {
      means: "表达式调用了不存在的函数。",
      matters: "它本来要算出凭证上的金额、日期或科目。",
      mend: ["按提示更正函数名。全部函数见 docs/expressions.md", "检查：`sync validate`"],
    },
  },
  EXPR_TYPE: {
    who: ["it"],
    en: {
      means: "A value is of the wrong kind for its place: text where money is needed, a number where a code is needed.",
      matters:
        "Codes are text, so that `00042` stays `00042`; money is an exact number. If one is taken for the other, zeros and cents get lost.",
      mend: [
        "Convert it on purpose, as the hint says: `number(…)`, `text(…)`, `date(…)`.",
        "Or correct the kind of the field in the record schema.",
        "Check: `sync validate`, then `sync test`",
      ],
    },
    zh: {
      means: "值的类型与所在位置不符：该是金额的地方写了文本，该是编码的地方写了数字。",
      matters: "编码是文本，`00042` 才不会变成 `42`；金额是精确的数。混用会丢掉前导零或分位。",
      mend: [
        "按提示明确转换：`number(…)`、`text(…)`、`date(…)`。",
        "或更正记录格式中该字段的类型。",
        "检查：`sync validate`，再 `sync test`",
      ],
    },
  },
  EXPR_MAYBE_EMPTY: {
    who: ["it", "accountant"],
    en: {
      means: "A field that may be empty is used as if it always had a value. The schema says that it may be empty.",
      matters: "An empty tax is not the same as a tax of zero. Which of the two it is, somebody has to say.",
      mend: [
        "Say what stands there instead: `税额 ?? 0`. Ask the accountant what an empty cell means.",
        "If it is never empty: make the field required in the record schema. A row without it then waits.",
        "Check: `sync validate`, then `sync test`",
      ],
    },
    zh: {
      means: "某个字段可能为空，表达式却当它一定有值。记录格式里写明了它可以为空。",
      matters: "“没有税额”与“税额为零”不是一回事，究竟是哪一种，要有人说清楚。",
      mend: [
        "写明为空时取什么：`税额 ?? 0`。空单元格是什么意思，请问会计。",
        "如果从不为空：在记录格式里设为必填，缺少它的行就会待处理。",
        "检查：`sync validate`，再 `sync test`",
      ],
    },
  },
  EXPR_ARGUMENTS: {
    who: ["it"],
    en: {
      means: "A function or a lookup is given too few, too many, or the wrong values, or stands where it cannot.",
      matters:
        "Mostly it is `round` without places, or a lookup without its date: then the cents or the valid row would be left to chance.",
      mend: ["Write it as the hint shows. All functions: docs/expressions.md", "Check: `sync validate`"],
    },
    zh: {
      means: "给函数或对照表的参数太少、太多、类型不对，或用在了不能用的地方。",
      matters: "最常见的是 `round` 没写小数位、对照表没给日期：分位怎么舍、取哪一行，就说不准了。",
      mend: ["照提示的写法改。全部函数见 docs/expressions.md", "检查：`sync validate`"],
    },
  },
  EXPR_PATTERN: {
    who: ["it"],
    en: {
      means: "A pattern (regular expression) cannot be used. Patterns follow RE2: no look-around, no back-references.",
      matters: "Other patterns can take hours on one long text, and the night would hang.",
      mend: ["Correct the pattern. What RE2 leaves out can mostly be said with two patterns and `and`.", "Check: `sync validate`"],
    },
    zh: {
      means: "正则表达式不可用。这里采用 RE2 语法，不支持环视和反向引用。",
      matters: "其他写法遇到很长的文本可能算上几个小时，夜间任务就卡死了。",
      mend: ["更正表达式。RE2 不支持的写法，多半可以用两个表达式加 `and` 来代替。", "检查：`sync validate`"],
    },
  },
};
