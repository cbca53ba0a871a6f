import type { SandboxAnswer } from "../../sandbox/contract.js";
import { applied, bodyOf, fields, listOf, maybe, need, ok, Refused, type Request } from "./envelope.js";
import { oneOf } from "./paging.js";
import type { Tenant } from "./tenant.js";

const MOST = 100;

/**
 * `POST /v2.1/datalink/add`: new by code, or changed by code. `cover` replaces all fields, `increment` those that are sent. HTTP 200 also
 * where rows fail: each row has its message. A row that does not say `disabled: false` ends up disabled.
 */
export function addDataLinks(tenant: Tenant, request: Request): SandboxAnswer {
  if ((request.query.get("editFlag") ?? "") === "") throw new Refused(400, "参数editFlag不能为空");
  const covers = oneOf(request.query, "editFlag", ["cover", "increment"], "cover") === "cover";
  const body = bodyOf(request);
  const entityId = need(body, "entityId");
  if (tenant.entities.get(entityId) === null) throw new Refused(412, `业务对象[${entityId}]不存在`);
  const errorMsg: string[] = [];
  const dataLinkIds: Record<string, string> = {};
  let success = true;
  const rows = listOf(body, "dataLinks", MOST).map((row, index) => ({ row, number: index + 1 }));
  const apply = ({ row, number }: (typeof rows)[number]): void => {
    try {
      const { code, id } = put(tenant, entityId, row, covers);
      dataLinkIds[code] = id;
      errorMsg.push(`第${number}条数据导入成功`);
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause;
      success = false;
      errorMsg.push(`第${number}条数据导入失败：${cause.message}`);
    }
  };
  return applied(request, rows, apply, () => ok({ value: { errorMsg, dataLinkIds, success } }));
}

function put(tenant: Tenant, entityId: string, row: Readonly<Record<string, unknown>>, covers: boolean): { code: string; id: string } {
  const data = fields(row["data"], "data");
  const code = data[`E_${entityId}_code`];
  if (typeof code !== "string" || code.trim() === "") throw new Refused(400, "编码不能为空");
  const foreign = Object.keys(data).find((name) => !name.startsWith(`E_${entityId}_`));
  if (foreign !== undefined) throw new Refused(400, `字段[${foreign}]不存在`);
  const disabled = row["disabled"] ?? true;
  if (typeof disabled !== "boolean") throw new Refused(400, "参数disabled格式不正确");
  const known = tenant.dataLinks.find({ where: { entityId, code }, take: 1 })[0];
  if (known === undefined && typeof data[`E_${entityId}_name`] !== "string") throw new Refused(400, "名称不能为空");
  const id = known?.id ?? tenant.newId();
  const time = tenant.time();
  tenant.dataLinks.put(id, {
    id,
    entityId,
    code,
    active: !disabled,
    ownerId: maybe(row, "ownerId", known?.ownerId ?? ""),
    visible: typeof row["visible"] === "boolean" ? row["visible"] : (known?.visible ?? false),
    data: covers ? { ...data } : { ...known?.data, ...data },
    createTime: known?.createTime ?? time,
    updateTime: time,
  });
  return { code, id };
}
