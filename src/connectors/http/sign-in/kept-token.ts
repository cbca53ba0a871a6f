import type { Grant, Granted, SignIn } from "./grant.js";

export interface Token {
  readonly grant: Grant;
  /** Milliseconds since 1970; infinite where nobody says how long it lives. */
  readonly goodUntil: number;
}

export type Fetched = { readonly kind: "token"; readonly token: Token } | Extract<Granted, { kind: "busy" }>;

/** A token is given up this long before it expires, so that it does not expire on the way. */
const MARGIN_MS = 60_000;

/** A token that lives shorter than twice the margin is used for half of its life. */
export function goodUntil(sentAt: number, lifeMs: number): number {
  return sentAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 2);
}

/** One token serves all calls until shortly before it expires or is refused; callers that come while it is fetched wait for the same one. */
export class KeptToken implements SignIn {
  private token: Token | null = null;
  private asking: Promise<Granted> | null = null;

  constructor(
    private readonly fetch: () => Promise<Fetched>,
    private readonly now: () => Date,
  ) {}

  async grant(): Promise<Granted> {
    if (this.token !== null && this.now().getTime() < this.token.goodUntil) return { kind: "grant", grant: this.token.grant };
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  isOver(grant: Grant): boolean {
    // A hundred calls may be refused with the same token; only the first of them ends it.
    if (this.token?.grant === grant) this.token = null;
    return true;
  }

  private async ask(): Promise<Granted> {
    const fetched = await this.fetch();
    if (fetched.kind === "busy") return fetched;
    this.token = fetched.token;
    return { kind: "grant", grant: fetched.token.grant };
  }
}
