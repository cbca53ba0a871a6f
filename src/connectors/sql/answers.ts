import type { Found } from "../../model/posting.js";
import { type Place, type Problem, type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import { DatabaseError } from "./dialect.js";
import type { HeaderRow } from "./headers.js";

export function foundIn({ reference, fingerprint }: HeaderRow): Found {
  return fingerprint === null ? { reference } : { reference, fingerprint };
}

/** The document lies in the interface, and the ERP does not want it: neither booked, nor to be sent again. */
export function refusedByImport(code: ProblemCode, row: HeaderRow, words: string, at: Place | readonly Place[]): Problem {
  return problem(
    code,
    `the import program of the ERP refused \`${row.idempotencyKey}\`: ${words}`,
    at,
    "correct the row in the interface table and have it imported again, or delete the row and its lines; then run again",
  );
}

/** Why nothing can be sent at all. Anything but a failure of the database is thrown. */
export function unavailable(error: unknown, database: string): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  if (!(error instanceof DatabaseError)) throw error;
  const { kind, words } = error;
  if (kind === "sign in")
    return [
      problem(
        "TARGET_SIGN_IN",
        `the database \`${database}\` does not let us in: ${words}`,
        [],
        "check `user` and `password` of the connection",
      ),
    ];
  const found = kind === "refused" ? "cannot be posted into" : "cannot be reached";
  const hint =
    kind === "refused"
      ? "check the names of the tables and columns, and what this user may do"
      : "check the connection in sync.yaml, and that the database is up";
  return [problem("TARGET_UNAVAILABLE", `the database \`${database}\` ${found}: ${words}`, [], hint)];
}

/** Certainly nothing was done, and the same may be sent again. Anything but a failure of the database is thrown. */
export function busy(error: unknown, at: Place | readonly Place[], database: string): Problem {
  if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
  if (!(error instanceof DatabaseError)) throw error;
  return problem("TARGET_BUSY", `the database \`${database}\` did nothing: ${error.words}`, at);
}
