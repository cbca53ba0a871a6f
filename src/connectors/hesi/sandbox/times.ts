import { Refused } from "./envelope.js";

/** China has one time zone and no summer time. That the texts mean it is inferred, not documented. */
const CHINA_MS = 8 * 3_600_000;

/** `yyyy-MM-dd HH:mm:ss`. */
export function formatTime(at: number): string {
  return new Date(at + CHINA_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** Epoch milliseconds of `yyyy-MM-dd HH:mm:ss`; throws Refused for anything else. */
export function parseTime(text: string, name: string): number {
  const iso = `${text.replace(" ", "T")}.000Z`;
  const at = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? Date.parse(iso) : Number.NaN;
  // February 30th is taken by no calendar.
  if (Number.isNaN(at) || new Date(at).toISOString() !== iso) throw new Refused(400, `参数${name}格式不正确`);
  return at - CHINA_MS;
}
