import { isList, isObject, type Json, textOf } from "../http/json.js";
import { type Path, parsePath, valuesAt } from "../http/path.js";
import { type HesiClient, idsInPath } from "./client.js";
import { LISTS } from "./directory.js";
import { differencesIn, isSameText, jsonOf, OneByOne, type Stepped, type Wanted, withValues } from "./entity.js";
import type { Row } from "./list.js";
import { Roster } from "./roster.js";
import type { HesiTargetOptions } from "./target-options.js";
import { type Failed, notYet, rejected, write } from "./written.js";

const STAFFS = "/v1.1/staffs";
const ITEMS = parsePath("$.items[*]") as Path;
/** Values that have a place of their own; all others are custom fields. */
const OWN = ["cellphone", "email", "note", "nickName"];

/** People. After the first change through the API they can no longer be edited in the system's own pages. */
export class Staffs extends OneByOne {
  readonly roster: Roster;

  /** `departments`: where the code of a person's department is looked up. */
  constructor(
    client: HesiClient,
    private readonly options: HesiTargetOptions,
    private readonly departments: Roster,
  ) {
    super(client, "person");
    this.roster = new Roster(
      client,
      async () => LISTS.staffs,
      (row) => textOf(row.get(options.match_staff)),
    );
  }

  protected override findBy({ code, more }: Wanted): string {
    const by = this.options.match_staff;
    return by === "code" ? code : (more[by] ?? "");
  }

  protected async create(wanted: Wanted): Promise<Stepped> {
    const { key, code, name, more } = wanted;
    const department = await this.departmentOf(wanted);
    if (department === null || typeof department !== "string" || (more["cellphone"] ?? "") === "") {
      if (department !== null && typeof department !== "string") return department;
      return rejected(
        "a new person needs a cellphone and a department",
        key,
        "map `header.cellphone` and `header.department`, the code of the department",
      );
    }
    const { userId, ...others } = valuesOf(more);
    const call = this.client.write("POST", `${STAFFS}/batch/create`, {
      staffList: [
        {
          name,
          code,
          ...others,
          ...(userId === undefined ? {} : { userid: userId }),
          defaultDepartment: department,
          departments: [department],
          ...customOf(more),
        },
      ],
    });
    const written = await write(this.client, call, key);
    if (written.kind !== "answered") return written;
    const row = valuesAt(ITEMS, written.reading).find(isObject);
    return row === undefined ? this.readBack(call, wanted, written.reading) : { kind: "row", row };
  }

  /** Only what differs is sent, with the name, which is wanted always. */
  protected async change(row: Row, wanted: Wanted, _: string | null, different: readonly string[]): Promise<Stepped> {
    const { key, code, name, more } = wanted;
    const department = different.includes("department") ? await this.departmentOf(wanted) : null;
    if (department !== null && typeof department !== "string") return department;
    const values = Object.fromEntries(Object.entries(valuesOf(more)).filter(([each]) => different.includes(each)));
    const call = this.client.write("PUT", `${STAFFS}/batch/update`, {
      staffList: [
        {
          id: textOf(row.get("id")),
          name,
          ...(different.includes("code") ? { code } : {}),
          ...values,
          ...(department === null ? {} : { defaultDepartment: department, departments: departmentsWith(row, department) }),
          ...customOf(more),
        },
      ],
    });
    const written = await write(this.client, call, key);
    if (written.kind !== "answered") return written;
    const custom = customOf(more).staffCustomForm;
    return {
      kind: "row",
      row: withValues(row, {
        name,
        code,
        ...values,
        ...(department === null ? {} : { defaultDepartment: department }),
        ...(custom === undefined ? {} : { staffCustomForm: jsonOf(custom) }),
      }),
    };
  }

  protected async switchTo(row: Row, { key }: Wanted, active: boolean): Promise<Stepped> {
    const path = `${STAFFS}/disableOrEnableStaff`;
    // Without `type` the ids are ids.
    const query = { active, doCheck: this.options.check_pending };
    const call = this.client.write("PUT", `${path}/${idsInPath([textOf(row.get("id")) ?? ""])}`, undefined, query, `${path}/[ids]`);
    const written = await write(this.client, call, key);
    return written.kind === "answered" ? { kind: "row", row: withValues(row, { active }) } : written;
  }

  protected differences(row: Row, wanted: Wanted): readonly string[] {
    const { code, name, more } = wanted;
    const { userId: _, ...values } = valuesOf(more);
    return [
      ...(isSameText(row.get("name"), name) ? [] : ["name"]),
      ...(textOf(row.get("code")) === code ? [] : ["code"]),
      ...Object.keys(values).filter((each) => !isSameText(row.get(each), values[each] as string)),
      ...(more["department"] === undefined || this.isIn(row, more["department"]) ? [] : ["department"]),
      ...differencesIn(row.get("staffCustomForm"), customOf(more).staffCustomForm ?? {}),
    ];
  }

  override async write(wanted: readonly Wanted[]) {
    await this.learnDepartments();
    return super.write(wanted);
  }

  override async holds(wanted: Wanted): Promise<boolean> {
    await this.learnDepartments();
    return super.holds(wanted);
  }

  /** Codes of departments by id, for comparing. */
  private codes: ReadonlyMap<string, string> = new Map();

  private async learnDepartments(): Promise<void> {
    const all = await this.departments.all();
    this.codes = new Map(all.map((row) => [textOf(row.get("id")) ?? "", textOf(row.get("code")) ?? ""]));
  }

  private isIn(row: Row, code: string): boolean {
    return this.codes.get(textOf(row.get("defaultDepartment")) ?? "") === code;
  }

  private async departmentOf({ key, more }: Wanted): Promise<string | null | Failed> {
    const code = more["department"] ?? "";
    if (code === "") return null;
    const [row, other] = await this.departments.find(code);
    if (other !== undefined)
      return rejected(`there are several departments with the code \`${code}\``, key, "make their codes differ in Hesi");
    return row === undefined ? notYet(`the department \`${code}\` is not there yet`, key) : textOf(row.get("id"));
  }
}

/** An empty e-mail address is refused, and leaving it out keeps the one that is there. */
function valuesOf(more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...OWN, "userId"].flatMap((name) => (more[name] === undefined || more[name] === "" ? [] : [[name, more[name]]])),
  );
}

function customOf(more: Readonly<Record<string, string>>): { readonly staffCustomForm?: Readonly<Record<string, string>> } {
  const custom = Object.entries(more).filter(([name]) => ![...OWN, "userId", "department"].includes(name));
  return custom.length === 0 ? {} : { staffCustomForm: Object.fromEntries(custom) };
}

/** The other departments of a person stay. */
function departmentsWith(row: Row, department: string): readonly string[] {
  const held: Json = row.get("departments") ?? null;
  const others = held !== null && isList(held) ? held.flatMap((each) => textOf(each) ?? []) : [];
  const former = textOf(row.get("defaultDepartment"));
  return [...new Set([department, ...others.filter((each) => each !== former)])];
}
