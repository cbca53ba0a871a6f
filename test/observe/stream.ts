import type { Happening } from "../../src/model/observer.js";
import type { RunCounts } from "../../src/model/run.js";
import { Hub, type Listener } from "../../src/observe/hub.js";

export const BEGUN = Date.parse("2026-11-20T18:00:00.000Z");

const NOTHING: RunCounts = {
  units: 0,
  unitsKnown: 0,
  leftOut: 0,
  read: 0,
  unchanged: 0,
  changed: 0,
  quarantinedRecords: 0,
  posted: 0,
  supplemented: 0,
  confirmed: 0,
  recovered: 0,
  replaced: 0,
  reversed: 0,
  kept: 0,
  waiting: 0,
  unconfirmed: 0,
  toApprove: 0,
};

export function counts(more: Partial<RunCounts> = {}): RunCounts {
  return { ...NOTHING, ...more };
}

/** A hub with clocks that move only when they are told to. */
export class Stream {
  readonly troubles: string[] = [];
  readonly hub: Hub;
  private ms = 0;

  constructor(listeners: readonly Listener[]) {
    // The second clock counts from some other moment.
    const clock = { now: () => new Date(BEGUN + this.ms), elapsedMs: () => 5_000_000 + this.ms };
    this.hub = new Hub(clock, listeners, (name, cause) => this.troubles.push(`${name}: ${(cause as Error).message}`));
  }

  /** Each after so many milliseconds. */
  tell(...steps: readonly (Happening | number)[]): this {
    for (const step of steps) {
      if (typeof step === "number") this.ms += step;
      else this.hub.tell(step);
    }
    return this;
  }
}

export const STARTED: Happening = { kind: "run started", pipeline: "claims", run: 7, does: "run", full: false };

export function ended(more: Partial<Extract<Happening, { kind: "run ended" }>> = {}): Happening {
  return { kind: "run ended", pipeline: "claims", run: 7, status: "done", counts: counts(), problems: [], ...more };
}

export function exchange(
  number: number,
  call: number | null,
  more: Partial<Extract<Happening, { kind: "exchange started" }>> = {},
): Happening {
  return {
    kind: "exchange started",
    exchange: number,
    call,
    method: "POST",
    host: "erp.example.com:8443",
    name: "POST erp.example.com:8443/vouchers",
    attempt: 1,
    ...more,
  };
}
