import type { Approval } from "../../src/model/approval.js";
import { type Document, encodeDocument, fingerprintOf, type Line } from "../../src/model/document.js";
import type { PlanChange, PlanHead, PlanSum, PlanTotals, PlanWait } from "../../src/model/plan-file.js";
import { type ProblemCode, problem } from "../../src/model/problem.js";
import type { ReportLanguage } from "../../src/report/page-words.js";
import { writePlanPage } from "../../src/report/plan-page.js";
import type { ReportedPlan } from "../../src/report/reported-plan.js";

export function aLine(given: Partial<Line> = {}): Line {
  return {
    side: "debit",
    amountMinor: 12_000n,
    account: "660201",
    text: "差旅费 高铁票",
    partner: null,
    dimensions: { 部门: "D01" },
    ...given,
  };
}

export function aDocument(given: Partial<Document> = {}): Document {
  return {
    type: "journal",
    key: "BX26110001",
    date: "2026-11-20",
    currency: "CNY",
    text: "报销 BX26110001 李娜",
    attachments: 2,
    fields: {},
    lines: [aLine(), aLine({ side: "credit", account: "224101", text: "", partner: "E0007", dimensions: {} })],
    ...given,
  };
}

export const encoded = (document: Document): unknown => JSON.parse(encodeDocument(document));

export function aCreate(document: Document): PlanChange {
  return { change: "create", key: document.key, fingerprint: fingerprintOf(document), checked: "us", after: encoded(document) };
}

export function posted(seen: "target" | "store" = "target"): NonNullable<PlanChange["posting"]> {
  return { reference: "2026-11 记-0007", version: 1, fingerprint: "f", step: null, postedAt: "2026-11-19T18:00:00.000Z", seen };
}

export function aReplace(before: Document, after: Document): PlanChange {
  return { ...aCreate(after), change: "replace", posting: posted(), before: encoded(before) };
}

export function aWait(key: string, code: ProblemCode, message: string, hint?: string): PlanWait {
  const at = { file: "报销明细-2026-11-20.csv", line: 12, field: "费用类型" };
  return { waits: key, kind: "document", since: "2026-11-20T18:00:00.000Z", problem: problem(code, message, at, hint) };
}

const HEAD: PlanHead = {
  plan: 1,
  id: "4f9d6b3e-90aa-4c0e-9a39-0c5f2f6f9f11",
  project: "demo",
  environment: null,
  pipeline: "expense-to-gl",
  title: "已审批报销单 → 总账凭证",
  fingerprint: "a".repeat(64),
  store: "b".repeat(24),
  connection: "books",
  connector: "ledger",
  lookups: [],
  made: { at: "2026-11-20T18:03:00.000Z", by: "lina", host: "night", program: "0.1.0", run: 12 },
  asks: ["li.na", "wang.qiang"],
  before: { run: 11, at: "2026-11-19T18:00:00.000Z", posted: 3, replaced: 1, reversed: 0 },
};

export interface Sample {
  readonly head?: Partial<PlanHead>;
  readonly changes?: readonly PlanChange[];
  readonly waits?: readonly PlanWait[];
  readonly totals?: Partial<PlanTotals>;
  readonly approvals?: readonly Approval[];
  readonly isSaved?: boolean;
  readonly needed?: 1 | 2 | null;
}

const sum = (name: string, debit: string, credit: string): PlanSum => ({ name, currency: "CNY", debit, credit });

/** A plan of a usual night: new claims, one that changed, one that was voided, one of a closed period, and two that wait. */
export function usualNight(): Sample {
  const changed = aDocument({
    key: "BX26110002",
    text: "报销 BX26110002 王强",
    attachments: 3,
    lines: [
      aLine({ amountMinor: 15_000n }),
      aLine({ side: "credit", account: "224101", text: "", partner: "E0009", dimensions: {}, amountMinor: 15_000n }),
    ],
  });
  const before = aDocument({
    key: "BX26110002",
    text: "报销 BX26110002 王强",
    lines: [aLine(), aLine({ side: "credit", account: "224101", text: "", partner: "E0009", dimensions: {} })],
  });
  const voided = aDocument({ key: "BX26100091", date: "2026-10-31" });
  const late = aDocument({ key: "BX26090004", date: "2026-09-30" });
  const fresh = ["BX26110001", "BX26110003", "BX26110004", "BX26110005"].map((key) => aDocument({ key, text: `报销 ${key} 李娜` }));
  return {
    changes: [
      { change: "reverse", key: voided.key, posting: posted("store"), before: encoded(voided) },
      {
        change: "hold",
        key: late.key,
        after: encoded(late),
        problem: problem("TARGET_PERIOD_CLOSED", "the period `2026-09` is closed", { document: late.key }, "reopen it"),
      },
      ...fresh.map(aCreate),
      aReplace(before, changed),
    ],
    waits: [
      aWait("BX26110006", "MAP_LOOKUP_MISSING", "`科目` has no row for `打车费`", "add a row to lookups/expense-accounts.csv"),
      aWait("BX26110007", "DOCUMENT_UNBALANCED", "debit 120.00 and credit 100.00 differ by 20.00 CNY"),
      // The program lists what is held among what waits.
      aWait(late.key, "TARGET_PERIOD_CLOSED", "the period `2026-09` is closed"),
    ],
    totals: {
      counts: { create: 4, supplement: 0, replace: 1, update: 0, finish: 0, reverse: 1, hold: 1, keep: 20 },
      waiting: 3,
      accounts: [sum("224101", "0.00", "390.00"), sum("660201", "390.00", "0.00")],
      periods: [sum("2026-10", "-120.00", "-120.00"), sum("2026-11", "510.00", "510.00")],
      dimensions: { 项目: [sum("P1", "0.00", "0.00")], 部门: [sum("D01", "390.00", "0.00")] },
      moved: [{ currency: "CNY", amount: "870.00" }],
    },
  };
}

export function aPlan({
  head = {},
  changes = [],
  waits = [],
  totals = {},
  approvals = [],
  isSaved = true,
  needed = 1,
}: Sample = {}): ReportedPlan {
  const counts = { create: 0, supplement: 0, replace: 0, update: 0, finish: 0, reverse: 0, hold: 0, keep: 0 };
  for (const { change } of changes) counts[change] += 1;
  return {
    head: { ...HEAD, ...head },
    totals: { counts, waiting: waits.length, accounts: [], periods: [], dimensions: {}, moved: [], ...totals },
    hash: "5f0c9a7e1b2d".padEnd(64, "0"),
    approvals,
    isSaved,
    needed,
    timeZone: "Asia/Shanghai",
    read: async ({ change, wait }) => {
      for (const each of changes) change?.(each);
      for (const each of waits) wait?.(each);
    },
  };
}

export async function pageOf(sample: Sample, language: ReportLanguage = "en"): Promise<string> {
  let text = "";
  await writePlanPage(aPlan(sample), language, (piece) => {
    text += piece;
  });
  return text;
}
