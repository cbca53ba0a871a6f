import { type Document, documentAmount, encodeDocument } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
import { formatMinor } from "../model/money.js";
import { SENDING_KINDS } from "../model/plan.js";
import { type PlanHead, type PlannedPosting, type PlanSum, type PlanTotals, PlanWriter } from "../model/plan-file.js";
import { DimensionTotals, Totals } from "../steps/plan.js";
import type { PlannedChange } from "../store/changes.js";
import type { Store } from "../store/store.js";
import type { Planned } from "./plan.js";

const BATCH = 500;

export interface PlanToSave {
  readonly store: Store;
  readonly pipelineId: number;
  readonly planned: Planned;
  readonly head: PlanHead;
}

/** Writes a plan that was just made, and returns its hash. Nothing is kept in memory but sums. */
export function savePlan({ store, pipelineId, planned, head }: PlanToSave, write: (text: string) => void): string {
  const writer = new PlanWriter(write);
  const sums = new Sums();
  writer.head(head);
  for (const batch of planned.changes.inOrder([...SENDING_KINDS, "hold"], BATCH)) {
    for (const planning of batch) {
      sums.add(planning);
      writeChange(writer, planned, planning);
    }
  }
  const waiting = store.quarantine.list(pipelineId);
  for (const { key, kind, firstAt, problem } of waiting) writer.wait({ waits: key, kind, since: firstAt, problem });
  return writer.end({ counts: planned.counts, waiting: waiting.length, ...sums.told() });
}

function writeChange(writer: PlanWriter, planned: Planned, { change, content }: PlannedChange): void {
  if (change.kind === "keep") return;
  const posted = "posted" in change ? change.posted : null;
  const posting: PlannedPosting | null =
    posted === null
      ? null
      : {
          reference: posted.reference,
          version: posted.version,
          fingerprint: posted.fingerprint,
          step: posted.step,
          postedAt: posted.postedAt,
          seen: planned.readsTarget ? "target" : "store",
        };
  writer.change(
    {
      change: change.kind,
      key: change.key,
      ...("fingerprint" in change ? { fingerprint: change.fingerprint, checked: planned.asksTarget ? "target" : "us" } : {}),
      ...(posting === null ? {} : { posting }),
      ...("gone" in change && change.gone !== undefined ? { gone: change.gone } : {}),
      ...(change.kind === "hold" ? { problem: change.problem } : {}),
    },
    { after: content, before: posted === null ? null : encodeDocument(posted.document) },
  );
}

/** What a plan adds up to. */
class Sums {
  private readonly totals = new Totals();
  private readonly dimensions = new DimensionTotals();
  private readonly moved = new Map<string, bigint>();

  add({ change }: PlannedChange): void {
    this.totals.addChange(change);
    this.dimensions.addChange(change);
    if ("fingerprint" in change) this.move(change.document);
    if (change.kind === "replace" || change.kind === "update" || change.kind === "reverse") this.move(change.posted.document);
  }

  told(): Pick<PlanTotals, "accounts" | "periods" | "dimensions" | "moved"> {
    const dimensions = Object.fromEntries(this.dimensions.byDimension().map(([name, sums]) => [name, sums.map(sumOf)]));
    return {
      accounts: this.totals.byAccount().map((each) => sumOf({ name: each.account, ...each })),
      periods: this.totals.byPeriod().map((each) => sumOf({ name: each.period, ...each })),
      dimensions,
      moved: [...this.moved]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([currency, minor]) => ({ currency, amount: formatMinor(minor, currency) })),
    };
  }

  private move(document: Document): void {
    if (!hasLines(document.type)) return;
    const amount = documentAmount(document);
    this.moved.set(document.currency, (this.moved.get(document.currency) ?? 0n) + (amount < 0n ? -amount : amount));
  }
}

function sumOf(sum: {
  readonly name: string;
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}): PlanSum {
  const { name, currency, debitMinor, creditMinor } = sum;
  return { name, currency, debit: formatMinor(debitMinor, currency), credit: formatMinor(creditMinor, currency) };
}
