import { ProblemError, problem } from "../../model/problem.js";
import type { Dialect, Native, ResultColumn, Session, Statement } from "./dialect.js";
import type { Query } from "./query.js";
import type { Since } from "./since.js";
import { StatementBuilder } from "./statement.js";

/** A query as a part of our statements, with what is bound to it. */
export interface Reading {
  readonly dialect: Dialect;
  readonly query: Query;
  readonly since: Since | null;
  /** What problems call it. */
  readonly unit: string;
}

/** The columns along which pages are cut. */
export type Keys = readonly ResultColumn[];

/** Rows of a query, page by page, each with the values it is ordered by behind the requested ones. Flat in memory: one page at a time. */
export async function* readPages(
  session: Session,
  reading: Reading,
  selected: readonly ResultColumn[],
  keys: Keys,
  pageSize: number,
): AsyncGenerator<readonly (readonly Native[])[]> {
  let after: readonly Native[] | null = null;
  for (;;) {
    const rows: readonly (readonly Native[])[] = await session.rows(pageStatement(reading, selected, keys, after, pageSize));
    yield rows;
    const last: readonly Native[] | undefined = rows.at(-1);
    if (rows.length < pageSize || last === undefined) return;
    after = last.slice(selected.length);
  }
}

/** The columns the query gives. */
export async function describe(session: Session, reading: Reading): Promise<readonly ResultColumn[]> {
  const builder = new StatementBuilder(reading.dialect).sql("SELECT q.* FROM ");
  return session.columns(addQuery(builder, reading).sql(" q WHERE 1 = 0").build());
}

/** The columns of `order_by`. Throws ProblemError for one that the result does not have or that cannot be compared exactly. */
export function keysOf(names: readonly string[], columns: readonly ResultColumn[], unit: string): Keys {
  return names.map((name) => {
    const column = columns.find((each) => each.name === name);
    if (column === undefined) {
      const known = columns.map((each) => `\`${each.name}\``).join(", ");
      throw new ProblemError(
        problem(
          "SOURCE_MISSING_COLUMN",
          `\`order_by\` names \`${name}\`, and the result of \`${unit}\` has ${known}`,
          { file: unit },
          "name a column of the result, spelt as there",
        ),
      );
    }
    if (column.compare === null) {
      throw new ProblemError(
        problem(
          "CONFIG_WRONG_VALUE",
          `\`order_by\` names \`${name}\`, whose type ${column.type} cannot be compared exactly`,
          { file: unit },
          "order by whole numbers, decimals, dates, times or short text; turn it into one of these in the query",
        ),
      );
    }
    return column;
  });
}

/**
 * How many rows the query has. Throws ProblemError when the keys are empty somewhere or not unique: rows would be left out at the edge of a
 * page, because nothing stands behind an empty value and only one of two equal ones. The database compares, by its own rules of case
 * and blanks.
 */
export async function countRows(session: Session, reading: Reading, keys: Keys): Promise<number> {
  const quotedKeys = keys.map(({ name }) => `q.${reading.dialect.quote(name)}`);
  const counts = new StatementBuilder(reading.dialect).sql(`SELECT COUNT(*), ${quotedKeys.map((key) => `COUNT(${key})`).join(", ")} FROM `);
  const [row = []] = await session.rows(addQuery(counts, reading).sql(" q").build());
  const [total = 0, ...filled] = row.map(Number);
  const empty = filled.findIndex((count) => count !== total);
  if (empty !== -1) {
    const name = keys[empty]?.name ?? "";
    throw new ProblemError(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`order_by\` names \`${name}\`, which is empty in ${total - (filled[empty] ?? 0)} rows of \`${reading.unit}\``,
        { file: reading.unit },
        "name columns that are never empty",
      ),
    );
  }
  const distinct = new StatementBuilder(reading.dialect).sql(`SELECT COUNT(*) FROM (SELECT DISTINCT ${quotedKeys.join(", ")} FROM `);
  const [[different] = []] = await session.rows(addQuery(distinct, reading).sql(" q) d").build());
  if (Number(different) !== total) {
    const names = keys.map(({ name }) => `\`${name}\``).join(", ");
    throw new ProblemError(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`order_by\` is ${names}, in which only ${Number(different)} of ${total} rows of \`${reading.unit}\` differ`,
        { file: reading.unit },
        "add a column in which they differ, such as a line number",
      ),
    );
  }
  return total;
}

/** The rows behind `after`, in the order of the keys. */
export function pageStatement(
  reading: Reading,
  selected: readonly ResultColumn[],
  keys: Keys,
  after: readonly Native[] | null,
  pageSize: number,
): Statement {
  const { dialect } = reading;
  const quoted = (column: ResultColumn): string => `q.${dialect.quote(column.name)}`;
  const list = [...selected, ...keys].map((column, index) => `${column.select(quoted(column))} AS ${dialect.quote(`c${index + 1}`)}`);
  const builder = new StatementBuilder(dialect).sql(`SELECT ${list.join(", ")} FROM `);
  addQuery(builder, reading).sql(" q");
  if (after !== null) {
    const compare = (index: number, operator: string): void => {
      const key = keys[index] as ResultColumn;
      builder.sql(`${quoted(key)} ${operator} `).native(after[index] ?? null, key.compare ?? ((marker) => marker));
    };
    // a >= ? AND (a > ? OR (a = ? AND (b > ? OR …))): what every database reads, and the first part can use an index.
    builder.sql(" WHERE ");
    compare(0, ">=");
    builder.sql(" AND (");
    keys.forEach((_, index) => {
      const isLast = index === keys.length - 1;
      compare(index, ">");
      if (isLast) return;
      builder.sql(" OR (");
      compare(index, "=");
      builder.sql(" AND (");
    });
    builder.sql("))".repeat(keys.length - 1)).sql(")");
  }
  return builder.sql(` ORDER BY ${keys.map(quoted).join(", ")}${dialect.limit(pageSize)}`).build();
}

/** The query in brackets. The line break ends a comment at its end. */
function addQuery(builder: StatementBuilder, { query, since }: Reading): StatementBuilder {
  builder.sql("(");
  query.pieces.forEach((piece, index) => {
    if (index > 0 && since !== null) builder.bind(since.kind, since.value);
    builder.sql(piece);
  });
  return builder.sql("\n)");
}
