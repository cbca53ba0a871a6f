import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dialect, isBlank, MAX_RECORD_LENGTH, RowScanner } from "../../src/connectors/csv/parse.js";

interface Row {
  readonly line: number;
  readonly cells: readonly (string | null)[] | null;
  readonly raw: string;
}

const code = (character: string): number => (character === "" ? -1 : character.charCodeAt(0));

function dialectOf(given: { delimiter?: string; quote?: string; escape?: string; trim?: boolean } = {}): Dialect {
  const { delimiter = ",", quote = '"', escape: mark = quote, trim = false } = given;
  return { delimiter: code(delimiter), quote: code(quote), escape: code(mark), trim };
}

/** All rows, the text being given in pieces of `size`; cells are null for a row that cannot be split. */
function scan(text: string, dialect: Dialect = dialectOf(), size = text.length + 1): Row[] {
  const scanner = new RowScanner(dialect);
  const rows: Row[] = [];
  const drain = () => {
    while (scanner.next()) {
      const cells = scanner.fault === null ? Array.from({ length: scanner.count }, (_, index) => scanner.cell(index)) : null;
      rows.push({ line: scanner.line, cells, raw: scanner.raw() });
    }
  };
  for (let at = 0; at < text.length; at += size) {
    scanner.push(text.slice(at, at + size));
    drain();
  }
  scanner.push("", true);
  drain();
  return rows;
}

const cellsOf = (text: string, dialect?: Dialect, size?: number) => scan(text, dialect, size).map(({ cells }) => cells);
const linesOf = (text: string, dialect?: Dialect, size?: number) =>
  scan(text, dialect, size).map(({ line, cells }) => [line, cells !== null]);

const text = fc.oneof(
  fc.constantFrom(
    "",
    "报销",
    '"',
    '""',
    "a,b",
    "x;y",
    "\t",
    "第一行\n第二行",
    "\r\n",
    "\r",
    " 左",
    "右 ",
    "\u3000",
    "😀",
    "\\",
    '\\"',
    "0042",
    "-1.50",
  ),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", " ", "a", "中", "\\", ";"), maxLength: 8 }),
);
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
const style = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|", "，"),
  quote: fc.constantFrom('"', "'"),
  record_delimiter: fc.constantFrom("\n", "\r\n"),
  quoted: fc.boolean(),
});

/** Whatever csv-stringify leaves unquoted but a reader could take for something else. */
const needsQuotes = { quoted_match: /[\r\n"']|^\s|\s$/ };

describe("rows that keep the rules", () => {
  test("read back as they were written, in pieces of any size", () => {
    fc.assert(
      fc.property(
        table,
        style,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (rows, { delimiter, quote, record_delimiter, quoted }, size, isOpen) => {
          let written = stringify(rows, { delimiter, quote, escape: quote, record_delimiter, quoted, ...needsQuotes });
          if (isOpen) written = written.slice(0, -record_delimiter.length);
          const wanted = rows.map((row) => row.map((cell) => (cell === "" ? null : cell)));
          expect(cellsOf(written, dialectOf({ delimiter, quote }), size)).toEqual(wanted);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test("read back where a backslash stands before quotes", () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9 }), (rows, size) => {
        const written = stringify(rows, { escape: "\\", quoted: true });
        expect(cellsOf(written, dialectOf({ escape: "\\" }), size)).toEqual(
          rows.map((row) => row.map((cell) => (cell === "" ? null : cell))),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("are what csv-parse reads", () => {
    fc.assert(
      fc.property(table, style, (rows, { delimiter, quote, record_delimiter, quoted }) => {
        const written = stringify(rows, { delimiter, quote, escape: quote, record_delimiter, quoted, ...needsQuotes });
        const theirs: string[][] = parse(written, { delimiter, quote, escape: quote, record_delimiter });
        expect(cellsOf(written, dialectOf({ delimiter, quote }))).toEqual(
          theirs.map((row) => row.map((cell) => (cell === "" ? null : cell))),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("have the physical line on which they start, whatever stands in their cells", () => {
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), fc.integer({ min: 1, max: 9 }), (rows, record_delimiter, size) => {
        const written = rows.map((row) => stringify([row], { record_delimiter, ...needsQuotes }));
        let line = 1;
        const wanted = written.map((row) => {
          const at = line;
          line += row.split("\n").length - 1;
          return at;
        });
        expect(scan(written.join(""), dialectOf(), size).map((row) => row.line)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });

  test("may end in a lone carriage return, where a file has no line feed", () => {
    expect(cellsOf('单号,金额\r1,"2"\r3,4', dialectOf())).toEqual([
      ["单号", "金额"],
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  test("keep a carriage return that is not at their end", () => {
    expect(cellsOf('a,b\r\n1\r2,"3\r"\r\n')).toEqual([
      ["a", "b"],
      ["1\r2", "3\r"],
    ]);
  });

  test("may have blanks around cells and around quotes, which trimming drops", () => {
    expect(cellsOf('\u3000甲 ,"乙"\t, " 丙,丁 " ,\u00a0\r\n', dialectOf({ trim: true }))).toEqual([["甲", "乙", "丙,丁", null]]);
    expect(cellsOf('甲\t"乙" \t 丙', dialectOf({ trim: true, delimiter: "\t" }))).toEqual([["甲", "乙", "丙"]]);
  });

  test("may hold quotes as they are in a file without quoting", () => {
    expect(cellsOf('5" 管,"甲\n', dialectOf({ quote: "" }))).toEqual([['5" 管', '"甲']]);
  });

  test("keep a backslash that escapes nothing", () => {
    expect(cellsOf('"C:\\temp\\","a\\\\"\n', dialectOf({ escape: "\\" }))).toEqual([null]);
    expect(cellsOf('"C:\\temp","a\\\\"\n', dialectOf({ escape: "\\" }))).toEqual([["C:\\temp", "a\\"]]);
  });

  test("trim exactly the characters String.trim does", () => {
    for (let each = 0; each <= 0xffff; each += 1) expect(isBlank(each), each.toString(16)).toBe(String.fromCharCode(each).trim() === "");
  });
});

describe("a stray quote", () => {
  test.each([
    ["inside a plain cell", '2,螺丝 3"钉,4'],
    ["at the end of a plain cell", '2,螺丝 3",4'],
    ["after a closing quote", '2,"螺丝"钉,4'],
    ["that opens a cell and is never closed", '2,"螺丝,4'],
    ["alone at the start of a line", '"'],
    ["that opens the last cell", '2,3,"'],
  ])("%s damages its own line only", (_, bad) => {
    const file = `a,b,c\n1,x,y\n${bad}\n3,"好,的",y\n4,"多\n行",y\n5,x,""\n`;
    for (let size = 1; size <= file.length; size += 1) {
      expect(linesOf(file, dialectOf(), size)).toEqual([
        [1, true],
        [2, true],
        [3, false],
        [4, true],
        [5, true],
        [7, true],
      ]);
    }
  });

  test("in the last line is found at its line", () => {
    expect(scan('a,b\n1,"2\n3,4')).toEqual([
      { line: 1, cells: ["a", "b"], raw: "a,b" },
      { line: 2, cells: null, raw: '1,"2' },
      { line: 3, cells: ["3", "4"], raw: "3,4" },
    ]);
  });

  test("in every other line costs those lines", () => {
    const file = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? `${index},"坏,1` : `${index},好,1`)).join("\r\n");
    for (const size of [1, 7, 64, 10_000]) {
      expect(linesOf(file, dialectOf({ trim: true }), size)).toEqual(
        Array.from({ length: 200 }, (_, index) => [index + 1, index % 2 === 1]),
      );
    }
  });

  test("put anywhere leaves every line without it as it was, or reports it", () => {
    const line = fc.integer({ min: 0, max: 999 }).map((number) => `${number},甲乙,"丙,丁"`);
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 2, maxLength: 10 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        (lines, which, where, size) => {
          const at = which % lines.length;
          const damaged = lines.map((each, index) => {
            const position = where % (each.length + 1);
            return index === at ? `${each.slice(0, position)}"${each.slice(position)}` : each;
          });
          const rows = scan(damaged.join("\n"), dialectOf(), size);
          const good = new Map(rows.map((row) => [row.line, row]));
          for (const [index, each] of lines.entries()) {
            if (index === at) continue;
            const row = good.get(index + 1);
            // A line that ends the damaged cell by a rule-abiding quote is part of that row; then its text is there.
            if (row === undefined) expect(rows.some(({ raw }) => raw.includes(each))).toBe(true);
            else expect(row.cells).toEqual([each.split(",")[0], "甲乙", "丙,丁"]);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("is read the same in pieces of any size", () => {
    const noise = fc.string({ unit: fc.constantFrom('"', '"', ",", "\n", "\r", " ", "a", "中"), maxLength: 40 });
    fc.assert(
      fc.property(noise, fc.integer({ min: 1, max: 9 }), fc.boolean(), (noisy, size, trim) => {
        const dialect = dialectOf({ trim });
        // The kind of line break must be settled by the first piece for the comparison to be fair.
        const file = `x\n${noisy}`;
        expect(scan(file, dialect, size)).toEqual(scan(file, dialect));
      }),
      { numRuns: 3000 },
    );
  });

  test("with no line lost: every line is in some row's text", () => {
    const noise = fc.array(fc.string({ unit: fc.constantFrom('"', ",", " ", "a", "中"), minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(noise, fc.boolean(), (lines, trim) => {
        const rows = scan(lines.join("\n"), dialectOf({ trim }));
        expect(rows.map(({ raw }) => raw).join("\n")).toBe(lines.join("\n"));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a row without end", () => {
  const filler = "填".repeat(MAX_RECORD_LENGTH + 10);

  test.each([4096, 300_000, 10_000_000])("is a fault of its line, in pieces of %i", (size) => {
    expect(linesOf(`a,b\n1,${filler}\n2,x\n`, dialectOf(), size)).toEqual([
      [1, true],
      [2, false],
      [3, true],
    ]);
  });

  test.each([4096, 300_000, 10_000_000])("because a quote is never closed is a fault of its first line, in pieces of %i", (size) => {
    const rows = Array.from({ length: 60_000 }, (_, index) => `${index},二十个字二十个字二十个字二十个字二十个字`);
    const found = linesOf(`a,"b\n${rows.join("\n")}\n`, dialectOf(), size);
    expect(found).toHaveLength(60_001);
    expect(found.filter(([, isGood]) => !isGood)).toEqual([[1, false]]);
  });
});

describe("keepFirstLine", () => {
  test("reads on at the second line of a row that takes several", () => {
    const scanner = new RowScanner(dialectOf());
    scanner.push('"1\n2,3\n4"\n5,6', true);
    expect([scanner.next(), scanner.lines, scanner.line]).toEqual([true, 3, 1]);
    scanner.keepFirstLine();
    expect(scanner.raw()).toBe('"1');
    expect([scanner.next(), scanner.line, scanner.cell(0), scanner.cell(1)]).toEqual([true, 2, "2", "3"]);
    expect([scanner.next(), scanner.line, scanner.fault !== null]).toEqual([true, 3, true]);
    expect([scanner.next(), scanner.line, scanner.cell(1)]).toEqual([true, 4, "6"]);
    expect(scanner.next()).toBe(false);
  });
});
