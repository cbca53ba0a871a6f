import type { SandboxCall } from "./contract.js";

/** One call as it went. */
export interface LoggedCall {
  readonly number: number;
  /** UTC. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Values of what looks like a credential are hidden: somebody may have pointed real ones here. */
  readonly query: Readonly<Record<string, string>>;
  /** Of calls that change something, and only their beginning. */
  readonly body?: string;
  /** Null where the connection was closed without an answer. */
  status: number | null;
  answer: string;
  readonly fault: string | null;
}

const MOST_CALLS = 1_000;
const MOST_CHARACTERS = 4_000;

/** The last calls, and how many there were of each kind. */
export class CallLog {
  private calls: LoggedCall[] = [];
  private counts = new Map<string, number>();
  private number = 0;

  add(
    call: SandboxCall,
    route: string,
    about: { readonly isWrite: boolean; readonly fault: string | null; readonly at: Date },
  ): LoggedCall {
    this.number += 1;
    const kind = `${call.method} ${route}`;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const logged: LoggedCall = {
      number: this.number,
      at: about.at.toISOString(),
      method: call.method,
      path: call.path,
      query: Object.fromEntries([...call.query].map(([name, value]) => [name, /token|secret|sign|password/i.test(name) ? "…" : value])),
      ...(about.isWrite ? { body: call.body.slice(0, MOST_CHARACTERS) } : {}),
      status: null,
      answer: "",
      fault: about.fault,
    };
    this.calls.push(logged);
    if (this.calls.length > 2 * MOST_CALLS) this.calls = this.calls.slice(-MOST_CALLS);
    return logged;
  }

  /** What was answered to a call that changes something; of reads only the status is kept. */
  answered(logged: LoggedCall, status: number, body: string): void {
    logged.status = status;
    if (logged.body !== undefined || status >= 400) logged.answer = body.slice(0, MOST_CHARACTERS);
  }

  last(count: number): readonly LoggedCall[] {
    return this.calls.slice(-Math.min(count, MOST_CALLS));
  }

  counted(): { readonly total: number; readonly calls: Readonly<Record<string, number>> } {
    const sorted = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return { total: sorted.reduce((sum, [, count]) => sum + count, 0), calls: Object.fromEntries(sorted) };
  }

  clearCounts(): void {
    this.counts.clear();
  }
}
