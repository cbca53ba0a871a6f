import { distance } from "fastest-levenshtein";

/** The known name that was probably meant, or null. Width and case of letters do not count as a difference. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = fold(name);
  // Chinese names are short: one wrong character of two is still near.
  const allowed = wanted.length <= 1 ? 0 : wanted.length <= 4 ? 1 : wanted.length <= 8 ? 2 : 3;
  let best: string | null = null;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    const other = fold(candidate);
    if (Math.abs(other.length - wanted.length) >= bestDistance) continue;
    const found = distance(wanted, other);
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
}

function fold(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
