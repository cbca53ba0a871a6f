import type { SandboxAnswer } from "../../sandbox/contract.js";
import { applied, bodyOf, listOf, maybe, need, noContent, objectOf, ok, Refused, type Request } from "./envelope.js";
import { oneOf } from "./paging.js";
import type { DimensionItem } from "./shapes.js";
import type { Tenant } from "./tenant.js";

type Fields = Readonly<Record<string, unknown>>;
type IdOrCode = "id" | "code";

const MOST = 1_000;

/** Looks an item up, new ones of the same call included. */
type Find = (by: IdOrCode, value: string) => Pick<DimensionItem, "id" | "code"> | null;

function finder(tenant: Tenant, dimensionId: string): Find {
  return (by, value) => {
    if (by === "code") return tenant.items.find({ where: { dimensionId, code: value }, take: 1 })[0] ?? null;
    const found = tenant.items.get(value);
    return found?.dimensionId === dimensionId ? found : null;
  };
}

/** Throws Refused; nothing is kept yet. */
function newItem(tenant: Tenant, dimensionId: string, from: Fields, by: IdOrCode, find: Find): DimensionItem {
  const name = need(from, "name");
  const code = need(from, "code");
  if (find("code", code) !== null) throw new Refused(412, `编码[${code}]已经被占用`);
  const parent = maybe(from, "parentId");
  const parentId = parent === "" ? "" : (find(by, parent)?.id ?? null);
  if (parentId === null) throw new Refused(412, "上级档案不存在");
  const time = tenant.time();
  const more = { visibility: objectOf(from, "visibility"), form: objectOf(from, "form") };
  return { id: tenant.newId(), dimensionId, name, code, parentId, active: true, ...more, createTime: time, updateTime: time };
}

function dimensionOf(tenant: Tenant, body: Fields): string {
  const id = need(body, "dimensionId");
  if (tenant.dimensions.get(id) === null) throw new Refused(412, `自定义档案[${id}]不存在`);
  return id;
}

export function createItem(tenant: Tenant, request: Request): SandboxAnswer {
  const body = bodyOf(request);
  const dimensionId = dimensionOf(tenant, body);
  const item = newItem(tenant, dimensionId, body, "id", finder(tenant, dimensionId));
  tenant.items.put(item.id, item);
  return ok({ id: item.id });
}

/** Looked at in order, up to the first error; then nothing is kept. What it answers when all is well is not in the reference. */
export function createItems(tenant: Tenant, request: Request): SandboxAnswer {
  const by = oneOf(request.query, "type", ["id", "code"], "id");
  const body = bodyOf(request);
  const dimensionId = dimensionOf(tenant, body);
  const kept = finder(tenant, dimensionId);
  const made: DimensionItem[] = [];
  for (const from of listOf(body, "itemListRequest", MOST)) {
    // One code twice in the same call.
    if (made.some((each) => each.code === from["code"])) throw new Refused(412, "导入重复");
    made.push(newItem(tenant, dimensionId, from, by, (how, value) => made.find((each) => each[how] === value) ?? kept(how, value)));
  }
  return applied(
    request,
    made,
    (item) => tenant.items.put(item.id, item),
    () => ok({ value: true }),
  );
}

/** By id, or by code where `type` says so: codes of two dimensions may be the same, and then the first one is meant. */
function itemOf(tenant: Tenant, { parts, query }: Request): DimensionItem {
  const value = parts["id"] ?? "";
  const by = oneOf(query, "type", ["id", "code"], "id");
  const found = by === "id" ? tenant.items.get(value) : (tenant.items.find({ where: { code: value }, take: 1 })[0] ?? null);
  if (found === null) throw new Refused(412, `档案项[${value}]不存在`);
  return found;
}

export function updateItem(tenant: Tenant, request: Request): SandboxAnswer {
  const item = itemOf(tenant, request);
  const body = bodyOf(request);
  const find = finder(tenant, item.dimensionId);
  const code = maybe(body, "code", item.code);
  const holder = find("code", code);
  if (holder !== null && holder.id !== item.id) throw new Refused(412, `编码[${code}]已经被占用`);
  const parent = maybe(body, "parentId", item.parentId);
  const by = body["parentId"] === undefined ? "id" : oneOf(request.query, "type", ["id", "code"], "id");
  const parentId = parent === "" ? "" : (find(by, parent)?.id ?? null);
  if (parentId === null) throw new Refused(412, "上级档案不存在");
  if (below(tenant, item.id).some(({ id }) => id === parentId) || parentId === item.id) throw new Refused(412, "上级档案不能是自己或下级");
  tenant.items.put(item.id, {
    ...item,
    name: maybe(body, "name", item.name),
    code,
    parentId,
    form: { ...item.form, ...objectOf(body, "form") },
    visibility: body["visibility"] === undefined ? item.visibility : objectOf(body, "visibility"),
    updateTime: tenant.time(),
  });
  return noContent();
}

export function disableItem(tenant: Tenant, request: Request): SandboxAnswer {
  return setActive(tenant, request, false);
}

export function enableItem(tenant: Tenant, request: Request): SandboxAnswer {
  return setActive(tenant, request, true);
}

/** With everything below it. */
function setActive(tenant: Tenant, request: Request, active: boolean): SandboxAnswer {
  const item = itemOf(tenant, request);
  for (const each of [item, ...below(tenant, item.id)]) tenant.items.put(each.id, { ...each, active, updateTime: tenant.time() });
  return noContent();
}

function below(tenant: Tenant, id: string): DimensionItem[] {
  return tenant.items.find({ where: { parentId: id } }).flatMap((item) => [item, ...below(tenant, item.id)]);
}
