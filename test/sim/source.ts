import type { RawRecord, ReadRequest, Source, SourceEvent } from "../../src/connectors/contract.js";
import { ProblemError, problem } from "../../src/model/problem.js";
import { KNOWN } from "./known.js";
import type { SimProcess } from "./process.js";
import type { Random } from "./random.js";
import type { Story } from "./story.js";
import { type Cells, recordKey, type Wishes } from "./wishes.js";

/** How the source delivers, for a whole history. */
export interface Delivery {
  /** `files`: exports that pile up, each read once; `windows`: what changed since the watermark, page by page. */
  readonly kind: "files" | "windows";
  readonly wholeDocuments: boolean;
  readonly hasCursor: boolean;
  /** How often a read goes wrong, from 0 to 1. */
  readonly badReads: number;
}

interface File {
  readonly name: string;
  rows: Cells[];
  /** Rows that the export cut in the middle. */
  broken: Cells[];
}

/** A source that shows what people wish, in files or in windows, and sometimes fails on the way. */
export class SimSource {
  isCalm = false;
  /** What the last complete read of each process delivered, in units that were delivered whole. */
  readonly delivered = new Map<SimProcess, Map<string, Cells>>();
  private readonly files: File[] = [];

  constructor(
    readonly delivery: Delivery,
    private readonly wishes: Wishes,
    private readonly random: Random,
    private readonly story: Story,
  ) {}

  /** Writes an export of what changed; some of it may be left for the next one, and some comes again although it did not change. */
  publish(everything: boolean): void {
    if (this.delivery.kind === "windows") return;
    const { wishes, random, story } = this;
    const last = this.files[this.files.length - 1];
    const moved = new Set<string>();
    if (last !== undefined && last.broken.length > 0) {
      // A file with a broken row is exported again before anything else is.
      const keys = new Set([...last.rows, ...last.broken].map(recordKey));
      const documents = new Set([...last.rows, ...last.broken].map(([document]) => document));
      // What was broken may come in the next file instead, whole or broken again.
      if (!this.delivery.wholeDocuments && random.chance(0.3)) for (const row of last.broken) moved.add(recordKey(row));
      const isIn = (row: Cells): boolean => keys.has(recordKey(row)) && !moved.has(recordKey(row));
      const rows = wishes.rows().filter((row) => isIn(row) || (this.delivery.wholeDocuments && documents.has(row[0])));
      last.rows = rows;
      last.broken = [];
      for (const row of rows) wishes.dirty.delete(recordKey(row));
      story.tell(`the source writes ${last.name} again: ${rows.map(rowText).join("; ")}`);
      if (!everything && moved.size === 0) return;
    }
    const comes = (row: Cells): boolean =>
      moved.has(recordKey(row)) ||
      (wishes.dirty.has(recordKey(row)) ? everything || random.chance(0.8) : !everything && random.chance(0.1));
    const chosen = wishes.rows().filter(comes);
    const documents = new Set(chosen.map(([document]) => document));
    for (const document of wishes.dirtyDocuments) documents.add(document);
    const rows = this.delivery.wholeDocuments ? wishes.rows().filter(([document]) => documents.has(document)) : chosen;
    if (rows.length === 0) return;
    const again = rows.filter((row) => moved.has(recordKey(row)) && random.chance(0.5));
    const broken = everything || this.isCalm ? [] : [...new Set([...random.some(rows, 0.02), ...again])];
    const file: File = {
      name: `export-${String(this.files.length + 1).padStart(3, "0")}`,
      rows: rows.filter((row) => !broken.includes(row)),
      broken,
    };
    this.files.push(file);
    for (const row of file.rows) wishes.dirty.delete(recordKey(row));
    if (this.delivery.wholeDocuments) for (const document of documents) wishes.dirtyDocuments.delete(document);
    const halves = broken.length === 0 ? "" : `; broken: ${broken.map(rowText).join("; ")}`;
    story.tell(`the source writes ${file.name}: ${file.rows.map(rowText).join("; ")}${halves}`);
  }

  openFor(process: SimProcess): Source {
    return { read: (request) => this.read(process, request) };
  }

  private async *read(process: SimProcess, request: ReadRequest): AsyncGenerator<SourceEvent> {
    const { random, delivery, story } = this;
    const delivered = new Map<string, Cells>();
    this.delivered.delete(process);
    const isBad = !this.isCalm && random.chance(delivery.badReads);
    const units = delivery.kind === "files" ? this.files.map((file) => this.unitOf(file)) : this.windows(request.since);
    const badUnit = isBad ? random.between(0, Math.max(0, units.length - 1)) : -1;
    const drawn = random.pick(["abandoned", "unreadable", "not delivered"] as const);
    const badEnd = KNOWN.filesOutOfOrder && delivery.kind === "files" && !this.wishes.isEveryVersionDated ? "unreadable" : drawn;
    for (const [index, unit] of units.entries()) {
      if (request.wasRead(unit.name, unit.fingerprint) && delivery.kind === "files") {
        yield { kind: "known", unit: unit.name };
        continue;
      }
      process.effect(`reading ${unit.name}`);
      await process.wait(random.between(0, 500));
      const notRead = index === badUnit ? badEnd : null;
      if (notRead === "not delivered" && delivery.kind === "files") {
        yield { kind: "notice", problem: problem("SOURCE_FILE_GROWING", "still being written") };
        continue;
      }
      const records = unit.rows.map((cells, line): RawRecord => ({ line: line + 1, cells }));
      const malformed = unit.broken.map((row, at) => ({
        line: records.length + at + 1,
        text: `${row.slice(0, 3).join(",")},"cut`,
        problem: problem("RECORD_MALFORMED", "a quote without its end"),
      }));
      const half = random.between(0, records.length);
      if (half > 0) yield { kind: "records", unit: unit.name, records: records.slice(0, half), malformed: [] };
      if (notRead !== null) {
        story.tell(`${process.name} reads half of ${unit.name}: ${notRead}`);
        if (notRead === "unreadable") throw new ProblemError(problem("SOURCE_UNREADABLE", "the connection broke"));
        yield { kind: "abandoned", unit: unit.name, problem: problem("SOURCE_FILE_CHANGED", "it changed while it was read") };
        // What comes after an interrupted window cannot be asked for without it; files stand for themselves.
        if (delivery.kind === "windows") return;
        continue;
      }
      yield { kind: "records", unit: unit.name, records: records.slice(half), malformed };
      if (random.chance(0.1) && records[0] !== undefined)
        yield { kind: "records", unit: unit.name, records: records.slice(0, 1), malformed: [] };
      process.effect(`the end of ${unit.name}`);
      yield { kind: "complete", unit: unit.name, fingerprint: unit.fingerprint };
      story.tell(`${process.name} read ${unit.name}, ${records.length} records`);
      if (delivery.wholeDocuments) {
        const documents = new Set([...unit.rows, ...unit.broken].map(([document]) => document));
        for (const [key, [document]] of delivered) if (documents.has(document)) delivered.delete(key);
      }
      for (const row of unit.rows) delivered.set(recordKey(row), row);
    }
    this.delivered.set(process, delivered);
  }

  private unitOf(file: File): Unit {
    return { name: file.name, rows: file.rows, broken: file.broken, fingerprint: JSON.stringify([file.rows, file.broken]) };
  }

  /** Everything that changed at or after `since`, as far as it can be seen yet, in cursor order. */
  private windows(since: string | null): Unit[] {
    const { wishes, delivery } = this;
    const groups = new Map<string, Cells[]>();
    for (const row of wishes.visibleRows()) {
      const name = delivery.wholeDocuments ? row[0] : recordKey(row);
      groups.set(name, [...(groups.get(name) ?? []), row]);
    }
    const seen = [...groups.values()].map((rows) => ({
      at:
        rows
          .map((row) => row[3] ?? "")
          .sort()
          .at(-1) ?? "",
      rows,
    }));
    const chosen = seen.filter((group) => since === null || group.at >= since).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const size = this.random.between(1, 4);
    const units: Unit[] = [];
    for (let from = 0; from < chosen.length; from += size) {
      const rows = chosen.slice(from, from + size).flatMap((group) => group.rows);
      units.push({ name: `since ${since ?? "ever"}, page ${units.length + 1}`, rows, broken: [], fingerprint: JSON.stringify(rows) });
    }
    return units;
  }
}

interface Unit {
  readonly name: string;
  readonly rows: readonly Cells[];
  readonly broken: readonly Cells[];
  readonly fingerprint: string;
}

function rowText(row: Cells): string {
  return row.filter((cell) => cell !== null).join(" ");
}
