import type { PostItem } from "../../contract.js";
import { refuseOption } from "../../http/action.js";
import { isList, isObject, type Json, parseJson } from "../../http/json.js";
import { compileBody, Unwritable } from "../../http/template.js";
import { HEADER_FIELDS, POST_SHAPE, postView, type Shape, type View } from "../../http/view.js";
import type { Site } from "../site.js";
import type { KingdeeTargetOptions } from "../target-options.js";
import { type BillContext, billParts } from "./bill.js";
import { claimForm } from "./claim.js";
import type { BillForm } from "./form.js";
import { otherPayableForm, payableForm } from "./payable.js";
import { paymentForm } from "./payment.js";
import { voucherForm } from "./voucher.js";

const BUILT_IN: Readonly<Record<string, (context: BillContext) => BillForm>> = {
  GL_VOUCHER: ({ options, site }) => voucherForm(options, site),
  AP_Payable: payableForm,
  AP_OtherPayable: otherPayableForm,
  ER_ExpReimbursement: claimForm,
  AP_PAYBILL: paymentForm,
};

/** Throws ProblemError for options that cannot be used. */
export function openForm(options: KingdeeTargetOptions, site: Site): BillForm {
  const make = BUILT_IN[options.form];
  const { model, header, lines } = options;
  if (model === undefined && make === undefined)
    return refuseOption(
      "CONFIG_MISSING_KEY",
      `how \`${options.form}\` is written is not established`,
      "write its Model as a template under `model`",
    );
  if (model !== undefined && (header !== undefined || lines !== undefined))
    return refuseOption("CONFIG_WRONG_VALUE", "`model` stands beside `header` or `lines`", "`model` says everything; leave the others out");
  if (model !== undefined) return templateForm(model, { options, site }, make?.({ options, site }) ?? null);
  const form = (make as NonNullable<typeof make>)({ options, site });
  return withMore(form, header, lines);
}

/** A form whose Model the pipeline describes. Nothing but its state can be read back. */
function templateForm(model: unknown, context: BillContext, known: BillForm | null): BillForm {
  const write = compileObject(model, "model");
  return {
    ...billParts(context),
    ...(known === null ? {} : { id: known.id, number: known.number, voided: known.voided, key: known.key }),
    entity: context.options.entity ?? known?.entity ?? "FEntity",
    types: known?.types ?? [],
    write: (item) => {
      const { type, fields } = item.document;
      // A Save says nothing of it, and what is told as written must not stay in use.
      if (type === "entity" && fields["disabled"] === "true")
        throw new Unwritable("it is no longer in use (`disabled`), and the ERP learns that by forbidding it (禁用), which is done by hand");
      return write(item);
    },
    held: () => null,
  };
}

/** The form with fields added to the header and to each entry. */
function withMore(form: BillForm, header: unknown, lines: unknown): BillForm {
  if (header === undefined && lines === undefined) return form;
  const more = header === undefined ? null : compileObject(header, "header");
  const each = lines === undefined ? null : compileList(lines);
  return {
    ...form,
    write: (item) => {
      const written = new Map(form.write(item));
      const entries = written.get(form.entity) ?? null;
      const added = each?.(item) ?? [];
      if (each !== null && isList(entries))
        written.set(
          form.entity,
          entries.map((entry, index) => merged(entry, added[index] ?? null)),
        );
      return new Map([...written, ...(more?.(item) ?? [])]);
    },
  };
}

function merged(entry: Json, more: Json): Json {
  return entry !== null && more !== null && isObject(entry) && isObject(more) ? new Map([...entry, ...more]) : entry;
}

/** Beside what every template sees: `$.more`, the header values of master data that have a name of the pipeline's own. */
const SHAPE: Shape = POST_SHAPE.kind === "object" ? { kind: "object", names: { ...POST_SHAPE.names, more: { kind: "map" } } } : POST_SHAPE;

function viewOf(item: PostItem): View {
  const more = Object.entries(item.document.fields).filter(([name]) => !HEADER_FIELDS.includes(name));
  return { ...postView(item), more: Object.fromEntries(more) };
}

function compileObject(tree: unknown, where: string): (item: PostItem) => ReadonlyMap<string, Json> {
  const write = compileBody(tree, SHAPE, where, true);
  if (typeof tree !== "object" || tree === null || Array.isArray(tree))
    return refuseOption("CONFIG_WRONG_VALUE", `\`${where}\` is no mapping`, "name the fields, as in `FDate: $.date`");
  return (item) => {
    const value = parseJson(write(viewOf(item))) ?? null;
    return value !== null && isObject(value) ? value : new Map();
  };
}

function compileList(tree: unknown): (item: PostItem) => readonly Json[] {
  const write = compileBody({ $each: "$.lines", $item: tree }, SHAPE, "lines", true);
  return (item) => {
    const value = parseJson(write(viewOf(item))) ?? null;
    return value !== null && isList(value) ? value : [];
  };
}
