import { nearestName } from "../model/nearest.js";

/** The known name that was probably meant: spelt almost the same, or `不含税金额` for `金额`. Null when nothing is close. */
export function nearest(name: string, known: readonly string[]): string | null {
  const spelt = nearestName(name, known);
  if (spelt !== null) return spelt;
  const wanted = name.trim().toLowerCase();
  // Two letters the wrong way round are the commonest slip, and count as two.
  const letters = (text: string): string => [...text.toLowerCase()].sort().join("");
  const swapped = wanted.length < 3 ? undefined : known.find((each) => letters(each) === letters(wanted));
  if (swapped !== undefined) return swapped;
  const contains = (long: string, short: string): boolean => short.length > 1 && long.includes(short);
  return known.find((each) => contains(each.toLowerCase(), wanted) || contains(wanted, each.toLowerCase())) ?? null;
}

/** The hint for a wrong name: the nearest one, or the first of the known names; undefined when there are none. */
export function suggest(name: string, known: readonly string[], kind: string): string | undefined {
  const close = nearest(name, known);
  if (close !== null) return `did you mean \`${close}\`?`;
  if (known.length === 0) return undefined;
  return `known ${kind}: ${listNames(known)}`;
}

/** ``there are `a`, `b` `` */
export function thereAre(names: readonly string[]): string {
  if (names.length === 0) return "there are none";
  return names.length === 1 ? `there is only ${listNames(names)}` : `there are ${listNames(names)}`;
}

/** `a`, `b`, `c`, at most twelve. */
export function listNames(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map((name) => (name === "" ? "empty text" : name === " " ? "a blank" : `\`${name}\``));
  return names.length > most ? `${shown.join(", ")} and ${names.length - most} more` : shown.join(", ");
}
