import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import type { Document } from "../../src/model/document.js";
import type { Held, Posting } from "../../src/model/posting.js";
import { aDocument, aLine, openHttp, type Reply, reversalOf, serve, thrownBy } from "./http-setup.js";

type Read = NonNullable<HttpTargetOptions["read"]>;
type Mapped = Read["document"];

const READ: Read = {
  method: "GET",
  path: "/vouchers/{$.reference}?key={$.idempotencyKey}",
  document: {},
  gone: [{ when: { status: 404 } }, { when: { path: "$.cancelledBy", exists: true }, reference: "$.cancelledBy" }],
  draft: { path: "$.status", equals: "A" },
};
const COLUMNS: Mapped["lines"] = { list: "$.lines", account: "$$.account", debit: "$$.debit", credit: "$$.credit" };
const DOCUMENT = aDocument({
  fields: { word: "记" },
  lines: [
    aLine({ amountMinor: 120_050n, dimensions: { 部门: "D01" } }),
    aLine({ amountMinor: -50n, text: "红字" }),
    aLine({ side: "credit", account: "224101", partner: "E001", amountMinor: 120_000n }),
  ],
});

async function read(reply: Reply, more: Partial<Read> = {}, document: Document = DOCUMENT): Promise<Held | undefined> {
  const { url } = await serve(() => reply);
  return (await openHttp(url, { target: { read: { ...READ, ...more } } }).read?.([postingOf(document)]))?.[0];
}

function postingOf(document: Document): Posting {
  return reversalOf(document, "V-1").posting;
}

async function held(body: unknown, mapped: Mapped, document: Document = DOCUMENT): Promise<Document> {
  const answer = await read({ body }, { document: mapped }, document);
  if (answer?.kind !== "held") throw new Error(JSON.stringify(answer));
  return answer.document;
}

describe("asking what became of a posting", () => {
  test("by its number, each with its own answer, in order", async () => {
    const { url, received } = await serve((request) => (request.url.includes("V-2") ? { status: 404 } : { body: { status: "A" } }));
    const target = openHttp(url, { target: { read: READ } });
    const postings = ["V-1", "V-2", "V-3"].map((reference) => ({ ...postingOf(DOCUMENT), reference }));
    expect((await target.read?.(postings))?.map((each) => (each.kind === "held" ? each.isDraft : each))).toEqual([
      true,
      { kind: "gone", reference: null },
      true,
    ]);
    expect(received.map(({ url: asked }) => asked).sort()[0]).toBe("/vouchers/V-1?key=expense%2FBX-001%2F1");
  });

  test("cancelled, with the number that did it; or there, and no draft", async () => {
    expect(await read({ body: { cancelledBy: "V-9" } })).toEqual({ kind: "gone", reference: "V-9" });
    expect(await read({ body: { cancelledBy: null, status: "C" } })).toEqual({ kind: "held", document: DOCUMENT, isDraft: false });
  });

  test("what stands under its number with another key is somebody else's", async () => {
    const key = { key: "$.externalId" };
    expect(await read({ body: { externalId: "expense/BX-001/1" } }, key)).toMatchObject({ kind: "held" });
    expect(await read({ body: { externalId: "expense/BX-002/1" } }, key)).toEqual({ kind: "gone", reference: null });
    expect((await thrownBy(() => read({ body: {} }, key))).message).toContain("no key where `read.key` says");
  });

  test.each([
    ["404 that no rule is about", { status: 404 }, { gone: undefined as never }],
    ["an error of the server", { status: 500 }, {}],
    ["a page of a proxy", { body: "<html>" }, {}],
    ["a refusal", { status: 403, body: { cancelledBy: "V-2" } }, {}],
    ["a template that needs what the posting does not have", { body: {} }, { path: "/v/{$.document.fields.invoice}" }],
  ] satisfies [string, Reply, Partial<Read>][])("%s is no answer", async (_, reply, more) => {
    const { gone, ...rest } = { ...READ, ...more };
    const { url } = await serve(() => reply);
    const target = openHttp(url, { target: { read: gone === undefined ? rest : { ...rest, gone } } });
    const problem = await thrownBy(() => target.read?.([postingOf(DOCUMENT)]));
    expect(problem.code).toBe("TARGET_UNAVAILABLE");
    expect(problem.message).toContain("so nobody can tell what it holds of the posting");
  });
});

describe("the header", () => {
  test.each([
    ["2026-11-20", "2026-11-20"],
    ["2026-11-20T00:00:00", "2026-11-20"],
    ["2026/11/20 08:15", "2026-11-20"],
    ["20261120", "2026-11-20"],
    [20261120, "2026-11-20"],
    // Midnight in Shanghai.
    ["2026-11-19T16:00:00Z", "2026-11-20"],
    ["2026-11-20T15:59:59.999+00:00", "2026-11-20"],
  ])("a date written %j", async (date, expected) => {
    expect((await held({ date }, { date: "$.date" })).date).toBe(expected);
  });

  test("currency, text, attachments and fields; what is empty there is empty", async () => {
    const mapped: Mapped = { currency: "$.c", text: "$.t", attachments: "$.n", fields: { word: "$.w", invoice: "$.i" } };
    expect(await held({ c: "JPY", t: "改", n: "3", w: null, i: 7 }, mapped)).toEqual({
      ...DOCUMENT,
      currency: "JPY",
      text: "改",
      attachments: 3,
      fields: { invoice: "7" },
    });
    expect(await held({ c: "CNY", t: null, w: "转" }, mapped)).toMatchObject({ text: "", attachments: 0, fields: { word: "转" } });
  });

  test("a header field that does not exist is refused", async () => {
    const target = { read: { ...READ, document: { fields: { wort: "$.w" } } } };
    const problem = await thrownBy(() => openHttp("http://127.0.0.1:1", { target }));
    expect(problem).toMatchObject({ code: "CONFIG_WRONG_VALUE", hint: "did you mean `word`?" });
  });

  test.each([
    [{ date: "$.v" }, "20.11.2026", "is not a date"],
    [{ date: "$.v" }, "2026-02-30", "is not a date"],
    [{ date: "$.v" }, null, "is not a date"],
    [{ currency: "$.v" }, "人民币", "is not an ISO 4217 code"],
    [{ attachments: "$.v" }, -1, "is not a number of papers"],
    [{ text: "$.v" }, { a: 1 }, "is not one value"],
  ] satisfies [Mapped, unknown, string][])("%j of %j cannot be read", async (mapped, v, message) => {
    expect((await thrownBy(() => held({ v }, mapped))).message).toContain(message);
  });
});

describe("the lines", () => {
  const line = (account: string, debit: unknown, credit: unknown = "", more: object = {}) => ({ account, debit, credit, ...more });
  const lines = [line("660201", "1200.50", 0), line("660201", "-0.50"), line("224101", null, "1,200.00")];

  test("as they were posted, in any order: what is not mapped is as it was posted", async () => {
    expect((await held({ lines }, { lines: COLUMNS })).lines).toEqual(DOCUMENT.lines);
    const [a, b, c] = DOCUMENT.lines;
    expect((await held({ lines: [...lines].reverse() }, { lines: COLUMNS })).lines).toEqual([c, b, a]);
  });

  test("one with another amount keeps what is not mapped, so that only the amount is a difference", async () => {
    const edited = [line("660201", "1200.51"), ...lines.slice(1)];
    expect((await held({ lines: edited }, { lines: COLUMNS })).lines).toEqual([
      { ...DOCUMENT.lines[0], amountMinor: 120_051n },
      ...DOCUMENT.lines.slice(1),
    ]);
  });

  test("added and missing ones", async () => {
    const extra = line("6603", 1, null);
    expect((await held({ lines: [...lines, extra] }, { lines: COLUMNS })).lines.at(-1)).toEqual(
      aLine({ account: "6603", amountMinor: 100n, text: "" }),
    );
    expect((await held({ lines: lines.slice(1) }, { lines: COLUMNS })).lines).toEqual(DOCUMENT.lines.slice(1));
  });

  test("text, partner and dimensions", async () => {
    const columns: Mapped["lines"] = { ...COLUMNS, text: "$$.t", partner: "$$.p", dimensions: { 部门: "$$.d.code", 项目: "$$.j" } };
    const told = [
      line("660201", "1200.5", "", { t: "差旅费", p: "", d: { code: "D02" }, j: null }),
      line("660201", "-.5".replace("-.", "-0."), "", { t: "红字", p: null }),
      line("224101", "", 1200, { t: "差旅费", p: "E001" }),
    ];
    expect((await held({ lines: told }, { lines: columns })).lines).toEqual([
      { ...DOCUMENT.lines[0], dimensions: { 部门: "D02" } },
      DOCUMENT.lines[1],
      DOCUMENT.lines[2],
    ]);
  });

  test("an amount with a side", async () => {
    const columns: Mapped["lines"] = {
      list: "$.lines",
      account: "$$.a",
      amount: "$$.v",
      side: { path: "$$.dc", debit: 1, credit: "-1" },
    };
    const told = [
      { a: "660201", v: 1200.5, dc: "1" },
      { a: "660201", v: -0.5, dc: 1 },
      { a: "224101", v: 1200, dc: -1 },
    ];
    expect((await held({ lines: told }, { lines: columns })).lines).toEqual(DOCUMENT.lines);
    const strange = await thrownBy(() => held({ lines: [{ a: "1", v: 1, dc: "D" }] }, { lines: columns }));
    expect(strange.message).toContain("is not a side");
  });

  test("a signed amount, as payables have it", async () => {
    const columns: Mapped["lines"] = { list: "$.lines", account: "$$.a", amount: "$$.v" };
    const payable = aDocument({ type: "payable", lines: [aLine(), aLine({ side: "credit", amountMinor: 30n })] });
    expect(
      (
        await held(
          {
            lines: [
              { a: "660201", v: "-0.30" },
              { a: "660201", v: "100" },
            ],
          },
          { lines: columns },
          payable,
        )
      ).lines,
    ).toEqual([...payable.lines].reverse());
    expect(
      (
        await held(
          {
            lines: [
              { a: "660201", v: 100 },
              { a: "660201", v: -0.4 },
            ],
          },
          { lines: columns },
          payable,
        )
      ).lines[1],
    ).toEqual(aLine({ side: "credit", amountMinor: 40n }));
  });

  test("amounts keep every digit, as numbers and as texts, however they are written", async () => {
    const cents = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).filter((amount) => amount !== 0n);
    const written = (minor: bigint): string =>
      `${minor < 0n ? "-" : ""}${String(minor).replace("-", "").padStart(3, "0").replace(/(..)$/, ".$1")}`;
    const { url, received } = await serve(() => ({ body }));
    let body = "";
    const target = openHttp(url, { target: { read: { ...READ, document: { lines: COLUMNS } } } });
    await fc.assert(
      fc.asyncProperty(cents, fc.constantFrom("text", "number", "exponent", "zeros"), async (minor, form) => {
        const forms = {
          text: JSON.stringify(written(minor)),
          number: written(minor),
          exponent: `${minor}e-2`,
          zeros: JSON.stringify(`${written(minor)}000`),
        };
        body = `{"lines":[{"account":"1","debit":${forms[form]}}]}`;
        const [answer] = (await target.read?.([postingOf(DOCUMENT)])) ?? [];
        expect(answer?.kind === "held" ? answer.document.lines[0]?.amountMinor : null).toBe(minor);
      }),
      { numRuns: 60 },
    );
    expect(received.length).toBe(60);
  });

  test.each([
    [[line("1", "12.345")], "is not an amount in CNY"],
    [[line("1", "zwölf")], "is not an amount"],
    [[line("1", "1.234,50")], "is not an amount"],
    [[line("1", "1", "1")], "a line has a debit and a credit"],
    [{ "0": line("1", 1) }, "there is no list at `$.lines`"],
  ])("%j cannot be read", async (told, message) => {
    expect((await thrownBy(() => held({ lines: told }, { lines: COLUMNS }))).message).toContain(message);
  });

  test.each([
    { list: "$.l", account: "$$.a" },
    { list: "$.l", account: "$$.a", debit: "$$.d" },
    { list: "$.l", account: "$$.a", debit: "$$.d", credit: "$$.c", amount: "$$.v" },
  ])("options that do not say where the amount stands: %j", async (columns) => {
    const problem = await thrownBy(() => openHttp("http://127.0.0.1:1", { target: { read: { ...READ, document: { lines: columns } } } }));
    expect(problem.message).toBe("`read.document.lines` does not say where the amount stands");
  });
});
