import { FieldFault } from "../files/fields.js";
import { isList, isObject, type Json, textOf } from "../http/json.js";
import { failure } from "../http/source/fault.js";
import { fieldsOf, type RecordFields } from "../http/source/fields.js";
import type { HesiClient } from "./client.js";
import { PAGE, type Row } from "./list.js";

export interface Invoice {
  readonly id: string;
  /** In the system's words: `invoice`, `taxi`, `train`, … */
  readonly type: string;
  readonly itemIds: readonly string[];
  /** Under the literal names of the system, such as `E_system_发票主体_发票号码`; null where the system lists it and does not give it out. */
  readonly fields: RecordFields | null;
  readonly code: string | null;
  readonly number: string | null | FieldFault;
}

/** Finds the invoices of documents: which there are, and then what stands in each. */
export class Invoices {
  constructor(private readonly client: HesiClient) {}

  /** By id of the document. Throws PageFault when they cannot be read. */
  async of(flowIds: readonly string[]): Promise<ReadonlyMap<string, readonly Invoice[]>> {
    const listed = new Map<string, readonly Listed[]>();
    for (let from = 0; from < flowIds.length; from += PAGE) {
      const part = flowIds.slice(from, from + PAGE);
      for (const [flowId, each] of await this.list(part)) listed.set(flowId, each);
    }
    const idsByType = new Map<string, Set<string>>();
    for (const { id, type } of [...listed.values()].flat()) idsByType.set(type, (idsByType.get(type) ?? new Set()).add(id));
    const bodies = new Map<string, RecordFields>();
    for (const [type, ids] of idsByType) for (const [id, fields] of await this.bodies(type, [...ids])) bodies.set(id, fields);
    return new Map([...listed].map(([flowId, each]) => [flowId, each.map((one) => invoiceOf(one, bodies.get(one.id) ?? null))]));
  }

  private async list(flowIds: readonly string[]): Promise<readonly (readonly [string, readonly Listed[]])[]> {
    const path = "/v2/extension/flow/INVOICE/search";
    const call = this.client.write("POST", path, { type: "id", codeOrIds: flowIds });
    const { records } = await this.client.ask(call, "$.value", { single: true });
    const [value] = records;
    if (value === undefined || !isObject(value))
      return failure(`\`${path}\` answers with no object`, "tell those who run it", "SOURCE_FORMAT");
    return [...value].map(([flowId, list]) => [flowId, isList(list) ? list.filter(isObject).map(listedOf) : []]);
  }

  private async bodies(type: string, ids: readonly string[]): Promise<readonly (readonly [string, RecordFields])[]> {
    const path = `/v2/extension/INVOICE/object/${encodeURIComponent(type)}/search`;
    const found: (readonly [string, RecordFields])[] = [];
    for (let from = 0; from < ids.length; from += PAGE) {
      const call = this.client.write("POST", path, { ids: ids.slice(from, from + PAGE) });
      for (const record of (await this.client.ask(call, "$.items")).records) {
        const fields = fieldsOf(record, true);
        const id = fields?.get("id");
        if (fields !== null && typeof id === "string") found.push([id, fields]);
      }
    }
    return found;
  }
}

interface Listed {
  readonly id: string;
  readonly type: string;
  readonly itemIds: readonly string[];
}

function listedOf(row: Row): Listed {
  const id =
    textOf(row.get("invoiceId")) ?? failure("an invoice of a document has no `invoiceId`", "tell those who run it", "SOURCE_FORMAT");
  const items: Json = row.get("invoiceItemId") ?? null;
  const itemIds = isList(items ?? null) ? (items as readonly Json[]).flatMap((each) => textOf(each) ?? []) : [];
  return { id, type: textOf(row.get("invoiceType")) ?? "invoice", itemIds };
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
