import { describe, expect, test } from "vitest";
import { type WatchWorld, watchLoop } from "../../src/cli/watch-loop.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { parseCron } from "../../src/model/cron.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function aPipeline(name: string, text: string, after: string[] = []): Pipeline {
  const read = parseCron(text);
  if ("fault" in read) throw new Error(read.fault.message);
  const schedule = { cron: read.cron, timeZone: "UTC", only: null, except: [], jitterMs: 0, calendar: { holidays: [], workdays: [] } };
  return { name, after, schedule } as unknown as Pipeline;
}

/** A world whose clock moves only when somebody sleeps or runs, and stops at a given time. */
class Office implements WatchWorld {
  readonly log: string[] = [];
  readonly store = new Map<string, number>();
  /** How long runs take, by pipeline, in ms. */
  readonly takes = new Map<string, number>();
  /** Done once, when the clock has come that far. */
  readonly plans: { readonly at: number; readonly work: () => void }[] = [];
  private readonly stop = new AbortController();
  readonly signal = this.stop.signal;
  readonly lookEveryMs = 10 * MINUTE;
  time: number;
  until = 0;

  constructor(
    start: string,
    readonly pipelines: Pipeline[],
  ) {
    this.time = Date.parse(start);
  }

  readonly now = (): Date => new Date(this.time);
  readonly look = async () => ({ pipelines: this.pipelines, lastBegun: (name: string) => this.lastBegun(name) });

  readonly sleep = async (ms: number): Promise<void> => {
    if (ms <= 0) throw new Error("it spins");
    this.time += ms;
    const [plan] = this.plans;
    if (plan !== undefined && plan.at <= this.time) {
      this.plans.shift();
      plan.work();
    }
    if (this.time >= this.until) this.stop.abort();
  };

  readonly run: WatchWorld["run"] = async (due) => {
    this.log.push(`${this.now().toISOString().slice(5, 16)} ${due.map(({ pipeline }) => pipeline.name).join(" ")}`);
    for (const { pipeline } of due) {
      this.store.set(pipeline.name, this.time);
      this.time += this.takes.get(pipeline.name) ?? 0;
    }
    if (this.time >= this.until) this.stop.abort();
  };

  /** As the store tells it: what began in the far future was noted under a wrong clock. */
  private lastBegun(name: string): number | null {
    const at = this.store.get(name) ?? null;
    return at !== null && at > this.time + 24 * HOUR ? null : at;
  }

  async watchUntil(until: string): Promise<string[]> {
    this.until = Date.parse(until);
    await watchLoop(this);
    return this.log;
  }
}

describe("watching", () => {
  test("runs each pipeline when it is due, and those of one time in order", async () => {
    const office = new Office("2026-11-26T00:10:30Z", [
      aPipeline("staff", "30 2 * * *"),
      aPipeline("expense", "30 2 * * *", ["staff"]),
      aPipeline("bank", "0 */8 * * *"),
    ]);
    expect(await office.watchUntil("2026-11-27T03:00:00Z")).toEqual([
      "11-26T02:30 staff expense",
      "11-26T08:00 bank",
      "11-26T16:00 bank",
      "11-27T00:00 bank",
      "11-27T02:30 staff expense",
    ]);
  });

  test("a machine that slept makes the latest run that was missed, once", async () => {
    const office = new Office("2026-11-26T00:00:00Z", [aPipeline("bank", "0 * * * *")]);
    const asleep = (): void => {
      office.time += 7 * HOUR + 5 * MINUTE;
    };
    office.plans.push({ at: Date.parse("2026-11-26T01:10:00Z"), work: asleep });
    expect(await office.watchUntil("2026-11-26T10:30:00Z")).toEqual([
      "11-26T01:00 bank",
      "11-26T08:15 bank",
      "11-26T09:00 bank",
      "11-26T10:00 bank",
    ]);
  });

  test("runs do not stack up behind one that takes long", async () => {
    const office = new Office("2026-11-26T00:30:00Z", [aPipeline("bank", "0 * * * *"), aPipeline("staff", "30 2 * * *")]);
    office.takes.set("bank", 3 * HOUR + 30 * MINUTE);
    expect(await office.watchUntil("2026-11-26T10:30:00Z")).toEqual(["11-26T01:00 bank", "11-26T04:30 bank staff", "11-26T08:00 bank"]);
  });

  test("started again, it makes up for what was missed meanwhile; a pipeline that never ran waits for its time", async () => {
    const office = new Office("2026-11-26T09:00:00Z", [
      aPipeline("staff", "30 2 * * *"),
      aPipeline("fresh", "45 2 * * *"),
      aPipeline("bank", "0 8 * * *"),
    ]);
    office.store.set("staff", Date.parse("2026-11-24T02:30:01Z"));
    office.store.set("bank", Date.parse("2026-11-26T08:00:01Z"));
    expect(await office.watchUntil("2026-11-27T02:50:00Z")).toEqual(["11-26T09:00 staff", "11-27T02:30 staff", "11-27T02:45 fresh"]);
  });

  test("a clock that is put back runs nothing twice", async () => {
    const office = new Office("2026-11-26T02:00:00Z", [aPipeline("staff", "30 2 * * *")]);
    const putBack = (): void => {
      office.time -= HOUR;
    };
    office.plans.push({ at: Date.parse("2026-11-26T02:40:00Z"), work: putBack });
    expect(await office.watchUntil("2026-11-27T02:31:00Z")).toEqual(["11-26T02:30 staff", "11-27T02:30 staff"]);
  });

  test("a clock that was a year ahead does not stop the year", async () => {
    const office = new Office("2027-11-26T02:00:00Z", [aPipeline("staff", "30 2 * * *")]);
    const putRight = (): void => {
      office.time = Date.parse("2026-11-26T02:00:00Z");
      office.until = Date.parse("2026-11-26T03:00:00Z");
    };
    office.plans.push({ at: Date.parse("2027-11-26T02:40:00Z"), work: putRight });
    expect(await office.watchUntil("2028-01-01T00:00:00Z")).toEqual(["11-26T02:30 staff", "11-26T02:30 staff"]);
  });

  test("one that fails is not tried again before its next time", async () => {
    const office = new Office("2026-11-26T02:00:00Z", [aPipeline("staff", "30 2 * * *")]);
    const tried: string[] = [];
    // No run begins, as when another process holds the pipeline.
    const run = async (): Promise<void> => {
      tried.push(office.now().toISOString().slice(5, 16));
    };
    Object.assign(office, { run });
    await office.watchUntil("2026-11-27T03:00:00Z");
    expect(tried).toEqual(["11-26T02:30", "11-27T02:30"]);
  });
});
