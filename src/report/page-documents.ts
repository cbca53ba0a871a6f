import { type Document, documentAmount, isUnknown, type Line } from "../model/document.js";
import { DOCUMENT_TYPES, hasLines } from "../model/document-types.js";
import { formatAmount } from "../model/money.js";
import { documentOfLine, type PlanChange } from "../model/plan-file.js";
import { displayKey } from "../model/record.js";
import { amountText, clockText } from "./amounts.js";
import { changedFields, furtherValues, type LinePair, type Pair, pair, pairLines } from "./compare.js";
import { html, type Markup, NOTHING, prose, when } from "./markup.js";
import { reasonOf } from "./page-waiting.js";
import { type PageWords, SIGNS } from "./page-words.js";

/** One document of a plan: a line that can be opened, and below it what is booked, or what changes. */
export function renderDocument(change: PlanChange, timeZone: string, words: PageWords): Markup {
  const after = change.after === undefined ? null : documentOfLine(change.after);
  const before = change.before === undefined ? null : documentOfLine(change.before);
  const shown = after ?? before;
  const kind = change.change;
  const accounts = new Set([...(after?.lines ?? []), ...(before?.lines ?? [])].map(({ account }) => account));
  return html`<details data-k="${kind}" data-a="|${[...accounts].join("|")}|"><summary><span class="k"><span class="sign" aria-hidden="true">${SIGNS[kind]}</span> ${words.kinds[kind].short}</span> <b>${displayKey(change.key)}</b>${shown === null ? NOTHING : renderFacts(shown)}</summary>
<div>${when(change.problem !== undefined, () => renderHeld(change, words))}${renderPosting(change, timeZone, words)}${renderContent(kind, before, after, words)}</div></details>
`;
}

/** Day, amount and text on the line of a document. */
function renderFacts(document: Document): Markup {
  const { date, currency, text } = document;
  const money = hasLines(document.type) && document.lines.length > 0;
  return html`${when(money, () => html` <span>${date}</span> <span class="amount">${amountText(documentAmount(document), currency)}</span>`)}${when(text !== "", () => html` <span class="text">${text}</span>`)}`;
}

function renderHeld({ problem }: PlanChange, words: PageWords): Markup {
  if (problem === undefined) return NOTHING;
  const { title } = reasonOf(problem.code, words);
  return html`<p class="why"><b>${words.document.why}</b> ${title}: ${prose(words.waiting.said(problem.message))}</p>`;
}

/** What is known of the posting that is replaced, and who looked at the document. */
function renderPosting({ change, posting, gone, checked }: PlanChange, timeZone: string, words: PageWords): Markup {
  const { document: named } = words;
  const facts: string[] = [];
  if (posting !== undefined) {
    facts.push(named.postedAs(posting.reference, clockText(posting.postedAt, timeZone)));
    if (posting.step !== null) facts.push(named.step(posting.step));
    if (gone !== undefined) facts.push(named.gone(gone.reference));
    else if (change !== "finish") facts.push(posting.seen === "target" ? named.seenTarget : named.seenStore);
  }
  if (checked !== undefined) facts.push(checked === "target" ? named.checkedTarget : named.checkedUs);
  return facts.length === 0 ? NOTHING : html`<p>${facts.map((fact, index) => html`${index === 0 ? "" : " · "}${prose(fact)}`)}</p>`;
}

function renderContent(kind: PlanChange["change"], before: Document | null, after: Document | null, words: PageWords): Markup {
  if (kind === "hold" || before === null) return after === null ? NOTHING : renderWhole(after, words);
  if (after === null) return isUnknown(before) ? html`<p>${words.document.unknownContent}</p>` : renderWhole(before, words);
  if (isUnknown(before)) return html`<p>${words.document.unknownContent}</p>${renderWhole(after, words)}`;
  return renderDifference(before, after, words);
}

function renderWhole(document: Document, words: PageWords): Markup {
  const { document: named } = words;
  const fields = Object.entries(document.fields).map(([name, value]) => `${name} \`${value}\``);
  const facts = [
    ...(document.type === "journal" ? [] : [named.types[document.type] ?? document.type]),
    ...(document.attachments === 0 ? [] : [named.attachments(document.attachments)]),
    ...fields,
  ];
  return html`${when(facts.length > 0, () => html`<p>${facts.map((fact, index) => html`${index === 0 ? "" : " · "}${prose(fact)}`)}</p>`)}${when(
    document.lines.length > 0,
    () =>
      html`<table class="lines"><thead>${headOf(document, words, false)}</thead><tbody>${document.lines.map((line) => renderLine(line, document, words))}</tbody></table>`,
  )}`;
}

function hasSides({ type }: Document): boolean {
  return DOCUMENT_TYPES[type].lines === "both";
}

function headOf(document: Document, words: PageWords, isDifference: boolean): Markup {
  const { document: named, amounts } = words;
  const sides = hasSides(document) ? [amounts.debit, amounts.credit] : [named.amount];
  return html`<tr>${when(isDifference, () => html`<th scope="col">${named.change}`)}<th scope="col">${named.line}${sides.map((side) => html`<th scope="col" class="n">${side}`)}`;
}

/** A row as few bytes as can be: end tags of cells and rows may be left out (HTML, 13.1.2.4), and a page holds thousands of them. */
function renderLine(line: Line, document: Document, words: PageWords): Markup {
  const amounts = amountsOf(line, document).map((amount) => html`<td class="n">${amount}`);
  const further = furtherOf(line, words);
  return html`<tr><td><b>${line.account}</b> ${line.text}${when(further.length > 0, () => html`<small>${further.map(([name, value]) => `${name} ${value}`).join(" · ")}</small>`)}${amounts}`;
}

/** Debit and credit, or the one amount of a line where its document has no sides; empty where there is none. */
function amountsOf(line: Line, document: Document): readonly string[] {
  const amount = formatAmount(line.amountMinor, document.currency);
  if (hasSides(document)) return line.side === "debit" ? [amount, ""] : ["", amount];
  return [line.side === "debit" ? amount : formatAmount(-line.amountMinor, document.currency)];
}

function furtherOf(line: Line, words: PageWords): [name: string, value: string][] {
  return [...(line.partner === null ? [] : [[words.document.partner, line.partner] as [string, string]]), ...furtherValues(line)];
}

function renderDifference(before: Document, after: Document, words: PageWords): Markup {
  const { document: named } = words;
  const fields = changedFields(before, after);
  const pairs = pairLines(before, after);
  const nameOf = (name: (typeof fields)[number]["name"]): string => (typeof name === "string" ? named.fields[name] : name.field);
  const cell = (value: string | null): string => value ?? named.empty;
  return html`${when(
    fields.length > 0,
    () =>
      html`<table class="fields"><caption>${named.head}</caption><thead><tr><th scope="col">${named.field}<th scope="col">${named.before}<th scope="col">${named.after}</thead><tbody>${fields.map(
        (field) => html`<tr><th scope="row">${nameOf(field.name)}<td><del>${cell(field.before)}</del><td><ins>${cell(field.after)}</ins>`,
      )}</tbody></table>`,
  )}${when(
    pairs.length > 0,
    () =>
      html`<table class="lines diff"><caption>${named.lines}</caption><thead>${headOf(after, words, true)}</thead><tbody>${pairs.map((each) => renderPair(each, before, after, words))}</tbody></table>`,
  )}`;
}

const LINE_SIGNS = { unchanged: "=", changed: "~", added: "+", removed: "−" } as const satisfies Record<LinePair["is"], string>;

function renderPair({ before, after, is }: LinePair, old: Document, fresh: Document, words: PageWords): Markup {
  const mark = html`<tr class="${is}"><td class="k"><span class="sign" aria-hidden="true">${LINE_SIGNS[is]}</span> ${words.document.is[is]}`;
  const line = after ?? before;
  if (line === null) return NOTHING;
  if (is !== "changed" || before === null || after === null)
    return html`${mark}${new RowParts(line, after === null ? old : fresh, words).cells()}`;
  const [was, now] = [new RowParts(before, old, words), new RowParts(after, fresh, words)];
  return html`${mark}${now.cellsAfter(was)}`;
}

/** The parts of a row, so that each can be compared with its former self. */
class RowParts {
  private readonly amounts: readonly string[];
  private readonly further: ReadonlyMap<string, string>;

  constructor(
    private readonly line: Line,
    document: Document,
    private readonly words: PageWords,
  ) {
    this.amounts = amountsOf(line, document);
    this.further = new Map(furtherOf(line, words));
  }

  cells(): Markup {
    return this.cellsAfter(this);
  }

  cellsAfter(was: RowParts): Markup {
    const names = [...new Set([...was.further.keys(), ...this.further.keys()])];
    const changes = names.map((name) => ({ name, ...pair(was.further.get(name) ?? "", this.further.get(name) ?? "") }));
    const further = changes.map((each, index) => html`${index === 0 ? "" : " · "}${each.name} ${this.part(each)}`);
    const amounts = this.amounts.map((amount, index) => html`<td class="n">${this.part(pair(was.amounts[index] ?? "", amount))}`);
    return html`<td><b>${this.line.account}</b> ${this.part(pair(was.line.text, this.line.text))}${when(further.length > 0, () => html`<small>${further}</small>`)}${amounts}`;
  }

  /** A value that changed is told in words and by a sign, not by its colour alone. */
  private part({ before, after }: Pair): Markup {
    if (before === after) return html`${after ?? ""}`;
    const { was, now, empty } = this.words.document;
    return html`<del>− ${was} ${before ?? empty}</del> <ins>+ ${now} ${after ?? empty}</ins>`;
  }
}
