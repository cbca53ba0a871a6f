import { DateFormatError } from "../../model/date-formats.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Column, ConnectorContext, ReadRequest, Source, SourceEvent } from "../contract.js";
import { textOf, writeJson } from "../http/json.js";
import { failure } from "../http/source/fault.js";
import { fieldsOf, type RecordFields } from "../http/source/fields.js";
import type { Item } from "../http/source/records.js";
import { compileSpans, type Spans, WITHOUT_SINCE } from "../http/source/spans.js";
import { problemOf, Units } from "../http/source/units.js";
import { HesiClient } from "./client.js";
import type { HesiConnection } from "./connection.js";
import { currenciesOf, Directory, LISTS, type ListName } from "./directory.js";
import { Documents } from "./documents.js";
import { type ListCall, listRows, type Row } from "./list.js";
import type { HesiSourceOptions } from "./options.js";
import { Times } from "./times.js";

const NOTHING_IGNORED = { ignoredRows: [], ignoredCells: [] };
/** Where columns of documents begin; a name that is not there is empty in this document, and one that begins otherwise is a mistake. */
const ROOTS = /^((form|detail|apportion|row|document|invoice|submitter|owner|department|payee|paymentAccount)(\.|$)|E_)/;

/** Reads what changed of the documents of a tenant, and its master data whole. */
export class HesiSource implements Source {
  private readonly client: HesiClient;
  private readonly spans: Spans;
  private readonly times: Times;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(
    connection: HesiConnection,
    private readonly options: HesiSourceOptions,
    private readonly context: ConnectorContext,
  ) {
    const { since, time_zone: zone, times, stream, entity } = options;
    this.client = new HesiClient(connection, context, true);
    this.spans = compileSpans({ ...since, format: "yyyy-MM-dd HH:mm:ss", time_zone: zone, until: "exclusive" }, context.timeZone, true);
    this.times = timesOf(zone, times);
    if (stream === "datalinks" && entity === undefined)
      throw new ProblemError(
        problem("CONFIG_MISSING_KEY", "`stream: datalinks` needs `entity`", [], "give the id of the business object (业务对象)"),
      );
  }

  async *read(request: ReadRequest): AsyncGenerator<SourceEvent> {
    const { stream, type } = this.options;
    const names = request.columns.flatMap(({ name, aliases }) => [name, ...aliases]).map((name) => name.trim());
    switch (stream) {
      case "documents":
      case "invoices":
        yield* this.units(`${stream} ${type}`, this.spans, this.documents(request.columns, names)).read(request);
        return;
      case "dimension_items":
        yield* this.dimensionItems(request, names);
        return;
      case "datalinks": {
        const { entity = "" } = this.options;
        yield* this.list(`datalinks ${entity}`, { path: "/v2.1/datalink", query: { entityId: entity } }, names).read(request);
        return;
      }
      default:
        yield* this.list(stream, LISTS[stream], names).read(request);
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private documents(
    columns: readonly Column[],
    names: readonly string[],
  ): (span: Parameters<Documents["items"]>[0]) => AsyncIterable<readonly Item[]> {
    const directory = new Directory(this.client, null);
    const needsInvoices =
      this.options.stream === "invoices" ||
      names.some((name) => name.startsWith("document.invoices.") || name === "detail.invoices.numbers");
    const documents = new Documents(this.options, {
      client: this.client,
      spans: this.spans,
      signal: this.context.signal,
      needsInvoices,
      complete: async (fields) => {
        this.times.write(fields);
        await directory.fill(fields, names);
        for (const { name, aliases } of columns) {
          const own = [name, ...aliases].map((each) => each.trim());
          if (!own.some((each) => fields.has(each)) && ROOTS.test(own[0] as string)) fields.set(own[0] as string, null);
        }
      },
    });
    return (span) => documents.items(span);
  }

  private async *dimensionItems(request: ReadRequest, names: readonly string[]): AsyncGenerator<SourceEvent> {
    let dimensions: readonly { readonly id: string; readonly name: string }[];
    try {
      dimensions = await this.dimensions();
    } catch (error) {
      const unit = "dimension_items";
      yield { kind: "abandoned", unit, problem: problemOf(error, unit, this.client.get(LISTS.dimensions.path).name) };
      return;
    }
    for (const { id, name } of dimensions) {
      const { path, query } = LISTS.dimension_items;
      const call = { path, query: { ...query, dimensionId: id } };
      if (!(yield* this.list(`dimension_items ${name}`, call, names).read(request))) return;
    }
  }

  private async dimensions(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    const { dimension } = this.options;
    const all: { readonly id: string; readonly name: string; readonly code: string | null }[] = [];
    for await (const rows of listRows(this.client, LISTS.dimensions))
      for (const row of rows) {
        const id = textOf(row.get("id")) ?? "";
        all.push({ id, name: textOf(row.get("name")) ?? id, code: textOf(row.get("code")) });
      }
    const wanted = all.filter(({ id, name, code }) => dimension === undefined || [id, name, code].includes(dimension));
    if (dimension === undefined || wanted.length === 1) return wanted;
    const there = all.map(({ name }) => `\`${name}\``).join(", ");
    return failure(
      wanted.length === 0 ? `there is no dimension \`${dimension}\`; there is ${there}` : `there are several dimensions \`${dimension}\``,
      "correct `dimension` of the source; its id is the surest",
    );
  }

  /** A list is read whole, as one unit. */
  private list(name: string, call: ListCall, names: readonly string[]): Units {
    const { client, times, options, context } = this;
    const own = (Object.keys(LISTS) as ListName[]).find((each) => each === options.stream) ?? null;
    const directory = new Directory(client, own);
    const prefix = `E_${options.entity ?? ""}_`;
    const itemOf = async (row: Row): Promise<Item> => {
      const fields = fieldsOf(row, true) ?? new Map();
      if (options.stream === "datalinks") addShortNames(fields, prefix);
      times.write(fields);
      await directory.fill(fields, names);
      return { fields, text: `${textOf(row.get("id")) ?? ""}|${writeJson(row).replaceAll("|", " ")}` };
    };
    return this.units(name, WITHOUT_SINCE, async function* () {
      for await (const rows of listRows(client, { ...call, size: options.page })) {
        const items: Item[] = [];
        for (const row of options.stream === "currencies" ? rows.flatMap(currenciesOf) : rows) items.push(await itemOf(row));
        yield items;
        if (context.signal.aborted) return;
      }
    });
  }

  private units(name: string, spans: Spans, items: ConstructorParameters<typeof Units>[0]["items"]): Units {
    const { now, signal } = this.context;
    const { stream } = this.options;
    const path =
      stream === "documents" || stream === "invoices"
        ? "/v1.1/docs/getApplyList"
        : stream === "datalinks"
          ? "/v2.1/datalink"
          : LISTS[stream].path;
    return new Units({ name, question: this.client.get(path).name, spans, ignored: NOTHING_IGNORED, items, now, signal });
  }
}

/** What a business object holds stands under names that begin with its id, in `form`; where it stands in `data`, as it is written, it is found too. */
function addShortNames(fields: RecordFields, prefix: string): void {
  for (const [name, value] of [...fields])
    for (const place of ["form.", "data."])
      if (name.startsWith(`${place}${prefix}`)) fields.set(`data.${name.slice(place.length + prefix.length)}`, value);
}

function timesOf(zone: string, more: readonly string[]): Times {
  try {
    return new Times(zone, more);
  } catch (error) {
    if (!(error instanceof DateFormatError)) throw error;
    throw new ProblemError(
      problem("CONFIG_WRONG_VALUE", `\`time_zone\`: ${error.message}`, [], "expected an IANA name such as `Asia/Shanghai`"),
    );
  }
}
