import type { ProblemCode } from "../../../model/problem-codes.js";

/**
 * Why a page cannot be taken, and with it the unit. `too much`: a shorter span may do. `moved`: the list changed while it was read, so that
 * records may have slipped from a page not yet read to one that was.
 */
export class PageFault extends Error {
  constructor(
    readonly kind: "failure" | "too much" | "moved",
    message: string,
    readonly hint: string,
    readonly code: ProblemCode = "SOURCE_UNREADABLE",
    /** The call it is about, where that is not the one for the page. */
    readonly call: string | null = null,
  ) {
    super(message);
  }
}

export function failure(message: string, hint: string, code?: ProblemCode): never {
  throw new PageFault("failure", message, hint, code);
}
