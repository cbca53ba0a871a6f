import { createHash } from "node:crypto";

/** The calls a rule can be about. */
export type Call = "post" | "batch" | "submit" | "audit" | "change" | "delete" | "reverse" | "find" | "read" | "list" | "latest" | "token";

/**
 * What can go wrong. `commit` in the name says that the books changed.
 * The drops close the connection without a byte; `late` closes it at once and commits afterwards; a hang answers nothing
 * until the client gives up; `half a batch` commits the first half of its members and drops.
 */
export const FAULTS = [
  "drop before commit",
  "commit and drop",
  "refuse",
  "500 before commit",
  "commit and 500",
  "429",
  "503",
  "hang",
  "commit and hang",
  "hang and commit when given up",
  "late",
  "late behind 504",
  "slow",
  "expire session",
  "garbage before commit",
  "commit and garbage",
  "commit and truncate",
  "commit and cut",
  "commit and say no number",
  "half a batch",
] as const;

export type Fault = (typeof FAULTS)[number];

/** When a fault strikes. Counted per rule, so the same requests in the same order always meet the same faults. */
export interface Rule {
  readonly fault: Fault;
  /** Every Nth of what is counted. */
  readonly every: number;
  /**
   * `requests`: every Nth request. `documents`: every Nth external number that was not seen before, and then each request
   * for it, until the rule is lifted.
   */
  readonly of?: "requests" | "documents";
  readonly on?: Call;
  /** No more than so many strikes (of requests) or struck documents. */
  readonly most?: number;
  /** For `late`, `slow`, in milliseconds. */
  readonly delayMs?: number;
  /** For `429` and `503`: the header as sent; none when left out. */
  readonly retryAfter?: string;
  /** For `refuse`. */
  readonly message?: string;
}

/** Counts requests and says which fault strikes, if any; the first rule in the list wins. */
export class FaultPlan {
  private counters: Counter[] = [];

  constructor(private readonly seed: number) {}

  replace(rules: readonly Rule[]): void {
    this.counters = rules.map((rule, index) => new Counter(rule, phase(this.seed, rule, index)));
  }

  /** Every rule counts every request it is about, also when an earlier rule strikes. */
  strike(call: Call, externalNo: string | null): Rule | null {
    const struck = this.counters.filter((counter) => (counter.rule.on ?? "post") === call && counter.strikes(externalNo));
    return struck[0]?.rule ?? null;
  }
}

class Counter {
  private count = 0;
  private struck = 0;
  private readonly documents = new Map<string, boolean>();

  constructor(
    readonly rule: Rule,
    private readonly offset: number,
  ) {}

  strikes(externalNo: string | null): boolean {
    if (this.rule.of !== "documents") return this.next();
    const key = externalNo ?? "";
    const known = this.documents.get(key);
    if (known !== undefined) return known;
    const strikes = this.next();
    this.documents.set(key, strikes);
    return strikes;
  }

  private next(): boolean {
    this.count += 1;
    const strikes = (this.count + this.offset) % this.rule.every === 0 && this.struck < (this.rule.most ?? Number.POSITIVE_INFINITY);
    if (strikes) this.struck += 1;
    return strikes;
  }
}

/** The seed moves each rule's first strike, so that rules with related periods do not always meet on one request. */
function phase(seed: number, rule: Rule, index: number): number {
  if (seed === 0) return 0;
  return createHash("sha256").update(`${seed}/${index}/${rule.fault}`).digest().readUInt32BE(0) % rule.every;
}
