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

  private tables(kinds: string): string[] {
    return this.db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ?").pluck().all(`[${kinds}]_*`) as string[];
  }

  get isEmpty(): boolean {
    return this.tables("c").every((table) => this.db.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get() === undefined);
  }

  collection<T>(name: string, facets: Facets<T> = {}): SandboxCollection<T> {
    const known = this.collections.get(name);
    if (known !== undefined) return known as unknown as Table<T>;
    if (!/^[\w ]+$/.test(name)) throw new Error(`bug: \`${name}\` cannot be the name of a collection`);
    const made = new Table<T>(this.db, name, facets);
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
      for (const table of this.tables("cf")) this.db.exec(`DELETE FROM "${table}"`);
      this.db.exec("DELETE FROM counters");
    });
  }

  close(): void {
    this.db.close();
  }
}

/**
 * The objects in one table, their facets in a narrow one beside it. Looking through the facets of ten thousand documents takes a few
 * milliseconds; only the objects of the answer are read and parsed.
 */
class Table<T> implements SandboxCollection<T> {
  private readonly names: readonly string[];
  private readonly objects: string;
  private readonly index: string;
  private readonly statements = new Map<string, Database.Statement>();

  constructor(
    private readonly db: Database.Database,
    name: string,
    private readonly facets: Facets<T>,
  ) {
    this.names = Object.keys(facets);
    this.objects = `"c_${name}"`;
    this.index = `"f_${name}"`;
    db.transaction(() => this.prepareTables())();
  }

  private prepareTables(): void {
    const { db, objects, index, names } = this;
    db.exec(`CREATE TABLE IF NOT EXISTS ${objects} (key TEXT PRIMARY KEY, value TEXT NOT NULL)`);
    const there = (db.pragma(`table_info(${index})`) as { name: string }[]).map((column) => column.name);
    if (there.join() === ["key", ...names].join()) return;
    // New, or a state file of another version of the program: then facets are computed again.
    db.exec(`DROP TABLE IF EXISTS ${index}`);
    db.exec(`CREATE TABLE ${index} (key TEXT PRIMARY KEY${names.map((name) => `, "${name}"`).join("")}) WITHOUT ROWID`);
    for (const [key, value] of this.entries()) this.putFacets(key, value);
  }

  get(key: string): T | null {
    const row = this.prepare(`SELECT value FROM ${this.objects} WHERE key = ?`).pluck().get(key) as string | undefined;
    return row === undefined ? null : (JSON.parse(row) as T);
  }

  put(key: string, value: T): void {
    this.prepare(`INSERT INTO ${this.objects} VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`).run(
      key,
      JSON.stringify(value),
    );
    this.putFacets(key, value);
  }

  private putFacets(key: string, value: T): void {
    const facets = this.names.map((name) => this.facets[name]?.(value) ?? null);
    this.prepare(`INSERT OR REPLACE INTO ${this.index} VALUES (?${this.names.map(() => ", ?").join("")})`).run(key, ...facets);
  }

  delete(key: string): boolean {
    this.prepare(`DELETE FROM ${this.index} WHERE key = ?`).run(key);
    return this.prepare(`DELETE FROM ${this.objects} WHERE key = ?`).run(key).changes > 0;
  }

  *all(): IterableIterator<T> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): IterableIterator<[string, T]> {
    // By pieces, because an open SQLite cursor would forbid writing meanwhile.
    const piece = this.prepare(`SELECT key, value FROM ${this.objects} WHERE key > ? ORDER BY key LIMIT 256`);
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
    const keys = this.prepare(`SELECT key FROM ${this.index}${text} ORDER BY ${by} LIMIT ? OFFSET ?`)
      .pluck()
      .all(...values, query.take ?? -1, query.skip ?? 0) as string[];
    return keys.map((key) => this.get(key) as T);
  }

  count(query: SandboxQuery = {}): number {
    const { text, values } = this.condition(query);
    return this.prepare(`SELECT count(*) FROM ${this.index}${text}`)
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
