import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What a bill must look like in any books: `account side amount` of each line, sorted. */
export type Booking = readonly string[];

export interface Bill {
  readonly key: string;
  readonly date: string;
  readonly lines: readonly { readonly account: string; readonly net: bigint; readonly tax: bigint }[];
}

const EXPENSE_ACCOUNTS = ["660201", "660202", "660203"];
const TAX = "22210101";
const PAYABLE = "224101";

/** Bills with one to three lines, amounts and months spread by their number alone, so that every run of a test has the same. */
export function makeBills(n: number, from = 1): Bill[] {
  return Array.from({ length: n }, (_, at) => {
    const id = from + at;
    const lines = Array.from({ length: 1 + (id % 3) }, (_line, index) => ({
      account: EXPENSE_ACCOUNTS[(id + index) % 3] as string,
      net: BigInt(((id * 7919 + index * 104_729) % 500_000) + 1),
      tax: id % 4 === 0 ? BigInt(((id * 31) % 5_000) + 1) : 0n,
    }));
    return {
      key: `FP${String(id).padStart(6, "0")}`,
      date: `2026-${id % 2 === 0 ? "10" : "11"}-${String((id % 28) + 1).padStart(2, "0")}`,
      lines,
    };
  });
}

/** The books these bills must end in: document key to its lines. */
export function wantedBooks(bills: readonly Bill[]): Map<string, Booking> {
  return new Map(
    bills.map(({ key, lines }) => {
      const rows = lines.flatMap((line) => [
        bookingLine(line.account, "debit", line.net),
        ...(line.tax === 0n ? [] : [bookingLine(TAX, "debit", line.tax)]),
      ]);
      rows.push(
        bookingLine(
          PAYABLE,
          "credit",
          lines.reduce((sum, line) => sum + line.net + line.tax, 0n),
        ),
      );
      return [key, rows.sort()];
    }),
  );
}

function bookingLine(account: string, side: string, cents: bigint): string {
  return `${account} ${side} ${yuan(cents)}`;
}

function yuan(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}

const SCHEMA = {
  title: "one line of a bill",
  type: "object",
  required: ["发票号", "行号", "日期", "科目", "不含税金额", "税额"],
  properties: {
    发票号: { type: "string" },
    行号: { type: "string" },
    日期: { type: "string", format: "date" },
    科目: { type: "string" },
    不含税金额: { type: "string", format: "decimal" },
    税额: { type: "string", format: "decimal" },
  },
};

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

export const PIPELINE = "bills-to-gl";

/** A project in a temporary folder: a CSV export of bills, and one pipeline that books each of them. */
export class BillsProject {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-bills-"));
  readonly store = join(this.folder, "state", "store.db");
  readonly ledger = join(this.folder, "state", "books.db");

  /** Posts into the embedded ledger, until told otherwise. */
  constructor() {
    this.write("line.schema.json", JSON.stringify(SCHEMA));
    this.write("chart.csv", CHART);
    this.target(LEDGER, "  connection: books\n");
  }

  /** Where the documents go: YAML texts, already indented. */
  target(connection: string, target: string): void {
    this.write(
      "sync.yaml",
      `project: bills\nstore: state/store.db\ntimeZone: Asia/Shanghai\npipelines: "*-to-*.yaml"\nconnections:\n  books:\n${connection}`,
    );
    this.write(`${PIPELINE}.yaml`, pipelineText(target));
  }

  /** Writes one export file. */
  export(name: string, bills: readonly Bill[]): void {
    const rows = bills.flatMap(({ key, date, lines }) =>
      lines.map(({ account, net, tax }, index) => [key, index + 1, date, account, yuan(net), yuan(tax)].join(",")),
    );
    this.write(`exports/${name}.csv`, `发票号,行号,日期,科目,不含税金额,税额\n${rows.join("\n")}\n`);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    // Long ago, so that no file looks as if it were still being written.
    utimesSync(path, new Date("2026-01-01"), new Date("2026-01-01"));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const LEDGER = `    connector: ledger
    file: state/books.db
    chart: chart.csv
`;

function pipelineText(target: string): string {
  return `pipeline: ${PIPELINE}
source:
  connector: csv
  files: exports/*.csv
  settle: 0s
  record: line.schema.json
  key: [发票号, 行号]
  delivers: documents
  dates: [yyyy-MM-dd]
document:
  type: journal
  key: \${发票号}
  header:
    date: \${日期}
    currency: CNY
    text: 报销 \${发票号}
  lines:
    - debit: \${不含税金额}
      account: \${科目}
    - when: \${税额 != 0}
      debit: \${税额}
      account: "${TAX}"
    - each: document
      credit: \${sum(不含税金额) + sum(税额)}
      account: "${PAYABLE}"
target:
${target}`;
}
