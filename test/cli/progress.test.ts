import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import type { Io } from "../../src/cli/io.js";
import { progressDisplay } from "../../src/cli/render/progress.js";
import type { Progress } from "../../src/run/effects.js";

/** A display whose clock and timer the test moves. */
class Screen {
  ms = 0;
  written: string[] = [];
  tick = (): void => undefined;
  isRunning = false;
  readonly display;

  constructor({ terminal = true, quiet = false, columns = 80, language = "en" as "en" | "zh" } = {}) {
    const err = (text: string): void => void this.written.push(text);
    const io: Io = { out: err, err, outIsTerminal: terminal, errIsTerminal: terminal, columns, rows: 24 };
    this.display = progressDisplay(
      io,
      quiet,
      () => new Date(1_000_000 + this.ms),
      language,
      (work) => {
        this.tick = work;
        this.isRunning = true;
        return () => {
          this.isRunning = false;
        };
      },
    );
  }

  show(atMs: number, progress: Partial<Progress>): string {
    this.ms = atMs;
    this.display.show({ stage: "read", records: 0, documents: 0, done: 0, total: 0, ...progress });
    return this.line();
  }

  line(): string {
    return (this.written.at(-1) ?? "").replace("\r\u001b[2K", "");
  }
}

describe("on a terminal", () => {
  test("stage, share, records, rate, time and what is left of the stage, in one line that is written over", () => {
    const screen = new Screen();
    expect(screen.show(200, { records: 5_000, done: 1, total: 10 })).toBe("reading  10%  5,000 records, 0 s");
    expect(screen.show(4_000, { records: 50_000, done: 4, total: 10 })).toBe("reading  40%  50,000 records, 12,500/s, 4 s, about 6 s left");
    expect(screen.written.every((text) => text.startsWith("\r\u001b[2K") && !text.includes("\n"))).toBe(true);
    screen.display.end();
    expect(screen.written.at(-1)).toBe("\r\u001b[2K");
  });

  test("each stage has a rate and an end of its own, and keeps the number of records", () => {
    const screen = new Screen();
    screen.show(1_000, { records: 1_263 });
    screen.show(5_000, { stage: "plan", documents: 100, done: 100, total: 300 });
    expect(screen.show(9_000, { stage: "plan", documents: 200, done: 200, total: 300 })).toBe(
      "mapping  66%  1,263 records, 200 of 300 documents, 25/s, 9 s, about 4 s left",
    );
    screen.show(10_000, { stage: "post", documents: 0, done: 0, total: 300 });
    expect(screen.show(14_000, { stage: "post", documents: 3, done: 3, total: 300 })).toBe(
      "posting   1%  3 of 300 documents, 0.8/s, 14 s, about 6:36 min left",
    );
    // Lost answers were looked for, and a few documents are sent once more.
    expect(screen.show(15_000, { stage: "post", documents: 1, done: 1, total: 2 })).toBe(
      "posting  50%  1,263 records, 1 of 2 documents, 15 s",
    );
  });

  test("the money so far, and what makes room for it", () => {
    const money = () => [
      { currency: "CNY", amountMinor: 241373761n },
      { currency: "JPY", amountMinor: 0n },
    ];
    const screen = new Screen();
    screen.show(1_000, { records: 1_263 });
    screen.show(2_000, { stage: "post", total: 300 });
    expect(screen.show(6_000, { stage: "post", documents: 100, done: 100, total: 300, money })).toBe(
      "posting  33%  100 of 300 documents, 2,413,737.61 CNY, 25/s, 6 s, about 8 s left",
    );
    const narrow = new Screen({ columns: 78 });
    narrow.show(2_000, { stage: "post", total: 300 });
    expect(narrow.show(6_000, { stage: "post", documents: 100, done: 100, total: 300, money })).toBe(
      "posting  33%  100 of 300 documents, 2,413,737.61 CNY, 6 s, about 12 s left",
    );
  });

  test("the seconds go on while a target is silent", () => {
    const screen = new Screen();
    screen.show(1_000, { stage: "post", documents: 10, done: 10, total: 40 });
    screen.ms = 1_500;
    screen.tick();
    expect(screen.written).toHaveLength(1);
    screen.ms = 61_000;
    screen.tick();
    expect(screen.line()).toBe("posting  25%  10 of 40 documents, 0.2/s, 61 s, about 3:03 min left");
    screen.display.end();
    expect(screen.isRunning).toBe(false);
  });

  test("it is never wider than the screen, in any language", () => {
    const screen = new Screen({ columns: 40, language: "zh" });
    screen.show(1_000, { records: 1_234_567, done: 1, total: 3 });
    const line = screen.show(9_000, { records: 9_234_567, done: 2, total: 3 });
    expect(line).toMatch(/^读取 {2}66% {2}9,234,567 条记录, .*…$/);
    expect(stringWidth(line)).toBeLessThan(40);
  });
});

describe("elsewhere", () => {
  test("a plain line every ten seconds, also while nothing moves", () => {
    const screen = new Screen({ terminal: false });
    screen.show(9_900, { records: 10 });
    expect(screen.written).toEqual([]);
    screen.show(10_000, { records: 20 });
    screen.show(19_000, { records: 30 });
    screen.ms = 20_000;
    screen.tick();
    expect(screen.written).toEqual(["reading  20 records, 2.0/s, 10 s\n", "reading  30 records, 1.5/s, 20 s\n"]);
    screen.display.end();
    expect(screen.written).toHaveLength(2);
  });

  test("nothing when quiet", () => {
    const screen = new Screen({ quiet: true });
    screen.show(60_000, { records: 10 });
    screen.display.end();
    expect(screen.written).toEqual([]);
    expect(screen.isRunning).toBe(false);
  });
});
