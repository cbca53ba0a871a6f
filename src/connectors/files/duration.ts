/** Reads a duration such as `2s`, `500ms` or `0`; in milliseconds, or null when it is none. */
export function durationMs(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  if (match === null) return text === "0" ? 0 : null;
  return Number(match[1]) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "m" | "h"] as number);
}
