import picomatch from "picomatch";

export interface NameMatcher {
  isWanted(name: string): boolean;
  /** False when certainly nothing below this folder is wanted, so that it need not be looked into. */
  mayHold(folder: string): boolean;
}

/**
 * Which names a list of patterns means, `!` excluding: the same as for files on disk. Case counts, hidden names are left out, and a
 * pattern that is a name means that name, brackets and all.
 */
export function nameMatcher(patterns: readonly string[]): NameMatcher {
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!"));
  const positive = wanted.length === 0 ? ["**"] : wanted;
  const ignore = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  const isMatch = picomatch(positive, { ignore });
  const ways = positive.map(segmentsOf);
  return {
    isWanted: (name) => wanted.includes(name) || isMatch(name),
    mayHold: (folder) => {
      const names = folder.split("/");
      return !names.some((name) => name.startsWith(".")) && ways.some((way) => mayLead(way, names));
    },
  };
}

/** The parts of a pattern between slashes; null where a slash may stand within braces or brackets. */
function segmentsOf(pattern: string): readonly string[] | null {
  return /[{(]/.test(pattern) && pattern.includes("/") ? null : pattern.split("/");
}

function mayLead(way: readonly string[] | null, names: readonly string[]): boolean {
  if (way === null) return true;
  for (const [index, name] of names.entries()) {
    const segment = way[index];
    if (segment === undefined) return false;
    if (segment.includes("**")) return true;
    if (segment !== name && !picomatch.isMatch(name, segment)) return false;
  }
  return way.length > names.length;
}
