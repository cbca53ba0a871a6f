import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connector } from "../../src/connectors/xml/index.js";
import { XmlSourceOptions } from "../../src/connectors/xml/options.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, folderWith, outcomeOf, put } from "./csv-setup.js";
import { opener, reader } from "./file-setup.js";

const open = opener(connector, XmlSourceOptions);
const read = reader(connector, XmlSourceOptions, "a.xml");
const fixture = readFileSync(new URL("../../fixtures/connectors/xml/invoices.xml", import.meta.url));

sourceConformance("xml", () => {
  const item = (index: number) => `<item no="BX-${index}"><金额>${index}.5</金额><收款><户名>张三</户名></收款><备注/></item>`;
  const items = Array.from({ length: 5000 }, (_, index) => item(index)).join("\n");
  const folder = folderWith({
    "1.xml": `<list>${items}</list>`,
    "2.xml": `<list>${item(1)}</list>`,
    "3.xml": "<list><item/></list>",
    "4.xml": `<list>${items}</list>`,
  });
  return {
    folder,
    columns: columnsOf("金额", "@no", "收款.户名", "备注"),
    open: (context) => open(folder, { element: "/list/item" }, context),
  };
});

describe("a record", () => {
  test("has elements by their path, attributes with @, and the text of its own element", async () => {
    const text = '<r><i a="1">x<b c=" 2 ">3</b><d><e>4</e><e2/></d></i></r>';
    expect((await read(text, ["@a", "b", "b.@c", "d.e", "d.e2", "."], { element: "i" })).rows).toEqual([["1", "3", "2", "4", null, "x"]]);
    expect((await read(text, ["b.@c"], { element: "i", trim: false })).rows).toEqual([[" 2 "]]);
  });

  test("with an element several times waits, or has its texts joined", async () => {
    const text = "<r><i><t>a</t><t>b</t><n>1</n></i><i><t>c</t><n>2</n></i></r>";
    expect((await read(text, ["n"], { element: "i" })).rows).toEqual([["1"], ["2"]]);
    const { rows, malformed } = await read(text, ["n", "t"], { element: "i" });
    expect(rows).toEqual([["2", "c"]]);
    expect(malformed).toMatchObject([
      { line: 1, text: "t=…,n=1", problem: { code: "RECORD_MALFORMED", message: "`t` stands 2 times in the record" } },
    ]);
    expect((await read(text, ["t"], { element: "i", repeated: { join: "; " } })).rows).toEqual([["a; b"], ["c"]]);
  });

  test("whose column holds elements waits", async () => {
    const { malformed } = await read("<r><i><p><n>1</n></p></i></r>", ["p"], { element: "i" });
    expect(malformed).toMatchObject([{ problem: { message: "`p` holds other elements, expected text" } }]);
  });

  test("may be of one element within another of its name, which is then a part of it", async () => {
    expect((await read("<i><a>1</a><i><a>2</a></i></i>", ["a", "i.a"], { element: "i" })).rows).toEqual([["1", "2"]]);
  });

  test("can be left out, and is counted", async () => {
    const text = "<r><i><a>1</a></i><i><a>合计</a></i><i><a>2</a><x>z</x></i></r>";
    const { rows, lines, events } = await read(text, ["a"], { element: "i", ignore: [{ column: "a", matches: "^合计$" }, "x=z"] });
    expect([rows, lines]).toEqual([[["1"]], [1]]);
    expect(events.at(-1)).toMatchObject({ leftOut: 2 });
  });

  test("lacks a column only where no record has it", async () => {
    expect((await read("<r><i><a>1</a></i><i><b>2</b></i></r>", ["a"], { element: "i" })).rows).toEqual([["1"], [null]]);
    const { problems, complete } = await read("<r><i><金额元>1</金额元></i></r>", ["金额"], { element: "i" });
    expect(complete).toEqual([]);
    expect(problems).toMatchObject([
      {
        code: "SOURCE_MISSING_COLUMN",
        message: "`a.xml` has no column `金额`; its columns are `金额元`; the nearest to `金额` is `金额元`",
      },
    ]);
  });
});

describe("the place of the records", () => {
  const text = "<r><list></list><other><item><a>1</a></item></other></r>";

  test("is a whole path, or a name at any depth", async () => {
    expect((await read(text, ["a"], { element: "item" })).rows).toEqual([["1"]]);
    expect((await read(text, ["a"], { element: "/r/other/item" })).rows).toEqual([["1"]]);
    expect((await read(text, ["a"], { element: "/r/list/item" })).complete).toEqual(["a.xml"]);
  });

  test.each([
    ["/r/lists/item", "`a.xml` has no element `/r/lists`; its elements are `r`, `list`, `other`, `item`, `a`"],
    ["items", "`a.xml` has no element `items`; its elements are `r`, `list`, `other`, `item`, `a`"],
  ])("that is not there is a mistake: %s", async (element, message) => {
    expect((await read(text, ["a"], { element })).problems).toMatchObject([{ code: "SOURCE_FORMAT", message }]);
  });
});

describe("namespaces", () => {
  const columns = ["@id", "Date", "Seller.Name", "Amount.@currency", "Note"];

  test("are passed over, or told apart by prefixes of one's own", async () => {
    const { rows, malformed } = await read(fixture, columns, { element: "/Invoices/Invoice" });
    expect(malformed).toEqual([]);
    expect(rows).toEqual([
      ["00042", "2026-01-31", "上海甲公司 & 合作社", "CNY", "差旅 <两次>"],
      ["00043", "2026-02-01", "北京乙公司", "USD", null],
    ]);
    expect((await read(fixture, ["Amount"], { element: "Invoice" })).malformed).toHaveLength(2);
    const given = { element: "/Invoices/Invoice", namespaces: { e: "urn:example:extension" } };
    expect((await read(fixture, ["Amount", "e:Amount"], given)).rows).toEqual([
      ["1280.00", "1.28"],
      ["3.50", "0"],
    ]);
  });

  test("that are not declared are a mistake in the file", async () => {
    expect((await read("<a:r/>", ["a"], { element: "r" })).problems).toMatchObject([{ code: "SOURCE_FORMAT" }]);
  });
});

describe("a file that is broken or dangerous", () => {
  test.each([
    ["<r><i></r>", "unexpected close tag", 1],
    ["<r>\n<i>", "unclosed tag: i", 2],
    ["", "document must contain a root element", 1],
    ["<r>&nbsp;</r>", "undefined entity", 1],
    ["<r a=1/>", "unquoted attribute value", 1],
    ["<r/><r/>", "documents may contain only one root", 1],
    ["text", "text data outside of root node", 1],
    ['<!DOCTYPE r [<!ENTITY a "aaaa">]>\n<r>&a;</r>', "it has a document type (`<!DOCTYPE`)", 1],
    ['<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "it has a document type (`<!DOCTYPE`)", 1],
    [`${"<a>".repeat(300)}`, "its elements are nested more than 200 deep", 1],
    ["<r>\u0001</r>", "disallowed character", 1],
  ])("is abandoned with the place: %j", async (text, reason, line) => {
    const { problems, complete, rows } = await read(text, ["a"], { element: "i" });
    expect([complete, rows]).toEqual([[], []]);
    expect(problems).toMatchObject([{ code: "SOURCE_FORMAT", at: [{ line }] }]);
    expect(problems[0]?.message).toContain(reason);
  });

  test("by one record or one run of text that fills the memory is abandoned", async () => {
    const long = "x".repeat(9 * 1024 * 1024);
    expect((await read(`<r><i><a>${long}</a></i></r>`, ["a"], { element: "i" })).problems).toMatchObject([{ code: "SOURCE_FORMAT" }]);
    const many = "<a>x</a>".repeat(200_000);
    expect((await read(`<r>${many}</r>`, ["a"], { element: "r" })).problems).toMatchObject([
      { code: "SOURCE_TOO_LARGE", message: "the record that begins on line 1 of `a.xml` is larger than 16 MB" },
    ]);
  });
});

describe("the encoding", () => {
  const text = (declaration: string) => `<?xml version="1.0"${declaration}?><r><i><a>中é</a></i></r>`;
  test.each<[string, Buffer]>([
    ["UTF-8 by default", Buffer.from(text(""))],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${text("")}`)],
    ["UTF-16 with a mark", Buffer.from(`\ufeff${text(' encoding="UTF-16"')}`, "utf16le")],
    ["UTF-16 without one", Buffer.from(text(' encoding="utf-16"'), "utf16le")],
  ])("is %s", async (_, content) => {
    expect((await read(content, ["a"], { element: "i" })).rows).toEqual([["中é"]]);
  });

  test("is taken at its word", async () => {
    const { problems } = await read(
      Buffer.concat([Buffer.from(text(' encoding="utf-8"').replace("中é", "")), Buffer.from([0xd6, 0xd0])]),
      ["a"],
      { element: "i" },
    );
    expect(problems).toMatchObject([{ code: "SOURCE_DECODE" }]);
    expect((await read(text(' encoding="EBCDIC-CP-US"'), ["a"], { element: "i" })).problems).toMatchObject([
      { code: "SOURCE_DECODE", message: "`a.xml` says that its encoding is `EBCDIC-CP-US`, which is not known" },
    ]);
  });
});

describe("any records", () => {
  const content = fc.string({ unit: fc.constantFrom("报", "a", "&", "<", ">", '"', "'", "]]>", "é", "😀", "1"), maxLength: 6 });
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

  test("read back equal, in files of any layout", async () => {
    const folder = folderWith({});
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: content, a: content, b: content }), { maxLength: 20 }),
        fc.constantFrom("", "\n", "\r\n\t"),
        async (records, blank) => {
          const items = records.map(
            ({ id, a, b }) => `<i id="${escaped(id)}">${blank}<a>${escaped(a)}</a><p>${blank}<b>${escaped(b)}</b></p></i>`,
          );
          put(folder, "a.xml", `<r>${items.join(blank)}</r>`);
          const { rows, malformed, problems } = await outcomeOf(open(folder, { element: "/r/i" }), columnsOf("@id", "a", "p.b"));
          expect([malformed, problems]).toEqual([[], []]);
          expect(rows).toEqual(records.map(({ id, a, b }) => [id, a, b].map((each) => (each === "" ? null : each))));
        },
      ),
      { numRuns: 200 },
    );
  });
});
