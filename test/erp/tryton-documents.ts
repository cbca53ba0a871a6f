import { describe, expect, test } from "vitest";
import type { Document } from "../../src/model/document.js";
import { ProblemError } from "../../src/model/problem.js";
import { recordsOf } from "../connectors/conformance.js";
import { only } from "../connectors/http-setup.js";
import { aLine, aMove, anInvoice, book, itemFor, openTryton, readTryton, reversalOf } from "./tryton-books.js";
import type { TrytonServer } from "./tryton-server.js";

export function documentSuite(server: () => TrytonServer): void {
  const count = (table: string): number => only(server().rows<{ n: number }>(`SELECT COUNT(*) AS n FROM "${table}"`)).n;
  const period = async (name: string): Promise<number> =>
    only(await server().call<number[]>("admin", "model.account.period.search", [["name", "=", name]], 0, null, null));

  describe("documents", () => {
    const [, tax, credit] = aMove().lines as [never, never, never];
    test.each<[string, string, Partial<Document>]>([
      ["an unknown account", "TARGET_REJECTED", { lines: [aLine({ account: "6699" }), tax, credit] }],
      ["a heading", "TARGET_REJECTED", { lines: [aLine({ account: "6602" }), tax, credit] }],
      ["a missing party", "TARGET_REJECTED", { lines: [aLine(), tax, { ...(credit as object), partner: "E999" } as never] }],
      ["no party where one is needed", "TARGET_REJECTED", { lines: [aLine(), tax, { ...(credit as object), partner: null } as never] }],
      ["a party where none is wanted", "TARGET_REJECTED", { lines: [aLine({ partner: "E001" }), tax, credit] }],
      ["an unknown department", "TARGET_REJECTED", { lines: [aLine({ dimensions: { 部门: "D999" } }), tax, credit] }],
      ["an unknown dimension", "TARGET_REJECTED", { lines: [aLine({ dimensions: { 项目: "P1" } }), tax, credit] }],
      ["another currency", "TARGET_REJECTED", { currency: "USD" }],
      ["an unknown journal", "TARGET_REJECTED", { fields: { word: "转" } }],
      ["a day without a period", "TARGET_PERIOD_CLOSED", { date: "2030-01-01" }],
    ])("%s: said before anything is sent, and nothing is left behind", async (_, code, part) => {
      const target = await openTryton(server());
      const document = aMove(part);
      const [checked] = (await target.check?.([document])) ?? [];
      expect(checked?.code).toBe(code);
      expect(only(await target.post([itemFor(document)]))).toEqual({ kind: "rejected", problem: checked });
      expect(count("account_move")).toBe(0);
    });

    test("a closed period: what is dated in it waits, and its cancellation is dated where the pipeline says", async () => {
      const target = await openTryton(server());
      const [kept] = await book(target, aMove({ date: "2026-10-20" }));
      const id = await period("2026-10");
      await server().call("admin", "model.account.period.close", [id]);
      const late = itemFor(aMove({ key: "BX-2", date: "2026-10-21" }));
      expect(only(await target.post([late]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_PERIOD_CLOSED" } });
      expect(await target.nextOpen?.("2026-10-21")).toBe("2026-11-01");
      if (kept === undefined) throw new Error("nothing was posted");
      expect(only(await target.reverse([reversalOf(kept)]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_PERIOD_CLOSED" } });
      expect(count("account_move")).toBe(1);
      expect(only(await target.reverse([reversalOf(kept, "2026-12-01")])).kind).toBe("created");
      const [, reversal] = server().rows<{ date: string; state: string; description: string }>("SELECT * FROM account_move ORDER BY id");
      expect(reversal).toMatchObject({ date: "2026-12-01", state: "posted", description: "p/BX-001/1/reversal" });
      expect([...server().balances()]).toEqual([]);
      // Opened again, the journal stays closed in it.
      await server().call("admin", "model.account.period.reopen", [id]);
      expect(only(await target.post([late]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_PERIOD_CLOSED" } });
    });

    test("a user who may not post stops the run; nothing was done", async () => {
      const target = await openTryton(server(), {}, { user: "viewer" });
      await expect(target.post([itemFor(aMove())])).rejects.toThrow(ProblemError);
      expect(count("account_move")).toBe(0);
    });

    test("a user who may not delete drafts is told so, and the draft stays findable", async () => {
      const target = await openTryton(server());
      const [outcome] = await target.post([itemFor(aMove())]);
      if (outcome === undefined || !("reference" in outcome)) throw new Error(JSON.stringify(outcome));
      const posting = { ...itemFor(aMove()), documentKey: "BX-001", version: 1, reference: outcome.reference, step: "draft", postedAt: "" };
      expect(only(await target.reverse([reversalOf(posting)]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_REJECTED" } });
      expect(await target.lookup("p/BX-001/1")).toMatchObject({ step: "draft", isDraft: true });
    });

    test("invoices are to the cent what the paper says, due when it says, by department, and a paid one is not cancelled", async () => {
      const target = await openTryton(server(), { model: "account.invoice" });
      const [posting] = await book(target, anInvoice());
      if (posting === undefined) throw new Error("nothing was posted");
      expect([...server().balances()].sort()).toEqual(
        [
          ["22210101", 3_200n],
          ["2202", -33_206n],
          ["660203", 30_001n],
          ["660299", 5n],
        ].sort(),
      );
      const due = server().rows<{ maturity_date: string }>("SELECT maturity_date FROM account_move_line WHERE CAST(credit AS REAL) > 0");
      expect(due).toEqual([{ maturity_date: "2026-12-20" }]);
      expect(count("analytic_account_line")).toBe(2);
      expect(await target.read?.([posting])).toEqual([{ kind: "held", document: anInvoice(), isDraft: false }]);
      server().run("UPDATE account_invoice SET state = 'paid'");
      expect(only(await target.reverse([reversalOf(posting)]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_EDITED" } });
      expect(count("account_move")).toBe(1);
    });

    test("what somebody changed there is read as it is now", async () => {
      const target = await openTryton(server());
      const [posting] = await book(target, aMove());
      if (posting === undefined) throw new Error("nothing was posted");
      server().run("UPDATE account_move_line SET debit = '881.00' WHERE CAST(debit AS REAL) = 880");
      server().run("UPDATE account_move SET date = '2026-11-21'");
      const [held] = (await target.read?.([posting])) ?? [];
      expect(held).toMatchObject({ kind: "held", document: { date: "2026-11-21", lines: [{ amountMinor: 88_100n }, {}, {}] } });
    });
  });

  describe("sources", () => {
    const cells = async (options: Record<string, unknown>, columns: readonly string[], since: string | null = null) =>
      recordsOf(await readTryton(server(), { options, columns, since })).map((record) => record.cells);

    test("base data by code, exactly as they are there", async () => {
      expect(await cells({ stream: "employees" }, ["party.code", "party.name"])).toContainEqual(["E001", "张三"]);
      expect(await cells({ stream: "accounts", page_size: 10 }, ["code", "name", "party_required"])).toContainEqual([
        "2241",
        "其他应付款",
        "1",
      ]);
      expect(await cells({ stream: "analytic accounts" }, ["code", "root.code"])).toContainEqual(["D400", "DEPT"]);
      // Twelve a year.
      const periods = await cells({ stream: "periods" }, ["name", "start_date", "state"]);
      expect(periods.filter(([name]) => String(name).startsWith("2026"))).toHaveLength(12);
      expect(await cells({ stream: "journals" }, ["code"])).toContainEqual(["GEN"]);
      expect(await cells({ stream: "taxes" }, ["name", "rate"])).toContainEqual(["进项税额13%", "0.13"]);
    });

    test("what was posted, and what changed since, also where it was never changed after it was made", async () => {
      const target = await openTryton(server());
      const before = new Date(Date.now() - 1_000).toISOString();
      await target.post([itemFor(aMove())]);
      const options = { stream: "moves", since: { start: "2020-01-01", overlap: "0" } };
      server().run("UPDATE account_move SET write_date = NULL");
      expect(await cells(options, ["description", "state"], before)).toEqual([["p/BX-001/1", "draft"]]);
      const lines = { stream: "move lines", domain: [["move.state", "=", "draft"]] };
      expect(await cells(lines, ["account.code", "debit", "credit", "party.code"])).toEqual([
        ["660203", "880.00", "0", null],
        ["22210101", "79.20", "0", null],
        ["2241", "0", "959.20", "E001"],
      ]);
      server().run("UPDATE account_move SET create_date = '2026-01-01 00:00:00'");
      expect(await cells(options, ["description"], before)).toEqual([]);
    });
  });
}
