import type { ProblemCode } from "./problem.js";
import type { RunCounts, RunStatus } from "./run.js";

/** Stands for an error that is none of the user's: the program broke one of its own rules. */
export const BUG = "BUG";
export type Failure = ProblemCode | typeof BUG;

/** Parts of a run, in the order in which they come; `look up`, `plan` and `post` may come again. */
export type RunStage = "look up" | "read" | "plan" | "post" | "recover" | "settle";

/** What a target is asked for. */
export type TargetOperation = "post" | "advance" | "update" | "reverse" | "lookup" | "latest" | "list" | "check" | "read" | "next open";

/**
 * One thing that happens, as it is told to whoever listens. No member ever holds a value of a record, a text of a document, a header, a body or
 * a query. `key` and `unit` may point to a person: listeners show them as fingerprints unless the project allows more.
 *
 * What begins and ends comes as two events with one number, unique within the process.
 */
export type Happening =
  | { readonly kind: "run started"; readonly pipeline: string; readonly run: number; readonly does: string; readonly full: boolean }
  | {
      readonly kind: "run ended";
      readonly pipeline: string;
      readonly run: number;
      readonly status: RunStatus;
      /** Null where the run broke off, so that nobody could count. */
      readonly counts: RunCounts | null;
      /** What stopped it, or was worth a notice. */
      readonly problems: readonly Failure[];
    }
  | { readonly kind: "stage started"; readonly stage: RunStage }
  | {
      readonly kind: "stage ended";
      readonly stage: RunStage;
      readonly counts: Readonly<Record<string, number>>;
      readonly failed: Failure | null;
    }
  | { readonly kind: "unit read"; readonly unit: string; readonly records: number }
  | { readonly kind: "unit abandoned"; readonly unit: string; readonly code: ProblemCode }
  | { readonly kind: "call started"; readonly call: number; readonly operation: TargetOperation; readonly documents: number }
  | {
      readonly kind: "call ended";
      readonly call: number;
      /** How many documents of each outcome. */
      readonly outcomes: Readonly<Record<string, number>>;
      readonly failed: Failure | null;
    }
  | {
      readonly kind: "exchange started";
      readonly exchange: number;
      /** The call of the target that it belongs to; null for a source, and for signing in before anything is asked. */
      readonly call: number | null;
      readonly method: string;
      /** Host and port. */
      readonly host: string;
      /** What is asked, in words that hold nothing of a document and no secret. */
      readonly name: string;
      /** From 1; more where a question is asked again. */
      readonly attempt: number;
    }
  | { readonly kind: "exchange ended"; readonly exchange: number; readonly answer: number | "not sent" | "no answer" }
  /** Nothing is sent for so long. `asked`: the other side named the time, in `Retry-After`. */
  | { readonly kind: "waiting"; readonly waitMs: number; readonly asked: boolean; readonly attempt: number }
  | { readonly kind: "lease taken"; readonly lease: string; readonly from: "process gone" | "no sign of life" | null }
  | { readonly kind: "lease refused"; readonly lease: string; readonly host: string; readonly pid: number; readonly since: string }
  | { readonly kind: "problem found"; readonly code: ProblemCode; readonly item: "record" | "document"; readonly key: string }
  /** No run of it came about, or of the whole command where there is no pipeline. */
  | { readonly kind: "stopped"; readonly pipeline: string | null; readonly problems: readonly Failure[] }
  | { readonly kind: "plan saved"; readonly plan: string; readonly sends: number }
  | { readonly kind: "plan applied"; readonly plan: string; readonly leftOut: number }
  | { readonly kind: "people told"; readonly channel: string; readonly events: readonly string[]; readonly delivered: boolean };

/** Whoever wants to know what happens. It is left out where nobody does, and then nothing is made for it. */
export interface Observer {
  /** Never throws, and changes nothing of what is done. */
  readonly tell: (happening: Happening) => void;
  /** A number that was not given before. */
  readonly next: () => number;
  /** The `traceparent` header (W3C Trace Context) for an exchange that was told as started; undefined where none is to be sent. */
  readonly traceparent?: ((exchange: number) => string | undefined) | undefined;
}
