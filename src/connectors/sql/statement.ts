import type { Dialect, Kind, Native, Statement, TableName } from "./dialect.js";

/** Composes one statement. Texts and values must be added in the order in which they stand, because some databases count places. */
export class StatementBuilder {
  private readonly parts: string[] = [];
  private readonly values: Native[] = [];

  constructor(private readonly dialect: Dialect) {}

  /** SQL of our own, or quoted names; never a value. */
  sql(text: string): this {
    this.parts.push(text);
    return this;
  }

  /** A value of ours, as the kind says. An empty one is NULL. */
  bind(kind: Kind, value: string | null): this {
    const placeholder = this.dialect.placeholder(this.values.length + 1);
    if (value === null) {
      this.values.push(null);
      return this.sql(placeholder);
    }
    const bound = this.dialect.bind(kind, value, placeholder);
    this.values.push(bound.value);
    return this.sql(bound.expression);
  }

  /** A value that the database gave us, given back to be compared. */
  native(value: Native, compare: (marker: string) => string): this {
    const placeholder = this.dialect.placeholder(this.values.length + 1);
    this.values.push(value);
    return this.sql(compare(placeholder));
  }

  build(): Statement {
    return { text: this.parts.join(""), values: this.values };
  }
}

export function quoteTable(dialect: Dialect, { schema, name }: TableName): string {
  return schema === null ? dialect.quote(name) : `${dialect.quote(schema)}.${dialect.quote(name)}`;
}

/** The name between marks that are doubled inside it. */
export function quoted(name: string, open: string, close = open): string {
  return `${open}${name.replaceAll(close, close + close)}${close}`;
}
