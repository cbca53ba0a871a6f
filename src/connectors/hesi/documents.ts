import type { ConnectorContext } from "../contract.js";
import { textOf } from "../http/json.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { PageFault } from "../http/source/fault.js";
import type { RecordFields } from "../http/source/fields.js";
import type { Item } from "../http/source/records.js";
import type { Span, Spans } from "../http/source/spans.js";
import type { HesiClient, Query } from "./client.js";
import { type Invoice, Invoices } from "./invoices.js";
import { idOf, listAt, listRows, type Row } from "./list.js";
import type { HesiSourceOptions } from "./options.js";
import { documentRows, headOf } from "./rows.js";

const LIST = "/v1.1/docs/getApplyList";
const DETAIL = "/v1.1/flowDetails";
/** Documents whose details are read before their rows are passed on. */
const TOGETHER = 100;

/** A document as it was listed. */
interface Listed {
  readonly id: string;
  readonly code: string | null;
  /** Kept where nothing more is asked for. */
  readonly row: Row | null;
}

const GONE =
  "look for it in Hesi; what was posted of it stays as it is until a person decides: drop this record with a reason, and reverse the posting if it is not due";

const MESSAGE = parsePath("$.errorMessage") as Path;
const CODE = parsePath("$.form.code") as Path;

export interface DocumentsContext {
  readonly client: HesiClient;
  readonly spans: Spans;
  readonly signal: ConnectorContext["signal"];
  /** Whether what the invoices say is asked for. */
  readonly needsInvoices: boolean;
  /** Completes the fields of each row, in place. */
  readonly complete: (fields: RecordFields) => Promise<void>;
}

/** The documents of a span of time, as rows. */
export class Documents {
  private readonly invoices: Invoices;
  private readonly query: Query;

  constructor(
    private readonly options: HesiSourceOptions,
    private readonly context: DocumentsContext,
  ) {
    const { type, states, specifications, deleted } = options;
    this.invoices = new Invoices(context.client);
    this.query = {
      type,
      orderBy: "updateTime",
      orderByType: "asc",
      ...(states === undefined ? {} : { state: states.join(",") }),
      ...(specifications === undefined ? {} : { specificationId: specifications.join(",") }),
      // Without it the list has those that were deleted as well.
      ...(deleted ? {} : { active: true }),
    };
  }

  /**
   * The list is read to its end before the first detail, because it moves with every document that somebody works on, and reading details takes long.
   */
  async *items(span: Span): AsyncGenerator<readonly Item[]> {
    const { signal } = this.context;
    const listed = await this.list(span);
    for (let from = 0; from < listed.length; from += TOGETHER) {
      // An empty part lets the reader see that it is asked to stop; ending here would look like the end of the list.
      if (signal.aborted) return yield [];
      yield await this.itemsOf(listed.slice(from, from + TOGETHER));
    }
    if (signal.aborted) yield [];
  }

  private async list(span: Span): Promise<readonly Listed[]> {
    for (let size = this.options.page; ; size = Math.max(2, Math.ceil(size / 4))) {
      try {
        return await this.listBy(span, size);
      } catch (error) {
        const isTooMuch = error instanceof PageFault && error.kind === "too much";
        // Many fee lines on one page are too much as well, however short the time.
        if (!isTooMuch || size === 2 || this.context.spans.halves(span) !== null) throw error;
      }
    }
  }

  private async listBy({ since, until }: Span, size: number): Promise<readonly Listed[]> {
    const { client, signal } = this.context;
    const listed: Listed[] = [];
    const query = { ...this.query, startDate: since ?? "", endDate: until ?? "" };
    for await (const rows of listRows(client, { path: LIST, query, size })) {
      for (const row of rows) listed.push(this.listedOf(row));
      if (signal.aborted) return [];
    }
    return listed;
  }

  private listedOf(row: Row): Listed {
    // Nothing more is to be had of one that was deleted.
    const isWhole = !this.options.detail || row.get("active") === false;
    return { id: idOf(row, LIST), code: textOf(valueAt(CODE, { whole: row })), row: isWhole ? row : null };
  }

  private async itemsOf(listed: readonly Listed[]): Promise<readonly Item[]> {
    const documents = await this.read(listed);
    const there = documents.flatMap(({ row }) => (typeof row === "string" ? [] : [row]));
    const invoices = this.context.needsInvoices && there.length > 0 ? await this.invoices.of(there) : new Map<string, readonly Invoice[]>();
    const items: Item[] = [];
    for (const { id, code, row } of documents) {
      if (typeof row === "string") items.push({ fields: null, text: nameOf(id, code, null), fault: row, hint: GONE });
      else items.push(...(await this.itemsOfOne({ id, code, row }, invoices.get(id) ?? [])));
    }
    return items;
  }

  private async itemsOfOne(
    document: { id: string; code: string | null; row: Row },
    invoices: readonly Invoice[],
  ): Promise<readonly Item[]> {
    const { id, code, row } = document;
    const { stream, rows: rowsOf } = this.options;
    const rows = stream === "invoices" ? invoiceRows(row, invoices) : documentRows(row, rowsOf, invoices);
    const items: Item[] = [];
    for (const [at, fields] of rows.entries()) {
      const text = nameOf(id, code, at + 1);
      const missing = fields.get("invoice.isMissing") === true;
      await this.context.complete(fields);
      items.push(
        missing
          ? { fields, text, fault: `its invoice \`${String(fields.get("invoice.id"))}\` is listed and is not given out` }
          : { fields, text },
      );
    }
    return items;
  }

  /** Each with its detail, or with why there is none. */
  private async read(listed: readonly Listed[]): Promise<readonly { id: string; code: string | null; row: Row | string }[]> {
    let isOver = false;
    const asked = listed.map(async ({ id, code, row }) => {
      if (row !== null) return { id, code, row };
      if (isOver) return { id, code, row: "" };
      try {
        return { id, code, row: await this.detail(id) };
      } catch (error) {
        isOver = true;
        throw error;
      }
    });
    const ended = await Promise.allSettled(asked);
    return ended.map((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value;
    });
  }

  private async detail(id: string): Promise<Row | string> {
    const { client } = this.context;
    const call = client.get(DETAIL, { flowId: id });
    try {
      const { isGone, records, reading } = await client.ask(call, "$.value", { single: true, gone: true });
      if (!isGone) return records[0] as Row;
      const words = client.redaction.show(textOf(valueAt(MESSAGE, reading)) ?? reading.text);
      return `it was listed, and its detail is not there any more (HTTP ${reading.status}): ${words}`;
    } catch (error) {
      if (!(error instanceof PageFault)) throw error;
      // The list is as long as it should be; what failed is one document.
      throw new PageFault("failure", error.message, error.hint, error.code, error.call);
    }
  }
}

/** One row for each invoice of a document, with the first fee line that has it. */
function invoiceRows(document: Row, invoices: readonly Invoice[]): readonly RecordFields[] {
  const lines = documentRows(document, "details", invoices);
  const head = headOf(document);
  const details = listAt(document, "form", "details");
  const unique = new Map(invoices.map((invoice) => [invoice.id, invoice]));
  return [...unique.values()].map((invoice, at) => {
    const place = details.findIndex((detail) =>
      listAt(detail, "feeTypeForm", "invoiceForm", "invoices").some((each) => textOf(each.get("invoiceId")) === invoice.id),
    );
    const fields: RecordFields = new Map(place === -1 ? head : lines[place]);
    for (const [name, value] of invoice.fields ?? []) fields.set(name === "id" ? "invoice.id" : name, value);
    fields.set("invoice.id", invoice.id);
    fields.set("invoice.type", invoice.type);
    fields.set("invoice.code", invoice.code);
    fields.set("invoice.number", invoice.number);
    fields.set("invoice.isMissing", invoice.fields === null);
    fields.set("row.line", String(at + 1));
    fields.set("row.id", invoice.id);
    return fields;
  });
}

/** How a row is known in quarantine. Its cells are numbers that tell which document waits for it. */
function nameOf(id: string, code: string | null, line: number | null): string {
  return [code, id, ...(line === null ? [] : [`row ${line}`])].filter((each) => each !== null).join("|");
}
