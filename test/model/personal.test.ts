import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Document, Line } from "../../src/model/document.js";
import { documentCover, wordsAbout } from "../../src/model/document-cover.js";
import {
  coveredText,
  coveredValue,
  coveredWords,
  type PersonalTexts,
  PersonalValues,
  personalSpans,
  type TextPart,
  type TextShape,
} from "../../src/model/personal.js";

const PERSON: TextPart = { personal: true };
const OTHER: TextPart = { personal: false };
/** `报销 ${单据编号} ${报销人}` */
const CLAIM: TextShape = [{ text: "报销 " }, OTHER, { text: " " }, PERSON];

describe("a personal value as it is shown", () => {
  test.each([
    ["a Chinese name keeps the surname", "张伟", "张**"],
    ["whatever its length", "欧阳修远", "欧**"],
    ["another name its first letter", "Li Na", "L**"],
    ["one character is not shown", "伟", "**"],
    ["an address at a mail server", "zhang.wei@example.com", "z**"],
    ["the number of a bank account keeps four digits", "6222 0210 0101 2345 678", "**5678"],
    ["so does a telephone", "138-0013-8000", "**8000"],
    ["and an IBAN", "DE89 3704 0044 0532 0130 00", "**3000"],
    ["and an identity card, with its check letter", "11010519491231002X", "**002X"],
    ["a birthday does not", "1990-01-01", "1**"],
    ["nothing is nothing", "", ""],
  ])("%s", (_, value, shown) => expect(coveredValue(value)).toBe(shown));

  test("two people who look alike are told apart, and the same one is the same", () => {
    const values = new PersonalValues();
    expect(["张伟", "张三", "李娜", "张伟", "张三"].map((name) => values.cover(name))).toEqual([
      "张**",
      "张**#2",
      "李**",
      "张**",
      "张**#2",
    ]);
  });
});

describe("where a text is personal", () => {
  const shown = (text: string, ...shapes: TextShape[]): string => coveredText(text, shapes, coveredValue);

  test("only the part that shows the person is covered", () => expect(shown("报销 BX26110012 张伟", CLAIM)).toBe("报销 BX26110012 张**"));

  test("where it can be read in several ways, all that may be the person", () => {
    expect(shown("Li Na BX1", [PERSON, { text: " " }, OTHER])).toBe("L** BX1");
    expect(shown("市场部张伟", [OTHER, PERSON])).toBe("市**");
  });

  test("a text that is not of its template is covered whole", () => expect(shown("付张伟餐费", CLAIM)).toBe("付**"));

  test("what is written out in the template is nobody's", () => {
    expect(shown("进项税额", [{ text: "进项税额" }], [PERSON])).toBe("进项税额");
    expect(shown("张伟", [{ text: "进项税额" }], [PERSON])).toBe("张**");
  });

  test("a text without personal parts is as it is", () => expect(shown("任意", [OTHER], [{ text: "x" }])).toBe("任意"));

  test("whatever the values hold, no character of a person is left standing", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", " ", "-"), maxLength: 5 });
    const part = fc.oneof(fc.record({ text: letters }), fc.record({ personal: fc.boolean(), value: letters }));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const shape = parts.map((each): TextPart => ("text" in each ? each : { personal: each.personal }));
        let text = "";
        const people: [number, number][] = [];
        for (const each of parts) {
          const own = "text" in each ? each.text : each.value;
          if ("personal" in each && each.personal) people.push([text.length, text.length + own.length]);
          text += own;
        }
        // A text that a template without values gives as well is nobody's; there is only one template here.
        const spans = personalSpans(text, [shape]);
        for (const [start, end] of people) if (end > start) expect(spans.some((span) => span.start <= start && end <= span.end)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the words of another system", () => {
  test("lose every form of a value that was sent", () => {
    const person = "张伟";
    for (const form of [person, encodeURIComponent(person), "\\u5f20\\u4f1f", "\\u5F20\\u4F1F", Buffer.from(person).toString("base64")])
      expect(coveredWords(`unknown ${form} here`, [person])).toBe("unknown 张** here");
    expect(coveredWords("LI NA and li+na", ["Li Na"])).toBe("L** and L**");
  });

  test("also where the words were cut in the middle of it", () => {
    expect(coveredWords("no account 622202100…", ["6222021001012345678"])).toBe("no account **…");
    expect(coveredWords("no account 6…", ["6222021001012345678"])).toBe("no account 6…");
  });

  test("a value of one character stays, because it stands anywhere by chance", () => expect(coveredWords("a car", ["a"])).toBe("a car"));
});

const LINE: Line = {
  side: "debit",
  amountMinor: 100n,
  account: "6602",
  text: "打车",
  partner: "E0012",
  dimensions: { 部门: "D1", 经办: "李娜" },
};
const CREDIT: Line = { side: "credit", amountMinor: 100n, account: "2241", text: "报销 BX26110012 张伟", partner: null, dimensions: {} };
const DOCUMENT: Document = {
  type: "journal",
  key: "BX26110012",
  date: "2026-11-20",
  currency: "CNY",
  text: "报销 BX26110012 张伟（补充）",
  attachments: 0,
  fields: { word: "记" },
  lines: [LINE, CREDIT],
};
const TEXTS: PersonalTexts = {
  keys: false,
  text: CLAIM,
  fields: { word: [{ text: "记" }] },
  lines: [
    { account: "6602", text: [OTHER], partner: [OTHER], dimensions: { 部门: [OTHER], 经办: [PERSON] }, fields: {} },
    { account: "2241", text: null, partner: null, dimensions: {}, fields: {} },
  ],
};

describe("a document as it is shown", () => {
  test("what is personal is covered, the same person in the same way, and all else stays", () => {
    const shown = documentCover(TEXTS).document(DOCUMENT);
    expect(shown).toEqual({
      ...DOCUMENT,
      text: "报销 BX26110012 张**（补充）",
      lines: [
        { ...LINE, dimensions: { 部门: "D1", 经办: "李**" } },
        { ...CREDIT, text: "报销 BX26110012 张**" },
      ],
    });
  });

  test("of a pipeline that is gone, every text is covered, and amounts, days, accounts and keys are not", () => {
    const { key, date, text, lines } = documentCover(null).document(DOCUMENT);
    expect([key, date, text, lines[0]?.account, lines[0]?.amountMinor]).toEqual(["BX26110012", "2026-11-20", "报**（补充）", "6602", 100n]);
    expect([lines[0]?.text, lines[0]?.partner, lines[0]?.dimensions]).toEqual(["打**", "E**", { 部门: "D**", 经办: "李**" }]);
  });

  test("what a system says of it loses the people in it, and nothing else", () => {
    expect(wordsAbout("employee 李娜 of BX26110012 (张伟) is not known", [DOCUMENT], TEXTS)).toBe(
      "employee 李** of BX26110012 (张**) is not known",
    );
  });
});
