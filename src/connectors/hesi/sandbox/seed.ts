import { sampleClaims } from "../../sandbox/claims.js";
import { type SampleCompany, sampleCompany } from "../../sandbox/company.js";
import { flowOfClaim, type Places } from "./flow-of-claim.js";
import type { Tenant } from "./tenant.js";
import { formatTime } from "./times.js";

const DAY = 86_400_000;

/** Fills an empty tenant: the company, and a year of its claims up to now. */
export function fill(tenant: Tenant): void {
  const company = sampleCompany(tenant.seed);
  const founded = formatTime(tenant.now() - 400 * DAY);
  const times = { createTime: founded, updateTime: founded };
  fillDepartments(tenant, company, times);
  fillStaff(tenant, company, times);
  fillFeeTypes(tenant, company);
  const dimension = (name: string, rows: readonly { readonly code: string; readonly name: string }[]): void => {
    const dimensionId = tenant.newId();
    tenant.dimensions.put(dimensionId, { id: dimensionId, name, active: true, ...times });
    for (const { code, name: title } of rows) {
      const id = tenant.newId();
      const visibility = { fullVisible: true };
      tenant.items.put(id, { id, dimensionId, name: title, code, parentId: "", active: true, visibility, form: {}, ...times });
    }
  };
  dimension("项目", company.projects);
  dimension("法人实体", company.entities);
  dimension(
    "成本中心",
    company.departments.map(({ costCenter, name }) => ({ code: costCenter, name })),
  );
  fillDataLinks(tenant, company, times);
  fillMoney(tenant, company);
  const places = placesOf(tenant);
  const now = new Date(tenant.now());
  for (const claim of sampleClaims(company, tenant.seed, now)) {
    tenant.state.next("claims");
    const flow = flowOfClaim(tenant, places, claim);
    tenant.flows.put(flow.id, flow);
  }
  // Last, so that the ids of everything else are those that pipelines name.
  for (const { code, name } of company.assetTypes) {
    const id = tenant.newId();
    tenant.feeTypes.put(id, { id, name, parentId: "", active: true, code });
  }
}

type Times = { readonly createTime: string; readonly updateTime: string };

function fillDepartments(tenant: Tenant, { departments, entities }: SampleCompany, times: Times): void {
  const ids = new Map(departments.map(({ code }) => [code, tenant.newCorporateId()]));
  departments.forEach(({ code, name, parent, costCenter }, index) => {
    const id = ids.get(code) as string;
    const form = { costCenter, legalEntity: entities[0]?.code ?? "" };
    const parentId = parent === null ? "" : (ids.get(parent) ?? "");
    tenant.departments.put(id, { id, name, parentId, code, active: true, form, order: index, ...times });
  });
}

function fillStaff(tenant: Tenant, { people }: SampleCompany, times: Times): void {
  const departments = new Map([...tenant.departments.all()].map(({ code, id }) => [code, id]));
  const add = (
    name: string,
    code: string,
    phone: string,
    mail: string,
    department: string,
    more: { active: boolean; external: boolean },
  ): void => {
    const id = tenant.newCorporateId();
    const place = departments.get(department) ?? "";
    const reach = { cellphone: phone, email: mail, userId: `user-${phone}` };
    tenant.staffs.put(id, {
      id,
      name,
      code,
      departments: [place],
      defaultDepartment: place,
      ...reach,
      ...more,
      staffCustomForm: {},
      ...times,
    });
  };
  for (const person of people)
    add(person.name, person.number, person.phone, person.mail, person.department, { active: true, external: false });
  // Codes repeat and are missing, as in real companies: a number was given again to a new person, and a guest has none.
  const first = people[0];
  if (first !== undefined)
    add("周旧", first.number, "13999990001", "former@example.com", first.department, { active: false, external: false });
  add("外部顾问", "", "13999990002", "guest@example.com", people[0]?.department ?? "", { active: true, external: true });
}

function fillFeeTypes(tenant: Tenant, { feeTypes }: SampleCompany): void {
  const ids = new Map(feeTypes.map(({ code }) => [code, tenant.newId()]));
  for (const { code, name, parent } of feeTypes) {
    const id = ids.get(code) as string;
    tenant.feeTypes.put(id, { id, name, parentId: parent === null ? "" : (ids.get(parent) ?? ""), active: true, code });
  }
}

function fillDataLinks(tenant: Tenant, { suppliers }: SampleCompany, times: Times): void {
  const entity = (name: string): string => {
    const id = tenant.newId("");
    tenant.entities.put(id, { id, name });
    return id;
  };
  const entityId = entity("供应商");
  for (const { code, name, taxNumber, bank, bankAccount } of suppliers) {
    const id = tenant.newId();
    const field = (title: string): string => `E_${entityId}_${title}`;
    const data = {
      [field("code")]: code,
      [field("name")]: name,
      [field("税号")]: taxNumber,
      [field("开户行")]: bank,
      [field("银行账号")]: bankAccount,
    };
    tenant.dataLinks.put(id, { id, entityId, code, active: true, ownerId: "", visible: true, data, ...times });
  }
  entity("会计科目");
}

function fillMoney(tenant: Tenant, { people }: SampleCompany): void {
  const staff = staffByCode(tenant);
  for (const { number, name, bank, bankAccount } of people) {
    const id = tenant.newId();
    tenant.payees.put(id, { id, name, cardNo: bankAccount, bank, type: "PERSONAL", owner: staff.get(number) ?? "", active: true });
  }
  const payer = tenant.newId();
  const account = { name: "华东示例科技有限公司", cardNo: "1001234509000123456", bank: "中国工商银行", active: true };
  tenant.accounts.put(payer, { id: payer, ...account });
  const currency = (strCode: string, numCode: string, name: string, symbol: string, unit: string, scale: number, rate: string): void =>
    tenant.currencies.put(numCode, { id: numCode, name, strCode, numCode, symbol, unit, scale, rate, active: true });
  currency("CNY", "156", "人民币", "¥", "元", 2, "1");
  currency("USD", "840", "美元", "$", "元", 2, "7.1200");
  currency("JPY", "392", "日元", "¥", "元", 0, "0.0480");
}

/** Only of people who can claim: numbers of people who left may have been given again. */
function staffByCode(tenant: Tenant): Map<string, string> {
  const rows = [...tenant.staffs.all()].filter(({ active, code }) => active && code !== "");
  return new Map(rows.map(({ code, id }) => [code, id]));
}

/** The ids of this tenant by the codes that people use. */
export function placesOf(tenant: Tenant): Places {
  const staff = staffByCode(tenant);
  const codeOf = new Map([...staff].map(([code, id]) => [id, code]));
  const dimensionIds = new Map([...tenant.dimensions.all()].map(({ name, id }) => [name, id]));
  const items = (name: string): Map<string, string> =>
    new Map(tenant.items.find({ where: { dimensionId: dimensionIds.get(name) ?? "" } }).map(({ code, id }) => [code, id]));
  const buyer = sampleCompany(tenant.seed).entities[0];
  return {
    staff,
    department: new Map([...tenant.departments.all()].map(({ code, id }) => [code, id])),
    feeType: new Map([...tenant.feeTypes.all()].map(({ code, id }) => [code, id])),
    project: items("项目"),
    entity: items("法人实体"),
    payee: new Map([...tenant.payees.all()].map((row) => [codeOf.get(String(row["owner"])) ?? "", row.id])),
    payer: [...tenant.accounts.all()][0]?.id ?? "",
    buyer: { name: buyer?.name ?? "", taxNumber: buyer?.taxNumber ?? "" },
  };
}
