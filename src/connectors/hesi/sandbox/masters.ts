import type { SandboxAnswer } from "../../sandbox/contract.js";
import { ok, Refused, type Request } from "./envelope.js";
import { flag, masterPage } from "./paging.js";
import type { Tenant } from "./tenant.js";

export function staffs(tenant: Tenant, { query }: Request): SandboxAnswer {
  return masterPage(tenant.staffs, query, { ...flag(query, "active"), ...flag(query, "external") });
}

export function departments(tenant: Tenant, { query }: Request): SandboxAnswer {
  return masterPage(tenant.departments, query, {});
}

/** Always all of them, in one page. */
export function feeTypes(tenant: Tenant): SandboxAnswer {
  return all([...tenant.feeTypes.all()]);
}

export function dimensions(tenant: Tenant, { query }: Request): SandboxAnswer {
  return masterPage(tenant.dimensions, query, {});
}

export function dimensionItems(tenant: Tenant, { query }: Request): SandboxAnswer {
  const dimensionId = query.get("dimensionId") ?? "";
  if (tenant.dimensions.get(dimensionId) === null) throw new Refused(412, `自定义档案[${dimensionId}]不存在`);
  return masterPage(tenant.items, query, { dimensionId });
}

/** In the order of creation, whatever is asked for. */
export function dataLinks(tenant: Tenant, { query }: Request): SandboxAnswer {
  const entityId = query.get("entityId") ?? "";
  if (tenant.entities.get(entityId) === null) throw new Refused(412, `业务对象[${entityId}]不存在`);
  const inOrder = new URLSearchParams(query);
  inOrder.delete("orderBy");
  inOrder.delete("orderByType");
  return masterPage(tenant.dataLinks, inOrder, { entityId, ...flag(query, "active") });
}

/** All three lists must be there, even empty ones; those that are not empty narrow the answer. */
export function payeeInfos(tenant: Tenant, { query }: Request): SandboxAnswer {
  const wanted = (name: string): readonly string[] => {
    const text = query.get(name);
    if (text === null) throw new Refused(400, `参数${name}不能缺少`);
    return text === "" ? [] : text.split(",");
  };
  const lists = [
    ["id", wanted("ids")],
    ["name", wanted("names")],
    ["cardNo", wanted("cardNos")],
  ] as const;
  return all(
    [...tenant.payees.all()].filter((row) => lists.every(([field, list]) => list.length === 0 || list.includes(String(row[field])))),
  );
}

export function paymentAccounts(tenant: Tenant): SandboxAnswer {
  return all([...tenant.accounts.all()]);
}

export function currencies(tenant: Tenant): SandboxAnswer {
  return all([...tenant.currencies.all()]);
}

function all(items: readonly unknown[]): SandboxAnswer {
  return ok({ count: items.length, items });
}
