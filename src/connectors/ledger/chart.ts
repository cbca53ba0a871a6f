import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import { closest, distance } from "fastest-levenshtein";
import { type Place, type Problem, ProblemError, problem } from "../../model/problem.js";
import { type Account, isAccountCode, readAccountType, TYPE_EXAMPLES } from "./account.js";

const COLUMNS = {
  code: ["code", "科目编码", "科目代码"],
  name: ["name", "科目名称"],
  type: ["type", "类型", "科目类型", "科目类别"],
  parent: ["parent", "上级科目编码", "上级科目"],
  active: ["active", "启用"],
  required: ["required", "辅助核算"],
} as const;

type ColumnName = keyof typeof COLUMNS;
const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

const YES = new Set(["", "1", "true", "yes", "y", "是", "启用", "正常"]);
const NO = new Set(["0", "false", "no", "n", "否", "停用", "禁用", "未启用"]);

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

interface Entry {
  readonly account: Account;
  readonly line: number;
}

/**
 * Reads a chart of accounts. Codes are text, so `0010` keeps its zeros. A parent that is not given is the longest
 * other code the code begins with. Throws ProblemError with every mistake at once, each with its line and column name.
 */
export function readChart(file: string): Map<string, Account> {
  const rows = parseRows(file, decode(file));
  const problems: Problem[] = [];
  const header = readHeader(file, rows[0]);
  const entries = new Map<string, Entry>();
  for (const row of rows.slice(1)) {
    if (row.record.every((cell) => cell.trim() === "")) continue;
    const cell = (column: ColumnName): string => row.record[header.at[column] ?? -1]?.trim() ?? "";
    const place = (column: ColumnName): Place => ({ file, line: row.info.lines, field: header.named[column] ?? column });
    const entry = readRow(cell, place, entries, problems);
    if (entry !== null) entries.set(entry.code, { account: entry, line: row.info.lines });
  }
  if (entries.size === 0 && problems.length === 0) {
    problems.push(
      problem("CONFIG_WRONG_VALUE", "the chart of accounts has no account", { file }, "write one account per row below the header"),
    );
  }
  const accounts = problems.length === 0 ? withParents(file, header.named.parent ?? "parent", entries, problems) : null;
  if (accounts === null || problems.length > 0) throw new ProblemError(problems);
  return accounts;
}

function decode(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : `cannot be read: ${(error as Error).message}`;
    throw new ProblemError(problem("CONFIG_MISSING_FILE", `the chart of accounts \`${file}\` ${why}`, { file }));
  }
  for (const encoding of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // The next encoding is tried; UTF-8 goes first because GB18030 accepts most of its byte sequences.
    }
  }
  throw new ProblemError(
    problem("CONFIG_WRONG_VALUE", "the chart of accounts is neither UTF-8 nor GB18030 text", { file }, "save it as `CSV UTF-8`"),
  );
}

function parseRows(file: string, text: string): readonly ParsedRow[] {
  try {
    return parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true }) as unknown as ParsedRow[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as { lines?: unknown }).lines;
    throw new ProblemError(
      problem(
        "CONFIG_WRONG_VALUE",
        `the chart of accounts is not CSV: ${error.message}`,
        typeof line === "number" ? { file, line } : { file },
        "check the quotation marks around that line",
      ),
    );
  }
}

function readHeader(
  file: string,
  row: ParsedRow | undefined,
): { at: Partial<Record<ColumnName, number>>; named: Partial<Record<ColumnName, string>> } {
  const at: Partial<Record<ColumnName, number>> = {};
  const named: Partial<Record<ColumnName, string>> = {};
  const problems: Problem[] = [];
  const titles = (row?.record ?? []).map((title) => title.trim());
  const line = row?.info.lines ?? 1;
  for (const column of COLUMN_NAMES) {
    const aliases: readonly string[] = COLUMNS[column];
    const found = titles.flatMap((title, index) => (aliases.includes(title) || title.toLowerCase() === column ? [index] : []));
    const [first, second] = found;
    if (second !== undefined) {
      problems.push(
        problem(
          "CONFIG_WRONG_VALUE",
          `two columns give the ${column}: \`${titles[first ?? 0]}\` and \`${titles[second]}\``,
          {
            file,
            line,
            field: titles[second] ?? column,
          },
          "keep one of them",
        ),
      );
    }
    if (first !== undefined) {
      at[column] = first;
      named[column] = titles[first] ?? column;
    } else if (column === "code" || column === "name" || column === "type") {
      problems.push(
        problem(
          "CONFIG_WRONG_VALUE",
          `the chart of accounts has no column \`${column}\` (${aliases.slice(1).join(", ")}); it has ${titles.map((title) => `\`${title}\``).join(", ") || "no columns"}`,
          { file, line, field: column },
          `name the column \`${aliases[1]}\` or \`${column}\``,
        ),
      );
    }
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return { at, named };
}

function readRow(
  cell: (column: ColumnName) => string,
  place: (column: ColumnName) => Place,
  entries: ReadonlyMap<string, Entry>,
  problems: Problem[],
): Account | null {
  const before = problems.length;
  const complain = (column: ColumnName, message: string, hint: string): void => {
    problems.push(problem("CONFIG_WRONG_VALUE", message, place(column), hint));
  };
  const code = cell("code");
  const name = cell("name");
  if (code === "") complain("code", `the account \`${name}\` has no code`, "give every account a code");
  else if (!isAccountCode(code)) {
    complain("code", `\`${code}\` is not an account code`, "a code is letters and digits, with `.`, `-`, `_` or `/` between them");
  }
  const twin = entries.get(code);
  if (twin !== undefined) {
    complain(
      "code",
      `the account code \`${code}\` stands twice, first as \`${twin.account.name}\` in line ${twin.line}`,
      "keep one of the two rows",
    );
  }
  if (name === "") complain("name", `the account \`${code}\` has no name`, "give every account a name");
  const type = readAccountType(cell("type"), code);
  if (type === null) complain("type", `\`${cell("type")}\` is not a type of account`, `write ${TYPE_EXAMPLES}`);
  const active = cell("active").toLowerCase();
  if (!YES.has(active) && !NO.has(active))
    complain("active", `\`${cell("active")}\` says neither yes nor no`, "write `是` or `否` (`yes` or `no`)");
  const required = cell("required")
    .split(/[;；、|]/)
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (problems.length > before || type === null) return null;
  return { code, name, type, parent: cell("parent") || null, required: [...new Set(required)], active: !NO.has(active) };
}

function withParents(file: string, field: string, entries: ReadonlyMap<string, Entry>, problems: Problem[]): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const { account, line } of entries.values()) {
    if (account.parent !== null && !entries.has(account.parent)) {
      problems.push(
        problem(
          "CONFIG_WRONG_VALUE",
          `the account \`${account.code}\` has the parent \`${account.parent}\`, which the chart does not have`,
          { file, line, field },
          suggestCode(account.parent, [...entries.keys()]) ?? "add the parent, or leave the cell empty for a top account",
        ),
      );
    }
    accounts.set(account.code, { ...account, parent: account.parent ?? longestPrefix(account.code, entries) });
  }
  // A given parent may contradict the codes, so circles are possible; each is reported once, at its first member.
  const settled = new Set<string>();
  for (const start of accounts.keys()) {
    const path = new Set<string>();
    let at: string | null = start;
    while (at !== null && !settled.has(at) && !path.has(at)) {
      path.add(at);
      at = accounts.get(at)?.parent ?? null;
    }
    if (at !== null && path.has(at)) {
      const circle = [...path].slice([...path].indexOf(at));
      problems.push(
        problem(
          "CONFIG_WRONG_VALUE",
          `accounts are each other's parents: ${[...circle, at].map((code) => `\`${code}\``).join(" → ")}`,
          { file, line: entries.get(at)?.line ?? 1, field },
          "correct one of these parents",
        ),
      );
    }
    for (const code of path) settled.add(code);
  }
  return accounts;
}

function longestPrefix(code: string, entries: ReadonlyMap<string, Entry>): string | null {
  for (let length = code.length - 1; length > 0; length -= 1) {
    const prefix = code.slice(0, length);
    if (entries.has(prefix)) return prefix;
  }
  return null;
}

function suggestCode(wrong: string, codes: readonly string[]): string | null {
  const nearest = closest(wrong, [...codes]);
  return distance(wrong, nearest) <= Math.max(1, Math.floor(wrong.length / 3)) ? `did you mean \`${nearest}\`?` : null;
}
