import type { Problem } from "../../../model/problem.js";
import type { Exchange, Exchanged } from "../transport.js";

/** What lets a request in: header fields and query parameters. */
export interface Grant {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The request as it is let in, where that depends on what is sent: a signature, a token in the body. Asked right before sending. */
  readonly apply?: (exchange: Exchange) => Exchange;
  /** Told once for each request with this grant what became of it, where the grant lives on that: a session with cookies, which serves one call at a time. */
  readonly ended?: (exchanged: Exchanged) => void;
}

/** `busy`: no grant can be had now, and nothing was sent to the system itself. */
export type Granted =
  | { readonly kind: "grant"; readonly grant: Grant }
  | { readonly kind: "busy"; readonly problem: Problem; readonly retryAfterMs: number | null };

export interface SignIn {
  /** Throws ProblemError (TARGET_SIGN_IN) when we are refused. */
  grant(): Promise<Granted>;
  /** Called when a request with this grant was refused as not signed in. False when a new one would be the same. */
  isOver(grant: Grant): boolean;
  /**
   * How long to wait before the same grant is sent once more, in milliseconds, where it is so new that the system may not know it everywhere
   * yet. Null, and left out, where a refusal means what it says.
   */
  tooEarlyMs?(grant: Grant): number | null;
}

/** Credentials that do not change. Sending them a second time would be refused a second time, and may lock the account. */
export function fixedSignIn(grant: Partial<Grant> = {}): SignIn {
  const granted: Granted = { kind: "grant", grant: { headers: {}, query: {}, ...grant } };
  return { grant: async () => granted, isOver: () => false };
}
