import type { Random } from "../../fixtures/hesi/random.js";

/**
 * A second, small reading of CSV, so that what the program reads is compared with something it did not read itself.
 * Bytes are handled as latin1: no byte of a multi-byte character of GBK, GB18030 or UTF-8 looks like a comma, a quote or a line end.
 */
export interface Sheet {
  /** Everything up to and including the header row. */
  readonly head: readonly string[];
  /** The other records as they stand in the file, line breaks inside quotes included, the last line end left out. */
  readonly rows: readonly string[];
  /** What follows the rows and must stay at the end, such as a total line. */
  readonly foot: readonly string[];
}

/** Records of a CSV text; a line break inside quotes does not end one. */
export function splitRecords(text: string): string[] {
  const records: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    else if (character === "\n" && !quoted) {
      records.push(text.slice(start, text[i - 1] === "\r" ? i - 1 : i));
      start = i + 1;
    }
  }
  if (start < text.length) records.push(text.slice(start));
  return records;
}

export function cellsOf(record: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < record.length; i += 1) {
    const character = record[i] as string;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (record[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ",") {
      cells.push(cell.trim());
      cell = "";
    } else cell += character;
  }
  return [...cells, cell.trim()];
}

/** `headRows` counts the preamble and the header. */
export function readSheet(bytes: Buffer, headRows = 1, footRows = 0): Sheet {
  const records = splitRecords(bytes.toString("latin1"));
  const end = records.length - footRows;
  return { head: records.slice(0, headRows), rows: records.slice(headRows, end), foot: records.slice(end) };
}

export function writeSheet(sheet: Sheet, rows: readonly string[] = sheet.rows): Buffer {
  return Buffer.from([...sheet.head, ...rows, ...sheet.foot].map((record) => `${record}\r\n`).join(""), "latin1");
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const other = random.between(0, i);
    [result[i], result[other]] = [result[other] as T, result[i] as T];
  }
  return result;
}

export function halves<T>(items: readonly T[]): readonly [T[], T[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** Hundredths of plain decimal text with at most two places; null for anything else. */
export function cents(text: string): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!match) return null;
  const size = BigInt(match[2] as string) * 100n + BigInt((match[3] ?? "").padEnd(2, "0"));
  return match[1] === "-" ? -size : size;
}
