import type { TextShape } from "../model/personal.js";
import type { ProblemCode } from "../model/problem.js";
import type { Field, Row } from "../model/record.js";
import type { FieldType, Value } from "../model/value.js";

/** The static type of an expression. `nullable` says that the value may be empty. */
export type Type =
  | { readonly kind: FieldType; readonly nullable: boolean }
  | { readonly kind: "list"; readonly of: Type; readonly nullable: boolean }
  /** A row of a lookup; only its columns can be used. */
  | { readonly kind: "row"; readonly lookup: LookupSignature; readonly nullable: boolean }
  /** The literal `null`. */
  | { readonly kind: "null"; readonly nullable: true };

/** What an expression may know of a lookup table. */
export interface LookupSignature {
  readonly name: string;
  /** Key columns in the order in which they are given in `name[a, b]`. */
  readonly keys: readonly Field[];
  /** All columns that can be read with `name[…].column`. A column that is not nullable but empty in a row is an error at run time. */
  readonly columns: readonly Field[];
  /** Rows are valid from and to a date: then the call needs a date, `name[a, on: date]`, unless `on` below gives one. */
  readonly dated: boolean;
  /** An expression in the scope of the caller that gives the date when the call does not, such as `支付日期`. */
  readonly on: string | null;
  /** A missing row is the empty value, so that every column of the result may be empty. */
  readonly missingIsEmpty: boolean;
}

/** A lookup at run time. */
export interface LookupTable {
  /**
   * The row for these key values (canonical text), one value per column of the signature. `"missing"` when there is
   * none. The table itself applies a default row where the pipeline gives one.
   */
  find(keys: readonly string[], on: string | null): readonly Value[] | "missing";
  /** The line of the file, from 1, that `find` takes its row from; null where there is none, or where it is the default row. */
  lineOf(keys: readonly string[], on: string | null): number | null;
  /** `stop` makes a missing row end the run; otherwise the document waits in quarantine. */
  readonly missing: "quarantine" | "stop" | "empty" | "default";
}

export interface Variable {
  /** May hold dots: `share.amount`. */
  readonly name: string;
  readonly type: Type;
  /** It may hold a personal field. */
  readonly personal?: boolean;
}

/** What names mean where an expression stands. */
export interface Scope {
  readonly fields: readonly Field[];
  readonly lookups: readonly LookupSignature[];
  readonly variables: readonly Variable[];
  /**
   * `record`: a field is the value of the record at hand.
   * `document`: a field is the one value all records of the document agree on; if they differ, evaluation fails
   * with MAP_DISAGREE. Inside an aggregate (`sum(…)`, `first(…)`) a field is each record's own value.
   */
  readonly context: "record" | "document";
  /** Aggregates over the records of the document may be used. Not so where the document is not yet known. */
  readonly aggregates: boolean;
}

/** What an expression sees when it runs. Lookups and variables are in the order of the scope. */
export interface Environment {
  /** The record at hand; in document context the first record. */
  row: Row;
  records: readonly Row[];
  lookups: readonly LookupTable[];
  variables: readonly Value[];
}

export type Evaluate = (environment: Environment) => Value;

export interface Compiled {
  /** The text as written, for messages. */
  readonly text: string;
  readonly type: Type;
  /** Throws EvaluationError, and nothing else. */
  readonly evaluate: Evaluate;
  /** The value when it depends on nothing. */
  readonly constant: Value | undefined;
  /** What its text is made of, so that what is personal in it can be told. */
  readonly parts: TextShape;
  /** Names of the record fields it reads. */
  readonly fields: readonly string[];
  /** `lookup.column` of each lookup column it reads. */
  readonly lookupColumns: readonly string[];
}

/** What a template must give. Where text is wanted, a number or date is a mistake unless it stands inside text or in `text(…)`. */
export type Expected =
  | { readonly kind: FieldType; readonly nullable: boolean }
  | { readonly kind: "list"; readonly of: FieldType; readonly nullable: false };

/** A mistake in an expression, with its place as offsets in characters into the template's text. */
export interface Fault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
  readonly start: number;
  readonly end: number;
}

export type CompileResult =
  | { readonly compiled: Compiled; readonly faults?: undefined }
  | { readonly compiled?: undefined; readonly faults: readonly Fault[] };

/** An expression has no answer for the records at hand. */
export class EvaluationError extends Error {
  constructor(
    readonly code: "MAP_FAILED" | "MAP_LOOKUP_MISSING" | "MAP_LOOKUP_STOP" | "MAP_DISAGREE",
    message: string,
    /** Offsets in characters into the template's text. */
    readonly start: number,
    readonly end: number,
    readonly hint?: string,
  ) {
    super(message);
    this.name = "EvaluationError";
  }
}
