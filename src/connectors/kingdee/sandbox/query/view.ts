import type { Bill, Stored, Values } from "../bill.js";
import type { Books } from "../books.js";
import type { Written } from "../exact-json.js";
import { DIMENSIONS } from "../forms/base-forms.js";
import { ENTRY_ID, type Field, type Form } from "../forms/form.js";
import { written } from "./query.js";

/** The language of the stand-in. */
const CHINESE = 2052;

const localised = (text: string): Written => [{ Key: CHINESE, Value: text }];

/** A property lacks the `F` of its field: `FNumber` is `Number`. */
const propertyOf = (key: string): string => key.replace(/^F(?!_)/, "");

/** The whole object as View shows it: names without `F`, entities by their own names, references as objects. */
export function viewOf(books: Books, form: Form, bill: Bill): Written {
  const entities = form.entities.map((entity): [string, Written] => [
    entity.view,
    (bill.entries[entity.key] ?? []).map((row) => ({ Id: row.id, ...properties(books, entity.fields, row.values, bill.values) })),
  ]);
  const fields = form.fields.filter((field) => field.key !== form.primary);
  return { Id: bill.id, ...properties(books, fields, bill.values, bill.values), ...Object.fromEntries(entities) };
}

function properties(books: Books, fields: readonly Field[], values: Values, header: Values): Record<string, Written> {
  const found: Record<string, Written> = {};
  for (const field of fields) {
    const name = propertyOf(field.key);
    const value = values[field.key] ?? null;
    if (field.kind === "reference") {
      const form = typeof field.form === "object" ? String(header[field.form.by] ?? "") : (field.form ?? "");
      found[`${name}_Id`] = typeof value === "number" ? value : 0;
      found[name] = shortOf(books, form, value);
    } else if (field.kind === "dimensions") {
      found[name] = dimensionsOf(books, value);
    } else {
      found[name] = field.key === "FName" ? localised(String(value ?? "")) : written(field.kind, value);
    }
  }
  return found;
}

function dimensionsOf(books: Books, value: Stored): Written {
  const held = Object.entries(typeof value === "object" && value !== null ? value : {});
  return Object.fromEntries(held.map(([key, id]) => [key, shortOf(books, DIMENSIONS.get(key)?.form ?? "", id)]));
}

/** What is referred to, as far as it is shown inside another object. */
function shortOf(books: Books, form: string, id: Stored): Written {
  const known = books.forms.get(form);
  const target = known !== undefined && typeof id === "number" ? books.get(form, id) : undefined;
  if (known === undefined || target === undefined) return null;
  const number = target.values[known.form.number] ?? "";
  return { Id: target.id, Number: String(number), Name: localised(String(target.values["FName"] ?? "")) };
}

/** What QueryBusinessInfo tells of a form: its fields, entities, primary keys and which fields must be given. */
export function businessInfo(form: Form): Written {
  const fieldInfo = (field: Field): Written => ({
    Key: field.key,
    FieldName: field.key.toUpperCase(),
    PropertyName: propertyOf(field.key),
    ElementType: field.kind,
    MustInput: field.required === true ? 1 : 0,
    ...(typeof field.form === "string" ? { LookUpObject: { FormId: field.form } } : {}),
  });
  const header = {
    Key: form.kind === "bill" ? "FBillHead" : "FBaseHead",
    EntryName: form.kind === "bill" ? "BillHead" : "BaseHead",
    EntryPkFieldName: form.primary,
    Fields: form.fields.map(fieldInfo),
  };
  const entries = form.entities.map((entity) => ({
    Key: entity.key,
    EntryName: entity.view,
    EntryPkFieldName: ENTRY_ID,
    Fields: entity.fields.map(fieldInfo),
  }));
  return {
    Id: form.id,
    Name: localised(form.title),
    PkFieldName: form.primary,
    NumberFieldKey: form.number,
    Entrys: [header, ...entries],
  };
}
