import type { ChangeKind } from "../model/plan.js";
import type { PROBLEM_CODES, ProblemCode } from "../model/problem-codes.js";
import type { FieldName, LinePair } from "./compare.js";
import type { PlannedKind } from "./survey.js";

export type ReportLanguage = "en" | "zh";

/** Codes of what can wait in a plan. */
export type WaitCode = {
  [Code in ProblemCode]: (typeof PROBLEM_CODES)[Code]["disposition"] extends "quarantine" | "hold" | "retry" | "verify" ? Code : never;
}[ProblemCode];

/** A cause as an accountant would say it, and what helps. */
export interface Reason {
  readonly title: string;
  readonly help: string;
}

export interface KindWords {
  /** Over the documents of this kind. */
  readonly title: string;
  /** Beside each of them. */
  readonly short: string;
  /** What happens to `documents`, a number with its noun; money as it is posted and taken back, or empty. */
  readonly happens: (documents: string, posted: string, takenBack: string, target: string) => string;
}

/** The words of the page and of the workbook in one language. Sentences put values between backticks. */
export interface PageWords {
  /** BCP 47. */
  readonly tag: string;
  readonly documents: (n: number) => string;
  readonly items: (n: number) => string;
  readonly list: (names: readonly string[]) => string;
  readonly state: { readonly plan: string; readonly preview: string; readonly aboutPlan: string; readonly aboutPreview: string };
  readonly head: {
    readonly pipeline: string;
    readonly target: string;
    readonly targetIs: (connection: string, connector: string) => string;
    readonly project: string;
    readonly environment: (project: string, environment: string) => string;
    readonly made: string;
    readonly madeBy: (by: string, host: string, run: number) => string;
    readonly id: string;
    readonly hash: string;
    readonly approval: string;
    readonly nobody: string;
    readonly needs: (names: readonly string[], needed: 1 | 2 | null) => string;
  };
  readonly contents: string;
  readonly summary: {
    readonly title: string;
    readonly caption: string;
    readonly columns: { readonly what: string; readonly number: string; readonly posted: string; readonly takenBack: string };
    readonly waiting: string;
    readonly total: string;
    readonly notBooked: (title: string) => string;
    readonly moved: (money: string) => string;
  };
  readonly kinds: Readonly<Record<PlannedKind, KindWords>>;
  readonly will: {
    readonly title: (mustBeApproved: boolean) => string;
    readonly begin: (isSaved: boolean, mustBeApproved: boolean, target: string) => string;
    readonly nothing: string;
    readonly waiting: (items: string) => string;
    readonly asked: (documents: string, target: string) => string;
    readonly notAsked: (documents: string, target: string) => string;
    readonly readThere: (documents: string, target: string) => string;
    readonly remembered: (documents: string, target: string) => string;
    readonly otherwise: string;
    readonly compare: (begin: string) => string;
  };
  readonly approvals: {
    readonly title: string;
    readonly about: string;
    readonly one: (by: string, at: string, isSigned: boolean) => string;
  };
  readonly before: {
    readonly title: string;
    readonly caption: string;
    readonly none: string;
    readonly here: string;
    readonly run: (run: number, at: string) => string;
    readonly rows: { readonly posted: string; readonly replaced: string; readonly reversed: string };
    readonly what: string;
  };
  readonly amounts: {
    readonly title: string;
    readonly about: string;
    readonly account: string;
    readonly perAccount: string;
    readonly period: string;
    readonly perPeriod: string;
    readonly per: (name: string) => string;
    readonly caption: (currency: string) => string;
    readonly largest: (shown: number, all: number) => string;
    readonly all: (n: number) => string;
    readonly others: (n: number) => string;
    readonly debit: string;
    readonly credit: string;
    readonly legend: string;
    readonly total: string;
    readonly dimensionNote: string;
  };
  readonly filter: {
    readonly title: string;
    readonly search: string;
    readonly searchHint: string;
    readonly account: string;
    readonly allAccounts: string;
    readonly kind: string;
    readonly waiting: string;
    readonly open: string;
    readonly close: string;
    readonly reset: string;
    /** `{shown}` and `{all}` stand for the numbers. */
    readonly found: string;
  };
  readonly waiting: {
    readonly title: string;
    readonly about: (mustBeApproved: boolean) => string;
    readonly since: (at: string) => string;
    readonly forIt: string;
    /** The program's own sentence, which is English. */
    readonly said: (message: string) => string;
    readonly record: string;
    readonly place: (file: string | null, line: number | null, field: string | null) => string;
  };
  readonly reasons: Readonly<Record<WaitCode, Reason>>;
  readonly otherReason: Reason;
  readonly documentsPart: { readonly title: string; readonly about: string; readonly nothing: string };
  readonly document: {
    readonly lines: string;
    readonly line: string;
    readonly amount: string;
    readonly change: string;
    readonly head: string;
    readonly field: string;
    readonly before: string;
    readonly after: string;
    readonly empty: string;
    readonly was: string;
    readonly now: string;
    readonly is: Readonly<Record<LinePair["is"], string>>;
    readonly fields: Readonly<Record<FieldName, string>>;
    readonly partner: string;
    readonly attachments: (n: number) => string;
    readonly unknownContent: string;
    readonly postedAs: (reference: string, at: string) => string;
    readonly seenTarget: string;
    readonly seenStore: string;
    readonly gone: (reference: string | null) => string;
    readonly step: (step: string) => string;
    readonly checkedTarget: string;
    readonly checkedUs: string;
    readonly why: string;
    readonly types: Readonly<Record<string, string>>;
  };
  readonly foot: (program: string) => string;
  readonly sheets: {
    readonly summary: string;
    readonly documents: string;
    readonly waiting: string;
    readonly version: string;
    readonly versions: Readonly<Record<"posted" | "takenBack" | "held", string>>;
    readonly key: string;
    readonly currency: string;
    readonly documentText: string;
    readonly lineText: string;
    readonly further: string;
    readonly reference: string;
    readonly reason: string;
    readonly found: string;
    readonly place: string;
    readonly since: string;
    readonly kind: string;
    readonly date: string;
  };
}

/** The sign of each kind, so that it does not depend on colour. The same as on the terminal. */
export const SIGNS = {
  create: "+",
  supplement: "+",
  replace: "~",
  update: "~",
  finish: ">",
  reverse: "−",
  hold: "!",
} as const satisfies Record<Exclude<ChangeKind, "keep">, string>;
