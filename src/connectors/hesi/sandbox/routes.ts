import type { SandboxAnswer } from "../../sandbox/contract.js";
import { addDataLinks } from "./data-link-writes.js";
import { createDepartment, createDepartments, disableOrEnableDepartment, updateDepartment } from "./department-writes.js";
import { createItem, createItems, disableItem, enableItem, updateItem } from "./dimension-writes.js";
import { applyList, approveStates, detailByCode, detailById, detailByOuterCode, invoiceBodies, invoicesOfFlows } from "./documents.js";
import type { Request } from "./envelope.js";
import {
  currencies,
  dataLinks,
  departments,
  dimensionItems,
  dimensions,
  feeTypes,
  payeeInfos,
  paymentAccounts,
  staffs,
} from "./masters.js";
import { location, refresh, signIn, signInApp, signInV3 } from "./sign-in.js";
import { createStaff, disableOrEnableStaff, updateStaff } from "./staff-writes.js";
import type { Tenant } from "./tenant.js";
import { erpVoucher, paymentResults } from "./write-backs.js";

export interface Route {
  readonly method: string;
  /** `:name` stands for one part of the path. */
  readonly path: string;
  /** `open` calls need no token. */
  readonly kind: "open" | "read" | "write";
  readonly answer: (tenant: Tenant, request: Request) => SandboxAnswer;
}

type Row = readonly [kind: Route["kind"], method: string, path: string, answer: Route["answer"]];

/** Everything this stand-in answers; all else is 404. */
const ROWS: readonly Row[] = [
  ["open", "POST", "/api/openapi/v1/auth/getAccessToken", signIn],
  ["open", "POST", "/api/openapi/v1/auth/getAppAccessToken", signInApp],
  ["open", "POST", "/api/openapi/v2/auth/refreshToken", refresh],
  ["open", "POST", "/auth/openApi/v3/getAccessToken", signInV3],
  ["open", "GET", "/api/openapi/v2/location", location],
  ["read", "GET", "/api/openapi/v1.1/docs/getApplyList", applyList],
  ["read", "GET", "/api/openapi/v1.1/flowDetails", detailById],
  ["read", "GET", "/api/openapi/v1.1/flowDetails/byCode", detailByCode],
  ["read", "GET", "/api/openapi/v1.1/flowDetails/outerCode", detailByOuterCode],
  ["read", "GET", "/api/openapi/v2/approveStates/:ids", approveStates],
  ["read", "GET", "/api/openapi/v1.1/staffs", staffs],
  ["read", "GET", "/api/openapi/v1/departments", departments],
  ["read", "GET", "/api/openapi/v1/feeTypes", feeTypes],
  ["read", "GET", "/api/openapi/v1/dimensions", dimensions],
  ["read", "GET", "/api/openapi/v1/dimensions/items", dimensionItems],
  ["read", "GET", "/api/openapi/v2.1/datalink", dataLinks],
  ["read", "GET", "/api/openapi/v2.1/payeeInfos", payeeInfos],
  ["read", "GET", "/api/openapi/v1/paymentAccounts", paymentAccounts],
  ["read", "GET", "/api/openapi/v2.1/currency", currencies],
  ["read", "POST", "/api/openapi/v2/extension/flow/INVOICE/search", invoicesOfFlows],
  ["read", "POST", "/api/openapi/v2/extension/INVOICE/object/:kind/search", invoiceBodies],
  ["write", "PUT", "/api/openapi/v2.1/flow/data/erpVoucher", erpVoucher],
  ["write", "POST", "/api/openapi/v1/paymentResults", paymentResults],
  ["write", "POST", "/api/openapi/v2.1/datalink/add", addDataLinks],
  ["write", "POST", "/api/openapi/v1.1/dimensions/items", createItem],
  ["write", "POST", "/api/openapi/v1.1/dimensions/items/batch", createItems],
  ["write", "PUT", "/api/openapi/v1.1/dimensions/items/:id", updateItem],
  ["write", "PUT", "/api/openapi/v1.1/dimensions/items/:id/disable", disableItem],
  ["write", "PUT", "/api/openapi/v1.1/dimensions/items/:id/enable", enableItem],
  ["write", "POST", "/api/openapi/v1.1/staffs/batch/create", createStaff],
  ["write", "PUT", "/api/openapi/v1.1/staffs/batch/update", updateStaff],
  ["write", "PUT", "/api/openapi/v1.1/staffs/disableOrEnableStaff/:ids", disableOrEnableStaff],
  ["write", "POST", "/api/openapi/v1/departments", createDepartment],
  ["write", "POST", "/api/openapi/v1/departments/batch/create", createDepartments],
  ["write", "PUT", "/api/openapi/v1/departments/update/:id", updateDepartment],
  ["write", "PUT", "/api/openapi/v1/departments/disableOrEnableDepartment/:id", disableOrEnableDepartment],
];

const ROUTES: readonly Route[] = ROWS.map(([kind, method, path, answer]) => ({ kind, method, path, answer }));

export interface Found {
  readonly route: Route;
  readonly parts: Readonly<Record<string, string>>;
}

/** A literal part of a path is preferred to one that stands for an id. */
export function find(method: string, path: string): Found | null {
  const wanted = path.split("/");
  let best: (Found & { readonly named: number }) | null = null;
  for (const route of ROUTES) {
    if (route.method !== method) continue;
    const parts = matched(route.path.split("/"), wanted);
    const named = parts === null ? Number.POSITIVE_INFINITY : Object.keys(parts).length;
    if (parts !== null && (best === null || named < best.named)) best = { route, parts, named };
  }
  return best;
}

function matched(pattern: readonly string[], path: readonly string[]): Record<string, string> | null {
  if (pattern.length !== path.length) return null;
  const parts: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const given = path[index] ?? "";
    // Ids are sometimes written with a `$` in front.
    if (part.startsWith(":") && given !== "") parts[part.slice(1)] = given.replace(/^\$/, "");
    else if (part !== given) return null;
  }
  return parts;
}
