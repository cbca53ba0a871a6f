import { createHash } from "node:crypto";
import { type DateText, type Period, periodOf } from "../../model/dates.js";
import { type Document, decodeDocument, encodeDocument, totalsOf } from "../../model/document.js";
import { formatMinor } from "../../model/money.js";
import { ProblemError, problem } from "../../model/problem.js";

export type FileKind = "vouchers" | "reversals";

const VERSION = 1;

/** The first line of a control file: what was written into the import file. Amounts are exact decimal text. */
export interface ControlHead {
  readonly control: number;
  readonly sequence: number;
  readonly kind: FileKind;
  /** Name of the import file in the folder. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly layout: string;
  /** UTC instant. */
  readonly writtenAt: string;
  readonly documents: number;
  readonly lines: number;
  readonly totals: Readonly<Record<string, { readonly debit: string; readonly credit: string }>>;
  /** Under which name the import file waits beside the control file until it is moved into the folder. */
  readonly staged: string;
}

/** Each further line: one voucher of the file. */
export interface ControlEntry {
  readonly key: string;
  readonly document: string;
  readonly word: string;
  readonly period: Period;
  readonly number: number;
  /** The number as it stands in the file. */
  readonly voucher: string;
  readonly date: DateText;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly lines: number;
  readonly fingerprint: string;
  /** The key of what it cancels; null for a voucher that cancels none. */
  readonly cancels: string | null;
}

/** Last in the line of a voucher: the document as it was written. Inside a text, the quotes of this would be escaped. */
const CONTENT = ',"content":';

export interface Control {
  readonly head: ControlHead;
  readonly entries: readonly ControlEntry[];
  /** The document of a voucher, by its place from 0; a reversal's own is the opposite one. */
  readonly documentAt: (at: number) => Document;
}

export interface NewEntry extends Pick<ControlEntry, "key" | "word" | "number" | "voucher" | "fingerprint" | "cancels"> {
  readonly document: Document;
}

function entryLine({ document, key, word, number, voucher, fingerprint, cancels }: NewEntry): string {
  const { debitMinor, creditMinor } = totalsOf(document.lines);
  const { date, currency } = document;
  const entry: ControlEntry = {
    ...{ key, document: document.key, word, period: periodOf(date), number, voucher, date, currency },
    debit: formatMinor(debitMinor, currency),
    credit: formatMinor(creditMinor, currency),
    lines: document.lines.length,
    ...{ fingerprint, cancels },
  };
  return `${JSON.stringify(entry).slice(0, -1)}${CONTENT}${encodeDocument(document)}}`;
}

export interface FileFacts extends Pick<ControlHead, "sequence" | "kind" | "file" | "layout" | "writtenAt" | "staged"> {
  readonly content: Buffer;
}

/** The control file of an import file: one JSON object a line, the file first, then its vouchers in order. */
export function encodeControl({ content, ...facts }: FileFacts, documents: readonly NewEntry[]): string {
  const sums = new Map<string, { debitMinor: bigint; creditMinor: bigint }>();
  for (const { document } of documents) {
    const sum = sums.get(document.currency) ?? { debitMinor: 0n, creditMinor: 0n };
    const { debitMinor, creditMinor } = totalsOf(document.lines);
    sums.set(document.currency, { debitMinor: sum.debitMinor + debitMinor, creditMinor: sum.creditMinor + creditMinor });
  }
  const head: ControlHead = {
    control: VERSION,
    ...{ sequence: facts.sequence, kind: facts.kind, file: facts.file },
    sha256: createHash("sha256").update(content).digest("hex"),
    bytes: content.length,
    ...{ layout: facts.layout, writtenAt: facts.writtenAt },
    documents: documents.length,
    lines: documents.reduce((count, { document }) => count + document.lines.length, 0),
    totals: Object.fromEntries(
      [...sums].map(([currency, { debitMinor, creditMinor }]) => [
        currency,
        { debit: formatMinor(debitMinor, currency), credit: formatMinor(creditMinor, currency) },
      ]),
    ),
    staged: facts.staged,
  };
  return [JSON.stringify(head), ...documents.map(entryLine)].map((line) => `${line}\n`).join("");
}

/** Throws ProblemError TARGET_UNAVAILABLE for a control file that is not as it was written: then nobody knows what went out. */
export function decodeControl(text: string, file: string, sequence: number): Control {
  const refuse = (message: string, hint = "restore it from a backup; nothing is written until then"): never => {
    throw new ProblemError(problem("TARGET_UNAVAILABLE", `the control file \`${file}\` ${message}`, { file }, hint));
  };
  const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
  try {
    const head = JSON.parse(first) as Partial<ControlHead> | null;
    if (typeof head?.control !== "number") return refuse("is none");
    if (head.control > VERSION) return refuse(`has version ${head.control}`, "use the newer program that wrote it");
    if (head.sequence !== sequence) return refuse(`says that it is number ${head.sequence}`);
    if (head.documents !== lines.length) return refuse(`lists ${lines.length} documents, and says that there are ${head.documents}`);
    return {
      head: head as ControlHead,
      // Most of a line is its content, and hardly any content is ever asked for.
      entries: lines.map((line) => JSON.parse(`${line.slice(0, contentAt(line))}}`) as ControlEntry),
      documentAt: (at) => decodeDocument((lines[at] ?? "").slice(contentAt(lines[at] ?? "") + CONTENT.length, -1)),
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(`cannot be read: ${error.message}`);
  }
}

function contentAt(line: string): number {
  const at = line.indexOf(CONTENT);
  if (at === -1) throw new SyntaxError("a line has no content");
  return at;
}
