/** How a field is written, kept and compared. An `amount` is kept in smallest units, a `time` as server-local text. */
export type FieldKind = "text" | "integer" | "boolean" | "date" | "time" | "amount" | "decimal" | "reference" | "dimensions";

export interface Field {
  readonly key: string;
  readonly kind: FieldKind;
  /** Of a reference: the form it points to, or the header field that names that form. */
  readonly form?: string | { readonly by: string };
  readonly required?: boolean;
  /** The header part a client nests the field in, such as `FsubHeadFinc`. */
  readonly within?: string;
  /** The system sets it; what a client sends for it is dropped without a word. */
  readonly own?: boolean;
  /** The most characters of a text. */
  readonly most?: number;
}

/** The rows below a header: the lines of a voucher, the invoices of a payable. */
export interface Entity {
  /** The name in Save. */
  readonly key: string;
  /** The name in View. */
  readonly view: string;
  readonly fields: readonly Field[];
}

export interface Form {
  readonly id: string;
  readonly title: string;
  readonly kind: "bill" | "base";
  /** The field of the internal id. */
  readonly primary: string;
  /** The field of the number that users see. */
  readonly number: string;
  /** The header field that names the organisation whose base data may be used. */
  readonly organisation: string | null;
  /** What a number given by the system begins with. */
  readonly prefix: string;
  readonly fields: readonly Field[];
  readonly entities: readonly Entity[];
}

export const ENTRY_ID = "FEntryID";

type More = Omit<Field, "key" | "kind" | "form">;

export const text = (key: string, more: More = {}): Field => ({ key, kind: "text", most: 255, ...more });
export const whole = (key: string, more: More = {}): Field => ({ key, kind: "integer", ...more });
export const yes = (key: string, more: More = {}): Field => ({ key, kind: "boolean", ...more });
export const date = (key: string, more: More = {}): Field => ({ key, kind: "date", ...more });
export const time = (key: string, more: More = {}): Field => ({ key, kind: "time", ...more });
export const amount = (key: string, more: More = {}): Field => ({ key, kind: "amount", ...more });
export const decimal = (key: string, more: More = {}): Field => ({ key, kind: "decimal", ...more });
export const reference = (key: string, form: string | { readonly by: string }, more: More = {}): Field => ({
  key,
  kind: "reference",
  form,
  ...more,
});
export const NEEDED = { required: true } as const;
const OWN = { own: true } as const;

type Part<T extends object> = Partial<T> & { readonly id: string; readonly title: string };

/** A bill: numbered by `FBillNo`, saved, submitted, audited. Each has one user-made text field, as sites add one for the numbers of others. */
export function bill(part: Part<Form> & { readonly fields: readonly Field[] }): Form {
  return {
    kind: "bill",
    primary: "FID",
    number: "FBillNo",
    organisation: null,
    prefix: "",
    entities: [],
    ...part,
    fields: [
      ...(part.primary === undefined ? [whole("FID")] : [whole(part.primary)]),
      text("FBillNo", { most: 80, own: part.number !== undefined && part.number !== "FBillNo" }),
      text("FDocumentStatus", OWN),
      text("FCancelStatus", OWN),
      time("FCreateDate", OWN),
      time("FModifyDate", OWN),
      time("FApproveDate", OWN),
      text("F_SYNC_KEY", { most: 80 }),
      ...part.fields,
    ],
  };
}

/** Base data: numbered by `FNumber`, forbidden instead of deleted, belonging to an organisation. */
export function base(part: Part<Form> & { readonly primary: string; readonly shared?: boolean }): Form {
  const { shared, ...form } = part;
  return {
    kind: "base",
    number: "FNumber",
    organisation: null,
    prefix: "",
    entities: [],
    ...form,
    fields: [
      whole(part.primary),
      text(part.number ?? "FNumber", { most: 80 }),
      text("FName", NEEDED),
      text("FDescription"),
      text("FDocumentStatus", OWN),
      text("FForbidStatus", OWN),
      time("FCreateDate", OWN),
      time("FModifyDate", OWN),
      ...(shared === true ? [] : [reference("FCreateOrgId", "ORG_Organizations"), reference("FUseOrgId", "ORG_Organizations")]),
      ...(part.fields ?? []),
    ],
  };
}
