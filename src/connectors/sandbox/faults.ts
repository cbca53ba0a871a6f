import { type SandboxCall, SandboxError } from "./contract.js";
import { SeededRandom } from "./random.js";

/** What goes wrong; `docs/sandboxes.md` tells each in words. */
type FaultKind = "lose" | "drop" | "fail before" | "fail after" | "busy" | "delay" | "late" | "cut" | "expire" | "refuse";

/** One fault as it was written. */
export interface Fault {
  readonly text: string;
  readonly kind: FaultKind;
  /** The HTTP status of a failure. */
  readonly status: number;
  readonly waitMs: number;
  /** The header as sent; null: none. */
  readonly retryAfter: string | null;
  /** How many items of a cut call take effect. */
  readonly cutAfter: number;
  /** From 0 to 1. */
  readonly chance: number;
  /** Strikes so many of the next calls, and no other; null: as chance has it. */
  readonly next: number | null;
  readonly on: "writes" | "reads" | "all" | { readonly path: string };
}

export const FAULT_FORMS: readonly (readonly [form: string, about: string])[] = [
  ["lose", "the call takes effect, and the connection is closed without an answer"],
  ["drop", "the connection is closed without an answer, and nothing takes effect"],
  ["500 before", "answers 500 (or any other 5xx that is named), and nothing takes effect"],
  ["500 after", "the call takes effect, and the answer is 500 (or any other 5xx that is named)"],
  ["429", "answers 429, and nothing takes effect; `retry-after SECONDS` adds that header"],
  ["delay 200ms", "waits, then does the call and answers, also when the client has gone by then"],
  ["late 3s", "closes the connection at once without an answer, and does the call after that time"],
  ["cut", "of a call on many items the first takes effect, then it answers 500; `cut after 3`: the first three"],
  ["expire", "all sessions and tokens end just before the call is answered"],
  ["refuse", "refuses for a reason of business, as the system words it; nothing takes effect"],
];

const MORE = "behind it: `2%`, or `next 3`; `on reads`, `on all` or `on /part/of/the/path` instead of writes";

/**
 * Reads `lose 5%`, `429 retry-after 1 3%`, `delay 200ms 10% on reads`, `lose next 3`. Without a chance it strikes every time.
 * Throws SandboxError, which names the forms there are, those of the system's own among them.
 */
export function parseFault(text: string, own: readonly string[] = []): Fault {
  const fail = (why: string): never => cannotRead(text, why, own);
  const words = text.trim().split(/\s+/);
  const take = (pattern: RegExp): string | null => (pattern.test(words[0] ?? "") ? (words.shift() as string) : null);
  const need = (pattern: RegExp, expected: string): string => take(pattern) ?? fail(`expected ${expected}`);
  const first = words.shift() ?? "";
  let kind: FaultKind;
  let status = 0;
  let waitMs = 0;
  let cutAfter = 1;
  if (/^5\d\d$/.test(first)) {
    status = Number(first);
    kind = need(/^(before|after)$/, "`before` or `after` behind the status") === "before" ? "fail before" : "fail after";
  } else if (first === "429") {
    status = 429;
    kind = "busy";
  } else if (first === "delay" || first === "late") {
    kind = first;
    waitMs = milliseconds(need(/^\d+(\.\d+)?(ms|s)$/, "a time such as `200ms` or `3s`"));
  } else if (first === "lose" || first === "drop" || first === "cut" || first === "expire" || first === "refuse") {
    kind = first;
    if (first === "cut" && take(/^after$/) !== null) cutAfter = Number(need(/^[1-9]\d*$/, "a number of items"));
  } else return fail(`\`${first}\` is no fault`);
  let retryAfter: string | null = null;
  let chance = 1;
  let next: number | null = null;
  let on: Fault["on"] = "writes";
  while (words.length > 0) {
    const word = words.shift() as string;
    const share = /^(\d+(?:\.\d+)?)%$/.exec(word);
    if (share !== null) chance = Number(share[1]) / 100;
    else if (word === "next") next = Number(need(/^[1-9]\d*$/, "a number of calls"));
    else if (word === "retry-after" && status !== 0) retryAfter = need(/^\d+$/, "a number of seconds");
    else if (word === "on") {
      const where = need(/^(writes|reads|all|\/.*)$/, "`writes`, `reads`, `all` or a part of a path");
      on = where.startsWith("/") ? { path: where } : (where as "writes" | "reads" | "all");
    } else return fail(`\`${word}\` is not understood`);
  }
  if (chance > 1) return fail("a chance is at most `100%`");
  return { text: text.trim(), kind, status, waitMs, retryAfter, cutAfter, chance, next, on };
}

function milliseconds(text: string): number {
  return text.endsWith("ms") ? Number(text.slice(0, -2)) : Number(text.slice(0, -1)) * 1000;
}

function cannotRead(text: string, why: string, own: readonly string[]): never {
  const forms = [...FAULT_FORMS.map(([form]) => form), ...own].map((form) => `\`${form}\``).join(", ");
  throw new SandboxError(`the fault \`${text}\` cannot be read: ${why}; there are ${forms}; ${MORE}`);
}

/** Says of each call which fault strikes it, if any. The first in the list wins. */
export class FaultPlan {
  private counters: Counter[] = [];

  constructor(private readonly seed: number) {}

  replace(faults: readonly Fault[]): void {
    this.counters = faults.map((fault, index) => new Counter(fault, new SeededRandom(`fault ${this.seed} ${index} ${fault.text}`)));
  }

  strike(call: SandboxCall, isWrite: boolean): Fault | null {
    // Each fault draws for each call it is about, so that one more fault does not change when the others strike.
    const willing = this.counters.filter((counter) => counter.isAbout(call, isWrite) && counter.draw());
    const first = willing[0];
    if (first === undefined) return null;
    first.strikes += 1;
    return first.fault;
  }

  /** The call had no effect that the fault could be about: it waits for one that has. */
  giveBack(fault: Fault): void {
    const counter = this.counters.find((each) => each.fault === fault);
    if (counter !== undefined) counter.strikes -= 1;
  }

  /** Each fault, and how often it struck. */
  told(): { readonly fault: string; readonly strikes: number }[] {
    return this.counters.map(({ fault, strikes }) => ({ fault: fault.text, strikes }));
  }
}

class Counter {
  strikes = 0;

  constructor(
    readonly fault: Fault,
    private readonly random: SeededRandom,
  ) {}

  isAbout(call: SandboxCall, isWrite: boolean): boolean {
    const { on } = this.fault;
    if (typeof on === "object") return call.path.includes(on.path);
    return on === "all" || (on === "writes") === isWrite;
  }

  draw(): boolean {
    const drawn = this.random.chance(this.fault.chance);
    return drawn && this.strikes < (this.fault.next ?? Number.POSITIVE_INFINITY);
  }
}
