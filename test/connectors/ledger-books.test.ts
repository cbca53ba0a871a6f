import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openBooks } from "../../src/connectors/ledger/books.js";
import { parseReference } from "../../src/connectors/ledger/voucher.js";
import { totalsOf } from "../../src/model/document.js";
import { aDocument, aFolder, aLedger, aLine, itemOf, only, openLedger, post, reversalOf } from "./ledger-setup.js";
import { balanced } from "./ledger-vouchers.js";

/** Three months, two currencies, one cancelled voucher. */
async function someBooks() {
  const { target, file } = aLedger();
  const yen = {
    currency: "JPY",
    lines: [aLine({ amountMinor: 5_000n }), aLine({ side: "credit", account: "100201", amountMinor: 5_000n })],
  };
  await post(
    target,
    aDocument({ key: "A", date: "2026-10-31" }),
    aDocument({ key: "B" }),
    aDocument({ key: "C", ...yen }),
    aDocument({ key: "D", date: "2026-12-01" }),
  );
  await target.reverse([reversalOf(aDocument({ key: "B" }), "2026-11 记-0001")]);
  return openBooks(file);
}

describe("trial balance", () => {
  test("over everything, by account code and currency", async () => {
    const books = await someBooks();
    const { rows, totals } = books.trialBalance();
    expect(rows).toEqual([
      row("100201", "银行存款:工行; 基本户", "asset", "JPY", 0n, 0n, 5_000n, -5_000n),
      row("224101", "员工往来", "liability", "CNY", 0n, 0n, 20_000n, -20_000n),
      row("660201", "差旅费", "expense", "CNY", 0n, 20_000n, 0n, 20_000n),
      row("660201", "差旅费", "expense", "JPY", 0n, 5_000n, 0n, 5_000n),
    ]);
    expect(totals).toEqual([
      { currency: "CNY", openingMinor: 0n, debitMinor: 20_000n, creditMinor: 20_000n, closingMinor: 0n },
      { currency: "JPY", openingMinor: 0n, debitMinor: 5_000n, creditMinor: 5_000n, closingMinor: 0n },
    ]);
    books.close();
  });

  test.each([
    [{ period: "2026-12" }, [10_000n, 10_000n, 0n, 20_000n]],
    [{ period: "2026-11" }, [10_000n, 0n, 0n, 10_000n]],
    [{ through: "2026-11" }, [0n, 10_000n, 0n, 10_000n]],
    [{ period: "2026-11", through: "2026-12" }, [10_000n, 10_000n, 0n, 20_000n]],
    [{ period: "2027-01" }, [20_000n, 0n, 0n, 20_000n]],
  ])("%o splits opening, movement and closing", async (request, figures) => {
    const books = await someBooks();
    const found = books.trialBalance({ ...request, currency: "CNY" }).rows.find(({ account }) => account === "660201");
    expect([found?.openingMinor, found?.debitMinor, found?.creditMinor, found?.closingMinor]).toEqual(figures);
    books.close();
  });

  function row(
    ...[account, name, type, currency, openingMinor, debitMinor, creditMinor, closingMinor]: [
      ...[string, string, string, string],
      ...[bigint, bigint, bigint, bigint],
    ]
  ) {
    return { account, name, type, currency, openingMinor, debitMinor, creditMinor, closingMinor };
  }
});

describe("finding vouchers", () => {
  test("by reference in every form, by external reference, by id, by document", async () => {
    const books = await someBooks();
    for (const name of ["2026-11 记-0001", "2026-11 记-1", "记-2026-11-0001", " 2026-11  记-0001 ", "expense/B/1", "2", 2]) {
      expect(books.voucher(name)?.documentKey, String(name)).toBe("B");
    }
    expect(books.voucher("记-0003")?.reference).toBe("2026-11 记-0003");
    expect(() => books.voucher("记-1")).toThrow(
      "USAGE: several months have a voucher `记-1`: `2026-10 记-0001`, `2026-11 记-0001`, `2026-12 记-0001`",
    );
    for (const name of ["2026-11 记-0009", "2026-11 转-0001", "转-1", "expense/Z/1", "99", 99, ""])
      expect(books.voucher(name), String(name)).toBeNull();
    expect(books.vouchersFor("B").map(({ reference, reverses, reversedBy }) => [reference, reverses, reversedBy])).toEqual([
      ["2026-11 记-0001", null, "2026-11 记-0003"],
      ["2026-11 记-0003", "2026-11 记-0001", null],
    ]);
    books.close();
  });

  test("month by month, in order of number, lines included", async () => {
    const books = await someBooks();
    expect([...books.journal("2026-11")].map(({ reference, lines }) => [reference, lines.length])).toEqual([
      ["2026-11 记-0001", 2],
      ["2026-11 记-0002", 2],
      ["2026-11 记-0003", 2],
    ]);
    expect([...books.journal({ to: "2026-10" })].map(({ reference }) => reference)).toEqual(["2026-10 记-0001"]);
    expect([...books.journal({ from: "2026-12" })].map(({ reference }) => reference)).toEqual(["2026-12 记-0001"]);
    expect([...books.journal()]).toHaveLength(5);
    books.close();
  });

  test("counts, currencies and months", async () => {
    const books = await someBooks();
    expect(books.counts()).toEqual({ vouchers: 5, lines: 10, reversals: 1, accountsUsed: 3 });
    expect(books.currencies()).toEqual(["CNY", "JPY"]);
    expect(books.periods()).toEqual([
      { period: "2026-10", status: "open", vouchers: 1 },
      { period: "2026-11", status: "open", vouchers: 3 },
      { period: "2026-12", status: "open", vouchers: 1 },
    ]);
    books.close();
  });

  test("months are noted as closed once the connection says so and something is posted", async () => {
    const { target, file } = aLedger();
    await post(target, aDocument({ date: "2026-10-31" }));
    await post(openLedger({ file, periods: { closed_through: "2026-10", closed: ["2027-02"] } }), aDocument({ key: "BX-002" }));
    const books = openBooks(file);
    expect(books.periods().map(({ period, status }) => [period, status])).toEqual([
      ["2026-10", "closed"],
      ["2026-11", "open"],
      ["2027-02", "closed"],
    ]);
    books.close();
  });

  test("a snapshot stays as it is while others post", async () => {
    const { target, file } = aLedger();
    await post(target, aDocument());
    const books = openBooks(file);
    const seen = books.snapshot(() => {
      const before = books.counts().vouchers;
      void target.post([itemOf(aDocument({ key: "BX-002" }))]);
      return [before, [...books.journal()].length];
    });
    expect(seen).toEqual([1, 1]);
    expect(books.counts().vouchers).toBe(2);
    books.close();
  });

  test.each(["记", "记-", "2026-11", "记-x", "2026-11-记-1", "1-2"])("`%s` is no reference", (text) =>
    expect(parseReference(text)).toBeNull(),
  );
});

test("whatever is posted and cancelled: books balance, numbers have no gaps, everything reads back as it was sent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(balanced, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 12 }), async (plan) => {
      const target = openLedger({ file: `${aFolder()}/books.ledger` });
      const file = (target as unknown as { settings: { file: string } }).settings.file;
      const documents = plan.map(([document], at) => aDocument({ ...document, key: `K-${at}` }));
      // Some are made to differ by the smallest unit; those must be refused and leave no trace.
      const sent = documents.map((document, at) =>
        plan[at]?.[1] === true ? { ...document, lines: [...document.lines, aLine({ amountMinor: 1n, account: "6001" })] } : document,
      );
      const outcomes = await post(target, ...sent);
      expect(outcomes.map(({ kind }) => kind)).toEqual(plan.map(([, spoilt]) => (spoilt ? "rejected" : "created")));
      const cancelled = sent.filter((_, at) => plan[at]?.[1] === false && plan[at]?.[2] === true);
      for (const outcome of await target.reverse(cancelled.map((document) => reversalOf(document, ""))))
        expect(outcome.kind).toBe("created");
      const books = openBooks(file);
      for (const total of books.trialBalance().totals) {
        expect([total.closingMinor, total.debitMinor - total.creditMinor]).toEqual([0n, 0n]);
      }
      const numbers = new Map<string, number>();
      for (const voucher of books.journal()) {
        const { debitMinor, creditMinor } = totalsOf(voucher.lines);
        expect(debitMinor).toBe(creditMinor);
        const series = `${voucher.period} ${voucher.word}`;
        expect(voucher.number).toBe((numbers.get(series) ?? 0) + 1);
        numbers.set(series, voucher.number);
      }
      for (const [at, document] of sent.entries()) {
        const booked = books.vouchersFor(document.key);
        if (plan[at]?.[1] === true) expect(booked).toEqual([]);
        else if (!cancelled.includes(document)) {
          expect(only(booked).lines.map(({ number: _, ...line }) => line)).toEqual(document.lines);
        } else {
          const sums = new Map<string, bigint>();
          for (const line of booked.flatMap(({ lines }) => lines)) {
            sums.set(line.account + line.side, (sums.get(line.account + line.side) ?? 0n) + line.amountMinor);
          }
          expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
        }
      }
      books.close();
      await target.close?.();
    }),
    { numRuns: 60 },
  );
});
