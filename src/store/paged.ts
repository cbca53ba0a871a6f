import type Database from "better-sqlite3";

/** Rows read at once where there may be very many. */
export const PAGE = 500;

/**
 * All rows of a statement that gives the next `PAGE` of them after a number, which is its only parameter. Between two pages others may be
 * written, which a statement that is still being read from does not allow.
 */
export function* paged<R>(next: Database.Statement, numberOf: (row: R) => number): Generator<R> {
  for (let after = 0; ; ) {
    const rows = next.all(after) as R[];
    yield* rows;
    const last = rows[rows.length - 1];
    if (last === undefined || rows.length < PAGE) return;
    after = numberOf(last);
  }
}
