import type { ValueOption } from "./options.js";

export type CellKind = "text" | "number" | "date";

/** One column as data. What it holds is said in the language of the options. */
export interface ColumnData {
  /** Its name in the file's header, in `fill` and in `limits`. */
  readonly name: string;
  /** Null where the installation must say it; an empty text is an empty cell. */
  readonly value: ValueOption | null;
  readonly as?: CellKind;
  /** What stands where there is no value. */
  readonly empty?: string;
  /** Only the first line of a voucher has it. */
  readonly once?: boolean;
  /** Most characters. */
  readonly limit?: number;
  /** Of a number: most digits before the point, and after it. */
  readonly digits?: { readonly whole: number; readonly places: number };
}

export type TextEncoding = "utf-8" | "utf-8 bom" | "gb18030" | "gbk";

/** A file of lines, which end with CR LF. */
export interface TextForm {
  readonly kind: "text";
  readonly ending: string;
  readonly encoding: TextEncoding;
  readonly delimiter: string;
  /** Whether a value can be put into quotes; where it cannot, no value may hold a delimiter or a quote. */
  readonly hasQuotes: boolean;
  readonly escapesFormulas: boolean;
  /** The lines before the first voucher. */
  readonly head: readonly (readonly string[])[];
}

/** A workbook with one sheet. */
export interface SheetForm {
  readonly kind: "sheet";
  readonly ending: string;
  readonly sheet: string;
  readonly head: readonly (readonly string[])[];
}

export type Form = TextForm | SheetForm;

export interface CurrencyName {
  readonly code: string;
  readonly name: string;
}

/** What a file looks like. */
export interface Layout {
  readonly form: Form;
  readonly columns: readonly ColumnData[];
  /** The currencies it takes, by ISO code; null where it takes any. */
  readonly currencies: Readonly<Record<string, CurrencyName>> | null;
  /** What it calls voucher words; a word that is not there stays as it is. */
  readonly words: Readonly<Record<string, string>>;
  /** Whether voucher numbers may have letters before them. */
  readonly hasTextNumbers: boolean;
  /** Whether a text may have more than one line. */
  readonly hasLineBreaks: boolean;
  /** The date format, where it cannot be chosen. */
  readonly dates: string | null;
}
