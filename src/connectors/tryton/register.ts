import type { Catalog } from "./catalog.js";
import type { Domain, Row, TrytonClient } from "./client.js";
import type { Form, Hit } from "./forms/form.js";
import { idOf, jsonOf, wordOf } from "./values.js";

/** Keys in one question: it becomes one parameter each of an SQL statement. */
const MOST_KEYS = 100;
const PAGE = 200;

/** Finds the records of one model by our key. */
export class Register {
  constructor(
    private readonly client: TrytonClient,
    private readonly catalog: Catalog,
    private readonly form: Form,
  ) {}

  /** The records under each of these keys, as they are written; none where there is none. Throws QueryFault. */
  async find(keys: readonly string[]): Promise<ReadonlyMap<string, readonly Hit[]>> {
    const found = new Map<string, Hit[]>(keys.map((key) => [key, []]));
    const asked = [...found.keys()];
    for (let from = 0; from < asked.length; from += MOST_KEYS) {
      const domain: Domain = [[this.form.keyField, "in", asked.slice(from, from + MOST_KEYS)]];
      // A database may take `a` for `A`: whose key it is, is decided here.
      for (const row of await this.rows(domain)) this.add(row, found);
    }
    return found;
  }

  /** Every record of a pipeline, in the order in which they were made. Throws QueryFault. */
  async *all(pipeline: string): AsyncGenerator<Hit> {
    let last = "0";
    for (;;) {
      const domain: Domain = [...this.ofPipeline(pipeline), ["id", ">", idOf(last)]];
      const rows = await this.rows(domain, "ASC", PAGE);
      for (const row of rows) {
        const hit = this.form.hitOf(row);
        if (hit?.key.startsWith(`${pipeline}/`)) yield hit;
      }
      if (rows.length < PAGE) return;
      last = wordOf(rows.at(-1)?.get("id"));
    }
  }

  /** What a pipeline made last. Throws QueryFault. */
  async newest(pipeline: string): Promise<Hit | null> {
    let before: string | null = null;
    for (;;) {
      const domain: Domain = [...this.ofPipeline(pipeline), ...(before === null ? [] : [["id", "<", idOf(before)]])];
      const rows: readonly Row[] = await this.rows(domain, "DESC", PAGE);
      for (const row of rows) {
        const hit = this.form.hitOf(row);
        if (hit?.key.startsWith(`${pipeline}/`)) return hit;
      }
      if (rows.length < PAGE) return null;
      before = wordOf(rows.at(-1)?.get("id"));
    }
  }

  /** The records that name one of these as their origin, with the id of that one. Throws QueryFault. */
  async cancelling(ids: readonly string[]): Promise<ReadonlyMap<string, readonly Hit[]>> {
    const found = new Map<string, Hit[]>(ids.map((id) => [id, []]));
    if (ids.length === 0) return found;
    const origins = ids.map((id) => `${this.form.model},${id}`);
    for (const row of await this.rows([["origin", "in", origins]], "ASC", null, ["origin"])) {
      const hit = this.form.hitOf(row);
      if (hit !== null) found.get(wordOf(row.get("origin")).split(",")[1] ?? "")?.push(hit);
    }
    return found;
  }

  private add(row: Row, found: ReadonlyMap<string, Hit[]>): void {
    const hit = this.form.hitOf(row);
    if (hit !== null) found.get(hit.key)?.push(hit);
  }

  private ofPipeline(pipeline: string): Domain {
    return [[this.form.keyField, "like", `${pipeline}/%`]];
  }

  private async rows(
    domain: Domain,
    order: "ASC" | "DESC" = "ASC",
    limit: number | null = null,
    more: readonly string[] = [],
  ): Promise<readonly Row[]> {
    const { model, domain: own, keyField, fields } = this.form;
    const { id } = await this.catalog.company();
    return this.client.query({
      model,
      domain: [["company", "=", idOf(id)], ...own, ...domain].map(jsonOf),
      fields: [keyField, ...fields, ...more],
      order: [["id", order]],
      ...(limit === null ? {} : { limit }),
    });
  }
}
