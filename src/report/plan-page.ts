import { createHash } from "node:crypto";
import type { PlanSum } from "../model/plan-file.js";
import { countText } from "./amounts.js";
import { html, Markup, prose } from "./markup.js";
import { renderAmounts } from "./page-amounts.js";
import { renderDocument } from "./page-documents.js";
import { renderApprovals, renderBefore, renderContents, renderHead, renderSummary, renderWill } from "./page-head.js";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";
import { renderWaiting } from "./page-waiting.js";
import { type PageWords, type ReportLanguage, SIGNS } from "./page-words.js";
import type { ReportedPlan } from "./reported-plan.js";
import { SHOWN_KINDS, type Survey, surveyPlan } from "./survey.js";
import { pageWords } from "./words.js";

/**
 * Writes a plan as one HTML file for whoever must approve it, piece by piece. It loads nothing, and its policy forbids the browser to load
 * anything; without script it is a plain page. The plan is read once for each kind of change, so that none of it is kept.
 */
export async function writePlanPage(plan: ReportedPlan, language: ReportLanguage, write: (text: string) => void): Promise<void> {
  const words = pageWords(language);
  const survey = await surveyPlan(plan);
  const put = (markup: Markup): void => write(markup.text);
  put(renderStart(plan, words));
  put(renderHead(plan, words));
  put(html`<main>
`);
  put(renderContents(plan, survey, words));
  put(renderSummary(plan, survey, words));
  put(renderWill(plan, survey, words));
  put(renderApprovals(plan, words));
  put(renderBefore(plan, words));
  put(renderAmounts(plan, words));
  put(renderFilter(plan.totals.accounts, survey, words));
  put(renderWaiting(plan, survey, words));
  await putDocuments(plan, survey, words, put);
  put(html`</main>
<footer><p>${prose(words.foot(plan.head.made.program))}</p></footer>
<script>${new Markup(PAGE_SCRIPT)}</script>
</body>
</html>
`);
}

function renderStart({ head, hash }: ReportedPlan, words: PageWords): Markup {
  const policy = [
    "default-src 'none'",
    `style-src '${digestOf(PAGE_STYLE)}'`,
    `script-src '${digestOf(PAGE_SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!DOCTYPE html>
<html lang="${words.tag}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${head.title} · ${hash.slice(0, 12)}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
`;
}

/** As a policy names what may stand in the page (Content Security Policy Level 3, hash-source). */
function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** Shown by the script: without it, there is nothing that it could do. */
function renderFilter(accounts: readonly PlanSum[], survey: Survey, words: PageWords): Markup {
  const { filter } = words;
  const names = [...new Set(accounts.map(({ name }) => name))];
  const kinds = SHOWN_KINDS.filter((kind) => survey.kinds.has(kind)).map((kind) => [kind, SIGNS[kind], words.kinds[kind].title] as const);
  const all = survey.waiting === 0 ? kinds : [["waiting", "?", filter.waiting] as const, ...kinds];
  return html`<form id="filter" hidden role="search" aria-label="${filter.title}">
<p><label>${filter.search} <input type="search" id="filter-text" placeholder="${filter.searchHint}" autocomplete="off"></label>
<label>${filter.account} <select id="filter-account"><option value="">${filter.allAccounts}</option>${names.map((name) => html`<option>${name}</option>`)}</select></label></p>
<fieldset><legend>${filter.kind}</legend>${all.map(([kind, sign, title]) => html`<label><input type="checkbox" value="${kind}" checked> <span class="sign" aria-hidden="true">${sign}</span> ${title}</label> `)}</fieldset>
<p><output id="filter-found" data-text="${filter.found}"></output> <button type="button" id="filter-open">${filter.open}</button> <button type="button" id="filter-close">${filter.close}</button> <button type="reset">${filter.reset}</button></p>
</form>
`;
}

async function putDocuments(plan: ReportedPlan, survey: Survey, words: PageWords, put: (markup: Markup) => void): Promise<void> {
  const { title, about, nothing } = words.documentsPart;
  put(html`<section aria-labelledby="documents"><h2 id="documents">${title}</h2>
<p>${survey.kinds.size === 0 ? nothing : about}</p>
`);
  for (const kind of SHOWN_KINDS) {
    const sums = survey.kinds.get(kind);
    if (sums === undefined) continue;
    put(html`<div data-group><h3 id="${kind}"><span class="sign" aria-hidden="true">${SIGNS[kind]}</span> ${words.kinds[kind].title} (${countText(sums.count)})</h3>
`);
    await plan.read({
      change: (change) => {
        if (change.change === kind) put(renderDocument(change, plan.timeZone, words));
      },
    });
    put(html`</div>
`);
  }
  put(html`</section>
`);
}
