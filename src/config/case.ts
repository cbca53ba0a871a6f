import type { RawRecord } from "../connectors/contract.js";
import type { Document } from "../model/document.js";
import type { ChangeKind } from "../model/plan.js";
import type { Place, Problem } from "../model/problem.js";

/** The way from the top of a YAML file to a value in it. */
export type YamlPath = readonly (string | number)[];

/** One example beside a pipeline: what is delivered, night after night, and what must come of it. */
export interface Case {
  readonly name: string;
  readonly place: Place;
  /** Absolute path of the file it is written in. */
  readonly file: string;
  /** The last closed month of the books, `YYYY-MM`. */
  readonly closedThrough: string | null;
  readonly nights: readonly Night[];
}

export interface Night {
  readonly unit: string;
  readonly records: readonly RawRecord[];
  /** Null where nothing is said about what comes out. */
  readonly expected: Expected | null;
  readonly place: Place;
  /** Of the mapping that holds `input` and `expect`. */
  readonly path: YamlPath;
}

export interface Expected {
  /** Null, as the plan is, where it is not said. */
  readonly documents: readonly ExpectedDocument[] | null;
  readonly plan: ReadonlyMap<string, readonly ChangeKind[]> | null;
  readonly quarantine: readonly ExpectedProblem[];
  readonly stopped: Omit<ExpectedProblem, "key"> | null;
  readonly place: Place;
}

/** Values of a header or a line by name, those of mappings in it as `dimensions.NAME` and `fields.NAME`. What is empty is left out. */
export type Facts = ReadonlyMap<string, string>;

export interface ExpectedDocument {
  readonly key: string;
  readonly compare: "whole" | "written header" | "written";
  readonly header: Facts;
  readonly lines: readonly Facts[] | null;
  readonly place: Place;
}

export interface ExpectedProblem {
  readonly key: string;
  readonly code: string;
  /** Text that the message contains; any message does when it is empty. */
  readonly message: string;
  readonly place: Place;
}

/** What came of one night. Keys are as people read them. */
export interface CameOut {
  /** What stands in the books, in the order in which it was posted. */
  readonly documents: readonly Document[];
  readonly plan: ReadonlyMap<string, readonly ChangeKind[]>;
  readonly waiting: readonly { readonly key: string; readonly problem: Problem }[];
  /** Why the run stopped before anything was sent; empty when it did not. */
  readonly stopped: readonly Problem[];
}
