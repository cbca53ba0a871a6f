import { parseDecimal, toMinor } from "../amounts.js";
import { CODE, type Fault, fault } from "../answers.js";
import { type Bill, idOf, type Stored, type Values } from "../bill.js";
import type { Books } from "../books.js";
import { toServerTime } from "../dates.js";
import { isObject, type Json } from "../exact-json.js";
import { DIMENSIONS } from "../forms/base-forms.js";
import type { Field } from "../forms/form.js";
import { plainText } from "../texts.js";

/** What a reference may point to is decided by the organisation of the bill. */
export interface Scope {
  readonly books: Books;
  /** 0: any. */
  readonly organisation: number;
  /** The header as far as it is read, for references whose form stands in another field. */
  readonly header: Values;
}

export type Converted = { readonly value: Stored; readonly fault?: undefined } | { readonly fault: Fault };

const DIMENSION_KEY = /^FDETAILID__(F{1,2}(?:LEX)?\d+)$/;

/** A sent value as it is kept. */
export function convert(field: Field, sent: Json, scope: Scope): Converted {
  if (field.kind === "reference") return refer(field, sent, scope);
  if (field.kind === "dimensions") return dimensionsOf(sent, scope);
  if (sent === null) return { value: null };
  if (typeof sent === "object" && "length" in sent) return wrong(field);
  if (isObject(sent)) return wrong(field);
  const text = plainText(sent);
  switch (field.kind) {
    case "text":
      if ([...text].length > (field.most ?? 255))
        return { fault: fault(`字段“${field.key}”的长度超过${field.most}`, CODE.validation, field.key) };
      return { value: text };
    case "boolean":
      if (/^(true|1)$/i.test(text)) return { value: true };
      return /^(false|0|)$/i.test(text) ? { value: false } : wrong(field);
    case "integer":
      if (text === "") return { value: null };
      return /^-?\d{1,15}$/.test(text) ? { value: Number(text) } : wrong(field);
    case "decimal":
      if (text === "") return { value: null };
      return parseDecimal(text) === null ? wrong(field) : { value: text.trim() };
    case "amount": {
      if (text === "") return { value: null };
      const minor = toMinor(text);
      return minor === null ? wrong(field) : { value: String(minor) };
    }
    default: {
      if (text === "") return { value: null };
      const time = toServerTime(text);
      if (time === null) return wrong(field);
      return { value: field.kind === "date" ? `${time.slice(0, 10)}T00:00:00.000` : time };
    }
  }
}

function wrong(field: Field): Converted {
  return { fault: fault(`字段“${field.key}”的值无效`, CODE.parameterWrong, field.key) };
}

function refer(field: Field, sent: Json, scope: Scope): Converted {
  const form = typeof field.form === "object" ? String(scope.header[field.form.by] ?? "") : (field.form ?? "");
  const found = referred(form, sent, scope);
  if (found === "none") return { value: 0 };
  if (typeof found === "string") return { fault: fault(found, CODE.validation, field.key) };
  return { value: found.id };
}

function dimensionsOf(sent: Json, scope: Scope): Converted {
  if (!isObject(sent)) return { value: {} };
  const held: Record<string, number> = {};
  for (const [key, value] of Object.entries(sent)) {
    const flex = DIMENSION_KEY.exec(key)?.[1];
    const dimension = flex === undefined ? undefined : DIMENSIONS.get(flex);
    // As everywhere, a name that is none is dropped without a word.
    if (flex === undefined || dimension === undefined) continue;
    const found = referred(dimension.form, value, scope);
    if (found === "none") continue;
    if (typeof found === "string") return { fault: fault(found, CODE.validation, `FDETAILID__${flex}`) };
    held[flex] = found.id;
  }
  return { value: held };
}

/** The base data a client means by `{"FNumber": "…"}`, or by its internal id; or why it cannot be used. */
function referred(form: string, sent: Json, scope: Scope): Bill | "none" | string {
  const { books } = scope;
  const known = books.forms.get(form);
  if (known === undefined) return `“${form}”不是有效的业务对象`;
  if (sent === null || sent === "") return "none";
  if (!isObject(sent)) {
    const id = plainText(sent);
    if (id === "0") return "none";
    return usable(known.form.title, id, [books.get(form, Number(id))], scope);
  }
  const { number, primary, title } = known.form;
  for (const [key, value] of Object.entries(sent)) {
    const text = plainText(value);
    const name = key.toLowerCase();
    if (name === "fnumber" || name === number.toLowerCase())
      return text === "" ? "none" : usable(title, text, books.byNumber(form, text), scope);
    if (name === primary.toLowerCase()) return text === "0" ? "none" : usable(title, text, [books.get(form, Number(text))], scope);
  }
  return "none";
}

function usable(title: string, given: string, candidates: readonly (Bill | undefined)[], scope: Scope): Bill | string {
  const found = candidates.filter((each): each is Bill => each !== undefined && isVisible(each, scope.organisation));
  const [first] = found;
  if (first === undefined) return `${title}“${given}”：数据在系统中不存在`;
  const free = found.find(({ values }) => values["FForbidStatus"] !== "B" && values["FDocumentStatus"] === "C");
  return free ?? `${title}“${given}”已禁用或未审核，不能使用`;
}

/** Base data of another organisation does not exist for a bill, until it is allocated. */
function isVisible(item: Bill, organisation: number): boolean {
  const owner = idOf(item.values, "FUseOrgId");
  if (owner === 0 || organisation === 0 || owner === organisation) return true;
  const allocated = item.values["_allocated"];
  return typeof allocated === "object" && allocated !== null && allocated[String(organisation)] !== undefined;
}
