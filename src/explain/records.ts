import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of single records and documents: what was read, what was made of it, and what the pipeline checks. */
export const RECORDS: Explanations<Extract<ProblemCode, `${"RECORD" | "MAP" | "DOCUMENT"}_${string}`>> = {
  RECORD_MALFORMED: {
    who: ["source", "it"],
    en: {
      means: "A row of the export cannot be split into its columns: too few or too many cells, or a stray quote.",
      matters:
        "Shifted by one cell, the tax would be read as the total. If the document's number stands in the row, that document waits too.",
      mend: [
        "See the row as it came: `sync quarantine list`, then `sync quarantine show KEY`",
        "Have it exported again, or mend the row in the file: a cell with a comma or a quote in it stands in quotes. Then `sync run PIPELINE`",
        "If it is a total or a footer: leave it out with `ignore` or `skip_footer` under `source`.",
      ],
    },
    zh: {
      means: "导出文件中有一行拆不成列：单元格太少或太多，或多了一个引号。",
      matters: "错开一格，税额就会被当成合计。该行如果写有单据编号，那张单据也一并待处理。",
      mend: [
        "看原始内容：`sync quarantine list`，再 `sync quarantine show KEY`",
        "重新导出，或修正文件中的这一行：含逗号或引号的单元格要用引号括起来。然后 `sync run PIPELINE`",
        "如果是合计行或页脚：在 `source` 下用 `ignore` 或 `skip_footer` 略过。",
      ],
    },
  },
  RECORD_INVALID: {
    who: ["accountant", "source"],
    en: {
      means: "A row does not fit its schema: a required value is missing, or a date or an amount is none.",
      matters: "A guessed amount would be booked. The whole document waits, because it is never posted without one of its rows.",
      mend: [
        "See the row and what is wrong with it: `sync quarantine show KEY`",
        "Correct it in the system it comes from, and have it exported again. The next run posts the document.",
        "If the row is right and the rule is wrong (a date format, a field that may be empty): correct `dates`, `numbers` or the record schema, then `sync quarantine retry KEY`",
      ],
    },
    zh: {
      means: "导出的行不完整或有误：缺少必填内容，或日期、金额格式不对。",
      matters: "猜出来的金额会被记账。单据从不缺行入账，所以整张单据待处理。",
      mend: [
        "查看该行及其错误：`sync quarantine show KEY`",
        "在来源系统中更正并重新导出，下次运行会过账。",
        "如果数据没错而是规则不对（日期格式、允许为空的字段）：更正 `dates`、`numbers` 或记录格式，然后 `sync quarantine retry KEY`",
      ],
    },
  },
  RECORD_NO_KEY: {
    who: ["it", "source"],
    en: {
      means:
        "A row has no document number, or lacks a part of its key. Nobody can tell which document it belongs to. Often it is a total or a remark.",
      matters: "A real row without its number is money that is missing from some document.",
      mend: [
        "See it: `sync quarantine list`, then `sync quarantine show KEY`",
        'A total or remark: leave such rows out with `ignore` or `skip_footer` under `source`, then drop this one: `sync quarantine drop KEY --reason "total"`',
        "A real row: have the number put in at the source, and have it exported again.",
      ],
    },
    zh: {
      means: "有一行没有单据编号，或主键不全，无法判断属于哪张单据。多为合计行或备注行。",
      matters: "如果是真正的明细，就有某张单据少了一笔钱。",
      mend: [
        "查看：`sync quarantine list`，再 `sync quarantine show KEY`",
        '合计行或备注行：在 `source` 下用 `ignore` 或 `skip_footer` 略过，再移出这一项：`sync quarantine drop KEY --reason "合计行"`',
        "真正的明细：请在来源系统补上编号并重新导出。",
      ],
    },
  },
  RECORD_MISSING: {
    who: ["source"],
    en: {
      means:
        "A delivery that should hold all rows lacks one that was there before, and another row of it could not be read. The missing row may be that one.",
      matters: "Taken for deleted, its document would be reversed although nothing is wrong with it.",
      mend: [
        "Mend the row that could not be read: `sync quarantine list` shows it as `RECORD_MALFORMED` or `RECORD_NO_KEY`.",
        "Have the delivery exported again as a whole. If the row is really gone, that takes it away.",
      ],
      cause: "an export that is whole by `source.whole` has a broken row, and a claim of last week is not in it",
    },
    zh: {
      means: "本该包含全部明细的文件里，少了以前有过的一行，而其中又有一行读不出来。少的可能就是那一行。",
      matters: "如果当成已删除，本来没有问题的单据会被冲销。",
      mend: [
        "先修正读不出来的那一行：在 `sync quarantine list` 中显示为 `RECORD_MALFORMED` 或 `RECORD_NO_KEY`。",
        "请整份重新导出。如果那一行确实删掉了，届时会自动去掉。",
      ],
      cause: "按 `source.whole` 应当完整的导出里有一行损坏，而上周的一张单据不在其中",
    },
  },
  RECORD_TWICE: {
    who: ["source", "it"],
    en: {
      means: "Two different rows of one file have one key. Equal rows would count once; these differ.",
      matters: "Either it is one row in two versions, and booking both would pay twice, or they are two rows, and one would be lost.",
      mend: [
        "Compare the two rows: `sync quarantine show KEY`, and the file at the line of the message.",
        "One of them is wrong: correct it in the system it comes from.",
        "Both are right: add the field in which they differ to `source.key`. Newer and older: give a `source.cursor`. Then `sync run PIPELINE --full`",
      ],
    },
    zh: {
      means: "同一文件里有两行主键相同而内容不同。内容相同的只算一行，这两行不同。",
      matters: "要么是同一行的两个版本，都记就会重复付款；要么是两行，只记一行就会漏。",
      mend: [
        "比较两行：`sync quarantine show KEY`，并按提示的行号看文件。",
        "其中一行有误：在来源系统中更正。",
        "两行都对：把能区分它们的字段加进 `source.key`；是新旧版本：设置 `source.cursor`。然后 `sync run PIPELINE --full`",
      ],
    },
  },
  MAP_FAILED: {
    who: ["it", "accountant"],
    en: {
      means:
        "An expression has no answer for the rows of this document: a division by zero, a text that is no number or date, weights that add up to zero.",
      matters: "An account, amount or text of the voucher could not be worked out. Nothing is put in its place.",
      mend: [
        "See which rows: `sync quarantine show KEY`. The message marks the place in the pipeline.",
        "If the row is wrong: correct it in the system it comes from.",
        "If such rows are right: say in the pipeline what is booked then (`when`, `??`, `? :`). Try it: `sync test`, then `sync quarantine retry KEY`",
      ],
    },
    zh: {
      means: "对这张单据的明细，某个表达式算不出结果：除以零、文本不是数字或日期、分摊比例合计为零。",
      matters: "凭证上的科目、金额或摘要无法得出，程序不会随便填一个。",
      mend: [
        "看是哪些行：`sync quarantine show KEY`。提示标出了管道文件中的位置。",
        "数据有误：在来源系统中更正。",
        "数据没错：在管道里写明这种情况怎么记（`when`、`??`、`? :`）。先 `sync test`，再 `sync quarantine retry KEY`",
      ],
    },
  },
  MAP_LOOKUP_MISSING: {
    who: ["accountant"],
    en: {
      means: "A lookup has no row for a value: nobody has said yet which account, or the like, belongs to it. Or no row holds on that day.",
      matters: "Booked to some default account, the expense would be in the wrong place, and nobody would look there.",
      mend: [
        "Add the value to the CSV file of the lookup that the message names: which account does it belong to, from which day?",
        "Check and post: `sync validate`, then `sync quarantine retry KEY`, or wait for the next run.",
        "If the value is misspelt in the claim: correct it in the system it comes from.",
      ],
    },
    zh: {
      means: "对照表里没有这个值对应的行：还没有人说过它对应哪个科目或编码；或者当天没有生效的行。",
      matters: "如果随便记到一个默认科目，费用就记错了地方，而且没有人会去查。",
      mend: [
        "在提示所说的对照表（CSV 文件）中补上这个值：对应哪个科目、从哪天起？",
        "检查并过账：`sync validate`，再 `sync quarantine retry KEY`，或等下次运行。",
        "如果是单据上写错了：在来源系统中更正。",
      ],
    },
  },
  MAP_LOOKUP_STOP: {
    who: ["accountant", "it"],
    en: {
      means: "A lookup has no row for a value, and the pipeline says that this one must be complete (`missing: stop`).",
      matters: "Whoever wrote that wants nothing to be posted before the table is right: with one gap, more may be wrong with it.",
      mend: [
        "Add the row to the CSV file of the lookup. Is it the newest version of the table?",
        "Then: `sync validate` and `sync run PIPELINE`",
        "If single documents may wait while the others go on: `missing: quarantine` in the pipeline.",
      ],
    },
    zh: {
      means: "对照表里没有这个值，而管道规定这张表必须完整（`missing: stop`）。",
      matters: "这样规定，就是要求表不对之前什么都不过账：缺了一行，可能还缺别的。",
      mend: [
        "在对照表（CSV 文件）中补上。用的是最新版的表吗？",
        "然后：`sync validate`，再 `sync run PIPELINE`",
        "如果允许个别单据等待、其余照常：在管道里改成 `missing: quarantine`。",
      ],
    },
  },
  MAP_DISAGREE: {
    who: ["accountant", "it"],
    en: {
      means:
        "The rows of one document contradict each other in something that it can have only once, such as its date, its currency, or whether it is approved.",
      matters: "Taking the first row would book the others on the wrong day or in the wrong currency.",
      mend: [
        "See the rows: `sync quarantine show KEY`",
        "If they should agree: correct the document in the system it comes from.",
        "If they may differ: say in the pipeline which counts, such as `max(支付日期)`, or make it a part of `document.key`. Then `sync quarantine retry KEY`",
      ],
    },
    zh: {
      means: "同一单据的明细在只能有一个值的地方互相矛盾，例如日期、币种，或是否已审批。",
      matters: "如果只取第一行，其余的就会记错日期或币种。",
      mend: [
        "查看明细：`sync quarantine show KEY`",
        "本应一致：在来源系统中更正单据。",
        "允许不同：在管道里写明以哪个为准，如 `max(支付日期)`，或把它加进 `document.key`。然后 `sync quarantine retry KEY`",
      ],
    },
  },
  MAP_AMOUNT: {
    who: ["accountant", "it"],
    en: {
      means: "An amount has more decimal places than its currency has coins for, such as 100.005 CNY.",
      matters: "Somebody has to say which way it is rounded. Else the fractions add up, and debit and credit differ by a cent.",
      mend: [
        "If the amount is wrong: correct it in the system it comes from.",
        'If it comes of a calculation: round it on purpose in the pipeline, `round(x, 2, "half-up")`. Then `sync quarantine retry KEY`',
      ],
    },
    zh: {
      means: "金额的小数位数超过该币种允许的位数，例如 100.005 元。",
      matters: "怎么舍入要有人说清楚，否则尾差累积，借贷会差一分钱。",
      mend: ["金额有误：在来源系统中更正。", '是计算出来的：在管道里明确舍入，`round(x, 2, "half-up")`。然后 `sync quarantine retry KEY`'],
    },
  },
  MAP_HEADER: {
    who: ["accountant", "it"],
    en: {
      means:
        "A value that the whole document has cannot be booked: a day that does not exist, a currency that is no ISO code, a number of attachments, an empty account.",
      matters: "The ERP would refuse it, or take today and the home currency instead.",
      mend: [
        "See the rows: `sync quarantine show KEY`",
        "Correct it in the system it comes from. If that system always writes it so (`人民币` for `CNY`): translate it with a lookup in the pipeline.",
        "Then `sync quarantine retry KEY`, or wait for the next run.",
      ],
    },
    zh: {
      means: "整张单据共有的某个值无法入账：日期不存在、币种不是 ISO 代码、附件张数不对，或科目为空。",
      matters: "ERP 会拒收，或者擅自改用当天日期和本位币。",
      mend: [
        "查看明细：`sync quarantine show KEY`",
        "在来源系统中更正。如果对方一直这样写（`人民币` 而不是 `CNY`）：在管道里用对照表转换。",
        "然后 `sync quarantine retry KEY`，或等下次运行。",
      ],
    },
  },
  DOCUMENT_BAD_RECORD: {
    who: ["accountant", "source"],
    en: {
      means: "One row of this document cannot be used, so all of it waits.",
      matters: "A document is booked whole or not at all. Without that row, the voucher would lack part of the claim.",
      mend: [
        "See which row, and why: `sync quarantine show KEY`",
        "Put the row right, as its own code says; the document follows by itself with the next run.",
      ],
    },
    zh: {
      means: "这张单据有一行明细不能用，所以整张等待。",
      matters: "单据要么整张入账，要么不入账。少了这一行，凭证就缺一部分。",
      mend: ["看是哪一行、为什么：`sync quarantine show KEY`", "按那一行自己的代码更正；下次运行时单据随即恢复。"],
    },
  },
  DOCUMENT_EMPTY: {
    who: ["accountant"],
    en: {
      means: "Nothing is left to book: all amounts are zero, or every line was left out by its `when`.",
      matters: "An empty voucher helps nobody. But if there should be money in it, it is missing from the books.",
      mend: [
        "Look at the amounts: `sync quarantine show KEY` and `sync show KEY`",
        'If zero is right: `sync quarantine drop KEY --reason "zero"`. If that is common: leave such documents out with `document.when`.',
        "If not: correct the amounts in the system it comes from.",
      ],
    },
    zh: {
      means: "没有可入账的内容：金额全部为零，或每条分录都被 `when` 略过了。",
      matters: "空凭证没有用处；但如果本该有金额，账上就少了这一笔。",
      mend: [
        "核对金额：`sync quarantine show KEY` 和 `sync show KEY`",
        '确实为零：`sync quarantine drop KEY --reason "金额为零"`。经常如此：用 `document.when` 排除。',
        "不应为零：在来源系统中更正金额。",
      ],
    },
  },
  DOCUMENT_UNBALANCED: {
    who: ["accountant"],
    en: {
      means: "Debit and credit of the document differ. The message says by how much.",
      matters: "No ledger may take a voucher that does not balance. The difference is money that nobody knows where to book.",
      mend: [
        "Compare net, tax and total of the rows: `sync quarantine show KEY`, and where each line comes from: `sync show KEY --why`",
        "If the claim is wrong: correct it in the system it comes from.",
        "If all such claims differ: a line is missing in the mapping, or one is left out by its `when`. Add a case and try it: `sync test`",
      ],
    },
    zh: {
      means: "单据的借方与贷方不相等，差额写在提示里。",
      matters: "任何账套都不能接收不平的凭证。差额就是一笔不知道该记到哪里的钱。",
      mend: [
        "核对明细的不含税金额、税额与价税合计：`sync quarantine show KEY`；看每条分录的由来：`sync show KEY --why`",
        "单据有误：在来源系统中更正。",
        "这类单据都不平：映射里少了一条分录，或被 `when` 略过了。加一个用例试算：`sync test`",
      ],
    },
  },
  DOCUMENT_CHECK: {
    who: ["accountant"],
    en: {
      means: "The document does not meet a check that somebody wrote into the pipeline. The message is that person's own words.",
      matters: "The check is there because such documents were booked wrongly before, or need somebody to look.",
      mend: [
        "Do what the message says. The document: `sync quarantine show KEY`",
        'If the document is wrong: correct it in the system it comes from. If it must not be posted: `sync quarantine drop KEY --reason "booked by hand"`',
        "If the check is too strict: change it under `checks`, then `sync quarantine retry KEY`",
      ],
    },
    zh: {
      means: "单据未通过管道 `checks` 中的一项检查。提示就是写这条检查的人的原话。",
      matters: "有这条检查，是因为这类单据以前记错过，或需要人看一眼。",
      mend: [
        "照提示去做。查看单据：`sync quarantine show KEY`",
        '单据有误：在来源系统中更正。不应过账：`sync quarantine drop KEY --reason "已手工入账"`',
        "检查过严：修改 `checks`，然后 `sync quarantine retry KEY`",
      ],
    },
  },
  DOCUMENT_NOT_UNIQUE: {
    who: ["accountant"],
    en: {
      means:
        "A value that must be unique, such as an invoice number, stands in two documents. This is the second one; the message names the first, and its pipeline where that is another.",
      matters: "An invoice that is handed in twice would be paid twice.",
      mend: [
        "Compare the two: `sync show KEY`, once for each.",
        'This one is the double: have it rejected in the expense system, and `sync quarantine drop KEY --reason "invoice handed in twice"`',
        "The number was mistyped: correct it in the system it comes from.",
      ],
    },
    zh: {
      means: "必须唯一的值（例如发票号码）出现在两张单据中。这是后来的一张，先前的一张写在提示里；如果属于另一个管道，也会写明。",
      matters: "同一张发票报销两次，就会付两次钱。",
      mend: [
        "比较两张单据：分别执行 `sync show KEY`",
        '这张是重复的：在报销系统中驳回，并 `sync quarantine drop KEY --reason "发票重复报销"`',
        "号码录错了：在来源系统中更正。",
      ],
    },
  },
};
