import type { DateText } from "../../../model/dates.js";
import { Decimal } from "../../../model/decimal.js";
import type { Document, Line } from "../../../model/document.js";
import { formatMinor } from "../../../model/money.js";
import { Unwritable } from "../../http/template.js";
import type { Catalog } from "../catalog.js";
import type { Row, TrytonClient } from "../client.js";
import { type HeldLine, heldLines, minorOf, sameDimensions } from "../held.js";
import type { TrytonTargetOptions } from "../target-options.js";
import { date, decimal, fieldOf, idOf, oneLine, type Plain, wordOf } from "../values.js";
import { Dimensions } from "./dimensions.js";
import { Calendar, type Form, type Held, type Hit, type Step, type Values, written } from "./form.js";
import { taxed, taxesOf } from "./tax.js";

const MODEL = "account.invoice";
const USUAL_JOURNAL = "EXP";
const STEP_OF: Readonly<Record<string, Step>> = { draft: "draft", validated: "validate", posted: "post", paid: "post", cancelled: "post" };

/** 应付单: a supplier invoice. Our key is its reference; the taxes are those of the paper, not those that the ERP would compute. */
export function invoiceForm(client: TrytonClient, catalog: Catalog, options: TrytonTargetOptions): Form {
  const dimensions = new Dimensions(catalog, options.dimensions ?? {});
  const journal = options.journal ?? USUAL_JOURNAL;

  const lineOf = async (line: Line, document: Document, base: Values): Promise<Values> => {
    const plans = (await dimensions.of(line)).map(({ root, account }) => ({ root: idOf(root), account: idOf(account) }));
    return {
      ...base,
      type: "line",
      account: idOf(catalog.account(line.account).id),
      quantity: 1,
      unit_price: decimal(formatMinor(taxed(line, document.currency).net, document.currency)),
      description: textOf(line, document),
      analytic_accounts: plans.length === 0 ? undefined : [["create", plans]],
    };
  };

  const taxLines = async (document: Document): Promise<readonly Values[]> => {
    const lines: Values[] = [];
    for (const [rate, { net, tax }] of taxesOf(document)) {
      const known = await catalog.tax(Decimal.parse(rate) as Decimal, options.taxes?.[rate] ?? null);
      lines.push({
        manual: true,
        tax: idOf(known.id),
        account: idOf(net < 0n ? known.creditAccount : known.account),
        base: decimal(formatMinor(net, document.currency)),
        amount: decimal(formatMinor(tax, document.currency)),
        description: known.name,
      });
    }
    return lines;
  };

  const valuesOf = async (document: Document, calendar: Calendar): Promise<Values> => {
    const company = await catalog.company();
    const { supplier = "", due, invoice, account = options.account } = document.fields;
    const party = catalog.party(supplier);
    if (party.address === null) throw new Unwritable(`the party \`${supplier}\` has no address, which an invoice needs`);
    const payable = account === undefined || account === "" ? party.payable : catalog.account(account).id;
    if (payable === null) throw new Unwritable(`the party \`${supplier}\` has no payables account, and none is given`);
    const journalId = await catalog.journal(journal);
    calendar.periodOf(document.date, journalId);
    const base = { company: idOf(company.id), currency: idOf(await catalog.currency(document.currency)) };
    const lines: Plain[] = [];
    for (const line of document.lines) lines.push(await lineOf(line, document, base));
    const taxes = await taxLines(document);
    return {
      ...base,
      type: "in",
      party: idOf(party.id),
      invoice_address: idOf(party.address),
      account: idOf(payable),
      journal: idOf(journalId),
      description: oneLine(document.text),
      comment: invoice ?? "",
      invoice_date: date(document.date),
      accounting_date: date(document.date),
      payment_term_date: due === undefined || due === "" ? null : date(due),
      lines: [["create", lines]],
      taxes: taxes.length === 0 ? [] : [["create", taxes]],
    };
  };

  return {
    model: MODEL,
    type: "payable",
    keyField: "reference",
    steps: ["draft", "validate", "post"],
    usualJournal: USUAL_JOURNAL,
    methods: { validate: "validate_invoice", post: "post" },
    domain: [["type", "=", "in"]],
    fields: ["number", "state", "cancel_move.post_number"],
    parts: ["lines", "taxes"],
    hitOf: (row): Hit | null => {
      const [id, number, state] = ["id", "number", "state"].map((field) => wordOf(row.get(field))) as [string, string, string];
      const isCancelled = state === "cancelled";
      if (isCancelled && number === "") return null;
      const cancelledBy = isCancelled ? wordOf(fieldOf(row, "cancel_move.post_number")) || number : null;
      return { id, key: wordOf(row.get("reference")), reference: number || id, step: STEP_OF[state] ?? "draft", cancelledBy };
    },
    write: async (documents) => {
      const headers = documents.map(({ fields: { account } }) => account ?? options.account ?? "").filter((code) => code !== "");
      await catalog.prepare(
        [...headers, ...documents.flatMap(({ lines }) => lines.map(({ account }) => account))],
        documents.map(({ fields: { supplier = "" } }) => supplier),
      );
      const calendar = await Calendar.of(catalog, [journal]);
      return Promise.all(documents.map((document) => written(document, () => valuesOf(document, calendar))));
    },
    held: (all) => heldInvoices(all, { client, catalog, dimensions, taxes: options.taxes ?? {} }),
  };
}

function textOf(line: Line, document: Document): string {
  return oneLine(line.text === "" ? document.text : line.text);
}

interface Reading {
  readonly client: TrytonClient;
  readonly catalog: Catalog;
  readonly dimensions: Dimensions;
  readonly taxes: Readonly<Record<string, string>>;
}

async function heldInvoices(all: readonly Held[], reading: Reading): Promise<ReadonlyMap<string, Document>> {
  const { client, dimensions } = reading;
  const ids = all.map(({ hit }) => idOf(hit.id));
  if (ids.length === 0) return new Map();
  const headers = [
    "invoice_date",
    "accounting_date",
    "party.code",
    "party.name",
    "currency.code",
    "description",
    "comment",
    "payment_term_date",
  ];
  const invoices = await client.query({ model: MODEL, domain: [["id", "in", ids]], fields: headers });
  const own = [["invoice", "in", ids]];
  const fields = ["invoice", "account.code", "amount", "description"];
  const lines = await client.query({ model: "account.invoice.line", domain: [...own, ["type", "=", "line"]], fields });
  const taxes = await client.query({ model: "account.invoice.tax", domain: own, fields: ["invoice", "tax", "amount"] });
  // Plans are asked for only where one was posted to: the module may not be there.
  const hasPlans = all.some(({ posting }) =>
    posting.document.lines.some((line) => Object.values(line.dimensions).some((each) => each !== "")),
  );
  const entries = !hasPlans
    ? []
    : await client.query({
        model: "analytic.account.entry",
        domain: [["origin.invoice.id", "in", ids, "account.invoice.line"]],
        fields: ["origin", "account.code", "root.code", "root.name"],
      });
  const found = new Map<string, Document>();
  for (const { hit, posting } of all) {
    const posted = posting.document;
    const invoice = invoices.find((row) => wordOf(row.get("id")) === hit.id);
    if (invoice === undefined) continue;
    const header = heldHeader(invoice, posted);
    const rows = lines.filter((row) => wordOf(row.get("invoice")) === hit.id);
    const held = rows.map((row) => heldLine(row, posted, planned(row, entries, posted, dimensions)));
    const paid = taxes.filter((row) => wordOf(row.get("invoice")) === hit.id);
    found.set(hit.id, { ...header, lines: await withTaxes(heldLines(posted, held), posted, paid, reading) });
  }
  return found;
}

function heldHeader(invoice: Row, posted: Document): Document {
  const at = (field: string): string => wordOf(fieldOf(invoice, field));
  const { supplier = "", due = "", invoice: paper = "" } = posted.fields;
  const fields: Record<string, string> = { ...posted.fields };
  if (![at("party.code"), at("party.name")].includes(supplier)) fields["supplier"] = at("party.code");
  if (at("payment_term_date") !== due) fields["due"] = at("payment_term_date");
  if (at("comment") !== paper) fields["invoice"] = at("comment");
  const days: readonly DateText[] = [at("accounting_date"), at("invoice_date")];
  return {
    ...posted,
    date: days.find((day) => day !== posted.date) ?? posted.date,
    currency: at("currency.code"),
    text: at("description") === oneLine(posted.text) ? posted.text : at("description"),
    fields,
  };
}

function planned(line: Row, entries: readonly Row[], posted: Document, dimensions: Dimensions): Readonly<Record<string, string>> {
  const own = entries.filter((row) => wordOf(row.get("origin")) === `account.invoice.line,${wordOf(line.get("id"))}`);
  return Object.fromEntries(
    own.flatMap((row): [string, string][] => {
      const account = wordOf(fieldOf(row, "account.code"));
      const root = { code: wordOf(fieldOf(row, "root.code")), name: wordOf(fieldOf(row, "root.name")) };
      return account === "" ? [] : [[dimensions.nameOf(root, posted.lines), account]];
    }),
  );
}

function heldLine(row: Row, posted: Document, dimensions: Readonly<Record<string, string>>): HeldLine {
  const net = minorOf(wordOf(row.get("amount")), posted.currency);
  const account = wordOf(fieldOf(row, "account.code"));
  const text = wordOf(row.get("description"));
  return {
    fits: (line) =>
      line.account === account &&
      taxed(line, posted.currency).net === net &&
      textOf(line, posted) === text &&
      sameDimensions(line, dimensions),
    line: (former) => {
      const tax = former === undefined ? 0n : taxed(former, posted.currency).tax;
      return {
        side: "debit",
        amountMinor: net + tax,
        account,
        text,
        partner: former?.partner ?? null,
        dimensions,
        ...(former?.fields === undefined ? {} : { fields: former.fields }),
      };
    },
  };
}

/** The ERP keeps taxes by rate for the whole invoice; where they are others, the first line with that rate bears the difference. */
async function withTaxes(
  lines: readonly Line[],
  posted: Document,
  rows: readonly Row[],
  { catalog, taxes }: Reading,
): Promise<readonly Line[]> {
  const { currency } = posted;
  let left = rows.reduce((sum, row) => sum + minorOf(wordOf(row.get("amount")), currency), 0n);
  for (const [rate, { tax }] of taxesOf(posted)) {
    const { id } = await catalog.tax(Decimal.parse(rate) as Decimal, taxes[rate] ?? null);
    const own = rows.filter((row) => wordOf(row.get("tax")) === id);
    const held = own.reduce((sum, row) => sum + minorOf(wordOf(row.get("amount")), currency), 0n);
    left -= held;
    if (held !== tax) return shifted(lines, held - tax, currency);
  }
  return left === 0n ? lines : shifted(lines, left, currency);
}

function shifted(lines: readonly Line[], difference: bigint, currency: string): readonly Line[] {
  const [first, ...others] = lines;
  if (first === undefined) return lines;
  const { tax } = taxed(first, currency);
  return [
    {
      ...first,
      amountMinor: first.amountMinor + difference,
      fields: { ...first.fields, tax: formatMinor(tax + difference, currency) },
    },
    ...others,
  ];
}
