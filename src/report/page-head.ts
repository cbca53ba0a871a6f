import { Decimal } from "../model/decimal.js";
import { currencyPlaces } from "../model/money.js";
import { SENDING_KINDS } from "../model/plan.js";
import { addMoney, amountText, clockText, countText, type Money, moneyTexts } from "./amounts.js";
import { html, type Markup, NOTHING, prose, when } from "./markup.js";
import { type PageWords, SIGNS } from "./page-words.js";
import type { ReportedPlan } from "./reported-plan.js";
import { type KindSums, type PlannedKind, SHOWN_KINDS, type Survey } from "./survey.js";

/** Digits of the hash that people compare. */
const DIGITS = 12;

/** What this is, from whom, and who must approve it. */
export function renderHead(plan: ReportedPlan, words: PageWords): Markup {
  const { head, isSaved, hash, needed, timeZone } = plan;
  const { made } = head;
  const { head: named, state } = words;
  const facts: readonly (readonly [string, Markup])[] = [
    [named.target, prose(named.targetIs(head.connection, head.connector))],
    [named.project, head.environment === null ? html`${head.project}` : prose(named.environment(head.project, head.environment))],
    [
      named.made,
      html`<time datetime="${made.at}">${clockText(made.at, timeZone)}</time> (${timeZone}) ${prose(named.madeBy(made.by, made.host, made.run))}`,
    ],
    ...(isSaved ? [[named.approval, prose(head.asks === null ? named.nobody : named.needs(head.asks, needed))] as const] : []),
    [named.id, html`<code>${head.id}</code>`],
    [named.hash, html`<code class="hash"><b>${hash.slice(0, DIGITS)}</b>${hash.slice(DIGITS)}</code>`],
  ];
  return html`<header>
<p class="state"><b>${isSaved ? state.plan : state.preview}</b> ${prose(isSaved ? state.aboutPlan : state.aboutPreview)}</p>
<h1>${head.title}</h1>
<p class="pipeline">${named.pipeline} <code>${head.pipeline}</code></p>
<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
`;
}

/** How many documents of each kind, and how much money. */
export function renderSummary({ totals }: ReportedPlan, survey: Survey, words: PageWords): Markup {
  const { summary } = words;
  const { columns } = summary;
  const takesBack = [...survey.kinds.values()].some((sums) => sums.takenBack.size > 0);
  const takenBack = (content: () => Markup): Markup => when(takesBack, () => html`<td class="n">${content()}</td>`);
  const named = (sign: string, title: string, place: string | null): Markup =>
    html`<th scope="row"><span class="sign" aria-hidden="true">${sign}</span> ${place === null ? title : html`<a href="#${place}">${title}</a>`}</th>`;
  const figures = (count: number, posted: readonly string[], back: Money): Markup =>
    html`<td class="n">${countText(count)}</td><td class="n">${linesOf(posted)}</td>${takenBack(() => linesOf(moneyTexts(back)))}</tr>
`;
  const none: KindSums = { count: 0, posted: new Map(), takenBack: new Map() };
  const rowOf = (kind: PlannedKind): readonly Markup[] => {
    const sums = survey.kinds.get(kind);
    // That there is nothing to post is worth a line, that no draft is corrected is not.
    if (sums === undefined && !["create", "replace", "reverse", "hold"].includes(kind)) return [];
    const { title } = words.kinds[kind];
    const { count, posted, takenBack: back } = sums ?? none;
    const money = kind === "hold" ? moneyTexts(posted).map((text) => `(${text})`) : moneyTexts(posted);
    return [
      html`<tr>${named(SIGNS[kind], kind === "hold" ? summary.notBooked(title) : title, sums === undefined ? null : kind)}${figures(count, money, back)}`,
    ];
  };
  const sent = sentInAll(survey);
  const moved = totals.moved.map(({ currency, amount }) =>
    amountText(Decimal.parse(amount)?.toMinor(currencyPlaces(currency)) ?? 0n, currency),
  );
  return html`<section aria-labelledby="summary"><h2 id="summary">${summary.title}</h2>
<div class="wide"><table class="figures"><caption>${summary.caption}</caption>
<thead><tr><th scope="col">${columns.what}</th><th scope="col" class="n">${columns.number}</th><th scope="col" class="n">${columns.posted}</th>${when(takesBack, () => html`<th scope="col" class="n">${columns.takenBack}</th>`)}</tr></thead>
<tbody>${SENDING_KINDS.flatMap(rowOf)}<tr class="total">${named("=", summary.total, null)}${figures(sent.count, moneyTexts(sent.posted), sent.takenBack)}${rowOf("hold")}<tr>${named("?", summary.waiting, survey.waiting === 0 ? null : "waiting")}<td class="n">${countText(survey.waiting)}</td><td></td>${takenBack(() => NOTHING)}</tr>
</tbody></table></div>
${when(moved.length > 0, () => html`<p>${prose(summary.moved(words.list(moved)))}</p>`)}
</section>
`;
}

/** What is sent, of all kinds together. */
function sentInAll({ kinds }: Survey): KindSums {
  const all = { count: 0, posted: new Map<string, bigint>(), takenBack: new Map<string, bigint>() };
  for (const sums of SENDING_KINDS.flatMap((kind) => kinds.get(kind) ?? [])) {
    all.count += sums.count;
    for (const [currency, minor] of sums.posted) addMoney(all.posted, currency, minor);
    for (const [currency, minor] of sums.takenBack) addMoney(all.takenBack, currency, minor);
  }
  return all;
}

function linesOf(texts: readonly string[]): Markup {
  return html`${texts.map((text, index) => html`${index === 0 ? NOTHING : html`<br>`}${text}`)}`;
}

/** What happens when it is approved and applied, in sentences. */
export function renderWill(plan: ReportedPlan, survey: Survey, words: PageWords): Markup {
  const { head, hash, isSaved } = plan;
  const { will } = words;
  const target = head.connection;
  const sentences = SENDING_KINDS.flatMap((kind) => {
    const sums = survey.kinds.get(kind);
    if (sums === undefined) return [];
    const money = (each: typeof sums.posted): string => words.list(moneyTexts(each));
    return [words.kinds[kind].happens(words.documents(sums.count), money(sums.posted), money(sums.takenBack), target)];
  });
  const sends = sentences.length > 0;
  const held = survey.kinds.get("hold");
  const notes = [
    ...(held === undefined ? [] : [words.kinds.hold.happens(words.documents(held.count), "", "", target)]),
    ...(survey.waiting === 0 ? [] : [will.waiting(words.items(survey.waiting))]),
  ];
  const checks = [
    ...(survey.asked === 0 ? [] : [will.asked(words.documents(survey.asked), target)]),
    ...(survey.notAsked === 0 ? [] : [will.notAsked(words.documents(survey.notAsked), target)]),
    ...(survey.readThere === 0 ? [] : [will.readThere(words.documents(survey.readThere), target)]),
    ...(survey.remembered === 0 ? [] : [will.remembered(words.documents(survey.remembered), target)]),
    ...(sends ? [will.otherwise] : []),
    ...(isSaved && head.asks !== null ? [will.compare(hash.slice(0, DIGITS))] : []),
  ];
  const list = (texts: readonly string[]): Markup => html`<ul>${texts.map((text) => html`<li>${prose(text)}</li>`)}</ul>`;
  return html`<section aria-labelledby="will"><h2 id="will">${will.title(head.asks !== null)}</h2>
<p>${prose(sends ? will.begin(isSaved, head.asks !== null, target) : will.nothing)}</p>
${list([...sentences, ...notes])}
${when(checks.length > 0, () => list(checks))}
</section>
`;
}

/** Approvals that stand in the file. Whether they count is decided where the plan is applied, with the keys of that project. */
export function renderApprovals({ approvals, timeZone }: ReportedPlan, words: PageWords): Markup {
  if (approvals.length === 0) return NOTHING;
  const { title, about, one } = words.approvals;
  const items = approvals.map(
    ({ by, at, reason, signature }) =>
      html`<li>${prose(one(by, clockText(at, timeZone), signature !== null))}${when(reason !== "", () => html`: <q>${reason}</q>`)}</li>`,
  );
  return html`<section aria-labelledby="approvals"><h2 id="approvals">${title}</h2>
<ul>${items}</ul>
<p class="note">${prose(about)}</p>
</section>
`;
}

/** The figures of the last run that posted, beside those of this plan. */
export function renderBefore({ head, totals, timeZone }: ReportedPlan, words: PageWords): Markup {
  const { before } = head;
  const { before: named } = words;
  const title = html`<section aria-labelledby="before"><h2 id="before">${named.title}</h2>
`;
  if (before === null)
    return html`${title}<p>${named.none}</p>
</section>
`;
  const { create, supplement, replace, update, finish, reverse } = totals.counts;
  const rows: readonly (readonly [string, number, number])[] = [
    [named.rows.posted, create + supplement + finish, before.posted],
    [named.rows.replaced, replace + update, before.replaced],
    [named.rows.reversed, reverse, before.reversed],
  ];
  return html`${title}<div class="wide"><table class="figures"><caption>${named.caption}</caption>
<thead><tr><th scope="col">${named.what}</th><th scope="col" class="n">${named.here}</th><th scope="col" class="n">${named.run(before.run, clockText(before.at, timeZone))}</th></tr></thead>
<tbody>${rows.map(([name, here, there]) => html`<tr><th scope="row">${name}</th><td class="n">${countText(here)}</td><td class="n">${countText(there)}</td></tr>`)}</tbody></table></div>
</section>
`;
}

/** Where the parts of the page are. */
export function renderContents({ head }: ReportedPlan, survey: Survey, words: PageWords): Markup {
  const links: readonly (readonly [string, string])[] = [
    ["summary", words.summary.title],
    ["will", words.will.title(head.asks !== null)],
    ["amounts", words.amounts.title],
    ...(survey.waiting === 0 ? [] : [["waiting", `${words.waiting.title} (${countText(survey.waiting)})`] as const]),
    ...SHOWN_KINDS.flatMap((kind): (readonly [string, string])[] => {
      const sums = survey.kinds.get(kind);
      return sums === undefined ? [] : [[kind, `${words.kinds[kind].title} (${countText(sums.count)})`]];
    }),
  ];
  return html`<nav aria-label="${words.contents}"><ul>${links.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
`;
}
