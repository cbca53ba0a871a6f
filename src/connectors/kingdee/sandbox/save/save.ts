import { CODE, type Done, editLock, type Fault, fault, notFound } from "../answers.js";
import { type Bill, idOf, statusOfBill, textOf } from "../bill.js";
import type { Books } from "../books.js";
import type { JsonObject, Written } from "../exact-json.js";
import { isObject } from "../exact-json.js";
import type { KnownForm } from "../forms/index.js";
import { columnOf } from "../query/path.js";
import { written } from "../query/query.js";
import { RULES, SAVED_BASE_DATA } from "../rules/index.js";
import { numberVoucher, VOUCHER } from "../rules/voucher.js";
import type { Settings } from "../settings.js";
import { plainText } from "../texts.js";
import { billOf, type Draft, ModelReader, missingFields, type SaveOptions } from "./model.js";

export interface SaveRequest extends SaveOptions {
  readonly known: KnownForm;
  /** False when the client asked for no business checks. */
  readonly checks: boolean;
  /** A draft (Z) is kept as it is, complete or not. */
  readonly asDraft: boolean;
  readonly returnFields: readonly string[];
}

export interface SaveSetting {
  readonly books: Books;
  readonly settings: Settings;
  /** The organisation of the session. */
  readonly organisation: number;
  /** Server time of the call. */
  readonly time: string;
}

export type Result =
  | { readonly done: Done; readonly faults?: undefined }
  | { readonly faults: readonly Fault[]; readonly done?: undefined };

/** Saves one model. Nothing is written unless all of it is right. */
export function saveModel(setting: SaveSetting, request: SaveRequest, model: JsonObject): Result {
  const { books, settings } = setting;
  const { form } = request.known;
  if (form.kind === "base" && !SAVED_BASE_DATA.has(form.id))
    return { faults: [fault(`没有“${form.title}”的“保存”权限`, CODE.noPermission)] };
  const id = plainText(model[form.primary]);
  const isNew = id === "" || id === "0";
  const old = isNew ? null : (books.get(form.id, Number(id)) ?? null);
  if (!isNew && old === null) return { faults: [notFound(`${form.title}${id}`)] };
  const closed = old === null ? null : closedToEdits(request, old);
  if (closed !== null) return { faults: [closed] };
  const reader = new ModelReader(books, request.known, old, request, setting.organisation);
  const draft = reader.read(model);
  const faults = [...reader.faults];
  if (!request.asDraft) {
    faults.push(...missingFields(request.known, draft));
    // The rules speak of the whole bill, so they wait until each of its values is there.
    if (faults.length === 0) RULES.get(form.id)?.({ books, settings, draft, old, checks: request.checks, faults });
  }
  if (faults.length === 0) faults.push(...duplicateFaults(books, request.known, draft));
  if (faults.length > 0) return { faults };
  const bill = keep(setting, request, draft, old);
  return { done: { id: bill.id, number: textOf(bill.values, form.number), ...returned(books, request, bill) } };
}

function closedToEdits(request: SaveRequest, old: Bill): Fault | null {
  const { form } = request.known;
  if (old.values["_locked"] === true) return editLock(form.title, "保存", textOf(old.values, form.number));
  const status = statusOfBill(old);
  if (status === "C") return fault("单据已审核，不允许修改", CODE.notInThisState);
  if (status === "B") return fault("单据审核中，不允许修改", CODE.notInThisState);
  if (request.asDraft && status !== "Z") return fault("单据已保存，不能再暂存", CODE.notInThisState);
  return null;
}

/** Numbers of bills are unique, numbers of base data within an organisation; vouchers may have any. */
function duplicateFaults(books: Books, { form }: KnownForm, draft: Draft): readonly Fault[] {
  const number = textOf(draft.values, form.number);
  if (number === "" || form.id === VOUCHER) return [];
  const same = books
    .byNumber(form.id, number)
    .filter((each) => each.id !== draft.id && (form.kind === "bill" || idOf(each.values, "FUseOrgId") === idOf(draft.values, "FUseOrgId")));
  return same.length === 0 ? [] : [fault(`${form.title}编号“${number}”已存在`, CODE.validation, form.number)];
}

function keep({ books, time }: SaveSetting, request: SaveRequest, draft: Draft, old: Bill | null): Bill {
  const { form } = request.known;
  const { values } = draft;
  if (draft.id === 0) draft.id = books.nextId();
  for (const rows of Object.values(draft.entries)) for (const row of rows) if (row.id === 0) row.id = books.nextId();
  if (form.id === VOUCHER && !request.asDraft) numberVoucher(books, draft, old);
  else if (form.id !== VOUCHER && textOf(values, form.number) === "") values[form.number] = freeNumber(books, request.known);
  const status = old === null ? null : statusOfBill(old);
  values["FDocumentStatus"] = request.asDraft ? "Z" : status === "D" ? "D" : "A";
  values["FCreateDate"] ??= time;
  values["FModifyDate"] = time;
  values[form.kind === "bill" ? "FCancelStatus" : "FForbidStatus"] ??= "A";
  const bill = billOf(draft);
  books.put(form.id, bill);
  return bill;
}

function freeNumber(books: Books, { form }: KnownForm): string {
  for (;;) {
    const number = `${form.prefix}${String(books.next(`number ${form.id}`)).padStart(8, "0")}`;
    if (books.byNumber(form.id, number).length === 0) return number;
  }
}

function returned(books: Books, request: SaveRequest, bill: Bill): { readonly returned?: Readonly<Record<string, Written>> } {
  if (request.returnFields.length === 0) return {};
  const pairs = request.returnFields.flatMap((path): readonly [string, Written][] => {
    const column = columnOf(books, request.known, path);
    return column === null || column.entity !== null ? [] : [[path, written(column.kind, column.read({ bill, rows: {} }))]];
  });
  return { returned: Object.fromEntries(pairs) };
}

/** The models of a Save or of a BatchSave. */
export function modelsOf(data: JsonObject, isBatch: boolean): readonly JsonObject[] | null {
  const model = data["Model"];
  if (!isBatch) return isObject(model) ? [model] : null;
  return Array.isArray(model) && model.length > 0 && model.every(isObject) ? model : null;
}
