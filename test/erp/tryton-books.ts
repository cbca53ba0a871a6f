import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import type {
  Column,
  ConnectorContext,
  PostItem,
  ReadRequest,
  ReverseItem,
  Source,
  SourceEvent,
  Target,
} from "../../src/connectors/contract.js";
import { TrytonConnection } from "../../src/connectors/tryton/connection.js";
import { connector } from "../../src/connectors/tryton/index.js";
import { TrytonSourceOptions } from "../../src/connectors/tryton/source-options.js";
import { TrytonTargetOptions } from "../../src/connectors/tryton/target-options.js";
import { type Document, fingerprintOf, type Line } from "../../src/model/document.js";
import { idempotencyKey, type Posting, type PostOutcome } from "../../src/model/posting.js";
import { afterThisTest } from "../connectors/http-setup.js";

export type Written = Readonly<Record<string, unknown>>;

/** Where the server is, and as whom we come. */
export interface Place {
  readonly url: string;
  readonly password: string;
}

function contextOf(signal: AbortSignal, now: () => Date): ConnectorContext {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 50)));
  return { folder: "/", timeZone: "Asia/Shanghai", now, sleep, signal };
}

function filled(schema: TSchema, options: Written): never {
  const complete = Value.Default(schema, structuredClone(options));
  if (!Value.Check(schema, complete)) throw new Error(JSON.stringify(Value.Errors(schema, complete)));
  return complete as never;
}

/** Opened as the user who may post and nothing more, unless it is said otherwise. */
export async function openTryton(place: Place, options: Written = {}, connection: Written = {}): Promise<Target> {
  const target = (await connector.target?.open(
    filled(TrytonConnection, { url: place.url, user: "poster", password: place.password, ...connection }),
    filled(TrytonTargetOptions, options),
    contextOf(new AbortController().signal, () => new Date()),
  )) as Target;
  afterThisTest(() => target.close?.());
  return target;
}

export interface Reading {
  readonly options: Written;
  readonly columns: readonly (string | Column)[];
  readonly since?: string | null;
  readonly wasRead?: ReadRequest["wasRead"];
  readonly connection?: Written;
  readonly now?: () => Date;
}

export async function readTryton(
  place: Place,
  { options, columns, since = null, wasRead = () => false, connection = {}, now = () => new Date() }: Reading,
): Promise<SourceEvent[]> {
  const source = connector.source?.open(
    filled(TrytonConnection, { url: place.url, user: "poster", password: place.password, ...connection }),
    filled(TrytonSourceOptions, options),
    contextOf(new AbortController().signal, now),
  ) as Source;
  afterThisTest(() => source.close?.());
  const asked = columns.map((column) => (typeof column === "string" ? { name: column, aliases: [], required: true } : column));
  const events: SourceEvent[] = [];
  for await (const event of source.read({ columns: asked, since, wasRead })) events.push(event);
  return events;
}

export function aLine(line: Partial<Line> = {}): Line {
  return { side: "debit", amountMinor: 88_000n, account: "660203", text: "办公用品", partner: null, dimensions: { 部门: "D100" }, ...line };
}

/** 880.00 of office supplies and 79.20 of tax, owed to an employee. */
export function aMove(document: Partial<Document> = {}): Document {
  return {
    type: "journal",
    key: "BX-001",
    date: "2026-11-20",
    currency: "CNY",
    text: "报销 BX-001 张三",
    attachments: 2,
    fields: {},
    lines: [
      aLine(),
      aLine({ amountMinor: 7_920n, account: "22210101", text: "进项税", dimensions: {} }),
      aLine({ side: "credit", amountMinor: 95_920n, account: "2241", text: "", partner: "E001", dimensions: {} }),
    ],
    ...document,
  };
}

/** Two lines with tax and one without. */
export function anInvoice(document: Partial<Document> = {}): Document {
  return {
    type: "payable",
    key: "FP-001",
    date: "2026-11-20",
    currency: "CNY",
    text: "十一月办公用品",
    attachments: 0,
    fields: { supplier: "S002", due: "2026-12-20", invoice: "24312000000123456789" },
    lines: [
      aLine({ amountMinor: 10_600n, fields: { tax: "6.00", tax_rate: "6" } }),
      aLine({ amountMinor: 22_601n, text: "", fields: { tax: "26.00", tax_rate: "13" }, dimensions: { 部门: "D200" } }),
      aLine({ amountMinor: 5n, account: "660299", text: "尾差", dimensions: {} }),
    ],
    ...document,
  };
}

export function itemFor(document: Document, version = 1): PostItem {
  return { document, idempotencyKey: idempotencyKey("p", document.key, version, "post"), fingerprint: fingerprintOf(document) };
}

export function postingOf({ document, idempotencyKey, fingerprint }: PostItem, outcome: PostOutcome | undefined): Posting {
  if (outcome === undefined || !("reference" in outcome)) throw new Error(JSON.stringify(outcome));
  const { reference, step = null } = outcome;
  const postedAt = "2026-11-20T00:00:00.000Z";
  return { documentKey: document.key, version: 1, idempotencyKey, fingerprint, reference, document, step, postedAt };
}

/** Posts documents and takes them through all steps. */
export async function book(target: Target, ...documents: readonly Document[]): Promise<Posting[]> {
  const items = documents.map((document) => itemFor(document));
  const outcomes = await target.post(items);
  let postings = items.map((item, index) => postingOf(item, outcomes[index]));
  for (const step of target.traits.steps?.slice(1) ?? []) {
    const taken =
      (await target.advance?.(
        step,
        postings.map((posting) => ({ posting })),
      )) ?? [];
    postings = items.map((item, index) => postingOf(item, taken[index]));
  }
  return postings;
}

export function reversalOf(posting: Posting, date?: string): ReverseItem {
  const { idempotencyKey, fingerprint } = posting;
  return { posting, idempotencyKey: `${idempotencyKey}/reversal`, fingerprint, ...(date === undefined ? {} : { date }) };
}
