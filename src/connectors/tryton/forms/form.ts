import type { DateText } from "../../../model/dates.js";
import type { Document } from "../../../model/document.js";
import type { DocumentType } from "../../../model/document-types.js";
import type { Posting } from "../../../model/posting.js";
import type { Problem } from "../../../model/problem.js";
import { problem } from "../../../model/problem.js";
import { Unwritable } from "../../http/template.js";
import { type Catalog, type Period, periodAt } from "../catalog.js";
import type { Domain, Row } from "../client.js";
import type { Plain } from "../values.js";

export const STEPS = ["draft", "validate", "post"] as const;
export type Step = (typeof STEPS)[number];

/** A document that the ERP holds under one of our keys. */
export interface Hit {
  readonly id: string;
  /** As it stands in the key field. */
  readonly key: string;
  /** Number that people use; the id where it has none yet. */
  readonly reference: string;
  /** The last step that was done. */
  readonly step: Step;
  /** It was booked and cancelled again: what cancelled it. Null otherwise. */
  readonly cancelledBy: string | null;
}

export type Values = { readonly [name: string]: Plain | undefined };

/** What the ERP holds of a posting, besides its key and state. */
export interface Held {
  readonly hit: Hit;
  readonly posting: Posting;
}

/** How documents are written into one model of the ERP, and read from it. */
export interface Form {
  readonly model: "account.move" | "account.invoice";
  readonly type: DocumentType;
  /** A text that can be searched. */
  readonly keyField: "description" | "reference";
  readonly steps: readonly Step[];
  /** Code of the journal where nothing else is said. */
  readonly usualJournal: string;
  /** The method of the model that does a step. */
  readonly methods: Readonly<Record<Exclude<Step, "draft">, string>>;
  /** What makes a record one of these, beside its company. */
  readonly domain: Domain;
  readonly fields: readonly string[];
  /** Lists of records that are replaced where a draft is changed. */
  readonly parts: readonly string[];
  /** Null for one that was given up before it was booked. */
  readonly hitOf: (row: Row) => Hit | null;
  /** The record without its key, or why it cannot be written. Throws QueryFault. */
  readonly write: (documents: readonly Document[]) => Promise<readonly (Values | Problem)[]>;
  /** The documents as they are in the ERP, by id. Throws QueryFault. */
  readonly held: (all: readonly Held[]) => Promise<ReadonlyMap<string, Document>>;
}

/** Which days can be posted to, as it is at this moment. */
export class Calendar {
  private constructor(
    readonly periods: readonly Period[],
    /** By id of the journal, those in which it is closed by itself. */
    private readonly closed: ReadonlyMap<string, ReadonlySet<string>>,
  ) {}

  /** For these journals, by code. One that is not there has no closed periods; that it is missing is said with the document. */
  static async of(catalog: Catalog, codes: readonly string[]): Promise<Calendar> {
    const closed = new Map<string, ReadonlySet<string>>();
    for (const code of new Set(codes)) {
      try {
        const journal = await catalog.journal(code);
        closed.set(journal, await catalog.closedFor(journal));
      } catch (error) {
        if (!(error instanceof Unwritable)) throw error;
      }
    }
    return new Calendar(await catalog.periods(), closed);
  }

  isOpen(period: Period, journal: string): boolean {
    return period.isOpen && this.closed.get(journal)?.has(period.id) !== true;
  }

  /** Throws NotOpen for a day that cannot be posted to. */
  periodOf(day: DateText, journal: string): Period {
    const period = periodAt(this.periods, day);
    if (period === undefined) throw new NotOpen(`there is no period for ${day}`);
    if (!period.isOpen) throw new NotOpen(`the period of ${day} is closed`);
    if (!this.isOpen(period, journal)) throw new NotOpen(`the period of ${day} is closed for the journal`);
    return period;
  }
}

/** A day that cannot be posted to. */
export class NotOpen extends Error {}

export function periodClosed(message: string, document: string): Problem {
  return problem(
    "TARGET_PERIOD_CLOSED",
    message,
    { document },
    "open the period in the ERP, and its journal there, or change the date; nothing was sent",
  );
}

/** The values, or the problem for a document that cannot be written. */
export async function written(document: Document, values: () => Promise<Values>): Promise<Values | Problem> {
  try {
    return await values();
  } catch (error) {
    if (error instanceof NotOpen) return periodClosed(error.message, document.key);
    if (!(error instanceof Unwritable)) throw error;
    const hint = "correct the document, its mapping or the data in the ERP; nothing was sent";
    return problem("TARGET_REJECTED", error.message, { document: document.key }, hint);
  }
}

export function isProblem(value: Values | Problem): value is Problem {
  return typeof value["code"] === "string" && Array.isArray((value as Problem).at);
}
