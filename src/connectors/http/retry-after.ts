const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * `Retry-After` in milliseconds from now: whole seconds, or a date (RFC 9110, 10.2.3). A date is measured against the answer's own `Date`
 * where it has one, because the two clocks may differ. Null when there is none that can be read.
 */
export function retryAfterMs(header: string | undefined, date: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const wanted = httpDate(text);
  if (wanted === null) return null;
  return Math.max(0, wanted - (httpDate(date ?? "") ?? now.getTime()));
}

function httpDate(text: string): number | null {
  if (!HTTP_DATE.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
