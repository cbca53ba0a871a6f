import { type Json, textOf } from "../http/json.js";
import { type KingdeeClient, MOST_ROWS, type QueryRow } from "./client.js";
import { oneOf, quoted } from "./filter.js";
import type { BillForm } from "./forms/form.js";
import type { KeyField } from "./key.js";

/** A document that the ERP holds. */
export interface Hit {
  readonly id: string;
  readonly number: string;
  /** `FDocumentStatus`: Z being made, A saved, B waits for approval, C approved, D to be approved again. */
  readonly status: string;
  /** Somebody voided it (作废). */
  readonly isVoid: boolean;
  /** As it stands in the key field. */
  readonly key: string;
}

/** Keys in one question: a filter goes into SQL, whose length has its limits. */
const MOST_KEYS = 50;

/** Finds the documents of one form by our key. */
export class Register {
  constructor(
    private readonly client: KingdeeClient,
    private readonly form: BillForm,
    private readonly key: KeyField,
  ) {}

  /** The documents under each of these keys, as they are written; none where there is none. Throws QueryFault. */
  async find(keys: readonly string[]): Promise<ReadonlyMap<string, readonly Hit[]>> {
    const found = new Map<string, Hit[]>(keys.map((key) => [key, []]));
    const asked = [...found.keys()];
    for (let from = 0; from < asked.length; from += MOST_KEYS) {
      const filter = oneOf(this.key.field, asked.slice(from, from + MOST_KEYS));
      // A database may take `a` for `A`, and leaves out blanks: whose key it is, is decided here.
      for await (const hit of this.hits(filter)) {
        const same = found.get(hit.key);
        if (same !== undefined && !same.some(({ id }) => id === hit.id)) same.push(hit);
      }
    }
    return found;
  }

  /** Every document of a pipeline, in the order in which they were made. Throws QueryFault. */
  async *all(pipeline: string): AsyncGenerator<Hit> {
    for await (const hit of this.hits(this.ofPipeline(pipeline))) if (hit.key.startsWith(`${pipeline}/`)) yield hit;
  }

  /** The key of what a pipeline made last, as it is written. Throws QueryFault. */
  async newest(pipeline: string): Promise<string | null> {
    const { id } = this.form;
    for (let start = 0; ; start += MOST_NEWEST) {
      const question = { form: this.form.form, fields: [id, this.key.field], filter: this.ofPipeline(pipeline), order: `${id} DESC` };
      const rows = await this.client.query({ ...question, start, limit: MOST_NEWEST });
      const key = rows.map((row) => plainOf(row[1])).find((each) => each.startsWith(`${pipeline}/`));
      if (key !== undefined) return key;
      if (rows.length < MOST_NEWEST) return null;
    }
  }

  private ofPipeline(pipeline: string): string {
    return `${this.key.field} LIKE ${quoted(`${pipeline}/%`)}`;
  }

  /** The values of these fields for every entry of documents, by their internal ids, also of entries that bear no key. Throws QueryFault. */
  async entries(ids: readonly string[], fields: readonly string[]): Promise<ReadonlyMap<string, readonly (readonly Json[])[]>> {
    const found = new Map<string, (readonly Json[])[]>(ids.map((id) => [id, []]));
    if (ids.length === 0) return found;
    for await (const row of this.rows(oneOf(this.form.id, ids), [this.form.id, ...fields])) found.get(plainOf(row[0]))?.push(row.slice(1));
    return found;
  }

  private async *hits(filter: string): AsyncGenerator<Hit> {
    const { id, number, voided } = this.form;
    let last = "";
    for await (const row of this.rows(filter, [id, number, "FDocumentStatus", this.key.field, ...(voided === null ? [] : [voided])])) {
      const [at = "", name = "", status = "", key = "", mark = ""] = row.map(plainOf);
      // A query over entries repeats the header for each of them; one whose entries bear several keys counts under each.
      const one = JSON.stringify([at, key]);
      if (one === last) continue;
      last = one;
      yield { id: at, number: name, status, key, isVoid: mark !== "" && mark !== "A" };
    }
  }

  private async *rows(filter: string, fields: readonly string[]): AsyncGenerator<QueryRow> {
    const asked = [...new Set(fields)];
    const places = fields.map((field) => asked.indexOf(field));
    const { form, id } = this.form;
    for (let start = 0; ; start += MOST_ROWS) {
      const rows = await this.client.query({ form, fields: asked, filter, order: `${id} ASC`, start, limit: MOST_ROWS });
      for (const row of rows) yield places.map((place) => row[place] ?? null);
      if (rows.length < MOST_ROWS) return;
    }
  }
}

const MOST_NEWEST = 50;

function plainOf(value: Json | undefined): string {
  return typeof value === "boolean" ? String(value) : (textOf(value)?.trim() ?? "");
}
