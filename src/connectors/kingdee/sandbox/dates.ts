const CHINA_OFFSET_MS = 8 * 3_600_000;

/** An instant as the server writes it: China time, with milliseconds, without a zone (`2025-01-23T14:16:16.517`). */
export function serverTime(instant: Date): string {
  return new Date(instant.getTime() + CHINA_OFFSET_MS).toISOString().slice(0, -1);
}

const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?$/;

/** A date or date-time in the form the server keeps, so that text order is time order; null when there is no such day. */
export function toServerTime(text: string): string | null {
  const found = DATE.exec(text.trim().replaceAll("/", "-"));
  if (found === null) return null;
  const [, year = "", month = "", day = "", hour = "0", minute = "00", second = "00", part = ""] = found;
  const normal = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}.${part.slice(0, 3).padEnd(3, "0")}`;
  const instant = new Date(`${normal}Z`);
  return Number.isNaN(instant.getTime()) || instant.toISOString() !== `${normal}Z` ? null : normal;
}

/** The accounting period of a server time: `2025-01`. */
export function periodOf(time: string): string {
  return time.slice(0, 7);
}

export function nextPeriod(period: string): string {
  const [year = 0, month = 0] = period.split("-").map(Number);
  return month === 12 ? `${year + 1}-01` : `${year}-${two(String(month + 1))}`;
}

function two(text: string): string {
  return text.padStart(2, "0");
}
