import type { Target } from "../../src/connectors/contract.js";
import { connector } from "../../src/connectors/ledger/index.js";
import type { ConnectionOptions, TargetOptions } from "../../src/connectors/ledger/options.js";
import { type Document, fingerprintOf, type Line } from "../../src/model/document.js";
import type { PostOutcome } from "../../src/model/posting.js";
import type { Problem } from "../../src/model/problem.js";

export const CHART = new URL("../../fixtures/connectors/ledger/chart.csv", import.meta.url).pathname;

const context = {
  folder: "/",
  timeZone: "Asia/Shanghai",
  now: () => new Date("2026-12-01T02:03:04Z"),
  sleep: async () => {},
  signal: new AbortController().signal,
};

export function openTarget(connection: Partial<ConnectionOptions> & { file: string }, options: TargetOptions = {}): Target {
  return connector.target?.open({ chart: CHART, ...connection } as never, options as never, context) as Target;
}

export function aLine(line: Partial<Line> = {}): Line {
  return { side: "debit", amountMinor: 10_000n, account: "660201", text: "差旅费", partner: null, dimensions: {}, ...line };
}

export function aDocument(document: Partial<Document> = {}): Document {
  return {
    type: "journal",
    key: "BX-001",
    date: "2026-11-20",
    currency: "CNY",
    text: "报销 BX-001 张三",
    attachments: 2,
    fields: {},
    lines: [aLine(), aLine({ side: "credit", account: "224101", partner: "E001" })],
    ...document,
  };
}

export function itemOf(document: Document, idempotencyKey = `expense/${document.key}/1`) {
  return { document, idempotencyKey, fingerprint: fingerprintOf(document) };
}

export async function post(target: Target, ...documents: Document[]): Promise<readonly PostOutcome[]> {
  return target.post(documents.map((document) => itemOf(document)));
}

export async function postOne(target: Target, document: Document, idempotencyKey?: string): Promise<PostOutcome> {
  return only(await target.post([itemOf(document, idempotencyKey)]));
}

/** What `reverse` takes to cancel a document that was posted as version 1. */
export function reversalOf(document: Document, reference: string, idempotencyKey = `expense/${document.key}/1/reversal`) {
  const { fingerprint } = itemOf(document);
  const key = `expense/${document.key}/1`;
  const still = { step: null, postedAt: "2026-11-20T00:00:00.000Z" };
  const posting = { documentKey: document.key, version: 1, idempotencyKey: key, fingerprint, reference, document, ...still };
  return { posting, idempotencyKey, fingerprint };
}

export function only<T>(list: readonly T[]): T {
  if (list.length !== 1) throw new Error(`expected one, got ${list.length}`);
  return list[0] as T;
}

export function referenceOf(outcome: PostOutcome): string {
  if ("problem" in outcome) throw new Error(`${outcome.kind}: ${outcome.problem.message}`);
  return outcome.reference;
}

export function problemOf(outcome: PostOutcome): Problem {
  if (outcome.kind !== "rejected") throw new Error(`expected a refusal, got ${outcome.kind}`);
  return outcome.problem;
}
