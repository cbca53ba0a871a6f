import type { Clock } from "./clock.js";
import type { Random } from "./random.js";
import type { Story } from "./story.js";
import { REFUSED_ACCOUNT } from "./target.js";

/** 单号, 行, 状态, 更新, 金额, 科目; a store keeps no amount that is none. */
export type Cells = readonly [string, string, string, string | null, string | null, string];

export interface WishedRecord {
  readonly line: number;
  amount: string;
  account: string;
  updatedAt: number;
  visibleAt: number;
}

export interface WishedDocument {
  readonly key: string;
  state: "好" | "废";
  readonly records: Map<number, WishedRecord>;
}

const AMOUNTS = ["10.00", "10", "12.50", "12.5", "0.01", "999999999.99", "7.30"] as const;
const ACCOUNTS = ["6601", "6602", "6603"] as const;
const BAD_AMOUNT = "zehn";

export interface WishTraits {
  readonly wholeDocuments: boolean;
  readonly hasCursor: boolean;
  /** How long a change may stay invisible, in milliseconds. */
  readonly lateMs: number;
  /** The cursor field counts whole minutes. */
  readonly isCoarse: boolean;
}

/** What people at the source wish, and how they change their minds. */
export class Wishes {
  readonly documents: WishedDocument[] = [];
  /** Records that changed since they were last exported. */
  readonly dirty = new Set<string>();
  /** Documents that lost a record since then. */
  readonly dirtyDocuments = new Set<string>();

  constructor(
    private readonly traits: WishTraits,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly story: Story,
  ) {}

  /** The cursor field tells any two versions of a record apart. */
  get isEveryVersionDated(): boolean {
    return this.traits.hasCursor && !this.traits.isCoarse;
  }

  rows(): Cells[] {
    return this.documents.flatMap((document) =>
      [...document.records.values()].map((record) => cellsOf(document, record, this.traits.hasCursor)),
    );
  }

  /** What the source shows now, with the time at which it was written. */
  visibleRows(): Cells[] {
    return this.documents.flatMap((document) => {
      const records = [...document.records.values()];
      const visible = records.filter((record) => record.visibleAt <= this.clock.now);
      if (this.traits.wholeDocuments && visible.length < records.length) return [];
      return visible.map((record) => cellsOf(document, record, this.traits.hasCursor));
    });
  }

  /** One change of mind. */
  change(): void {
    const { random } = this;
    const [first, ...others] = this.documents;
    if (first === undefined || (others.length < 3 && random.chance(0.25))) {
      const document: WishedDocument = { key: `D${this.documents.length + 1}`, state: "好", records: new Map() };
      this.documents.push(document);
      const count = random.between(1, 3);
      for (let line = 1; line <= count; line += 1) this.write(document, line, this.amount(), random.pick(ACCOUNTS));
      return;
    }
    const document = random.pick([first, ...others]);
    const record = random.some([...document.records.values()], 0.5)[0] ?? document.records.get(1);
    const what = random.between(1, 12);
    if (what <= 2 && document.records.size < 4) {
      const line = Math.max(0, ...document.records.keys()) + 1;
      this.write(document, line, this.amount(), random.pick(ACCOUNTS));
    } else if (what <= 4) {
      document.state = document.state === "好" ? "废" : "好";
      this.story.tell(`${document.key} is ${document.state === "好" ? "wanted again" : "void"}`);
      for (const each of document.records.values()) this.write(document, each.line, each.amount, each.account);
    } else if (what === 5 && this.traits.wholeDocuments && document.records.size > 1 && record !== undefined) {
      document.records.delete(record.line);
      this.dirty.delete(`${document.key}/${record.line}`);
      this.dirtyDocuments.add(document.key);
      this.story.tell(`${document.key}/${record.line} is taken out`);
      for (const each of document.records.values()) this.write(document, each.line, each.amount, each.account);
    } else if (what === 6 && record !== undefined) {
      this.write(document, record.line, record.amount === BAD_AMOUNT ? this.amount() : BAD_AMOUNT, record.account);
    } else if (what === 7 && record !== undefined) {
      const account = record.account === REFUSED_ACCOUNT ? random.pick(ACCOUNTS) : REFUSED_ACCOUNT;
      this.write(document, record.line, record.amount, account);
    } else if (record !== undefined) {
      this.write(document, record.line, this.amount(), random.chance(0.3) ? random.pick(ACCOUNTS) : record.account);
    }
  }

  private write(document: WishedDocument, line: number, amount: string, account: string): void {
    const { clock, random, traits } = this;
    const touched = traits.wholeDocuments ? [...document.records.values()] : [];
    const latest = Math.max(0, ...[...document.records.values()].map((record) => record.updatedAt));
    const minute = traits.isCoarse ? 60_000 : 1;
    // What is seen late carries the time at which it was written.
    const lateMs = traits.lateMs > 0 && random.chance(0.3) ? random.between(0, traits.lateMs) : 0;
    const updatedAt = Math.max(latest, Math.floor(clock.now / minute) * minute);
    const visibleAt = Math.max(clock.now + lateMs, ...[...document.records.values()].map((record) => record.visibleAt));
    document.records.set(line, { line, amount, account, updatedAt, visibleAt });
    this.dirty.add(`${document.key}/${line}`);
    for (const record of touched) {
      record.updatedAt = updatedAt;
      record.visibleAt = visibleAt;
      this.dirty.add(`${document.key}/${record.line}`);
    }
    this.story.tell(`${document.key}/${line} is ${amount} ${account}${document.state === "好" ? "" : " (void)"}`);
  }

  private amount(): string {
    return this.random.pick(AMOUNTS);
  }
}

export function cellsOf(document: WishedDocument, record: WishedRecord, hasCursor: boolean): Cells {
  const at = hasCursor ? new Date(record.updatedAt).toISOString() : null;
  return [document.key, String(record.line), document.state, at, record.amount, record.account];
}

export function recordKey(cells: Cells): string {
  return `${cells[0]}/${cells[1]}`;
}

export type Content = { readonly kind: "wanted"; readonly lines: string } | { readonly kind: "unwanted" } | { readonly kind: "faulty" };

/** What the rows of one document come to, in words of this simulation: lines, nothing, or a fault that blocks it. */
export function contentOf(rows: readonly Cells[]): Content {
  if (rows.some(([, , , , amount]) => amount === BAD_AMOUNT || amount === null)) return { kind: "faulty" };
  const wanted = rows.filter(([, , state]) => state === "好").length;
  if (wanted === 0) return { kind: "unwanted" };
  if (wanted < rows.length) return { kind: "faulty" };
  const amounts = rows.map(([, , , , amount, account]) => ({ account, cents: cents(amount) }));
  const total = amounts.reduce((sum, { cents: each }) => sum + each, 0n);
  return { kind: "wanted", lines: linesText([...amounts.map(({ account, cents: each }) => `${account} ${each}`), `2241 -${total}`]) };
}

export function linesText(lines: readonly string[]): string {
  return [...lines].sort().join(", ");
}

function cents(amount: string | null): bigint {
  const [whole = "0", fraction = ""] = (amount ?? "0").split(".");
  return BigInt(`${whole}${fraction.padEnd(2, "0")}`);
}
