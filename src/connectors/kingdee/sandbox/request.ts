import type { SandboxCall } from "../../sandbox/contract.js";
import { isObject, type Json, JsonError, type JsonObject, parseExact } from "./exact-json.js";
import { isStep, STEP_NAMES } from "./steps.js";
import { objectOf, plainText } from "./texts.js";

/** Which service a call is for, and which operation of it. */
export interface Address {
  readonly service: string;
  readonly operation: string;
}

const AUTH = "Kingdee.BOS.WebApi.ServicesStub.AuthService";
const FORMS = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService";
const ACCOUNTS = "Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService";
export const SERVICES = { auth: AUTH, forms: FORMS, accounts: ACCOUNTS } as const;

/** What can be asked of a form that is no step of its approval. */
export const FORM_OPERATIONS = [
  "ExecuteBillQuery",
  "BillQuery",
  "View",
  "QueryBusinessInfo",
  "Save",
  "Draft",
  "BatchSave",
  "ExcuteOperation",
  "Push",
] as const;

/** Operations of the real service that the stand-in knows by name and does not do. */
export const NOT_BUILT = [
  "WorkflowAudit",
  "QueryGroupInfo",
  "GroupSave",
  "FlexSave",
  "Allocate",
  "CancelAllocate",
  "SendMsg",
  "GetSysReportData",
  "AttachmentUpLoad",
  "AttachmentDownLoad",
] as const;

const OF_SIGN_IN = ["ValidateUser", "LoginByAppSecret", "LoginBySign", "Logout", "SwitchOrg", "GetDataCenterList"] as const;

const ADDRESS = /^\/k3cloud\/([\w.]+)\.(\w+)\.common\.kdsvc$/i;
const SPELT: ReadonlyMap<string, string> = new Map(
  [AUTH, FORMS, ACCOUNTS, ...FORM_OPERATIONS, ...NOT_BUILT, ...OF_SIGN_IN, ...STEP_NAMES].map((name) => [name.toLowerCase(), name]),
);

/** Service and operation as they are spelt here. Case does not count: some clients write `save` and `view`. */
export function addressOf(call: SandboxCall): Address | null {
  const [, service, operation] = ADDRESS.exec(call.path) ?? [];
  return service === undefined || operation === undefined ? null : { service: spelt(service), operation: spelt(operation) };
}

const spelt = (name: string): string => SPELT.get(name.toLowerCase()) ?? name;

/** Operations whose only parameter is the data; the others name the form first. */
const DATA_ONLY: ReadonlySet<string> = new Set(["ExecuteBillQuery", "BillQuery", "QueryBusinessInfo", "SwitchOrg"]);

/** What a call on a form asks for, whichever way it was wrapped. */
export interface FormRequest {
  readonly formId: string;
  /** Of ExcuteOperation. */
  readonly operationNumber: string;
  readonly data: JsonObject;
}

/** The body as a JSON object; form fields become one too. Null when it is neither. */
export function bodyOf(call: SandboxCall): JsonObject | null {
  if (call.headers["content-type"]?.includes("x-www-form-urlencoded") === true) return Object.fromEntries(new URLSearchParams(call.body));
  if (call.body.trim() === "") return {};
  const body = parsed(call.body);
  return isObject(body) ? body : null;
}

/** The `parameters` of a body, which some clients send as a list and others as the text of one. */
export function parametersOf(body: JsonObject): readonly Json[] | null {
  const sent = memberOf(body, "parameters");
  const list = typeof sent === "string" ? parsed(sent) : sent;
  return Array.isArray(list) ? (list as readonly Json[]) : null;
}

export function formRequestOf(operation: string, body: JsonObject): FormRequest | null {
  const parameters = parametersOf(body);
  const [first, second, third] = parameters ?? [];
  if (DATA_ONLY.has(operation)) {
    const data = dataOf(parameters === null ? memberOf(body, "data") : first);
    return data === null ? null : { formId: plainText(memberOf(data, "FormId")), operationNumber: "", data };
  }
  const hasNumber = operation === "ExcuteOperation";
  const [formId, number, sent] =
    parameters === null
      ? [memberOf(body, "formid"), memberOf(body, "opNumber"), memberOf(body, "data")]
      : [first, hasNumber ? second : "", hasNumber ? third : second];
  const data = dataOf(sent);
  return data === null ? null : { formId: plainText(formId), operationNumber: plainText(number), data };
}

function dataOf(sent: Json | undefined): JsonObject | null {
  const value = typeof sent === "string" ? parsed(sent) : sent;
  return isObject(value) ? objectOf(value) : null;
}

/** A member of a body, in whatever case its name is written. */
export function memberOf(body: JsonObject, name: string): Json | undefined {
  const key = Object.keys(body).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : body[key];
}

function parsed(text: string): Json | undefined {
  try {
    return parseExact(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

const WRITES: ReadonlySet<string> = new Set(["Save", "BatchSave", "Draft", "ExcuteOperation", "Push"]);

export function isWriting(call: SandboxCall): boolean {
  const address = addressOf(call);
  return address?.service === FORMS && (WRITES.has(address.operation) || isStep(address.operation));
}
