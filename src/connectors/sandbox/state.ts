import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { type Facets, type FacetValue, type SandboxCollection, SandboxError, type SandboxQuery, type SandboxState } from "./contract.js";

/** "sbox" in ASCII: a state file is never mistaken for a store or for books. */
const APPLICATION_ID = 0x73626f78;

/** Opens the memory of the stand-in of that name; null is memory that ends with the process. Throws SandboxError. */
export function openState(file: string | null, name: string): SandboxState {
  const isNew = file === null || !existsSync(file);
  let db: Database.Database;
  try {
    db = new Database(file ?? ":memory:");
    if (!isNew && db.pragma("application_id", { simple: true }) !== APPLICATION_ID) {
      db.close();
      throw new SandboxError(`\`${file}\` is not a state file of a sandbox`);
    }
  } catch (cause) {
    if (cause instanceof SandboxError) throw cause;
    throw new SandboxError(`\`${file}\` cannot be opened: ${(cause as Error).message}`);
  }
  db.pragma(`application_id = ${APPLICATION_ID}`);
  // The state outlives the process, not a power cut: nobody's books depend on it.
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.exec("CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
  db.exec("CREATE TABLE IF NOT EXISTS about (name TEXT NOT NULL)");
  const owner = db.prepare("SELECT name FROM about").pluck().get() as string | undefined;
  if (owner === undefined) db.prepare("INSERT INTO about VALUES (?)").run(name);
  else if (owner !== name) {
    db.close();
    throw new SandboxError(`\`${file}\` is the state of the sandbox \`${owner}\`, not of \`${name}\``);
  }
  return new SqliteState(db);
}

class SqliteState implements SandboxState {
  private readonly collections = new Map<string, Table<unknown>>();
  private readonly count: Database.Statement;

  constructor(private readonly db: Database.Database) {
    this.count = db.prepare("INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value").pluck();
  }

  private tables(): string[] {
    return this.db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'c!_%' ESCAPE '!'").pluck().all() as string[];
  }

  get isEmpty(): boolean {
    return this.tables().every((table) => this.db.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get() === undefined);
  }

  collection<T>(name: string, facets: Facets<T> = {}): SandboxCollection<T> {
    const known = this.collections.get(name);
    if (known !== undefined) return known as unknown as Table<T>;
    if (!/^[\w ]+$/.test(name)) throw new Error(`bug: \`${name}\` cannot be the name of a collection`);
    const made = new Table<T>(this.db, `c_${name}`, facets);
    this.collections.set(name, made as unknown as Table<unknown>);
    return made;
  }

  next(counter: string): number {
    return this.count.get(counter) as number;
  }

  transaction<R>(work: () => R): R {
    return this.db.transaction(work)();
  }

  clear(): void {
    this.transaction(() => {
      for (const table of this.tables()) this.db.exec(`DELETE FROM "${table}"`);
      this.db.exec("DELETE FROM counters");
    });
  }

  close(): void {
    this.db.close();
  }
}

/** One table for each collection, a column for each facet, so that a page of ten thousand documents parses only its own. */
class Table<T> implements SandboxCollection<T> {
  private readonly names: readonly string[];
  private readonly statements = new Map<string, Database.Statement>();

  constructor(
    private readonly db: Database.Database,
    private readonly table: string,
    private readonly facets: Facets<T>,
  ) {
    this.names = Object.keys(facets);
    const wanted = ["key", ...this.names, "value"];
    const there = (db.pragma(`table_info("${table}")`) as { name: string }[]).map((column) => column.name);
    if (there.join() === wanted.join()) return;
    // A state file of another version of the program: the objects stay, their facets are computed again.
    const kept = there.length === 0 ? [] : (db.prepare(`SELECT key, value FROM "${table}"`).all() as { key: string; value: string }[]);
    db.transaction(() => {
      db.exec(`DROP TABLE IF EXISTS "${table}"`);
      const columns = this.names.map((name) => `, "${name}"`).join("");
      db.exec(`CREATE TABLE "${table}" (key TEXT PRIMARY KEY${columns}, value TEXT NOT NULL)`);
      for (const name of this.names) db.exec(`CREATE INDEX "${table} ${name}" ON "${table}" ("${name}", key)`);
      for (const { key, value } of kept) this.put(key, JSON.parse(value) as T);
    })();
  }

  get(key: string): T | null {
    const row = this.prepare(`SELECT value FROM "${this.table}" WHERE key = ?`).pluck().get(key) as string | undefined;
    return row === undefined ? null : (JSON.parse(row) as T);
  }

  put(key: string, value: T): void {
    const marks = this.names.map(() => ", ?").join("");
    const facets = this.names.map((name) => this.facets[name]?.(value) ?? null);
    this.prepare(`INSERT OR REPLACE INTO "${this.table}" VALUES (?${marks}, ?)`).run(key, ...facets, JSON.stringify(value));
  }

  delete(key: string): boolean {
    return this.prepare(`DELETE FROM "${this.table}" WHERE key = ?`).run(key).changes > 0;
  }

  *all(): IterableIterator<T> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): IterableIterator<[string, T]> {
    // By pieces, because an open SQLite cursor would forbid writing meanwhile.
    const piece = this.prepare(`SELECT key, value FROM "${this.table}" WHERE key > ? ORDER BY key LIMIT 256`);
    for (let after = ""; ; ) {
      const rows = piece.all(after) as { key: string; value: string }[];
      for (const { key, value } of rows) yield [key, JSON.parse(value) as T];
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.key;
    }
  }

  find(query: SandboxQuery): T[] {
    const { text, values } = this.condition(query);
    const { order } = query;
    const direction = order?.descending === true ? "DESC" : "ASC";
    const by = order === undefined ? "key" : `"${this.known(order.by)}" ${direction}, key ${direction}`;
    const rows = this.prepare(`SELECT value FROM "${this.table}"${text} ORDER BY ${by} LIMIT ? OFFSET ?`)
      .pluck()
      .all(...values, query.take ?? -1, query.skip ?? 0) as string[];
    return rows.map((row) => JSON.parse(row) as T);
  }

  count(query: SandboxQuery = {}): number {
    const { text, values } = this.condition(query);
    return this.prepare(`SELECT count(*) FROM "${this.table}"${text}`)
      .pluck()
      .get(...values) as number;
  }

  private condition({ where = {}, order }: SandboxQuery): { text: string; values: FacetValue[] } {
    const parts: string[] = [];
    const values: FacetValue[] = [];
    for (const [name, wanted] of Object.entries(where)) {
      const list = Array.isArray(wanted) ? (wanted as readonly FacetValue[]) : [wanted as FacetValue];
      parts.push(list.length === 0 ? "0" : `(${list.map(() => `"${this.known(name)}" IS ?`).join(" OR ")})`);
      values.push(...list);
    }
    if (order?.from !== undefined) {
      parts.push(`"${this.known(order.by)}" >= ?`);
      values.push(order.from);
    }
    if (order?.before !== undefined) {
      parts.push(`"${this.known(order.by)}" < ?`);
      values.push(order.before);
    }
    return { text: parts.length === 0 ? "" : ` WHERE ${parts.join(" AND ")}`, values };
  }

  private known(name: string): string {
    if (this.names.includes(name)) return name;
    throw new Error(`bug: the collection has no facet \`${name}\``);
  }

  private prepare(text: string): Database.Statement {
    const known = this.statements.get(text);
    if (known !== undefined) return known;
    const made = this.db.prepare(text);
    this.statements.set(text, made);
    return made;
  }
}
