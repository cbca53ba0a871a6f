import { afterEach, describe, expect, test } from "vitest";
import type { Column, ConnectorContext, RawRecord, ReadRequest, Source, SourceEvent } from "../../src/connectors/contract.js";

export interface SourceUnderTest {
  /** Opens the source again, as the next run would. */
  readonly open: (context: ConnectorContext) => Source | Promise<Source>;
  readonly columns: readonly Column[];
  /** The folder of the pipeline file. */
  readonly folder: string;
  readonly dispose?: () => void | Promise<void>;
}

const EVERYTHING_NEW: ReadRequest["wasRead"] = () => false;

/**
 * What every source must do, whatever system is behind it. `make` gives a source with at least two units, both with
 * records and one of them too large for a single `records` event.
 */
export function sourceConformance(name: string, make: () => SourceUnderTest | Promise<SourceUnderTest>): void {
  describe(`${name} is a source`, () => {
    let cleanup: (() => unknown)[] = [];
    afterEach(async () => {
      for (const step of cleanup.reverse()) await step();
      cleanup = [];
    });

    async function start(signal: AbortSignal = new AbortController().signal) {
      const system = await make();
      cleanup.push(() => system.dispose?.());
      const context = { folder: system.folder, timeZone: "Asia/Shanghai", now: () => new Date(), sleep: async () => {}, signal };
      const read = async (wasRead: ReadRequest["wasRead"], seen: (event: SourceEvent) => void = () => {}): Promise<SourceEvent[]> => {
        const source = await system.open(context);
        cleanup.push(() => source.close?.());
        const events: SourceEvent[] = [];
        for await (const event of source.read({ columns: system.columns, since: null, wasRead })) {
          events.push(event);
          seen(event);
        }
        return events;
      };
      return { ...system, read };
    }

    test("delivers units one after the other, each ended by complete or abandoned, once", async () => {
      const { read } = await start();
      const ended = new Set<string>();
      let open: string | null = null;
      for (const event of await read(EVERYTHING_NEW)) {
        if (event.kind === "notice") continue;
        expect(ended).not.toContain(event.unit);
        if (event.kind === "records") {
          if (open !== null) expect(event.unit).toBe(open);
          open = event.unit;
          continue;
        }
        if (open !== null) expect(event.unit).toBe(open);
        open = null;
        ended.add(event.unit);
      }
      expect(open).toBeNull();
      expect(ended.size).toBeGreaterThanOrEqual(2);
    });

    test("gives each record one cell per requested column, in that order", async () => {
      const { read, columns } = await start();
      const records = recordsOf(await read(EVERYTHING_NEW));
      expect(records.length).toBeGreaterThan(0);
      for (const { cells, line } of records) {
        expect(cells).toHaveLength(columns.length);
        expect(line).toBeGreaterThanOrEqual(1);
        for (const cell of cells)
          expect(cell === null || typeof cell === "boolean" || (typeof cell === "string" && cell !== "")).toBe(true);
      }
    });

    test("follows the requested columns, not the order of the system", async () => {
      const system = await start();
      const straight = recordsOf(await system.read(EVERYTHING_NEW));
      const columns = [...system.columns].reverse();
      const source = await system.open({
        folder: system.folder,
        timeZone: "Asia/Shanghai",
        now: () => new Date(),
        sleep: async () => {},
        signal: new AbortController().signal,
      });
      const events: SourceEvent[] = [];
      for await (const event of source.read({ columns, since: null, wasRead: EVERYTHING_NEW })) events.push(event);
      await source.close?.();
      expect(recordsOf(events).map(({ cells }) => [...cells].reverse())).toEqual(straight.map(({ cells }) => cells));
    });

    test("reads the same a second time", async () => {
      const { read } = await start();
      expect(await read(EVERYTHING_NEW)).toEqual(await read(EVERYTHING_NEW));
    });

    test("says known, and delivers nothing, where a unit was taken with this content", async () => {
      const { read } = await start();
      const fingerprints = new Map<string, string>();
      for (const event of await read(EVERYTHING_NEW)) if (event.kind === "complete") fingerprints.set(event.unit, event.fingerprint);
      const again = await read((unit, fingerprint) => fingerprints.get(unit) === fingerprint);
      expect(again.filter((event) => event.kind === "records" || event.kind === "complete")).toEqual([]);
      expect(again.flatMap((event) => (event.kind === "known" ? [event.unit] : []))).toEqual([...fingerprints.keys()]);
    });

    test("counts its progress up to the total", async () => {
      const { read } = await start();
      let done = 0;
      for (const event of await read(EVERYTHING_NEW)) {
        if (event.kind !== "records" || event.progress === undefined) continue;
        expect(event.progress.done).toBeGreaterThanOrEqual(done);
        expect(event.progress.done).toBeLessThanOrEqual(event.progress.total);
        done = event.progress.done;
      }
    });

    test("ends early when asked to stop, and completes no unit it read in part", async () => {
      const whole = countsOf(await (await start()).read(EVERYTHING_NEW));
      const stop = new AbortController();
      const { read } = await start(stop.signal);
      const events = await read(EVERYTHING_NEW, (event) => {
        if (event.kind === "records") stop.abort();
      });
      const read1 = countsOf(events);
      expect(total(read1)).toBeLessThan(total(whole));
      for (const event of events) if (event.kind === "complete") expect(read1.get(event.unit)).toBe(whole.get(event.unit));
    });

    test("delivers nothing when it is asked to stop before it begins", async () => {
      const { read } = await start(AbortSignal.abort());
      expect((await read(EVERYTHING_NEW)).filter((event) => event.kind === "records" || event.kind === "complete")).toEqual([]);
    });
  });
}

export function recordsOf(events: readonly SourceEvent[]): RawRecord[] {
  return events.flatMap((event) => (event.kind === "records" ? event.records : []));
}

function countsOf(events: readonly SourceEvent[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) if (event.kind === "records") counts.set(event.unit, (counts.get(event.unit) ?? 0) + event.records.length);
  return counts;
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
