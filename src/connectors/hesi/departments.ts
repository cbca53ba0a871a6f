import { isObject, textOf } from "../http/json.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { type HesiClient, idInPath } from "./client.js";
import { LISTS } from "./directory.js";
import { differencesIn, isSameText, jsonOf, OneByOne, type Stepped, type Wanted, withValues } from "./entity.js";
import type { Row } from "./list.js";
import { Roster } from "./roster.js";
import { rejected, write } from "./written.js";

const DEPARTMENTS = "/v1/departments";
/** The vendor's pages have it under `value`. */
const IDS = ["$.value.id", "$.id"].map((text) => parsePath(text) as Path);

/** Departments, by code. */
export class Departments extends OneByOne {
  readonly roster: Roster;

  constructor(client: HesiClient) {
    super(client, "department");
    this.roster = new Roster(
      client,
      async () => LISTS.departments,
      (row) => textOf(row.get("code")),
    );
  }

  protected async create(wanted: Wanted, parentId: string | null): Promise<Stepped> {
    const { key, code, name, more } = wanted;
    const above = parentId ?? (await this.top());
    if (above === null) return rejected("it has no `parent`, and which department is at the top is not clear", key, "map `header.parent`");
    const call = this.client.write("POST", DEPARTMENTS, { code, name, parentId: above, ...formOf(more) });
    const written = await write(this.client, call, key);
    if (written.kind !== "answered") return written;
    const [id = null] = IDS.map((path) => textOf(valueAt(path, written.reading))).filter((each) => each !== null);
    if (id === null) return this.readBack(call, wanted, written.reading);
    return { kind: "row", row: new Map(Object.entries({ id, name, code, parentId: above, active: true, form: jsonOf(more) })) };
  }

  protected async change(row: Row, { key, code, name, more }: Wanted, parentId: string | null): Promise<Stepped> {
    const id = textOf(row.get("id")) ?? "";
    const parent = parentId ?? textOf(row.get("parentId")) ?? "";
    const call = this.client.write(
      "PUT",
      `${DEPARTMENTS}/update/${idInPath(id)}`,
      { code, name, parentId: parent, ...formOf(more) },
      {},
      `${DEPARTMENTS}/update/$id`,
    );
    const written = await write(this.client, call, key);
    if (written.kind !== "answered") return written;
    return { kind: "row", row: withValues(row, { name, code, parentId: parent, form: jsonOf(more) }) };
  }

  protected async switchTo(row: Row, { key }: Wanted, active: boolean): Promise<Stepped> {
    const id = textOf(row.get("id")) ?? "";
    const path = `${DEPARTMENTS}/disableOrEnableDepartment`;
    const written = await write(
      this.client,
      this.client.write("PUT", `${path}/${idInPath(id)}`, undefined, { active }, `${path}/$id`),
      key,
    );
    if (written.kind !== "answered") return written;
    // Those below are switched off with it, and not on again.
    if (!active) this.roster.forget();
    return { kind: "row", row: withValues(row, { active }) };
  }

  protected differences(row: Row, { name, parent, more }: Wanted, parentId: string | null): readonly string[] {
    return [
      ...(isSameText(row.get("name"), name) ? [] : ["name"]),
      ...(parent === null || isSameText(row.get("parentId"), parentId ?? "") ? [] : ["parent"]),
      ...differencesIn(row.get("form"), more),
    ];
  }

  /** The company itself stands at the top; null where that is not one department. */
  private async top(): Promise<string | null> {
    const tops = (await this.roster.all()).filter((row) => isObject(row) && (textOf(row.get("parentId")) ?? "") === "");
    return tops.length === 1 ? textOf((tops[0] as Row).get("id")) : null;
  }
}

function formOf(more: Readonly<Record<string, string>>): { readonly form?: Readonly<Record<string, string>> } {
  return Object.keys(more).length === 0 ? {} : { form: more };
}
