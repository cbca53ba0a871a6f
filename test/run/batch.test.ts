import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = batchPlace();
});
afterEach(() => {
  place.dispose();
});

/** One voucher for all claims of a day: the update time gives the day. */
function batchPlace(): Workplace {
  const made = new Workplace();
  made.documentKey = "日报";
  made.text = "日报";
  made.documentExtra = "batch: ${单号}";
  return made;
}

/** Every document of the books, in the order of posting: its text and lines. */
const vouchers = (): string[] => place.target.live().map(({ document }) => `${document.text}: ${document.lines.map(lineText).join(", ")}`);
const lineText = ({ side, amountMinor, account }: { side: string; amountMinor: bigint; account: string }): string =>
  `${side === "debit" ? "" : "-"}${amountMinor} ${account}`;

/** What all live documents together come to, by account. */
function balances(of: Workplace): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const { document } of of.target.live())
    for (const { account, side, amountMinor } of document.lines)
      sums.set(account, (sums.get(account) ?? 0n) + (side === "debit" ? amountMinor : -amountMinor));
  return Object.fromEntries([...sums].filter(([, sum]) => sum !== 0n).map(([account, sum]) => [account, String(sum)]));
}

describe("a batch", () => {
  test("is one document for many, and closes when it is posted: what comes late is a supplement", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601", "C,1,废,,99.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1, supplemented: 0 } });
    expect(vouchers()).toEqual(["日报: 1000 6601, 700 6601, -1700 2241"]);
    place.export("b", "D,1,好,,5.00,6602", "D,2,好,,1.00,6603", "C,1,好,,99.00,6601");
    expect((await place.run({ kind: "plan" })).planned?.counts).toMatchObject({ supplement: 1, replace: 0, create: 0 });
    expect((await place.run()).result).toMatchObject({
      status: "done",
      counts: { posted: 0, supplemented: 1, replaced: 0, reversed: 0, kept: 0 },
    });
    expect(vouchers()[1]).toBe("日报（补充）: 9900 6601, 500 6602, 100 6603, -10500 2241");
    expect(place.target.entries.map(({ key }) => key)).toEqual(["p/日报/1", "p/日报/2"]);
    expect((await place.run({ full: true })).result).toMatchObject({ status: "done", counts: { supplemented: 0, kept: 1 } });
  });

  test("that changed is corrected by the difference, and by nothing else", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.50,6601", "B,1,好,,7.00,6602");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { supplemented: 1, reversed: 0 } });
    expect(vouchers()[1]).toBe("日报（差异）: -450 6601, 700 6602, -250 2241");
    expect(balances(place)).toEqual({ 6601: "1250", 6602: "700", 2241: "-1950" });
  });

  test("late members and changes of one night are two documents", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.00,6601", "B,1,好,,7.00,6602");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { supplemented: 2 } });
    expect(vouchers().slice(1).sort()).toEqual(["日报（差异）: 200 6601, -200 2241", "日报（补充）: 700 6602, -700 2241"]);
  });

  test("a member that is void comes off by the difference, and the whole batch when all are", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("b", "A,1,废,,10.00,6601");
    await place.run();
    expect(vouchers()[1]).toBe("日报（差异）: -1000 6601, --1000 2241");
    place.export("c", "B,1,废,,7.00,6601");
    await place.run();
    expect(balances(place)).toEqual({});
    place.export("d", "B,1,好,,7.00,6601");
    await place.run();
    expect(balances(place)).toEqual({ 6601: "700", 2241: "-700" });
    expect((await place.run({ full: true })).result.counts).toMatchObject({ supplemented: 0 });
  });

  test("a member with a fault waits, with its reason, and does not stop the others", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,zehn,6601", "C,1,好,,7.005,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 1, waiting: 1 } });
    expect(vouchers()).toEqual(["日报: 1000 6601, -1000 2241"]);
    const [item] = place.store.quarantine.list(place.store.pipelineId("p"));
    expect(item?.problem.message).toMatch(/^2 of its 3 members cannot be booked: `B`: .*zehn.*; `C`: 7.005 has more than 2 decimal places/);
    place.export("b", "B,1,好,,3.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { supplemented: 1, waiting: 1 } });
    place.export("c", "C,1,好,,7.01,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { supplemented: 1, waiting: 0 } });
    expect(balances(place)).toEqual({ 6601: "2001", 2241: "-2001" });
  });

  test("a fault of a member that is booked keeps the whole batch waiting, because nobody can tell the difference", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,好,,zehn,6601", "B,1,好,,3.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { supplemented: 0 } });
    expect(balances(place)).toEqual({ 6601: "1000", 2241: "-1000" });
    place.export("c", "A,1,好,,11.00,6601");
    await place.run();
    expect(balances(place)).toEqual({ 6601: "1400", 2241: "-1400" });
  });

  test("a value that must be unique keeps only the second member waiting", async () => {
    place.extra = "checks:\n  - unique: 科目";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601", "C,1,好,,5.00,6602");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 1 } });
    expect(vouchers()).toEqual(["日报: 1000 6601, 500 6602, -1500 2241"]);
    expect(place.waiting()).toEqual(["日报 DOCUMENT_NOT_UNIQUE"]);
  });

  test.each(["request lost", "answer lost", "rejected", "crash after", "crash before"] as const)(
    "%s for one of two documents: the sum comes right",
    async (fault) => {
      place.export("a", "A,1,好,,10.00,6601");
      await place.run();
      place.export("b", "A,1,好,,12.00,6601", "B,1,好,,7.00,6602");
      place.target.faults.set("日报", [fault]);
      await place.run().catch(() => undefined);
      expect(place.target.faults.get("日报")).toEqual([]);
      for (let night = 0; night < 3; night += 1) {
        place.minutesPass(10);
        await place.run();
      }
      expect(balances(place)).toEqual({ 6601: "1200", 6602: "700", 2241: "-1900" });
      expect(place.waiting()).toEqual([]);
    },
  );

  test("of which a part was changed in the target waits, whatever else came", async () => {
    place.target.reads = true;
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    const [entry] = place.target.entries;
    if (entry !== undefined)
      entry.document = { ...entry.document, lines: entry.document.lines.map((line) => ({ ...line, amountMinor: 900n })) };
    place.minutesPass(10);
    place.export("b", "B,1,好,,3.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { supplemented: 0 } });
    expect(place.waiting()).toEqual(["日报 TARGET_EDITED"]);
  });

  test("after a lost store is recovered with its content, and goes on with differences", async () => {
    place.target.lists = true;
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "B,1,好,,7.00,6602");
    await place.run();
    place.store.close();
    place.forgetStore();
    await place.run({ kind: "recover" });
    place.export("c", "A,1,好,,11.00,6601");
    await place.run();
    expect(balances(place)).toEqual({ 6601: "1100", 6602: "700", 2241: "-1800" });
  });

  describe("recovered from a target that does not tell the content", () => {
    beforeEach(async () => {
      place.target.lists = true;
      place.target.tellsContent = false;
      place.export("a", "A,1,好,,10.00,6601");
      await place.run();
    });
    const loseStore = async (): Promise<void> => {
      place.store.close();
      place.forgetStore();
      await place.run({ kind: "recover" });
    };

    test("goes on with differences where one document is all there is", async () => {
      await loseStore();
      expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, supplemented: 0, kept: 1 } });
      place.export("b", "A,1,好,,11.00,6601", "B,1,好,,1.00,6602");
      await place.run();
      expect(balances(place)).toEqual({ 6601: "1100", 6602: "100", 2241: "-1200" });
    });

    test("is held where nobody can tell what its parts come to, and nothing is posted twice", async () => {
      place.export("b", "B,1,好,,1.00,6602");
      await place.run();
      await loseStore();
      expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 0, supplemented: 0 } });
      expect(place.waiting()).toEqual(["日报 TARGET_CONTENT_UNKNOWN"]);
      await place.run({ kind: "recover", asWanted: true });
      await place.run();
      expect(balances(place)).toEqual({ 6601: "1000", 6602: "100", 2241: "-1100" });
    });

    test("is held where it changed since, too", async () => {
      place.export("b", "A,1,好,,11.00,6601");
      await loseStore();
      expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 0, supplemented: 0 } });
      expect(balances(place)).toEqual({ 6601: "1000", 2241: "-1000" });
    });
  });

  test("whatever comes, goes and changes: all documents together are what is wanted, and a quiet run adds nothing", {
    timeout: 120_000,
  }, async () => {
    const change = fc.record({
      claim: fc.constantFrom("A", "B", "C"),
      line: fc.integer({ min: 1, max: 2 }),
      state: fc.constantFrom("好", "好", "废"),
      cents: fc.integer({ min: -500, max: 500 }),
      account: fc.constantFrom("6601", "6602"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }), async (nights) => {
        const own = batchPlace();
        try {
          const rows = new Map<string, { state: string; cents: number; account: string }>();
          for (const [night, changes] of nights.entries()) {
            for (const { claim, line, state, cents, account } of changes) {
              rows.set(`${claim},${line}`, { state, cents, account });
              // All lines of a claim have one state.
              for (const [key, row] of rows) if (key.startsWith(`${claim},`)) rows.set(key, { ...row, state });
            }
            own.export(
              `n${night}`,
              ...[...rows].map(([key, { state, cents, account }]) => `${key},${state},,${(cents / 100).toFixed(2)},${account}`),
            );
            await own.run();
          }
          const wanted = new Map<string, bigint>();
          for (const { state, cents, account } of rows.values()) {
            if (state === "废") continue;
            wanted.set(account, (wanted.get(account) ?? 0n) + BigInt(cents));
            wanted.set("2241", (wanted.get("2241") ?? 0n) - BigInt(cents));
          }
          const listed = own.waiting();
          if (listed.length === 0)
            expect(balances(own)).toEqual(
              Object.fromEntries([...wanted].filter(([, sum]) => sum !== 0n).map(([account, sum]) => [account, String(sum)])),
            );
          else expect(listed).toEqual(["日报 DOCUMENT_EMPTY"]);
          const count = own.target.entries.length;
          await own.run({ full: true });
          expect(own.target.entries.length).toBe(count);
        } finally {
          own.dispose();
        }
      }),
      { numRuns: 25 },
    );
  });
});
