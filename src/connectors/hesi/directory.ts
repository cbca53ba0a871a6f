import { FieldFault } from "../files/fields.js";
import { isList, isObject, type Json, textOf } from "../http/json.js";
import { fieldsOf, type RecordFields } from "../http/source/fields.js";
import type { HesiClient } from "./client.js";
import { type ListCall, listRows, type Row } from "./list.js";

/** Lists that are small enough to be read whole: who and what the ids of documents stand for. */
export const LISTS = {
  staffs: { path: "/v1.1/staffs", query: { orderBy: "updateTime", orderByType: "asc" } },
  departments: { path: "/v1/departments", query: { orderBy: "updateTime", orderByType: "asc" } },
  fee_types: { path: "/v1/feeTypes", query: {}, pages: "none" },
  dimensions: { path: "/v1/dimensions", query: {} },
  dimension_items: { path: "/v1/dimensions/items", query: { orderBy: "updateTime", orderByType: "asc" } },
  payees: { path: "/v2.1/payeeInfos", query: { ids: "", names: "", cardNos: "", orderBy: "updateTime", orderByType: "asc" } },
  payment_accounts: { path: "/v1/paymentAccounts", query: {}, pages: "none" },
  currencies: { path: "/v2.1/currency", query: {}, pages: "none" },
} as const satisfies Record<string, ListCall>;
export type ListName = keyof typeof LISTS;

/** The lists that an id is looked for in, and what problems call what it stands for. */
export interface Kind {
  readonly lists: readonly ListName[];
  readonly noun: string;
}

const STAFF: Kind = { lists: ["staffs"], noun: "person" };
const DEPARTMENT: Kind = { lists: ["departments"], noun: "department" };
const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/(^|\.)(submitter|owner|operator)(Id)?$/, STAFF],
  [/[dD]epartment(Id)?$/, DEPARTMENT],
  [/(^|\.)feeType(Id)?$/, { lists: ["fee_types"], noun: "fee type" }],
  [/[pP]ayee(Id)?$/, { lists: ["payees"], noun: "payee" }],
  [/(^|\.)paymentAccount(Id)?$/, { lists: ["payment_accounts"], noun: "payment account" }],
  [/(^|\.)dimension(Id)?$/, { lists: ["dimensions"], noun: "dimension" }],
];
/** Custom fields hold items of dimensions most of the time, and may hold people and others. */
const ANYTHING: Kind = {
  lists: ["dimension_items", "staffs", "departments", "fee_types", "payees", "payment_accounts"],
  noun: "dimension item, person or department",
};

/** Fills in names and codes where a column asks for them. Each list is read once, when the first column needs it. */
export class Directory {
  private readonly lists = new Map<ListName, Promise<ReadonlyMap<string, RecordFields>>>();

  /** `parents`: the list in which `parentId` is looked for. */
  constructor(
    private readonly client: HesiClient,
    private readonly parents: ListName | null,
  ) {}

  /**
   * Sets the fields that are asked for and are not there, where the beginning of their name is a field that holds an id: of
   * `form.submitterId.code` the code of the person. Throws PageFault when a list cannot be read.
   */
  async fill(fields: RecordFields, names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (fields.has(name)) continue;
      for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
        const field = name.slice(0, end);
        const id = fields.get(field);
        if (id === undefined || id instanceof FieldFault || typeof id === "boolean") continue;
        fields.set(name, id === null ? null : await this.valueOf(field, id, name.slice(end + 1)));
        break;
      }
    }
  }

  private async valueOf(field: string, id: string, wanted: string) {
    const { lists, noun } = this.kindOf(field);
    for (const list of lists) {
      const found = (await this.load(list)).get(id);
      if (found !== undefined) return found.get(wanted) ?? null;
    }
    return new FieldFault(`asks for \`${wanted}\` of \`${id}\`, and there is no ${noun} with that id`);
  }

  private kindOf(field: string): Kind {
    if (this.parents !== null && /(^|\.)parent(Id)?$/.test(field)) return { lists: [this.parents], noun: "parent" };
    return KINDS.find(([pattern]) => pattern.test(field))?.[1] ?? ANYTHING;
  }

  private load(list: ListName): Promise<ReadonlyMap<string, RecordFields>> {
    let loading = this.lists.get(list);
    if (loading === undefined) {
      loading = this.read(list);
      this.lists.set(list, loading);
      // What failed is asked for again by the next unit.
      loading.catch(() => this.lists.delete(list));
    }
    return loading;
  }

  private async read(list: ListName): Promise<ReadonlyMap<string, RecordFields>> {
    const found = new Map<string, RecordFields>();
    for (const call of await this.callsOf(list))
      for await (const rows of listRows(this.client, call))
        for (const row of rows) {
          const fields = fieldsOf(row, true);
          const id = textOf(row.get("id"));
          if (fields !== null && id !== null) found.set(id, fields);
        }
    return found;
  }

  /** Items are listed for each dimension by itself. */
  private async callsOf(list: ListName): Promise<readonly ListCall[]> {
    const { path, query, ...how } = LISTS[list] as ListCall;
    if (list !== "dimension_items") return [{ path, query, ...how }];
    const dimensions = await this.load("dimensions");
    return [...dimensions.keys()].map((dimensionId) => ({ path, query: { ...query, dimensionId } }));
  }
}

/** The rates stand in a list under their home currency, whose code becomes a field of each. */
export function currenciesOf(row: Row): readonly Row[] {
  const rates: Json = row.get("currInfos") ?? null;
  if (rates === null || !isList(rates)) return [row];
  const home = row.get("orgCode") ?? null;
  return rates.filter(isObject).map((rate) => new Map<string, Json>([["orgCode", home], ...rate]));
}
