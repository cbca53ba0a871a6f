import { nearestName } from "../model/nearest.js";

/** The known name that was probably meant, or null. Full-width and half-width forms of a character do not differ. */
function nearest(name: string, known: readonly string[]): string | null {
  const folded = known.map((each) => each.normalize("NFKC"));
  const found = nearestName(name.normalize("NFKC"), folded);
  return found === null ? null : (known[folded.indexOf(found)] ?? null);
}

/** `did you mean …`, or the first of what is known. */
export function nearestHint(name: string, known: readonly string[], what: string): string | undefined {
  const suggestion = nearest(name, known);
  if (suggestion !== null) return `did you mean \`${suggestion}\`?`;
  if (known.length === 0) return undefined;
  const listed = known.slice(0, 8).map((each) => `\`${each}\``);
  return `known ${what}: ${listed.join(", ")}${known.length > 8 ? ` and ${known.length - 8} more` : ""}`;
}
