import { formatAmount } from "../model/money.js";
import type { PlanSum } from "../model/plan-file.js";
import { countText, type Sum, sumsByCurrency } from "./amounts.js";
import { html, type Markup, when } from "./markup.js";
import type { PageWords } from "./page-words.js";
import type { ReportedPlan } from "./reported-plan.js";

/** Rows that are drawn all; where there are more, the largest of them, and all in a table below. */
const MOST_DRAWN = 20;
const LARGEST_DRAWN = 15;
/** Width of the drawing in its own units. */
const WIDTH = 1_000n;

/** Dimensions that accountants ask for first. */
const FIRST = ["部门", "department"];

/** Amounts per account, per dimension and per period, as bars with their numbers beside them. */
export function renderAmounts({ totals }: ReportedPlan, words: PageWords): Markup {
  const { amounts } = words;
  if (totals.accounts.length === 0) return html``;
  const dimensions = Object.entries(totals.dimensions).sort(([a], [b]) => rankOf(a) - rankOf(b));
  return html`<section aria-labelledby="amounts"><h2 id="amounts">${amounts.title}</h2>
<p>${amounts.about}</p>
<p class="legend" aria-hidden="true"><svg class="key" viewBox="0 0 20 10"><rect class="d" x="1" y="1" width="18" height="8"/></svg> ${amounts.debit} <svg class="key" viewBox="0 0 20 10"><rect class="c" x="1" y="1" width="18" height="8"/></svg> ${amounts.credit} · ${amounts.legend}</p>
${renderSums(amounts.perAccount, amounts.account, totals.accounts, words)}${dimensions.map(
  ([name, sums]) => html`${renderSums(amounts.per(name), name, sums, words)}`,
)}${when(
  dimensions.length > 0,
  () => html`<p class="note">${amounts.dimensionNote}</p>
`,
)}${renderSums(amounts.perPeriod, amounts.period, totals.periods, words)}</section>
`;
}

function rankOf(name: string): number {
  const rank = FIRST.indexOf(name.toLowerCase());
  return rank === -1 ? FIRST.length : rank;
}

function renderSums(title: string, name: string, sums: readonly PlanSum[], words: PageWords): Markup {
  const tables = sumsByCurrency(sums).map(([currency, list]) => {
    const scale = new Scale(list);
    const caption = words.amounts.caption(currency);
    if (list.length <= MOST_DRAWN) return renderTable(caption, name, currency, list, [], words, scale);
    const sorted = [...list].sort((a, b) => Number(magnitude(b) > magnitude(a)) - Number(magnitude(b) < magnitude(a)));
    const [largest, others] = [sorted.slice(0, LARGEST_DRAWN), sorted.slice(LARGEST_DRAWN)];
    return html`${renderTable(`${caption}, ${words.amounts.largest(LARGEST_DRAWN, list.length)}`, name, currency, largest, others, words, scale)}<details><summary>${words.amounts.all(list.length)}</summary>
${renderTable(caption, name, currency, list, [], words, scale)}</details>
`;
  });
  return html`<h3>${title}</h3>
${tables}`;
}

function magnitude({ debitMinor, creditMinor }: Sum): bigint {
  const size = (minor: bigint): bigint => (minor < 0n ? -minor : minor);
  return size(debitMinor) > size(creditMinor) ? size(debitMinor) : size(creditMinor);
}

/** `others`: what stands together in one row, so that the total is that of all. */
function renderTable(
  caption: string,
  name: string,
  currency: string,
  sums: readonly Sum[],
  others: readonly Sum[],
  words: PageWords,
  scale: Scale,
): Markup {
  const { amounts } = words;
  const cell = (minor: bigint, other: bigint): Markup =>
    html`<td class="n">${minor === 0n && other !== 0n ? "" : formatAmount(minor, currency)}</td>`;
  const cells = ({ debitMinor, creditMinor }: Omit<Sum, "name">): Markup =>
    html`${cell(debitMinor, creditMinor)}${cell(creditMinor, debitMinor)}`;
  const rows = sums.map(
    (sum) =>
      html`<tr><th scope="row"><div><span>${sum.name}</span>${scale.draw(sum)}</div></th>${cells(sum)}</tr>
`,
  );
  const rest = when(
    others.length > 0,
    () => html`<tr><th scope="row">${amounts.others(others.length)}</th>${cells(together(others))}</tr>
`,
  );
  const all = [...sums, ...others];
  const total = together(all);
  return html`<div class="wide"><table class="sums"><caption>${caption}</caption>
<thead><tr><th scope="col">${name}</th><th scope="col" class="n">${amounts.debit}</th><th scope="col" class="n">${amounts.credit}</th></tr></thead>
<tbody>${rows}${rest}</tbody>
<tfoot><tr><th scope="row">${amounts.total} (${countText(all.length)})</th><td class="n">${formatAmount(total.debitMinor, currency)}</td><td class="n">${formatAmount(total.creditMinor, currency)}</td></tr></tfoot>
</table></div>
`;
}

function together(sums: readonly Sum[]): Omit<Sum, "name"> {
  const of = (side: "debitMinor" | "creditMinor"): bigint => sums.reduce((all, sum) => all + sum[side], 0n);
  return { debitMinor: of("debitMinor"), creditMinor: of("creditMinor") };
}

/** One measure for all bars of a drawing. What is taken back lies on the left of the line at zero. */
class Scale {
  private readonly lowest: bigint;
  private readonly span: bigint;

  constructor(sums: readonly Sum[]) {
    const all = sums.flatMap(({ debitMinor, creditMinor }) => [debitMinor, creditMinor]);
    this.lowest = all.reduce((low, each) => (each < low ? each : low), 0n);
    const highest = all.reduce((high, each) => (each > high ? each : high), 0n);
    this.span = highest - this.lowest || 1n;
  }

  draw({ debitMinor, creditMinor }: Sum): Markup {
    const zero = this.placeOf(0n);
    return html`<svg viewBox="0 0 ${String(WIDTH)} 20" preserveAspectRatio="none" aria-hidden="true">${this.bar("d", debitMinor, 1)}${this.bar("c", creditMinor, 11)}<path d="M${String(zero)} 0V20"/></svg>`;
  }

  private bar(side: "d" | "c", minor: bigint, y: number): Markup {
    if (minor === 0n) return html``;
    const [from, to] = minor < 0n ? [this.placeOf(minor), this.placeOf(0n)] : [this.placeOf(0n), this.placeOf(minor)];
    // An amount that is too small to be drawn is still there.
    const width = to - from < 3n ? 3n : to - from;
    return html`<rect class="${side}" x="${String(from)}" y="${y}" width="${String(width)}" height="8"/>`;
  }

  private placeOf(minor: bigint): bigint {
    return ((minor - this.lowest) * WIDTH) / this.span;
  }
}
