import type { SandboxAnswer } from "../../sandbox/contract.js";
import { applied, bodyOf, listOf, maybe, need, noContent, objectOf, ok, Refused, type Request } from "./envelope.js";
import { yesOrNo } from "./paging.js";
import type { Department } from "./shapes.js";
import type { Tenant } from "./tenant.js";

type Fields = Readonly<Record<string, unknown>>;

const MOST = 100;

/** Throws Refused where the name stands beside it already, or the code anywhere. */
function lookedAt(tenant: Tenant, wanted: Department, others: readonly Department[]): Department {
  const { id, name, parentId, code } = wanted;
  const isParent = parentId === "" || tenant.departments.get(parentId) !== null || others.some((each) => each.id === parentId);
  if (!isParent) throw new Refused(412, `上级部门[${parentId}]不存在`);
  const beside = [...others, ...tenant.departments.find({ where: { parentId } })].filter(
    (each) => each.id !== id && each.parentId === parentId,
  );
  if (beside.some((each) => each.name === name)) throw new Refused(412, `部门[${name}]同级重名`);
  const coded = code === "" ? [] : [...others, ...tenant.departments.find({ where: { code } })];
  if (coded.some((each) => each.id !== id && each.code === code)) throw new Refused(400, `部门编码[${code}]编码已存在`);
  return wanted;
}

function newDepartment(tenant: Tenant, from: Fields, others: readonly Department[]): Department {
  const time = tenant.time();
  const named = { name: need(from, "name"), code: maybe(from, "code"), parentId: maybe(from, "parentId") };
  const wanted = { id: tenant.newCorporateId(), ...named, active: true, form: objectOf(from, "form"), order: 0 };
  return lookedAt(tenant, { ...wanted, createTime: time, updateTime: time }, others);
}

export function createDepartment(tenant: Tenant, request: Request): SandboxAnswer {
  const made = newDepartment(tenant, bodyOf(request), []);
  tenant.departments.put(made.id, made);
  return ok({ id: made.id });
}

/** All of them or none; what it answers when all is well is not in the reference. */
export function createDepartments(tenant: Tenant, request: Request): SandboxAnswer {
  const made: Department[] = [];
  for (const from of listOf(bodyOf(request), "departmentList", MOST)) made.push(newDepartment(tenant, from, made));
  return applied(
    request,
    made,
    (each) => tenant.departments.put(each.id, each),
    () => ok({ value: true }),
  );
}

export function updateDepartment(tenant: Tenant, request: Request): SandboxAnswer {
  const id = request.parts["id"] ?? "";
  const known = tenant.departments.get(id);
  if (known === null) throw new Refused(412, `部门[${id}]不存在`);
  const body = bodyOf(request);
  const wanted = {
    ...known,
    name: maybe(body, "name", known.name),
    code: maybe(body, "code", known.code),
    parentId: maybe(body, "parentId", known.parentId),
    form: { ...known.form, ...objectOf(body, "form") },
    updateTime: tenant.time(),
  };
  if (isBelow(tenant, wanted.parentId, id)) throw new Refused(412, "上级部门不能是自己或下级");
  tenant.departments.put(id, lookedAt(tenant, wanted, []));
  return noContent();
}

/**
 * `PUT /v1/departments/disableOrEnableDepartment/$id?active=`. Those below go with one that is switched off, and do not come back with it.
 * As long as somebody works in one of them, it is refused; that the people of those below count too is cautious, not documented.
 */
export function disableOrEnableDepartment(tenant: Tenant, request: Request): SandboxAnswer {
  const id = request.parts["id"] ?? "";
  const active = yesOrNo(request.query, "active");
  const known = tenant.departments.get(id);
  if (known === null) throw new Refused(412, `部门[${id}]不存在`);
  const changed = active ? [known] : [known, ...below(tenant, id)];
  const closing = new Set(active ? [] : changed.map((each) => each.id));
  const works = tenant.staffs.find({ where: { active: 1 } }).some(({ departments }) => departments.some((each) => closing.has(each)));
  if (works) throw new Refused(412, "要停用部门下的员工，才能停用此部门");
  for (const each of changed) tenant.departments.put(each.id, { ...each, active, updateTime: tenant.time() });
  return ok({ items: [{ ...known, active }] });
}

function below(tenant: Tenant, id: string): Department[] {
  return tenant.departments.find({ where: { parentId: id } }).flatMap((each) => [each, ...below(tenant, each.id)]);
}

function isBelow(tenant: Tenant, start: string, id: string): boolean {
  for (let each = start; each !== ""; each = tenant.departments.get(each)?.parentId ?? "") if (each === id) return true;
  return false;
}
