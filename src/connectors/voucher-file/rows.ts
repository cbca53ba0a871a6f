import { type Document, totalsOf } from "../../model/document.js";
import { formatMinor } from "../../model/money.js";
import { type Problem, problem } from "../../model/problem.js";
import { serialOf, writeDate } from "./dates.js";
import { unencodable } from "./encode.js";
import type { CellKind, ColumnData, CurrencyName, Layout } from "./layout.js";
import { type Piece, readValue, type Scope, textIn, type Value, type Voucher } from "./values.js";

/** A cell as it is written; null where it is empty. */
export type Cell = { readonly kind: CellKind; readonly text: string } | null;
export type Row = readonly Cell[];

export interface RowSettings {
  readonly layout: Layout;
  readonly replace: Readonly<Record<string, string>>;
  readonly shortens: boolean;
}

/** What is known of a voucher before the layout has its say. */
export interface NewVoucher extends Omit<Voucher, "word" | "currency"> {
  /** 凭证字. */
  readonly word: string;
}

interface Column extends ColumnData {
  readonly read: Value;
  readonly kind: CellKind;
}

/** Excel keeps a number as a binary float, which is exact for so many digits. */
const MOST_SHEET_DIGITS = 15;
const MOST_CELL_LENGTH = 32_767;
/** More faults than this in one document are counted, not listed. */
const MOST_FAULTS = 5;

/** Turns vouchers into the rows of a layout, or says why one cannot be written in it. Posting and checking ask the same question. */
export class RowMaker {
  private readonly columns: readonly Column[];

  /** Throws ProblemError for a value that means nothing. */
  constructor(private readonly settings: RowSettings) {
    this.columns = settings.layout.columns.map((column) => {
      const read = readValue(column.value ?? "", column.name);
      return { ...column, read, kind: column.as ?? read.kind };
    });
  }

  /** `isReversal`: its text begins with what it cancels, so it is shortened rather than refused. */
  make(given: NewVoucher, isReversal: boolean): { readonly rows: readonly Row[] } | { readonly problem: Problem } {
    const faults = new Faults();
    const { document } = given;
    judgeDocument(document, faults);
    if (!/^\p{L}{1,8}$/u.test(given.word))
      faults.add(`the voucher word \`${given.word}\` is not one to eight letters`, "use a word such as `记` or `转`");
    const { words } = this.settings.layout;
    const word = (Object.hasOwn(words, given.word) ? words[given.word] : undefined) ?? given.word;
    const voucher: Voucher = { ...given, word, currency: this.currencyOf(document.currency, faults) };
    const mayShorten = isReversal || this.settings.shortens;
    const rows = document.lines.map((line, at) =>
      this.columns.map((column): Cell => {
        if (column.once === true && at > 0) return null;
        return this.cell(column, { voucher, line, at }, mayShorten, faults);
      }),
    );
    return faults.none ? { rows } : { problem: faults.toProblem(document.key) };
  }

  private currencyOf(iso: string, faults: Faults): CurrencyName {
    const { currencies } = this.settings.layout;
    const found = currencies !== null && Object.hasOwn(currencies, iso) ? currencies[iso] : undefined;
    if (currencies !== null && found === undefined)
      faults.add(
        `the currency \`${iso}\` is not the book's (${Object.keys(currencies)
          .map((each) => `\`${each}\``)
          .join(", ")}), and there is no exchange rate to write`,
        "book it by hand, or name the book's currency under `currencies`",
      );
    return found ?? { code: iso, name: iso };
  }

  private cell(column: Column, scope: Scope, mayShorten: boolean, faults: Faults): Cell {
    const { layout, replace } = this.settings;
    const where = column.once === true ? `\`${column.name}\`` : `\`${column.name}\` of line ${scope.at + 1}`;
    let pieces = column.read.read(scope).map((piece) => (piece.isFree ? { ...piece, text: replaced(piece.text, replace) } : piece));
    const length = [...textIn(pieces)].length;
    const most = Math.min(column.limit ?? MOST_CELL_LENGTH, MOST_CELL_LENGTH);
    if (length > most) {
      if (mayShorten) pieces = shortened(pieces, length - most);
      if ([...textIn(pieces)].length > most)
        faults.add(
          `${where} is \`${textIn(pieces)}\`, ${length} characters where ${most} are taken`,
          "shorten it in the mapping, or set `long_text: shorten`",
        );
    }
    const text = textIn(pieces);
    const written = text === "" ? (column.empty ?? "") : text;
    if (written === "") return null;
    const kind = this.kindOf(column, written);
    if (kind === "number") {
      judgeNumber(written, column, layout, where, faults);
      return { kind, text: written };
    }
    if (kind === "date") {
      const format = layout.dates ?? "yyyy-MM-dd";
      return format === "real" ? { kind, text: String(serialOf(written)) } : { kind: "text", text: writeDate(written, format) };
    }
    judgeText(written, layout, where, faults);
    return { kind, text: written };
  }

  /** A date that is not there is an empty text, and what stands in for it is taken as it is. */
  private kindOf({ kind }: Column, written: string): CellKind {
    return kind === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(written) ? "text" : kind;
  }
}

function judgeDocument({ lines, currency }: Document, faults: Faults): void {
  if (lines.length === 0) faults.add("the document has no lines", "check the `when` of its lines and the amounts of its records");
  for (const [at, line] of lines.entries())
    if (line.amountMinor === 0n)
      faults.add(`line ${at + 1} has the amount ${formatMinor(0n, currency)}`, "leave out lines of zero with `when`");
  const { debitMinor, creditMinor } = totalsOf(lines);
  if (debitMinor !== creditMinor)
    faults.add(
      `debit ${formatMinor(debitMinor, currency)} and credit ${formatMinor(creditMinor, currency)} differ`,
      "compare the amounts of its records: net and tax must add up to the total",
    );
}

function judgeNumber(text: string, { digits }: Column, { form }: Layout, where: string, faults: Faults): void {
  const match = /^-?(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) {
    faults.add(`${where} is \`${text}\`, and a number is expected`, "correct the value, or write the column as text");
    return;
  }
  const [, whole = "", places = ""] = match;
  const significant = `${whole}${places}`.replace(/^0+/, "").length;
  if (digits !== undefined && (whole.length > digits.whole || places.length > digits.places))
    faults.add(
      `${where} is \`${text}\`, where ${digits.whole} digits and ${digits.places} places are taken`,
      "check the number; the layout cannot hold it",
    );
  if (form.kind === "sheet" && significant > MOST_SHEET_DIGITS)
    faults.add(
      `${where} is \`${text}\`, and a workbook keeps ${MOST_SHEET_DIGITS} digits`,
      "check the number; the ERP would read another one",
    );
}

function judgeText(text: string, { form, hasLineBreaks }: Layout, where: string, faults: Faults): void {
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|\p{Surrogate}/u.exec(text)?.[0];
  const lineBreak = hasLineBreaks ? undefined : /[\t\r\n\u2028\u2029]/.exec(text)?.[0];
  const unfit = control ?? lineBreak;
  if (unfit !== undefined) {
    faults.add(
      `${where} is \`${text}\`, with the character ${nameOf(unfit)}, which cannot stand in a voucher`,
      "leave it out in the mapping, as `one_line(…)` does with line breaks, or name it under `replace`",
    );
    return;
  }
  if (form.kind !== "text") return;
  const sign = form.hasQuotes ? undefined : [form.delimiter, '"'].find((each) => text.includes(each));
  if (sign !== undefined)
    faults.add(
      `${where} is \`${text}\`: the layout has no way to write \`${sign}\` inside a value`,
      `correct the value, or say under \`replace\` what is written in texts instead, such as \`'${sign}': ${sign === "," ? "，" : "＂"}\``,
    );
  const strange = unencodable(text, form.encoding);
  if (strange !== null)
    faults.add(
      `${where} is \`${text}\`: \`${strange}\` (${nameOf(strange)}) cannot be written in ${form.encoding.toUpperCase()}`,
      "correct the value, or say under `replace` what is written in texts instead",
    );
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function replaced(text: string, replace: Readonly<Record<string, string>>): string {
  let changed = text;
  for (const [from, to] of Object.entries(replace)) changed = changed.replaceAll(from, to);
  return changed;
}

/** Takes this many characters off free text, from the end on. */
function shortened(pieces: readonly Piece[], excess: number): Piece[] {
  const result = [...pieces];
  let left = excess;
  for (let at = result.length - 1; at >= 0 && left > 0; at -= 1) {
    const piece = result[at] as Piece;
    if (!piece.isFree) continue;
    const characters = [...piece.text];
    const taken = Math.min(left, characters.length);
    result[at] = { ...piece, text: characters.slice(0, characters.length - taken).join("") };
    left -= taken;
  }
  return result;
}

/** What speaks against one document; all of it, so that it is put right in one go. */
class Faults {
  private readonly messages = new Set<string>();
  private readonly hints = new Set<string>();

  get none(): boolean {
    return this.messages.size === 0;
  }

  add(message: string, hint: string): void {
    this.messages.add(message);
    if (this.messages.size <= MOST_FAULTS) this.hints.add(hint);
  }

  toProblem(documentKey: string): Problem {
    const messages = [...this.messages];
    const more = messages.length - MOST_FAULTS;
    const listed = messages.slice(0, MOST_FAULTS).join("; ") + (more > 0 ? `; and ${more} more` : "");
    return problem("TARGET_REJECTED", listed, { document: documentKey }, [...this.hints].join("; "));
  }
}
