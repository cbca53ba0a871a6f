import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadAll, loadPipeline } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { loadProject } from "../../src/config/project.js";
import { aFolder, load, PIPELINE, registry, SCHEMA, told } from "./project-folder.js";

async function onePipeline(files: Readonly<Record<string, string>> = {}): Promise<Pipeline> {
  const { pipelines, problems } = await load(aFolder(files));
  expect(told(problems)).toEqual([]);
  return pipelines[0] as Pipeline;
}

async function problemsOf(pipeline: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { problems } = await load(aFolder({ "pipelines/expense.yaml": pipeline, ...files }));
  return told(problems);
}

describe("a pipeline", () => {
  it("is compiled whole", async () => {
    const pipeline = await onePipeline();
    expect(pipeline).toMatchObject({ name: "expense", title: "expense", tags: [], stopWhen: null, lookups: [] });
    expect(pipeline.source).toMatchObject({ key: null, cursor: null, delivers: "lines", dates: [], numbers: { decimal: ".", group: "," } });
    expect(pipeline.source.options).toMatchObject({ files: "*.csv", encoding: "detect" });
    expect(pipeline.source.schema.fields.map((field) => [field.name, field.type, field.nullable])).toEqual([
      ["单据编号", "text", false],
      ["支付日期", "date", false],
      ["费用类型", "text", false],
      ["金额", "number", false],
      ["部门", "text", false],
      ["比例", "text", false],
    ]);
    expect(pipeline.mapping.lines.map((line) => [line.side, line.each, line.account.constant])).toEqual([
      ["debit", "record", "6602"],
      ["credit", "record", "2241"],
    ]);
    expect(pipeline.target).toMatchObject({ name: "books", changed: "reverse and repost", gone: "reverse" });
  });

  it("reads everything that can be said", async () => {
    const text = PIPELINE.replace(
      "document:",
      "stop_when: { quarantined: 2.5% }\ntags: [nightly]\nchecks:\n  - unique: 单据编号\n  - require: ${sum(金额) > 0}\n    else: nothing to book\ndocument:",
    )
      .replace(
        "  record:",
        "  key: [单据编号, 部门]\n  cursor: { field: 支付日期, overlap: 2d }\n  columns: { 金额: [Amount, 金额(元)] }\n  dates: yyyy/M/d\n  record:",
      )
      .replace(
        "      account: 6602\n",
        `      account: 00042
      share: { amount: "\${金额}", by: '\${numbers(split(比例, "/"))}', with: { 部门: '\${split(部门, "/")}' } }
      dimensions: { 部门: "\${share.部门}", 权重: "\${text(share.weight)}" }
`,
      )
      .replace("debit: ${金额}", "debit: ${share.amount}")
      .replace("  lines:", "  negative: other side\n  merge by: [account, 部门]\n  lines:");
    const pipeline = await onePipeline({ "pipelines/expense.yaml": text });
    expect(pipeline.source).toMatchObject({ key: [0, 4], cursor: { field: 1, overlapMs: 172_800_000 }, dates: ["yyyy/M/d"] });
    expect(pipeline.source.aliases[3]).toEqual(["Amount", "金额(元)"]);
    expect(pipeline.stopWhen).toEqual({ share: 0.025 });
    expect(pipeline.mapping).toMatchObject({ negative: "other side", mergeBy: ["account", "部门"] });
    expect(pipeline.mapping.lines[0]?.account.constant).toBe("00042");
    expect(pipeline.mapping.lines[0]?.share?.with.map((each) => each.name)).toEqual(["部门"]);
    expect(pipeline.checks.map((check) => check.kind)).toEqual(["unique", "require"]);
  });

  it.each([
    [
      "  connection: books",
      "  connection: erp\n  company: 001\n  password: hunter2-long",
      "CONFIG_UNKNOWN_KEY pipelines/expense.yaml:18:3 `password` belongs to the connection of `vault`, not to a pipeline",
    ],
    [
      "  connection: books",
      "  connection: erp\n  company: 1",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:17:12 `company` is `1`; expected text that fits `^\\d{3}$`",
    ],
    [
      "  type: journal",
      "  type: journl",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:7:9 unknown value `journl` for `type`; expected one of `journal`, `payable`, `expense_claim`, `payment`, `asset`, `budget_usage`, `entity`, `result`",
    ],
    [
      "  connector: csv",
      "  connector: csv\n  connection: books",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:3:14 `source` gives both `connection` and `connector`; expected one of them",
    ],
    [
      "  connector: csv\n",
      "",
      "CONFIG_MISSING_KEY pipelines/expense.yaml:2:1 `source` names no system; expected `connection` or `connector`",
    ],
    ["currency: CNY, ", "", "CONFIG_MISSING_KEY pipelines/expense.yaml:9:3 the header has no `currency`"],
    ["currency: CNY", "curency: CNY", "CONFIG_UNKNOWN_KEY pipelines/expense.yaml:9:30 a `journal` has no header value `curency`"],
    [
      "    - debit:",
      "    - amount:",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:11:7 a line of a `journal` has no `amount`; expected `debit` or `credit`",
    ],
    [
      "    - debit:",
      "    - fields: { tax: 1 }\n      debit:",
      "CONFIG_UNKNOWN_KEY pipelines/expense.yaml:11:17 a line of a `journal` has no value `tax`",
    ],
    [
      "  lines:",
      "  merge by: [acount]\n  lines:",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:10:14 lines cannot be merged by `acount`: no line has it",
    ],
    [
      "  record:",
      "  cursor: { field: 单据编号, overlap: 1d }\n  record:",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:5:35 an overlap needs a cursor that is a time; `单据编号` is a text",
    ],
    [
      "  record:",
      "  cursor: { field: 支付日期, overlap: 90 }\n  record:",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:5:35 overlap `90` has no unit",
    ],
    [
      "  record:",
      "  dates: YYYY-MM-DD\n  record:",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:5:10 date format `YYYY-MM-DD` has `YYYY`; the year is `yyyy`",
    ],
    [
      "  record:",
      "  numbers: { decimal: ',' }\n  record:",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:5:23 `decimal` and `group` are both `,`",
    ],
    ["  record:", "  columns: { 金颔: Amount }\n  record:", "EXPR_UNKNOWN_NAME pipelines/expense.yaml:5:14 the record has no field `金颔`"],
    ["  key: ${单据编号}", "  key: ${first(单据编号)}", "EXPR_ARGUMENTS"],
    [
      "currency: CNY",
      "currency: CNY, attachments: two",
      "EXPR_TYPE pipelines/expense.yaml:9:58 `two` is text, and this place needs a number",
    ],
  ])("reports one problem: %s → %s", async (from, to, message) => {
    expect(PIPELINE).toContain(from);
    const sync = `connections:
  books: { connector: ledger, file: books.db, chart: chart.csv }
  erp: { connector: vault, host: h }
`;
    const problems = await problemsOf(PIPELINE.replace(from, to), { "sync.yaml": sync });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
    expect(problems[0]).not.toContain("hunter2");
  });

  it("refuses a document the target does not take", async () => {
    const text = PIPELINE.replace("type: journal", "type: payable")
      .replace("currency: CNY", "currency: CNY, supplier: V001")
      .replace("debit: ${金额}", "amount: ${金额}")
      .replace('    - credit: ${金额}\n      account: "2241"\n', "")
      .replace("connection: books", "connection: erp\n  company: '001'");
    const problems = await problemsOf(text, { "sync.yaml": "connections: { erp: { connector: vault, host: h } }\n" });
    expect(problems).toEqual(["CONFIG_DOCUMENT pipelines/expense.yaml:7:9 `vault` takes no `payable`; it takes `journal`"]);
  });

  it("is loaded although another has problems, and alone", async () => {
    const folder = aFolder({ "pipelines/broken.yaml": "pipeline: broken\n" });
    const { value: project } = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors: registry });
    if (project === null) throw new Error("the project has problems");
    const { pipelines, problems } = await loadAll(project, { connectors: registry });
    expect(pipelines.map((pipeline) => pipeline.name)).toEqual(["expense"]);
    expect(problems.map((each) => each.code)).toEqual(["CONFIG_MISSING_KEY", "CONFIG_MISSING_KEY", "CONFIG_MISSING_KEY"]);
    const alone = await loadPipeline(join(folder, "pipelines/expense.yaml"), project, { connectors: registry });
    expect(alone.value?.fingerprint).toBe(pipelines[0]?.fingerprint);
    const none = await loadPipeline(join(folder, "pipelines/none.yaml"), project, { connectors: registry });
    expect(told(none.problems)).toEqual(["CONFIG_NO_PIPELINE pipelines/none.yaml:: there is no such pipeline file"]);
  });
});

describe("include", () => {
  const shared = PIPELINE.replace("pipeline: expense\n", "").replace("record.schema.json", "../record.schema.json");

  it("gives what the file leaves out, with the paths and places of its own file", async () => {
    const pipeline = await onePipeline({
      "pipelines/expense.yaml": "pipeline: expense\ninclude: [shared/first.yaml, shared/base.yaml]\nsource: { files: 差旅-*.csv }\n",
      "pipelines/shared/first.yaml": "tags: [first]\ntitle: 第一\n",
      "pipelines/shared/base.yaml": `${shared}tags: [second]\n`,
    });
    expect(pipeline).toMatchObject({ name: "expense", title: "第一", tags: ["first"] });
    expect(pipeline.source.options).toMatchObject({ files: "差旅-*.csv" });
    expect(pipeline.source.schema.file).toMatch(/pipelines\/record\.schema\.json$/);
    expect(pipeline.mapping.key.placeOf(2, 6)).toMatchObject({ file: "pipelines/shared/base.yaml", line: 7, column: 10 });
  });

  it("reports a mistake in a shared file once", async () => {
    const { problems } = await load(
      aFolder({
        "pipelines/expense.yaml": "pipeline: a\ninclude: shared/base.yaml\n",
        "pipelines/travel.yaml": "pipeline: b\ninclude: shared/base.yaml\n",
        "pipelines/shared/base.yaml": shared.replace("${金额}", "${金颔}"),
      }),
    );
    expect(told(problems)).toEqual(["EXPR_UNKNOWN_NAME pipelines/shared/base.yaml:10:16 there is no `金颔` here"]);
  });

  it("tells a circle between two pipelines once, and a missing file where it is named", async () => {
    expect(await problemsOf("pipeline: a\ninclude: b.yaml\n", { "pipelines/b.yaml": "pipeline: b\ninclude: expense.yaml\n" })).toEqual([
      "CONFIG_INCLUDE_CYCLE pipelines/expense.yaml:2:10 files include each other in a circle: `pipelines/b.yaml` → `pipelines/expense.yaml` → `pipelines/b.yaml`",
    ]);
    expect(await problemsOf("pipeline: a\ninclude:\n  - none.yaml\n")).toEqual([
      "CONFIG_MISSING_FILE pipelines/expense.yaml:3:5 included file `none.yaml` does not exist",
    ]);
  });

  it("follows aliases and merge keys of YAML", async () => {
    const text = PIPELINE.replace("    - debit: ${金额}", "    - &line\n      debit: ${金额}").replace(
      '    - credit: ${金额}\n      account: "2241"',
      "    - *line\n    - <<: *line\n      account: 2241",
    );
    const pipeline = await onePipeline({ "pipelines/expense.yaml": text.replace("6602", "6602") });
    expect(pipeline.mapping.lines.map((line) => line.account.constant)).toEqual(["6602", "6602", "2241"]);
    expect(await problemsOf("pipeline: &a { x: *a }\n")).toContainEqual(
      expect.stringContaining("alias `*a` stands inside the value it repeats"),
    );
    expect(await problemsOf("pipeline: *gone\n")).toContainEqual(expect.stringContaining("alias `*gone` stands for nothing"));
  });
});

describe("the fingerprint", () => {
  const lookup = PIPELINE.replace("document:", "lookups:\n  科目: { csv: accounts.csv, key: 费用类型 }\ndocument:").replace(
    "account: 6602",
    "account: ${科目[费用类型].科目编码}",
  );
  const files = { "pipelines/expense.yaml": lookup, "pipelines/accounts.csv": "费用类型,科目编码\n差旅费,6602\n" };
  const of = async (changed: Readonly<Record<string, string>>): Promise<string> =>
    (await onePipeline({ ...files, ...changed })).fingerprint;

  it("does not depend on where the project lies, on comments, titles or the order of keys", async () => {
    const before = await of({});
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await of({})).toBe(before);
    expect(await of({ "pipelines/expense.yaml": `# remark\ntitle: other\ntags: [x]\n${lookup}` })).toBe(before);
    expect(await of({ "sync.yaml": "connections:\n  books: { chart: chart.csv, file: other.db, connector: ledger }\n" })).toBe(before);
  });

  it.each([
    ["the mapping", { "pipelines/expense.yaml": lookup.replace("2241", "2242") }],
    ["a lookup file", { "pipelines/accounts.csv": "费用类型,科目编码\n差旅费,6603\n" }],
    ["the record schema", { "pipelines/record.schema.json": JSON.stringify({ ...SCHEMA, title: "other" }) }],
    ["how the source is read", { "pipelines/expense.yaml": lookup.replace("  record:", "  encoding: gbk\n  record:") }],
    ["the target's rules", { "pipelines/expense.yaml": `${lookup}  gone: hold\n` }],
    ["a digit of a number", { "pipelines/expense.yaml": lookup.replace("debit: ${金额}", "debit: 1.10") }],
    ["the last zero of a code", { "pipelines/expense.yaml": lookup.replace('"2241"', "2241.0") }],
  ])("changes with %s", async (_, changed) => {
    expect(await of(changed)).not.toBe(await of({}));
  });

  it("of the source says only how records are read", async () => {
    const source = async (text: string): Promise<string> =>
      (await onePipeline({ ...files, "pipelines/expense.yaml": text })).source.fingerprint;
    const before = await source(lookup);
    expect(await source(lookup.replace("2241", "2242"))).toBe(before);
    expect(await source(lookup.replace("  record:", "  dates: yyyy/M/d\n  record:"))).not.toBe(before);
  });
});

describe("docs/configuration.md", () => {
  it("shows a project and a pipeline that load", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
    const [project = "", , pipeline = ""] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    const text = { type: "string" };
    const names = ["单据编号", "行号", "单据状态", "费用类型", "报销人", "报销人工号", "部门编码", "发票号码"];
    const schema = {
      type: "object",
      properties: {
        ...Object.fromEntries(names.map((name) => [name, text])),
        支付日期: { type: "string", format: "date" },
        ...Object.fromEntries(["不含税金额", "税额", "价税合计"].map((name) => [name, { type: "number" }])),
      },
      required: [...names, "支付日期", "不含税金额", "税额", "价税合计"],
    };
    const folder = aFolder({
      "sync.yaml": project.replace("/srv/exports", "exports"),
      "exports/none.txt": "",
      "books/chart.csv": "code,name,type,parent\n6602,管理费用,expense,\n",
      "pipelines/expense.yaml": pipeline,
      "pipelines/lookups/expense-accounts.csv": "费用类型,科目编码,生效日期,失效日期\n差旅费,6602,,\n",
      "schemas/expense-line.schema.json": JSON.stringify(schema),
    });
    for (const environment of [null, "test"]) {
      const { project: loaded, pipelines, problems } = await load(folder, { environment });
      expect(told(problems)).toEqual([]);
      expect(pipelines.map((each) => each.name)).toEqual(["expense-to-gl"]);
      expect(loaded?.store).toBe(join(folder, environment === null ? ".sync/store.db" : ".sync/test.db"));
    }
  });
});

describe("a document without lines", () => {
  const ENTITY = PIPELINE.replace(/document:[\s\S]*?(?=\ntarget:)/, "DOCUMENT");

  it.each([
    ["lines:\n    - { amount: 1, account: a }", "an `entity` has no lines, and so no `lines`"],
    ["batch: ${单据编号}", "an `entity` has no lines, and so no `batch`"],
  ])("takes no %s", async (key, message) => {
    const document = `document:\n  type: entity\n  key: \${单据编号}\n  header: { kind: staff, code: "1", name: "2", anything: "3" }\n  ${key}`;
    const problems = await problemsOf(
      ENTITY.replace("DOCUMENT", () => document),
      {},
    );
    expect(problems.join("\n")).toContain(message);
  });

  it("has to say what its type asks for, and a document of money must have lines", async () => {
    const entity = "document:\n  type: entity\n  key: ${单据编号}\n  header: { kind: staff, disabled: maybe }";
    const problems = (
      await problemsOf(
        ENTITY.replace("DOCUMENT", () => entity),
        {},
      )
    ).join("\n");
    expect(problems).toContain("the header has no `code`");
    expect(problems).toContain("the header has no `name`");
    expect(problems).toContain("`maybe` is text, and this place needs");
    const journal = 'document:\n  type: journal\n  key: ${单据编号}\n  header: { date: "${支付日期}", currency: CNY, text: t }';
    expect(
      (
        await problemsOf(
          ENTITY.replace("DOCUMENT", () => journal),
          {},
        )
      ).join("\n"),
    ).toContain("key `lines` is missing");
  });
});
