import type { PlanWait } from "../model/plan-file.js";
import type { Problem, ProblemCode } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { clockText, countText } from "./amounts.js";
import { html, type Markup, prose, when } from "./markup.js";
import type { PageWords, Reason, WaitCode } from "./page-words.js";
import type { ReportedPlan } from "./reported-plan.js";
import type { Cause, Survey } from "./survey.js";

/** What is not in the plan, grouped by cause, in an accountant's words first and in the program's own below. */
export function renderWaiting({ head, timeZone }: ReportedPlan, { causes, waiting }: Survey, words: PageWords): Markup {
  const { waiting: named } = words;
  if (waiting === 0) return html``;
  return html`<section aria-labelledby="waiting" data-group><h2 id="waiting">${named.title} (${countText(waiting)})</h2>
<p>${prose(named.about(head.asks !== null))}</p>
${causes.map((cause) => renderCause(cause, timeZone, words))}</section>
`;
}

function renderCause({ code, waits }: Cause, timeZone: string, words: PageWords): Markup {
  const { title, help } = reasonOf(code, words);
  return html`<div data-group><h3>${title} (${countText(waits.length)})</h3>
<p>${prose(help)}</p>
<ul class="waits">${waits.map((wait) => renderWait(wait, timeZone, words))}</ul></div>
`;
}

function renderWait({ waits, kind, since, problem }: PlanWait, timeZone: string, words: PageWords): Markup {
  const { waiting: named } = words;
  const place = placeOf(problem, words);
  return html`<li data-k="waiting"><b>${kind === "record" ? `${named.record} ` : ""}${displayKey(waits)}</b> ${prose(named.said(problem.message))}<small>${when(
    place !== "",
    () => html`${place} · `,
  )}${named.since(clockText(since, timeZone))}${when(problem.hint !== undefined, () => html` · ${named.forIt} ${prose(problem.hint ?? "")}`)}</small></li>
`;
}

/** The words for a cause. */
export function reasonOf(code: ProblemCode, { reasons, otherReason }: PageWords): Reason {
  return Object.hasOwn(reasons, code) ? reasons[code as WaitCode] : otherReason;
}

/** Where it was found, as far as it helps an accountant to look it up: the rule in the pipeline's own file does not. */
export function placeOf({ at }: Problem, { waiting }: PageWords): string {
  const file = at.find((place) => place.file !== undefined && !/\.ya?ml$/i.test(place.file));
  const field = at.find((place) => place.field !== undefined)?.field ?? null;
  return waiting.place(file?.file ?? null, file?.line ?? null, field);
}
