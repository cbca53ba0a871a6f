import type { Problem } from "../model/problem.js";
import type { Db } from "./open.js";

export interface IncomingRecord {
  readonly key: string;
  readonly documentKey: string;
  /** Of a batch document: which of its members it belongs to; then a whole delivery is one of that member. */
  readonly member: string | null;
  /** Orders as text; null when the pipeline has no cursor. */
  readonly cursor: string | null;
  readonly line: number;
  readonly data: string;
  /** By what it is known again before it is read; null for one that is read whole each time. */
  readonly cells: string | null;
  /** Why it cannot be used; it then blocks its document. */
  readonly problem: Problem | null;
  /** The cells as they came, for the quarantine; only with a problem. */
  readonly raw: string | null;
}

/** A record or row that cannot be used, for the quarantine. */
export interface Fault {
  readonly key: string;
  readonly line: number;
  readonly raw: string;
  /** As JSON. */
  readonly problem: string;
  /** Null where it cannot be given to a document. */
  readonly documentId: number | null;
}

/** A record that cannot even be given to a document. */
export interface IncomingMisfit {
  readonly key: string;
  readonly line: number;
  readonly raw: string;
  readonly problem: Problem;
}

/** What became of an incoming record. `older`: the store has a newer version; `twice`: two versions in one unit and no way to tell which is right. */
export type Arrival = "changed" | "unchanged" | "repeated" | "older" | "twice" | "dropped";

export interface MergeResult {
  /** Records that are gone, because a whole delivery of their document came without them. */
  readonly removed: number;
}

/** What is known of a unit that is taken. */
export interface MergeOptions {
  /** It was read from its first to its last row; bad rows of an earlier reading that it does not have are mended. */
  readonly wholeUnit: boolean;
  /** It holds all records of each document in it; `byMember`: of each member of a batch. */
  readonly wholeDocuments: boolean;
  readonly byMember: boolean;
  /** What it holds all of: what is left of this unit, or every month that occurs at this position of its records. */
  readonly whole: "unit" | { readonly month: number } | null;
  /** Says that a record is missing from it, where some of its rows could not be read. */
  readonly missing: (key: string) => Problem;
}

/** What an incoming record is to the store. What a person dropped was delivered all the same, and nothing else is done with it. */
export const DROPPED = -2;
export const OLDER = -1;
export const SAME = 0;
export const CHANGED = 1;

const TABLES = `
CREATE TEMP TABLE IF NOT EXISTS incoming (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  document_id INTEGER NOT NULL,
  former_document_id INTEGER,
  member TEXT,
  cursor TEXT,
  line INTEGER NOT NULL,
  data TEXT,
  problem TEXT,
  raw TEXT,
  changed INTEGER NOT NULL,
  cells TEXT
);
CREATE TEMP TABLE IF NOT EXISTS misfits (
  key TEXT PRIMARY KEY,
  line INTEGER NOT NULL,
  raw TEXT NOT NULL,
  problem TEXT NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS dropped_and_met (key TEXT PRIMARY KEY, line INTEGER NOT NULL);
CREATE TEMP TABLE IF NOT EXISTS faults (n INTEGER PRIMARY KEY, line INTEGER NOT NULL, incoming INTEGER, misfit INTEGER);`;

/** The data of an incoming record `i`; where it has none, they are those in the store. */
export function dataOf(pipelineId: number): string {
  return `coalesce(i.data, (SELECT data FROM records WHERE pipeline_id = ${pipelineId} AND key = i.key))`;
}

/** The temporary tables in which one unit at a time is gathered. */
export function makeTables(db: Db): void {
  db.exec(TABLES);
}
