import { createHash } from "node:crypto";
import type { DateText, Period } from "../../model/dates.js";
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
  /** The document as it was written; a reversal's own is the opposite one. */
  readonly content: Readonly<Record<string, unknown>>;
}

export interface Control {
  readonly head: ControlHead;
  readonly entries: readonly ControlEntry[];
}

export interface NewEntry extends Pick<ControlEntry, "key" | "word" | "number" | "voucher" | "fingerprint" | "cancels"> {
  readonly document: Document;
}

export function entryOf({ document, ...entry }: NewEntry): ControlEntry {
  const { debitMinor, creditMinor } = totalsOf(document.lines);
  const { key, word, number, voucher, fingerprint, cancels } = entry;
  const { date, currency } = document;
  return {
    ...{ key, document: document.key, word, period: date.slice(0, 7), number, voucher, date, currency },
    debit: formatMinor(debitMinor, currency),
    credit: formatMinor(creditMinor, currency),
    lines: document.lines.length,
    ...{ fingerprint, cancels },
    content: JSON.parse(encodeDocument(document)) as Record<string, unknown>,
  };
}

export function documentOf(entry: ControlEntry): Document {
  return decodeDocument(JSON.stringify(entry.content));
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
  return [head, ...documents.map(entryOf)].map((each) => `${JSON.stringify(each)}\n`).join("");
}

/** Throws ProblemError TARGET_UNAVAILABLE for a control file that is not as it was written: then nobody knows what went out. */
export function decodeControl(text: string, file: string, sequence: number): Control {
  const refuse = (message: string, hint = "restore it from a backup; nothing is written until then"): never => {
    throw new ProblemError(problem("TARGET_UNAVAILABLE", `the control file \`${file}\` ${message}`, { file }, hint));
  };
  let parsed: unknown[];
  try {
    parsed = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown);
  } catch (error) {
    return refuse(`cannot be read: ${(error as Error).message}`);
  }
  const [head, ...entries] = parsed as [ControlHead | undefined, ...ControlEntry[]];
  if (typeof head?.control !== "number") return refuse("is none");
  if (head.control > VERSION) return refuse(`has version ${head.control}`, "use the newer program that wrote it");
  if (head.sequence !== sequence) return refuse(`says that it is number ${head.sequence}`);
  if (head.documents !== entries.length) return refuse(`lists ${entries.length} documents, and says that there are ${head.documents}`);
  return { head, entries };
}
