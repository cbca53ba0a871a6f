/** A text in a filter. The filter goes into SQL: a quote ends a text unless it is doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Conditions that must hold together; empty ones are left out. */
export function allOf(...conditions: readonly (string | null)[]): string {
  const given = conditions.filter((each): each is string => each !== null && each.trim() !== "");
  return given.length === 1 ? (given[0] as string) : given.map((each) => `(${each})`).join(" AND ");
}

export function oneOf(field: string, values: readonly string[]): string {
  const [only] = values;
  return values.length === 1 ? `${field}=${quoted(only as string)}` : `${field} IN (${values.map(quoted).join(",")})`;
}
