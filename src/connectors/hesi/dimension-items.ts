import { ProblemError, problem } from "../../model/problem.js";
import { isObject, textOf } from "../http/json.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { type HesiClient, idInPath } from "./client.js";
import { LISTS } from "./directory.js";
import { differencesIn, isSameText, jsonOf, OneByOne, type Stepped, type Wanted, withValues } from "./entity.js";
import type { Row } from "./list.js";
import { Roster } from "./roster.js";
import type { HesiTargetOptions } from "./target-options.js";
import { asking, write } from "./written.js";

const ITEMS = "/v1.1/dimensions/items";
const ID = parsePath("$.id") as Path;

/** Items of one dimension (自定义档案): projects, cost centres, legal entities. */
export class DimensionItems extends OneByOne {
  readonly roster: Roster;
  private dimension: Promise<string> | null = null;

  constructor(
    client: HesiClient,
    private readonly options: HesiTargetOptions,
  ) {
    super(client, "dimension item");
    const call = async () => {
      const { path, query } = LISTS.dimension_items;
      return { path, query: { ...query, dimensionId: await this.dimensionId() } };
    };
    this.roster = new Roster(client, call, (row) => textOf(row.get("code")));
  }

  protected async create(wanted: Wanted, parentId: string | null): Promise<Stepped> {
    const { key, code, name, more } = wanted;
    const dimensionId = await this.dimensionId();
    const call = this.client.write("POST", ITEMS, {
      dimensionId,
      name,
      code,
      parentId: parentId ?? "",
      visibility: { fullVisible: true },
      ...formOf(more),
    });
    const written = await write(this.client, call, key);
    if (written.kind !== "answered") return written;
    const id = textOf(valueAt(ID, written.reading));
    if (id === null) return this.readBack(call, wanted, written.reading);
    const row: Row = new Map(Object.entries({ id, name, code, active: true, dimensionId, parentId: parentId ?? "", form: jsonOf(more) }));
    return { kind: "row", row };
  }

  protected async change(row: Row, { key, code, name, more }: Wanted, parentId: string | null): Promise<Stepped> {
    const id = textOf(row.get("id")) ?? "";
    const parent = parentId ?? textOf(row.get("parentId")) ?? "";
    const body = {
      name,
      code,
      parentId: parent,
      ...(this.options.visible === "always" ? { visibility: { fullVisible: true } } : {}),
      ...formOf(more),
    };
    const written = await write(
      this.client,
      this.client.write("PUT", `${ITEMS}/${idInPath(id)}`, body, { type: "id" }, `${ITEMS}/$id`),
      key,
    );
    if (written.kind !== "answered") return written;
    return { kind: "row", row: withValues(row, { name, code, parentId: parent, form: jsonOf(more) }) };
  }

  /** The items below it go with it. */
  protected async switchTo(row: Row, { key }: Wanted, active: boolean): Promise<Stepped> {
    const id = textOf(row.get("id")) ?? "";
    const end = active ? "enable" : "disable";
    const written = await write(
      this.client,
      this.client.write("PUT", `${ITEMS}/${idInPath(id)}/${end}`, undefined, { type: "id" }, `${ITEMS}/$id/${end}`),
      key,
    );
    if (written.kind !== "answered") return written;
    for (const below of await this.roster.all())
      if (textOf(below.get("parentId")) === id) await this.roster.note(withValues(below, { active }));
    return { kind: "row", row: withValues(row, { active }) };
  }

  /** What the list does not show, such as further fields in older editions, counts as different and is written again. */
  protected differences(row: Row, { name, parent, more }: Wanted, parentId: string | null): readonly string[] {
    return [
      ...(isSameText(row.get("name"), name) ? [] : ["name"]),
      ...(parent === null || isSameText(row.get("parentId"), parentId ?? "") ? [] : ["parent"]),
      ...differencesIn(row.get("form"), more),
    ];
  }

  private dimensionId(): Promise<string> {
    this.dimension ??= this.findDimension();
    this.dimension.catch(() => {
      this.dimension = null;
    });
    return this.dimension;
  }

  private async findDimension(): Promise<string> {
    const wanted = this.options.dimension;
    const roster = new Roster(
      this.client,
      async () => LISTS.dimensions,
      () => null,
    );
    const all = await asking(this.client, "the dimensions", () => roster.all());
    const found = all.filter((row) => ["id", "name", "code"].some((name) => textOf(row.get(name)) === wanted));
    const [one] = found;
    if (one !== undefined && found.length === 1 && isObject(one)) return textOf(one.get("id")) ?? "";
    const there = all.map((row) => `\`${textOf(row.get("name")) ?? ""}\``).join(", ");
    throw new ProblemError(
      problem(
        "CONFIG_WRONG_VALUE",
        wanted === undefined
          ? "the target has no `dimension`, and entities of the kind `dimension_item` need one"
          : `there ${found.length === 0 ? "is no dimension" : "are several dimensions"} \`${wanted}\``,
        [],
        `there is ${there}; nothing was sent`,
      ),
    );
  }
}

/** Further fields are given together: one that is left out would be emptied. */
function formOf(more: Readonly<Record<string, string>>): { readonly form?: Readonly<Record<string, string>> } {
  return Object.keys(more).length === 0 ? {} : { form: more };
}
