/** One file of the project that `sync init` makes. */
export interface SampleFile {
  readonly path: string;
  readonly text: string;
  /** The sample export is written as Chinese expense systems write theirs. */
  readonly encoding: "utf8" | "gb18030";
}

const PROJECT = `# The project: where the store is, and which systems there are. Pipelines name connections, never folders or secrets.
project: sample
store: .sync/store.db
timeZone: Asia/Shanghai

connections:
  # The folder into which the expense system writes its export every night.
  exports:
    connector: csv
    folder: exports

  # The built-in double-entry ledger. Change this connection, and the same pipelines post into your ERP.
  books:
    connector: ledger
    file: .sync/books.db
    chart: lookups/chart-of-accounts.csv
    periods:
      closed_through: 2026-09

# What differs in rehearsal: sync run --env uat
environments:
  uat:
    store: .sync/uat-store.db
    connections:
      books: { file: .sync/uat-books.db }
`;

const PIPELINE = `pipeline: expense-to-gl
title: 报销单 → 总账凭证

source:
  connection: exports
  files: expenses-*.csv
  record: ../schemas/expense-line.schema.json
  key: [单据编号, 行号]
  delivers: documents # each export holds all lines of every claim in it
  columns:
    价税合计: [金额, "金额(元)"] # other names under which the column may arrive
  dates: [yyyy-MM-dd, yyyy/M/d]

lookups:
  科目:
    csv: ../lookups/expense-accounts.csv
    key: 费用类型
    missing: quarantine # a fee type without an account waits until a row is added

document:
  type: journal
  key: \${单据编号}
  when: \${单据状态 in ["已审批", "已支付"]}
  header:
    date: \${审批日期 ?? 提交日期}
    currency: CNY
    text: 报销 \${单据编号} \${报销人}
    attachments: \${sum(附件张数 ?? 0)}
  lines:
    - debit: \${不含税金额}
      account: \${科目[费用类型].科目编码}
      text: \${费用类型} \${事由}
      dimensions: { 部门: "\${部门编码}" }
    - when: \${税额 != 0}
      debit: \${税额}
      account: "22210101"
    - each: document
      credit: \${sum(价税合计)}
      account: "224101"
      partner: \${工号}

checks:
  - unique: 发票号码
  - require: \${sum(不含税金额) + sum(税额) == sum(价税合计)}
    else: net and tax do not add up to the total

stop_when: { quarantined: 50% }

target:
  connection: books
`;

const SCHEMA = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "one line of an expense claim",
  "type": "object",
  "required": ["单据编号", "行号", "单据状态", "提交日期", "报销人", "工号", "部门编码", "费用类型", "事由", "价税合计", "税额", "不含税金额"],
  "properties": {
    "单据编号": { "type": "string" },
    "行号": { "type": "string" },
    "单据状态": { "enum": ["审批中", "已审批", "已支付", "已作废"] },
    "提交日期": { "type": "string", "format": "date" },
    "审批日期": { "type": "string", "format": "date" },
    "报销人": { "type": "string", "x-personal": true },
    "工号": { "type": "string" },
    "部门编码": { "type": "string" },
    "费用类型": { "type": "string" },
    "事由": { "type": "string" },
    "价税合计": { "type": "string", "format": "decimal" },
    "税额": { "type": "string", "format": "decimal" },
    "不含税金额": { "type": "string", "format": "decimal" },
    "发票号码": { "type": "string" },
    "附件张数": { "type": "string", "format": "decimal" }
  }
}
`;

const ACCOUNTS = `费用类型,科目编码,科目名称
差旅费,660201,管理费用-差旅费
业务招待费,660202,管理费用-业务招待费
办公费,660203,管理费用-办公费
`;

const CHART = `科目编码,科目名称,类型,上级科目编码
2221,应交税费,负债,
222101,应交增值税,负债,2221
22210101,进项税额,负债,222101
2241,其他应付款,负债,
224101,其他应付款-员工,负债,2241
6602,管理费用,费用,
660201,差旅费,费用,6602
660202,业务招待费,费用,6602
660203,办公费,费用,6602
`;

const EXPORT = `单据编号,行号,单据状态,提交日期,审批日期,报销人,工号,部门编码,费用类型,事由,价税合计,税额,不含税金额,发票号码,附件张数
BX26110001,1,已支付,2026-11-02,2026-11-03,王小明,00017,D01,差旅费,上海出差 火车,"1,106.00",91.32,"1,014.68",26317000000000000011,2
BX26110001,2,已支付,2026-11-02,2026-11-03,王小明,00017,D01,差旅费,上海出差 住宿,848.00,48.00,800.00,26317000000000000012,1
BX26110002,1,已审批,2026-11-04,2026/11/5,李芳,00042,D02,业务招待费,客户午餐,¥356.50,0.00,356.50,26317000000000000013,1
BX26110003,1,已审批,2026-11-05,2026-11-06,陈伟,00008,D01,办公费,打印纸,113.00,13.00,100.00,26317000000000000014,1
BX26110004,1,审批中,2026-11-06,,赵敏,00023,D02,差旅费,北京出差,560.00,0.00,560.00,,1
BX26110005,1,已审批,2026-11-06,2026-11-09,孙丽,00031,D03,会议费,季度会议,2000.00,0.00,2000.00,26317000000000000016,3
BX26110006,1,已审批,2026-11-07,2026-11-09,周强,00055,D03,办公费,键盘,二百元,0.00,200.00,,1
`;

export const SAMPLE_FILES: readonly SampleFile[] = [
  { path: "sync.yaml", text: PROJECT, encoding: "utf8" },
  { path: "pipelines/expense-to-gl.yaml", text: PIPELINE, encoding: "utf8" },
  { path: "schemas/expense-line.schema.json", text: SCHEMA, encoding: "utf8" },
  { path: "lookups/expense-accounts.csv", text: ACCOUNTS, encoding: "utf8" },
  { path: "lookups/chart-of-accounts.csv", text: CHART, encoding: "utf8" },
  { path: "exports/expenses-2026-11-09.csv", text: EXPORT, encoding: "gb18030" },
  { path: ".gitignore", text: ".sync/\n", encoding: "utf8" },
];
