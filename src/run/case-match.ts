/** Which of the expected is met by which of what came, and what is left on either side. */
export interface Match<W, F> {
  readonly pairs: readonly (readonly [W, F])[];
  readonly missing: readonly W[];
  readonly extra: readonly F[];
}

/**
 * Pairs as many as can be paired, whatever the order: where only some values of a thing are said, it may fit several, and
 * taking the first that fits could leave another without.
 */
export function matchUp<W, F>(wanted: readonly W[], found: readonly F[], fits: (wanted: W, found: F) => boolean): Match<W, F> {
  const holder: (number | undefined)[] = found.map(() => undefined);
  const place = (index: number, tried: Set<number>): boolean => {
    for (const [at, each] of found.entries()) {
      if (tried.has(at) || !fits(wanted[index] as W, each)) continue;
      tried.add(at);
      const former = holder[at];
      if (former !== undefined && !place(former, tried)) continue;
      holder[at] = index;
      return true;
    }
    return false;
  };
  for (const index of wanted.keys()) place(index, new Set());
  const pairs = wanted.flatMap((each, index) => {
    const at = holder.indexOf(index);
    return at === -1 ? [] : [[each, found[at] as F] as const];
  });
  return {
    pairs,
    missing: wanted.filter((_, index) => !holder.includes(index)),
    extra: found.filter((_, at) => holder[at] === undefined),
  };
}
