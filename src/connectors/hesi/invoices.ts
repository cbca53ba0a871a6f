import { FieldFault } from "../files/fields.js";
import { isList, isObject, type Json, textOf } from "../http/json.js";
import { failure } from "../http/source/fault.js";
import { fieldsOf, type RecordFields } from "../http/source/fields.js";
import type { HesiClient } from "./client.js";
import { listAt, PAGE, type Row } from "./list.js";

export interface Invoice {
  readonly id: string;
  /** In the system's words: `invoice`, `taxi`, `train`, … */
  readonly type: string;
  /** Under the literal names of the system, such as `E_system_发票主体_发票号码`; null where the system lists it and does not give it out. */
  readonly fields: RecordFields | null;
  readonly code: string | null;
  readonly number: string | null | FieldFault;
}

/** Finds the invoices of documents: which there are, of which type each is, and then what stands in it. */
export class Invoices {
  constructor(private readonly client: HesiClient) {}

  /** By id of the document. Throws PageFault when they cannot be read. */
  async of(documents: readonly Row[]): Promise<ReadonlyMap<string, readonly Invoice[]>> {
    const own = new Map(documents.map((document) => [textOf(document.get("id")) ?? "", invoicesIn(document)]));
    const types = new Map<string, Listed>();
    for (const part of parts([...own.keys()]))
      for (const [flowId, listed] of await this.list(part)) {
        for (const each of listed) types.set(each.id, each);
        // An invoice may hang on the document itself instead of one of its fee lines.
        if (flowId !== null) own.set(flowId, [...new Set([...(own.get(flowId) ?? []), ...listed.map(({ id }) => id)])]);
      }
    const all = [...new Set([...own.values()].flat())].map((id) => types.get(id) ?? { id, type: USUAL_TYPE });
    const bodies = new Map<string, RecordFields>();
    for (const type of new Set(all.map((each) => each.type)))
      for (const part of parts(all.filter((each) => each.type === type).map(({ id }) => id)))
        for (const [id, fields] of await this.bodies(type, part)) bodies.set(id, fields);
    const byId = new Map(all.map((each) => [each.id, invoiceOf(each, bodies.get(each.id) ?? null)]));
    return new Map([...own].map(([flowId, ids]) => [flowId, ids.flatMap((id) => byId.get(id) ?? [])]));
  }

  /**
   * What the system lists, with the document where it says of which: the vendor's pages have a list for each document under `value`, and what was
   * seen elsewhere is one list under `flow` that says nothing of documents.
   */
  private async list(flowIds: readonly string[]): Promise<readonly (readonly [string | null, readonly Listed[]])[]> {
    const path = "/v2/extension/flow/INVOICE/search";
    const call = this.client.write("POST", path, { type: "id", codeOrIds: flowIds });
    const { reading } = await this.client.ask(call, "$", { single: true });
    const { whole } = reading;
    const answer = whole !== undefined && whole !== null && isObject(whole) ? whole : NOTHING;
    const value = answer.get("value") ?? null;
    const list = answer.get("flow") ?? null;
    if (value !== null && isObject(value)) return [...value].map(([flowId, each]) => [flowId, listedIn(each)]);
    if (list !== null && isList(list)) return [[null, listedIn(list)]];
    return failure(`\`${path}\` answers with no invoices where they should be`, "tell those who run it", "SOURCE_FORMAT");
  }

  private async bodies(type: string, ids: readonly string[]): Promise<readonly (readonly [string, RecordFields])[]> {
    const path = `/v2/extension/INVOICE/object/${encodeURIComponent(type)}/search`;
    const { records } = await this.client.ask(this.client.write("POST", path, { ids }), "$.items");
    return records.flatMap((record) => {
      const fields = fieldsOf(record, true);
      const id = fields?.get("id");
      return fields !== null && typeof id === "string" ? [[id, fields] as const] : [];
    });
  }
}

const NOTHING: Row = new Map();
/** What an invoice is that nothing is said about. */
const USUAL_TYPE = "invoice";

function parts(ids: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / PAGE) }, (_, at) => ids.slice(at * PAGE, (at + 1) * PAGE));
}

/** Ids of the invoices on the fee lines of a document, each once. */
function invoicesIn(document: Row): readonly string[] {
  const used = listAt(document, "form", "details").flatMap((detail) => listAt(detail, "feeTypeForm", "invoiceForm", "invoices"));
  return [...new Set(used.flatMap((each) => textOf(each.get("invoiceId")) ?? []))];
}

function listedIn(list: Json): readonly Listed[] {
  return isList(list) ? list.filter(isObject).map(listedOf) : [];
}

interface Listed {
  readonly id: string;
  readonly type: string;
}

function listedOf(row: Row): Listed {
  const id =
    textOf(row.get("invoiceId")) ?? failure("an invoice of a document has no `invoiceId`", "tell those who run it", "SOURCE_FORMAT");
  return { id, type: textOf(row.get("invoiceType")) ?? USUAL_TYPE };
}

function invoiceOf(listed: Listed, fields: RecordFields | null): Invoice {
  const code = fields === null ? null : first(fields, ["E_system_发票主体_发票代码", "E_system_发票主体_code"]);
  const number = fields === null ? null : first(fields, ["E_system_发票主体_发票号码", "E_system_发票主体_name"]);
  return { ...listed, fields, ...invoiceNumber(code, number) };
}

function first(fields: RecordFields, names: readonly string[]): string | null {
  for (const name of names) {
    const value = fields.get(name);
    if (typeof value === "string") return value;
  }
  return null;
}

/**
 * The number by which one invoice is told from all others: that of a fully digital one (数电票) has 20 digits and stands alone; an older one has 8,
 * which repeat, and stands behind its code of 10 or 12: `044001900211-67083249`. Full-width digits become plain, blanks and separators are dropped,
 * zeros in front stay. A number that a spreadsheet has rounded cannot be read any more.
 */
export function invoiceNumber(
  code: string | null,
  number: string | null,
): { readonly code: string | null; readonly number: string | null | FieldFault } {
  const plainCode = plain(code);
  const plainNumber = plain(number);
  if (plainNumber === null) return { code: plainCode, number: null };
  if (/^\d+([.]\d+)?e\+?\d+$/i.test(plainNumber))
    return { code: plainCode, number: new FieldFault(`is \`${number}\`, which was rounded and is no invoice number any more`) };
  const isDigital = /^\d{20}$/.test(plainNumber);
  return { code: plainCode, number: isDigital || plainCode === null ? plainNumber : `${plainCode}-${plainNumber}` };
}

function plain(text: string | null): string | null {
  const clean = (text ?? "").normalize("NFKC").replace(/[\s\-–—_/]+/g, "");
  return clean === "" ? null : clean;
}
