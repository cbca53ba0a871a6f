import type { SandboxAnswer } from "../../sandbox/contract.js";
import { applied, bodyOf, idsOf, listOf, maybe, need, noContent, objectOf, ok, Refused, type Request } from "./envelope.js";
import { yesOrNo } from "./paging.js";
import type { Staff } from "./shapes.js";
import type { Tenant } from "./tenant.js";

type Fields = Readonly<Record<string, unknown>>;

const MOST = 100;

/**
 * `POST /v1.1/staffs/batch/create`. A disabled person with the same phone or mail comes back instead of a second one. What it
 * answers when all is well, and that one bad person spoils the call, are not in the reference.
 */
export function createStaff(tenant: Tenant, request: Request): SandboxAnswer {
  const made: Staff[] = [];
  for (const from of listOf(bodyOf(request), "staffList", MOST)) {
    const blank: Staff = {
      id: tenant.newCorporateId(),
      name: need(from, "name"),
      code: "",
      departments: [],
      defaultDepartment: "",
      cellphone: "",
      email: "",
      userId: "",
      active: true,
      external: false,
      staffCustomForm: {},
      createTime: tenant.time(),
      updateTime: tenant.time(),
    };
    const wanted = changed(tenant, blank, from);
    if (wanted.cellphone === "" && wanted.email === "") throw new Refused(400, "手机号和邮箱不能同时为空");
    const same = samePerson(tenant, wanted, made);
    if (same?.active === true) throw new Refused(412, `员工[${wanted.name}]的手机号或邮箱已存在`);
    made.push(same === null ? wanted : { ...wanted, id: same.id, createTime: same.createTime });
  }
  return applied(
    request,
    made,
    (staff) => tenant.staffs.put(staff.id, staff),
    () => ok({ value: true }),
  );
}

function samePerson(tenant: Tenant, { cellphone, email, id }: Staff, made: readonly Staff[]): Staff | null {
  const among = (facet: "cellphone" | "email", value: string): Staff[] =>
    value === "" ? [] : [...made.filter((each) => each[facet] === value), ...tenant.staffs.find({ where: { [facet]: value } })];
  const found = [...among("cellphone", cellphone), ...among("email", email)].filter((each) => each.id !== id);
  // Somebody who works here counts before somebody who left.
  return found.find(({ active }) => active) ?? found[0] ?? null;
}

/** What is not sent stays. */
function changed(tenant: Tenant, staff: Staff, from: Fields): Staff {
  // The documentation says to leave it out rather than to send nothing.
  if (from["email"] === "") throw new Refused(400, "email不能为空字符串");
  const departments = from["departments"] ?? staff.departments;
  if (!Array.isArray(departments) || !departments.every((each) => typeof each === "string"))
    throw new Refused(400, "参数departments格式不正确");
  const defaultDepartment = maybe(from, "defaultDepartment", staff.defaultDepartment);
  const missing = [...departments, defaultDepartment].find((id) => id !== "" && tenant.departments.get(id) === null);
  if (missing !== undefined) throw new Refused(412, `部门[${missing}]不存在`);
  return {
    ...staff,
    name: maybe(from, "name", staff.name),
    code: maybe(from, "code", staff.code),
    cellphone: maybe(from, "cellphone", staff.cellphone),
    email: maybe(from, "email", staff.email),
    userId: maybe(from, "userid", staff.userId),
    departments: departments.length === 0 && defaultDepartment !== "" ? [defaultDepartment] : [...departments],
    defaultDepartment,
    staffCustomForm: { ...staff.staffCustomForm, ...objectOf(from, "staffCustomForm") },
    updateTime: tenant.time(),
  };
}

/** `PUT /v1.1/staffs/batch/update`, by id; all of them or none. */
export function updateStaff(tenant: Tenant, request: Request): SandboxAnswer {
  const wanted = listOf(bodyOf(request), "staffList", MOST).map((from) => {
    const next = changed(tenant, staffOf(tenant, need(from, "id")), from);
    if (samePerson(tenant, next, [])?.active === true) throw new Refused(412, `员工[${next.name}]的手机号或邮箱已存在`);
    return next;
  });
  return applied(request, wanted, (staff) => tenant.staffs.put(staff.id, staff), noContent);
}

function staffOf(tenant: Tenant, id: string): Staff {
  const found = tenant.staffs.get(id);
  if (found === null) throw new Refused(412, `员工[${id}]不存在`);
  return found;
}

/**
 * `PUT /v1.1/staffs/disableOrEnableStaff/[ids]`. With `doCheck` somebody with claims on their way is not disabled. Which kinds of id
 * `type` can name is not in the reference: here only the id itself.
 */
export function disableOrEnableStaff(tenant: Tenant, request: Request): SandboxAnswer {
  const { query, parts } = request;
  const active = yesOrNo(query, "active");
  const type = query.get("type") ?? "";
  if (type !== "" && type !== "STAFFID") throw new Refused(400, "参数type无法识别");
  const doCheck = query.get("doCheck") === "true";
  const staffs = idsOf(parts["ids"] ?? "").map((id) => staffOf(tenant, id));
  for (const { id, name } of active || !doCheck ? [] : staffs) {
    const under = { ownerId: id, active: 1, state: ["pending", "approving", "paying", "PROCESSING"] };
    if (tenant.flows.count({ where: under }) > 0) throw new Refused(412, `员工[${name}]有未完成的单据`);
  }
  return applied(request, staffs, (staff) => tenant.staffs.put(staff.id, { ...staff, active, updateTime: tenant.time() }), noContent);
}
