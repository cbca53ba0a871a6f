import type { Document, Line } from "../../../model/document.js";
import type { DocumentType } from "../../../model/document-types.js";
import type { PostItem } from "../../contract.js";
import type { Json } from "../../http/json.js";

/** A field that is read back. */
export interface HeldColumn<T> {
  /** As a query asks for it. */
  readonly field: string;
  readonly kind: "text" | "number" | "date";
  /** What the ERP gives where it holds what was posted. Undefined where that cannot be told, and then it is not looked at. */
  readonly said: (of: T, document: Document) => string | undefined;
  /** The ERP may drop it without a word, so that nothing there is no difference. */
  readonly mayBeLost?: boolean;
  /** What changes when the ERP gives this instead. Empty text where it gives nothing. */
  readonly put: (value: string, former: T, document: Document) => Partial<T>;
}

export interface HeldColumns {
  readonly header: readonly HeldColumn<Document>[];
  readonly line: readonly HeldColumn<Line>[];
}

/** How documents are written into one form of the ERP, and read from it. */
export interface BillForm {
  readonly form: string;
  /** Empty for all that have lines. */
  readonly types: readonly DocumentType[];
  /** Field keys of the internal id and of the number that people use. */
  readonly id: string;
  readonly number: string;
  /** Field key of the mark of what was voided (作废): `A` is none. Null where there is none to be asked for. */
  readonly voided: string | null;
  /** The entity that the lines stand in. */
  readonly entity: string;
  /** Where our key goes when nothing else is said. */
  readonly key: { readonly field: string; readonly level: "header" | "lines" };
  /** The Model without id and key. Throws Unwritable for a document that it cannot hold. */
  readonly write: (item: PostItem) => ReadonlyMap<string, Json>;
  /** What is asked for to read these documents back; null where nothing but their state can be read. */
  readonly held: (documents: readonly Document[]) => HeldColumns | null;
  /** What links a red entry to what it cancels. */
  readonly redText: (text: string, reference: string) => string;
}
