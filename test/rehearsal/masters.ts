import type { Company } from "./company.js";

/** What both systems should say of one thing, in the order of the pipeline that keeps it. */
type Thing = readonly [kind: string, code: string, isInUse: boolean, ...values: readonly string[]];

interface ErpItem {
  readonly number: string;
  readonly forbidden: boolean;
  /** References as numbers; null and left out where there is none. */
  readonly header: Readonly<Record<string, string | null | undefined>>;
}

const FORMS = {
  department: { form: "BD_Department", fields: ["FName", "FParentID"] },
  person: { form: "BD_Empinfo", fields: ["FName", "FMobile", "FEmail", "FPostDept"] },
  project: { form: "PAEZ_PROJECT", fields: ["FName"] },
  account: { form: "BD_Account", fields: ["FFullName"] },
  supplier: { form: "BD_Supplier", fields: ["FName", "FSOCIALCRECODE"] },
} as const;

async function inErp(company: Company): Promise<readonly Thing[]> {
  const all = Object.entries(FORMS).map(async ([kind, { form, fields }]) => {
    const items = await company.inspect<readonly ErpItem[]>("kingdee", `forms/${form}`);
    return items.map(({ number, forbidden, header }): Thing => [kind, number, !forbidden, ...fields.map((field) => header[field] ?? "")]);
  });
  return (await Promise.all(all)).flat();
}

interface Row {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly active: boolean;
}

type Department = Row & { readonly parentId: string };
type Person = Row & { readonly cellphone: string; readonly email: string; readonly defaultDepartment: string };
type Item = Row & { readonly dimensionId: string };

interface Link {
  readonly entityId: string;
  readonly code: string;
  readonly active: boolean;
  readonly data: Readonly<Record<string, string>>;
}

async function inHesi(company: Company): Promise<readonly Thing[]> {
  const look = <T>(name: string): Promise<readonly T[]> => company.inspect("hesi", name);
  const departments = await look<Department>("departments");
  const codes = new Map(departments.map(({ id, code }) => [id, code]));
  const people = (await look<Person>("staff")).filter(({ code }) => code !== "");
  // The number of somebody who left was given again: who works here now is meant.
  const meant = people.filter(({ code, active }) => active || !people.some((other) => other.code === code && other.active));
  const projects = (await look<Row>("dimensions")).find(({ name }) => name === "项目")?.id;
  const items = (await look<Item>("dimension-items")).filter(({ dimensionId }) => dimensionId === projects);
  const entities = await look<{ readonly id: string; readonly name: string }>("entities");
  const links = await look<Link>("data-links");
  const linksOf = (entity: string, kind: string, ...fields: readonly string[]): Thing[] => {
    const id = entities.find(({ name }) => name === entity)?.id ?? "";
    return links
      .filter(({ entityId }) => entityId === id)
      .map(({ code, active, data }): Thing => [kind, code, active, ...fields.map((field) => data[`E_${id}_${field}`] ?? "")]);
  };
  return [
    ...departments.map(({ code, active, name, parentId }): Thing => ["department", code, active, name, codes.get(parentId) ?? ""]),
    ...meant.map(
      ({ code, active, name, cellphone, email, defaultDepartment }): Thing => [
        "person",
        code,
        active,
        name,
        cellphone,
        email,
        codes.get(defaultDepartment) ?? "",
      ],
    ),
    ...items.map(({ code, active, name }): Thing => ["project", code, active, name]),
    ...linksOf("会计科目", "account", "name"),
    ...linksOf("供应商", "supplier", "name", "统一社会信用代码"),
  ];
}

/** Master data that one of the systems has otherwise than the other; each line begins with the system that says so. */
export async function masterDifferences(company: Company): Promise<{ readonly count: number; readonly differences: readonly string[] }> {
  const [erp, hesi] = await Promise.all([inErp(company), inHesi(company)]);
  const [said, held] = [erp, hesi].map((things) => things.map((thing) => JSON.stringify(thing))) as [string[], string[]];
  const missing = said.filter((thing) => !held.includes(thing)).map((thing) => `ERP: ${thing}`);
  const more = held.filter((thing) => !said.includes(thing)).map((thing) => `Hesi: ${thing}`);
  return { count: said.length, differences: [...missing, ...more].sort() };
}

const NEW = [
  // The first stays, the second is given up later. Nothing else of the evening uses them.
  [{ form: "BD_Department", number: "0399", name: "数据治理部" }, { FParentID: { FNumber: "03" } }],
  [{ form: "BD_Department", number: "0398", name: "临时项目部" }, { FParentID: { FNumber: "03" } }],
  [
    { form: "BD_Empinfo", number: "900001", name: "新来" },
    { FMobile: "13988880001", FEmail: "u900001@example.com", FPostDept: { FNumber: "0399" } },
  ],
  [
    { form: "BD_Empinfo", number: "900002", name: "短暂" },
    { FMobile: "13988880002", FEmail: "u900002@example.com", FPostDept: { FNumber: "0399" } },
  ],
  [{ form: "PAEZ_PROJECT", number: "P-9001", name: "新项目" }, {}],
  [{ form: "PAEZ_PROJECT", number: "P-9002", name: "取消的项目" }, {}],
  [{ form: "BD_Account", number: "660298", name: "其他" }, { FFullName: "管理费用_其他" }],
  [{ form: "BD_Account", number: "660299", name: "停用" }, { FFullName: "管理费用_停用" }],
  [{ form: "BD_Supplier", number: "S9001", name: "新供应商" }, { FSOCIALCRECODE: "91310000000009001X" }],
  [{ form: "BD_Supplier", number: "S9002", name: "停用的供应商" }, { FSOCIALCRECODE: "91310000000009002X" }],
] as const;

/** In the ERP some of each kind are new, and a department and a project are called otherwise. */
export async function changeMasters(company: Company): Promise<void> {
  for (const [item, model] of NEW) await company.act("kingdee", "add", { ...item, model });
  await company.act("kingdee", "edit", { form: "BD_Department", number: "0305", model: { FName: "客户成功部" } });
  const [project] = await company.inspect<readonly ErpItem[]>("kingdee", "forms/PAEZ_PROJECT");
  await company.act("kingdee", "edit", { form: "PAEZ_PROJECT", number: project?.number, model: { FName: "改名的项目" } });
}

/** The second of each kind that was new is no longer in use. */
export async function forbidMasters(company: Company): Promise<void> {
  for (const [index, [{ form, number }]] of NEW.entries()) if (index % 2 === 1) await company.act("kingdee", "forbid", { form, number });
}
