import { CODE, type Fault, fault, notFound } from "./answers.js";
import type { Bill } from "./bill.js";
import type { Books } from "./books.js";
import type { JsonObject } from "./exact-json.js";
import type { KnownForm } from "./forms/index.js";
import { texts } from "./texts.js";

/** One of the bills that a call names, or why there is none. */
export type Named = { readonly bill: Bill } | { readonly fault: Fault };

/** The bills that `Ids` or `Numbers` name, in their order. Null when neither or both were given. */
export function namedIn(books: Books, { form }: KnownForm, data: JsonObject): readonly Named[] | null {
  const ids = texts(data["Ids"]);
  const numbers = texts(data["Numbers"]);
  if (ids.length > 0 === numbers.length > 0) return null;
  if (ids.length > 0) {
    return ids.map((id) => {
      const bill = books.get(form.id, Number(id));
      return bill === undefined ? { fault: notFound(`${form.title}内码${id}`) } : { bill };
    });
  }
  return numbers.map((number) => {
    const [bill, ...more] = books.byNumber(form.id, number);
    if (bill === undefined) return { fault: notFound(`${form.title}编号${number}`) };
    // Vouchers of each period begin at 1 again: a number alone does not say which one is meant.
    return more.length === 0 ? { bill } : { fault: fault(`${form.title}编号${number}对应多张单据`, CODE.validation) };
  });
}
