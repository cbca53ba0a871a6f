import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import { connectors } from "../../src/connectors/index.js";
import { afterThisTest, only } from "../connectors/http-setup.js";
import { runnerOf } from "../connectors/runner.js";
import { realInput } from "../real/project.js";
import { cellsOf, cents, readSheet, splitRecords, writeSheet } from "../real/rows.js";
import { root } from "./tryton-company.js";
import { checkedBalances, hasHledger } from "./tryton-journal.js";
import type { TrytonServer } from "./tryton-server.js";

const PUBLISHED = join(realInput, "leeds-spending", "2013-04.csv");
const PIPELINE = join(root, "test/erp/leeds");
const ACCOUNTS = new Map(
  splitRecords(readFileSync(join(PIPELINE, "categories.csv"), "utf8")).map((row): [string, string] => {
    const [category = "", account = ""] = cellsOf(row);
    return [category, account];
  }),
);
/** From here on, so that refunds and people whose names are withheld are among the payments that are taken. */
const FIRST = 7;

interface Payment {
  readonly key: string;
  readonly account: string;
  readonly amount: bigint;
  readonly supplier: string;
}

/** What a person reads in a row; null for the total below the month. */
function paymentOf(row: string): Payment | null {
  const [, , , , category = "", , , , key = "", amount = "", , supplier = ""] = cellsOf(row);
  const account = ACCOUNTS.get(category.toLowerCase());
  if (key === "") return null;
  if (account === undefined) throw new Error(`no account for ${category}`);
  return { key, account, amount: cents(amount) as bigint, supplier };
}

/** Every nth payment of a month goes into the ERP as a supplier invoice in pounds, which its company, keeping its books in 人民币, converts. */
export function leedsSuite(server: () => TrytonServer, every: number): void {
  const lacking = !existsSync(PUBLISHED) ? " (skipped: needs ../shared/real)" : hasHledger ? "" : " (skipped: needs hledger)";

  test.skipIf(lacking !== "")(
    `payments of Leeds City Council become payables, and hledger agrees with the books to the penny${lacking}`,
    async () => {
      const erp = server();
      const sheet = readSheet(readFileSync(PUBLISHED));
      const rows = sheet.rows.filter((row, index) => index % every === FIRST || paymentOf(row) === null);
      const payments = rows.flatMap((row) => paymentOf(row) ?? []);
      expect([payments.length > 100, rows.length - payments.length]).toEqual([true, 1]);
      expect(payments.some(({ amount }) => amount < 0n)).toBe(true);

      // All suppliers but one are known there.
      const [stranger = "", ...suppliers] = new Set(payments.map(({ supplier }) => supplier));
      const parties = suppliers.map((name) => ({ name, addresses: [["create", [{ city: "Leeds" }]]] }));
      await erp.call("admin", "model.party.party.create", parties);

      const folder = mkdtempSync(join(tmpdir(), "tryton-leeds-"));
      afterThisTest(() => rmSync(folder, { recursive: true }));
      cpSync(PIPELINE, folder, { recursive: true });
      cpSync(join(root, "test/real/leeds/payment.schema.json"), join(folder, "payment.schema.json"));
      writeFileSync(join(folder, "2013-04.csv"), writeSheet(sheet, rows));
      const loaded = await loadWorkspace(join(folder, "sync.yaml"), {
        env: { TRYTON_URL: erp.url, TRYTON_PASSWORD: erp.password },
        connectors,
      });
      expect(loaded.problems).toEqual([]);
      const { run, store, reconcile } = runnerOf(only(loaded.pipelines), folder);
      afterThisTest(() => store.close());

      const wanted = payments.filter(({ supplier }) => supplier !== stranger);
      expect((await run()).counts).toMatchObject({ read: rows.length, posted: wanted.length });
      const waiting = store.quarantine.list(store.pipelineId("payments-to-ap"));
      expect(waiting.map(({ problem }) => problem.code).sort()).toEqual([
        "RECORD_NO_KEY",
        ...payments.filter(({ supplier }) => supplier === stranger).map(() => "TARGET_REJECTED"),
      ]);
      expect((await run()).counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });

      const invoices = erp.rows<{ reference: string; state: string }>("SELECT reference, state FROM account_invoice");
      expect(invoices.map(({ reference }) => reference).sort()).toEqual(wanted.map(({ key }) => `payments-to-ap/${key}/1`).sort());
      expect(invoices.filter(({ state }) => state !== "posted" && state !== "paid")).toEqual([]);
      const expected = new Map<string, bigint>();
      const add = (account: string, amount: bigint): void =>
        void expected.set(`${account} GBP`, (expected.get(`${account} GBP`) ?? 0n) + amount);
      for (const { account, amount } of wanted) {
        add(account, amount);
        add("2202", -amount);
      }
      expect([...checkedBalances(erp)].sort()).toEqual([...expected].filter(([, amount]) => amount !== 0n).sort());

      // Asked by its own means, the program says the same: all three sides agree, but for what waits.
      const compared = await reconcile();
      expect(compared).toMatchObject({
        verdict: "agree, items wait",
        findings: [],
        counts: { ours: wanted.length, agreed: wanted.length },
      });
      const inTarget = compared.accounts.map(({ account, currency, targetMinor }) => [`${account} ${currency}`, targetMinor] as const);
      expect(inTarget.filter(([name, minor]) => name !== "2202 GBP" && minor !== 0n).sort()).toEqual(
        [...expected].filter(([name, amount]) => name !== "2202 GBP" && amount !== 0n).sort(),
      );
    },
    600_000,
  );
}
